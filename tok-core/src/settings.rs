//! Truncation and padding, as the file says it and as a caller asks for it.

use alloc::string::{String, ToString};

/// From which side to cut, or on which to pad.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// The beginning.
    Left,
    /// The end.
    Right,
}

/// Which of two texts is cut.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TruncationStrategy {
    /// The longer one, then both.
    LongestFirst,
    /// The first.
    OnlyFirst,
    /// The second.
    OnlySecond,
}

/// Cuts long results.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Truncation {
    /// Longest result in tokens, with those that are added. If those alone are more, nothing is cut.
    pub max_length: usize,
    /// Tokens that parts which overflow share with the part before.
    pub stride: usize,
    /// Which of two texts is cut.
    pub strategy: TruncationStrategy,
    /// From which side.
    pub direction: Direction,
}

impl Truncation {
    /// To this many tokens, at the end, the longer text first, without shared tokens.
    pub const fn new(max_length: usize) -> Self {
        let (strategy, direction) = (TruncationStrategy::LongestFirst, Direction::Right);
        Self { max_length, stride: 0, strategy, direction }
    }
}

/// How far results are padded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PaddingStrategy {
    /// To the longest of the batch.
    BatchLongest,
    /// To this many tokens.
    Fixed(usize),
}

/// Pads short results.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Padding {
    /// How far.
    pub strategy: PaddingStrategy,
    /// On which side.
    pub direction: Direction,
    /// Then up to a multiple of this.
    pub pad_to_multiple_of: Option<usize>,
    /// The padding token's id.
    pub pad_id: u32,
    /// Its type.
    pub pad_type_id: u32,
    /// Its text.
    pub pad_token: String,
}

impl Default for Padding {
    fn default() -> Self {
        Self {
            strategy: PaddingStrategy::BatchLongest,
            direction: Direction::Right,
            pad_to_multiple_of: None,
            pad_id: 0,
            pad_type_id: 0,
            pad_token: "[PAD]".to_string(),
        }
    }
}

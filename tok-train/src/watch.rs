//! Who looks on while something is trained, and may stop it.

/// What is being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Phase {
    /// Text is read and its pre-tokens are counted; in bytes, the total unknown (0).
    Count,
    /// Counted words of several tables or files become one; in words.
    Join,
    /// Words are cut into units and their pairs counted; in words.
    Pairs,
    /// Pairs are merged; in tokens.
    Merge,
    /// Frequent substrings are collected; in words.
    Seed,
    /// Scores are estimated and pieces dropped; in rounds.
    Em,
}

impl Phase {
    /// A word for it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Count => "count",
            Self::Join => "join",
            Self::Pairs => "pairs",
            Self::Merge => "merge",
            Self::Seed => "seed",
            Self::Em => "em",
        }
    }
}

/// Is told how far the work is, and asked whether to go on. `()` is nobody.
pub trait Watch: Sync {
    /// `done` of `total` of a phase; called often, from any thread.
    fn progress(&self, phase: Phase, done: u64, total: u64) {
        let _ = (phase, done, total);
    }

    /// Whether to stop. What has been done until then is the result.
    fn stop(&self) -> bool {
        false
    }
}

impl Watch for () {}

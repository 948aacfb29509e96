//! Truncation and padding.

use serde_json::Value;

use super::super::json::{Problem, Result, describe, object, one_of, optional, string, u32, usize};
use crate::spec::{Direction, Padding, PaddingStrategy, Truncation, TruncationStrategy};

pub(super) fn truncation(value: &Value) -> Result<Truncation> {
    let members = object(value)?;
    let strategies = [
        ("LongestFirst", TruncationStrategy::LongestFirst),
        ("OnlyFirst", TruncationStrategy::OnlyFirst),
        ("OnlySecond", TruncationStrategy::OnlySecond),
    ];
    Ok(Truncation {
        direction: members.get_or("direction", Direction::Right, direction)?,
        max_length: members.get("max_length", usize)?,
        strategy: members.get("strategy", |value| one_of(value, &strategies))?,
        stride: members.get("stride", usize)?,
    })
}

pub(super) fn padding(value: &Value) -> Result<Padding> {
    let members = object(value)?;
    Ok(Padding {
        strategy: members.get("strategy", padding_strategy)?,
        direction: members.get("direction", direction)?,
        pad_to_multiple_of: members.get_or("pad_to_multiple_of", None, optional(usize))?,
        pad_id: members.get("pad_id", u32)?,
        pad_type_id: members.get("pad_type_id", u32)?,
        pad_token: members.get("pad_token", string)?,
    })
}

fn direction(value: &Value) -> Result<Direction> {
    one_of(value, &[("Left", Direction::Left), ("Right", Direction::Right)])
}

/// `"BatchLongest"` or `{"Fixed": 512}`.
fn padding_strategy(value: &Value) -> Result<PaddingStrategy> {
    match value {
        Value::String(text) if text == "BatchLongest" => Ok(PaddingStrategy::BatchLongest),
        Value::Object(members) if members.len() == 1 && members.contains_key("Fixed") => {
            object(value)?.get("Fixed", usize).map(PaddingStrategy::Fixed)
        }
        other => {
            let found = describe(other);
            Err(Problem::new(format!(
                "found {found}, \"BatchLongest\" or {{\"Fixed\": n}} is wanted"
            )))
        }
    }
}

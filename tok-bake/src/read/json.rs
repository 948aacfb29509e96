//! Paths into JSON, problems at a path, and where in the file a path is.
//!
//! Readers of components know paths only. The position is looked up in the text when something has
//! failed, by [`locate`], so that reading a good file pays nothing for it.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::{Map, Value};

use crate::error::{ReadError, Warning, quote};

/// One step down a JSON value.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Step {
    /// A member of an object, by name; the last one if there are several.
    Key(String),
    /// A member of an object, by position; the name is for show.
    Member(usize, String),
    /// An element of an array.
    Index(usize),
}

impl From<&str> for Step {
    fn from(key: &str) -> Self {
        Self::Key(key.to_owned())
    }
}

impl From<usize> for Step {
    fn from(index: usize) -> Self {
        Self::Index(index)
    }
}

/// The step to the member at `position`, whose name is `key`.
pub(crate) fn member(position: usize, key: &[u8]) -> Step {
    Step::Member(position, String::from_utf8_lossy(key).into_owned())
}

/// What is wrong or odd, and at which path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    /// From the inside out: the last step is the first to be taken.
    steps: Vec<Step>,
    message: String,
    /// Whether the message says itself which part of the file it is about.
    named: bool,
}

pub(crate) type Result<T> = std::result::Result<T, Problem>;

impl Problem {
    /// A problem whose message will be shown behind its path.
    pub(super) fn new(message: impl Into<String>) -> Self {
        Self { steps: Vec::new(), message: message.into(), named: false }
    }

    /// A problem whose message needs no path to be understood.
    pub(super) fn named(message: impl Into<String>) -> Self {
        Self { named: true, ..Self::new(message) }
    }

    /// The same problem seen from one level further out.
    pub(super) fn under(mut self, step: impl Into<Step>) -> Self {
        self.steps.push(step.into());
        self
    }

    fn path(&self) -> String {
        let mut path = String::new();
        for step in self.steps.iter().rev() {
            match step {
                Step::Index(index) => _ = write!(path, "[{index}]"),
                Step::Key(key) | Step::Member(_, key) => {
                    let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
                    if key.is_empty() || key.len() > 40 || !key.chars().all(plain) {
                        _ = write!(path, "[{}]", quote(key));
                    } else {
                        if !path.is_empty() {
                            path.push('.');
                        }
                        path.push_str(key);
                    }
                }
            }
        }
        path
    }

    /// The position is that of a line: the path's last index, for a file with an element per line.
    pub(super) fn into_line_error(self) -> ReadError {
        let line = self.steps.iter().find_map(|step| match step {
            Step::Index(index) => Some(index + 1),
            _ => None,
        });
        let path = self.path();
        ReadError { line: line.unwrap_or(0), column: 1, path, message: self.message }
    }

    /// Looks up the position in the file's text.
    pub(crate) fn into_error(self, text: &str) -> ReadError {
        let (line, column) = locate(text, &self.steps).map_or((0, 0), |at| line_column(text, at));
        let path = self.path();
        let message = match self.named || path.is_empty() {
            true => self.message,
            false => format!("{path}: {}", self.message),
        };
        ReadError { line, column, path, message }
    }
}

/// What is odd, for the user.
pub(super) fn warnings(problems: Vec<Problem>, text: &str) -> Vec<Warning> {
    let places = locate_all(text, &problems);
    let warning = |(problem, place): (Problem, (usize, usize))| {
        let mut error = problem.into_error("");
        (error.line, error.column) = place;
        error.into()
    };
    problems.into_iter().zip(places).map(warning).collect()
}

/// Lines and columns of all problems, (0, 0) where there is none. The text is read once for each object or
/// array that has some of them, however many.
fn locate_all(text: &str, problems: &[Problem]) -> Vec<(usize, usize)> {
    let mut lines = vec![(0, 0); problems.len()];
    let mut order: Vec<usize> = (0..problems.len()).collect();
    let around = |index: usize| problems[index].steps.get(1..).unwrap_or_default();
    order.sort_by(|&one, &other| around(one).cmp(around(other)));
    // Where each problem is in the text.
    let mut found: Vec<(usize, usize)> = Vec::new();
    for same in order.chunk_by(|&one, &other| around(one) == around(other)) {
        // Members and elements by their numbers; several problems may have one.
        let mut wanted: BTreeMap<usize, Vec<usize>> = BTreeMap::new();
        for &index in same {
            match problems[index].steps.first() {
                Some(&(Step::Member(number, _) | Step::Index(number))) => {
                    wanted.entry(number).or_default().push(index);
                }
                _ => found.extend(locate(text, &problems[index].steps).map(|at| (at, index))),
            }
        }
        let Some(at) = same.first().and_then(|&index| locate(text, around(index))) else {
            continue;
        };
        let values = members(text, at).map(|(key, ..)| key).chain(elements(text, at));
        for (number, at) in values.enumerate() {
            let here = wanted.remove(&number).unwrap_or_default();
            found.extend(here.into_iter().map(|index| (at, index)));
            if wanted.is_empty() {
                break;
            }
        }
    }
    // In the order of the text, so that lines are counted once.
    found.sort_unstable();
    let (mut line, mut column, mut seen) = (1, 1, 0);
    for (at, index) in found {
        let (lines_more, columns) = line_column(text.get(seen..).unwrap_or_default(), at - seen);
        column = if lines_more > 1 { columns } else { column + columns - 1 };
        (line, seen) = (line + lines_more - 1, at);
        lines[index] = (line, column);
    }
    lines
}

/// Runs a step, and puts the warnings it adds and the problem it fails with one level deeper.
pub(super) fn under<T>(
    step: impl Into<Step>,
    warnings: &mut Vec<Problem>,
    run: impl FnOnce(&mut Vec<Problem>) -> Result<T>,
) -> Result<T> {
    let step = step.into();
    let mut found = Vec::new();
    let result = run(&mut found).map_err(|problem| problem.under(step.clone()));
    warnings.extend(found.into_iter().map(|problem| problem.under(step.clone())));
    result
}

/// Adds a step to the problem of a failed result.
pub(super) trait Under {
    /// The same result seen from one level further out.
    fn under(self, step: impl Into<Step>) -> Self;
}

impl<T> Under for Result<T> {
    fn under(self, step: impl Into<Step>) -> Self {
        self.map_err(|problem| problem.under(step))
    }
}

/// The text of a file, or where it stops being UTF-8.
pub(super) fn utf8(bytes: &[u8]) -> std::result::Result<&str, ReadError> {
    if u32::try_from(bytes.len()).is_err() {
        return Err(ReadError::whole("the file is larger than 4 GiB"));
    }
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(text),
        Err(error) => {
            let good = &bytes[..error.valid_up_to()];
            let text = std::str::from_utf8(good).expect("checked up to here");
            let (line, column) = line_column(text, text.len());
            let byte = bytes[error.valid_up_to()];
            let message = format!("not UTF-8 (found byte 0x{byte:02X})");
            Err(ReadError { line, column, path: String::new(), message })
        }
    }
}

/// Line and column, both from 1, of a byte position; the column counts chars.
pub(super) fn line_column(text: &str, at: usize) -> (usize, usize) {
    let before = &text.as_bytes()[..at.min(text.len())];
    let line = before.iter().filter(|&&byte| byte == b'\n').count() + 1;
    let start = before.iter().rposition(|&byte| byte == b'\n').map_or(0, |newline| newline + 1);
    // Chars begin at bytes that are not continuation bytes.
    let chars = before[start..].iter().filter(|&&byte| byte & 0xC0 != 0x80).count();
    (line, chars + 1)
}

/// What serde_json found wrong with the text itself.
pub(super) fn syntax_error(text: &str, error: &serde_json::Error) -> ReadError {
    let place = format!(" at line {} column {}", error.line(), error.column());
    let message = error.to_string();
    let message = message.strip_suffix(&place).unwrap_or(&message);
    let message = match (text.trim_ascii().is_empty(), text.starts_with('\u{FEFF}')) {
        (true, _) => "not JSON: the file is empty".to_owned(),
        (_, true) => "not JSON: the file begins with a byte order mark; remove it".to_owned(),
        _ => format!("not JSON: {message}"),
    };
    // serde_json counts bytes, and names the byte that it could not take.
    let start = match error.line() {
        0 | 1 => 0,
        line => text.match_indices('\n').nth(line - 2).map_or(text.len(), |(at, _)| at + 1),
    };
    let (line, column) = line_column(text, start + error.column().saturating_sub(1));
    ReadError { line, column, path: String::new(), message }
}

/// What a JSON value is, for messages.
pub(super) fn describe(value: &Value) -> String {
    match value {
        Value::Null => "null".to_owned(),
        Value::Bool(value) => value.to_string(),
        Value::Number(number) => format!("the number {number}"),
        Value::String(text) => format!("the string {}", quote(text)),
        Value::Array(_) => "an array".to_owned(),
        Value::Object(_) => "an object".to_owned(),
    }
}

/// Found this, wanted that.
pub(super) fn mismatch(found: &Value, wanted: &str) -> Problem {
    Problem::new(format!("found {}, {wanted} is wanted", describe(found)))
}

/// The value as an object.
pub(super) fn object(value: &Value) -> Result<Object<'_>> {
    match value {
        Value::Object(members) => Ok(Object(members)),
        other => Err(mismatch(other, "an object")),
    }
}

/// The elements of an array, each read by `read`.
pub(super) fn list<'v, T>(
    value: &'v Value,
    mut read: impl FnMut(&'v Value) -> Result<T>,
) -> Result<Vec<T>> {
    let Value::Array(elements) = value else {
        return Err(mismatch(value, "an array"));
    };
    let mut items = Vec::with_capacity(elements.len());
    for (index, element) in elements.iter().enumerate() {
        items.push(read(element).under(index)?);
    }
    Ok(items)
}

pub(super) fn string(value: &Value) -> Result<String> {
    value.as_str().map(str::to_owned).ok_or_else(|| mismatch(value, "a string"))
}

pub(super) fn boolean(value: &Value) -> Result<bool> {
    value.as_bool().ok_or_else(|| mismatch(value, "true or false"))
}

pub(super) fn character(value: &Value) -> Result<char> {
    let mut chars = value.as_str().unwrap_or_default().chars();
    match (chars.next(), chars.next()) {
        (Some(char), None) => Ok(char),
        _ => Err(mismatch(value, "a string of one char")),
    }
}

pub(super) fn u32(value: &Value) -> Result<u32> {
    value
        .as_u64()
        .and_then(|number| u32::try_from(number).ok())
        .ok_or_else(|| mismatch(value, "a whole number from 0 to 4294967295"))
}

pub(super) fn usize(value: &Value) -> Result<usize> {
    value
        .as_u64()
        .and_then(|number| usize::try_from(number).ok())
        .ok_or_else(|| mismatch(value, "a whole number of 0 or more"))
}

/// `null` is `None`.
pub(super) fn optional<T>(
    read: impl Fn(&Value) -> Result<T>,
) -> impl Fn(&Value) -> Result<Option<T>> {
    move |value| if value.is_null() { Ok(None) } else { read(value).map(Some) }
}

/// One of a few strings.
pub(super) fn one_of<T: Copy>(value: &Value, choices: &[(&str, T)]) -> Result<T> {
    let found = value.as_str();
    match choices.iter().find(|(name, _)| found == Some(name)) {
        Some(&(_, choice)) => Ok(choice),
        None => {
            let names: Vec<_> = choices.iter().map(|(name, _)| format!("{name:?}")).collect();
            let names = names.join(" or ");
            Err(Problem::new(format!("found {}, {names} is wanted", describe(value))))
        }
    }
}

/// Members of an object, read one by one. Members that nobody asks for are ignored, as the
/// reference does.
#[derive(Debug, Clone, Copy)]
pub(super) struct Object<'v>(pub(super) &'v Map<String, Value>);

impl<'v> Object<'v> {
    /// The member `key`, which must exist.
    pub(super) fn get<T>(self, key: &str, read: impl FnOnce(&'v Value) -> Result<T>) -> Result<T> {
        match self.0.get(key) {
            Some(value) => read(value).under(key),
            None => Err(Problem::new(format!("{key:?} is missing"))),
        }
    }

    /// The member `key`, or `default` if there is none.
    pub(super) fn get_or<T>(
        self,
        key: &str,
        default: T,
        read: impl FnOnce(&'v Value) -> Result<T>,
    ) -> Result<T> {
        match self.0.get(key) {
            Some(value) => read(value).under(key),
            None => Ok(default),
        }
    }

    /// The member `type`, if it is a string.
    pub(super) fn tag(self) -> Option<&'v str> {
        self.0.get("type").and_then(Value::as_str)
    }

    /// Fails unless the member `type` is `tag`.
    pub(super) fn expect_tag(self, tag: &str) -> Result<()> {
        self.get("type", |found| one_of(found, &[(tag, ())]))
    }
}

/// The byte position of a path, given from the inside out. `None` if the text has no such path.
///
/// The text may be broken behind the path. This runs for messages only, and no step looks at a
/// byte twice.
fn locate(text: &str, steps: &[Step]) -> Option<usize> {
    let mut at = skip_space(text, 0);
    for step in steps.iter().rev() {
        at = match step {
            Step::Key(key) => last_member(text, at, key)?,
            &Step::Member(position, _) => members(text, at).nth(position)?.0,
            &Step::Index(index) => elements(text, at).nth(index)?,
        };
    }
    (at < text.len()).then_some(at)
}

/// Where the value of the last member called `key` begins.
fn last_member(text: &str, object: usize, key: &str) -> Option<usize> {
    let is_key = |&(start, end, _): &(usize, usize, usize)| {
        serde_json::from_str::<String>(&text[start..end]).is_ok_and(|name| name == key)
    };
    members(text, object).filter(is_key).last().map(|(_, _, value)| value)
}

/// Start and end of each key, and start of its value, of the object that begins at `at`.
fn members(text: &str, at: usize) -> impl Iterator<Item = (usize, usize, usize)> {
    let mut next = (text.as_bytes().get(at) == Some(&b'{')).then_some(at + 1);
    std::iter::from_fn(move || {
        let start = skip_space(text, next?);
        if text.as_bytes().get(start) != Some(&b'"') {
            return None;
        }
        let end = skip_value(text, start)?;
        let colon = skip_space(text, end);
        if text.as_bytes().get(colon) != Some(&b':') {
            return None;
        }
        let value = skip_space(text, colon + 1);
        next = after_comma(text, value);
        Some((start, end, value))
    })
}

/// Start of each element of the array that begins at `at`.
fn elements(text: &str, at: usize) -> impl Iterator<Item = usize> {
    let mut next = (text.as_bytes().get(at) == Some(&b'[')).then_some(at + 1);
    std::iter::from_fn(move || {
        let value = skip_space(text, next?);
        if matches!(text.as_bytes().get(value), None | Some(b']')) {
            return None;
        }
        next = after_comma(text, value);
        Some(value)
    })
}

/// Number, line and column of the last element that will do, of the array that is the member `key` of the
/// outermost object.
pub(super) fn last_element(
    text: &str,
    key: &str,
    will_do: impl Fn(&str) -> bool,
) -> Option<(usize, (usize, usize))> {
    let array = last_member(text, skip_space(text, 0), key)?;
    let found = elements(text, array)
        .enumerate()
        .filter(|&(_, at)| skip_value(text, at).is_some_and(|end| will_do(&text[at..end])));
    found.last().map(|(index, at)| (index, line_column(text, at)))
}

/// The position behind the comma that follows the value at `at`.
fn after_comma(text: &str, at: usize) -> Option<usize> {
    let comma = skip_space(text, skip_value(text, at)?);
    (text.as_bytes().get(comma) == Some(&b',')).then_some(comma + 1)
}

fn skip_space(text: &str, at: usize) -> usize {
    let rest = text.as_bytes().get(at..).unwrap_or_default();
    at + rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r')).count()
}

/// The position behind the value at `at`; brackets are counted, not parsed.
pub(super) fn skip_value(text: &str, at: usize) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut depth = 0usize;
    let mut at = at;
    loop {
        match bytes.get(at)? {
            b'"' => {
                at += 1;
                while *bytes.get(at)? != b'"' {
                    at += if bytes[at] == b'\\' { 2 } else { 1 };
                }
                at += 1;
            }
            b'{' | b'[' => {
                depth += 1;
                at += 1;
                continue;
            }
            b'}' | b']' => {
                depth = depth.checked_sub(1)?;
                at += 1;
            }
            b',' | b':' | b' ' | b'\t' | b'\n' | b'\r' => {
                at += 1;
                continue;
            }
            _ => {
                let rest = &bytes[at..];
                let end =
                    |byte: &u8| matches!(byte, b',' | b'}' | b']' | b' ' | b'\t' | b'\n' | b'\r');
                at += rest.iter().position(end).unwrap_or(rest.len());
            }
        }
        if depth == 0 {
            return Some(at);
        }
    }
}

/// The key of the first member of a JSON object's text and the first byte of its value, if there is one, then
/// the second's, and so on. Empty if the text is no object.
pub(super) fn top_level(text: &str) -> impl Iterator<Item = (Cow<'_, str>, Option<u8>)> {
    members(text, skip_space(text, 0)).map(|(start, end, value)| {
        let key = serde_json::from_str(&text[start..end]).unwrap_or_default();
        (key, text.as_bytes().get(value).copied())
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_lead_to_positions() {
        let text = "{ \"a\": 1,\n  \"é\\\"]\": [0, [true, {\"a\": \"x\"}], 2],\n\"a\" : 3 }";
        let find = |steps: &[Step]| {
            let steps: Vec<_> = steps.iter().rev().cloned().collect();
            locate(text, &steps).map(|at| (line_column(text, at), &text[at..]))
        };
        let key = "é\"]".into();
        assert_eq!(find(&[]), Some(((1, 1), text)));
        assert_eq!(find(&["a".into()]), Some(((3, 7), "3 }")));
        let steps = [key, 1.into(), 1.into(), "a".into()];
        assert_eq!(find(&steps).map(|(at, rest)| (at, &rest[..3])), Some(((2, 28), "\"x\"")));
        assert_eq!(find(&[Step::Member(1, String::new())]).map(|(at, _)| at), Some((2, 3)));
        assert_eq!(find(&["b".into()]), None);
        assert_eq!(find(&[Step::Member(3, String::new())]), None);
        assert_eq!(find(&["a".into(), 0.into()]), None);
    }

    #[test]
    fn broken_text_has_no_positions_but_does_no_harm() {
        let text = "{\"a\": [1, {\"b\": \"c\\";
        for end in 0..=text.len() {
            for step in [Step::from("a"), Step::from(1), Step::Member(0, String::new())] {
                _ = locate(&text[..end], std::slice::from_ref(&step));
                _ = locate(&text[..end], &["b".into(), 1.into(), step]);
            }
        }
        assert_eq!(locate(text, &[1.into(), "a".into()]), Some(10));
        assert_eq!(locate(text, &[2.into(), "a".into()]), None);
    }

    #[test]
    fn messages_name_the_path() {
        let problem = Problem::new("no").under(3).under("a b").under("model");
        let error = problem.into_error("{\"model\":{\"a b\":[0,1,2,3]}}");
        assert_eq!(error.message, "model[\"a b\"][3]: no");
        assert_eq!((error.line, error.column), (1, 24));
    }
}

//! JSON lines: one value to a line, and a message that names the line.

use std::io::{BufRead, BufReader, Read};

use crate::Failure;
use crate::io::Input;

/// The lines of an input.
pub(crate) struct Lines {
    name: String,
    reader: BufReader<Box<dyn Read>>,
    line: Vec<u8>,
    number: u64,
}

impl Lines {
    pub(crate) fn new(input: Input) -> Self {
        let reader = BufReader::with_capacity(1 << 16, input.reader);
        Self { name: input.name, reader, line: Vec::new(), number: 0 }
    }

    /// The next line, with its end.
    pub(crate) fn next(&mut self) -> Result<Option<&[u8]>, Failure> {
        self.line.clear();
        let read = self.reader.read_until(b'\n', &mut self.line);
        let read = read.map_err(|error| Failure::io(&self.name, &error))?;
        self.number += 1;
        Ok((read > 0).then_some(&self.line))
    }

    /// The name and number of the last line.
    pub(crate) fn place(&self) -> String {
        format!("{}:{}", self.name, self.number)
    }

    /// Reads the last line as a JSON string.
    pub(crate) fn string(&self) -> Result<String, Failure> {
        serde_json::from_slice(&self.line).map_err(|error| self.no("a JSON string", &error))
    }

    /// Reads the last line as a JSON string, or as a pair of them.
    pub(crate) fn string_or_pair(&self) -> Result<(String, Option<String>), Failure> {
        if self.line.trim_ascii_start().starts_with(b"[") {
            let pair: Result<[String; 2], _> = serde_json::from_slice(&self.line);
            let wanted = "a JSON string or a pair of them";
            return pair
                .map(|[first, second]| (first, Some(second)))
                .map_err(|error| self.no(wanted, &error));
        }
        Ok((self.string()?, None))
    }

    /// Reads the last line as a JSON array of ids.
    pub(crate) fn ids(&self) -> Result<Vec<u32>, Failure> {
        serde_json::from_slice(&self.line).map_err(|error| self.no("a JSON array of ids", &error))
    }

    fn no(&self, wanted: &str, error: &serde_json::Error) -> Failure {
        let place = self.place();
        if self.line.trim_ascii().is_empty() {
            return Failure::data(format!("{place}: wanted {wanted}, found an empty line"));
        }
        // The parser counts lines too, and sees only this one.
        let why = error.to_string();
        let why = why.split_once(" at line ").map_or(why.as_str(), |(why, _)| why);
        // A value of another kind has no column.
        let column = match error.column() {
            0 => String::new(),
            column => format!(":{column}"),
        };
        Failure::data(format!("{place}{column}: wanted {wanted}: {why}"))
    }
}

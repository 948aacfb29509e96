//! What encode and count have in common: texts, and why they cannot be encoded.

use std::io::Read;

use comptok::{EncodeError, Options, Special, Tokenizer};

use crate::Failure;
use crate::args::{SpecialArg, TextArgs};
use crate::io::Input;
use crate::windows::{Window, Windows};

/// How texts are encoded.
pub(crate) struct Texts<'t> {
    pub(crate) tokenizer: &'t Tokenizer,
    pub(crate) options: Options<'static>,
    window: usize,
}

impl<'t> Texts<'t> {
    pub(crate) fn new(tokenizer: &'t Tokenizer, args: &TextArgs) -> Self {
        let special = match args.special {
            SpecialArg::All => Special::All,
            SpecialArg::None => Special::AsText,
            SpecialArg::Forbid => Special::Forbid,
        };
        let options = Options { strict: args.strict, ..Options::new(special) };
        Self { tokenizer, options, window: args.window }
    }

    pub(crate) fn parts(&self, input: Input) -> Parts<'t> {
        let windows = Windows::new(input.reader, self.tokenizer, self.options, self.window);
        Parts { name: input.name, windows }
    }
}

/// The parts of a text.
pub(crate) struct Parts<'t> {
    pub(crate) name: String,
    windows: Windows<'t, Box<dyn Read>>,
}

impl Parts<'_> {
    pub(crate) fn next(&mut self) -> Result<Option<Window<'_>>, Failure> {
        self.windows.next().map_err(|error| Failure::io(&self.name, &error))
    }
}

/// Why a part of a text cannot be encoded, with the line of the file.
pub(crate) fn failure(name: &str, part: &Window<'_>, error: EncodeError) -> Failure {
    let moved = |at: usize| usize::try_from(part.start + at as u64).unwrap_or(usize::MAX);
    let (at, error) = match error {
        EncodeError::Forbidden { token, at } => {
            (at, EncodeError::Forbidden { token, at: moved(at) })
        }
        EncodeError::NoToken { byte, at } => (at, EncodeError::NoToken { byte, at: moved(at) }),
        EncodeError::TooLong { at } => (at, EncodeError::TooLong { at: moved(at) }),
        // The others are about memory that the caller lends, and none is lent here.
        other => (0, other),
    };
    line_failure(&format!("{name}:{}", part.line(at)), &error)
}

/// Why a text that is a line cannot be encoded.
pub(crate) fn line_failure(place: &str, error: &EncodeError) -> Failure {
    let hint = match error {
        EncodeError::Forbidden { .. } => "; --special none takes it as text",
        _ => "",
    };
    Failure::data(format!("{place}: {error}{hint}"))
}

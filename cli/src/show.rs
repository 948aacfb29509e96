//! `comptok encode --show`: the text itself, its tokens made visible.

use std::path::Path;

use comptok::{Scratch, Span};

use crate::Failure;
use crate::args::Color;
use crate::io::{Input, Output};
use crate::progress::Progress;
use crate::text::{Texts, failure};

/// Backgrounds that dark text can be read on, each well apart from the next.
const BACKGROUNDS: [&str; 5] = [
    "\x1b[30;48;5;153m",
    "\x1b[30;48;5;222m",
    "\x1b[30;48;5;157m",
    "\x1b[30;48;5;217m",
    "\x1b[30;48;5;183m",
];
const RESET: &str = "\x1b[0m";
/// Stands between tokens where there are no colours.
const SEPARATOR: &str = "│";

pub(crate) fn run(
    texts: &Texts<'_>,
    paths: &[&Path],
    color: Color,
    output: &mut Output,
    progress: &Progress,
) -> Result<(), Failure> {
    let colored = match color {
        Color::Always => true,
        Color::Never => false,
        // The common wish of people who want none: https://no-color.org
        Color::Auto => {
            output.is_terminal()
                && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty())
        }
    };
    let mut scratch = Scratch::new();
    let mut page = Page { text: String::new(), colored, tokens: 0 };
    for path in paths {
        let mut parts = texts.parts(Input::open(path)?);
        let name = parts.name.clone();
        while let Some(part) = parts.next()? {
            let mut done = 0;
            for span in texts.tokenizer.tokens(part.text, part.options, &mut scratch) {
                let Span { start, end, .. } = span.map_err(|error| failure(&name, &part, error))?;
                // Where characters were rewritten, tokens share them: the first one shows them.
                page.plain(part.text.get(done..start).unwrap_or_default());
                page.token(part.text.get(start.max(done)..end).unwrap_or_default());
                done = end.max(done);
                if page.text.len() > 1 << 16 {
                    output.write(page.text.as_bytes())?;
                    page.text.clear();
                }
            }
            page.plain(part.text.get(done..).unwrap_or_default());
            output.write(page.text.as_bytes())?;
            page.text.clear();
            progress.add(part.text.len());
        }
    }
    Ok(())
}

/// What is to be written.
struct Page {
    text: String,
    colored: bool,
    /// How many there have been: neighbours have different colours.
    tokens: usize,
}

impl Page {
    /// Text that belongs to no token.
    fn plain(&mut self, bytes: &[u8]) {
        self.visible(bytes, None);
    }

    fn token(&mut self, bytes: &[u8]) {
        let background = BACKGROUNDS[self.tokens % BACKGROUNDS.len()];
        self.tokens += 1;
        if self.colored {
            self.text.push_str(background);
            self.visible(bytes, Some(background));
            self.text.push_str(RESET);
        } else {
            self.visible(bytes, None);
            self.text.push_str(SEPARATOR);
        }
    }

    /// Text as it is, but bytes that are no character, and characters that would steer the terminal,
    /// as escapes.
    fn visible(&mut self, bytes: &[u8], background: Option<&str>) {
        for chunk in bytes.utf8_chunks() {
            for char in chunk.valid().chars() {
                match (char, background) {
                    // A colour would go on to the end of the line.
                    ('\n', Some(background)) => {
                        self.text.push('⏎');
                        self.text.push_str(RESET);
                        self.text.push('\n');
                        self.text.push_str(background);
                    }
                    ('\n' | '\t', _) => self.text.push(char),
                    _ if char.is_control() => self.text.extend(char.escape_default()),
                    _ => self.text.push(char),
                }
            }
            for byte in chunk.invalid() {
                self.text.push_str(&format!("\\x{byte:02X}"));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(colored: bool, tokens: &[&[u8]]) -> String {
        let mut page = Page { text: String::new(), colored, tokens: 0 };
        for token in tokens {
            page.token(token);
        }
        page.text
    }

    #[test]
    fn without_colours_there_is_a_separator() {
        assert_eq!(page(false, &[b"a", b" b", b"\n"]), "a│ b│\n│");
    }

    #[test]
    fn a_colour_ends_with_its_line() {
        let [one, two, ..] = BACKGROUNDS;
        assert_eq!(
            page(true, &[b"a", b"\n\n"]),
            format!("{one}a{RESET}{two}⏎{RESET}\n{two}⏎{RESET}\n{two}{RESET}")
        );
    }

    #[test]
    fn what_cannot_be_shown_is_escaped() {
        assert_eq!(
            page(false, &[b"\xE4\xBD", b"\xA0", b"\x1b[1m\t"]),
            "\\xE4\\xBD│\\xA0│\\u{1b}[1m\t│"
        );
    }
}

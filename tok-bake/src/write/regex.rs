//! Patterns of tiktoken (Rust's `fancy-regex`) in the syntax of Oniguruma, which HuggingFace uses.
//!
//! The two read most patterns alike. Where they differ, the pattern is rewritten, and what has no
//! equal, or where the tables behind a class differ, is refused:
//!
//! - `^` and `$` are the ends of the text there, and of a line here: `\A` and `\z`;
//! - `x{1,3}+` is possessive there, and repeats the repetition here: `(?>x{1,3})`;
//! - `x{3}?` is `x{3}` there, and may be nothing here;
//! - `\w` and `\b` know other characters, flags have other letters.

/// Rewrites a pattern, or says what has no equal.
pub(super) fn to_onig(pattern: &str) -> Result<String, String> {
    let mut writer = Writer { out: String::with_capacity(pattern.len() + 16), ..Writer::default() };
    let mut rest = pattern;
    while let Some(char) = rest.chars().next() {
        rest = writer.step(char, rest)?;
    }
    match writer.groups.is_empty() {
        true => Ok(writer.out),
        false => Err("a group is not closed".to_owned()),
    }
}

#[derive(Default)]
struct Writer {
    out: String,
    /// Where in `out` the thing starts that a quantifier would repeat.
    atom: Option<usize>,
    /// Where each open group starts, and whether case was ignored around it.
    groups: Vec<(usize, bool)>,
    /// Whether case is ignored.
    ignore_case: bool,
    /// The char just written, if it stands for itself; for pairs that fold into one char.
    literal: Option<char>,
}

/// Two chars that a char outside ASCII is folded into; only Oniguruma finds that char for them.
const FOLDED_PAIRS: [(char, char); 5] =
    [('s', 's'), ('s', 't'), ('f', 'f'), ('f', 'i'), ('f', 'l')];

impl Writer {
    /// Writes what starts with `char`, and returns what follows it.
    fn step<'p>(&mut self, char: char, rest: &'p str) -> Result<&'p str, String> {
        let after = &rest[char.len_utf8()..];
        match char {
            '\\' => self.escape(after, false),
            '[' => self.class(rest),
            '(' => self.open(after),
            ')' => {
                let (start, ignore_case) = self.groups.pop().ok_or("a group is not opened")?;
                self.out.push(')');
                self.atom = Some(start);
                self.ignore_case = ignore_case;
                self.literal = None;
                Ok(after)
            }
            '^' | '$' => {
                self.out.push_str(if char == '^' { "\\A" } else { "\\z" });
                self.atom = None;
                self.literal = None;
                Ok(after)
            }
            '|' => {
                self.out.push('|');
                self.atom = None;
                self.literal = None;
                Ok(after)
            }
            '?' | '*' | '+' | '{' => self.quantifier(rest),
            _ => {
                self.literal(char)?;
                Ok(after)
            }
        }
    }

    /// Writes a char that stands for itself.
    fn literal(&mut self, char: char) -> Result<(), String> {
        self.atom = Some(self.out.len());
        self.out.push(char);
        if self.ignore_case {
            let char = char.to_ascii_lowercase();
            if !char.is_ascii() {
                return Err(format!("{char:?} where case is ignored"));
            }
            if self.literal.is_some_and(|before| FOLDED_PAIRS.contains(&(before, char))) {
                return Err(format!(
                    "\"{}{char}\" where case is ignored",
                    self.literal.unwrap_or(char)
                ));
            }
            self.literal = Some(char);
        }
        Ok(())
    }

    /// Writes the start of a group; `after` is what follows the parenthesis.
    fn open<'p>(&mut self, after: &'p str) -> Result<&'p str, String> {
        const PLAIN: [&str; 6] = ["?:", "?=", "?!", "?<=", "?<!", "?>"];
        let start = self.out.len();
        let around = self.ignore_case;
        self.literal = None;
        let kind = match after.strip_prefix('?') {
            None => "",
            Some(flags) => match PLAIN.iter().find(|kind| after.starts_with(**kind)) {
                Some(kind) => kind,
                None if flags.starts_with("i:") => {
                    self.ignore_case = true;
                    "?i:"
                }
                None if flags.starts_with("-i:") => {
                    self.ignore_case = false;
                    "?-i:"
                }
                // Inside a pattern it would end at another place there than here.
                None if flags.starts_with("i)") && self.out.is_empty() => {
                    self.ignore_case = true;
                    self.out.push_str("(?i)");
                    return Ok(&after["?i)".len()..]);
                }
                None => {
                    let shown: String = flags.chars().take(3).collect();
                    return Err(format!("a group that starts with \"(?{shown}\""));
                }
            },
        };
        self.groups.push((start, around));
        self.out.push('(');
        self.out.push_str(kind);
        self.atom = None;
        Ok(&after[kind.len()..])
    }

    /// Writes a quantifier, with which `rest` begins.
    fn quantifier<'p>(&mut self, rest: &'p str) -> Result<&'p str, String> {
        let atom = self.atom.take().ok_or_else(|| {
            let shown: String = rest.chars().take(3).collect();
            format!("nothing before {shown:?} that it could repeat")
        })?;
        self.literal = None;
        let len = if rest.starts_with('{') { interval_len(rest)? } else { 1 };
        let (quantifier, after) = rest.split_at(len);
        let is_interval = len > 1;
        let is_exact = is_interval && !quantifier.contains(',');
        if let Some(after) = after.strip_prefix('+') {
            if is_interval {
                self.out.insert_str(atom, "(?>");
                self.out.push_str(quantifier);
                self.out.push(')');
            } else {
                self.out.push_str(quantifier);
                self.out.push('+');
            }
            return Ok(after);
        }
        self.out.push_str(quantifier);
        if let Some(after) = after.strip_prefix('?') {
            if !is_exact {
                self.out.push('?');
            }
            return Ok(after);
        }
        Ok(after)
    }

    /// Writes an escape; `after` is what follows the backslash.
    fn escape<'p>(&mut self, after: &'p str, in_class: bool) -> Result<&'p str, String> {
        let char = after.chars().next().ok_or("a backslash at the end")?;
        let rest = &after[char.len_utf8()..];
        let start = self.out.len();
        self.literal = None;
        let rest = match char {
            'n' | 'r' | 't' | 'f' | 'v' | 'a' | 's' | 'S' | 'd' | 'D' => {
                self.out.push('\\');
                self.out.push(char);
                rest
            }
            'A' | 'z' if !in_class => {
                self.out.push('\\');
                self.out.push(char);
                self.atom = None;
                return Ok(rest);
            }
            'p' | 'P' => {
                let (name, rest) = match rest.strip_prefix('{') {
                    Some(name) => name.split_once('}').ok_or("a property that is not closed")?,
                    None => rest.split_at(rest.chars().next().map_or(0, char::len_utf8)),
                };
                if name.is_empty() || !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')
                {
                    return Err(format!("the property {name:?}"));
                }
                self.out.push_str(&format!("\\{char}{{{name}}}"));
                rest
            }
            'x' | 'u' | 'U' => {
                let (digits, rest) = match (rest.strip_prefix('{'), char) {
                    (Some(digits), _) => {
                        digits.split_once('}').ok_or("a code point that is not closed")?
                    }
                    (None, 'x') => rest.split_at_checked(2).unwrap_or((rest, "")),
                    (None, 'u') => rest.split_at_checked(4).unwrap_or((rest, "")),
                    (None, _) => rest.split_at_checked(8).unwrap_or((rest, "")),
                };
                let code = u32::from_str_radix(digits, 16).ok().and_then(char::from_u32);
                let code = code.ok_or_else(|| format!("the code point {digits:?}"))?;
                if self.ignore_case {
                    return Err("a code point where case is ignored".to_owned());
                }
                self.out.push_str(&format!("\\x{{{:X}}}", u32::from(code)));
                rest
            }
            '<' | '>' => return Err(format!("\\{char}")),
            _ if char.is_ascii_punctuation() || char == ' ' => {
                self.out.push('\\');
                self.out.push(char);
                rest
            }
            _ => return Err(format!("\\{char}")),
        };
        self.atom = Some(start);
        Ok(rest)
    }

    /// Writes a class, with which `rest` begins, and the classes inside it.
    fn class<'p>(&mut self, rest: &'p str) -> Result<&'p str, String> {
        let start = self.out.len();
        let mut rest = rest;
        let mut depth = 0;
        while let Some(char) = rest.chars().next() {
            let after = &rest[char.len_utf8()..];
            rest = match char {
                '\\' => self.escape(after, true)?,
                '[' if after.starts_with(':') => return Err("a class like [:alpha:]".to_owned()),
                '[' => {
                    depth += 1;
                    self.out.push('[');
                    let after = match after.strip_prefix('^') {
                        Some(after) => {
                            self.out.push('^');
                            after
                        }
                        None => after,
                    };
                    if after.starts_with(']') {
                        return Err("a class that starts with ]".to_owned());
                    }
                    after
                }
                ']' => {
                    depth -= 1;
                    self.out.push(']');
                    if depth == 0 {
                        self.atom = Some(start);
                        self.literal = None;
                        return Ok(after);
                    }
                    after
                }
                '-' | '~' if after.starts_with(char) => {
                    return Err(format!("the operator {char}{char}"));
                }
                _ if self.ignore_case && !char.is_ascii() => {
                    return Err(format!("{char:?} where case is ignored"));
                }
                _ => {
                    self.out.push(char);
                    after
                }
            };
        }
        Err("a class that is not closed".to_owned())
    }
}

/// The length of `{n}`, `{n,}` or `{n,m}`, with which `rest` begins.
fn interval_len(rest: &str) -> Result<usize, String> {
    let inside = rest.get(1..).and_then(|inside| inside.split_once('}')).map(|(inside, _)| inside);
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_interval = |inside: &str| match inside.split_once(',') {
        None => is_number(inside),
        Some((low, high)) => is_number(low) && (high.is_empty() || is_number(high)),
    };
    match inside.filter(|inside| is_interval(inside)) {
        Some(inside) => Ok(inside.len() + 2),
        None => Err("{ without a number of repetitions".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_is_rewritten() {
        for (pattern, onig) in [
            (r"a|\p{L}++|[^\s\p{L}]?+x*+", r"a|\p{L}++|[^\s\p{L}]?+x*+"),
            (r"\s++$|^b", r"\s++\z|\Ab"),
            (r"\p{N}{1,3}+|\p{N}{2,3}", r"(?>\p{N}{1,3})|\p{N}{2,3}"),
            (r"(?:ab){2,}+c", r"(?>(?:ab){2,})c"),
            (r"[a[^b]&&[c]]{3}+", r"(?>[a[^b]&&[c]]{3})"),
            (r"a{3}?b{1,}?c+?", r"a{3}b{1,}?c+?"),
            (r"\pL\PN\x41\x{1F600}[\u00e9$^]", r"\p{L}\P{N}\x{41}\x{1F600}[\x{E9}$^]"),
            (r"(?i:'s|'ll)(?!\S)(?<=a)", r"(?i:'s|'ll)(?!\S)(?<=a)"),
            (r"(?i)a(?-i:ss)", r"(?i)a(?-i:ss)"),
        ] {
            assert_eq!(to_onig(pattern).as_deref(), Ok(onig));
        }
    }

    #[test]
    fn what_has_no_equal_is_named() {
        for (pattern, why) in [
            (r"\w+", r"\w"),
            (r"a\b", r"\b"),
            (r"[\w]", r"\w"),
            (r"(a)\1", r"\1"),
            (r"\<a", r"\<"),
            ("a\\", "a backslash at the end"),
            ("(?m)^a", "a group that starts with \"(?m)^\""),
            ("a(?i)b", "a group that starts with \"(?i)b\""),
            ("(?P<n>a)", "a group that starts with \"(?P<n\""),
            ("a|*", "nothing before \"*\" that it could repeat"),
            ("a**", "nothing before \"*\" that it could repeat"),
            ("a{,3}", "{ without a number of repetitions"),
            ("a{", "{ without a number of repetitions"),
            ("(a", "a group is not closed"),
            ("a)", "a group is not opened"),
            ("[a", "a class that is not closed"),
            ("[[:alpha:]]", "a class like [:alpha:]"),
            ("[]a]", "a class that starts with ]"),
            ("[a--b]", "the operator --"),
            (r"\p{Script=Han}", "the property \"Script=Han\""),
            (r"\x{110000}", "the code point \"110000\""),
            (r"\p{L", "a property that is not closed"),
            (r"\xé", "the code point \"é\""),
            ("(?i:S[a]sT)", "\"st\" where case is ignored"),
            ("(?i:[é])", "'é' where case is ignored"),
            ("(?i:é)", "'é' where case is ignored"),
            (r"(?i:\x41)", "a code point where case is ignored"),
        ] {
            assert_eq!(to_onig(pattern).expect_err(pattern), why);
        }
    }
}

//! Reads a pattern as the engine it was written for reads it.
//!
//! What two engines read differently is read here by syntax; what cannot be read soundly is an error.

use super::{PatternError, sets};
use comptok_core::pre_tokenizer::Syntax;
use regex_syntax::hir::ClassUnicode;

/// Groups and bracketed classes may be nested this deep.
const MAX_DEPTH: usize = 64;
/// The largest count of a repetition, as in the reference engines.
const MAX_COUNT: u32 = 1000;

/// A pattern or a part of one.
#[derive(Debug, Clone)]
pub(super) enum Node {
    /// One char of a set.
    Class(ClassUnicode),
    /// Nothing, at the end of the text.
    End,
    /// Nothing, at the end of the text or before a newline.
    LineEnd,
    /// Nothing, where something stands around, or does not.
    Look(Box<Look>),
    /// One after the other.
    Concat(Vec<Node>),
    /// The first that lets the rest match.
    Alternation(Vec<Node>),
    /// Repeated.
    Repeat(Box<Repeat>),
    /// Matched without coming back to it, at a column.
    Atomic(Box<Node>, usize),
}

/// What has to stand around a place.
#[derive(Debug, Clone)]
pub(super) struct Look {
    /// Behind the place, as one reads; else in front of it.
    pub(super) ahead: bool,
    /// It must not stand there.
    pub(super) negated: bool,
    pub(super) node: Node,
    pub(super) column: usize,
}

/// A node, repeated.
#[derive(Debug, Clone)]
pub(super) struct Repeat {
    pub(super) node: Node,
    pub(super) min: u32,
    pub(super) max: Option<u32>,
    pub(super) greedy: bool,
    pub(super) column: usize,
}

/// The flags that hold at a place.
#[derive(Debug, Clone, Copy, Default)]
struct Flags {
    ignore_case: bool,
    /// `$` also matches before a newline.
    multi_line: bool,
    /// `.` also matches a newline.
    dot_all: bool,
}

/// Reads `pattern`.
pub(super) fn parse(pattern: &str, syntax: Syntax) -> Result<Node, PatternError> {
    let chars: Vec<char> = pattern.chars().collect();
    let multi_line = syntax == Syntax::Oniguruma;
    let flags = Flags { multi_line, ..Flags::default() };
    let mut parser = Parser { chars: &chars, at: 0, syntax, last_folded: Folded::default() };
    let node = parser.alternation(flags, 0)?;
    match parser.peek() {
        None => Ok(node),
        Some(_) => Err(parser.error("a `)` without its `(`")),
    }
}

/// Which chars, in any case, the item before ends in. Oniguruma takes some letters for equal to the
/// ligature of both, and so reads `(?i:ss)` as `ss` or `ß`.
#[derive(Debug, Clone, Copy, Default)]
struct Folded {
    s: bool,
    f: bool,
}

struct Parser<'p> {
    chars: &'p [char],
    at: usize,
    syntax: Syntax,
    last_folded: Folded,
}

impl Parser<'_> {
    fn peek(&self) -> Option<char> {
        self.chars.get(self.at).copied()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek();
        self.at += usize::from(c.is_some());
        c
    }

    /// Passes `text` if it comes next.
    fn eat(&mut self, text: &str) -> bool {
        let comes = text.chars().enumerate().all(|(i, c)| self.chars.get(self.at + i) == Some(&c));
        self.at += if comes { text.chars().count() } else { 0 };
        comes
    }

    /// An error at the current place.
    fn error(&self, what: impl Into<String>) -> PatternError {
        PatternError::new(self.at + 1, what)
    }

    /// Branches up to a `)` or the end.
    fn alternation(&mut self, flags: Flags, depth: usize) -> Result<Node, PatternError> {
        if depth > MAX_DEPTH {
            return Err(self.error(format!("groups nested deeper than {MAX_DEPTH}")));
        }
        let mut flags = flags;
        // Flags that are set in the middle of a group hold for different parts of it in different engines.
        while self.peek() == Some('(') && self.is_flag_setting() {
            let column = self.at + 1;
            self.at += 2;
            if !self.flags(&mut flags, column)? {
                return Err(PatternError::new(column, "a group of flags that is not closed"));
            }
        }
        let mut branches = vec![self.concat(flags, depth)?];
        while self.eat("|") {
            self.last_folded = Folded::default();
            branches.push(self.concat(flags, depth)?);
        }
        Ok(match branches.len() {
            1 => branches.swap_remove(0),
            _ => Node::Alternation(branches),
        })
    }

    /// Whether `(?flags)` comes next, which holds up to the end of the group.
    fn is_flag_setting(&self) -> bool {
        let rest = self.chars.get(self.at..).unwrap_or_default();
        let mut rest = rest.iter().skip_while(|c| matches!(c, '(' | '?'));
        rest.find(|c| !(c.is_ascii_lowercase() || **c == '-')) == Some(&')')
            && self.chars.get(self.at + 1) == Some(&'?')
    }

    fn concat(&mut self, flags: Flags, depth: usize) -> Result<Node, PatternError> {
        let mut nodes = Vec::new();
        while let Some(c) = self.peek()
            && !matches!(c, '|' | ')')
        {
            let column = self.at + 1;
            let node = self.atom(flags, depth)?;
            nodes.push(self.repeated(node, column)?);
        }
        Ok(match nodes.len() {
            1 => nodes.swap_remove(0),
            _ => Node::Concat(nodes),
        })
    }

    /// The quantifier of `node`, if it has one.
    fn repeated(&mut self, node: Node, column: usize) -> Result<Node, PatternError> {
        let quantifier = self.at + 1;
        let (min, max, braces) = match self.peek() {
            Some('*') => (0, None, false),
            Some('+') => (1, None, false),
            Some('?') => (0, Some(1), false),
            Some('{') => {
                let (min, max) = self.counts()?;
                (min, max, true)
            }
            _ => return Ok(node),
        };
        self.at += usize::from(!braces);
        if matches!(node, Node::End | Node::LineEnd | Node::Look(_)) {
            return Err(PatternError::new(quantifier, "a repeated assertion"));
        }
        let greedy = !self.eat("?");
        if !greedy && braces && max == Some(min) {
            // Lazy in one engine, optional in the other.
            return Err(PatternError::new(quantifier, "`{n}?`"));
        }
        let possessive = greedy && self.eat("+");
        let once = Node::Repeat(Box::new(Repeat { node, min, max, greedy, column }));
        let node = match (possessive, self.syntax) {
            (false, _) => once,
            // There, a `+` after counts is a repetition of the repetition.
            (true, Syntax::Oniguruma) if braces => Node::Repeat(Box::new(Repeat {
                node: once,
                min: 1,
                max: None,
                greedy: true,
                column,
            })),
            (true, _) => Node::Atomic(Box::new(once), quantifier),
        };
        match self.peek() {
            Some('*' | '+' | '?' | '{') => Err(self.error("a quantifier after a quantifier")),
            _ => Ok(node),
        }
    }

    /// `{n}`, `{n,}` or `{n,m}`.
    fn counts(&mut self) -> Result<(u32, Option<u32>), PatternError> {
        let start = self.at;
        self.at += 1;
        let min = self.number();
        let max = if self.eat(",") { self.number() } else { min };
        let bounded = self.chars.get(self.at.wrapping_sub(1)) != Some(&',');
        match (min, max, self.eat("}")) {
            (Some(min), max, true)
                if min <= MAX_COUNT && max.is_none_or(|max| (min..=MAX_COUNT).contains(&max)) =>
            {
                Ok((min, if bounded { max } else { None }))
            }
            _ => {
                self.at = start;
                Err(self.error(format!(
                    "a `{{` that begins no count `{{n}}`, `{{n,}}` or `{{n,m}}` up to {MAX_COUNT}; \
                     write `\\{{` for the char"
                )))
            }
        }
    }

    fn number(&mut self) -> Option<u32> {
        let start = self.at;
        while self.peek().is_some_and(|c| c.is_ascii_digit()) {
            self.at += 1;
        }
        let digits = self.chars.get(start..self.at)?;
        if digits.len() > 6 { None } else { String::from_iter(digits).parse().ok() }
    }

    /// A char, a class, a group or an assertion.
    fn atom(&mut self, flags: Flags, depth: usize) -> Result<Node, PatternError> {
        let column = self.at + 1;
        let Some(c) = self.next() else { return Err(self.error("the end, where an item must be")) };
        match c {
            '(' => self.group(flags, depth, column),
            '[' => {
                let set = self.brackets(flags, depth)?;
                self.folded(set, flags, column, true)
            }
            '.' => {
                self.last_folded = Folded::default();
                Ok(Node::Class(match flags.dot_all {
                    true => sets::all(),
                    false => sets::not(sets::of(['\n'])),
                }))
            }
            '$' if flags.multi_line => Ok(Node::LineEnd),
            '$' => Ok(Node::End),
            '^' => Ok(self.line_start(flags, column)),
            '*' | '+' | '?' => {
                Err(PatternError::new(column, format!("`{c}` with nothing to repeat")))
            }
            '{' | '}' | ']' => {
                Err(PatternError::new(column, format!("`{c}` alone; write `\\{c}` for the char")))
            }
            '\\' => match self.escape(column, false)? {
                Escaped::Char(c) => self.folded(sets::of([c]), flags, column, true),
                Escaped::Set(set, has_case) => self.folded(set, flags, column, has_case),
                Escaped::End => Ok(Node::End),
                Escaped::Start => Ok(look(false, true, sets::all(), column)),
                Escaped::Boundary(negated) => Ok(self.word_boundary(negated, column)),
            },
            c => self.folded(sets::of([c]), flags, column, true),
        }
    }

    /// A class, with the chars that are equal to its own but for case where that is asked for.
    fn folded(
        &mut self,
        mut set: ClassUnicode,
        flags: Flags,
        column: usize,
        has_case: bool,
    ) -> Result<Node, PatternError> {
        let before = std::mem::take(&mut self.last_folded);
        if flags.ignore_case && has_case {
            if set.ranges().last().is_some_and(|range| range.end() > '\x7F') {
                return Err(PatternError::new(column, "case-insensitive matching beyond ASCII"));
            }
            sets::fold_ascii(&mut set);
            let any_of = |chars: &str| !sets::are_disjoint(&set, &sets::of(chars.chars()));
            if self.syntax == Syntax::Oniguruma
                && (before.s && any_of("st") || before.f && any_of("fil"))
            {
                return Err(PatternError::new(
                    column,
                    "case-insensitive letters that have a ligature",
                ));
            }
            self.last_folded = Folded { s: any_of("s"), f: any_of("f") };
        }
        Ok(Node::Class(set))
    }

    /// What follows a `(`.
    fn group(&mut self, flags: Flags, depth: usize, column: usize) -> Result<Node, PatternError> {
        let error = |what: &str| Err(PatternError::new(column, what));
        let mut flags = flags;
        let mut atomic = false;
        if self.eat("?") {
            for (sign, ahead, negated) in
                [("!", true, true), ("=", true, false), ("<=", false, false), ("<!", false, true)]
            {
                if self.eat(sign) {
                    let node = self.alternation(flags, depth + 1)?;
                    if !self.eat(")") {
                        return error("a `(` without its `)`");
                    }
                    return Ok(Node::Look(Box::new(Look { ahead, negated, node, column })));
                }
            }
            if self.eat(">") {
                atomic = true;
            } else if self.eat("<") || (self.syntax == Syntax::FancyRegex && self.eat("P<")) {
                while self.peek().is_some_and(|c| c.is_ascii_alphanumeric() || c == '_') {
                    self.at += 1;
                }
                if !self.eat(">") {
                    return error("a group name that is not closed");
                }
            } else if self.flags(&mut flags, column)? {
                return error("flags in the middle of a group; write `(?flags:...)`");
            }
        }
        let before = self.last_folded;
        let node = self.alternation(flags, depth + 1)?;
        if !self.eat(")") {
            return error("a `(` without its `)`");
        }
        // Whichever branch it is that matches, or none if what follows makes it optional.
        self.last_folded.s |= before.s;
        self.last_folded.f |= before.f;
        Ok(if atomic { Node::Atomic(Box::new(node), column) } else { node })
    }

    /// Flags after `(?`, up to a `)` (then `true`) or a `:`.
    fn flags(&mut self, flags: &mut Flags, column: usize) -> Result<bool, PatternError> {
        let mut on = true;
        while let Some(c) = self.next() {
            match (c, self.syntax) {
                (')', _) => return Ok(true),
                (':', _) => return Ok(false),
                ('-', _) if on => on = false,
                ('i', _) => flags.ignore_case = on,
                // The same letter means two things.
                ('m', Syntax::FancyRegex) => flags.multi_line = on,
                ('m', Syntax::Oniguruma) => flags.dot_all = on,
                ('s', Syntax::FancyRegex) => flags.dot_all = on,
                ('u', Syntax::FancyRegex) if on => {}
                _ => break,
            }
        }
        Err(PatternError::new(column, "a group of this kind"))
    }

    /// `^`: Oniguruma takes the beginning of each line for one, but not an empty one at the end of the text.
    fn line_start(&self, flags: Flags, column: usize) -> Node {
        let behind = match flags.multi_line {
            true => sets::not(sets::of(['\n'])),
            false => sets::all(),
        };
        let start = look(false, true, behind, column);
        match self.syntax {
            Syntax::Oniguruma => Node::Concat(vec![start, look(true, false, sets::all(), column)]),
            Syntax::FancyRegex => start,
        }
    }

    /// `\b` or `\B`: a char of a word on one side, or on both or on none.
    fn word_boundary(&self, negated: bool, column: usize) -> Node {
        let beside = |ahead: bool, is_word: bool| {
            let word = sets::word(self.syntax, false);
            look(ahead, !is_word, word, column)
        };
        let both = |is_word: bool| {
            Node::Concat(vec![beside(false, is_word), beside(true, is_word == negated)])
        };
        Node::Alternation(vec![both(true), both(false)])
    }

    /// What follows a `[`, up to its `]`.
    fn brackets(&mut self, flags: Flags, depth: usize) -> Result<ClassUnicode, PatternError> {
        let column = self.at;
        if depth > MAX_DEPTH {
            return Err(self.error(format!("classes nested deeper than {MAX_DEPTH}")));
        }
        let negated = self.eat("^");
        // What is before the last `&&`, and what is after it.
        let mut left: Option<ClassUnicode> = None;
        let mut set = ClassUnicode::empty();
        let mut is_empty = true;
        loop {
            let at = self.at + 1;
            let Some(c) = self.next() else {
                return Err(PatternError::new(column, "a `[` without its `]`"));
            };
            match c {
                ']' if is_empty => {
                    return Err(PatternError::new(at, "an empty class; write `\\]` for the char"));
                }
                ']' => break,
                '&' if self.eat("&") => {
                    if is_empty {
                        return Err(PatternError::new(at, "`&&` with nothing before it"));
                    }
                    let mut both = std::mem::replace(&mut set, ClassUnicode::empty());
                    if let Some(left) = &left {
                        both.intersect(left);
                    }
                    left = Some(both);
                    is_empty = true;
                    continue;
                }
                '[' if self.peek() == Some(':') => {
                    if flags.ignore_case {
                        return Err(PatternError::new(at, "a case-insensitive named class"));
                    }
                    set.union(&self.posix(at)?);
                }
                '[' => set.union(&self.brackets(flags, depth + 1)?),
                _ => {
                    let item = match c {
                        '\\' => self.escape(at, true)?,
                        // Only where no engine can take it for an operator.
                        '-' if left.is_some() || !is_empty && self.peek() != Some(']') => {
                            return Err(PatternError::new(
                                at,
                                "a `-` in the middle; write `\\-` for the char",
                            ));
                        }
                        '~' if self.peek() == Some(c) => {
                            return Err(PatternError::new(at, "`~~` in a class"));
                        }
                        c => Escaped::Char(c),
                    };
                    match item {
                        Escaped::Char(first) => set.union(&self.range(first, c)?),
                        Escaped::Set(other, has_case) => {
                            if flags.ignore_case && has_case {
                                return Err(PatternError::new(
                                    at,
                                    "a case-insensitive named class",
                                ));
                            }
                            set.union(&other);
                        }
                        Escaped::End | Escaped::Start | Escaped::Boundary(_) => {
                            return Err(PatternError::new(at, "an assertion in a class"));
                        }
                    }
                }
            }
            is_empty = false;
        }
        if let Some(left) = &left {
            set.intersect(left);
        }
        if negated {
            // An engine that folds case does it before it negates.
            if flags.ignore_case {
                return Err(PatternError::new(column, "a case-insensitive negated class"));
            }
            set.negate();
        }
        Ok(set)
    }

    /// A char of a class, or the range that it begins. `written` is its first char in the pattern.
    fn range(&mut self, first: char, written: char) -> Result<ClassUnicode, PatternError> {
        let column = self.at + 1;
        if self.peek() != Some('-') || matches!(self.chars.get(self.at + 1), Some(']') | None) {
            return Ok(sets::of([first]));
        }
        self.at += 1;
        let last = match self.next() {
            Some('\\') => match self.escape(column + 1, true)? {
                Escaped::Char(last) => Some(last),
                _ => None,
            },
            // Two of these are an operator.
            Some('~') if self.peek() == Some('~') => None,
            Some('[' | '-' | '&') | None => None,
            last => last,
        };
        match last {
            Some(last) if first <= last && written != '-' => Ok(sets::range(first, last)),
            _ => Err(PatternError::new(
                column,
                "a `-` that makes no range; write `\\-` for the char",
            )),
        }
    }

    /// What follows `[` where a `:` is next.
    fn posix(&mut self, column: usize) -> Result<ClassUnicode, PatternError> {
        self.at += 1;
        let negated = self.eat("^");
        let start = self.at;
        while self.peek().is_some_and(|c| c.is_ascii_lowercase()) {
            self.at += 1;
        }
        let name = String::from_iter(self.chars.get(start..self.at).unwrap_or_default());
        let set = sets::posix(&name, self.syntax).filter(|_| self.eat(":]"));
        let Some(set) = set else {
            return Err(PatternError::new(column, format!("the class `[:{name}:]`")));
        };
        Ok(if negated { sets::not(set) } else { set })
    }

    /// What follows a `\`.
    fn escape(&mut self, column: usize, in_class: bool) -> Result<Escaped, PatternError> {
        let Some(c) = self.next() else {
            return Err(PatternError::new(column, "a `\\` at the end"));
        };
        Ok(match c {
            's' => Escaped::Set(sets::space(), false),
            'S' => Escaped::Set(sets::not(sets::space()), false),
            'd' => Escaped::Set(sets::digit(), false),
            'D' => Escaped::Set(sets::not(sets::digit()), false),
            'w' => Escaped::Set(sets::word(self.syntax, in_class), true),
            'W' => Escaped::Set(sets::not(sets::word(self.syntax, in_class)), true),
            'h' => Escaped::Set(sets::hex_digit(), true),
            'H' => Escaped::Set(sets::not(sets::hex_digit()), true),
            'p' | 'P' => Escaped::Set(self.property(column, c == 'P')?, true),
            'n' => Escaped::Char('\n'),
            't' => Escaped::Char('\t'),
            'r' => Escaped::Char('\r'),
            'f' => Escaped::Char('\x0C'),
            'v' => Escaped::Char('\x0B'),
            'a' => Escaped::Char('\x07'),
            'x' | 'u' => Escaped::Char(self.code_point(column, c)?),
            'z' if !in_class => Escaped::End,
            '1'..='9' | 'k' if !in_class => {
                return Err(PatternError::new(column, "a back-reference"));
            }
            'b' | 'B' if !in_class => Escaped::Boundary(c == 'B'),
            'A' if !in_class => Escaped::Start,
            'G' if !in_class => {
                return Err(PatternError::new(column, "`\\G` (it depends on the match before)"));
            }
            // Assertions of the regex crate.
            '<' | '>' if self.syntax == Syntax::FancyRegex => {
                return Err(PatternError::new(column, format!("`\\{c}`")));
            }
            c if c.is_ascii_punctuation() || c == ' ' => Escaped::Char(c),
            c => return Err(PatternError::new(column, format!("`\\{c}`"))),
        })
    }

    /// What follows `\p` or `\P`.
    fn property(&mut self, column: usize, negated: bool) -> Result<ClassUnicode, PatternError> {
        let mut negated = negated;
        let name = if self.eat("{") {
            if self.eat("^") {
                negated = !negated;
            }
            let start = self.at;
            while self.peek().is_some_and(|c| c != '}') {
                self.at += 1;
            }
            let name = String::from_iter(self.chars.get(start..self.at).unwrap_or_default());
            self.at += 1;
            name
        } else if self.syntax == Syntax::FancyRegex {
            self.next().into_iter().collect()
        } else {
            return Err(PatternError::new(column, "`\\p` without `{`"));
        };
        match sets::property(&name) {
            Some(set) => Ok(if negated { sets::not(set) } else { set }),
            None => Err(PatternError::new(column, format!("the property `{name}`"))),
        }
    }

    /// What follows `\x` or `\u`.
    fn code_point(&mut self, column: usize, kind: char) -> Result<char, PatternError> {
        let start = self.at + 1;
        let digits = if self.eat("{") {
            while self.peek().is_some_and(|c| c.is_ascii_hexdigit()) {
                self.at += 1;
            }
            let digits = self.chars.get(start..self.at);
            // There, `\u` has four digits and no braces.
            digits.filter(|_| self.eat("}") && (kind == 'x' || self.syntax == Syntax::FancyRegex))
        } else {
            let end = self.at + if kind == 'x' { 2 } else { 4 };
            let digits = self.chars.get(self.at..end);
            self.at = end.min(self.chars.len());
            digits
        };
        let code = digits
            .filter(|digits| (1..=8).contains(&digits.len()))
            .and_then(|digits| u32::from_str_radix(&String::from_iter(digits), 16).ok());
        // There, `\x80` and up is a byte, not a char.
        let is_byte = kind == 'x'
            && self.syntax == Syntax::Oniguruma
            && self.chars.get(start - 1) != Some(&'{');
        match code.and_then(char::from_u32) {
            Some(c) if !is_byte || c.is_ascii() => Ok(c),
            _ => Err(PatternError::new(column, format!("`\\{kind}` with no code point"))),
        }
    }
}

/// What a `\` and what follows it stand for.
enum Escaped {
    Char(char),
    /// A set, and whether ignoring case could change it.
    Set(ClassUnicode, bool),
    End,
    Start,
    /// `\b`, or `\B`.
    Boundary(bool),
}

/// A look at one char.
fn look(ahead: bool, negated: bool, set: ClassUnicode, column: usize) -> Node {
    Node::Look(Box::new(Look { ahead, negated, node: Node::Class(set), column }))
}

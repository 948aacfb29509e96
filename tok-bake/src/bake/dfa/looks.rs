//! Bakes a pattern that looks around into the automata of [`comptok_core::pre_tokenizer::looks`].
//!
//! Between the chars of a text stand marks that say which looks hold. So the pattern becomes one without looks: a
//! char is a mark and the char, a look is a set of marks that the next one has to be in, and a match ends with the
//! mark at its end. What each look needs is found by automata made in the same way.

use super::syntax::{Look, Node, Repeat};
use super::table::{Kind, Table};
use super::{PatternError, SHORT_DOUBT, prove, repeat, sets, syntax};
use comptok_core::pre_tokenizer::Syntax;
use comptok_core::pre_tokenizer::looks::{HEADER_LEN, MAGIC, MARK, MAX_LOOKS, NARROW, VERSION};
use regex_syntax::hir::{self, Class, ClassBytes, ClassBytesRange, ClassUnicode, Hir};

/// A set of marks, a bit for each of the 64 that six looks make.
type Marks = u64;
/// An attempt of so many bytes may be repeated at every place if the automata that avoid it are too large: those of
/// `\s{512}` are.
const LONG_DOUBT: usize = 8192;
/// Repetitions of looks are written out up to this count.
const MAX_COUNT: u32 = 8;
/// Patterns that become longer than that are refused, and those with so many looks one after the other or in another.
const MAX_WORK: usize = 20_000;
const MAX_DEPTH: usize = 100;

/// The tables of a pattern.
pub(super) struct Tables {
    main: Table,
    /// And back, where the places cannot be tried one after the other.
    search: Option<[Table; 2]>,
    /// Whether it looks ahead, and its table.
    looks: Vec<(bool, Table)>,
}

impl Tables {
    pub(super) fn of(pattern: &str, syntax: Syntax) -> Result<Self, PatternError> {
        let mut writer = Writer::default();
        let whole = writer.whole(syntax::parse(pattern, syntax)?)?;
        let is_wide = writer.looks.len() > NARROW;
        let table = |parts: Vec<Hir>, kind| {
            Table::build(&[Hir::concat(parts)], &[super::MATCH], kind)
                .map_err(|error| PatternError::new(1, format!("the whole: {error}")))
        };
        let anything = |greedy| {
            let all = ClassBytes::new([ClassBytesRange::new(0, 0xFF)]);
            repeat(Hir::class(Class::Bytes(all)), 0, greedy)
        };
        let pattern = whole.hir(is_wide);
        let mut looks = Vec::new();
        for (ahead, look) in &writer.looks {
            let look = look.hir(is_wide);
            looks.push((
                *ahead,
                match ahead {
                    true => table(vec![look, anything(true)], Kind::Reverse)?,
                    false => table(vec![anything(true), look], Kind::Ends)?,
                },
            ));
        }
        let main = table(vec![pattern.clone()], Kind::Forward)?;
        let doubt = main.longest_doubt().unwrap_or(usize::MAX);
        let search = || {
            let search = table(vec![anything(false), pattern.clone()], Kind::Forward)?;
            Ok([search, table(vec![pattern.clone()], Kind::Reverse)?])
        };
        let search = match doubt {
            doubt if doubt <= SHORT_DOUBT => None,
            doubt if doubt <= LONG_DOUBT => search().ok(),
            _ => Some(search()?),
        };
        Ok(Self { main, search, looks })
    }

    /// Whether text may be cut at `byte`, in front of it and behind it, and both sides match as they do in the whole:
    /// no match has it in it, and no look goes past it or can tell it from the end of the text.
    pub(super) fn stand_apart_at(&self, byte: u8) -> bool {
        self.main.ends_at(byte) && self.looks.iter().all(|(_, look)| look.begins_anew_at(byte))
    }

    /// Whether there are marks at which nothing is a match.
    pub(super) fn may_match_nothing(&self) -> bool {
        self.main.accepts_one_of(if self.looks.len() > NARROW { 2 } else { 1 }, MARK..=0xFF)
    }

    /// The tables, after a header that says where they are.
    pub(super) fn image(&self) -> Vec<u8> {
        let mut image = MAGIC.to_vec();
        let ahead = (0..).zip(&self.looks).map(|(at, (ahead, _))| u32::from(*ahead) << at).sum();
        for field in [VERSION, self.looks.len() as u32, ahead] {
            image.extend_from_slice(&field.to_le_bytes());
        }
        let [search, reverse] = match &self.search {
            Some(tables) => tables.each_ref().map(Some),
            None => [None, None],
        };
        let looks = self.looks.iter().map(|(_, table)| Some(table));
        let mut sections = image.len();
        image.resize(HEADER_LEN, 0);
        for table in [Some(&self.main), search, reverse].into_iter().chain(looks) {
            let start = image.len();
            if let Some(table) = table {
                table.write(&mut image);
            }
            for field in [start as u32, (image.len() - start) as u32] {
                image[sections..sections + 4].copy_from_slice(&field.to_le_bytes());
                sections += 4;
            }
        }
        image
    }
}

/// A pattern over marks and chars.
#[derive(Debug, Clone, PartialEq)]
enum Expr {
    Empty,
    /// One of these marks, and one of these chars.
    Char(Marks, ClassUnicode),
    /// One of these marks, at the end.
    End(Marks),
    Concat(Vec<Expr>),
    /// The first that lets the rest match.
    Any(Vec<Expr>),
    Repeat(Box<Expr>, u32, Option<u32>, bool),
}

impl Expr {
    fn then(self, next: Self) -> Self {
        match (self, next) {
            (Self::Empty, one) | (one, Self::Empty) => one,
            (Self::Concat(mut all), next) => {
                all.push(next);
                Self::Concat(all)
            }
            (one, next) => Self::Concat(vec![one, next]),
        }
    }

    fn hir(&self, is_wide: bool) -> Hir {
        match self {
            Self::Empty => Hir::empty(),
            Self::Char(marks, set) => {
                let set = Hir::class(Class::Unicode(set.clone()));
                Hir::concat(vec![mark(*marks, is_wide), set])
            }
            Self::End(marks) => mark(*marks, is_wide),
            Self::Concat(all) => Hir::concat(all.iter().map(|one| one.hir(is_wide)).collect()),
            Self::Any(all) => Hir::alternation(all.iter().map(|one| one.hir(is_wide)).collect()),
            Self::Repeat(one, min, max, greedy) => Hir::repetition(hir::Repetition {
                min: *min,
                max: *max,
                greedy: *greedy,
                sub: Box::new(one.hir(is_wide)),
            }),
        }
    }
}

/// One of `marks`, as bytes.
fn mark(marks: Marks, is_wide: bool) -> Hir {
    // The marks with equal higher bits are a byte of `marks`.
    let rows = marks.to_le_bytes();
    let byte = |bits: u8| {
        let some = (0..8).filter(|bit| bits >> bit & 1 == 1).map(|bit| MARK | bit);
        Hir::class(Class::Bytes(ClassBytes::new(some.map(|byte| ClassBytesRange::new(byte, byte)))))
    };
    if !is_wide {
        return byte(rows[0]);
    }
    let pairs = (0..8).map(|high| Hir::concat(vec![byte(rows[high]), byte(1 << high)]));
    Hir::alternation(pairs.collect())
}

/// The marks in which the bit of a look is set.
fn with(look: usize) -> Marks {
    (0..64).filter(|mark| mark >> look & 1 == 1).map(|mark| 1 << mark).sum()
}

/// What stands behind a node.
#[derive(Clone, Copy)]
struct Rest<'r> {
    nodes: &'r [Node],
    next: Option<&'r Rest<'r>>,
}

#[derive(Default)]
struct Writer {
    /// Whether it looks ahead, and what it wants; each one depends on those before it alone.
    looks: Vec<(bool, Expr)>,
    work: usize,
    depth: usize,
}

impl Writer {
    /// `pattern` up to the mark at its end.
    fn whole(&mut self, pattern: Node) -> Result<Expr, PatternError> {
        let pattern = prove::settled(pattern)?;
        self.before(&pattern, None, Marks::MAX)
    }

    /// What is left, where one of `marks` stands.
    fn rest(&mut self, rest: Option<&Rest<'_>>, marks: Marks) -> Result<Expr, PatternError> {
        let mut expr = Expr::Empty;
        let (mut nodes, mut next) = rest.map_or((&[][..], None), |rest| (rest.nodes, rest.next));
        loop {
            match (nodes, next) {
                ([], None) => return Ok(expr.then(Expr::End(marks))),
                ([], Some(rest)) => (nodes, next) = (rest.nodes, rest.next),
                ([first, more @ ..], _) => {
                    if marks == Marks::MAX
                        && let Some(regular) = self.regular(first)?
                    {
                        (expr, nodes) = (expr.then(regular), more);
                        continue;
                    }
                    let rest = Rest { nodes: more, next };
                    return Ok(expr.then(self.before(first, Some(&rest), marks)?));
                }
            }
        }
    }

    /// `node` and what is left behind it, where one of `marks` stands. Ways to match are in the order in which an
    /// engine that comes back tries them: what is left is written once for each way of a node that has looks in it.
    fn before(
        &mut self,
        node: &Node,
        rest: Option<&Rest<'_>>,
        marks: Marks,
    ) -> Result<Expr, PatternError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(PatternError::new(1, "the whole: there are too many looks in a row"));
        }
        let expr = self.way(node, rest, marks);
        self.depth -= 1;
        expr
    }

    fn way(
        &mut self,
        node: &Node,
        rest: Option<&Rest<'_>>,
        marks: Marks,
    ) -> Result<Expr, PatternError> {
        self.spend(1)?;
        if let Some(looks) = self.looks_of(node)? {
            return self.rest(rest, marks & looks);
        }
        if marks == Marks::MAX
            && let Some(regular) = self.regular(node)?
        {
            return Ok(regular.then(self.rest(rest, Marks::MAX)?));
        }
        match node {
            Node::Class(set) => {
                let char = Expr::Char(marks, set.clone());
                Ok(char.then(self.rest(rest, Marks::MAX)?))
            }
            Node::Concat(nodes) => self.rest(Some(&Rest { nodes, next: rest }), marks),
            Node::Alternation(branches) => {
                let mut all = Vec::new();
                for branch in branches {
                    all.push(self.before(branch, rest, marks)?);
                }
                Ok(Expr::Any(all))
            }
            Node::Repeat(repeat) => self.repeated(repeat, rest, marks),
            _ => Err(PatternError::new(1, "what is not settled")),
        }
    }

    fn spend(&mut self, work: usize) -> Result<(), PatternError> {
        self.work += work;
        match self.work > MAX_WORK {
            true => {
                Err(PatternError::new(1, "the whole: there are too many ways around its looks"))
            }
            false => Ok(()),
        }
    }

    /// What `node` is without looks; `None` if it has some.
    fn regular(&mut self, node: &Node) -> Result<Option<Expr>, PatternError> {
        self.spend(size(node))?;
        Ok(regular(node))
    }

    fn repeated(
        &mut self,
        repeat: &Repeat,
        rest: Option<&Rest<'_>>,
        marks: Marks,
    ) -> Result<Expr, PatternError> {
        let Repeat { node, min, max, greedy, column } = repeat;
        if *max == Some(0) {
            return self.rest(rest, marks);
        }
        if regular(node).is_none() && max.is_none_or(|max| max > MAX_COUNT) {
            let what = "looks around in what is repeated without a limit";
            return Err(PatternError::new(*column, what));
        }
        // Once, and then the other times.
        let max = max.map(|max| max - 1);
        let (node, greedy) = (node.clone(), *greedy);
        let others =
            Repeat { node: node.clone(), min: min.saturating_sub(1), max, greedy, column: *column };
        let nodes = [node, Node::Repeat(Box::new(others))];
        let some = self.rest(Some(&Rest { nodes: &nodes, next: rest }), marks)?;
        if *min > 0 {
            return Ok(some);
        }
        let none = self.rest(rest, marks)?;
        Ok(Expr::Any(if greedy { vec![some, none] } else { vec![none, some] }))
    }

    /// The marks where `node` holds, if it does nothing but look.
    fn looks_of(&mut self, node: &Node) -> Result<Option<Marks>, PatternError> {
        Ok(match node {
            Node::Look(look) => Some(self.look(look)?),
            Node::End => Some(self.none_ahead(sets::all())?),
            Node::LineEnd => Some(self.none_ahead(sets::not(sets::of(['\n'])))?),
            Node::Concat(nodes) => self.all_look(nodes, Marks::MAX, |one, other| one & other)?,
            Node::Alternation(branches) => self.all_look(branches, 0, |one, other| one | other)?,
            _ => None,
        })
    }

    fn all_look(
        &mut self,
        nodes: &[Node],
        mut marks: Marks,
        join: impl Fn(Marks, Marks) -> Marks,
    ) -> Result<Option<Marks>, PatternError> {
        for node in nodes {
            let Some(others) = self.looks_of(node)? else { return Ok(None) };
            marks = join(marks, others);
        }
        Ok(Some(marks))
    }

    /// The marks where `look` holds.
    fn look(&mut self, look: &Look) -> Result<Marks, PatternError> {
        let wanted = self.before(&look.node, None, Marks::MAX)?;
        let marks = self.number(look.ahead, wanted, look.column)?;
        Ok(if look.negated { !marks } else { marks })
    }

    fn none_ahead(&mut self, set: ClassUnicode) -> Result<Marks, PatternError> {
        let wanted = Expr::Char(Marks::MAX, set).then(Expr::End(Marks::MAX));
        Ok(!self.number(true, wanted, 1)?)
    }

    fn number(&mut self, ahead: bool, wanted: Expr, column: usize) -> Result<Marks, PatternError> {
        let look = (ahead, wanted);
        let known = self.looks.iter().position(|known| *known == look);
        let number = known.unwrap_or(self.looks.len());
        if known.is_none() {
            if number == MAX_LOOKS {
                let what = format!("more than {MAX_LOOKS} different looks around");
                return Err(PatternError::new(column, what));
            }
            self.looks.push(look);
        }
        Ok(with(number))
    }
}

/// How many nodes there are.
fn size(node: &Node) -> usize {
    1 + match node {
        Node::Concat(nodes) | Node::Alternation(nodes) => nodes.iter().map(size).sum(),
        Node::Repeat(repeat) => size(&repeat.node),
        Node::Look(look) => size(&look.node),
        Node::Atomic(node, _) => size(node),
        Node::Class(_) | Node::End | Node::LineEnd => 0,
    }
}

/// What `node` is without looks; `None` if it has some.
fn regular(node: &Node) -> Option<Expr> {
    let all = |nodes: &[Node]| nodes.iter().map(regular).collect::<Option<Vec<_>>>();
    Some(match node {
        Node::Class(set) => Expr::Char(Marks::MAX, set.clone()),
        Node::Concat(nodes) => all(nodes)?.into_iter().fold(Expr::Empty, Expr::then),
        Node::Alternation(branches) => Expr::Any(all(branches)?),
        Node::Repeat(repeat) => {
            let Repeat { node, min, max, greedy, .. } = &**repeat;
            Expr::Repeat(Box::new(regular(node)?), *min, *max, *greedy)
        }
        Node::End | Node::LineEnd | Node::Look(_) | Node::Atomic(..) => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bake::dfa::tests::on_damage;
    use comptok_core::pre_tokenizer::looks::Looks;

    fn bake(pattern: &str) -> Vec<u8> {
        Tables::of(pattern, Syntax::Oniguruma).expect("it can be baked").image()
    }

    fn parts<'t>(image: &[u8], text: &'t str) -> Vec<&'t str> {
        let looks = Looks::parse(image).expect("just baked");
        let mut parts = Vec::new();
        let mut marks = vec![1; text.len() + 1];
        looks.find(text, &mut marks, |start, end, _| parts.push(&text[start..end]));
        parts
    }

    #[test]
    fn digits_in_groups_from_the_right() {
        let groups = bake(r"\d{1,3}(?=(?:\d{3})*\b)");
        assert_eq!(
            parts(&groups, "1234567 12345 123a"),
            ["1", "234", "567", " ", "12", "345", " 123a"]
        );
        let places = bake(r"(?=(\d{3})+(?!\d))");
        assert_eq!(parts(&places, "a12345 678"), ["a12", "", "345 ", "", "678"]);
    }

    /// Also where every attempt goes on to the end.
    #[test]
    fn time_is_linear() {
        let long = |unit: &str| unit.repeat(1_000_000 / unit.len());
        for (pattern, text) in [
            (r"\d{1,3}(?=(?:\d{3})*\b)", long("7")),
            (r"(?=(\d{3})+(?!\d))", long("7")),
            (r"\s*[\r\n]|\s{9}(?!\S)|\s", long(" ")),
            (r"\d+(?=x)|\s", long("7")),
            (r"(?<=x\d{0,9})y|a+\b", long("xa_")),
        ] {
            assert!(!parts(&bake(pattern), &text).is_empty(), "{pattern}");
        }
    }

    #[test]
    fn where_text_may_be_cut() {
        let at_a_space = |pattern| {
            Tables::of(pattern, Syntax::Oniguruma).expect("it can be baked").stand_apart_at(b' ')
        };
        for pattern in
            [r"\d{1,3}(?=(?:\d{3})*\b)", r"(?=(\d{3})+(?!\d))", r"\p{N}", r"\bx\b", r"(?<=\w)-"]
        {
            assert!(at_a_space(pattern), "{pattern}");
        }
        for pattern in [" ?a", r"a(?= )", r"a(?!.*z)", r"\Ax", r"(?<! )x", r"x$", r"\s+", "[^b]"] {
            assert!(!at_a_space(pattern), "{pattern}");
        }
    }

    #[test]
    fn errors_say_what_and_where() {
        let error = |pattern| match Tables::of(pattern, Syntax::Oniguruma) {
            Ok(_) => panic!("{pattern} can be baked"),
            Err(error) => error.to_string(),
        };
        assert_eq!(
            error(r"a\Gb"),
            r"pattern, column 2: cannot bake `\G` (it depends on the match before)"
        );
        assert_eq!(error(r"(a)x\1"), "pattern, column 5: cannot bake a back-reference");
        assert_eq!(error("a(?=b"), "pattern, column 2: cannot bake a `(` without its `)`");
        assert_eq!(
            error("(?:a(?=b|c))+"),
            "pattern, column 1: cannot bake looks around in what is repeated without a limit"
        );
        let many: String = ('a'..='g').map(|c| format!("(?={c})|")).collect();
        assert_eq!(
            error(&many),
            "pattern, column 37: cannot bake more than 6 different looks around"
        );
        let row = "(?=a)".repeat(150) + "b";
        assert!(error(&row).contains("too many looks in a row"), "{}", error(&row));
        let row = "(?=a)".repeat(50_000) + "b";
        assert!(error(&row).contains("too many ways"), "{}", error(&row));
        let long = "b".repeat(100_000) + "(?=a)";
        assert!(error(&long).contains("too many ways"), "{}", error(&long));
        assert!(Tables::of(&("b".repeat(3000) + "(?=a)"), Syntax::Oniguruma).is_ok());
        let wide = r"(?:a|b(?=c)){8}".repeat(3);
        assert!(error(&wide).contains("too many ways"), "{}", error(&wide));
    }

    /// Whatever an image holds, parts follow each other up to the end of the text.
    #[test]
    fn damaged_images_are_safe() {
        let text = "It's 1234567x  words\n\n, 中文\u{3000}\u{301} 12";
        let walk = |image: &[u8]| {
            let Some(looks) = Looks::parse(image) else { return false };
            let mut at = 0;
            looks.find(text, &mut vec![0; text.len() + 1], |start, end, _| {
                assert!(start == at && start <= end && text.is_char_boundary(end));
                at = end;
            });
            assert_eq!(at, text.len());
            true
        };
        for pattern in [r"\d{1,3}(?=(?:\d{3})*\b)|(?<=\p{Han})", r"\d+(?=x)|^.|\s+$|(?<!s)\s"] {
            on_damage(&bake(pattern), HEADER_LEN, walk);
        }
    }
}

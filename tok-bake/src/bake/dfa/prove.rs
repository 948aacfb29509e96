//! What a backtracking engine does with a pattern, proven to be what an automaton does.

use super::syntax::{Look as Around, Node, Repeat};
use super::{PatternError, sets};
use regex_syntax::hir::{self, ClassUnicode, Hir, Look};

/// One top-level alternative of a pattern.
#[derive(Debug, Clone)]
pub(super) enum Alternative {
    /// A regular expression.
    Regular(Hir),
    /// `\s+(?!\S)`.
    SpaceTail,
}

/// The alternatives of a pattern, the first ones preferred.
pub(super) fn alternatives(pattern: Node) -> Result<Vec<Alternative>, PatternError> {
    let mut branches = Vec::new();
    flatten(pattern, &mut branches);
    let mut alternatives = Vec::new();
    for branch in branches {
        if is_space_tail(&branch) {
            // A second one cannot match where the first did not.
            if !alternatives.iter().any(|other| matches!(other, Alternative::SpaceTail)) {
                alternatives.push(Alternative::SpaceTail);
            }
            continue;
        }
        let hir = hir(settled(branch)?)?;
        if hir.properties().minimum_len() == Some(0) {
            return Err(PatternError::new(1, "a pattern that matches the empty text"));
        }
        alternatives.push(Alternative::Regular(hir));
    }
    Ok(alternatives)
}

/// A pattern without parts that are matched without coming back to them.
pub(super) fn settled(mut pattern: Node) -> Result<Node, PatternError> {
    settle(&mut pattern, &Rest::nothing())?;
    Ok(pattern)
}

/// Alternatives of alternatives are alternatives.
fn flatten(node: Node, into: &mut Vec<Node>) {
    match node {
        Node::Alternation(branches) => {
            for branch in branches {
                flatten(branch, into);
            }
        }
        node => into.push(node),
    }
}

fn is_space_tail(node: &Node) -> bool {
    let Node::Concat(nodes) = node else { return false };
    let [Node::Repeat(run), Node::Look(look)] = &nodes[..] else { return false };
    matches!(&run.node, Node::Class(set) if *set == sets::space())
        && (run.min, run.max, run.greedy) == (1, None, true)
        && (look.ahead, look.negated) == (true, true)
        && matches!(&look.node, Node::Class(set) if *set == sets::not(sets::space()))
}

/// What can be said about all that an alternative matches after some place.
#[derive(Clone)]
struct Rest {
    /// It matches whatever comes.
    always: bool,
    /// If it matches before the end of the text, then one of these chars comes next.
    next: ClassUnicode,
}

impl Rest {
    /// The end of the alternative.
    fn nothing() -> Self {
        Self { always: true, next: sets::all() }
    }

    /// `node`, and then `self`.
    fn after(&self, node: &Node) -> Self {
        match node {
            Node::Class(set) => Self { always: false, next: set.clone() },
            Node::End => Self { always: false, next: ClassUnicode::empty() },
            Node::LineEnd => Self { always: false, next: sets::of(['\n']) },
            Node::Look(_) => Self { always: false, next: self.next.clone() },
            Node::Concat(nodes) => {
                nodes.iter().rev().fold(self.clone(), |rest, node| rest.after(node))
            }
            Node::Alternation(branches) => {
                let branches: Vec<Self> =
                    branches.iter().map(|branch| self.after(branch)).collect();
                let next = branches.iter().map(|branch| &branch.next);
                Self {
                    always: branches.iter().any(|branch| branch.always),
                    next: next.fold(ClassUnicode::empty(), sets::union),
                }
            }
            Node::Repeat(repeat) => {
                let once = self.after(&repeat.node);
                match repeat.min {
                    0 => Self { always: self.always, next: sets::union(once.next, &self.next) },
                    1 => once,
                    _ => Self { always: false, ..once },
                }
            }
            Node::Atomic(node, _) => self.after(node),
        }
    }
}

/// Turns what is matched without coming back into what is matched greedily, where that is proven to be
/// the same, and checks that nothing is left that no automaton can do. `rest` is what follows `node`.
fn settle(node: &mut Node, rest: &Rest) -> Result<(), PatternError> {
    match node {
        Node::Class(_) | Node::End | Node::LineEnd => {}
        // Whether there is a match is all that is asked.
        Node::Look(look) => settle(&mut look.node, &Rest::nothing())?,
        Node::Concat(nodes) => {
            for at in 1..nodes.len() {
                // What takes all newlines leaves only the end of the text to `$`.
                if nodes[at - 1].takes_all('\n') && matches!(nodes[at], Node::LineEnd) {
                    nodes[at] = Node::End;
                }
            }
            let mut rest = rest.clone();
            for node in nodes.iter_mut().rev() {
                settle(node, &rest)?;
                rest = rest.after(node);
            }
        }
        Node::Alternation(branches) => {
            for branch in branches {
                settle(branch, rest)?;
            }
        }
        Node::Repeat(repeat) => {
            if repeat.max.is_none_or(|max| max > 1) {
                if can_be_empty(&repeat.node) {
                    // The engines do not agree on when to give up repeating nothing.
                    let what = "the repetition of what matches the empty text";
                    return Err(PatternError::new(repeat.column, what));
                }
                let again = rest.after(&repeat.node);
                let rest = Rest {
                    always: rest.always && repeat.min <= 1,
                    next: sets::union(again.next, &rest.next),
                };
                settle(&mut repeat.node, &rest)?;
            } else {
                settle(&mut repeat.node, rest)?;
            }
        }
        Node::Atomic(inner, column) => {
            settle(inner, rest)?;
            if !never_comes_back(inner, rest) {
                let what = "possessive or atomic matching that is not proven equal to greedy";
                return Err(PatternError::new(*column, what));
            }
            *node = std::mem::replace(inner, Node::End);
        }
    }
    Ok(())
}

/// Whether a backtracking engine that may come back into `node` for another way to match it gains nothing
/// by that.
fn never_comes_back(node: &Node, rest: &Rest) -> bool {
    // The first way to match it is already followed by a match of the rest.
    if rest.always {
        return true;
    }
    // The other ways to match a repeated char end before one of its chars, with which the rest cannot
    // begin. (Nor can it match nothing there: that would have to be at the end of the text.)
    match node {
        Node::Repeat(repeat) => match &repeat.node {
            Node::Class(set) => repeat.greedy && sets::are_disjoint(set, &rest.next),
            _ => false,
        },
        Node::Class(_) => true,
        _ => false,
    }
}

impl Node {
    /// Whether it is a possessive run of a set that `c` is in, so that `c` cannot follow it.
    fn takes_all(&self, c: char) -> bool {
        let Self::Atomic(inner, _) = self else { return false };
        let Self::Repeat(run) = &**inner else { return false };
        let is_in = |set| !sets::are_disjoint(set, &sets::of([c]));
        run.greedy && run.max.is_none() && matches!(&run.node, Self::Class(set) if is_in(set))
    }
}

pub(super) fn can_be_empty(node: &Node) -> bool {
    match node {
        Node::Class(_) => false,
        Node::End | Node::LineEnd | Node::Look(_) => true,
        Node::Concat(nodes) => nodes.iter().all(can_be_empty),
        Node::Alternation(branches) => branches.iter().any(can_be_empty),
        Node::Repeat(repeat) => repeat.min == 0 || can_be_empty(&repeat.node),
        Node::Atomic(node, _) => can_be_empty(node),
    }
}

/// The regex crate's form of a settled node.
fn hir(node: Node) -> Result<Hir, PatternError> {
    let all = |nodes: Vec<Node>| nodes.into_iter().map(hir).collect::<Result<Vec<_>, _>>();
    Ok(match node {
        Node::Class(set) => Hir::class(hir::Class::Unicode(set)),
        Node::End => Hir::look(Look::End),
        Node::LineEnd => Hir::look(Look::EndLF),
        Node::Concat(nodes) => Hir::concat(all(nodes)?),
        Node::Alternation(branches) => Hir::alternation(all(branches)?),
        Node::Repeat(repeat) => {
            let Repeat { node, min, max, greedy, .. } = *repeat;
            Hir::repetition(hir::Repetition { min, max, greedy, sub: Box::new(hir(node)?) })
        }
        Node::Look(look) => return Err(PatternError::new(look.column, around(&look))),
        Node::Atomic(_, column) => return Err(PatternError::new(column, "what is not settled")),
    })
}

fn around(look: &Around) -> &'static str {
    match look.ahead {
        true => "look-ahead other than an alternative `\\s+(?!\\S)`",
        false => "look-behind",
    }
}

//! Determinizes expressions and writes the automaton as a table of the image.

use regex_automata::Anchored;
use regex_automata::MatchKind;
use regex_automata::dfa::{Automaton as _, StartKind, dense};
use regex_automata::nfa::thompson::{self, NFA, WhichCaptures};
use regex_automata::util::primitives::StateID;
use regex_automata::util::start;
use regex_syntax::hir::Hir;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use comptok_core::pre_tokenizer::dfa::{AT_END, BEFORE_NEWLINE};

/// Automata beyond these sizes are refused: they take long to build and do not fit a cache.
const NFA_LIMIT: usize = 16 << 20;
const DFA_LIMIT: usize = 16 << 20;
/// Merging equal states stops being worth its time after this many looks at a transition.
const MERGE_LIMIT: usize = 40_000_000;

/// How an automaton is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// From a place, forward; the first alternative that matches wins.
    Forward,
    /// From the end of a match back to all its possible beginnings.
    Reverse,
    /// From a place, forward, to all possible ends.
    Ends,
}

/// A deterministic automaton: a row of next states for each state, one per class of bytes.
#[derive(Debug)]
pub(super) struct Table {
    classes: [u8; 256],
    class_count: usize,
    /// `class_count` next states for each state. State 0 is the dead one.
    rows: Vec<u32>,
    /// What holds in each state, see [`comptok_core::pre_tokenizer::dfa`].
    codes: Vec<u8>,
    starts: [u32; 3],
}

impl Table {
    /// The automaton of `expressions`, the first ones preferred. What they mean where they match is in
    /// `codes`.
    pub(super) fn build(expressions: &[Hir], codes: &[u8], kind: Kind) -> Result<Self, String> {
        let reverse = kind == Kind::Reverse;
        let nfa_config = thompson::Config::new()
            .which_captures(WhichCaptures::None)
            .nfa_size_limit(Some(NFA_LIMIT))
            .reverse(reverse)
            .shrink(reverse);
        let nfa = NFA::compiler()
            .configure(nfa_config)
            .build_many_from_hir(expressions)
            .map_err(|error| error.to_string())?;
        let match_kind = match kind {
            Kind::Forward => MatchKind::LeftmostFirst,
            Kind::Reverse | Kind::Ends => MatchKind::All,
        };
        let dfa_config = dense::Config::new()
            .match_kind(match_kind)
            .start_kind(StartKind::Anchored)
            .accelerate(false)
            .dfa_size_limit(Some(DFA_LIMIT))
            .determinize_size_limit(Some(2 * DFA_LIMIT));
        let dfa = dense::Builder::new()
            .configure(dfa_config)
            .build_from_nfa(&nfa)
            .map_err(|error| error.to_string())?;
        Self::from_dense(&dfa, codes, kind)
    }

    /// Takes the reachable states over. There, an automaton accepts one byte late; here, a state's code
    /// says what holds before the next byte.
    fn from_dense(dfa: &dense::DFA<Vec<u32>>, codes: &[u8], kind: Kind) -> Result<Self, String> {
        // The look-ahead of a reversed automaton is in where it starts: at the end of the text, before a
        // newline, before another byte.
        let mut dense_starts = Vec::new();
        for before in [None, Some(b'\n'), Some(b'x')] {
            let before = before.filter(|_| kind == Kind::Reverse);
            let config = start::Config::new().anchored(Anchored::Yes).look_behind(before);
            dense_starts.push(dfa.start_state(&config).map_err(|error| error.to_string())?);
        }
        let byte_classes = dfa.byte_classes();
        let bytes: Vec<u8> =
            byte_classes.representatives(0..=255).filter_map(|unit| unit.as_u8()).collect();
        let class_count = bytes.len();
        let code_of = |state: StateID| match dfa.is_match_state(state) {
            true => codes.get(dfa.match_pattern(state, 0).as_usize()).copied().unwrap_or(0),
            false => 0,
        };
        let newline = byte_classes.get(b'\n');
        let newline_is_alone = (0..=255).filter(|b| byte_classes.get(*b) == newline).count() == 1;
        // The dead state and its row come first.
        let mut found = Found { numbers: HashMap::new(), states: vec![dense_starts[0]] };
        let (mut rows, mut state_codes) = (vec![0u32; class_count], vec![0u8]);
        let starts = [0, 1, 2].map(|at| found.number(dfa, dense_starts[at]));
        let mut at = 1;
        while let Some(&state) = found.states.get(at) {
            let mut code = code_of(dfa.next_eoi_state(state)) << AT_END;
            let mut other = None;
            for &byte in &bytes {
                let next = dfa.next_state(state, byte);
                if dfa.is_quit_state(next) {
                    return Err("it needs an assertion that the automaton lacks".to_owned());
                }
                let holds = code_of(next);
                let is_newline = byte_classes.get(byte) == newline;
                if is_newline {
                    code |= holds << BEFORE_NEWLINE;
                }
                if !(is_newline && newline_is_alone) && *other.get_or_insert(holds) != holds {
                    return Err("it looks ahead at more than a newline".to_owned());
                }
                rows.push(found.number(dfa, next));
            }
            state_codes.push(code | other.unwrap_or(0));
            at += 1;
        }
        let mut classes = [0; 256];
        let number_of_class: BTreeMap<u8, u8> =
            bytes.iter().enumerate().map(|(at, b)| (byte_classes.get(*b), at as u8)).collect();
        for byte in 0..=255u8 {
            classes[usize::from(byte)] = number_of_class[&byte_classes.get(byte)];
        }
        let mut table = Self { classes, class_count, rows, codes: state_codes, starts };
        table.merge_states();
        table.renumber();
        table.merge_classes();
        Ok(table)
    }
}

/// The states found so far and their numbers.
struct Found {
    numbers: HashMap<StateID, u32>,
    states: Vec<StateID>,
}

impl Found {
    fn number(&mut self, dfa: &dense::DFA<Vec<u32>>, state: StateID) -> u32 {
        if dfa.is_dead_state(state) {
            return 0;
        }
        *self.numbers.entry(state).or_insert_with(|| {
            self.states.push(state);
            self.states.len() as u32 - 1
        })
    }
}

impl Table {
    fn row(&self, state: u32) -> &[u32] {
        let start = state as usize * self.class_count;
        &self.rows[start..start + self.class_count]
    }

    fn state_count(&self) -> u32 {
        self.codes.len() as u32
    }

    /// Makes one state of those that no text tells apart.
    ///
    /// This is Moore's method: begin with the codes as the only difference, and split groups whose states
    /// go to different groups until none does. A round is a pass over the transitions, and the rounds are
    /// as many as the longest text that is needed to tell two states apart, so a handful in practice.
    fn merge_states(&mut self) {
        let mut group: Vec<u32> = self.codes.iter().map(|code| u32::from(*code)).collect();
        let mut group_count = 0;
        let mut looks = 0;
        loop {
            let mut known = HashMap::with_capacity(group_count);
            let mut next = Vec::with_capacity(group.len());
            for (state, row) in self.rows.chunks_exact(self.class_count).enumerate() {
                // A hash stands for the row; that equal hashes were equal rows is checked at the end.
                let mut hash = u64::from(group[state]);
                for &to in row {
                    hash = (hash.rotate_left(5) ^ u64::from(group[to as usize]))
                        .wrapping_mul(0x9E37_79B9_7F4A_7C15);
                }
                let new = known.len() as u32;
                next.push(*known.entry((group[state], hash)).or_insert(new));
            }
            group = next;
            if known.len() == group_count {
                break;
            }
            group_count = known.len();
            looks += self.rows.len();
            if looks > MERGE_LIMIT {
                return;
            }
        }
        let mut first = vec![None; group_count];
        for state in 0..self.state_count() {
            let to_groups = |state| self.row(state).iter().map(|to| group[*to as usize]);
            let kept = *first[group[state as usize] as usize].get_or_insert(state);
            let codes_agree = self.codes[kept as usize] == self.codes[state as usize];
            if !codes_agree || (kept != state && !to_groups(kept).eq(to_groups(state))) {
                return;
            }
        }
        // The dead state is the first of the first group, so its number stays.
        let kept: Vec<u32> = first.into_iter().flatten().collect();
        let rows = kept.iter().flat_map(|state| self.row(*state)).map(|to| group[*to as usize]);
        self.rows = rows.collect();
        self.codes = kept.iter().map(|state| self.codes[*state as usize]).collect();
        self.starts = self.starts.map(|state| group[state as usize]);
    }

    /// Numbers the states in the order in which they are reached, those that accept last.
    fn renumber(&mut self) {
        let mut is_reached = vec![false; self.codes.len()];
        let mut order = vec![0];
        is_reached[0] = true;
        let mut reach = |state: u32, order: &mut Vec<u32>| {
            if !std::mem::replace(&mut is_reached[state as usize], true) {
                order.push(state);
            }
        };
        for state in self.starts {
            reach(state, &mut order);
        }
        let mut at = 1;
        while let Some(&state) = order.get(at) {
            for &to in self.row(state) {
                reach(to, &mut order);
            }
            at += 1;
        }
        order.sort_by_key(|state| self.codes[*state as usize] != 0);
        let mut new = vec![0; self.codes.len()];
        for (number, state) in (0u32..).zip(&order) {
            new[*state as usize] = number;
        }
        let rows = order.iter().flat_map(|state| self.row(*state)).map(|to| new[*to as usize]);
        self.rows = rows.collect();
        self.codes = order.iter().map(|state| self.codes[*state as usize]).collect();
        self.starts = self.starts.map(|state| new[state as usize]);
    }

    /// Makes one class of those that no state tells apart, and numbers them in the order of their bytes.
    fn merge_classes(&mut self) {
        let column = |class: u8| -> Vec<u32> {
            self.rows.iter().skip(class.into()).step_by(self.class_count).copied().collect()
        };
        let mut known = BTreeMap::new();
        let mut new_class = BTreeMap::new();
        let mut columns = Vec::new();
        for class in self.classes {
            new_class.entry(class).or_insert_with(|| {
                *known.entry(column(class)).or_insert_with_key(|column| {
                    columns.push(column.clone());
                    (columns.len() - 1) as u8
                })
            });
        }
        let states = 0..self.codes.len();
        self.rows = states.flat_map(|state| columns.iter().map(move |to| to[state])).collect();
        self.classes = self.classes.map(|class| new_class[&class]);
        self.class_count = columns.len();
    }

    /// The most bytes from the start on after which it may still be open whether there is a match at all.
    /// `None` if there is no such limit.
    pub(super) fn longest_doubt(&self) -> Option<usize> {
        // A state where something holds whatever comes next leaves no doubt.
        let is_open = |state: u32| {
            let code = self.codes[state as usize];
            state != 0 && [0, BEFORE_NEWLINE, AT_END].iter().any(|at| code >> at & 3 == 0)
        };
        // The states that are reached without having been without doubt.
        let mut is_open_here = vec![false; self.codes.len()];
        let mut open = Vec::new();
        let mut entries = vec![0u32; self.codes.len()];
        let mut reach = |state: u32, open: &mut Vec<u32>| {
            if is_open(state) && !std::mem::replace(&mut is_open_here[state as usize], true) {
                open.push(state);
            }
        };
        reach(self.starts[0], &mut open);
        let mut at = 0;
        while let Some(&state) = open.get(at) {
            for &to in self.row(state) {
                entries[to as usize] += 1;
                reach(to, &mut open);
            }
            at += 1;
        }
        // Longest paths by taking away, again and again, the states that no open one leads to.
        let mut lengths = vec![0usize; self.codes.len()];
        let mut free: Vec<u32> =
            open.iter().copied().filter(|state| entries[*state as usize] == 0).collect();
        let mut taken = 0;
        let mut longest = 0;
        while let Some(state) = free.pop() {
            taken += 1;
            let length = lengths[state as usize] + 1;
            longest = longest.max(length);
            for &to in self.row(state) {
                lengths[to as usize] = lengths[to as usize].max(length);
                entries[to as usize] -= 1;
                if entries[to as usize] == 0 && is_open_here[to as usize] {
                    free.push(to);
                }
            }
        }
        (taken == open.len()).then_some(longest)
    }

    /// Whether the automaton accepts a beginning of `text`.
    pub(super) fn accepts_some_of(&self, text: &str) -> bool {
        let mut state = self.starts[0];
        for byte in text.bytes() {
            state = self.row(state)[usize::from(self.classes[usize::from(byte)])];
            if self.codes[state as usize] & 3 != 0 {
                return true;
            }
        }
        false
    }

    /// Whether some text of `len` of these bytes is accepted.
    pub(super) fn accepts_one_of(&self, len: usize, bytes: std::ops::RangeInclusive<u8>) -> bool {
        let mut states = BTreeSet::from([self.starts[0]]);
        for _ in 0..len {
            let pairs =
                states.iter().flat_map(|state| bytes.clone().map(move |byte| (*state, byte)));
            states = pairs
                .map(|(state, byte)| self.row(state)[usize::from(self.classes[usize::from(byte)])])
                .collect();
        }
        states.iter().any(|state| self.codes[*state as usize] != 0)
    }

    /// Whether nothing goes on behind `byte`.
    pub(super) fn ends_at(&self, byte: u8) -> bool {
        self.all_go_to(0, byte)
    }

    /// Whether behind `byte` it is as it was at the start, whatever came before.
    pub(super) fn begins_anew_at(&self, byte: u8) -> bool {
        self.all_go_to(self.starts[0], byte)
    }

    /// Whether no match goes on behind `byte` with `next`, and one may end between them where it may end at the end of
    /// the text.
    pub(super) fn ends_between(&self, byte: u8, next: u8) -> bool {
        let [byte, next] = [byte, next].map(|byte| usize::from(self.classes[usize::from(byte)]));
        (1..self.state_count()).map(|from| self.row(from)[byte]).all(|to| {
            let code = self.codes[to as usize];
            to == 0 || self.row(to)[next] == 0 && code & 3 == code >> AT_END & 3
        })
    }

    /// Whether `byte` is a match, whatever follows, and so in one wherever it stands.
    pub(super) fn takes(&self, byte: u8) -> bool {
        let class = usize::from(self.classes[usize::from(byte)]);
        self.starts.iter().all(|start| {
            let code = self.codes[self.row(*start)[class] as usize];
            [0, BEFORE_NEWLINE, AT_END].iter().all(|shift| code >> shift & 3 != 0)
        })
    }

    /// Whether `byte` is nowhere in a match but at the beginning, and always there; what is in front of it matches as
    /// at the end of the text.
    pub(super) fn begins_match_at(&self, byte: u8) -> bool {
        let class = usize::from(self.classes[usize::from(byte)]);
        let start = self.starts[0];
        let never_again = self.rows.iter().all(|to| *to != start);
        let same =
            |code: &u8| [BEFORE_NEWLINE, AT_END].iter().all(|shift| code >> shift & 3 == code & 3);
        self.takes(byte)
            && never_again
            && self.codes.iter().all(same)
            && (1..self.state_count()).all(|from| from == start || self.row(from)[class] == 0)
    }

    fn all_go_to(&self, state: u32, byte: u8) -> bool {
        let class = usize::from(self.classes[usize::from(byte)]);
        (1..self.state_count()).all(|from| self.row(from)[class] == state)
    }

    /// The table's bytes in the image.
    pub(super) fn write(&self, image: &mut Vec<u8>) {
        let first_accepting = self.codes.iter().take_while(|code| **code == 0).count() as u32;
        let is_narrow = self.state_count() <= 1 << 16;
        let width = if is_narrow { 2 } else { 4 };
        image.extend_from_slice(&self.classes);
        let sizes = [self.state_count(), self.class_count as u32, first_accepting, width];
        for field in sizes.into_iter().chain(self.starts) {
            image.extend_from_slice(&field.to_le_bytes());
        }
        image.extend_from_slice(&self.codes[first_accepting as usize..]);
        for state in &self.rows {
            image.extend_from_slice(&state.to_le_bytes()[..width as usize]);
        }
    }
}

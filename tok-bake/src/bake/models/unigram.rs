//! Unigram: a trie of the pieces, scores, level 0.

use comptok_core::{
    blob::{
        Section, TokenFlags,
        lookup::{LONG_MAX, NONE},
    },
    model::{
        char_bpe::SPACE,
        code, param,
        trie::Trie,
        unigram::{flag, own_param, own_part},
    },
};

use super::super::{
    BakeError, Tokens,
    image::{Image, le_bytes},
};
use super::{
    Baked,
    section::Writer,
    trie::{Builder, sorted},
    words,
};

/// What the score of an unknown char is below the lowest of the pieces.
pub(in super::super) const UNK_PENALTY: f64 = 10.0;

pub(super) fn write(
    image: &mut Image,
    pieces: &[(String, f64)],
    unk_id: Option<u32>,
    byte_fallback: bool,
) -> Result<Baked, BakeError> {
    let mut tokens = Tokens::default();
    for (id, (text, _)) in (0u32..).zip(pieces) {
        tokens.set(id, text.as_bytes(), TokenFlags::MODEL)?;
    }
    let (keys, repeated) = keys(pieces);
    let find = |text: &[u8]| {
        keys.binary_search_by(|(key, _)| (*key).cmp(text)).map_or(NONE, |at| keys[at].1)
    };
    let mut builder = Builder::new();
    let (root, _) = builder.add(&keys)?;
    let mut bytes = [NONE; 256];
    for (byte, id) in bytes.iter_mut().enumerate() {
        *id = find(format!("<0x{byte:02X}>").as_bytes());
    }
    image.section(Section::ByteSymbols, le_bytes(&bytes));

    let mut section = Writer::new(code::UNIGRAM);
    let mut flags = if byte_fallback { flag::BYTE_FALLBACK } else { 0 };
    if find(SPACE) != NONE && keys.iter().all(|(text, _)| !has_space_inside(text)) {
        flags |= flag::CUT;
    }
    section.param(param::FLAGS, flags);
    section.param(param::UNK, unk_id.unwrap_or(NONE));
    section.param(own_param::ROOT, root);
    let cells = builder.finish();
    section.reserve(cells.len() + 10 * pieces.len());
    section.derived(own_part::CELLS, |to| to.extend_from_slice(&cells))?;
    let search = Search::new(pieces, unk_id, root, &cells);
    let scores = pieces.iter().map(|(_, score)| *score).chain([search.unk_score]);
    let scores: Vec<[u8; 8]> = scores.map(f64::to_le_bytes).collect();
    section.bytes(own_part::SCORES, scores.as_flattened())?;
    words::write_extra(&mut section, repeated)?;
    // The likelier a piece, the hotter. Most files have them in that order.
    let mut hot = answers(&search, &keys);
    hot.sort_unstable_by_key(|&(_, id)| id);
    let score = |id: u32| pieces.get(id as usize).map_or(0.0, |(_, score)| *score);
    hot.sort_by(|a, b| score(b.1).total_cmp(&score(a.1)));
    words::write_level0(image, hot.into_iter())?;
    section.identify(image);
    section.finish(image);
    Ok(Baked { tokens, byte_level: false, flags: 0, warnings: Vec::new() })
}

/// Texts and ids, one of each.
type Keys<'p> = Vec<(&'p [u8], u32)>;

/// The pieces in the order of their texts, and those that are there more than once. Of pieces with one text
/// the last counts.
fn keys(pieces: &[(String, f64)]) -> (Keys<'_>, Keys<'_>) {
    let sorted = sorted(pieces.len(), |at| Some((pieces.get(at)?.0.as_bytes(), at as u32)));
    let mut keys: Keys<'_> = Vec::with_capacity(sorted.len());
    let mut repeated: Keys<'_> = Vec::new();
    for (text, id) in sorted {
        match keys.last_mut().filter(|(last, _)| *last == text) {
            Some(last) => {
                last.1 = id;
                match repeated.last_mut().filter(|(last, _)| *last == text) {
                    Some(last) => last.1 = id,
                    None => repeated.push((text, id)),
                }
            }
            None => keys.push((text, id)),
        }
    }
    (keys, repeated)
}

/// Whether ▁ stands in a text behind another char.
pub(super) fn has_space_inside(text: &[u8]) -> bool {
    let mut rest = text;
    while let Some(after) = rest.strip_prefix(SPACE) {
        rest = after;
    }
    rest.windows(SPACE.len()).any(|window| window == SPACE)
}

/// The pieces that are their own best way, found as the engine's search does it, with the same sums in the
/// same order. Keys that begin alike share what is known up to there.
fn answers<'k>(search: &Search<'_>, keys: &[(&'k [u8], u32)]) -> Vec<(&'k [u8], u32)> {
    let mut ways = Ways::default();
    let mut answers = Vec::with_capacity(keys.len());
    let mut before: &[u8] = &[];
    for &(text, id) in keys.iter().filter(|(text, _)| (1..=LONG_MAX).contains(&text.len())) {
        let shared = before.iter().zip(text).take_while(|(one, other)| one == other).count();
        before = text;
        ways.back_to(shared);
        for at in shared..text.len() {
            ways.step(search, text, at);
        }
        let is_best = ways.places.last().is_some_and(|end| {
            !end.fails && (end.start, end.id) == (0, id) && search.unk != Some(id)
        });
        if is_best {
            answers.push((text, id));
        }
    }
    answers
}

/// What the search looks things up in.
struct Search<'p> {
    trie: Trie<'p>,
    root: u32,
    pieces: &'p [(String, f64)],
    unk: Option<u32>,
    unk_score: f64,
}

/// The best way to a place in the text.
#[derive(Clone, Copy)]
struct Place {
    score: f64,
    /// Where its last piece begins; NONE if there is no way yet.
    start: u32,
    id: u32,
    /// Every way needs an unknown piece, and there is none.
    fails: bool,
    /// How many walks there are up to those that come through here, and with them.
    walks: (usize, usize),
}

/// The best ways to all places of a text.
struct Ways {
    places: Vec<Place>,
    /// Where a piece may have begun, and the base of the node it has reached.
    walks: Vec<(u32, u32)>,
}

impl<'p> Search<'p> {
    fn new(pieces: &'p [(String, f64)], unk: Option<u32>, root: u32, cells: &'p [u8]) -> Self {
        let lowest = pieces.iter().fold(
            f64::INFINITY,
            |low, (_, score)| {
                if *score < low { *score } else { low }
            },
        );
        Self { trie: Trie::new(cells), root, pieces, unk, unk_score: lowest - UNK_PENALTY }
    }
}

impl Default for Ways {
    fn default() -> Self {
        let first = Place { score: 0.0, start: NONE, id: 0, fails: false, walks: (0, 0) };
        Self { places: vec![first], walks: Vec::new() }
    }
}

impl Ways {
    /// Forgets what is behind a place.
    fn back_to(&mut self, at: usize) {
        self.places.truncate(at + 1);
        self.walks.truncate(self.places.last().map_or(0, |place| place.walks.1));
    }

    /// Goes on from the last place, which is `at`.
    fn step(&mut self, search: &Search<'_>, text: &[u8], at: usize) {
        let (first, last) = self.places[at].walks;
        let char = (0..=at).rev().find(|&at| text[at] & 0xC0 != 0x80).unwrap_or(0);
        let mut best = Place { score: 0.0, start: NONE, id: 0, fails: false, walks: (last, last) };
        let mut offer = |score: f64, start: u32, id: u32| {
            let is_better = best.start == NONE || score > best.score;
            if is_better {
                best = Place { score, start, id, ..best };
            }
            is_better
        };
        let mut has_single = false;
        // A piece may begin with each char. Those that begin first are offered first.
        let new = (char == at).then_some((at as u32, search.root));
        for walk in (first..last).map(Some).chain([None]) {
            let Some((start, base)) = walk.map_or(new, |walk| Some(self.walks[walk])) else {
                break;
            };
            let Some(node) = search.trie.step(base, text[at]) else { continue };
            self.walks.push((start, node.base));
            if let Some((_, score)) = search.pieces.get(node.value as usize) {
                offer(score + self.places[start as usize].score, start, node.value);
                has_single |= start as usize == char;
            }
        }
        if at + 1 == char + char_len(text[char]) {
            let before = self.places[char];
            let is_unknown = !has_single
                && offer(search.unk_score + before.score, char as u32, search.unk.unwrap_or(NONE));
            best.fails = before.fails || is_unknown && search.unk.is_none();
        }
        best.walks.1 = self.walks.len();
        self.places.push(best);
    }
}

/// Bytes of the char that begins with `byte`.
fn char_len(byte: u8) -> usize {
    match byte {
        0..0xC0 => 1,
        0xC0..0xE0 => 2,
        0xE0..0xF0 => 3,
        _ => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use comptok_core::{
        blob::{Header, Tables},
        model::{self, Random, Scratch},
    };

    /// The answers are those of the engine's own search.
    #[test]
    fn answers_are_what_the_engine_finds() {
        let mut random = Random::new(3);
        let mut next = |limit| random.below(limit);
        let (mut all, mut found) = (0, 0);
        for round in 0..60 {
            let chars = ["a", "b", "é", "▁", "👍"];
            let mut pieces: Vec<(String, f64)> = Vec::new();
            for _ in 0..40 {
                let text: String = (0..1 + next(6)).map(|_| chars[next(chars.len())]).collect();
                // Few scores, so that there are ties.
                pieces.push((text, -(next(4) as f64) / 2.0));
            }
            let unk = (round % 3 > 0).then_some(next(pieces.len()) as u32);
            let mut image = Image::empty([0; 32]);
            let baked = write(&mut image, &pieces, unk, false).expect("it can be baked");
            super::super::super::tables::decode(&mut image, &baked.tokens).expect("it is small");
            let blob = image.finish().expect("it is right");
            let header = Header::parse(&blob).expect("it is right");
            let tables = Tables::new(&blob, &header);
            let Some(model::Model::Unigram(engine)) = model::Model::parse(&tables) else {
                panic!("no model")
            };
            let keys = keys(&pieces).0;
            let cells = {
                let mut builder = Builder::new();
                (builder.add(&keys).expect("it is small").0, builder.finish())
            };
            let search = Search::new(&pieces, unk, cells.0, &cells.1);
            let answers = answers(&search, &keys);
            let (mut scratch, mut out) = (Scratch::default(), Vec::new());
            for &(text, id) in keys.iter().filter(|key| key.0.len() <= LONG_MAX) {
                out.clear();
                let piece = std::str::from_utf8(text).expect("it is text");
                let wanted = engine.searched(piece, &mut scratch, &mut out).is_ok()
                    && matches!(out[..], [token]
                        if (token.id, token.start, token.end as usize) == (id, 0, text.len()));
                let is_answer = answers.contains(&(text, id));
                assert_eq!(is_answer, wanted && unk != Some(id), "{piece} in {pieces:?}");
                all += 1;
                found += usize::from(is_answer);
            }
        }
        assert!(found > 300 && all - found > 300, "{found} of {all}");
    }
}

//! Long stretches of text that has to be rewritten are handled a part at a time: ids, spans and counts are
//! those of short parts, and the memory is bounded by the pre-tokens.

#[allow(dead_code, reason = "each test file uses a part")]
mod common;
#[path = "../tok-core/tests/drawn/mod.rs"]
#[allow(dead_code, reason = "each test file uses a part")]
mod drawn;
#[path = "support/resumed.rs"]
mod resumed;
#[path = "support/variants.rs"]
#[allow(dead_code, reason = "each test file uses a part")]
mod variants;

use common::{shared, unzip};
use comptok::{EncodeError, Options, Scratch, Span, Special, Tokenizer};
use comptok_core::{
    pre_tokenizer::{Kind, Syntax},
    unicode::nfc::normalize,
};
use drawn::random;
use resumed::resumed;
use variants::{ADDED, BAKED, add, nfc, prefix_space, some_patterns, tokenizer};

/// Pieces that leave no place where every pattern ends a pre-token.
const PIECES: [&str; 30] = [
    "e\u{301}",
    "a\u{323}\u{302}",
    "x\u{301}",
    "\u{212B}",
    "\u{344}",
    "\u{958}",
    "か\u{3099}",
    "\u{1112}\u{1161}",
    "\u{11AB}",
    "\u{301}\u{316}",
    "é",
    "字",
    "文字",
    "текст",
    "\u{A0}",
    "\u{3000}",
    "，",
    "!",
    "!!",
    "'s",
    "'",
    "the",
    "12",
    "1",
    "a",
    "<x>",
    "\n",
    "👨‍👩",
    "ab",
    "  ",
];

/// A text of pieces: of a few of them, of each one to `run` in a row.
fn text(random: &mut impl FnMut(usize) -> usize, len: usize, run: usize) -> String {
    let few: Vec<&str> = (0..2 + random(8)).map(|_| PIECES[random(PIECES.len())]).collect();
    let mut text = String::new();
    while text.len() < len {
        let piece = few[random(few.len())];
        // No place where text may be cut whatever stands around it.
        let glued = piece.starts_with(['\n', ' ', '\u{A0}', '\u{3000}'])
            && text.ends_with(|c: char| c.is_ascii_alphanumeric());
        if !glued {
            text += &piece.repeat(1 + random(run));
        }
    }
    text
}

/// The ids of parts that are each too short to be handled in parts.
fn in_short_parts(tokenizer: &Tokenizer, text: &str, special: Special<'_>) -> Option<Vec<u32>> {
    let (mut ids, mut at) = (Vec::new(), 0);
    while at < text.len() {
        let options = Options { continued: at > 0, ..Options::new(special) };
        let mut end = (at + 3000).min(text.len());
        if end < text.len() {
            end = at + tokenizer.last_cut(&text.as_bytes()[at..end], options)?;
        }
        ids.extend(tokenizer.encode(&text.as_bytes()[at..end], options).expect("any text"));
        at = end;
    }
    Some(ids)
}

fn check(name: &str, tokenizer: &Tokenizer, text: &str, special: Special<'_>, wanted: &[u32]) {
    let ids = tokenizer.encode(text, special).expect("any text");
    if ids != wanted {
        let common = ids.iter().zip(wanted).take_while(|(a, b)| a == b).count();
        let near = |ids: &[u32]| {
            let ids = &ids[common.saturating_sub(8)..ids.len().min(common + 8)];
            (ids.to_vec(), tokenizer.decode_lossy(ids, false))
        };
        panic!("{name}, {special:?}: {:?}, not {:?}", near(&ids), near(wanted));
    }
    assert_eq!(tokenizer.count(text, special), Ok(ids.len()), "{name}");
    let mut scratch = Scratch::new();
    let mut end = 0;
    let spans = tokenizer.tokens(text, special, &mut scratch).zip(&ids).map(|(span, &id)| {
        let span = span.expect("any text");
        assert_eq!(span.id, id, "{name}");
        // Those of one char may have all of it.
        assert!(span.start <= end && span.end >= end, "{name}: {span:?} after {end}");
        end = span.end;
    });
    assert_eq!(spans.count(), ids.len(), "{name}");
    assert_eq!(end, text.len(), "{name}");
    for room in [50, 700] {
        let found = resumed(tokenizer, text, special, room, |room| 2 * room);
        assert!(found == ids, "{name}: {room} at a time");
    }
}

/// All ids, of spans made `room` at a time; more where there is no other way.
fn resumed_spans(tokenizer: &Tokenizer, text: &str, special: Special<'_>, room: usize) -> Vec<u32> {
    let (mut all, mut at) = (Vec::new(), 0);
    let mut spans = vec![Span::default(); room];
    let mut scratch = Scratch::new();
    loop {
        // The prefix space may be a token of its own, which covers nothing.
        let continued = at > 0 || !all.is_empty();
        let options = Options { continued, ..Options::new(special) };
        let (before, mut full) = (all.len(), None);
        for span in tokenizer.tokens_in(&text[at..], options, &mut spans, &mut scratch) {
            match span {
                Ok(span) => all.push(span.id),
                Err(error) => full = Some(error),
            }
        }
        match full {
            None => return all,
            Some(EncodeError::Full { written, consumed }) => {
                all.truncate(before + written);
                at += consumed;
                // Few for as long as that is enough for something.
                let more = if consumed == 0 { 2 * spans.len() } else { room };
                spans.resize(more, Span::default());
            }
            Some(error) => panic!("{error}"),
        }
    }
}

#[test]
fn every_pattern() {
    let mut patterns: Vec<Vec<&str>> =
        Kind::ALL.iter().map(|kind| kind.regex_in(Syntax::Oniguruma).to_vec()).collect();
    patterns.extend(BAKED.map(|pattern| vec![pattern]));
    let mut random = random();
    for pattern in &patterns {
        let plain = tokenizer(pattern, |_| {});
        let tokenizer = tokenizer(pattern, nfc);
        for round in 0..3 {
            let text = text(&mut random, 20_000, [1, 3, 300][round]);
            let mut normal = Vec::new();
            normalize(text.as_bytes(), |_, bytes| normal.extend_from_slice(bytes));
            let normal = String::from_utf8(normal).expect("chars become chars");
            let wanted = plain.encode(&normal, Special::All).expect("any text");
            check(&format!("{pattern:?}"), &tokenizer, &text, Special::All, &wanted);
        }
    }
}

#[test]
fn every_kind_of_added_token() {
    let (mut random, mut compared) = (random(), 0);
    for added in ADDED {
        for pattern in some_patterns() {
            for prefix in [false, true] {
                if prefix && !pattern.is_empty() {
                    continue;
                }
                let tokenizer = tokenizer(pattern, |file| {
                    add(file, added);
                    nfc(file);
                    if prefix {
                        prefix_space(file);
                    }
                });
                let name = format!("{added:?} {pattern:?}, prefix {prefix}");
                for round in 0..2 {
                    let text = text(&mut random, 12_000, [1, 20][round]);
                    for special in [Special::All, Special::AsText] {
                        if let Some(wanted) = in_short_parts(&tokenizer, &text, special) {
                            check(&name, &tokenizer, &text, special, &wanted);
                            compared += 1;
                        }
                    }
                }
            }
        }
    }
    assert!(compared > 120, "{compared}");
}

/// What is left where the room for spans ended gives the other ids, also behind an added token whose text
/// has a prefix space.
#[test]
fn spans_go_on_where_there_was_no_room() {
    let mut random = random();
    for added in ADDED {
        for (normal, prefix) in [(false, false), (true, false), (false, true), (true, true)] {
            let tokenizer = tokenizer(&[], |file| {
                add(file, added);
                if normal {
                    nfc(file);
                }
                if prefix {
                    prefix_space(file);
                }
            });
            for round in 0..8 {
                let text = text(&mut random, 400, [1, 20][round % 2]);
                let ids = tokenizer.encode(&text, Special::All).expect("any text");
                for room in [1, 2, 5] {
                    let found = resumed_spans(&tokenizer, &text, Special::All, room);
                    assert_eq!(found, ids, "{added:?}, {normal} {prefix}, {room}: {text:?}");
                }
            }
        }
    }
}

/// However long a pre-token is, 16 bytes for each of its bytes are enough, and some for a chunk of text:
/// normalized or not, with a space in front or not, whatever the text becomes.
#[test]
fn memory_is_sixteen_bytes_a_byte() {
    let check = |name: &str, tokenizer: &Tokenizer, unit: &str, len: usize| {
        let text = unit.repeat(len / unit.len());
        let mut normal = 0;
        normalize(text.as_bytes(), |_, bytes| normal += bytes.len());
        let mut memory = vec![0; 16 * normal.max(text.len()) + (16 << 10)];
        let mut scratch = Scratch::lend(&mut memory);
        let found = tokenizer.count_with(&text, Special::All, &mut scratch);
        assert!(found.is_ok(), "{name}, {unit:?}, {} bytes: {found:?}", text.len());
    };
    // What becomes longer, shorter, and stays; what is in no token with its neighbours, and what is.
    let units =
        ["x\u{301}e\u{301}", "\u{958}", "e\u{301}字", "ab", "é", "!\u{301}", "か\u{3099}か"];
    // Around the lengths at which a chunk is made twice as long, and others.
    let lens = [200, 12_300, 28_700];
    let mut patterns: Vec<Vec<&str>> =
        Kind::ALL.iter().map(|kind| kind.regex_in(Syntax::Oniguruma).to_vec()).collect();
    patterns.push(vec![]);
    for pattern in patterns {
        for (normal, prefix) in [(false, false), (true, false), (false, true), (true, true)] {
            if prefix && !pattern.is_empty() {
                continue;
            }
            let tokenizer = tokenizer(&pattern, |file| {
                if normal {
                    nfc(file);
                }
                if prefix {
                    prefix_space(file);
                }
            });
            let name = format!("{pattern:?}, {normal} {prefix}");
            let units = if normal { &units[..] } else { &units[..3] };
            for (unit, len) in units.iter().flat_map(|unit| lens.map(|len| (unit, len))) {
                check(&name, &tokenizer, unit, len);
            }
        }
    }
    let Some(shared) = shared() else { return };
    for name in [
        "gpt2",
        "qwen2_base",
        "deepseek_v3",
        "mpt",
        "gpt_neox",
        "phi_2",
        "falcon",
        "modernbert",
        "roberta_base",
        "whisper_large_v3",
    ] {
        let path = shared.join(format!("vocabs/tokenizer_json/{name}.json.gz"));
        let tokenizer = Tokenizer::from_bytes(&unzip(&path)).expect("it is known");
        for (unit, len) in units.iter().flat_map(|unit| [61_500].map(|len| (unit, len))) {
            check(name, &tokenizer, unit, len);
        }
    }
}

/// Time is in proportion to the text, and memory to the longest pre-token, whatever the text.
#[test]
fn memory_is_that_of_a_pre_token() {
    for pattern in [Kind::Qwen2.regex(), Kind::O200k.regex(), &BAKED[..1]] {
        let tokenizer = tokenizer(pattern, nfc);
        for unit in [
            "x\u{301}!",
            "\u{958}1",
            "か\u{3099}。",
            "\u{1112}\u{1161}\u{11AB}!",
            "!\u{301}1\u{316}",
        ] {
            let text = unit.repeat(200_000 / unit.len());
            let mut memory = vec![0; 40_000];
            let mut scratch = Scratch::lend(&mut memory);
            let mut ids = vec![0; 400_000];
            let written = tokenizer.encode_to_slice(&text, Special::AsText, &mut ids, &mut scratch);
            assert!(written.is_ok(), "{pattern:?} {unit:?}: {written:?}");
        }
    }
}

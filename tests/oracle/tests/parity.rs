//! comptok's ids beside those of the reference libraries, on samples of the corpus or, with
//! `COMPTOK_FULL=1`, on all of it; and what must hold between comptok's own methods on the same text.
//!
//! `cargo xtask parity` makes a table of the lines that these tests print.

use comptok::{EncodeError, Scratch, Special, Tokenizer, load::FileOptions};
use comptok_oracle::{
    random::Random,
    reference::{self, Reference},
    samples,
};

/// A tokenizer and what judges it.
struct Subject {
    name: String,
    comptok: Tokenizer,
    reference: Reference,
    /// The text is rewritten before it is cut.
    normalizes: bool,
}

/// The reference is too slow for more in one piece where all of it is one pre-token.
const ADVERSARIAL_PIECE: usize = 20_000;

fn check(subject: &Subject, wanted: usize) {
    let specials: Vec<String> =
        subject.comptok.special_tokens().map(|token| token.content.to_owned()).collect();
    let mut different = 0;
    for sample in samples::corpus(2, wanted, 1 << 16) {
        let mut random = Random::new(sample.len() as u64);
        let (mut documents, mut bytes, mut ids, mut wrong) = (0, 0, 0, 0);
        let most = match sample.name.starts_with("adversarial/") {
            true => ADVERSARIAL_PIECE,
            false => usize::MAX,
        };
        for piece in sample.pieces.iter().flat_map(|piece| split(piece, most)) {
            let text = with_specials(&mut random, piece, &specials);
            for special in [Special::All, Special::AsText] {
                let theirs = match special {
                    Special::All => subject.reference.special(&text),
                    _ => subject.reference.ordinary(&text),
                };
                let ours = subject.comptok.encode(&text, special).expect("nothing is forbidden");
                wrong += differing(&ours, &theirs, &text, &subject.name);
                ids += theirs.len();
                check_own(subject, &text, special, &ours, &mut random);
            }
            documents += 1;
            bytes += text.len();
        }
        println!(
            "| {} | {} | {} | {documents} | {bytes} | {ids} | {wrong} |",
            subject.name,
            subject.reference.library(),
            sample.name
        );
        assert!(ids > 0, "{}: {}", subject.name, sample.name);
        different += wrong;
    }
    assert_eq!(different, 0, "{}: differing ids", subject.name);
}

/// Parts of at most `most` bytes, give or take a char.
fn split(text: &str, most: usize) -> Vec<&str> {
    let (mut parts, mut rest) = (Vec::new(), text);
    while rest.len() > most {
        let at = (most..).find(|&at| rest.is_char_boundary(at)).unwrap_or(rest.len());
        parts.push(&rest[..at]);
        rest = &rest[at..];
    }
    parts.push(rest);
    parts
}

/// The text with some special tokens in it, whole, cut short, and twice in a row.
fn with_specials(random: &mut Random, text: &str, specials: &[String]) -> String {
    let mut result = text.to_owned();
    if specials.is_empty() {
        return result;
    }
    for _ in 0..4 {
        let mut at = random.below(result.len() + 1);
        while !result.is_char_boundary(at) {
            at -= 1;
        }
        let special = random.pick(specials);
        let what = match random.below(4) {
            0 => special.chars().take(special.chars().count() - 1).collect(),
            1 => special.repeat(2),
            _ => special.clone(),
        };
        result.insert_str(at, &what);
    }
    result
}

/// How many ids differ. Says where the first does.
fn differing(ours: &[u32], theirs: &[u32], text: &str, name: &str) -> usize {
    if ours == theirs {
        return 0;
    }
    let at = ours.iter().zip(theirs).take_while(|(ours, theirs)| ours == theirs).count();
    let end = |ids: &[u32]| ids[at..ids.len().min(at + 8)].to_vec();
    let beginning: String = text.chars().take(60).collect();
    println!("{name}: id {at}: {:?}, not {:?}, in {beginning:?}…", end(ours), end(theirs));
    let pairs = ours.iter().zip(theirs).filter(|(ours, theirs)| ours != theirs).count();
    pairs + ours.len().abs_diff(theirs.len())
}

/// What comptok's methods must agree about.
fn check_own(
    subject: &Subject,
    text: &str,
    special: Special<'_>,
    ids: &[u32],
    random: &mut Random,
) {
    let (name, tokenizer) = (&*subject.name, &subject.comptok);
    let mut scratch = Scratch::new();

    assert_eq!(tokenizer.count(text, special), Ok(ids.len()), "{name}");
    let mut covered = 0;
    let mut spans = 0;
    for (span, &id) in tokenizer.tokens(text, special, &mut scratch).zip(ids) {
        let span = span.expect("nothing is forbidden");
        assert_eq!(span.id, id, "{name}: span {spans}");
        if !subject.normalizes {
            assert_eq!(span.start, covered, "{name}: span {spans}");
            assert!(span.end > span.start, "{name}: span {spans}");
        }
        covered = span.end;
        spans += 1;
    }
    assert_eq!(spans, ids.len(), "{name}");
    assert_eq!(tokenizer.tokens(text, special, &mut scratch).count(), ids.len(), "{name}");
    assert_eq!(covered, text.len(), "{name}");
    if !subject.normalizes {
        assert!(tokenizer.decode(ids).as_deref() == Ok(text), "{name}: decode");
    }

    for room in [ids.len(), ids.len() / 2 + 1, 61 + random.below(2000)] {
        let resumed = resume(tokenizer, text, special, room, &mut scratch);
        assert!(resumed == ids, "{name}: encode_to_slice, {room} at a time");
    }
    let short = split(text, 300)[0];
    let whole = tokenizer.encode(short, special).expect("nothing is forbidden");
    for room in 0..8 {
        let resumed = resume(tokenizer, short, special, room, &mut scratch);
        assert!(resumed == whole, "{name}: encode_to_slice, {room} at a time");
    }

    if special != Special::AsText {
        return;
    }
    assert_eq!(tokenizer.count_until(text, ids.len()), Some(ids.len()), "{name}");
    assert_eq!(tokenizer.count_until(text, ids.len() + 1), Some(ids.len()), "{name}");
    assert_eq!(tokenizer.count_until(text, ids.len() - 1), None, "{name}");
    assert_eq!(tokenizer.truncate(text, ids.len()), text, "{name}");
    for limit in [0, 1, random.below(ids.len())] {
        let cut = tokenizer.truncate(text, limit);
        assert!(text.starts_with(cut), "{name}: truncate to {limit}");
        assert!(tokenizer.count_ordinary(cut) <= limit, "{name}: truncate to {limit}");
    }
}

/// All ids, `room` at a time; more where a pre-token has more.
fn resume(
    tokenizer: &Tokenizer,
    text: &str,
    special: Special<'_>,
    room: usize,
    scratch: &mut Scratch<'_>,
) -> Vec<u32> {
    let (mut all, mut at, mut slice) = (Vec::new(), 0, vec![0; room]);
    loop {
        match tokenizer.encode_to_slice(&text[at..], special, &mut slice, scratch) {
            Ok(written) => {
                all.extend_from_slice(&slice[..written]);
                return all;
            }
            Err(EncodeError::Full { written, consumed }) => {
                assert_eq!(written == 0, consumed == 0, "{written} ids for {consumed} bytes");
                all.extend_from_slice(&slice[..written]);
                at += consumed;
                if written == 0 {
                    let more = 2 * slice.len() + 1;
                    slice.resize(more, 0);
                }
            }
            Err(error) => panic!("{error}"),
        }
    }
}

const MEGABYTE: usize = 1 << 20;

fn against_tiktoken(name: &str) {
    let subject = Subject {
        name: name.to_owned(),
        comptok: reference::from_ranks(name),
        reference: Reference::tiktoken(name),
        normalizes: false,
    };
    check(&subject, 2 * MEGABYTE);
}

/// A tokenizer.json of the test material.
fn against_tokenizers(name: &str, normalizes: bool) {
    let Some(shared) = samples::shared() else { return };
    let json = reference::unzip(&shared.join(format!("vocabs/tokenizer_json/{name}.json.gz")));
    let comptok = Tokenizer::from_bytes(&json).unwrap_or_else(|e| panic!("{name}: {e}"));
    let reference = Reference::hugging_face(&json);
    check(&Subject { name: name.to_owned(), comptok, reference, normalizes }, 300_000);
}

/// What `convert` writes of a rank file: read by the library it has the ids of the rank file, and
/// read by comptok too.
fn converted(name: &str) {
    let json = reference::converted(name);
    let subject = |name: String, comptok| Subject {
        name,
        comptok,
        reference: Reference::hugging_face(&json),
        normalizes: false,
    };
    check(&subject(format!("{name}, converted"), reference::from_ranks(name)), 200_000);
    let own = Tokenizer::from_bytes_with(&json, &FileOptions::default())
        .unwrap_or_else(|e| panic!("{name}: {e}"));
    check(&subject(format!("{name}, converted and read back"), own), 100_000);
}

#[test]
fn r50k_base() {
    against_tiktoken("r50k_base");
}

#[test]
fn p50k_base() {
    against_tiktoken("p50k_base");
}

#[test]
fn cl100k_base() {
    against_tiktoken("cl100k_base");
}

#[test]
fn o200k_base() {
    against_tiktoken("o200k_base");
}

#[test]
fn gpt2() {
    against_tokenizers("gpt2", false);
}

#[test]
fn qwen2_base() {
    against_tokenizers("qwen2_base", true);
}

#[test]
fn deepseek_v3() {
    against_tokenizers("deepseek_v3", false);
}

#[test]
fn gpt_neox() {
    against_tokenizers("gpt_neox", true);
}

#[test]
fn r50k_base_converted() {
    converted("r50k_base");
}

#[test]
fn cl100k_base_converted() {
    converted("cl100k_base");
}

#[test]
fn o200k_base_converted() {
    converted("o200k_base");
}

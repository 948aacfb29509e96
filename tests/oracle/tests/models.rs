//! Each model alone against the model of `tokenizers`: real vocabularies on the corpus, and drawn
//! ones with every option on drawn text.

use comptok_bake::{bake::model_alone, byte_level, read};
use comptok_core::{
    blob::{Header, Tables},
    model::{Model, ModelError, Scratch, Token},
};
use comptok_oracle::{
    random::{self, Random},
    reference::unzip,
    samples,
};
use serde_json::{Value, json};
use tokenizers::{
    Model as _, NormalizedString, Normalizer as _, OffsetReferential, OffsetType,
    PreTokenizedString, PreTokenizer as _,
};

/// A blob of the model of a tokenizer.json.
fn bake(json: &[u8]) -> Result<Vec<u8>, String> {
    let read = read::tokenizer_json(json).map_err(|error| error.to_string())?;
    model_alone(&read.spec).map_err(|error| error.to_string())
}

/// Runs `test` on the model of a blob.
fn with_model(blob: &[u8], test: impl FnOnce(&Model<'_>)) {
    let header = Header::parse(blob).expect("a blob");
    let tables = Tables::new(blob, &header);
    test(&Model::parse(&tables).expect("a model"));
}

fn reference(json: &[u8]) -> tokenizers::Tokenizer {
    tokenizers::Tokenizer::from_bytes(json).expect("tokenizers reads the file")
}

/// A token as both sides show it: id, place, text.
type Shown = (u32, usize, usize, String);

fn theirs(model: &tokenizers::ModelWrapper, piece: &str) -> Result<Vec<Shown>, String> {
    let tokens = model.tokenize(piece).map_err(|error| error.to_string())?;
    let shown =
        |token: tokenizers::Token| (token.id, token.offsets.0, token.offsets.1, token.value);
    Ok(tokens.into_iter().map(shown).collect())
}

fn ours(model: &Model<'_>, scratch: &mut Scratch, piece: &str) -> Result<Vec<Shown>, ModelError> {
    let mut tokens = Vec::new();
    model.tokenize(piece, scratch, &mut tokens)?;
    let shown = |token: Token| {
        let (start, end) = (token.start as usize, token.end as usize);
        let text = match model.shows_source(token.id) {
            true => piece[start..end].to_owned(),
            false => model.token_text(token.id).expect("a token").into_owned(),
        };
        (token.id, start, end, text)
    };
    Ok(tokens.into_iter().map(shown).collect())
}

/// The pieces that the reference's normalizer and pre-tokenizer make of a text.
fn pieces(tokenizer: &tokenizers::Tokenizer, text: &str) -> Vec<String> {
    let mut normalized = NormalizedString::from(text);
    if let Some(normalizer) = tokenizer.get_normalizer() {
        normalizer.normalize(&mut normalized).expect("any text can be normalized");
    }
    let mut cut = PreTokenizedString::from(normalized);
    if let Some(pre_tokenizer) = tokenizer.get_pre_tokenizer() {
        pre_tokenizer.pre_tokenize(&mut cut).expect("any text can be cut");
    }
    let splits = cut.get_splits(OffsetReferential::Normalized, OffsetType::Byte);
    splits.into_iter().map(|(piece, _, _)| piece.to_owned()).collect()
}

#[test]
fn real_vocabularies_on_the_corpus() {
    let Some(shared) = samples::shared() else { return };
    let only = std::env::var("COMPTOK_ONLY").unwrap_or_default();
    let mut corpus = samples::corpus(7, 20_000, 2_000);
    let mut random = Random::new(3);
    corpus.push(samples::Sample {
        name: "drawn".to_owned(),
        pieces: (0..200).map(|_| random::text(&mut random, 200)).collect(),
    });
    let mut files: Vec<_> = std::fs::read_dir(shared.join("vocabs/tokenizer_json"))
        .expect("a folder")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    files.sort();
    for path in files.iter().filter(|path| path.to_string_lossy().contains(&only)) {
        let name = path.file_name().expect("a file").to_string_lossy().into_owned();
        let json = unzip(path);
        let blob = bake(&json).unwrap_or_else(|error| panic!("{name}: {error}"));
        let tokenizer = reference(&json);
        let mut pieces_seen = 0;
        with_model(&blob, |model| {
            let mut scratch = Scratch::default();
            for sample in &corpus {
                for text in &sample.pieces {
                    for piece in pieces(&tokenizer, text) {
                        compare(&tokenizer, model, &mut scratch, &piece, &name);
                        pieces_seen += 1;
                    }
                }
            }
        });
        println!("{name}: {pieces_seen} pieces");
    }
}

fn compare(
    tokenizer: &tokenizers::Tokenizer,
    model: &Model<'_>,
    scratch: &mut Scratch,
    piece: &str,
    name: &str,
) {
    let wanted = theirs(tokenizer.get_model(), piece);
    if let Model::Bpe(_) = model {
        // Ours takes the bytes behind the chars.
        let bytes = byte_level::to_bytes(piece).expect("byte-level text");
        let text = String::from_utf8(bytes).expect("cut between chars");
        let found = ours(model, scratch, &text).expect("an answer");
        let bare = |tokens: &[Shown]| -> Vec<(u32, String)> {
            tokens.iter().map(|token| (token.0, token.3.clone())).collect()
        };
        assert_eq!(bare(&found), bare(&wanted.expect("an answer")), "{name}: {piece:?}");
        return;
    }
    let found = ours(model, scratch, piece);
    match (&found, &wanted) {
        (Ok(found), Ok(wanted)) => assert_eq!(found, wanted, "{name}: {piece:?}"),
        (Err(_), Err(_)) => {}
        _ => panic!("{name}: {piece:?}: {found:?}, {wanted:?}"),
    }
}

/// Letters that drawn vocabularies know, and some that they never do.
const LETTERS: &[&str] = &["a", "b", "c", "é", "▁", "日", "𝄞"];
const STRANGE: &[&str] = &["z", "ß", "本", "👍", "x"];

fn drawn_text(random: &mut Random, most: usize) -> String {
    let strange = random.below(6);
    (0..1 + random.below(most))
        .map(|_| match random.below(8) < strange {
            true => *random.pick(STRANGE),
            false => *random.pick(LETTERS),
        })
        .collect()
}

/// A tokenizer.json with this model alone.
fn alone(model: &Value) -> Vec<u8> {
    json!({"version": "1.0", "truncation": null, "padding": null, "added_tokens": [],
        "normalizer": null, "pre_tokenizer": null, "post_processor": null, "decoder": null,
        "model": model})
    .to_string()
    .into_bytes()
}

fn drawn_bpe(random: &mut Random) -> Value {
    let prefix = ["", "", "", "##", "é"][random.below(5)];
    let suffix = ["", "", "", "</w>", "b"][random.below(5)];
    let mut tokens: Vec<String> = Vec::new();
    let mut merges: Vec<(String, String)> = Vec::new();
    let add = |tokens: &mut Vec<String>, token: String| {
        if !tokens.contains(&token) {
            tokens.push(token);
        }
    };
    let unk = [None, Some("<unk>"), Some("a"), Some("▁")][random.below(4)];
    if let Some(unk) = unk.filter(|_| random.below(8) > 0) {
        add(&mut tokens, unk.to_owned());
    }
    for letter in LETTERS {
        for token in [
            (*letter).to_owned(),
            format!("{prefix}{letter}"),
            format!("{letter}{suffix}"),
            format!("{prefix}{letter}{suffix}"),
        ] {
            if random.below(6) > 0 {
                add(&mut tokens, token);
            }
        }
    }
    let byte_fallback = random.below(3) == 0;
    if byte_fallback {
        let missing = if random.below(3) == 0 { 0x9F } else { 0x100 };
        for byte in (0..0x100).filter(|&byte| byte != missing) {
            add(&mut tokens, format!("<0x{byte:02X}>"));
        }
    }
    for _ in 0..random.below(40) {
        let (left, right) = (random.pick(&tokens).clone(), random.pick(&tokens).clone());
        if !right.starts_with(prefix) || left.len() + right.len() > 40 {
            continue;
        }
        let merged = format!("{left}{}", &right[prefix.len()..]);
        if !merges.contains(&(left.clone(), right.clone())) {
            add(&mut tokens, merged);
            merges.push((left, right));
        }
    }
    let option = |text: &str| if text.is_empty() { Value::Null } else { json!(text) };
    let vocab: serde_json::Map<String, Value> =
        tokens.iter().enumerate().map(|(id, token)| (token.clone(), json!(id * 3))).collect();
    json!({"type": "BPE", "dropout": null, "unk_token": unk,
        "continuing_subword_prefix": option(prefix), "end_of_word_suffix": option(suffix),
        "fuse_unk": random.below(2) == 0, "byte_fallback": byte_fallback,
        "ignore_merges": random.below(4) == 0, "vocab": vocab,
        "merges": merges.iter().map(|(left, right)| json!([left, right])).collect::<Vec<_>>()})
}

/// Compares on drawn models and drawn text.
fn on_drawn_models(seed: u64, draw: impl Fn(&mut Random) -> Value) {
    let rounds = if samples::full() { 20_000 } else { 600 };
    let mut random = Random::new(seed);
    for round in 0..rounds {
        let json = alone(&draw(&mut random));
        let name = || format!("round {round}: {}", String::from_utf8_lossy(&json));
        let blob = bake(&json).unwrap_or_else(|error| panic!("{}: {error}", name()));
        let tokenizer = reference(&json);
        with_model(&blob, |model| {
            let mut scratch = Scratch::default();
            for _ in 0..20 {
                let most = *random.pick(&[12, 12, 12, 12, 12, 60, 200, 2000]);
                let piece = drawn_text(&mut random, most);
                compare(&tokenizer, model, &mut scratch, &piece, &name());
            }
        });
    }
}

#[test]
fn drawn_bpes_with_every_option() {
    on_drawn_models(11, drawn_bpe);
}

fn drawn_token(random: &mut Random) -> String {
    (0..1 + random.below(4)).map(|_| *random.pick(LETTERS)).collect()
}

fn drawn_word_piece(random: &mut Random) -> Value {
    let prefix = ["##", "##", "", "a", "é"][random.below(5)];
    let mut vocab = serde_json::Map::new();
    if random.below(8) > 0 {
        vocab.insert("[UNK]".to_owned(), json!(0));
    }
    for id in 0..random.below(60) {
        let mark = if random.below(2) == 0 { prefix } else { "" };
        let token = if id == 7 { "##".to_owned() } else { drawn_token(random) };
        vocab.insert(format!("{mark}{token}"), json!(id + 1));
    }
    json!({"type": "WordPiece", "unk_token": "[UNK]", "continuing_subword_prefix": prefix,
        "max_input_chars_per_word": random.pick(&[100, 100, 5]), "vocab": vocab})
}

#[test]
fn drawn_word_pieces() {
    on_drawn_models(12, drawn_word_piece);
}

#[test]
fn drawn_word_levels() {
    on_drawn_models(13, |random| {
        let mut vocab = serde_json::Map::new();
        for id in 0..random.below(40) {
            vocab.insert(drawn_token(random), json!(id));
        }
        json!({"type": "WordLevel", "unk_token": random.pick(LETTERS), "vocab": vocab})
    });
}

fn drawn_unigram(random: &mut Random) -> Value {
    let mut pieces: Vec<Value> = Vec::new();
    let byte_fallback = random.below(3) == 0;
    let missing = if random.below(3) == 0 { 0x9F } else { 0x100 };
    if byte_fallback {
        for byte in (0..0x100).filter(|&byte| byte != missing) {
            pieces.push(json!([format!("<0x{byte:02X}>"), 0.0]));
        }
    }
    // Few different scores, so that ties are frequent, and pieces that occur twice.
    for _ in 0..1 + random.below(60) {
        let token = match random.below(12) {
            0 => random.pick(STRANGE).repeat(2),
            _ => drawn_token(random),
        };
        let score = match random.below(3) {
            0 => -(random.below(1000) as f64) / 97.0,
            _ => -(random.below(6) as f64),
        };
        pieces.push(json!([token, score]));
    }
    // Where byte tokens are missing and one of them is the unknown piece, an id does not tell which
    // of the two it stands for.
    let first = if byte_fallback && missing < 0x100 { 0xFF } else { 0 };
    let unk = match random.below(8) {
        0 => Value::Null,
        _ => json!(first + random.below(pieces.len() - first)),
    };
    json!({"type": "Unigram", "unk_id": unk, "vocab": pieces, "byte_fallback": byte_fallback})
}

#[test]
fn drawn_unigrams_with_ties() {
    on_drawn_models(14, drawn_unigram);
}

/// Texts that are slow for something that is not linear, without end.
fn slow_texts(prefix: &str, len: usize) -> Vec<(&'static str, String)> {
    let fill = |part: &str| part.repeat(len / part.len() + 1)[..].chars().collect::<String>();
    vec![
        ("one letter", fill("a")),
        ("spaces", fill("▁")),
        ("##", fill("#")),
        ("the prefix", fill(prefix)),
        ("combining marks", fill("\u{301}")),
        ("unknown chars", fill("𒀀")),
        ("zéa", fill("zéa")),
        ("words without end", fill("antidisestablishment")),
        ("random letters", {
            let mut random = Random::new(5);
            (0..len).map(|_| char::from(b'a' + random.below(26) as u8)).collect()
        }),
    ]
}

/// Four times the text may take eight times as long: what is linear takes four, with caches that do
/// not hold it any more; what is quadratic takes sixteen.
#[cfg(all(target_os = "linux", target_pointer_width = "64"))]
#[test]
fn time_is_linear() {
    use comptok_oracle::clock::processor_time;
    let Some(shared) = samples::shared() else { return };
    let json = |name: &str| {
        let json = unzip(&shared.join(format!("vocabs/tokenizer_json/{name}.json.gz")));
        // Words of any length are cut, not only those of up to 100 chars.
        let json = String::from_utf8(json).expect("text");
        let most = "\"max_input_chars_per_word\": 100";
        assert!(!name.starts_with("bert") || json.contains(most), "{name}");
        let json = json.replace(most, "\"max_input_chars_per_word\": 100000000");
        bake(json.as_bytes()).expect("a model")
    };
    let model = |name: &str| {
        let file = unzip(&shared.join(format!("vocabs/sentencepiece/{name}.model.gz")));
        let read = read::sentencepiece(&file).expect("a model");
        model_alone(&read.spec).expect("a model")
    };
    // For four times the text. Sixteen would be quadratic; a heap that leaves the processor's caches, which others
    // share, has been seen at 10.8.
    const MOST: f64 = 12.0;
    let mut slow = Vec::new();
    for (name, blob) in [
        ("mistral01", json("mistral01")),
        ("clip_base", json("clip_base")),
        ("bert_uncased", json("bert_uncased")),
        ("t5_small", json("t5_small")),
        ("gpt2", json("gpt2")),
        ("mistral_v1.model", model("mistral_v1")),
        ("llm_jp_100k_v3.model", model("llm_jp_100k_v3")),
        ("ort_nmt_joint.model", model("ort_nmt_joint")),
    ] {
        with_model(&blob, |model| {
            let (short, long) = (slow_texts("ing", 1 << 18), slow_texts("ing", 1 << 20));
            let (mut scratch, mut out) = (Scratch::default(), Vec::new());
            let mut time = |text: &str| {
                out.clear();
                let start = processor_time();
                model.tokenize(text, &mut scratch, &mut out).expect("an answer");
                (processor_time() - start).as_secs_f64()
            };
            for ((what, short), (_, long)) in short.iter().zip(&long) {
                let (mut one, mut four) = (f64::MAX, f64::MAX);
                for _ in 0..30 {
                    one = one.min(time(short));
                    four = four.min(time(long));
                    if four < MOST * one {
                        break;
                    }
                }
                println!("{name}: {what}: {:.1} MB/s, {:.1} times", 1.048 / four, four / one);
                if four >= MOST * one {
                    slow.push(format!("{name}: {what}: {:.1}", four / one));
                }
            }
        });
    }
    assert!(slow.is_empty(), "{slow:#?}");
}

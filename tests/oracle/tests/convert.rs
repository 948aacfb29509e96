//! What the writer writes, as HuggingFace `tokenizers` reads it.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use comptok_bake::read::{self, Options, PatternArg};
use comptok_bake::spec::{Model, PreTokenizer, Spec};
use comptok_bake::write;
use flate2::read::MultiGzDecoder;
use serde_json::Value;
use tokenizers::Tokenizer;

/// The folder of the test material; `None`, loudly, if it is absent (an error if CI=true).
fn shared() -> Option<PathBuf> {
    let folder = match std::env::var_os("COMPTOK_SHARED") {
        Some(folder) => PathBuf::from(folder),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
    };
    if folder.is_dir() {
        return Some(folder);
    }
    assert!(std::env::var("CI").as_deref() != Ok("true"), "{} is absent", folder.display());
    eprintln!("skipped: ../shared is absent");
    None
}

fn gunzip(path: PathBuf) -> Vec<u8> {
    let file = std::fs::File::open(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let mut bytes = Vec::new();
    MultiGzDecoder::new(file).read_to_end(&mut bytes).expect("a gzip file");
    bytes
}

fn rows(path: PathBuf) -> Vec<Value> {
    let bytes = gunzip(path);
    let lines = bytes.split(|&byte| byte == b'\n').filter(|line| !line.is_empty());
    lines.map(|line| serde_json::from_slice(line).expect("a row")).collect()
}

fn load(json: &str) -> Tokenizer {
    json.parse().unwrap_or_else(|e| panic!("tokenizers refuses the file: {e}"))
}

fn encode(tokenizer: &Tokenizer, text: &str) -> Vec<u32> {
    tokenizer.encode_fast(text, false).expect("no error").get_ids().to_vec()
}

fn ids(value: &Value) -> Vec<u32> {
    let ids = value.as_array().expect("ids").iter();
    ids.map(|id| u32::try_from(id.as_u64().expect("an id")).expect("an id")).collect()
}

/// A rank file with the pattern and the special tokens of the vectors' header.
fn rank_spec(ranks: &[u8], header: &Value) -> Spec {
    let special_tokens = header["specials"].as_object().expect("a map").iter();
    let special_tokens: Vec<(String, u32)> = special_tokens
        .map(|(content, id)| (content.clone(), id.as_u64().expect("an id") as u32))
        .collect();
    let pattern = PatternArg::Regex(header["pat_str"].as_str().expect("a pattern"));
    let options = Options { pattern: Some(pattern), special_tokens: &special_tokens };
    read::read(ranks, options).expect("a rank file").strict().expect("nothing odd")
}

/// A rank file, written and loaded, gives the ids of tiktoken's vectors.
fn ranks_convert(vectors: &str, ranks: &str) {
    let Some(shared) = shared() else { return };
    let rows = rows(shared.join(format!("vectors/tiktoken/{vectors}.jsonl.gz")));
    let header = &rows[0];
    let spec =
        rank_spec(&gunzip(shared.join(format!("vocabs/tiktoken/{ranks}.tiktoken.gz"))), header);
    let mut tokenizer = load(&write::tokenizer_json(&spec).expect("it has a tokenizer.json"));

    let specials = header["specials"].as_object().expect("a map");
    for (content, id) in specials {
        let id = id.as_u64().expect("an id") as u32;
        assert_eq!(tokenizer.token_to_id(content), Some(id));
        assert_eq!(encode(&tokenizer, &format!("a{content}"))[1..], [id]);
    }
    let limit = header["max_token_value"].as_u64().expect("a number") as u32;
    assert_eq!(tokenizer.get_vocab(true).values().max(), Some(&limit));

    let mut count = 0;
    for row in &rows[1..] {
        let text = row["text"].as_str().expect("text");
        let ordinary = ids(&row["ordinary"]);
        let all =
            if row["all_special"].is_null() { ordinary.clone() } else { ids(&row["all_special"]) };
        tokenizer.set_encode_special_tokens(false);
        assert_eq!(encode(&tokenizer, text), all, "{vectors}: {text:?}");
        assert_eq!(tokenizer.decode(&all, false).expect("no error"), row["decode"], "{text:?}");
        tokenizer.set_encode_special_tokens(true);
        assert_eq!(encode(&tokenizer, text), ordinary, "{vectors}: {text:?}");
        count += 1;
    }
    println!("{vectors}: {count} rows");
    assert_eq!(count, 352);

    // Every token of the file encodes to itself, unless the pattern cuts it.
    let Model::Bpe(bpe) = &spec.model else { panic!("rank files are BPE") };
    let mut whole = 0;
    for (token, id) in bpe.vocab.iter() {
        if let Ok(text) = std::str::from_utf8(token)
            && encode(&tokenizer, text) == [id]
        {
            whole += 1;
        }
    }
    println!("{vectors}: {whole} of {} tokens encode to themselves", bpe.vocab.len());
    assert!(whole * 100 > bpe.vocab.len() * 95);
}

#[test]
fn r50k_base() {
    ranks_convert("r50k_base", "r50k_base");
}

#[test]
fn p50k_base() {
    ranks_convert("p50k_base", "p50k_base");
}

#[test]
fn p50k_edit() {
    ranks_convert("p50k_edit", "p50k_base");
}

#[test]
fn cl100k_base() {
    ranks_convert("cl100k_base", "cl100k_base");
}

#[test]
fn o200k_base() {
    ranks_convert("o200k_base", "o200k_base");
}

#[test]
fn qwen() {
    ranks_convert("qwen", "qwen");
}

#[test]
fn whisper_multilingual() {
    ranks_convert("whisper_multilingual", "whisper_multilingual");
}

const ROUND_TRIP_TEXTS: [&str; 4] = [
    "The café's №5 — “naïve” façade…  and  spaces\n\nin lines",
    "Ünïcödé 日本語とEnglishのmixed テキスト ﬁ e\u{301} \u{0}\u{ad}👍🏽",
    "[CLS] <s> </s> <|endoftext|> [INST] <pad> ▁▁ ## xyz",
    "def f(x):\n\treturn x[1:] == 2.5e-3  # 1234567",
];

/// The writer's text is the library's own: loaded there and saved again, no byte differs.
#[test]
fn tokenizer_json_is_canonical() {
    let Some(shared) = shared() else { return };
    let mut count = 0;
    for entry in std::fs::read_dir(shared.join("vocabs/tokenizer_json")).expect("a folder") {
        let path = entry.expect("an entry").path();
        let bytes = gunzip(path.clone());
        let spec = read::tokenizer_json(&bytes).unwrap_or_else(|e| panic!("{e}")).spec;
        let written = write::tokenizer_json(&spec).unwrap_or_else(|e| panic!("{e}"));
        // Saved by the library from the file itself, and from what was written.
        let original = Tokenizer::from_bytes(&bytes).expect("a tokenizer.json");
        let original = original.to_string(true).expect("no error");
        assert!(original == written, "{}", path.display());
        // Read again it says the same, and both libraries make of it what they make of the file.
        let again = read::tokenizer_json(written.as_bytes()).unwrap_or_else(|e| panic!("{e}")).spec;
        assert!(again == spec, "{}", path.display());
        let theirs = [Tokenizer::from_bytes(&bytes), written.parse()].map(|one| {
            let mut one = one.expect("it is read");
            one.with_padding(None).with_truncation(None).expect("none is right");
            one
        });
        let ours = [&bytes[..], written.as_bytes()]
            .map(|file| comptok::Tokenizer::from_bytes(file).unwrap_or_else(|e| panic!("{e}")));
        for text in ROUND_TRIP_TEXTS {
            let wanted = encode(&theirs[0], text);
            assert_eq!(encode(&theirs[1], text), wanted, "{}: {text:?}", path.display());
            for ours in &ours {
                let found = ours.encode(text, comptok::Special::All);
                assert_eq!(found.as_ref(), Ok(&wanted), "{}: {text:?}", path.display());
            }
        }
        count += 1;
    }
    assert_eq!(count, 24);
}

/// A rank file with one token per byte, cut by `pattern`.
fn byte_ranks(pattern: &str) -> Spec {
    let digits = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut ranks = Vec::new();
    for byte in 0..=255usize {
        ranks.extend([digits[byte >> 2], digits[(byte & 3) << 4], b'=', b'=', b' ']);
        ranks.extend(format!("{byte}\n").bytes());
    }
    read::tiktoken(&ranks, PatternArg::Regex(pattern), &[]).expect("a rank file").spec
}

/// The regular expression, and whether it is inverted, that the writer makes of a pattern.
fn written_pattern(pattern: &str) -> (String, bool) {
    let json = write::tokenizer_json(&byte_ranks(pattern)).unwrap_or_else(|e| panic!("{e}"));
    let spec = read::tokenizer_json(json.as_bytes()).expect("as written").spec;
    let Some(PreTokenizer::Sequence(steps)) = spec.pre_tokenizer else { panic!("two steps") };
    match steps.into_iter().next() {
        Some(PreTokenizer::Split {
            pattern: comptok_bake::spec::Pattern::Regex(regex),
            invert,
            ..
        }) => (regex, invert),
        other => panic!("not a split: {other:?}"),
    }
}

/// Texts that patterns like to disagree about, and random mixtures of their parts.
fn nasty_texts() -> Vec<String> {
    let parts = [
        "a",
        "Z",
        "é",
        "e\u{301}",
        "ß",
        "ǅ",
        "ʰ",
        "ſ",
        "K",
        "中",
        "の",
        "ﬆ",
        "İ",
        "1",
        "12",
        "1234",
        "٣",
        "²",
        "½",
        "Ⅷ",
        " ",
        "  ",
        "\t",
        "\n",
        "\r",
        "\r\n",
        "\n\n",
        "\u{a0}",
        "\u{3000}",
        "\u{2028}",
        "\u{85}",
        "\u{b}",
        "\u{200d}",
        "'s",
        "'S",
        "'ſ",
        "'ll",
        "'LL",
        "'re",
        "'",
        "!",
        "...",
        "/",
        "//",
        "_",
        "👍🏽",
        "👨\u{200d}👩",
        "\0",
        "\u{feff}",
        "\u{10ffff}",
        "़",
        "ก็",
    ];
    let mut texts: Vec<String> = parts.iter().map(|part| (*part).to_owned()).collect();
    for first in parts {
        texts.extend(parts.iter().map(|second| format!("{first}{second}")));
    }
    let mut state = 7u64;
    for _ in 0..6000 {
        let mut text = String::new();
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        for _ in 0..3 + (state >> 60) {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            text.push_str(parts[(state >> 33) as usize % parts.len()]);
        }
        texts.push(text);
    }
    texts
}

/// Whether the two engines cut every text alike.
fn cut_alike(pattern: &str, texts: &[String]) {
    let (written, _) = written_pattern(pattern);
    let fancy = fancy_regex::Regex::new(pattern).unwrap_or_else(|e| panic!("{pattern}: {e}"));
    let onig = onig::Regex::new(&written).unwrap_or_else(|e| panic!("{written}: {e}"));
    for text in texts {
        let ours: Vec<(usize, usize)> = onig.find_iter(text).collect();
        let theirs: Vec<(usize, usize)> = fancy
            .find_iter(text)
            .map(|found| found.expect("no limit is reached"))
            .map(|found| (found.start(), found.end()))
            .collect();
        assert_eq!(ours, theirs, "{written}: {text:?}");
    }
}

#[test]
fn patterns_cut_alike() {
    let texts = nasty_texts();
    let mut count = 0;
    for name in read::pattern::NAMES {
        let pre_tokenizer = PatternArg::Named(name).pre_tokenizer().expect("a name");
        let steps = match pre_tokenizer {
            PreTokenizer::Sequence(steps) => steps,
            step => vec![step],
        };
        for step in steps {
            let PreTokenizer::Split { pattern: comptok_bake::spec::Pattern::Regex(regex), .. } =
                step
            else {
                panic!("not a split");
            };
            cut_alike(&regex, &texts);
            count += 1;
        }
    }
    assert_eq!(count, 13);
    for pattern in [
        r"\s++$|\S+",
        r"^\s+|\S+|\s+$|\s",
        r"\p{N}{1,3}+\d|\p{N}|[^\n]",
        r"(?:\p{L}\p{M}?){2,}+\p{L}|\S|\s",
        r"\p{L}{2}?\p{L}|[^\p{L}]+|\p{L}",
        r"\pL+|\PL{1,2}?",
        r"[\x{300}-\x{36F}\u00e9]++|[^\x{300}-\x{36F}\u00e9]+?",
        r"(?i:s|K)+|[\d\D]",
        r"[\p{L}&&[^a-z]]+|[a-z\n[!-]]|.",
        r"(?<=\s)\S|(?<!\s)\S+?|\s(?=\S)|\s",
    ] {
        cut_alike(pattern, &texts);
    }
}

/// What a pattern misses is dropped, as tiktoken does.
#[test]
fn what_a_pattern_misses_is_dropped() {
    let (_, invert) = written_pattern(r"[a-z]+");
    assert!(invert);
    let tokenizer = load(&write::tokenizer_json(&byte_ranks("[a-z]+")).expect("it has one"));
    assert_eq!(encode(&tokenizer, "ab-c 1d"), [97, 98, 99, 100]);
    let gpt2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";
    assert_eq!(written_pattern(gpt2), (gpt2.to_owned(), false));
}

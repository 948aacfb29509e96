//! Formats that say the same as others: what is read of both has to be equal.

#[expect(dead_code, reason = "other tests use all of it")]
mod common;

use common::{gunzip, shared};
use comptok_bake::{
    read::{self, Options},
    spec::{
        Kind, Model, Normalizer, Pattern, Piece, PieceType, PostProcessor, PreTokenizer,
        SentencePiece, SpPiece, Spec,
    },
};
use serde_json::{Value, json};

fn spec(bytes: &[u8]) -> Spec {
    read::read(bytes, Options::default()).unwrap_or_else(|error| panic!("{error}")).spec
}

#[test]
fn vocab_txt_is_the_tokenizer_json_of_its_model() {
    let Some(shared) = shared() else { return };
    for (txt, json) in [
        ("bert_uncased", "bert_uncased"),
        ("bert_chinese", "bert_chinese"),
        ("bert_cased", "bert_base_cased"),
    ] {
        let file = std::fs::read(shared.join(format!("vocabs/wordpiece/{txt}_vocab.txt")));
        let from_txt = spec(&file.expect("a file"));
        let from_json = spec(&gunzip(shared.join(format!("vocabs/tokenizer_json/{json}.json.gz"))));
        let (Model::WordPiece { vocab: a, .. }, Model::WordPiece { vocab: b, .. }) =
            (&from_txt.model, &from_json.model)
        else {
            panic!("{txt}: WordPiece")
        };
        if a == b {
            assert_eq!(from_txt.model, from_json.model, "{txt}");
        } else {
            // One of the files lacks tokens that the other has; ids agree where both have one.
            assert!(a.len().abs_diff(b.len()) < 100, "{txt}: {} and {}", a.len(), b.len());
        }
        assert_eq!(from_txt.added_tokens, from_json.added_tokens, "{txt}");
        assert_eq!(from_txt.normalizer, from_json.normalizer, "{txt}");
        assert_eq!(from_txt.pre_tokenizer, from_json.pre_tokenizer, "{txt}");
        assert_eq!(from_txt.decoder, from_json.decoder, "{txt}");
    }
}

#[test]
fn clips_merges_are_its_tokenizer_json() {
    let Some(shared) = shared() else { return };
    let file = std::fs::read(shared.join("vocabs/clip_bpe_simple_vocab_16e6.txt.gz"));
    let from_merges = spec(&file.expect("a file"));
    let from_json = spec(&gunzip(shared.join("vocabs/tokenizer_json/clip_base.json.gz")));
    assert!(from_merges == from_json);
}

const TINY: &str = include_str!("../../tests/fixtures/tiny.json");

#[test]
fn version_2_says_the_same_as_version_1() {
    let template = |pieces: [Value; 2]| json!({"type": "TemplateProcessing", "single": pieces[0], "pair": pieces[1]});
    let mut one: Value = serde_json::from_str(TINY).expect("JSON");
    one["added_tokens"] = json!([{"id": 1, "content": "<s>", "single_word": false, "lstrip": false,
        "rstrip": false, "normalized": false, "special": true}]);
    one["model"] = json!({"type": "BPE", "dropout": null, "unk_token": null,
        "continuing_subword_prefix": null, "end_of_word_suffix": null, "fuse_unk": false,
        "byte_fallback": false, "ignore_merges": false,
        "vocab": {"a": 0, "<s>": 1, "b": 2, "ab": 3}, "merges": [["a", "b"]]});
    let mut two = one.clone();
    two["version"] = json!("2.0");
    two["role_to_token"] = json!({"bos_token": "<s>"});

    // The alphabet of bytes belongs to the model.
    let split = json!({"type": "Split", "pattern": {"Regex": "a+"}, "behavior": "Isolated",
        "invert": false});
    let byte_level = json!({"type": "ByteLevel", "add_prefix_space": false, "trim_offsets": true,
        "use_regex": false});
    two["model"]["byte_level"] = json!(true);
    for (before, after) in [
        (Value::Null, byte_level.clone()),
        (split.clone(), json!({"type": "Sequence", "pretokenizers": [split, byte_level]})),
        (
            json!({"type": "Sequence", "pretokenizers": [split, split]}),
            json!({"type": "Sequence", "pretokenizers": [split, split, byte_level]}),
        ),
    ] {
        two["pre_tokenizer"] = before;
        one["pre_tokenizer"] = after;
        assert_eq!(spec(two.to_string().as_bytes()), spec(one.to_string().as_bytes()));
    }
    two["model"]["byte_level"] = json!(false);

    // Metaspace is two components.
    let replacement = "▁";
    let metaspace = |split: bool| {
        json!({"type": "Metaspace", "replacement": replacement, "prepend_scheme": "first",
            "split": split})
    };
    let normalizer = |drops: bool| {
        json!({"type": "Sequence", "normalizers": [{"type": "NFC"},
            {"type": "MetaspaceNormalizer", "replacement": replacement, "prepend": "first",
                "drop_whitespace": drops}]})
    };
    let cut = json!({"type": "Split", "pattern": {"String": replacement},
        "behavior": "MergedWithNext", "invert": false});
    one["normalizer"] = json!({"type": "Sequence", "normalizers": [{"type": "NFC"}]});
    for (drops, before, after) in [
        (false, cut.clone(), metaspace(true)),
        (false, Value::Null, metaspace(false)),
        (
            true,
            cut,
            json!({"type": "Sequence",
                "pretokenizers": [{"type": "WhitespaceSplit"}, metaspace(true)]}),
        ),
    ] {
        (two["normalizer"], two["pre_tokenizer"]) = (normalizer(drops), before);
        one["pre_tokenizer"] = after;
        assert_eq!(spec(two.to_string().as_bytes()), spec(one.to_string().as_bytes()));
    }

    // Templates hold ids.
    two["post_processor"] = template([
        json!([{"ids": [1]}, {"seq": "A"}]),
        json!([{"ids": [1]}, {"seq": "A"}, {"seq": "B", "type_id": 1}, {"ids": [2], "type_id": 1}]),
    ]);
    one["post_processor"] = template([
        json!([{"SpecialToken": {"id": "1", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}]),
        json!([{"SpecialToken": {"id": "1", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
            {"Sequence": {"id": "B", "type_id": 1}}, {"SpecialToken": {"id": "2", "type_id": 1}}]),
    ]);
    one["post_processor"]["special_tokens"] = json!({
        "1": {"id": "1", "ids": [1], "tokens": ["<s>"]},
        "2": {"id": "2", "ids": [2], "tokens": ["b"]}});
    assert_eq!(spec(two.to_string().as_bytes()), spec(one.to_string().as_bytes()));

    let fails =
        |file: &Value| read::tokenizer_json(file.to_string().as_bytes()).map_err(|e| e.message);
    two["pre_tokenizer"] = split_of("x");
    assert_eq!(
        fails(&two),
        Err("pre_tokenizer: beside a MetaspaceNormalizer a Split before its replacement is wanted"
            .to_owned())
    );
    one["role_to_token"] = json!({});
    assert_eq!(
        fails(&one),
        Err("role_to_token: unknown member; it belongs to version 2.0".to_owned())
    );
}

fn split_of(text: &str) -> Value {
    json!({"type": "Split", "pattern": {"String": text}, "behavior": "Isolated", "invert": false})
}

/// A GGUF file with these keys.
struct Gguf {
    bytes: Vec<u8>,
    keys: u64,
}

impl Gguf {
    fn new() -> Self {
        Self { bytes: Vec::new(), keys: 0 }
    }

    fn text(&mut self, text: &str) {
        self.bytes.extend((text.len() as u64).to_le_bytes());
        self.bytes.extend(text.as_bytes());
    }

    fn key(&mut self, name: &str, kind: u32) -> &mut Self {
        self.text(name);
        self.bytes.extend(kind.to_le_bytes());
        self.keys += 1;
        self
    }

    fn string(&mut self, name: &str, value: &str) {
        self.key(name, 8).text(value);
    }

    fn flag(&mut self, name: &str, value: bool) {
        self.key(name, 7).bytes.push(u8::from(value));
    }

    fn number(&mut self, name: &str, value: u32) {
        self.key(name, 4).bytes.extend(value.to_le_bytes());
    }

    fn array(&mut self, name: &str, kind: u32, len: usize) -> &mut Self {
        self.key(name, 9);
        self.bytes.extend(kind.to_le_bytes());
        self.bytes.extend((len as u64).to_le_bytes());
        self
    }

    fn strings<'t>(&mut self, name: &str, values: impl ExactSizeIterator<Item = &'t str>) {
        self.array(name, 8, values.len());
        values.for_each(|value| self.text(value));
    }

    fn types(&mut self, values: impl ExactSizeIterator<Item = i32>) {
        self.array("tokenizer.ggml.token_type", 5, values.len());
        values.for_each(|value| self.bytes.extend(value.to_le_bytes()));
    }

    fn finish(self) -> Vec<u8> {
        let mut file = b"GGUF\x03\0\0\0".to_vec();
        file.extend(7u64.to_le_bytes());
        file.extend(self.keys.to_le_bytes());
        file.extend(self.bytes);
        file
    }
}

#[test]
fn gguf_holds_a_model_of_sentencepiece() {
    let Some(shared) = shared() else { return };
    let model = gunzip(shared.join("vocabs/sentencepiece/mistral_v1.model.gz"));
    let Spec { model: Model::SentencePiece(wanted), .. } = spec(&model) else { panic!("a model") };
    let mut file = Gguf::new();
    file.string("general.architecture", "llama");
    file.array("general.tags", 9, 1).bytes.extend([4, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 9, 9, 9, 9]);
    file.string("tokenizer.ggml.model", "llama");
    file.flag("tokenizer.ggml.add_space_prefix", true);
    file.strings("tokenizer.ggml.tokens", wanted.pieces.iter().map(|piece| &*piece.text));
    file.array("tokenizer.ggml.scores", 6, wanted.pieces.len());
    wanted.pieces.iter().for_each(|piece| file.bytes.extend(piece.score.to_le_bytes()));
    file.types(wanted.pieces.iter().map(|piece| match piece.kind {
        PieceType::Normal => 1,
        PieceType::Unknown => 2,
        PieceType::Control => 3,
        PieceType::UserDefined => 4,
        PieceType::Unused => 5,
        PieceType::Byte => 6,
    }));
    let Spec { model: Model::SentencePiece(found), .. } = spec(&file.finish()) else {
        panic!("a model")
    };
    assert_eq!(found.kind, Kind::Bpe);
    let unk_surface = wanted.unk_surface.clone();
    assert!(found == SentencePiece { unk_surface, ..wanted });
}

#[test]
fn gguf_holds_byte_level_bpe_and_word_piece() {
    let mut file = Gguf::new();
    file.string("tokenizer.ggml.model", "gpt2");
    file.string("tokenizer.ggml.pre", "llama-bpe");
    file.strings("tokenizer.ggml.tokens", ["a", "b", "ab", "<s>", "<u>"].into_iter());
    file.types([1, 1, 1, 3, 4].into_iter());
    file.strings("tokenizer.ggml.merges", ["a b"].into_iter());
    let found = spec(&file.finish());
    let Model::Bpe(bpe) = &found.model else { panic!("a BPE") };
    assert!(bpe.ignore_merges);
    let special: Vec<_> =
        found.added_tokens.iter().map(|token| (token.id, token.special)).collect();
    assert_eq!(special, [(3, true), (4, false)]);
    // Nothing says which token begins a text.
    assert_eq!(found.post_processor, None);

    let mut file = Gguf::new();
    file.string("tokenizer.ggml.model", "bert");
    let tokens = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "▁play", "ing"];
    file.strings("tokenizer.ggml.tokens", tokens.into_iter());
    file.types([3, 2, 3, 3, 1, 1].into_iter());
    assert!(spec(&file.finish()) == spec(b"[PAD]\n[UNK]\n[CLS]\n[SEP]\nplay\n##ing\n"));

    let mut file = Gguf::new();
    file.string("tokenizer.huggingface.json", TINY);
    assert!(spec(&file.finish()) == spec(TINY.as_bytes()));

    let mut file = Gguf::new();
    file.string("tokenizer.ggml.model", "rwkv");
    let error = read::gguf(&file.finish()).expect_err("unknown");
    assert_eq!(
        error.message,
        "tokenizer.ggml.model: found \"rwkv\", one of llama, t5, gpt2, gemma4 and bert is wanted"
    );
    let error = read::gguf(b"GGUF\x03\0\0\0\0").expect_err("too short");
    assert_eq!(error.message, "byte 8: 8 bytes are wanted, 1 are left");
}

#[test]
fn gguf_says_what_stands_around_a_text() {
    let file = |pre: &str, says: &[(&str, bool)]| {
        let mut file = Gguf::new();
        file.string("tokenizer.ggml.model", "gpt2");
        file.string("tokenizer.ggml.pre", pre);
        file.strings("tokenizer.ggml.tokens", ["a", "<s>", "</s>"].into_iter());
        file.types([1, 3, 3].into_iter());
        file.strings("tokenizer.ggml.merges", [].into_iter());
        file.number("tokenizer.ggml.bos_token_id", 1);
        file.number("tokenizer.ggml.eos_token_id", 2);
        says.iter().for_each(|&(key, value)| file.flag(&format!("tokenizer.ggml.{key}"), value));
        spec(&file.finish())
    };
    let around = |found: &Spec| match &found.post_processor {
        Some(PostProcessor::Template { single, pair, .. }) => {
            let name = |piece: &Piece| match piece {
                Piece::Sequence { second, .. } => if *second { "B" } else { "A" }.to_owned(),
                Piece::SpecialToken { id, .. } => id.clone(),
            };
            [single, pair].map(|pieces| pieces.iter().map(name).collect::<Vec<_>>().join(" "))
        }
        other => {
            assert_eq!(*other, None);
            ["A", "A B"].map(str::to_owned)
        }
    };
    assert_eq!(around(&file("llama-bpe", &[])), ["<s> A", "<s> A <s> B"]);
    assert_eq!(around(&file("llama-bpe", &[("add_bos_token", false)])), ["A", "A B"]);
    assert_eq!(around(&file("qwen2", &[])), ["A", "A B"]);
    let both = [("add_bos_token", true), ("add_eos_token", true)];
    assert_eq!(around(&file("command-r", &both)), ["<s> A </s>", "<s> A </s> <s> B </s>"]);
    assert_eq!(around(&file("falcon", &both[1..])), ["A </s>", "A </s> B </s>"]);

    let mut unknown = Gguf::new();
    unknown.string("tokenizer.ggml.model", "gpt2");
    unknown.string("tokenizer.ggml.pre", "gpt-9");
    unknown.strings("tokenizer.ggml.tokens", ["a"].into_iter());
    unknown.strings("tokenizer.ggml.merges", [].into_iter());
    let error = read::gguf(&unknown.finish()).expect_err("unknown");
    let wanted = "tokenizer.ggml.pre: unknown pattern \"gpt-9\"; known are default, gpt-2, ";
    assert!(error.message.starts_with(wanted), "{error}");
}

#[test]
fn gguf_holds_bpe_with_spaces_of_its_own() {
    let file = |line: &str, joined: &str, merges: &[&str]| {
        let mut file = Gguf::new();
        file.string("tokenizer.ggml.model", "gemma4");
        file.number("tokenizer.ggml.unknown_token_id", 0);
        file.number("tokenizer.ggml.bos_token_id", 1);
        let tokens = ["<unk>", "<bos>", line, "▁", "a", "▁a", joined];
        file.strings("tokenizer.ggml.tokens", tokens.into_iter());
        file.types([3, 3, 1, 1, 1, 1, 1].into_iter());
        file.strings("tokenizer.ggml.merges", merges.iter().copied());
        spec(&file.finish())
    };
    // Lines stand apart by themselves, but where a merge joins them with others, or they are not known.
    let found = file("\n", "\n\n", &["▁ a", "\n \n"]);
    assert_eq!(found.pre_tokenizer, None);
    assert!(file("x", "aa", &["▁ a", "a a"]).pre_tokenizer.is_some());
    let found = file("\n", "\na", &["▁ a", "\n a"]);
    let Model::Bpe(bpe) = &found.model else { panic!("a BPE") };
    assert!(bpe.byte_fallback && bpe.fuse_unk && bpe.unk_token.as_deref() == Some("<unk>"));
    let added: Vec<_> = found.added_tokens.iter().map(|token| token.id).collect();
    assert_eq!(added, [0, 1]);
    let Some(Normalizer::Replace { content, .. }) = &found.normalizer else { panic!("spaces") };
    assert_eq!(content, "▁");
    let Some(PreTokenizer::Split { pattern, .. }) = &found.pre_tokenizer else { panic!("lines") };
    assert_eq!(*pattern, Pattern::Regex(r"[^\n]+|[\n]+".to_owned()));
}

#[test]
fn gguf_has_one_token_for_what_is_unknown() {
    let file = |id: Option<u32>| {
        let mut file = Gguf::new();
        file.string("tokenizer.ggml.model", "llama");
        file.strings("tokenizer.ggml.tokens", ["x", "<unk>", "<spare>"].into_iter());
        file.array("tokenizer.ggml.scores", 6, 3).bytes.extend([0; 12]);
        file.types([1, 2, 2].into_iter());
        if let Some(id) = id {
            file.number("tokenizer.ggml.unknown_token_id", id);
        }
        let Spec { model: Model::SentencePiece(found), .. } = spec(&file.finish()) else {
            panic!("a model")
        };
        let unknown = |piece: &SpPiece| piece.kind == PieceType::Unknown;
        found.pieces.iter().filter(|piece| unknown(piece)).map(|piece| piece.text.clone()).collect()
    };
    let unknown: [Vec<String>; 3] = [None, Some(2), Some(0)].map(file);
    // A token of another type is none.
    assert_eq!(unknown, [["<unk>"], ["<spare>"], ["<unk>"]]);
}

#[test]
fn sentencepiece_says_where_a_model_is_damaged() {
    let piece = |text: &str, kind: u8| {
        let mut inside = vec![10, text.len() as u8];
        inside.extend(text.as_bytes());
        inside.extend([0x15, 0, 0, 0, 0, 0x18, kind]);
        let mut field = vec![10, inside.len() as u8];
        field.extend(inside);
        field
    };
    let good = [piece("<unk>", 2), piece("a", 1)].concat();
    assert!(read::sentencepiece(&good).is_ok());
    for (bytes, message) in [
        (vec![], "no pieces; is this a SentencePiece model?"),
        (piece("a", 1), "no piece is of the type unknown (2)"),
        ([good.clone(), piece("a", 1)].concat(), "byte 28: piece 2, \"a\", is piece 1 again"),
        (
            [good.clone(), piece("b", 2)].concat(),
            "byte 28: piece 2 is of the type unknown (2), as piece 0 is",
        ),
        (
            [good.clone(), piece("b", 7)].concat(),
            "byte 38: found piece type 7, one from 1 to 6 is wanted",
        ),
        ([good.clone(), piece("", 1)].concat(), "byte 30: found a piece without text"),
        (
            [good.clone(), piece("<0x41>", 6)].concat(),
            "byte 28: piece 2 is a byte, but the model has no byte_fallback",
        ),
        (good[..20].to_vec(), "byte 18: 10 bytes are wanted, 2 are left"),
        (
            [good.clone(), vec![0x0B]].concat(),
            "byte 28: found wire type 3, one of 0, 1, 2 and 5 is wanted",
        ),
        ([good, vec![0xFF; 11]].concat(), "byte 28: found a number of more than ten bytes"),
    ] {
        let error = read::sentencepiece(&bytes).expect_err(message);
        assert_eq!(error.message, message);
    }
}

/// The library's trainer gives chars that are required, and that its texts do not have, the logarithm of 0.
#[test]
fn scores_that_nobody_adds_up_may_be_infinite() {
    let piece = |text: &str, kind: u8| {
        let [a, b, c, d] = f32::NEG_INFINITY.to_le_bytes();
        [&[10, 10, 10, 1], text.as_bytes(), &[0x15, a, b, c, d, 0x18, kind]].concat()
    };
    let pieces = [piece("?", 2), piece("a", 1)].concat();
    for kind in 1..=4 {
        let file = [&pieces[..], &[0x12, 2, 0x18, kind]].concat();
        let spec = read::sentencepiece(&file).map(|read| read.spec);
        if kind < 3 {
            let message = "byte 0: the score of piece 0, \"?\", is not a finite number";
            assert_eq!(spec.expect_err(message).message, message);
        } else {
            let spec = spec.expect("scores decide about nothing");
            comptok_bake::bake(&spec, &Default::default()).expect("nor do they here");
        }
    }
}

/// What would take gigabytes for each text.
#[test]
fn padding_and_templates_have_limits() {
    let with = |key: &str, value: &str| {
        let file = format!(
            r#"{{"version": "1.0", "{key}": {value},
                "model": {{"type": "WordLevel", "unk_token": "a", "vocab": {{"a": 0}}}}}}"#
        );
        let read =
            comptok_bake::read::tokenizer_json(file.as_bytes()).map_err(|e| e.to_string())?;
        let baked = comptok_bake::bake(&read.spec, &comptok_bake::bake::Options::default());
        baked.map(|_| ()).map_err(|error| error.to_string())
    };
    let padding = |strategy: &str, multiple: &str| {
        with(
            "padding",
            &format!(
                r#"{{"strategy": {strategy}, "direction": "Right", "pad_to_multiple_of": {multiple},
                    "pad_id": 0, "pad_type_id": 0, "pad_token": "a"}}"#
            ),
        )
    };
    assert_eq!(padding(r#"{"Fixed": 4194304}"#, "null"), Ok(()));
    let error = padding(r#"{"Fixed": 4294967295}"#, "null").expect_err("too many");
    assert!(error.contains("padding.strategy: 429496729"), "{error}");
    let error = padding(r#""BatchLongest""#, "4194305").expect_err("too many");
    assert!(error.contains("padding.pad_to_multiple_of: 4194305 tokens"), "{error}");
    let ids = vec!["0"; 1000].join(",");
    let tokens = vec![r#""a""#; 1000].join(",");
    let piece = r#"{"SpecialToken": {"id": "s", "type_id": 0}}"#;
    let template = |pieces: usize| {
        let pieces = vec![piece; pieces].join(",");
        let sequence = r#"{"Sequence": {"id": "A", "type_id": 0}}"#;
        with(
            "post_processor",
            &format!(
                r#"{{"type": "TemplateProcessing", "single": [{sequence},{pieces}], "pair": [{sequence}],
                    "special_tokens": {{"s": {{"id": "s", "ids": [{ids}], "tokens": [{tokens}]}}}}}}"#
            ),
        )
    };
    assert_eq!(template(20), Ok(()));
    let error = template(100_000).expect_err("too much");
    assert!(
        error.contains("post_processor.single: the template has more than 4194304 bytes"),
        "{error}"
    );
}

/// A search for added tokens may go as far as the longest at each byte of a text.
#[test]
fn added_tokens_have_a_longest_length() {
    let bake = |len: usize, normalizer: &str| {
        let token = "a".repeat(len);
        let file = format!(
            r#"{{"added_tokens": [{{"id": 1, "content": "{token}", "single_word": false, "lstrip": false,
            "rstrip": false, "normalized": true, "special": false}}], "normalizer": {normalizer},
            "model": {{"type": "BPE", "vocab": {{"a": 0}}, "merges": []}}}}"#
        );
        let read = read::tokenizer_json(file.as_bytes()).expect("a file");
        comptok_bake::bake(&read.spec, &Default::default()).map(|_| ())
    };
    assert!(bake(1024, "null").is_ok());
    let longer = r#"{"type": "Replace", "pattern": {"String": "a"}, "content": "aa"}"#;
    for error in [bake(1025, "null"), bake(513, longer)] {
        let error = error.expect_err("too long").to_string();
        assert!(error.contains("added token 0, of 102"), "{error}");
    }
}

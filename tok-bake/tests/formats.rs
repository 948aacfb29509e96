//! The way from bytes to a reader, the pair vocab.json and merges.txt, and what cannot be written.

use comptok_bake::read::{self, Options, PatternArg};
use comptok_bake::spec::{
    AddedToken, Bpe, Decoder, Family, Merges, Model, Pattern, PostProcessor, PreTokenizer, Spec,
};
use comptok_bake::write;

const GPT2: &str = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

#[test]
fn every_format_is_read_or_named() {
    let special_tokens = [("<a>".to_owned(), 7)];
    let none = Options::default();
    let pattern = Options { pattern: Some(PatternArg::from("gpt2")), ..none };
    let special = Options { special_tokens: &special_tokens, ..none };
    let said = |bytes: &[u8], options| match read::read(bytes, options) {
        Ok(read) => format!("{:?}", read.spec.family),
        Err(error) => error.in_file("x"),
    };
    let json = br#"{"model": {"vocab": {"a": 0}, "merges": []}}"#;
    for (bytes, options, message) in [
        (&json[..], none, "HuggingFace"),
        (b"YQ== 0\n", pattern, "Tiktoken"),
        (
            b"YQ== 0\n",
            none,
            "x: a rank file does not hold its pattern; give one by name (gpt2, r50k, cl100k, llama3, \
             qwen2, qwen3_5, o200k, tekken, kimi, deepseek_v3, clip) or as a regular expression",
        ),
        (
            b"YQ== 0\n",
            Options { pattern: Some(PatternArg::from("o200")), ..none },
            "x: unknown pattern \"o200\"; known are gpt2, r50k, cl100k, llama3, qwen2, qwen3_5, \
             o200k, tekken, kimi, deepseek_v3, clip; or give a regular expression",
        ),
        (json, pattern, "x: the file has its own pattern; give none (this is a tokenizer.json)"),
        (
            json,
            special,
            "x: the file has its own special tokens; give none (this is a tokenizer.json)",
        ),
        (
            b"{\"a\": 0}",
            none,
            "x: the merges are missing; give merges.txt too (this is a vocab.json)",
        ),
        (
            b"#version: 0.2\na b\n",
            none,
            "x: the vocabulary is missing; give vocab.json too (this is a merges.txt)",
        ),
        (b"CTOK\0\0\0\0", none, "x: the file is baked already (this is a comptok blob)"),
        (b"\x1F\x8B\x08\0", none, "x: damaged gzip: unexpected end of file"),
        (b"\n\x0E\n\x05<unk>\x15\0\0\0\0\x18\x02", none, "SentencePiece"),
        (
            b"{\"config\": {}, \"vocab\": []}",
            none,
            "x:1:12: config: \"default_vocab_size\" is missing",
        ),
        (b"[PAD]\n[UNK]\n", none, "HuggingFace"),
        (
            b"\0\0",
            none,
            "x: unknown format; known are tokenizer.json, tekken.json, tiktoken ranks, SentencePiece \
             models, vocab.txt, CLIP's merges, GGUF, vocab.json with merges.txt",
        ),
    ] {
        assert_eq!(said(bytes, options), message, "{}", bytes.escape_ascii());
    }
}

#[test]
fn vocab_json_and_merges_txt() {
    let vocab = r#"{"a": 0, "b": 1, "ab": 2, "<|endoftext|>": 9, "Ġ": 3}"#;
    let read = read::vocab_merges(vocab.as_bytes(), b"#version: 0.2\r\na b\r\n").expect("read");
    let spec = read.strict().expect("nothing odd");
    let Model::Bpe(Bpe { vocab, merges, ignore_merges: false, .. }) = &spec.model else {
        panic!("not a BPE")
    };
    assert_eq!(vocab.iter().map(|(_, id)| id).collect::<Vec<_>>(), [0, 1, 2, 3, 9]);
    assert_eq!(merges, &Merges::List(vec![(0, 1)]));
    let [AddedToken { id: 9, special: true, normalized: false, .. }] = &spec.added_tokens[..]
    else {
        panic!("{:?}", spec.added_tokens)
    };
    assert_eq!(spec.family, Family::HuggingFace);
    assert_eq!(
        spec.pre_tokenizer,
        Some(PreTokenizer::ByteLevel {
            add_prefix_space: false,
            trim_offsets: true,
            use_regex: true
        })
    );
    assert!(matches!(spec.decoder, Some(Decoder::ByteLevel { .. })));
    assert!(matches!(spec.post_processor, Some(PostProcessor::ByteLevel { .. })));

    for (vocab, merges, message) in [
        (
            "{\"a\": 0,\n\"b\": \"c\"}",
            "",
            "x:2:1: b: found the string \"c\", a token id from 0 to 4294967295 is wanted",
        ),
        ("[]", "", "x:1:1: found an array, an object of token: id is wanted"),
        (
            "3",
            "",
            "x:1:1: found integer `3`, an object of token: id, or for Unigram an array of [token, score] is wanted",
        ),
        ("{\"a\": 0", "", "x:1:7: not JSON: EOF while parsing an object"),
        (
            "{\"a\": 0}",
            "#version\n\na a",
            "x:2:1: merge 1: \"\" has 0 spaces, one is wanted between two tokens (tokens with spaces need the form [\"a\", \"b\"])",
        ),
        (
            "{\"a\": 0}",
            "#version\na a",
            "x:2:1: merge 1: \"a\" + \"a\" makes \"aa\", which is not in the vocabulary",
        ),
        ("{\"a\": 0}", "a b", "x:1:1: merge 0: \"b\" is not in the vocabulary"),
    ] {
        let error = read::vocab_merges(vocab.as_bytes(), merges.as_bytes()).expect_err(message);
        assert_eq!(error.in_file("x"), message);
    }
    let odd = read::vocab_merges(b"{\"a\": 0, \"aa\": 1, \"a\": 0}", b"a a\na a").expect("read");
    let said: Vec<_> =
        odd.warnings.iter().map(|w| format!("{}:{}: {w}", w.line, w.column)).collect();
    assert_eq!(
        said,
        [
            "1:19: \"a\" is listed twice, as 0 and as 0; it is 0",
            "2:1: merge 1: \"a\" + \"a\" is listed twice; the last one counts"
        ]
    );
}

/// A rank file for "a", "b", "ab", a space, "é" and its bytes.
fn ranks(pattern: &str, special_tokens: &[(&str, u32)]) -> Spec {
    let special: Vec<_> = special_tokens.iter().map(|&(name, id)| (name.to_owned(), id)).collect();
    let file = b"YQ== 0\nYg== 1\nYWI= 2\nIA== 3\nw6k= 4\n/w== 5\nww== 6\nqQ== 7\n";
    read::tiktoken(file, PatternArg::Regex(pattern), &special).expect("a rank file").spec
}

#[test]
fn ranks_become_a_byte_level_bpe() {
    let spec = ranks(r"\p{N}{1,3}+|\S+|\s++$|\s", &[("<a é>", 9)]);
    let written = write::tokenizer_json(&spec).expect("it has a tokenizer.json");
    let again = read::tokenizer_json(written.as_bytes()).expect("as written").strict();
    let again = again.expect("nothing odd");
    assert_eq!(again.added_tokens, spec.added_tokens);
    let Model::Bpe(bpe) = &again.model else { panic!("not a BPE") };
    let tokens: Vec<_> = bpe
        .vocab
        .iter()
        .map(|(token, id)| (std::str::from_utf8(token).expect("UTF-8"), id))
        .collect();
    let bytes = [("ÿ", 5), ("Ã", 6), ("©", 7)];
    let wanted = [[("a", 0), ("b", 1), ("ab", 2), ("Ġ", 3), ("Ã©", 4)].as_slice(), &bytes].concat();
    assert_eq!(tokens, [wanted, vec![("<a é>", 9)]].concat());
    // The parts of "é" have higher ranks than it.
    assert_eq!(bpe.merges, Merges::List(vec![(0, 1), (6, 7)]));
    assert!(bpe.ignore_merges);
    let Some(PreTokenizer::Sequence(steps)) = again.pre_tokenizer else { panic!("two steps") };
    let [
        PreTokenizer::Split { pattern: Pattern::Regex(regex), .. },
        PreTokenizer::ByteLevel { add_prefix_space: false, trim_offsets: true, use_regex: false },
    ] = &steps[..]
    else {
        panic!("{steps:?}")
    };
    assert_eq!(regex, r"(?>\p{N}{1,3})|\S+|\s++\z|\s");
}

/// In the vocabulary "end" would be the answer for the word, where special tokens are text. "<e>" is no word.
#[test]
fn special_tokens_are_no_words_of_the_model() {
    for (special, listed) in [
        (&[("<a>", 8), ("<e>", 9)][..], &["<a>", "<e>"][..]),
        (&[("end", 8), ("<e>", 9)], &[]),
        (&[("end", 8), ("<e>", 10)], &["end", "<e>"]),
        (&[("<e>", 9), ("end", 10)], &["<e>", "end"]),
        (&[("<a>", 8), ("<e>", 10), ("end", 11)], &["<a>", "<e>", "end"]),
    ] {
        let written =
            write::tokenizer_json(&ranks(GPT2, special)).expect("it has a tokenizer.json");
        let again = read::tokenizer_json(written.as_bytes()).expect("as written").strict();
        let spec = again.expect("the ids are those of the list");
        let ids = spec.added_tokens.iter().map(|token| (&*token.content, token.id));
        assert_eq!(ids.collect::<Vec<_>>(), special);
        let Model::Bpe(bpe) = &spec.model else { panic!("not a BPE") };
        let texts = bpe.vocab.iter().skip(8).map(|(token, _)| token);
        assert!(texts.eq(listed.iter().map(|text| text.as_bytes())), "{special:?}");
    }
}

#[test]
fn what_cannot_be_written() {
    let said = |spec: &Spec| write::tokenizer_json(spec).expect_err("not the same").to_string();
    assert_eq!(said(&ranks(r"\w+", &[])), "pattern \"\\\\w+\" cannot be written: \\w");
    assert_eq!(
        said(&ranks(GPT2, &[("ab", 9)])),
        "ids 2 and 9 are both spelled \"ab\", a vocabulary can hold only one"
    );
    let mut spec = ranks(GPT2, &[]);
    spec.pre_tokenizer = Some(PreTokenizer::ByteLevel {
        add_prefix_space: false,
        trim_offsets: true,
        use_regex: true,
    });
    assert_eq!(
        said(&spec),
        "the model's tokens are bytes already, but the pre-tokenizer has ByteLevel"
    );

    let json = br#"{"model": {"vocab": {"a": 0, "aa": 1}, "merges": ["a a"]}}"#;
    let good = read::tokenizer_json(json).expect("read").spec;
    assert!(write::tokenizer_json(&good).is_ok());
    let with_bpe = |change: fn(&mut Bpe)| {
        let mut spec = good.clone();
        match &mut spec.model {
            Model::Bpe(bpe) => change(bpe),
            _ => panic!("not a BPE"),
        }
        spec
    };
    for (spec, message) in [
        (with_bpe(|bpe| bpe.vocab.push(b"\xFF", 2)), "token \"\u{fffd}\" (id 2) is not UTF-8"),
        (
            with_bpe(|bpe| bpe.vocab.push(b"a", 2)),
            "ids 0 and 2 are both spelled \"a\", a vocabulary can hold only one",
        ),
        (
            with_bpe(|bpe| bpe.merges = Merges::List(vec![(0, 7)])),
            "a merge has id 7, which has no token",
        ),
        (with_bpe(|bpe| bpe.merges = Merges::ByRank), "merges by rank need a vocabulary of bytes"),
        (with_bpe(|bpe| bpe.dropout = Some(f32::NAN)), "dropout is NaN"),
        (
            Spec {
                model: Model::Unigram {
                    unk_id: None,
                    pieces: vec![("a".to_owned(), f64::INFINITY)],
                    byte_fallback: false,
                },
                ..good.clone()
            },
            "the score of \"a\" is inf",
        ),
    ] {
        assert_eq!(said(&spec), message);
    }
    let mut spec = good.clone();
    spec.added_tokens.push(AddedToken {
        id: 7,
        content: "x".to_owned(),
        single_word: false,
        lstrip: false,
        rstrip: false,
        normalized: false,
        special: true,
    });
    assert_eq!(
        said(&spec),
        "added token \"x\" has id 7, but HuggingFace tokenizers would give it 2"
    );
    spec.added_tokens[0].id = 2;
    assert!(write::tokenizer_json(&spec).is_ok());
}

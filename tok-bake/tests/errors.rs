//! Every way in which a file can be wrong, and what is said about it, with line and column.

use comptok_bake::read;

/// What is said about a tokenizer.json.
#[track_caller]
fn says(text: &str, message: &str) {
    match read::tokenizer_json(text.as_bytes()) {
        Ok(_) => panic!("read: {text}"),
        Err(error) => assert_eq!(error.in_file("x"), message, "{text}"),
    }
}

/// A file with a model that has these members; they begin in line 2.
fn model(members: &str) -> String {
    format!("{{\"model\": {{\n{members}\n}}}}")
}

/// A file with one member besides a model; its value begins in line 2.
fn member(key: &str, value: &str) -> String {
    format!("{{\"model\": {{\"vocab\": {{\"a\": 0}}, \"merges\": []}},\n\"{key}\": {value}}}")
}

#[test]
fn the_text_itself() {
    for (text, message) in [
        ("", "x:1:1: not JSON: the file is empty"),
        (" \n", "x:2:1: not JSON: the file is empty"),
        ("\u{feff}{}", "x:1:1: not JSON: the file begins with a byte order mark; remove it"),
        (
            r#"{"é": 1}"#,
            r#"x:1:7: ["é"]: unknown member; known are version, truncation, padding, added_tokens, normalizer, pre_tokenizer, post_processor, decoder, model"#,
        ),
        (
            r#"{
  "version": "é" 3}"#,
            "x:2:18: not JSON: expected `,` or `}`",
        ),
        (r#"{"version": "1.0""#, "x:1:17: not JSON: EOF while parsing an object"),
        ("[]", "x:1:1: found an array, an object is wanted"),
        ("{} {}", "x:1:4: not JSON: trailing characters"),
        ("{}", r#"x:1:1: "model" is missing; is this a tokenizer.json?"#),
        (r#"{"model": null}"#, "x:1:11: model: found null, an object is wanted"),
        (r#"{"model": {}}"#, r#"x:1:11: model: "vocab" is missing"#),
        (
            r#"{"version": "3.0"}"#,
            r#"x:1:13: version: found the string "3.0", "1.0" or "2.0" is wanted"#,
        ),
        (r#"{"version": 1}"#, r#"x:1:13: version: found the number 1, "1.0" or "2.0" is wanted"#),
    ] {
        says(text, message);
    }
    let deep = format!("{{\"decoder\": {}", "[".repeat(200_000));
    says(&deep, "x:1:139: not JSON: recursion limit exceeded");
    let error = read::tokenizer_json(b"{\"version\":\n \"\xFF\"}").expect_err("not UTF-8");
    assert_eq!(error.in_file("x"), "x:2:3: not UTF-8 (found byte 0xFF)");
}

#[test]
fn models_and_their_vocabularies() {
    for (members, message) in [
        (
            r#""type": "Bpe""#,
            r#"x:2:9: model.type: found the string "Bpe", "BPE" or "WordPiece" or "WordLevel" or "Unigram" is wanted"#,
        ),
        (
            r#""type": 3"#,
            r#"x:2:9: model.type: found the number 3, "BPE" or "WordPiece" or "WordLevel" or "Unigram" is wanted"#,
        ),
        (r#""type": "BPE""#, r#"x:1:11: model: "vocab" is missing"#),
        (
            r#""vocab": null"#,
            "x:2:10: model.vocab: found null, an object of token: id, or for Unigram an array of [token, score] is wanted",
        ),
        (r#""vocab": {"a": 0,}"#, "x:2:18: not JSON: trailing comma"),
        (
            r#""vocab": {"a": 1,
 "b": -1}"#,
            "x:3:2: model.vocab.b: found the number -1, a token id from 0 to 4294967295 is wanted",
        ),
        (
            r#""vocab": {"a": 1,
 "b c": "d"}"#,
            r#"x:3:2: model.vocab["b c"]: found the string "d", a token id from 0 to 4294967295 is wanted"#,
        ),
        (
            r#""vocab": {"a": 4294967296}"#,
            "x:2:11: model.vocab.a: found the number 4294967296, a token id from 0 to 4294967295 is wanted",
        ),
        (
            r#""vocab": {"a": 1.5}"#,
            "x:2:11: model.vocab.a: found the number 1.5, a token id from 0 to 4294967295 is wanted",
        ),
        (
            r#""vocab": {"a": [1]}"#,
            "x:2:11: model.vocab.a: found an array, a token id from 0 to 4294967295 is wanted",
        ),
        (
            r#""vocab": {"a": 1}"#,
            r#"x:1:11: model: "type" is missing, and the members fit no model: BPE has vocab and merges, WordPiece and WordLevel have vocab and unk_token, Unigram has a vocab that is an array"#,
        ),
        (r#""type": "BPE", "vocab": {"a": 1}"#, r#"x:1:11: model: "merges" is missing"#),
        (
            r#""type": "BPE", "vocab": [["a", 1]]"#,
            "x:2:25: model.vocab: found an array, an object of token: id is wanted",
        ),
        (
            r#""type": "Unigram", "vocab": {"a": 1}"#,
            "x:2:29: model.vocab: found an object, an array of [token, score] is wanted",
        ),
        (
            r#""vocab": [["a", 1], ["b"]]"#,
            "x:2:21: model.vocab[1]: found an array of 1, [token, score] is wanted",
        ),
        (
            r#""vocab": [["a", 1],
 [3, "b"]]"#,
            r#"x:3:2: model.vocab[1]: found an array of the number 3 and the string "b", [token, score] is wanted"#,
        ),
        (
            r#""vocab": [["a", 1],
 ["b", null]]"#,
            "x:3:8: model.vocab[1][1]: found null, a score is wanted",
        ),
        (r#""vocab": [3]"#, "x:2:11: model.vocab[0]: found the number 3, [token, score] is wanted"),
        (
            r#""vocab": [["a", 1]], "unk_id": 1"#,
            "x:2:32: model.unk_id: found 1, the vocabulary has 1 pieces",
        ),
        (
            r#""vocab": [["a", 1]], "unk_id": -1"#,
            "x:2:32: model.unk_id: found the number -1, a whole number from 0 to 4294967295 is wanted",
        ),
        (r#""type": "WordPiece", "vocab": {"a": 1}"#, r#"x:1:11: model: "unk_token" is missing"#),
        (
            r#""type": "WordLevel", "vocab": {"a": 1}, "unk_token": 3"#,
            "x:2:54: model.unk_token: found the number 3, a string is wanted",
        ),
        (
            r#""vocab": {"a": 0, "b": 0, "ab": 1, "bb": 2},
"merges": [["b", "b"]]"#,
            r#"x:3:12: merge 0: "b" shares its id 0 with another token; give each its own"#,
        ),
    ] {
        says(&model(members), message);
    }
}

#[test]
fn merges() {
    for (merges, message) in [
        (
            r#"[["t", "h"],
 ["th", "ere"]]"#,
            r#"x:5:2: merge 1: "th" + "ere" makes "there", which is not in the vocabulary"#,
        ),
        (
            r#"["t h",
 "th ere"]"#,
            r#"x:5:2: merge 1: "th" + "ere" makes "there", which is not in the vocabulary"#,
        ),
        (r#"["t x"]"#, r#"x:4:12: merge 0: "x" is not in the vocabulary"#),
        (r#"[["xy", "h"]]"#, r#"x:4:12: merge 0: "xy" is not in the vocabulary"#),
        (
            r#"["t h", "t h e"]"#,
            r#"x:4:19: merge 1: "t h e" has 2 spaces, one is wanted between two tokens (tokens with spaces need the form ["a", "b"])"#,
        ),
        (
            r#"["th"]"#,
            r#"x:4:12: merge 0: "th" has 0 spaces, one is wanted between two tokens (tokens with spaces need the form ["a", "b"])"#,
        ),
        (
            r#"["t h", ["t", "h"]]"#,
            r#"x:4:19: model.merges[1]: the file writes some merges as "a b" and some as ["a", "b"]; write all of them as ["a", "b"]"#,
        ),
        (
            r#"[["t", "h", "h"]]"#,
            r#"x:4:12: model.merges[0]: found an array of 3, "a b" or ["a", "b"] is wanted"#,
        ),
        (
            r#"[["t", 3]]"#,
            r#"x:4:12: model.merges[0]: found an array of the string "t" and the number 3, "a b" or ["a", "b"] is wanted"#,
        ),
        ("[3]", r#"x:4:12: model.merges[0]: found the number 3, "a b" or ["a", "b"] is wanted"#),
        ("3", "x:4:11: model.merges: found the number 3, an array of merges is wanted"),
        ("{}", "x:4:11: model.merges: found an object, an array of merges is wanted"),
        (
            r#"[["t", "h"]], "dropout": 2"#,
            "x:4:36: model.dropout: found the number 2, a number from 0 to 1 is wanted",
        ),
        (
            r#"[["t", "h"]], "unk_token": {}"#,
            "x:4:38: model.unk_token: found an object, a string is wanted",
        ),
        (
            r#"[["t", "h"]], "fuse_unk": 1"#,
            "x:4:37: model.fuse_unk: found the number 1, true or false is wanted",
        ),
        (
            r###"[["t", "h"]], "continuing_subword_prefix": "##""###,
            r###"x:4:12: merge 0: "h" is shorter than continuing_subword_prefix "##""###,
        ),
    ] {
        let vocab = r#""vocab": {"t": 0, "h": 1, "th": 2, "ere": 3}"#;
        says(&model(&format!("\"type\": \"BPE\",\n{vocab},\n\"merges\": {merges}")), message);
    }
}

#[test]
fn components() {
    for (key, value, message) in [
        ("added_tokens", "null", "x:2:17: added_tokens: found null, an array is wanted"),
        ("added_tokens", "[3]", "x:2:18: added_tokens[0]: found the number 3, an object is wanted"),
        (
            "added_tokens",
            r#"[{"content":"x","id":3}]"#,
            r#"x:2:18: added_tokens[0]: "single_word" is missing"#,
        ),
        (
            "added_tokens",
            r#"[{"id":-3}]"#,
            "x:2:24: added_tokens[0].id: found the number -3, a whole number from 0 to 4294967295 is wanted",
        ),
        ("truncation", "[]", "x:2:15: truncation: found an array, an object is wanted"),
        ("truncation", "{}", r#"x:2:15: truncation: "max_length" is missing"#),
        (
            "truncation",
            r#"{"max_length":5,"strategy":"longest_first","stride":0}"#,
            r#"x:2:42: truncation.strategy: found the string "longest_first", "LongestFirst" or "OnlyFirst" or "OnlySecond" is wanted"#,
        ),
        (
            "truncation",
            r#"{"max_length":-5}"#,
            "x:2:29: truncation.max_length: found the number -5, a whole number of 0 or more is wanted",
        ),
        (
            "truncation",
            r#"{"direction":"up","max_length":5}"#,
            r#"x:2:28: truncation.direction: found the string "up", "Left" or "Right" is wanted"#,
        ),
        (
            "padding",
            r#"{"strategy":{"Fixed":"x"}}"#,
            r#"x:2:33: padding.strategy.Fixed: found the string "x", a whole number of 0 or more is wanted"#,
        ),
        (
            "padding",
            r#"{"strategy":"Fixed"}"#,
            r#"x:2:24: padding.strategy: found the string "Fixed", "BatchLongest" or {"Fixed": n} is wanted"#,
        ),
        (
            "padding",
            r#"{"direction":3,"strategy":"BatchLongest"}"#,
            r#"x:2:25: padding.direction: found the number 3, "Left" or "Right" is wanted"#,
        ),
        ("normalizer", "3", "x:2:15: normalizer: found the number 3, an object is wanted"),
        (
            "normalizer",
            r#"{"type":"Foo"}"#,
            r#"x:2:23: normalizer.type: found the string "Foo", which is no normalizer; known are BertNormalizer, Strip, StripAccents, NFC, NFD, NFKC, NFKD, Sequence, Lowercase, Nmt, Precompiled, Replace, Prepend, ByteLevel"#,
        ),
        (
            "normalizer",
            "{}",
            r#"x:2:15: normalizer: "type" is missing; known are BertNormalizer, Strip, StripAccents, NFC, NFD, NFKC, NFKD, Sequence, Lowercase, Nmt, Precompiled, Replace, Prepend, ByteLevel"#,
        ),
        (
            "normalizer",
            r#"{"clean_text":1,"type":"BertNormalizer"}"#,
            "x:2:29: normalizer.clean_text: found the number 1, true or false is wanted",
        ),
        (
            "normalizer",
            r#"{"normalizers":[{"type":"NFC"},{"pattern":"a","type":"Replace"}],"type":"Sequence"}"#,
            r#"x:2:57: normalizer.normalizers[1].pattern: found the string "a", an object is wanted"#,
        ),
        (
            "normalizer",
            r#"{"normalizers":{},"type":"Sequence"}"#,
            "x:2:30: normalizer.normalizers: found an object, an array is wanted",
        ),
        (
            "normalizer",
            r#"{"pattern":{"Regex":3},"type":"Replace"}"#,
            "x:2:35: normalizer.pattern.Regex: found the number 3, a string is wanted",
        ),
        (
            "normalizer",
            r#"{"prepend":100,"type":"Prepend"}"#,
            "x:2:26: normalizer.prepend: found the number 100, a string is wanted",
        ),
        (
            "normalizer",
            r#"{"precompiled_charsmap":"AA*A","type":"Precompiled"}"#,
            "x:2:39: normalizer.precompiled_charsmap: not base64 (at byte 3)",
        ),
        (
            "normalizer",
            r#"{"precompiled_charsmap":"AAA=","type":"Precompiled"}"#,
            "x:2:39: normalizer.precompiled_charsmap: not a character map (shorter than its header)",
        ),
        (
            "normalizer",
            r#"{"precompiled_charsmap":"CAAAAAAA","type":"Precompiled"}"#,
            "x:2:39: normalizer.precompiled_charsmap: not a character map (its header announces 8 bytes, 2 follow)",
        ),
        (
            "normalizer",
            r#"{"precompiled_charsmap":"AAAAAP8=","type":"Precompiled"}"#,
            "x:2:39: normalizer.precompiled_charsmap: not a character map (its texts are not UTF-8)",
        ),
        (
            "normalizer",
            r#"{"precompiled_charsmap":3,"type":"Precompiled"}"#,
            "x:2:39: normalizer.precompiled_charsmap: found the number 3, a string is wanted",
        ),
        (
            "pre_tokenizer",
            r#"{"delimiter":"-","type":"Delimiter"}"#,
            r#"x:2:42: pre_tokenizer.type: found the string "Delimiter", which is no pre-tokenizer; known are BertPreTokenizer, ByteLevel, CharDelimiterSplit, Metaspace, Whitespace, Sequence, Split, Punctuation, WhitespaceSplit, Digits, UnicodeScripts, FixedLength"#,
        ),
        (
            "pre_tokenizer",
            r#"{"delimiter":"--","type":"CharDelimiterSplit"}"#,
            r#"x:2:31: pre_tokenizer.delimiter: found the string "--", a string of one char is wanted"#,
        ),
        (
            "pre_tokenizer",
            r#"{"behavior":"isolated","invert":false,"pattern":{"Regex":"a"},"type":"Split"}"#,
            r#"x:2:30: pre_tokenizer.behavior: found the string "isolated", "Removed" or "Isolated" or "MergedWithPrevious" or "MergedWithNext" or "Contiguous" is wanted"#,
        ),
        (
            "pre_tokenizer",
            r#"{"add_prefix_space":false,"replacement":"▁","type":"Metaspace"}"#,
            r#"x:2:18: pre_tokenizer: "add_prefix_space": false contradicts prepend_scheme, which is "always" unless it is given; the reference refuses the file, write "prepend_scheme": "never""#,
        ),
        (
            "pre_tokenizer",
            r#"{"prepend_scheme":"last","replacement":"▁","type":"Metaspace"}"#,
            r#"x:2:36: pre_tokenizer.prepend_scheme: found the string "last", "first" or "never" or "always" is wanted"#,
        ),
        (
            "pre_tokenizer",
            r#"{"trim_offsets":true,"type":"ByteLevel"}"#,
            r#"x:2:18: pre_tokenizer: "add_prefix_space" is missing"#,
        ),
        (
            "post_processor",
            r#"{"type":"Foo"}"#,
            r#"x:2:27: post_processor.type: found the string "Foo", which is no post-processor; known are RobertaProcessing, BertProcessing, ByteLevel, TemplateProcessing, Sequence"#,
        ),
        (
            "post_processor",
            r#"{"cls":["b",1],"sep":["a"],"type":"BertProcessing"}"#,
            "x:2:40: post_processor.sep: found an array, [token, id] is wanted",
        ),
        (
            "post_processor",
            r#"{"cls":["b",1],"sep":["a","b"],"type":"BertProcessing"}"#,
            r#"x:2:45: post_processor.sep[1]: found the string "b", a whole number from 0 to 4294967295 is wanted"#,
        ),
        (
            "post_processor",
            r#"{"single":[{"Sequence":{"id":"C","type_id":0}}],"type":"TemplateProcessing"}"#,
            r#"x:2:48: post_processor.single[0].Sequence.id: found the string "C", "A" or "B" is wanted"#,
        ),
        (
            "post_processor",
            r#"{"single":["$A"],"type":"TemplateProcessing"}"#,
            r#"x:2:30: post_processor.single[0]: found the string "$A", an object is wanted"#,
        ),
        (
            "post_processor",
            r#"{"pair":[],"single":[],"special_tokens":{"[CLS]":{"id":"[CLS]","ids":["x"],"tokens":[]}},"type":"TemplateProcessing"}"#,
            r#"x:2:89: post_processor.special_tokens["[CLS]"].ids[0]: found the string "x", a whole number from 0 to 4294967295 is wanted"#,
        ),
        (
            "decoder",
            r#"{"type":"Foo"}"#,
            r#"x:2:20: decoder.type: found the string "Foo", which is no decoder; known are BPEDecoder, ByteLevel, WordPiece, Metaspace, CTC, Sequence, Replace, Fuse, Strip, ByteFallback"#,
        ),
        (
            "decoder",
            r#"{"content":" ","start":-1,"type":"Strip"}"#,
            "x:2:35: decoder.start: found the number -1, a whole number of 0 or more is wanted",
        ),
        (
            "decoder",
            r#"{"decoders":[{"type":"ByteFallback"},{"type":"Nope"}],"type":"Sequence"}"#,
            r#"x:2:57: decoder.decoders[1].type: found the string "Nope", which is no decoder; known are BPEDecoder, ByteLevel, WordPiece, Metaspace, CTC, Sequence, Replace, Fuse, Strip, ByteFallback"#,
        ),
        (
            "decoder",
            r#"{"type":"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"}"#,
            r#"x:2:20: decoder.type: found the string "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx"…, which is no decoder; known are BPEDecoder, ByteLevel, WordPiece, Metaspace, CTC, Sequence, Replace, Fuse, Strip, ByteFallback"#,
        ),
    ] {
        says(&member(key, value), message);
    }
}

/// Whatever the input is, what is quoted of it is short.
#[test]
fn quotations_are_cut() {
    let long = "x".repeat(100_000);
    let file = member("decoder", &format!("{{\"type\": \"{long}\"}}"));
    let error = read::tokenizer_json(file.as_bytes()).expect_err("no such decoder");
    assert!(error.message.starts_with(&format!(
        "decoder.type: found the string \"{}\"…, which is no decoder; known are ",
        &long[..40]
    )));
    assert!(error.message.len() < 300);
    for members in [
        format!("\"type\": \"BPE\", \"vocab\": {{\"{long}\": -1}}"),
        format!("\"vocab\": {{\"a\": 1, \"{long}\": 2}}, \"merges\": [\"a {long}\"]"),
        format!("\"vocab\": {{\"a\": 1}}, \"merges\": [\"{long}\"]"),
        format!("\"vocab\": [[\"{long}\", \"{long}\"]]"),
    ] {
        let error = read::tokenizer_json(model(&members).as_bytes()).expect_err("wrong");
        assert!(error.message.len() < 300, "{}", error.message);
        assert!(error.line == 2 && error.column > 1);
    }
}

/// What a file gets away with, and what it is warned of.
#[test]
fn warnings() {
    let token = |id: u32, content: &str| {
        format!(
            "{{\"id\": {id}, \"content\": \"{content}\", \"single_word\": false, \"lstrip\": false, \
             \"rstrip\": false, \"normalized\": false, \"special\": true}}"
        )
    };
    let tokens = |tokens: &[String]| format!("[\n{}\n]", tokens.join(",\n"));
    for (file, expected) in [
        (
            model("\"vocab\": {\"a\": 5,\n\"b\": 1,\n\"a\": 0}, \"merges\": []"),
            vec!["x:4:1: \"a\" is listed twice, as 5 and as 0; it is 0"],
        ),
        (
            model("\"vocab\": {\"a\": 0, \"b\": 1,\n\"c\": 0}, \"merges\": []"),
            vec!["x:3:1: \"c\" has the id of \"a\", 0, which decodes to \"a\""],
        ),
        (
            model("\"vocab\": {\"a\": 0, \"aa\": 1},\n\"merges\": [\"a a\",\n\"a a\"]"),
            vec!["x:4:1: merge 1: \"a\" + \"a\" is listed twice; the last one counts"],
        ),
        (
            model("\"vocab\": [[\"a\", 0],\n[\"a\", 1]]"),
            vec!["x:3:1: \"a\" is listed twice, as 0 and as 1; it is 1"],
        ),
        (
            model("\"vocab\": {\"a\": 0}, \"unk_token\": \"a\", \"merges\": [\"b b\"]"),
            vec![
                "x:1:11: model: names no type; read as WordLevel, because it cannot be read as BPE",
            ],
        ),
        (
            member("added_tokens", &tokens(&[token(7, "x"), token(1, ""), token(0, "a")])),
            vec![
                "x:3:1: added_tokens[0]: \"x\" is listed with id 7; it is 1, as in the reference",
                "x:4:1: added_tokens[1]: its content is empty; it is ignored",
            ],
        ),
        (
            member("added_tokens", &tokens(&[token(1, "x"), token(1, "x")])),
            vec!["x:4:1: added_tokens[1]: \"x\" is listed twice; the last one counts"],
        ),
        (
            "{\"model\": {\"vocab\": {\"a\": 0, \"b\": 2}, \"merges\": []}, \"added_tokens\": "
                .to_owned()
                + &tokens(&[token(2, "x"), token(2, "b")])
                + "}",
            vec!["x:3:1: added_tokens[1]: \"b\" takes the id 2 of \"x\", which is never found now"],
        ),
    ] {
        let read = read::tokenizer_json(file.as_bytes()).expect("odd, but read");
        let said: Vec<_> =
            read.warnings.iter().map(|w| format!("x:{}:{}: {w}", w.line, w.column)).collect();
        assert_eq!(said, expected, "{file}");
        let error = read.strict().expect_err("strict");
        assert_eq!(error.in_file("x"), expected[0]);
    }
}

/// Every warning has its place, however many there are, and those of bake too.
#[test]
fn warnings_have_places() {
    let vocab: Vec<String> = (0..9).map(|id| format!("\"a\": {id}, \"é\": {id}")).collect();
    let token = |content: &str| {
        format!(
            "{{\"id\": 0, \"content\": {content:?}, \"single_word\": false, \"lstrip\": false, \
             \"rstrip\": false, \"normalized\": true, \"special\": false}}"
        )
    };
    let tokens = [token("A"), token("x"), token("a"), token("x")].join(",\n");
    let file = format!(
        "{{\"added_tokens\": [\n{tokens}],\n\"normalizer\": {{\"type\": \"NFKC\"}},\n\"pre_tokenizer\": \
         {{\"type\": \"ByteLevel\", \"add_prefix_space\": false, \"trim_offsets\": true, \"use_regex\": \
         true}},\n \"model\": {{\"type\": \"BPE\", \"vocab\": {{{}}}, \"merges\": []}}}}",
        vocab.join(",\n")
    )
    .replace("\"A\"", "\"\u{FF41}\"");
    let baked = comptok_bake::bake_file(file.as_bytes(), &Default::default()).expect("it bakes");
    let places: Vec<_> = baked.warnings.iter().map(|w| (w.place_in("x"), w.path.clone())).collect();
    // Those of the vocabulary: one for each line of two entries, behind the first.
    assert!(places.contains(&("x:14:9".into(), "model.vocab[\"é\"]".into())), "{places:?}");
    assert!(places.iter().all(|(place, _)| place.starts_with("x:")), "{places:?}");
    assert!(places.len() > 16, "{places:?}");
    let of = |said: &str| {
        let found = baked.warnings.iter().find(|warning| warning.message.contains(said));
        found.map(|warning| (warning.line, warning.path.clone()))
    };
    assert_eq!(of("both match"), Some((4, "added_tokens[2]".to_owned())));
    assert_eq!(of("listed twice; the last one"), Some((5, "added_tokens[3]".to_owned())));
}

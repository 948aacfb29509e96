//! tekken.json: what is read, and what is wrong with what cannot be.

use comptok_bake::{
    read,
    spec::{Model, Spec},
};

fn file(config: &str, special: &str, vocab: &str) -> String {
    format!("{{\"config\": {{\"pattern\": \"a|b\", {config}}}, {special} \"vocab\": [{vocab}]}}")
}

const CONFIG: &str = "\"default_vocab_size\": 5, \"default_num_special_tokens\": 2";
const VOCAB: &str = "{\"rank\": 1, \"token_bytes\": \"Yg==\", \"token_str\": \"b\"}, \
                     {\"token_bytes\": \"YQ==\", \"rank\": 0}, {\"rank\": 2, \"token_bytes\": \"YWI=\"}, \
                     {\"rank\": 3, \"token_bytes\": \"YmI=\"}";

fn spec(text: &str) -> Spec {
    read::read(text.as_bytes(), read::Options::default()).expect("a tekken.json").spec
}

#[test]
fn special_tokens_come_first_and_ranks_beyond_the_vocabulary_are_left_out() {
    let listed =
        "\"special_tokens\": [{\"rank\": 1, \"token_str\": \"[X]\", \"is_control\": true}],";
    for (special, names) in [("", ["<unk>", "<s>"]), (listed, ["<SPECIAL_0>", "[X]"])] {
        let spec = spec(&file(CONFIG, special, VOCAB));
        let added: Vec<_> =
            spec.added_tokens.iter().map(|token| (token.id, &*token.content)).collect();
        assert_eq!(added, [(0, names[0]), (1, names[1])]);
        let Model::Bpe(model) = spec.model else { panic!("a BPE") };
        let vocab: Vec<_> = model.vocab.iter().collect();
        assert_eq!(vocab, [(&b"a"[..], 2), (b"b", 3), (b"ab", 4)]);
    }
}

#[test]
fn every_fault_has_its_message() {
    let broken = |entry: &str| file(CONFIG, "", &format!("{VOCAB}, {entry}"));
    let special = |entry: &str| file(CONFIG, &format!("\"special_tokens\": [{entry}],"), VOCAB);
    for (text, message) in [
        (broken("{\"rank\": 4}"), "vocab[4]: \"token_bytes\" is missing"),
        (broken("{\"token_bytes\": \"YQ==\"}"), "vocab[4]: \"rank\" is missing"),
        (
            broken("{\"rank\": -1}"),
            "vocab[4].rank: found the number -1, a rank from 0 to 2147483647 is wanted",
        ),
        (
            broken("{\"rank\": 1, \"token_bytes\": 7}"),
            "vocab[4].token_bytes: found the number 7, base64 is wanted",
        ),
        (
            broken("{\"rank\": 1, \"token_bytes\": \"Y*==\"}"),
            "vocab[4].token_bytes: found the string \"Y*==\", base64 is wanted (at byte 2)",
        ),
        (
            broken("{\"rank\": 1, \"token_bytes\": \"Yw==\"}"),
            "vocab[4]: rank 1 is listed twice (first in element 0)",
        ),
        (
            file("\"default_vocab_size\": 1, \"default_num_special_tokens\": 2", "", VOCAB),
            "config.default_num_special_tokens: found 2, the vocabulary has 1 tokens",
        ),
        (
            special("{\"rank\": 2, \"token_str\": \"x\"}"),
            "special_tokens[0]: found rank 2, the file has 2 special tokens",
        ),
        (
            special("{\"rank\": 0, \"token_str\": \"\"}"),
            "special_tokens[0]: found an empty token_str, text is wanted",
        ),
    ] {
        let error = read::tekken(text.as_bytes()).expect_err(&text);
        assert_eq!(error.to_string(), message, "{text}");
        assert!(error.line > 0, "{text}");
    }
}

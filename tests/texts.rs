//! The texts of an encoding's tokens are the same whoever asks for them, and when.

use comptok::{Direction, Encoding, FullOptions, Tokenizer};

fn load(name: &str) -> Tokenizer {
    Tokenizer::from_file(format!("tests/fixtures/{name}")).unwrap_or_else(|e| panic!("{e}"))
}

fn texts(encoding: &Encoding) -> Vec<String> {
    encoding.tokens().map(String::from).collect()
}

const TEXTS: [&str; 4] = ["the tokens of a text", "", "é thé 日本 [UNK]", "a"];

#[test]
fn whoever_asks_gets_the_same() {
    fn is_shared<T: Send + Sync>() {}
    is_shared::<Encoding>();
    let one = load("tiny.json");
    let other = load("general/word_piece.json");
    let options = FullOptions::default();
    let encode = |tokenizer: &Tokenizer, text| {
        tokenizer.encode_full(text, &options).unwrap_or_else(|e| panic!("{e}"))
    };
    for (first, second) in [(&one, &other), (&other, &one), (&one, &one), (&other, &other)] {
        for text in TEXTS {
            for then in TEXTS {
                let (a, b) = (encode(first, text), encode(second, then));
                // Nobody has asked the copies before they are joined.
                let joined = Encoding::merge([a.clone(), b.clone()], false);
                let wanted = [texts(&a), texts(&b)].concat();
                assert_eq!(texts(&joined), wanted);
                // Those that were asked already.
                assert_eq!(texts(&Encoding::merge([a.clone(), b.clone()], false)), wanted);
                assert_eq!(Encoding::merge([a, b], false), joined);

                let mut changed = joined.clone();
                assert_eq!(texts(&changed), wanted);
                changed.pad(wanted.len() + 2, 0, 0, "pad", Direction::Left);
                changed.pad(wanted.len() + 3, 0, 0, "end", Direction::Right);
                let padded = [vec!["pad".to_owned(); 2], wanted.clone(), vec!["end".into()]];
                assert_eq!(texts(&changed), padded.concat());
                changed.truncate(2, 1, Direction::Right).expect("the stride is less");
                assert_eq!(texts(&changed), ["pad", "pad"]);
                let last = changed.overflowing().last().expect("there are three tokens");
                assert_eq!(texts(last).last().map(String::as_str), Some("end"));
            }
        }
    }
    // It does not need its tokenizer.
    let encoding = encode(&load("tiny.json"), "the tokens");
    assert_eq!(encoding.token(0), Some("the"));
    assert_eq!(encoding.token(encoding.len()), None);
}

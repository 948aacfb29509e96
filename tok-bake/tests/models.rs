//! Models alone, against textbook twins.

use comptok_bake::{
    bake::model_alone,
    spec::{Family, Model, PreTokenizer, Spec, Vocab},
};
use comptok_core::{
    blob::{Header, Tables},
    model::{self, ModelError, Scratch, Token},
};

/// A `Spec` with this model and little else.
fn spec(model: Model) -> Spec {
    Spec {
        family: Family::HuggingFace,
        added_tokens: Vec::new(),
        normalizer: None,
        pre_tokenizer: None,
        model,
        post_processor: None,
        decoder: None,
        truncation: None,
        padding: None,
    }
}

/// Runs `test` on the baked model.
fn with_model<T>(spec: &Spec, test: impl FnOnce(&model::Model<'_>) -> T) -> T {
    let blob = model_alone(spec).expect("a model that can be baked");
    let header = Header::parse(&blob).expect("a blob");
    let tables = Tables::new(&blob, &header);
    test(&model::Model::parse(&tables).expect("a model"))
}

fn tokens(model: &model::Model<'_>, piece: &str) -> Result<Vec<Token>, ModelError> {
    let (mut scratch, mut out) = (Scratch::default(), Vec::new());
    model.tokenize(piece, &mut scratch, &mut out).map(|()| out)
}

fn vocab(tokens: &[&str]) -> Vocab {
    let mut vocab = Vocab::default();
    for (id, token) in tokens.iter().enumerate() {
        vocab.push(token.as_bytes(), id as u32);
    }
    vocab
}

const LONG: &str = "a token that is longer than level 0 can hold";

#[test]
fn word_level_finds_whole_words_of_any_length() {
    let mut words = vocab(&["<unk>", "a", "seventeen letters", LONG]);
    // Two texts may share an id.
    words.push(b"b", 1);
    words.push(format!("{LONG} too").as_bytes(), 3);
    let model = Model::WordLevel { vocab: words, unk_token: "<unk>".to_owned() };
    with_model(&spec(model), |model| {
        let longer = format!("{LONG} too");
        for (piece, id) in [
            ("a", 1),
            ("b", 1),
            ("c", 0),
            ("seventeen letters", 2),
            ("seventeen letterz", 0),
            (LONG, 3),
            (&longer, 3),
            (&longer[..longer.len() - 1], 0),
        ] {
            let end = piece.len() as u32;
            assert_eq!(tokens(model, piece), Ok(vec![Token { id, start: 0, end }]), "{piece}");
            assert_eq!(model.token_id(piece), (id > 0).then_some(id), "{piece}");
        }
        assert_eq!(model.token_text(3).as_deref(), Some(LONG));
        assert_eq!(model.token_text(4), None);
    });
    let model = Model::WordLevel { vocab: vocab(&["a"]), unk_token: "<unk>".to_owned() };
    with_model(&spec(model), |model| {
        assert_eq!(tokens(model, "b"), Err(ModelError::Unknown { at: 0 }));
    });
}

#[test]
fn byte_level_bpe_takes_text_and_shows_chars() {
    let json = include_bytes!("../../tests/fixtures/tiny.json");
    let spec = comptok_bake::read::tokenizer_json(json).expect("a tokenizer").spec;
    assert!(matches!(spec.pre_tokenizer, Some(PreTokenizer::ByteLevel { .. })));
    let Model::Bpe(bpe) = &spec.model else { panic!("a BPE") };
    with_model(&spec, |model| {
        assert!(matches!(model, model::Model::Bpe(_)));
        for (token, id) in bpe.vocab.iter() {
            let token = str::from_utf8(token).expect("text");
            assert_eq!(model.token_id(token), Some(id));
            assert_eq!(model.token_text(id).as_deref(), Some(token));
        }
        for piece in ["é", " the", "zzz zz"] {
            let found = tokens(model, piece).expect("every byte has a token");
            let text: String =
                found.iter().map(|token| model.token_text(token.id).expect("a token")).collect();
            assert_eq!(text, comptok_bake::byte_level::to_text(piece.as_bytes()));
            assert_eq!(found.first().map(|token| token.start), Some(0));
            assert_eq!(found.last().map(|token| token.end as usize), Some(piece.len()));
        }
    });
}

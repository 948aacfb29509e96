//! Trains a Unigram on the first bytes of a file, as `cargo xtask train unigram` asks:
//! `unigram reference|THREADS FILE BYTES SIZE` prints pieces and scores as JSON.
#![expect(clippy::print_stdout, reason = "it is what it is for")]

use comptok_bake::spec::{Family, Model, PreTokenizer, PrependScheme};
use comptok_train::unigram::UnigramTrainer;
use comptok_train::{Counter, Splitter, Texts};
use std::error::Error;
use tokenizers::models::unigram::Unigram;
use tokenizers::pre_tokenizers::metaspace::Metaspace;
use tokenizers::{DecoderWrapper, NormalizerWrapper, PostProcessorWrapper, TokenizerBuilder};

type Pieces = Vec<(String, f64)>;

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [who, file, bytes, size] = args.as_slice() else { return Err("four arguments".into()) };
    let text = std::fs::read_to_string(file)?;
    let (most, size, mut sum) = (bytes.parse::<usize>()?, size.parse::<usize>()?, 0);
    let lines = text.split_inclusive('\n').take_while(|line| {
        sum += line.len();
        sum <= most
    });
    let lines: Vec<&str> = lines.collect();
    let pieces = match &**who {
        "reference" => reference(&lines, size).map_err(|error| error.to_string())?,
        threads => ours(&lines, size, threads.parse()?)?,
    };
    println!("{}", serde_json::to_string(&pieces)?);
    Ok(())
}

fn reference(lines: &[&str], size: usize) -> tokenizers::Result<Pieces> {
    let mut tokenizer = TokenizerBuilder::<
        Unigram,
        NormalizerWrapper,
        Metaspace,
        PostProcessorWrapper,
        DecoderWrapper,
    >::new()
    .with_model(Unigram::default())
    .with_pre_tokenizer(Some(Metaspace::default()))
    .build()?;
    let mut trainer = tokenizers::models::unigram::UnigramTrainer::builder()
        .vocab_size(size as u32)
        .unk_token(Some("<unk>".to_owned()))
        .show_progress(false)
        .build()?;
    tokenizer.train(&mut trainer, lines.iter())?;
    Ok(tokenizer.get_model().iter().cloned().collect())
}

fn ours(lines: &[&str], size: usize, threads: usize) -> Result<Pieces, Box<dyn Error>> {
    let metaspace = PreTokenizer::Metaspace {
        replacement: '▁',
        prepend_scheme: PrependScheme::Always,
        split: true,
    };
    let splitter = Splitter::new(Some(metaspace), Family::HuggingFace)?;
    let mut counter = Counter::new(&splitter).threads(threads);
    counter.count(Texts(lines.iter()), &())?;
    let trainer = UnigramTrainer {
        vocab_size: size,
        unk_token: Some("<unk>".to_owned()),
        threads,
        ..UnigramTrainer::default()
    };
    match trainer.train(&counter.finish(&())?, &())?.model() {
        Model::Unigram { pieces, .. } => Ok(pieces.clone()),
        _ => Err("it is a Unigram".into()),
    }
}

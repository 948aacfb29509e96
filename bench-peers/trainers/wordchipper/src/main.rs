//! wordchipper-training: `trainer-wordchipper SIZE FILE...` trains, with GPT-2's pattern, and prints the
//! seconds it took.

use std::{env, error::Error, fs, time::Instant};
use wordchipper::{UnifiedTokenVocab, VocabIndex as _, vocab::ByteMapVocab};
use wordchipper_training::BPETRainerOptions;

const GPT2: &str = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

fn main() -> Result<(), Box<dyn Error>> {
    let mut args = env::args().skip(1);
    let size = args.next().ok_or("wanted a size")?.parse()?;
    let start = Instant::now();
    let mut trainer = BPETRainerOptions::new(GPT2, size).init();
    for file in args {
        // Its own examples hand it batches; a line is a text, with its newline.
        let text = fs::read_to_string(file)?;
        trainer.update_from_samples(text.split_inclusive('\n'));
    }
    let vocab: UnifiedTokenVocab<u32> = trainer.train(ByteMapVocab::default())?;
    let seconds = start.elapsed().as_secs_f64();
    assert!(vocab.max_token().is_some(), "it has learned something");
    println!("{seconds}");
    Ok(())
}

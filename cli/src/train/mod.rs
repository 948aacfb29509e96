//! `comptok train` and `comptok count-words`.

pub(crate) mod args;
mod cut;
mod inputs;
#[cfg(feature = "parquet")]
mod parquet;
#[cfg(not(feature = "parquet"))]
#[path = "no_parquet.rs"]
mod parquet;
mod save;
mod watch;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::PoisonError;
use std::time::Instant;

use comptok::train::bpe::{BpeTrainer, Ties, byte_alphabet};
use comptok::train::unigram::UnigramTrainer;
use comptok::train::word_level::WordLevelTrainer;
use comptok::train::wordpiece::WordPieceTrainer;
use comptok::train::{
    Counter, Counts, CountsFile, InvalidUtf8, Memory, Splitter, TrainError, Trained,
};

use crate::io::{Output, complain, print};
use crate::{Answer, Failure};
use args::{AlphabetArg, CorpusArgs, CountWords, Invalid, ModelArg, TiesArg, Train, WhenFull};
use cut::Cut;
use inputs::{Files, Place};
use watch::Watcher;

fn failure(error: TrainError) -> Failure {
    match &error {
        TrainError::Io { name, error } => Failure::io(name, error),
        _ => Failure::data(error.to_string()),
    }
}

fn threads(args: &CorpusArgs) -> usize {
    let processors = || std::thread::available_parallelism().map_or(1, usize::from);
    args.threads.unwrap_or_else(processors)
}

/// What was counted, and where it ended.
struct Counted<'s> {
    counter: Counter<'s>,
    place: Place,
    /// Why it ended early, if text was counted until then that comes before the place.
    failure: Option<Failure>,
}

/// Counts what the arguments name.
fn count<'s>(
    splitter: &'s Splitter,
    args: &CorpusArgs,
    description: &str,
    watch: &Watcher,
) -> Result<Counted<'s>, Failure> {
    let memory = match (args.memory, args.when_full) {
        (None, _) => Memory::Unlimited,
        (Some(bytes), WhenFull::Prune) => Memory::Prune { bytes },
        (Some(bytes), WhenFull::Spill) => {
            let folder = args.spill_folder.clone().unwrap_or_else(std::env::temp_dir);
            Memory::Spill { bytes, folder }
        }
    };
    let invalid = match args.invalid_utf8 {
        Invalid::Error => InvalidUtf8::Refuse,
        Invalid::Replace => InvalidUtf8::Replace,
    };
    let mut counter = Counter::new(splitter).threads(threads(args)).memory(memory).invalid(invalid);
    let files = inputs::files(args)?;
    let mut place = Place::default();
    if let Some(path) = &args.resume {
        let file = open_counts(std::slice::from_ref(path))?;
        let wrong = |what| Failure::data(format!("{}: {what}", path.display()));
        if let Some(file) = file.first() {
            if file.description() != description {
                let text = file.description();
                return Err(wrong(format!("was counted for something else ({text})")));
            }
            place = Place::from_description(file.position(), &files).map_err(wrong)?;
        }
        counter.add_file(path).map_err(failure)?;
    }
    let source = Files::new(args, splitter.may_cut(), files, place.clone());
    let now = source.place();
    let result = counter.count(source, watch);
    let place = now.lock().unwrap_or_else(PoisonError::into_inner).clone();
    let failure = match result {
        Ok(()) => None,
        Err(error) if counter.bytes() == 0 || !counter.is_whole() => return Err(failure(error)),
        Err(error) => Some(failure(error)),
    };
    Ok(Counted { counter, place, failure })
}

/// Says that counting ended early and how to go on.
fn stopped(failure: Option<Failure>, path: &Path, place: &Place) -> Result<Answer, Failure> {
    let (path, bytes) = (path.display(), place.bytes);
    let saved = format!("{path} has the words of the first {bytes} bytes, for --resume");
    match failure {
        None => {
            complain(&format!("stopped; {saved}"));
            Ok(Answer::No)
        }
        Some(Failure::Data(message)) => Err(Failure::Data(format!("{message}; {saved}"))),
        Some(other) => Err(other),
    }
}

fn open_counts(files: &[PathBuf]) -> Result<Vec<CountsFile<File>>, Failure> {
    let open = |path: &PathBuf| {
        let name = path.display().to_string();
        let file = File::open(path).map_err(|error| Failure::io(&name, &error))?;
        CountsFile::open(file, &name).map_err(failure)
    };
    files.iter().map(open).collect()
}

/// Lets [`Output`] be written to by others.
struct Into<'o>(&'o mut Output, Option<Failure>);

impl std::io::Write for Into<'_> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.write(bytes).map(|()| bytes.len()).map_err(|failure| {
            self.1 = Some(failure);
            std::io::Error::other("the output failed")
        })
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Writes a file by a function; it is there when all is written.
fn write_by<E>(
    path: &Path,
    write: impl FnOnce(&mut dyn std::io::Write) -> Result<(), E>,
    failed: impl FnOnce(E) -> Failure,
) -> Result<(), Failure> {
    let mut output = Output::create(Some(path))?;
    let mut into = Into(&mut output, None);
    let result = write(&mut into);
    if let Some(failure) = into.1 {
        return Err(failure);
    }
    result.map_err(failed)?;
    output.finish()
}

fn save_counts(counts: &mut Counts, path: &Path, description: &str) -> Result<(), Failure> {
    write_by(path, |out| counts.write(out, description, ""), |e| Failure::io(path.display(), &e))
}

pub(crate) fn count_words(args: &CountWords) -> Result<Answer, Failure> {
    let name = args.output.display().to_string();
    if !args.join.is_empty() {
        let files = open_counts(&args.join)?;
        write_by(&args.output, |out| CountsFile::join_to(files, out, &name), failure)?;
        return Ok(Answer::Yes);
    }
    let watch = Watcher::new(args.corpus.progress)?;
    let cut = Cut::of(&args.corpus)?;
    let splitter = cut.splitter()?;
    let description = cut.describe();
    let Counted { counter, place, failure: early } =
        count(&splitter, &args.corpus, &description, &watch)?;
    let ended = early.is_none() && !watch.stopped();
    let position = if ended { String::new() } else { place.describe() };
    write_by(&args.output, |out| counter.finish_to(out, &name, &description, &position), failure)?;
    if ended { Ok(Answer::Yes) } else { stopped(early, &args.output, &place) }
}

pub(crate) fn train(args: &Train) -> Result<Answer, Failure> {
    let start = Instant::now();
    let formats = save::formats(&args.outputs)?;
    let watch = Watcher::new(args.corpus.progress)?;
    let mut text_bytes = None;
    let (cut, mut counts) = if args.from_counts.is_empty() {
        let cut = Cut::of(&args.corpus)?;
        let splitter = cut.splitter()?;
        let description = cut.describe();
        let Counted { counter, place, failure: early } =
            count(&splitter, &args.corpus, &description, &watch)?;
        text_bytes = Some(place.bytes);
        if early.is_some() || watch.stopped() {
            let mut path = args.outputs.first().cloned().unwrap_or_default().into_os_string();
            path.push(".words");
            let path = PathBuf::from(path);
            let (name, position) = (path.display().to_string(), place.describe());
            write_by(&path, |out| counter.finish_to(out, &name, &description, &position), failure)?;
            return stopped(early, &path, &place);
        }
        let counts = counter.finish(&watch).map_err(failure)?;
        (cut, counts)
    } else {
        let files = open_counts(&args.from_counts)?;
        let text = files.first().map(|file| file.description().to_owned()).unwrap_or_default();
        let cut = Cut::from_description(&text, &args.corpus).ok_or_else(|| {
            let name = args.from_counts[0].display();
            Failure::data(format!("{name}: was counted for something else ({text})"))
        })?;
        for (path, file) in args.from_counts.iter().zip(&files) {
            if !file.position().is_empty() {
                complain(&format!("{}: counting was stopped; --resume goes on", path.display()));
            }
        }
        let counts = CountsFile::join(files, args.min_count).map_err(failure)?;
        (cut, counts)
    };
    if let Some(path) = &args.save_counts {
        save_counts(&mut counts, path, &cut.describe())?;
    }
    let dropped = counts.drop_rare(args.min_count);
    let splitter = cut.splitter()?;
    let counted = save::Counted {
        text_bytes,
        words: counts.len(),
        dropped,
        total: counts.total(),
        error: counts.error(),
    };
    let trained = model(args, &counts, &watch).map_err(failure)?;
    drop(counts);
    let compression = trained.compression();
    let tokens = trained.tokens().len();
    let mut spec = trained.spec(&splitter);
    if let Some(decoder) = cut.decoder() {
        spec.decoder = Some(decoder);
    }
    // First what took long to make.
    save::save(&spec, &args.outputs, &formats)?;
    let held_out = save::held_out(&spec, args.held_out.as_deref(), &args.corpus)?;
    let report = save::Report {
        tokens,
        counted,
        compression,
        held_out,
        phases: watch.phases(),
        seconds: start.elapsed().as_secs_f64(),
        stopped: watch.stopped(),
    };
    let stopped = watch.stopped();
    drop(watch);
    if !args.outputs.iter().any(|path| crate::io::is_dash(path)) {
        print(report.text(args.corpus.progress == args::ProgressArg::Json).as_bytes())?;
    }
    if stopped {
        complain(&format!("stopped; the vocabulary has {tokens} tokens"));
        return Ok(Answer::No);
    }
    Ok(Answer::Yes)
}

/// Trains the model that the arguments name.
fn model(args: &Train, counts: &Counts, watch: &Watcher) -> Result<Trained, TrainError> {
    let special_tokens = args.special_tokens.clone();
    let (vocab_size, min_frequency) = (args.vocab_size, args.min_frequency);
    let threads = threads(&args.corpus);
    let unk_token = |default: &str| args.unk_token.clone().unwrap_or_else(|| default.to_owned());
    match args.corpus.model {
        ModelArg::Bpe => {
            let ties = match args.corpus.ties {
                TiesArg::Huggingface => Ties::HuggingFace,
                TiesArg::Rustbpe => Ties::RustBpe,
            };
            let all = args.alphabet == AlphabetArg::Bytes && ties == Ties::HuggingFace;
            let trainer = BpeTrainer {
                ties,
                vocab_size,
                min_frequency,
                special_tokens,
                limit_alphabet: args.limit_alphabet,
                initial_alphabet: if all { byte_alphabet() } else { Default::default() },
                max_token_length: args.max_token_length,
                threads,
                ..BpeTrainer::default()
            };
            trainer.train(counts, watch)
        }
        ModelArg::Wordpiece => {
            let trainer = WordPieceTrainer {
                vocab_size,
                min_frequency,
                special_tokens,
                limit_alphabet: args.limit_alphabet,
                unk_token: unk_token("[UNK]"),
                threads,
                ..WordPieceTrainer::default()
            };
            trainer.train(counts, watch)
        }
        ModelArg::Wordlevel => {
            let unk_token = unk_token("<unk>");
            let trainer = WordLevelTrainer { vocab_size, min_frequency, special_tokens, unk_token };
            trainer.train(counts, watch)
        }
        ModelArg::Unigram => {
            let trainer = UnigramTrainer {
                vocab_size,
                special_tokens,
                unk_token: Some(unk_token("<unk>")),
                threads,
                ..UnigramTrainer::default()
            };
            trainer.train(counts, watch)
        }
    }
}

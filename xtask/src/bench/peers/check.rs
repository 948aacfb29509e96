//! Every id of every library, before any time is taken.

use super::{
    super::folder,
    LIMIT,
    child::{self, Outcome},
    corpora::Corpus,
    rivals::{Program, references},
};
use std::{fs, path::Path};

/// How the ids of one corpus compare.
#[derive(Debug, Clone)]
pub(super) struct Check {
    pub(super) vocab: String,
    pub(super) corpus: String,
    /// The library that is right.
    pub(super) reference: &'static str,
    pub(super) documents: usize,
    pub(super) verdicts: Vec<(&'static str, Verdict)>,
}

/// What one library's ids are worth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    Equal,
    /// So many documents have other ids (or none, after a panic), and the first difference.
    Differs {
        wrong: usize,
        panicked: usize,
        first: String,
    },
    Unsupported,
    Failed(String),
}

impl Check {
    /// Whether a library has ids to be timed for, be they right or not.
    pub(super) fn answers(&self, program: &Program) -> bool {
        !matches!(self.of(program.name), Verdict::Unsupported | Verdict::Failed(_))
    }

    pub(super) fn of(&self, rival: &str) -> &Verdict {
        let found = self.verdicts.iter().find(|(name, _)| *name == rival);
        found.map_or(&Verdict::Unsupported, |(_, verdict)| verdict)
    }
}

/// The ids of a document; `None` where the library panicked.
type Ids = Option<Vec<u32>>;

/// Compares the ids of all programs with those of the first reference that answers.
pub(super) fn ids(programs: &[Program], vocab: &str, corpus: &Corpus) -> Result<Check, String> {
    eprintln!("comparing ids, {vocab}, {} …", corpus.name);
    let out = folder("peers").join("ids");
    fs::create_dir_all(&out).map_err(|e| format!("{}: {e}", out.display()))?;
    let mut expected: Vec<Ids> = Vec::new();
    let mut reference = "";
    for name in references(vocab) {
        let Some(program) = programs.iter().find(|program| program.name == *name) else { continue };
        if let Ok(ids) = ask(program, vocab, corpus, &out, true)? {
            if reference.is_empty() {
                (reference, expected) = (*name, ids);
            } else {
                // Documents that the reference fails on.
                for (known, other) in expected.iter_mut().zip(ids) {
                    if known.is_none() {
                        *known = other;
                    }
                }
            }
        }
        if !expected.is_empty() && expected.iter().all(Option::is_some) {
            break;
        }
    }
    if reference.is_empty() {
        return Err(format!("{vocab}, {}: no library encodes it", corpus.name));
    }
    let mut verdicts = Vec::new();
    for program in programs.iter().filter(|program| program.timed) {
        let verdict = match ask(program, vocab, corpus, &out, false)? {
            Ok(ids) => compare(&expected, &ids),
            Err(verdict) => verdict,
        };
        if let Verdict::Differs { wrong, first, .. } = &verdict {
            eprintln!(
                "  {}: {wrong} of {} documents differ; {first}",
                program.name,
                expected.len()
            );
        }
        verdicts.push((program.name, verdict));
    }
    let documents = expected.len();
    Ok(Check {
        vocab: vocab.to_owned(),
        corpus: corpus.name.clone(),
        reference,
        documents,
        verdicts,
    })
}

/// A program's ids. Those of a reference are kept from run to run, for as long as the text and the
/// program are the same.
fn ask(
    program: &Program,
    vocab: &str,
    corpus: &Corpus,
    out: &Path,
    keep: bool,
) -> Result<Result<Vec<Ids>, Verdict>, String> {
    let keep = keep && program.name != "comptok";
    let seen = fs::metadata(&corpus.file).and_then(|meta| Ok((meta.len(), meta.modified()?)));
    let (len, modified) = seen.map_err(|e| format!("{}: {e}", corpus.file.display()))?;
    let stamp = modified.duration_since(std::time::UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let file = out.join(format!(
        "{}-{}-{vocab}-{}-{len}-{stamp}",
        program.name,
        program.version,
        corpus.slug()
    ));
    if !(keep && file.is_file()) {
        let part = file.with_extension("part");
        let mut command = program.command("ids", vocab, 1);
        command.arg(&corpus.file).arg(corpus.cut).arg(&part);
        match child::run(&mut command, LIMIT)? {
            Outcome::Said(_) => {}
            Outcome::Unsupported => return Ok(Err(Verdict::Unsupported)),
            Outcome::Failed(why) => return Ok(Err(Verdict::Failed(why))),
        }
        fs::rename(&part, &file).map_err(|e| format!("{}: {e}", part.display()))?;
    }
    let bytes = fs::read(&file).map_err(|e| format!("{}: {e}", file.display()))?;
    if !keep {
        let _ = fs::remove_file(&file);
    }
    parse(&bytes).map(Ok).ok_or(format!("{}: it is cut off", file.display()))
}

fn parse(bytes: &[u8]) -> Option<Vec<Ids>> {
    let (words, []) = bytes.as_chunks::<4>() else { return None };
    let mut words = words.iter().map(|word| u32::from_le_bytes(*word));
    let mut documents = Vec::new();
    while let Some(len) = words.next() {
        documents.push(match len {
            u32::MAX => None,
            _ => Some((0..len).map(|_| words.next()).collect::<Option<_>>()?),
        });
    }
    Some(documents)
}

fn compare(expected: &[Ids], found: &[Ids]) -> Verdict {
    let mut wrong = 0;
    let mut first = String::new();
    if found.len() != expected.len() {
        return Verdict::Failed(format!("{} documents, not {}", found.len(), expected.len()));
    }
    for (number, (expected, found)) in expected.iter().zip(found).enumerate() {
        if expected == found {
            continue;
        }
        wrong += 1;
        if first.is_empty() {
            first = match (expected, found) {
                (Some(expected), Some(found)) => {
                    let equal = expected.iter().zip(found).take_while(|(a, b)| a == b).count();
                    let some = |ids: &[u32]| {
                        let ids = ids.get(equal..).unwrap_or_default();
                        ids.iter().take(4).map(u32::to_string).collect::<Vec<_>>().join(" ")
                    };
                    format!("document {number}, id {equal}: {} for {}", some(found), some(expected))
                }
                _ => format!("document {number}: a panic"),
            };
        }
    }
    let panicked = found.iter().filter(|ids| ids.is_none()).count();
    match wrong {
        0 => Verdict::Equal,
        _ => Verdict::Differs { wrong, panicked, first },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn differences_are_counted_and_the_first_is_shown() {
        let expected = [Some(vec![1, 2, 3]), Some(vec![4]), Some(vec![])];
        assert_eq!(compare(&expected, &expected), Verdict::Equal);
        let found = [Some(vec![1, 9, 9, 9, 9, 9]), None, Some(vec![])];
        let first = "document 0, id 1: 9 9 9 9 for 2 3".to_owned();
        assert_eq!(compare(&expected, &found), Verdict::Differs { wrong: 2, panicked: 1, first });
        assert!(matches!(compare(&expected, &found[..2]), Verdict::Failed(_)));
    }

    #[test]
    fn a_file_of_ids_is_read_whole_or_not_at_all() {
        let words = |words: &[u32]| -> Vec<u8> {
            words.iter().flat_map(|word| word.to_le_bytes()).collect()
        };
        assert_eq!(
            parse(&words(&[2, 7, 8, u32::MAX, 0])),
            Some(vec![Some(vec![7, 8]), None, Some(vec![])])
        );
        assert_eq!(parse(&words(&[2, 7])), None);
        assert_eq!(parse(&[1, 0]), None);
    }
}

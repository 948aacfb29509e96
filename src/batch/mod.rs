//! Many texts at once, or one long one.
//!
//! Short texts are handled in groups that follow each other, long ones in parts (see [`Cuts`]). The
//! longest group or part comes first, so that threads end at about the same time. A text of which a
//! part fails is done again as a whole: so errors are the serial ones too.

mod threads;

use crate::{DecodeError, EncodeError, Options, TokenId, Tokenizer};
use alloc::{string::String, vec, vec::Vec};
use comptok_core::pre_tokenizer::Cuts;
use core::{fmt, ops::Range};
use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicUsize, Ordering},
};
use threads::Team;
pub use threads::Threads;

/// A text, or a list of ids, of a batch, and what is wrong with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BatchError<E> {
    /// Its place in the batch: the first that has an error.
    pub index: usize,
    /// The error that it gives on its own.
    pub error: E,
}

impl<E: fmt::Display> fmt::Display for BatchError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "number {} of the batch: {}", self.index, self.error)
    }
}

impl<E: core::error::Error + 'static> core::error::Error for BatchError<E> {
    fn source(&self) -> Option<&(dyn core::error::Error + 'static)> {
        Some(&self.error)
    }
}

/// Bytes of text that are worth more than one thread.
const WORTHWHILE: usize = 32 << 10;

/// Bytes in a group of texts, and in a part of a text. More, and threads end at different times; less,
/// and what they share is in their way.
const GROUP: Range<usize> = 4 << 10..256 << 10;
const PART: Range<usize> = 32 << 10..512 << 10;

/// Groups or parts for each thread.
const SHARES: usize = 16;

/// Texts of a batch that follow each other, or a part of one.
#[derive(Debug, Clone)]
struct Job {
    texts: Range<usize>,
    /// Where in its only text.
    part: Option<Range<usize>>,
    bytes: usize,
}

/// What comes of texts.
trait Output: Send + Sized {
    fn encode(
        tokenizer: &Tokenizer,
        text: &[u8],
        options: Options<'_>,
    ) -> Result<Self, EncodeError>;
    /// That of a text, from its parts.
    fn join(parts: Vec<Self>, team: Team<'_>) -> Self;
}

impl Output for usize {
    fn encode(
        tokenizer: &Tokenizer,
        text: &[u8],
        options: Options<'_>,
    ) -> Result<Self, EncodeError> {
        tokenizer.count(text, options)
    }

    fn join(parts: Vec<Self>, _: Team<'_>) -> Self {
        parts.into_iter().sum()
    }
}

impl Output for Vec<TokenId> {
    fn encode(
        tokenizer: &Tokenizer,
        text: &[u8],
        options: Options<'_>,
    ) -> Result<Self, EncodeError> {
        tokenizer.encode(text, options)
    }

    fn join(parts: Vec<Self>, team: Team<'_>) -> Self {
        let len = parts.iter().map(Vec::len).sum();
        // Zeros from the system: each thread is the first to touch what it writes.
        let mut ids = vec![0; len];
        let mut rest = ids.as_mut_slice();
        let mut copies = Vec::with_capacity(parts.len());
        for part in parts {
            let (to, behind) = rest.split_at_mut(part.len());
            copies.push(Mutex::new(Some((to, part))));
            rest = behind;
        }
        team.run(&copies, |copy| {
            let taken = copy.lock().unwrap_or_else(PoisonError::into_inner).take();
            if let Some((to, part)) = taken {
                to.copy_from_slice(&part);
            }
        });
        ids
    }
}

/// Places from `from` on where a text may be cut, about `size` bytes from each other, and its end.
fn parts(cuts: Option<Cuts>, text: &[u8], size: usize) -> Vec<Range<usize>> {
    let (mut parts, mut start) = (Vec::new(), 0);
    while let Some(cuts) = cuts
        && text.len() - start > size + size / 2
        && let Some(cut) = cuts.first(text, start + size)
    {
        parts.push(start..cut);
        start = cut;
    }
    parts.push(start..text.len());
    parts
}

/// What there is to do: groups of texts of these lengths. A text that is longer than a group is alone.
fn groups(lens: impl Iterator<Item = usize>, size: usize) -> Vec<Job> {
    let mut jobs: Vec<Job> = Vec::new();
    for (index, len) in lens.enumerate() {
        // A text that is empty takes its time too.
        let bytes = len.saturating_add(32);
        match jobs.last_mut() {
            Some(job) if bytes <= size && job.bytes + bytes <= size => {
                job.texts.end = index + 1;
                job.bytes += bytes;
            }
            _ => jobs.push(Job { texts: index..index + 1, part: None, bytes }),
        }
    }
    jobs
}

/// The number of bytes to a share of `total`.
fn share(total: usize, team: Team<'_>, limits: Range<usize>) -> usize {
    (total / (SHARES * team.len)).clamp(limits.start, limits.end)
}

fn longest_first(jobs: &mut [Job]) {
    jobs.sort_by_key(|job| core::cmp::Reverse(job.bytes));
}

impl Tokenizer {
    fn batch<T: AsRef<[u8]> + Sync, R: Output>(
        &self,
        team: Team<'_>,
        texts: &[T],
        options: Options<'_>,
    ) -> Result<Vec<R>, BatchError<EncodeError>> {
        let whole = |index: usize| {
            let text = texts[index].as_ref();
            R::encode(self, text, options).map_err(|error| BatchError { index, error })
        };
        let lens = || texts.iter().map(|text| text.as_ref().len());
        let total = lens().fold(0, usize::saturating_add);
        if team.len == 1 || total <= WORTHWHILE {
            return (0..texts.len()).map(whole).collect();
        }
        let cuts = Cuts::of(&self.tables(), self.header());
        let size = share(total, team, PART);
        let mut jobs = Vec::new();
        for job in groups(lens(), share(total, team, GROUP)) {
            let index = job.texts.start;
            let text = texts[index].as_ref();
            if job.texts.len() > 1 || text.len() <= size {
                jobs.push(job);
                continue;
            }
            let texts = job.texts;
            jobs.extend(parts(cuts, text, size).into_iter().map(|part| Job {
                texts: texts.clone(),
                bytes: part.len(),
                part: Some(part),
            }));
        }
        longest_first(&mut jobs);
        // What comes after the first text with an error is no matter.
        let failed = AtomicUsize::new(usize::MAX);
        let done = team.run(&jobs, |job| {
            let mut results = Vec::with_capacity(job.texts.len());
            for index in job.texts.clone() {
                if index > failed.load(Ordering::Relaxed) {
                    break;
                }
                let text = texts[index].as_ref();
                let text = match &job.part {
                    Some(part) => &text[part.clone()],
                    None => text,
                };
                let result = R::encode(self, text, options);
                if result.is_err() {
                    failed.fetch_min(index, Ordering::Relaxed);
                }
                results.push(result.ok());
            }
            results
        });
        let failed = failed.into_inner();
        if failed < texts.len() {
            // The error of a part need not be that of the text, which is found here.
            whole(failed)?;
            return (0..texts.len()).map(whole).collect();
        }
        // In the order of the texts.
        let mut done: Vec<_> = jobs.into_iter().zip(done).collect();
        done.sort_by_key(|(job, _)| {
            (job.texts.start, job.part.as_ref().map_or(0, |part| part.start))
        });
        let mut all = Vec::with_capacity(texts.len());
        let mut done = done.into_iter().peekable();
        while let Some((job, results)) = done.next() {
            let mut results: Vec<R> = results.into_iter().flatten().collect();
            while let Some((_, more)) =
                done.next_if(|(next, _)| next.texts.start == job.texts.start)
            {
                results.extend(more.into_iter().flatten());
            }
            match job.part {
                Some(_) if results.len() > 1 => all.push(R::join(results, team)),
                _ => all.append(&mut results),
            }
        }
        Ok(all)
    }

    /// The ids of each text, by as many threads as the machine has processors: what
    /// [`encode`](Self::encode) gives, faster.
    ///
    /// The threads are those of [`Threads`] with 0. A long text is shared between them too.
    ///
    /// # Errors
    ///
    /// The first text that has one, with its error.
    pub fn encode_batch<'o, T: AsRef<[u8]> + Sync>(
        &self,
        texts: &[T],
        options: impl Into<Options<'o>>,
    ) -> Result<Vec<Vec<TokenId>>, BatchError<EncodeError>> {
        self.encode_batch_in(0, texts, options)
    }

    /// As [`encode_batch`](Self::encode_batch), by these threads: their number, or a pool.
    ///
    /// ```
    /// # #[cfg(feature = "gpt2")] {
    /// use comptok::{Special, vocab::GPT2};
    /// let pool = rayon::ThreadPoolBuilder::new().num_threads(2).build().expect("two threads");
    /// let texts = ["one text", "and another"];
    /// let ids = GPT2.encode_batch_in(&pool, &texts, Special::All).expect("nothing is forbidden");
    /// assert_eq!(ids, GPT2.encode_batch_in(2, &texts, Special::All).expect("nothing is forbidden"));
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`encode_batch`](Self::encode_batch).
    pub fn encode_batch_in<'o, 'p, T: AsRef<[u8]> + Sync>(
        &self,
        threads: impl Into<Threads<'p>>,
        texts: &[T],
        options: impl Into<Options<'o>>,
    ) -> Result<Vec<Vec<TokenId>>, BatchError<EncodeError>> {
        self.batch(Team::new(threads.into()), texts, options.into())
    }

    /// The number of ids of each text: what [`count`](Self::count) gives.
    ///
    /// # Errors
    ///
    /// As [`encode_batch`](Self::encode_batch).
    pub fn count_batch<'o, T: AsRef<[u8]> + Sync>(
        &self,
        texts: &[T],
        options: impl Into<Options<'o>>,
    ) -> Result<Vec<usize>, BatchError<EncodeError>> {
        self.count_batch_in(0, texts, options)
    }

    /// As [`count_batch`](Self::count_batch), by these threads.
    ///
    /// # Errors
    ///
    /// As [`encode_batch`](Self::encode_batch).
    pub fn count_batch_in<'o, 'p, T: AsRef<[u8]> + Sync>(
        &self,
        threads: impl Into<Threads<'p>>,
        texts: &[T],
        options: impl Into<Options<'o>>,
    ) -> Result<Vec<usize>, BatchError<EncodeError>> {
        self.batch(Team::new(threads.into()), texts, options.into())
    }

    /// The ids of one long text, by as many threads as the machine has processors: what
    /// [`encode`](Self::encode) gives.
    ///
    /// The text is cut where the ids are proven to be the same; where it has no such places, as with
    /// a pattern that has no scanner of its own, one thread does it all.
    ///
    /// # Errors
    ///
    /// As [`encode`](Self::encode).
    pub fn encode_parallel<'o, T: AsRef<[u8]> + ?Sized>(
        &self,
        text: &T,
        options: impl Into<Options<'o>>,
    ) -> Result<Vec<TokenId>, EncodeError> {
        self.encode_parallel_in(0, text, options)
    }

    /// As [`encode_parallel`](Self::encode_parallel), by these threads: their number, or a pool.
    ///
    /// # Errors
    ///
    /// As [`encode`](Self::encode).
    pub fn encode_parallel_in<'o, 'p, T: AsRef<[u8]> + ?Sized>(
        &self,
        threads: impl Into<Threads<'p>>,
        text: &T,
        options: impl Into<Options<'o>>,
    ) -> Result<Vec<TokenId>, EncodeError> {
        let texts = [text.as_ref()];
        let all = self.batch(Team::new(threads.into()), &texts, options.into());
        all.map(|ids| ids.into_iter().next().unwrap_or_default()).map_err(|error| error.error)
    }

    fn decodings<I: AsRef<[TokenId]> + Sync, R: Send>(
        &self,
        team: Team<'_>,
        lists: &[I],
        decode: impl Fn(&[TokenId]) -> Result<R, DecodeError> + Sync,
    ) -> Result<Vec<R>, BatchError<DecodeError>> {
        // Decoding is faster than encoding, so it takes more of it to be worth a thread.
        let lens = || lists.iter().map(|ids| ids.as_ref().len());
        let total = lens().fold(0, usize::saturating_add);
        let one = |index: usize| {
            decode(lists[index].as_ref()).map_err(|error| BatchError { index, error })
        };
        if team.len == 1 || total <= WORTHWHILE {
            return (0..lists.len()).map(one).collect();
        }
        let mut jobs = groups(lens(), share(total, team, GROUP));
        longest_first(&mut jobs);
        let done = team.run(&jobs, |job| job.texts.clone().map(one).collect::<Vec<_>>());
        let mut done: Vec<_> = jobs.into_iter().zip(done).collect();
        done.sort_by_key(|(job, _)| job.texts.start);
        done.into_iter().flat_map(|(_, results)| results).collect()
    }

    /// The text of each list of ids: what [`decode`](Self::decode) gives, by as many threads as the
    /// machine has processors.
    ///
    /// # Errors
    ///
    /// The first list that has one, with its error.
    pub fn decode_batch<I: AsRef<[TokenId]> + Sync>(
        &self,
        lists: &[I],
    ) -> Result<Vec<String>, BatchError<DecodeError>> {
        self.decode_batch_in(0, lists)
    }

    /// As [`decode_batch`](Self::decode_batch), by these threads: their number, or a pool.
    ///
    /// # Errors
    ///
    /// As [`decode_batch`](Self::decode_batch).
    pub fn decode_batch_in<'p, I: AsRef<[TokenId]> + Sync>(
        &self,
        threads: impl Into<Threads<'p>>,
        lists: &[I],
    ) -> Result<Vec<String>, BatchError<DecodeError>> {
        self.decodings(Team::new(threads.into()), lists, |ids| self.decode(ids))
    }

    /// The bytes of each list of ids: what [`decode_bytes`](Self::decode_bytes) gives, by these threads.
    ///
    /// # Errors
    ///
    /// The first list that has an id without a token.
    pub fn decode_bytes_batch_in<'p, I: AsRef<[TokenId]> + Sync>(
        &self,
        threads: impl Into<Threads<'p>>,
        lists: &[I],
    ) -> Result<Vec<Vec<u8>>, BatchError<DecodeError>> {
        self.decodings(Team::new(threads.into()), lists, |ids| self.decode_bytes(ids))
    }
}

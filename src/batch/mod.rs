//! Many texts at once, or one long one.
//!
//! Short texts are handled in groups that follow each other, long ones in parts (see [`Cuts`]). The
//! longest group or part comes first, so that threads end at about the same time. A text of which a
//! part fails is done again as a whole: so errors are the serial ones too.

mod threads;
mod whole;

use crate::{DecodeError, EncodeError, Options, TokenId, Tokenizer, scratch::with_own};
use alloc::{string::String, vec, vec::Vec};
use comptok_core::pre_tokenizer::Cuts;
use core::{fmt, ops::Range};
use std::sync::{
    Mutex, PoisonError,
    atomic::{AtomicUsize, Ordering},
};
use threads::Team;
pub use threads::Threads;
use whole::{Spare, Whole};

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

/// Groups for each thread, and parts of what is left of a text.
const SHARES: usize = 16;

/// Texts of a batch that follow each other, or a part of one.
#[derive(Debug, Clone)]
struct Job {
    texts: Range<usize>,
    /// Where in its only text.
    part: Option<Range<usize>>,
    bytes: usize,
}

/// Where what comes of a job is put: the places of its texts, or the whole of which it is a part.
enum Place<'o, R> {
    Texts(Mutex<&'o mut [R]>),
    Whole(usize),
}

/// What comes of texts.
trait Output: Default + Send {
    /// Of one text, in place of what was there.
    fn encode(
        &mut self,
        tokenizer: &Tokenizer,
        text: &[u8],
        options: Options<'_>,
    ) -> Result<(), EncodeError>;

    /// Of nothing yet, in place of what was there, with room for a text of `bytes` bytes.
    fn begin(&mut self, bytes: usize);

    /// Adds what comes of the next part of a text.
    fn append(&mut self, part: &Self);
}

impl Output for usize {
    fn encode(
        &mut self,
        tokenizer: &Tokenizer,
        text: &[u8],
        options: Options<'_>,
    ) -> Result<(), EncodeError> {
        *self = tokenizer.count(text, options)?;
        Ok(())
    }

    fn begin(&mut self, _: usize) {
        *self = 0;
    }

    fn append(&mut self, part: &Self) {
        *self += part;
    }
}

impl Output for Vec<TokenId> {
    fn encode(
        &mut self,
        tokenizer: &Tokenizer,
        text: &[u8],
        options: Options<'_>,
    ) -> Result<(), EncodeError> {
        self.clear();
        with_own(|scratch| tokenizer.encode_into(text, options, self, scratch))?;
        Ok(())
    }

    fn begin(&mut self, bytes: usize) {
        self.clear();
        // As text mostly has it.
        self.reserve(bytes / 4);
    }

    fn append(&mut self, part: &Self) {
        self.extend_from_slice(part);
    }
}

/// Parts of a text between places where it may be cut, smaller and smaller towards its end, so that threads end
/// at about the same time.
fn parts(cuts: Option<Cuts>, text: &[u8], team: Team<'_>) -> Vec<Range<usize>> {
    let (mut parts, mut start) = (Vec::new(), 0);
    while let Some(cuts) = cuts
        && let size = share(text.len() - start, team, PART)
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
        outs: &mut Vec<R>,
    ) -> Result<(), BatchError<EncodeError>> {
        outs.truncate(texts.len());
        outs.resize_with(texts.len(), R::default);
        let lens = || texts.iter().map(|text| text.as_ref().len());
        let total = lens().fold(0, usize::saturating_add);
        if team.len == 1 || total <= WORTHWHILE {
            return self.one_by_one(texts, options, outs);
        }
        let jobs = self.jobs(team, texts, total);
        let mut places: Vec<(Job, Place<'_, R>)> = Vec::with_capacity(jobs.len());
        let mut wholes: Vec<Mutex<Whole<'_, R>>> = Vec::new();
        let mut rest = outs.as_mut_slice();
        for job in jobs {
            let place = match &job.part {
                Some(part) => {
                    if part.start == 0
                        && let Some(out) = rest.split_off_first_mut()
                    {
                        wholes.push(Mutex::new(Whole::new(out, texts[job.texts.start].as_ref())));
                    }
                    Place::Whole(wholes.len() - 1)
                }
                None => {
                    let these = rest.split_off_mut(..job.texts.len()).unwrap_or_default();
                    Place::Texts(Mutex::new(these))
                }
            };
            places.push((job, place));
        }
        places.sort_by_key(|(job, _)| core::cmp::Reverse(job.bytes));
        // What comes after the first text with an error is no matter.
        let failed = AtomicUsize::new(usize::MAX);
        let encode = |index: usize, text: &[u8], out: &mut R| {
            let goes_on = index <= failed.load(Ordering::Relaxed);
            if goes_on && out.encode(self, text, options).is_err() {
                failed.fetch_min(index, Ordering::Relaxed);
            }
            goes_on
        };
        let spare = Spare::default();
        team.run(&places, |(job, place)| match place {
            Place::Texts(outs) => {
                let mut outs = outs.lock().unwrap_or_else(PoisonError::into_inner);
                for (index, out) in job.texts.clone().zip(outs.iter_mut()) {
                    if !encode(index, texts[index].as_ref(), out) {
                        break;
                    }
                }
            }
            Place::Whole(number) => {
                let index = job.texts.start;
                let part = job.part.clone().unwrap_or_default();
                let mut out = spare.take();
                encode(index, &texts[index].as_ref()[part.clone()], &mut out);
                let mut whole = wholes[*number].lock().unwrap_or_else(PoisonError::into_inner);
                whole.add(part, out, &spare);
            }
        });
        let failed = failed.into_inner();
        if let Some(text) = texts.get(failed) {
            // The error of a part need not be that of the text, which is found here.
            let error = R::default().encode(self, text.as_ref(), options);
            error.map_err(|error| BatchError { index: failed, error })?;
            drop((places, wholes));
            return self.one_by_one(texts, options, outs);
        }
        Ok(())
    }

    fn one_by_one<T: AsRef<[u8]>, R: Output>(
        &self,
        texts: &[T],
        options: Options<'_>,
        outs: &mut [R],
    ) -> Result<(), BatchError<EncodeError>> {
        for (index, (text, out)) in texts.iter().zip(outs).enumerate() {
            let result = out.encode(self, text.as_ref(), options);
            result.map_err(|error| BatchError { index, error })?;
        }
        Ok(())
    }

    /// What there is to do for texts of `total` bytes, in their order.
    fn jobs<T: AsRef<[u8]>>(&self, team: Team<'_>, texts: &[T], total: usize) -> Vec<Job> {
        let cuts = Cuts::of(&self.tables(), self.header());
        let size = share(total, team, PART);
        let lens = texts.iter().map(|text| text.as_ref().len());
        let mut jobs = Vec::new();
        for job in groups(lens, share(total, team, GROUP)) {
            let text = texts[job.texts.start].as_ref();
            if job.texts.len() > 1 || text.len() <= size {
                jobs.push(job);
                continue;
            }
            let parts = parts(cuts, text, team);
            if parts.len() == 1 {
                jobs.push(job);
                continue;
            }
            let mut bytes = usize::MAX;
            for part in parts {
                // No more than the last, so that they stay in their order.
                bytes = bytes.min(part.len());
                jobs.push(Job { texts: job.texts.clone(), bytes, part: Some(part) });
            }
        }
        jobs
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
        let mut ids = Vec::new();
        self.encode_batch_into(threads, texts, options, &mut ids)?;
        Ok(ids)
    }

    /// As [`encode_batch_in`](Self::encode_batch_in), into lists that are there: after it `ids` has a list for
    /// each text, and what was in them is gone, but not their memory. New memory can be a fifth of the time of a
    /// large batch, so who has many keeps the lists.
    ///
    /// ```
    /// # #[cfg(feature = "gpt2")] {
    /// use comptok::{Special, vocab::GPT2};
    /// let mut ids = Vec::new();
    /// for texts in [["one text", "and another"], ["two more", "in the same lists"]] {
    ///     GPT2.encode_batch_into(2, &texts, Special::All, &mut ids).expect("nothing is forbidden");
    ///     assert_eq!(ids[1], GPT2.encode(texts[1], Special::All).expect("nothing is forbidden"));
    /// }
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// As [`encode_batch`](Self::encode_batch). What the lists hold then is not said.
    pub fn encode_batch_into<'o, 'p, T: AsRef<[u8]> + Sync>(
        &self,
        threads: impl Into<Threads<'p>>,
        texts: &[T],
        options: impl Into<Options<'o>>,
        ids: &mut Vec<Vec<TokenId>>,
    ) -> Result<(), BatchError<EncodeError>> {
        self.batch(Team::new(threads.into()), texts, options.into(), ids)
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
        let mut counts = Vec::new();
        self.batch(Team::new(threads.into()), texts, options.into(), &mut counts)?;
        Ok(counts)
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
        let mut ids = Vec::new();
        self.encode_parallel_into(threads, text, options, &mut ids)?;
        Ok(ids)
    }

    /// As [`encode_parallel_in`](Self::encode_parallel_in), into a list that is there; what was in it is gone.
    ///
    /// # Errors
    ///
    /// As [`encode`](Self::encode). What the list holds then is not said.
    pub fn encode_parallel_into<'o, 'p, T: AsRef<[u8]> + ?Sized>(
        &self,
        threads: impl Into<Threads<'p>>,
        text: &T,
        options: impl Into<Options<'o>>,
        ids: &mut Vec<TokenId>,
    ) -> Result<(), EncodeError> {
        let mut lists = vec![core::mem::take(ids)];
        let team = Team::new(threads.into());
        let result = self.batch(team, &[text.as_ref()], options.into(), &mut lists);
        *ids = lists.pop().unwrap_or_default();
        result.map_err(|error| error.error)
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

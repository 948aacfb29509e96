//! Which threads work, and how they share the work.

use alloc::vec::Vec;
use core::num::NonZeroUsize;
use core::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use crate::scratch::Helpers;

/// The threads that work on a batch.
///
/// Made of the number of threads, or of a reference to a [`rayon::ThreadPool`]. A number of threads are
/// started for the one call, the caller's being one of them, and are gone when it returns: nothing is
/// left behind that a fork would break. The calling thread keeps what they worked in, a
/// [`Scratch`](crate::Scratch) for each of them, for its next call.
/// With 0 there are as many as the machine has processors; but in a thread of a rayon pool, that pool
/// does the work.
#[derive(Debug, Clone, Copy)]
pub struct Threads<'p>(Kind<'p>);

#[derive(Debug, Clone, Copy)]
enum Kind<'p> {
    Own(usize),
    Pool(&'p rayon::ThreadPool),
}

impl From<usize> for Threads<'_> {
    fn from(count: usize) -> Self {
        Self(Kind::Own(count))
    }
}

impl<'p> From<&'p rayon::ThreadPool> for Threads<'p> {
    fn from(pool: &'p rayon::ThreadPool) -> Self {
        Self(Kind::Pool(pool))
    }
}

/// Where it is decided who works.
#[derive(Debug, Clone, Copy)]
enum Place<'p> {
    Pool(&'p rayon::ThreadPool),
    /// The pool that the calling thread belongs to.
    Here,
    New,
}

/// Threads, counted.
#[derive(Debug, Clone, Copy)]
pub(super) struct Team<'p> {
    place: Place<'p>,
    pub(super) len: usize,
}

impl<'p> Team<'p> {
    pub(super) fn new(threads: Threads<'p>) -> Self {
        let (place, len) = match threads.0 {
            Kind::Pool(pool) => (Place::Pool(pool), pool.current_num_threads()),
            Kind::Own(0) if rayon::current_thread_index().is_some() => {
                (Place::Here, rayon::current_num_threads())
            }
            Kind::Own(0) => {
                let len = std::thread::available_parallelism();
                (Place::New, len.map_or(1, NonZeroUsize::get))
            }
            Kind::Own(len) => (Place::New, len),
        };
        Self { place, len: len.max(1) }
    }

    /// What `work` gives for each job, in the order of the jobs. Each thread takes the first that is
    /// left; so the longest come first.
    pub(super) fn run<J: Sync, R: Send>(self, jobs: &[J], work: impl Fn(&J) -> R + Sync) -> Vec<R> {
        let (next, done) = (AtomicUsize::new(0), Mutex::new(Vec::with_capacity(self.len)));
        let work = || {
            let mut results = Vec::new();
            while let at = next.fetch_add(1, Ordering::Relaxed)
                && let Some(job) = jobs.get(at)
            {
                results.push((at, work(job)));
            }
            done.lock().unwrap_or_else(PoisonError::into_inner).push(results);
        };
        self.spawn(jobs.len(), &work);
        let done = done.into_inner().unwrap_or_else(PoisonError::into_inner);
        let mut results: Vec<(usize, R)> = done.into_iter().flatten().collect();
        // Runs that are sorted, one of each thread.
        results.sort_by_key(|&(at, _)| at);
        results.into_iter().map(|(_, result)| result).collect()
    }

    /// Calls `work` in as many threads as there are, `jobs` at most.
    fn spawn(self, jobs: usize, work: &(impl Fn() + Sync)) {
        let len = self.len.min(jobs);
        match self.place {
            _ if len <= 1 => work(),
            Place::Pool(pool) => pool.scope(|scope| (0..len).for_each(|_| scope.spawn(|_| work()))),
            Place::Here => rayon::scope(|scope| (0..len).for_each(|_| scope.spawn(|_| work()))),
            Place::New => {
                let helpers = Helpers::take();
                std::thread::scope(|scope| {
                    for _ in 1..len {
                        // Where the system starts no more threads, those that are there do it all.
                        let thread = std::thread::Builder::new().name("comptok".into());
                        if thread.spawn_scoped(scope, || helpers.lend(work)).is_err() {
                            break;
                        }
                    }
                    work();
                });
                helpers.keep(len - 1);
            }
        }
    }
}

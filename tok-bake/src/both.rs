//! Two things at the same time.

use std::{sync::Mutex, thread};

/// Vocabularies of fewer entries are done before a thread has begun.
pub(crate) const WORTH_IT: usize = 4096;

/// Both answers. Where `is_much`, the second one is worked out by a thread that lives as long as the call;
/// where none can be had (some hosts have no threads), it comes after the first.
pub(crate) fn both<A, B: Send>(
    is_much: bool,
    one: impl FnOnce() -> A,
    other: impl FnOnce() -> B + Send,
) -> (A, B) {
    if !is_much {
        return (one(), other());
    }
    // Who comes first takes it: the thread, or who could not start one.
    let other = Mutex::new(Some(other));
    let take = || other.lock().ok()?.take();
    thread::scope(|scope| {
        let thread = thread::Builder::new().spawn_scoped(scope, || take().map(|other| other()));
        let one = one();
        let answer = match thread {
            Ok(thread) => thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
            Err(_) => take().map(|other| other()),
        };
        (one, answer.expect("it is taken once"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_answer_comes_once() {
        for is_much in [false, true] {
            let text = String::from("text");
            let answers = both(is_much, || text.len(), || text.to_uppercase());
            assert_eq!(answers, (4, "TEXT".to_owned()));
        }
    }

    #[test]
    fn a_panic_is_the_callers() {
        let caught = std::panic::catch_unwind(|| both(true, || 1, || panic!("as it should")));
        assert_eq!(caught.expect_err("it panics").downcast_ref(), Some(&"as it should"));
    }
}

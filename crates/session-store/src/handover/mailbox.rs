//! Where the I/O thread leaves outcomes, and the event loop fetches them.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::handover::outcome::Outcomes;

/// Waking the event loop costs microseconds, so it is woken once for all that comes in until it has
/// fetched.
pub(crate) struct Mailbox {
    kept: Mutex<Kept>,
    wake: Box<dyn Fn() + Send + Sync>,
}

#[derive(Default)]
struct Kept {
    outcomes: Outcomes,
    /// Of how many bytes the largest text is that servers compare by themselves; 0 if they do not.
    most_compared: u32,
    /// The event loop has been told, or has said that it will look again without being told.
    is_awake: bool,
}

impl Mailbox {
    pub(crate) fn new(wake: impl Fn() + Send + Sync + 'static) -> Self {
        Self { kept: Mutex::default(), wake: Box::new(wake) }
    }

    /// Leaves `staged` here, empties it, and wakes the event loop unless it is awake already.
    pub(crate) fn put(&self, staged: &mut Outcomes, most_compared: u32) {
        let was_awake = {
            let mut kept = self.lock();
            kept.most_compared = most_compared;
            if kept.outcomes.is_empty() {
                std::mem::swap(&mut kept.outcomes, staged);
                staged.clear();
            } else {
                kept.outcomes.append(staged);
            }
            std::mem::replace(&mut kept.is_awake, true)
        };
        if !was_awake {
            (self.wake)();
        }
    }

    /// Exchanges `taken`, whose outcomes have all been taken, for what has come in. What comes in
    /// from here on wakes the event loop, unless it `stays_awake` and will fetch again by itself.
    ///
    /// Returns of how many bytes the largest text is that servers had better compare by themselves.
    pub(crate) fn fetch(&self, taken: &mut Outcomes, stays_awake: bool) -> u32 {
        taken.clear();
        let mut kept = self.lock();
        std::mem::swap(&mut kept.outcomes, taken);
        kept.is_awake = stays_awake;
        kept.most_compared
    }

    fn lock(&self) -> MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::*;
    use crate::handover::outcome::Answer;

    fn fetched(mailbox: &Mailbox, stays_awake: bool) -> Vec<u32> {
        let mut outcomes = Outcomes::default();
        mailbox.fetch(&mut outcomes, stays_awake);
        std::iter::from_fn(|| outcomes.take().map(|outcome| outcome.ticket)).collect()
    }

    #[test]
    fn the_event_loop_is_woken_once_until_it_has_fetched() {
        let wakes = Arc::new(AtomicUsize::new(0));
        let count = Arc::clone(&wakes);
        let mailbox = Mailbox::new(move || {
            count.fetch_add(1, Ordering::SeqCst);
        });
        let put = |ticket| {
            let mut staged = Outcomes::default();
            staged.push(ticket, Answer::Text(b"text"));
            mailbox.put(&mut staged, 0);
            assert!(staged.is_empty());
        };
        put(1);
        put(2);
        assert_eq!(wakes.load(Ordering::SeqCst), 1);
        assert_eq!(fetched(&mailbox, false), [1, 2]);

        put(3);
        assert_eq!(wakes.load(Ordering::SeqCst), 2);
        assert_eq!(fetched(&mailbox, true), [3]);

        put(4);
        assert_eq!(wakes.load(Ordering::SeqCst), 2, "it said that it would look again");
        assert_eq!(fetched(&mailbox, false), [4]);
    }
}

//! Where the event loop leaves requests for the I/O thread.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use mio::Waker;

use crate::buffer;
use crate::command::{Content, Request};
use crate::handover::ticket::Ticket;
use crate::verbs::Verb;

/// A request whose strings lie one behind the other in the batch's buffer.
struct Packed {
    ticket: Ticket,
    verb: Verb,
    /// Of id, text and expected text.
    lengths: [usize; 3],
    tail: u32,
    ttl: u32,
    deadline: Instant,
}

/// What was handed over since the I/O thread last looked.
#[derive(Default)]
pub(crate) struct Batch {
    bytes: Vec<u8>,
    requests: Vec<Packed>,
}

impl Batch {
    fn push(&mut self, request: &Request<'_>, deadline: Instant) {
        let Request { ticket, verb, content: Content { id, text, expected, tail, ttl }, .. } =
            *request;
        let lengths = [id, text, expected].map(|string| {
            if !string.is_empty() {
                self.bytes.extend_from_slice(string);
            }
            string.len()
        });
        self.requests.push(Packed { ticket, verb, lengths, tail, ttl, deadline });
    }

    /// Passes on every request and its deadline, in the order of the calls, and empties the batch.
    pub(crate) fn drain(&mut self, mut each: impl FnMut(&Request<'_>, Instant)) {
        let mut rest = &self.bytes[..];
        for Packed { ticket, verb, lengths, tail, ttl, deadline } in self.requests.drain(..) {
            let [id, text, expected] = lengths.map(|length| {
                let (string, behind) = rest.split_at(length);
                rest = behind;
                string
            });
            let content = Content { id, text, expected, tail, ttl };
            each(&Request { ticket, verb, content, waited: 0 }, deadline);
        }
        buffer::empty(&mut self.bytes);
    }
}

/// The queue, and whether the I/O thread has to be told.
#[derive(Default)]
pub(crate) struct Queue {
    batch: Mutex<Batch>,
    /// Something is there to look at.
    is_published: AtomicBool,
    /// The I/O thread waits in the operating system, and needs its waker.
    is_parked: AtomicBool,
    is_stopped: AtomicBool,
    waker: Mutex<Option<Waker>>,
}

/// Requests on their way into the queue, all with the same deadline but for those that have waited.
pub(crate) struct HandOver<'a> {
    batch: MutexGuard<'a, Batch>,
    deadline: Instant,
}

impl HandOver<'_> {
    pub(crate) fn push(&mut self, request: &Request<'_>) {
        let waited = Duration::from_millis(request.waited.into());
        self.batch.push(request, self.deadline.checked_sub(waited).unwrap_or(self.deadline));
    }
}

impl Queue {
    /// Lets requests be added. The I/O thread learns of them by [`Queue::publish`].
    pub(crate) fn hand_over(&self, deadline: Instant) -> HandOver<'_> {
        let batch = self.batch.lock().unwrap_or_else(PoisonError::into_inner);
        HandOver { batch, deadline }
    }

    /// Lets the I/O thread see what was added, and wakes it if it is parked.
    pub(crate) fn publish(&self) {
        self.is_published.store(true, Ordering::SeqCst);
        if self.is_parked.swap(false, Ordering::SeqCst)
            && let Some(waker) = &*self.waker()
        {
            // The only failure is a full pipe, of a waker that has woken already.
            let _ = waker.wake();
        }
    }

    /// Exchanges the emptied `taken` for what was published; returns whether anything was.
    pub(crate) fn take(&self, taken: &mut Batch) -> bool {
        let is_published = self.is_published.load(Ordering::Relaxed)
            && self.is_published.swap(false, Ordering::SeqCst);
        if is_published {
            let mut batch = self.batch.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::swap(&mut *batch, taken);
        }
        is_published
    }

    /// Announces that the I/O thread is about to wait; returns whether it may.
    pub(crate) fn park(&self) -> bool {
        // After this store `publish` sends a wake; before it, what it published is seen here.
        self.is_parked.store(true, Ordering::SeqCst);
        let may_wait = !self.is_published.load(Ordering::SeqCst) && !self.is_stopped();
        if !may_wait {
            self.unpark();
        }
        may_wait
    }

    pub(crate) fn unpark(&self) {
        self.is_parked.store(false, Ordering::SeqCst);
    }

    /// Says how to wake the I/O thread.
    pub(crate) fn set_waker(&self, waker: Waker) {
        *self.waker() = Some(waker);
    }

    fn waker(&self) -> MutexGuard<'_, Option<Waker>> {
        self.waker.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn stop(&self) {
        self.is_stopped.store(true, Ordering::SeqCst);
        self.publish();
    }

    pub(crate) fn is_stopped(&self) -> bool {
        self.is_stopped.load(Ordering::Relaxed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn requests_come_out_as_they_went_in(
            strings in vec((vec(any::<u8>(), 0..50), vec(any::<u8>(), 0..9), any::<u32>()), 0..50),
            waited in 0u32..2000,
        ) {
            let queue = Queue::default();
            let deadline = Instant::now() + Duration::from_secs(9);
            for (long, short, ticket) in &strings {
                queue.hand_over(deadline).push(&Request {
                    ticket: *ticket,
                    verb: Verb::Append,
                    content: Content { id: short, text: long, expected: short, tail: 3, ttl: !ticket },
                    waited,
                });
            }
            let mut batch = Batch::default();
            prop_assert!(!queue.take(&mut batch), "nothing was published");
            queue.publish();
            prop_assert!(queue.take(&mut batch));
            let mut seen = Vec::new();
            batch.drain(|request, due| {
                assert_eq!(deadline - due, Duration::from_millis(waited.into()));
                assert_eq!(request.content.ttl, !request.ticket);
                let Content { id, text, expected, tail, .. } = request.content;
                assert_eq!((expected, tail), (id, 3));
                seen.push((text.to_vec(), id.to_vec(), request.ticket));
            });
            prop_assert_eq!(seen, strings);
        }
    }

    #[test]
    fn what_was_published_is_not_slept_over() {
        let queue = Queue::default();
        assert!(queue.park());
        queue.publish();
        assert!(!queue.park());
        assert!(queue.take(&mut Batch::default()));
        assert!(queue.park());
        queue.stop();
        assert!(!queue.park());
    }
}

//! Where the event loop leaves commands for the I/O thread.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use mio::Waker;

use crate::command::{Command, Step};
use crate::handover::outcome::KEEP_BYTES;
use crate::handover::ticket::Ticket;

/// A command as it was handed over. Its id and text lie one behind the other in the batch.
struct Entry {
    ticket: Ticket,
    step: Step,
    id_length: usize,
    text_length: usize,
}

/// What was handed over since the I/O thread last looked.
#[derive(Default)]
pub(crate) struct Batch {
    bytes: Vec<u8>,
    entries: Vec<Queued>,
}

enum Queued {
    Simple(Entry),
    Chain(Command),
}

/// One command of a batch.
pub(crate) enum Submitted<'a> {
    Simple { ticket: Ticket, step: Step, id: &'a [u8], text: &'a [u8] },
    Chain(Command),
}

impl Batch {
    /// Gives every command in the order of the calls, and empties the batch.
    pub(crate) fn drain(&mut self, mut each: impl FnMut(Submitted<'_>)) {
        let mut rest = &self.bytes[..];
        for queued in self.entries.drain(..) {
            match queued {
                Queued::Simple(Entry { ticket, step, id_length, text_length }) => {
                    let (id, behind) = rest.split_at(id_length);
                    let (text, behind) = behind.split_at(text_length);
                    rest = behind;
                    each(Submitted::Simple { ticket, step, id, text });
                }
                Queued::Chain(command) => each(Submitted::Chain(command)),
            }
        }
        self.bytes.clear();
        self.bytes.shrink_to(KEEP_BYTES);
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

impl Queue {
    /// Adds a command without telling the I/O thread.
    pub(crate) fn push(&self, ticket: Ticket, step: Step, id: &[u8], text: &[u8]) {
        let mut batch = self.lock();
        batch.bytes.extend_from_slice(id);
        batch.bytes.extend_from_slice(text);
        let (id_length, text_length) = (id.len(), text.len());
        batch.entries.push(Queued::Simple(Entry { ticket, step, id_length, text_length }));
    }

    /// Adds a command of several steps.
    pub(crate) fn push_chain(&self, command: Command) {
        self.lock().entries.push(Queued::Chain(command));
    }

    /// Lets the I/O thread see what was pushed, and wakes it if it is parked.
    pub(crate) fn publish(&self) {
        self.is_published.store(true, Ordering::SeqCst);
        if self.is_parked.swap(false, Ordering::SeqCst)
            && let Some(waker) = &*self.waker()
        {
            // The only failure is a full pipe, of a waker that has woken already.
            let _ = waker.wake();
        }
    }

    /// Exchanges the emptied `taken` for what was published; gives whether anything was.
    pub(crate) fn take(&self, taken: &mut Batch) -> bool {
        let is_published = self.is_published.load(Ordering::Relaxed)
            && self.is_published.swap(false, Ordering::SeqCst);
        if is_published {
            std::mem::swap(&mut *self.lock(), taken);
        }
        is_published
    }

    /// Announces that the I/O thread is about to wait; gives whether it may.
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

    fn lock(&self) -> MutexGuard<'_, Batch> {
        self.batch.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

//! What came of commands, on its way from the I/O thread back to whoever asked.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::error::Error;
use crate::handover::ticket::Ticket;

/// Buffers larger than this are given back rather than kept for the next batch.
pub(crate) const KEEP_BYTES: usize = 256 * 1024;

/// What a command came to.
#[derive(Debug)]
pub enum Answer<'a> {
    /// There is no such session.
    None,
    /// Not written, or not found.
    No,
    /// Done, or found.
    Yes,
    /// The text of the session.
    Text(&'a [u8]),
    /// The command failed.
    Failed(Error),
}

/// The answer to the command with this ticket.
#[derive(Debug)]
pub struct Outcome<'a> {
    /// The ticket that the command was given, or [`EVERYONE`](crate::EVERYONE).
    pub ticket: Ticket,
    /// What it came to.
    pub answer: Answer<'a>,
}

/// A batch of outcomes. Their texts lie in one buffer, which is used again.
#[derive(Debug, Default)]
pub struct Outcomes {
    entries: Vec<(Ticket, Entry)>,
    texts: Vec<u8>,
    taken: usize,
}

#[derive(Debug)]
enum Entry {
    None,
    No,
    Yes,
    Text { start: usize, end: usize },
    Failed(Box<Error>),
}

impl Outcomes {
    pub(crate) fn push(&mut self, ticket: Ticket, answer: Answer<'_>) {
        let entry = match answer {
            Answer::None => Entry::None,
            Answer::No => Entry::No,
            Answer::Yes => Entry::Yes,
            Answer::Text(text) => {
                let start = self.texts.len();
                self.texts.extend_from_slice(text);
                Entry::Text { start, end: self.texts.len() }
            }
            Answer::Failed(error) => Entry::Failed(Box::new(error)),
        };
        self.entries.push((ticket, entry));
    }

    /// Gives the next outcome, each once.
    pub fn take(&mut self) -> Option<Outcome<'_>> {
        let (ticket, entry) = self.entries.get_mut(self.taken)?;
        self.taken += 1;
        let answer = match std::mem::replace(entry, Entry::None) {
            Entry::None => Answer::None,
            Entry::No => Answer::No,
            Entry::Yes => Answer::Yes,
            Entry::Text { start, end } => Answer::Text(&self.texts[start..end]),
            Entry::Failed(error) => Answer::Failed(*error),
        };
        Some(Outcome { ticket: *ticket, answer })
    }

    /// Whether every outcome was taken.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.taken == self.entries.len()
    }

    fn clear(&mut self) {
        self.entries.clear();
        self.texts.clear();
        self.texts.shrink_to(KEEP_BYTES);
        self.taken = 0;
    }

    /// Moves everything out of `other`, behind what is here.
    fn append(&mut self, other: &mut Self) {
        let offset = self.texts.len();
        self.texts.extend_from_slice(&other.texts);
        self.entries.extend(other.entries.drain(..).map(|(ticket, entry)| match entry {
            Entry::Text { start, end } => {
                (ticket, Entry::Text { start: start + offset, end: end + offset })
            }
            entry => (ticket, entry),
        }));
        other.clear();
    }
}

/// Where the I/O thread leaves outcomes, and the event loop fetches them.
///
/// Waking the event loop costs microseconds, so it is woken once for all that comes in until it has
/// fetched.
pub(crate) struct Mailbox {
    outcomes: Mutex<Outcomes>,
    is_woken: AtomicBool,
    wake: Box<dyn Fn() + Send + Sync>,
}

impl Mailbox {
    pub(crate) fn new(wake: impl Fn() + Send + Sync + 'static) -> Self {
        Self { outcomes: Mutex::default(), is_woken: AtomicBool::new(false), wake: Box::new(wake) }
    }

    /// Leaves `staged` here, empties it, and wakes the event loop unless it is awake already.
    pub(crate) fn put(&self, staged: &mut Outcomes) {
        {
            let mut outcomes = self.lock();
            if outcomes.entries.is_empty() {
                std::mem::swap(&mut *outcomes, staged);
            } else {
                outcomes.append(staged);
            }
        }
        if !self.is_woken.swap(true, Ordering::SeqCst) {
            (self.wake)();
        }
    }

    /// Exchanges `taken`, whose outcomes have all been taken, for what has come in.
    pub(crate) fn fetch(&self, taken: &mut Outcomes) {
        taken.clear();
        // Before the exchange: what comes in from here on wakes the event loop again.
        self.is_woken.store(false, Ordering::SeqCst);
        std::mem::swap(&mut *self.lock(), taken);
    }

    fn lock(&self) -> MutexGuard<'_, Outcomes> {
        self.outcomes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

//! What came of requests, packed for the way from the I/O thread to whoever asked.

use crate::error::Error;
use crate::handover::ticket::Ticket;

/// Buffers larger than this are given back rather than kept for the next batch.
pub(crate) const KEEP_BYTES: usize = 256 * 1024;

/// What a request came to.
#[derive(Debug)]
pub enum Answer<'a> {
    /// There is no such session, so nothing was read, written or refreshed.
    Missing,
    /// It was done.
    Done,
    /// The text of the session.
    Text(&'a [u8]),
    /// It failed.
    Failed(Box<Error>),
}

/// The answer to the request with this ticket.
#[derive(Debug)]
pub struct Outcome<'a> {
    /// The ticket of the request, or [`EVERYONE`](crate::EVERYONE).
    pub ticket: Ticket,
    /// What it came to.
    pub answer: Answer<'a>,
}

/// A batch of outcomes. Their texts lie in one buffer, which is used again.
#[derive(Debug, Default)]
pub struct Outcomes {
    entries: Vec<(Ticket, Packed)>,
    texts: Vec<u8>,
    taken: usize,
}

/// An answer whose text is in the batch's buffer.
#[derive(Debug)]
enum Packed {
    Missing,
    Done,
    Text { start: usize, end: usize },
    Failed(Box<Error>),
}

impl Outcomes {
    pub(crate) fn push(&mut self, ticket: Ticket, answer: Answer<'_>) {
        let packed = match answer {
            Answer::Missing => Packed::Missing,
            Answer::Done => Packed::Done,
            Answer::Text(text) => {
                let start = self.texts.len();
                self.texts.extend_from_slice(text);
                Packed::Text { start, end: self.texts.len() }
            }
            Answer::Failed(error) => Packed::Failed(error),
        };
        self.entries.push((ticket, packed));
    }

    /// Returns the next outcome, each once.
    pub fn take(&mut self) -> Option<Outcome<'_>> {
        let (ticket, packed) = self.entries.get_mut(self.taken)?;
        self.taken += 1;
        let answer = match std::mem::replace(packed, Packed::Missing) {
            Packed::Missing => Answer::Missing,
            Packed::Done => Answer::Done,
            Packed::Text { start, end } => Answer::Text(&self.texts[start..end]),
            Packed::Failed(error) => Answer::Failed(error),
        };
        Some(Outcome { ticket: *ticket, answer })
    }

    /// Whether every outcome was taken.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.taken == self.entries.len()
    }

    pub(super) fn clear(&mut self) {
        self.entries.clear();
        self.texts.clear();
        self.texts.shrink_to(KEEP_BYTES);
        self.taken = 0;
    }

    /// Moves everything out of `other`, behind what is here.
    pub(super) fn append(&mut self, other: &mut Self) {
        let offset = self.texts.len();
        self.texts.extend_from_slice(&other.texts);
        self.entries.extend(other.entries.drain(..).map(|(ticket, packed)| match packed {
            Packed::Text { start, end } => {
                (ticket, Packed::Text { start: start + offset, end: end + offset })
            }
            packed => (ticket, packed),
        }));
        other.clear();
    }
}

//! What came of requests, packed for the way from the I/O thread to whoever asked.

use std::ops::Range;

use crate::buffer;
use crate::error::Error;
use crate::event::Event;
use crate::handover::ticket::Ticket;
use crate::record::{Scan, scan};

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
    /// It is no request: something has happened to a connection. The ticket is [`NOBODY`](crate::NOBODY).
    Event(Box<Event>),
}

/// The answer to the request with this ticket.
#[derive(Debug)]
pub struct Outcome<'a> {
    /// The ticket of the request, or [`EVERYONE`](crate::EVERYONE).
    pub ticket: Ticket,
    /// What it came to.
    pub answer: Answer<'a>,
    /// Where the keys and values of a text lie, as [`scan`](crate::scan) says. Empty if the text has
    /// to be parsed as a whole, or is not a session at all.
    pub spans: &'a [u32],
}

/// A batch of outcomes. Their texts lie in one buffer, the spans in another; both are used again.
#[derive(Debug, Default)]
pub struct Outcomes {
    entries: Vec<(Ticket, Packed)>,
    texts: Vec<u8>,
    spans: Vec<u32>,
    taken: usize,
}

/// An answer whose text is in the batch's buffers.
#[derive(Debug)]
enum Packed {
    Missing,
    Done,
    Text { text: Range<usize>, spans: Range<usize> },
    Failed(Box<Error>),
    Event(Box<Event>),
}

impl Outcomes {
    /// Adds an outcome. A text is scanned here, on the I/O thread, for the event loop's sake.
    pub(crate) fn push(&mut self, ticket: Ticket, answer: Answer<'_>) {
        let packed = match answer {
            Answer::Missing => Packed::Missing,
            Answer::Done => Packed::Done,
            Answer::Text(text) => {
                let (start, first) = (self.texts.len(), self.spans.len());
                self.texts.extend_from_slice(text);
                // Without spans it is parsed by JavaScript, which tells what is wrong with it. But bytes
                // that are no text would be replaced on the way there.
                let scanned = scan(text, &mut self.spans);
                if scanned == Scan::ParseWhole && simdutf8::basic::from_utf8(text).is_err() {
                    self.texts.truncate(start);
                    Packed::Failed(Box::new(Error::not_utf8()))
                } else {
                    Packed::Text { text: start..self.texts.len(), spans: first..self.spans.len() }
                }
            }
            Answer::Failed(error) => Packed::Failed(error),
            Answer::Event(event) => Packed::Event(event),
        };
        self.entries.push((ticket, packed));
    }

    /// Returns how many numbers the spans of the next outcome are.
    #[must_use]
    pub fn next_spans(&self) -> usize {
        match self.entries.get(self.taken) {
            Some((_, Packed::Text { spans, .. })) => spans.len(),
            _ => 0,
        }
    }

    /// Returns the next outcome, each once.
    pub fn take(&mut self) -> Option<Outcome<'_>> {
        let (ticket, packed) = self.entries.get_mut(self.taken)?;
        self.taken += 1;
        let mut spans = 0..0;
        let answer = match std::mem::replace(packed, Packed::Missing) {
            Packed::Missing => Answer::Missing,
            Packed::Done => Answer::Done,
            Packed::Text { text, spans: of_text } => {
                spans = of_text;
                Answer::Text(&self.texts[text])
            }
            Packed::Failed(error) => Answer::Failed(error),
            Packed::Event(event) => Answer::Event(event),
        };
        Some(Outcome { ticket: *ticket, answer, spans: &self.spans[spans] })
    }

    /// Whether every outcome was taken.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.taken == self.entries.len()
    }

    pub(super) fn clear(&mut self) {
        self.entries.clear();
        buffer::empty(&mut self.texts);
        buffer::empty(&mut self.spans);
        self.taken = 0;
    }

    /// Moves everything out of `other`, behind what is here.
    pub(super) fn append(&mut self, other: &mut Self) {
        let (bytes, words) = (self.texts.len(), self.spans.len());
        self.texts.extend_from_slice(&other.texts);
        self.spans.extend_from_slice(&other.spans);
        self.entries.extend(other.entries.drain(..).map(|(ticket, packed)| match packed {
            Packed::Text { text, spans } => {
                (ticket, Packed::Text { text: moved(text, bytes), spans: moved(spans, words) })
            }
            packed => (ticket, packed),
        }));
        other.clear();
    }
}

fn moved(range: Range<usize>, by: usize) -> Range<usize> {
    range.start + by..range.end + by
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Code;

    type Seen = (Ticket, Vec<u8>, Vec<u32>);

    fn seen(outcomes: &mut Outcomes) -> Vec<Seen> {
        let next = || {
            let Outcome { ticket, answer, spans } = outcomes.take()?;
            let Answer::Text(text) = answer else { return Some((ticket, vec![], spans.to_vec())) };
            Some((ticket, text.to_vec(), spans.to_vec()))
        };
        std::iter::from_fn(next).collect()
    }

    #[test]
    fn every_text_has_its_own_spans_after_batches_were_joined() {
        let texts: [&[u8]; 5] =
            [br#"[{"a":1},{}]"#, b"not a session", br#"[{},{"bc":[]}]"#, b"[{},{}]", b"[{}]"];
        let expected: Vec<Seen> = (0..)
            .zip(texts)
            .map(|(ticket, text)| {
                let mut spans = Vec::new();
                scan(text, &mut spans);
                (ticket, text.to_vec(), spans)
            })
            .collect();
        let mut joined = Outcomes::default();
        for (ticket, text, _) in &expected {
            let mut batch = Outcomes::default();
            batch.push(100 + ticket, Answer::Done);
            batch.push(*ticket, Answer::Text(text));
            joined.append(&mut batch);
        }
        let texts: Vec<Seen> =
            seen(&mut joined).into_iter().filter(|(ticket, ..)| *ticket < 100).collect();
        assert_eq!(texts, expected);
    }

    #[test]
    fn bytes_that_are_not_utf_8_are_no_session() {
        for text in [&b"[{\"a\":\"\xff\"},{}]"[..], b"[{\"a\":1,\"a\":\"\xff\"},{}]"] {
            let mut outcomes = Outcomes::default();
            outcomes.push(1, Answer::Text(text));
            outcomes.push(2, Answer::Text(b"[{},{}]"));
            let answer = outcomes.take().map(|outcome| outcome.answer);
            assert!(matches!(answer, Some(Answer::Failed(error)) if error.code == Code::Corrupt));
            assert_eq!(
                seen(&mut outcomes).first().map(|seen| seen.1.clone()),
                Some(b"[{},{}]".into())
            );
        }
    }

    #[test]
    fn the_room_that_spans_need_is_known_before_they_are_taken() {
        let mut outcomes = Outcomes::default();
        outcomes.push(6, Answer::Done);
        outcomes.push(7, Answer::Text(br#"[{"a":1},{}]"#));
        for room in [0, 8, 0] {
            assert_eq!(outcomes.next_spans(), room);
            assert_eq!(outcomes.take().map_or(0, |outcome| outcome.spans.len()), room);
        }
    }
}

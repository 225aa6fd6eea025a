//! Bytes on their way out, of which the sent ones are given back.

use crate::buffer;

/// So many bytes that are sent are worth moving the unsent ones.
const MOVE_BYTES: usize = 256 * 1024;

#[derive(Default)]
pub(super) struct Outbox {
    bytes: Vec<u8>,
    sent: usize,
}

impl Outbox {
    pub(super) fn is_empty(&self) -> bool {
        self.sent == self.bytes.len()
    }

    /// Where bytes to be sent are appended.
    pub(super) fn end(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    pub(super) fn unsent(&self) -> &[u8] {
        &self.bytes[self.sent..]
    }

    /// Takes note that so many more bytes are sent. A socket that never takes all of them must not
    /// make this grow, so what is unsent moves to the front; only where that is less than was sent,
    /// so that a byte moves once on average.
    pub(super) fn advance(&mut self, count: usize) {
        self.sent += count;
        if self.is_empty() {
            buffer::empty(&mut self.bytes);
            self.sent = 0;
        } else if self.sent >= MOVE_BYTES && self.sent >= self.bytes.len() / 2 {
            self.bytes.drain(..self.sent);
            self.sent = 0;
            if self.bytes.capacity() / 4 > self.bytes.len() {
                self.bytes.shrink_to(self.bytes.len() * 2);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(32))]

        #[test]
        fn every_byte_is_sent_once_and_given_back(
            steps in vec((0usize..100_000, 0usize..200_000), 1..30),
        ) {
            let mut outbox = Outbox::default();
            let (mut appended, mut sent) = (0usize, 0usize);
            let byte = |at: usize| at.to_le_bytes()[0];
            for (more, taken) in steps {
                outbox.end().extend((appended..appended + more).map(byte));
                appended += more;
                let taken = taken.min(outbox.unsent().len());
                prop_assert!(outbox.unsent().iter().take(99).enumerate()
                    .all(|(at, value)| *value == byte(sent + at)));
                outbox.advance(taken);
                sent += taken;
                let unsent = appended - sent;
                prop_assert_eq!(outbox.unsent().len(), unsent);
                prop_assert!(outbox.bytes.len() <= 2 * (unsent + MOVE_BYTES));
            }
        }
    }
}

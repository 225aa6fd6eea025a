//! The stored text of a session: whether it is one, and where its top-level keys and values lie.
//!
//! A session is `[values, flash]`, two objects as JSON, perhaps with a third one after them. Its
//! text is scanned once, on the I/O thread, so that the event loop has to parse only the values
//! that it is asked for. Nothing is built on the way: `block` sorts bytes into kinds, 64 at a time,
//! `tokens` finds where tokens begin, and `grammar` checks their order, as strictly as `JSON.parse`
//! does. `keys` tells which keys can be looked up in the text, and `utf16` turns offsets into those
//! of a JavaScript string.

mod block;
mod grammar;
mod keys;
mod nesting;
mod number;
#[cfg(test)]
mod oracle;
#[cfg(test)]
mod tests;
mod tokens;
mod utf16;

use grammar::Invalid;
use tokens::{Token, Tokens};

/// The most keys of an object that get spans. Spans of more keys would still be faster than
/// parsing, but they take as much memory as the text, and such sessions are rare.
pub const MAX_KEYS: usize = 256;

/// The most numbers that the spans of a session are: two counts, four for a key, and the third
/// element.
pub const MAX_SPANS: usize = 2 + 2 * 4 * MAX_KEYS + 2;

/// What a text is. Of what its parts are, the greatest in this order is what the text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scan {
    /// A session, of which there are spans.
    Spans,
    /// A session that has to be parsed as a whole, because spans would not say all that JSON does.
    ParseWhole,
    /// JSON, but not a session.
    NotASession,
    /// Not JSON.
    NotJson,
}

/// Returns what `text` is. For [`Scan::Spans`], its spans are appended, in UTF-16 code units:
///
/// - how many keys `values` has, and how many `flash` has,
/// - for each of them, in the order of the text: the start and the end of the key without its
///   quotes, and the start and the end of its value,
/// - the start and the end of the third element. If there is none, both are the end of the second.
pub fn scan(text: &[u8], spans: &mut Vec<u32>) -> Scan {
    let start = spans.len();
    spans.extend([0, 0]);
    let mut scanner = Scanner { tokens: Tokens::new(text), spans, start, found: Scan::Spans };
    if u32::try_from(text.len()).is_err() {
        scanner.found = Scan::ParseWhole;
    }

    let mut found = match scanner.text() {
        Ok(()) => scanner.found,
        Err(Invalid) => Scan::NotJson,
    };
    if found == Scan::Spans && utf16::from_bytes(text, &mut spans[start + 2..]).is_err() {
        found = Scan::ParseWhole;
    }
    if found != Scan::Spans {
        spans.truncate(start);
    }
    found
}

struct Scanner<'a> {
    tokens: Tokens<'a>,
    spans: &'a mut Vec<u32>,
    /// Where the spans of this text begin.
    start: usize,
    found: Scan,
}

impl Scanner<'_> {
    fn text(&mut self) -> Result<(), Invalid> {
        let first = self.tokens.next();
        let after = if first.byte == b'[' {
            self.elements()?
        } else {
            self.note(Scan::NotASession);
            self.tokens.value(first)?
        };
        self.tokens.end(after)
    }

    /// Reads the elements of the outermost array, and returns the token after it.
    fn elements(&mut self) -> Result<Token, Invalid> {
        let mut count = 0;
        let mut element = self.tokens.next();
        while element.byte != b']' || count > 0 {
            let is_object = element.byte == b'{';
            let after = match count {
                0 | 1 if is_object => self.members(count)?,
                _ => self.tokens.value(element)?,
            };
            match count {
                0 | 1 if !is_object => self.note(Scan::NotASession),
                2 if is_object => self.span(element.at, self.tokens.end_before(after)),
                2.. => self.note(Scan::ParseWhole),
                _ => {}
            }
            count += 1;
            match after.byte {
                b',' => element = self.tokens.next(),
                b']' if count == 2 => {
                    let end = self.tokens.end_before(after);
                    self.span(end, end);
                    break;
                }
                b']' => break,
                _ => return Err(Invalid),
            }
        }
        if count < 2 {
            self.note(Scan::NotASession);
        }
        Ok(self.tokens.next())
    }

    /// Reads the object that is this element, and returns the token after it.
    fn members(&mut self, element: usize) -> Result<Token, Invalid> {
        let mut start = self.tokens.next();
        if start.byte == b'}' {
            return Ok(self.tokens.next());
        }
        let first = self.spans.len();
        loop {
            let colon = self.tokens.colon(start)?;
            let value = self.tokens.next();
            let after = self.tokens.value(value)?;

            let key = start.at + 1..self.tokens.end_before(colon) - 1;
            if self.found == Scan::Spans
                && !self.tokens.has_escapes(key.clone())
                && self.spans.len() - first < 4 * MAX_KEYS
            {
                let value = value.at..self.tokens.end_before(after);
                let member = [key.start, key.end, value.start, value.end];
                self.spans.extend_from_slice(&member.map(offset));
            } else {
                self.note(Scan::ParseWhole);
            }
            match after.byte {
                b',' => start = self.tokens.next(),
                b'}' => break,
                _ => return Err(Invalid),
            }
        }
        // In a loop of its own, which is up to a tenth faster than between the tokens.
        let (members, _) = self.spans[first..].as_chunks();
        let count = members.len();
        if self.found == Scan::Spans && !keys::can_be_found(self.tokens.text, members) {
            self.note(Scan::ParseWhole);
        }
        self.spans[self.start + element] = offset(count);
        Ok(self.tokens.next())
    }

    fn note(&mut self, found: Scan) {
        self.found = self.found.max(found);
    }

    fn span(&mut self, start: usize, end: usize) {
        self.spans.extend([start, end].map(offset));
    }
}

#[expect(clippy::cast_possible_truncation, reason = "a longer text has no spans")]
fn offset(at: usize) -> u32 {
    at as u32
}

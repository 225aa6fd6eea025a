//! The order in which tokens may follow each other. With the checks in `tokens` and `number`, it
//! accepts exactly what `JSON.parse` accepts.

use super::nesting::{Container, Nesting};
use super::number::is_number;
use super::tokens::{Token, Tokens};

/// The text is not JSON.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Invalid;

impl Tokens<'_> {
    /// Takes the colon after this token, which has to be a key.
    #[inline]
    pub(super) fn colon(&mut self, key: Token) -> Result<Token, Invalid> {
        let colon = self.next();
        if key.byte == b'"' && colon.byte == b':' { Ok(colon) } else { Err(Invalid) }
    }

    /// Takes the value that starts with this token, however deep it is, and returns the token after
    /// it.
    #[inline]
    pub(super) fn value(&mut self, start: Token) -> Result<Token, Invalid> {
        match start.byte {
            b'{' | b'[' => self.container(start),
            _ => {
                let after = self.next();
                if self.is_scalar(start, after) { Ok(after) } else { Err(Invalid) }
            }
        }
    }

    /// Whether this is a string, a number or a word.
    #[inline]
    fn is_scalar(&self, start: Token, after: Token) -> bool {
        match start.byte {
            b'"' => true,
            b'-' | b'0'..=b'9' => is_number(self.text, start.at..self.end_before(after)),
            b't' | b'f' | b'n' => self.is_word(start, after),
            _ => false,
        }
    }

    #[inline(never)]
    fn container(&mut self, mut start: Token) -> Result<Token, Invalid> {
        let mut nesting = Nesting::new();
        loop {
            let mut after = self.next();
            match start.byte {
                b'{' if after.byte == b'}' => after = self.next(),
                b'{' => {
                    nesting.enter(Container::Object);
                    self.colon(after)?;
                    start = self.next();
                    continue;
                }
                b'[' if after.byte == b']' => after = self.next(),
                b'[' => {
                    nesting.enter(Container::Array);
                    start = after;
                    continue;
                }
                // Most values are strings.
                b'"' => {}
                _ if self.is_scalar(start, after) => {}
                _ => return Err(Invalid),
            }
            // A value has ended. So may those around it.
            start = loop {
                let Some(container) = nesting.innermost() else { return Ok(after) };
                match (after.byte, container) {
                    (b',', Container::Array) => break self.next(),
                    (b',', Container::Object) => {
                        let key = self.next();
                        self.colon(key)?;
                        break self.next();
                    }
                    (b']', Container::Array) | (b'}', Container::Object) => {
                        nesting.leave();
                        after = self.next();
                    }
                    _ => return Err(Invalid),
                }
            };
        }
    }

    #[inline]
    fn is_word(&self, start: Token, after: Token) -> bool {
        matches!(&self.text[start.at..self.end_before(after)], b"true" | b"false" | b"null")
    }

    /// Checks that this is the end of the text, and that everything before it is valid.
    pub(super) fn end(&self, token: Token) -> Result<(), Invalid> {
        if token.at == self.text.len() && self.are_bytes_valid() { Ok(()) } else { Err(Invalid) }
    }
}

//! Where the tokens of a text begin: brackets, braces, commas, colons, strings, and words, which
//! are whatever else stands outside of strings.
//!
//! A few operations on the bits of a block find all of its tokens, however many and however long
//! they are. The idea is simdjson's (Langdale and Lemire, "Parsing Gigabytes of JSON per Second"),
//! but tokens are taken block by block rather than from a list of all positions.
//!
//! Bytes above 0x7F can only be in strings, and mean nothing here. That holds for invalid UTF-8,
//! too: Node reads it as U+FFFD, which can only be in strings.

use std::ops::Range;

use super::block::{BLOCK, Kinds};

/// The start of a token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) at: usize,
    /// The first byte of the token, or 0 at the end of the text: no token starts with that.
    pub(super) byte: u8,
}

/// The tokens of a text, one after the other.
pub(super) struct Tokens<'a> {
    pub(super) text: &'a [u8],
    /// Where the present block begins.
    block: usize,
    /// Where the block after it begins.
    next_block: usize,
    /// A bit for each token of the present block that has not been taken.
    starts: u64,
    /// All ones if the present block ends within a string.
    in_string: u64,
    /// 1 if the present block ends with a backslash that escapes what comes next.
    is_escaped: u64,
    /// 1 if the present block ends with a byte of a word.
    in_word: u64,
    /// Where the last escape so far begins, or 0.
    last_escape: usize,
    /// Whether there was an escape or a control character that JSON does not allow.
    has_invalid: bool,
}

impl<'a> Tokens<'a> {
    pub(super) fn new(text: &'a [u8]) -> Self {
        Self {
            text,
            block: 0,
            next_block: 0,
            starts: 0,
            in_string: 0,
            is_escaped: 0,
            in_word: 0,
            last_escape: 0,
            has_invalid: false,
        }
    }

    #[inline]
    pub(super) fn next(&mut self) -> Token {
        while self.starts == 0 {
            if self.next_block >= self.text.len() {
                return Token { at: self.text.len(), byte: 0 };
            }
            self.read_block();
        }
        let at = self.block + self.starts.trailing_zeros() as usize;
        self.starts &= self.starts - 1;
        Token { at, byte: self.text[at] }
    }

    /// Where the token before this one ends.
    #[inline]
    pub(super) fn end_before(&self, token: Token) -> usize {
        match self.text[..token.at] {
            [.., last] if last > b' ' => token.at,
            _ => self.end_before_blanks(token),
        }
    }

    #[cold]
    fn end_before_blanks(&self, token: Token) -> usize {
        let mut before = self.text[..token.at].iter();
        before.rposition(|byte| *byte > b' ').map_or(0, |last| last + 1)
    }

    /// Whether a string that lies before the next token has escapes.
    #[inline]
    pub(super) fn has_escapes(&self, string: Range<usize>) -> bool {
        self.last_escape >= string.start && self.text[string].contains(&b'\\')
    }

    /// Whether the text so far has no string that is open, and no byte that JSON does not allow
    /// there.
    pub(super) fn are_bytes_valid(&self) -> bool {
        self.in_string == 0 && !self.has_invalid
    }

    #[inline(never)]
    fn read_block(&mut self) {
        let rest = &self.text[self.next_block..];
        let kinds = if let Some(block) = rest.first_chunk() {
            Kinds::of(block)
        } else {
            let mut block = [b' '; BLOCK];
            block[..rest.len()].copy_from_slice(rest);
            Kinds::of(&block)
        };
        self.block = self.next_block;
        self.next_block += BLOCK;

        let quotes = kinds.quotes & !self.escaped(kinds.backslashes);
        // From each opening quote to the last byte before the closing one.
        let in_string = self.in_string ^ parity(quotes);
        self.in_string = 0u64.wrapping_sub(in_string >> 63);
        if kinds.controls != 0 {
            self.check_controls(kinds.controls, in_string);
        }

        let tokens = !kinds.blanks;
        let words = tokens & !(kinds.marks | quotes);
        let more_of_words = words & (words << 1 | self.in_word);
        self.in_word = words >> 63;
        let closing_or_inside = in_string ^ quotes;
        self.starts = tokens & !more_of_words & !closing_or_inside;
    }

    /// Checks the escapes, and returns which bytes are escaped.
    #[inline]
    fn escaped(&mut self, backslashes: u64) -> u64 {
        if backslashes == 0 {
            std::mem::take(&mut self.is_escaped)
        } else {
            self.check_escapes(backslashes)
        }
    }

    #[inline(never)]
    fn check_escapes(&mut self, backslashes: u64) -> u64 {
        let mut escaped = std::mem::take(&mut self.is_escaped);
        let mut left = backslashes & !escaped;
        while left != 0 {
            let at = left.trailing_zeros();
            self.last_escape = self.block + at as usize;
            self.has_invalid |= !is_escape(&self.text[self.block + at as usize + 1..]);
            let next = 1u64.checked_shl(at + 1).unwrap_or_else(|| {
                self.is_escaped = 1;
                0
            });
            escaped |= next;
            left &= !(1 << at | next);
        }
        escaped
    }

    /// Checks control characters, of which `JSON.stringify` writes none.
    #[cold]
    fn check_controls(&mut self, mut controls: u64, in_string: u64) {
        self.has_invalid |= controls & in_string != 0;
        while controls != 0 {
            let byte = self.text[self.block + controls.trailing_zeros() as usize];
            self.has_invalid |= !matches!(byte, b'\t' | b'\n' | b'\r');
            controls &= controls - 1;
        }
    }
}

/// Sets the bits up to which, themselves included, there is an odd number of ones.
fn parity(bits: u64) -> u64 {
    [1, 2, 4, 8, 16, 32].iter().fold(bits, |bits, shift| bits ^ bits << shift)
}

/// Whether an escape may go on like this after its backslash.
fn is_escape(rest: &[u8]) -> bool {
    match rest {
        [b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't', ..] => true,
        [b'u', digits @ ..] => {
            digits.first_chunk::<4>().is_some_and(|digits| digits.iter().all(u8::is_ascii_hexdigit))
        }
        _ => false,
    }
}

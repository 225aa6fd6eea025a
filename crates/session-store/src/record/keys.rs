//! Which keys can be looked up in the text: those that are written there as they are, and only
//! once, and that mean nothing special to JavaScript.

use std::ops::Range;

use super::MAX_KEYS;

/// The keys of one object.
pub(super) struct Keys<'a> {
    text: &'a [u8],
    /// Where the spans of this object begin.
    start: usize,
    count: usize,
    /// A Bloom filter: each key sets three bits of one word. If one of them was not set yet, the
    /// key is new, and need not be compared with all others.
    seen: [u64; 64],
}

impl<'a> Keys<'a> {
    pub(super) fn new(text: &'a [u8], start: usize) -> Self {
        Self { text, start, count: 0, seen: [0; 64] }
    }

    /// Takes the next key. `spans` has those of the object's keys before, four numbers each.
    #[inline]
    pub(super) fn can_be_found(&mut self, key: Range<usize>, spans: &[u32]) -> bool {
        let hash = hash(self.text, key.clone());
        let key = &self.text[key];
        self.count += 1;
        let is_new = !self.may_be_seen(hash) || !self.is_in(spans, key);
        is_new && self.count <= MAX_KEYS && !is_index(key) && key != b"__proto__"
    }

    #[inline]
    fn may_be_seen(&mut self, [word, bits @ ..]: [u8; 4]) -> bool {
        let bits = bits.iter().fold(0, |bits, bit| bits | 1 << (bit % 64));
        let word = &mut self.seen[usize::from(word % 64)];
        let are_set = *word & bits == bits;
        *word |= bits;
        are_set
    }

    fn is_in(&self, spans: &[u32], key: &[u8]) -> bool {
        spans[self.start..].chunks_exact(4).any(|member| {
            let (start, end) = (member[0] as usize, member[1] as usize);
            end - start == key.len() && self.text[start..end] == *key
        })
    }
}

/// Whether JavaScript has this key in front of all others.
fn is_index(key: &[u8]) -> bool {
    !key.is_empty() && key.iter().all(u8::is_ascii_digit)
}

/// Keys whose length and whose last eight bytes are the same have the same hash.
#[inline]
fn hash(text: &[u8], key: Range<usize>) -> [u8; 4] {
    const FACTOR: u128 = 0x9E37_79B9_7F4A_7C15;

    let length = key.len() as u64;
    let last = match text[..key.end].last_chunk() {
        Some(_) if length == 0 => 0,
        Some(bytes) => u64::from_le_bytes(*bytes) >> (64 - 8 * length.min(8)),
        None => text[key].iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)),
    };
    // The middle of the product depends on all bits of the key.
    let product = (u128::from(last ^ length) * FACTOR).to_le_bytes();
    [product[6], product[7], product[8], product[9]]
}

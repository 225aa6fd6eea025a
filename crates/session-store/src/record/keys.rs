//! Which keys can be looked up in the text: those that are written there as they are, and only
//! once, and that mean nothing special to JavaScript.

use std::ops::Range;

/// Whether all keys of an object can be looked up. Each of its members has four numbers, of which the
/// first two are the key's.
pub(super) fn can_be_found(text: &[u8], members: &[[u32; 4]]) -> bool {
    let mut seen = Seen([0; 64]);
    (0..).zip(members).all(|(before, member)| {
        let key = key_of(member);
        let is_new = !seen.may_have(hash(text, key.clone())) || {
            let mut others = members[..before].iter();
            !others.any(|other| text[key_of(other)] == text[key.clone()])
        };
        is_new && !is_special(&text[key])
    })
}

#[inline]
fn key_of([start, end, ..]: &[u32; 4]) -> Range<usize> {
    *start as usize..*end as usize
}

/// A Bloom filter: each key sets three bits of one word. If one of them was not set yet, the key is
/// new, and need not be compared with all others.
struct Seen([u64; 64]);

impl Seen {
    /// Adds a key by its hash, and returns whether it may have been there.
    #[inline]
    fn may_have(&mut self, [word, bits @ ..]: [u8; 4]) -> bool {
        let bits = bits.iter().fold(0, |bits, bit| bits | 1 << (bit % 64));
        let word = &mut self.0[usize::from(word % 64)];
        let are_set = *word & bits == bits;
        *word |= bits;
        are_set
    }
}

/// Whether JavaScript has this key in front of all others, or takes it for something else.
#[inline]
fn is_special(key: &[u8]) -> bool {
    match key.first() {
        Some(b'0'..=b'9') => key.iter().all(u8::is_ascii_digit),
        Some(b'_') => key == b"__proto__",
        _ => false,
    }
}

/// Keys have the same hash if their length and their last eight bytes are the same, and where they are
/// longer than that, their first eight and those in the middle.
#[inline]
fn hash(text: &[u8], key: Range<usize>) -> [u8; 4] {
    const FACTOR: u128 = 0x9E37_79B9_7F4A_7C15;

    let length = key.len() as u64;
    let last = match text[..key.end].last_chunk() {
        Some(_) if length == 0 => 0,
        Some(bytes) => u64::from_le_bytes(*bytes) >> (64 - 8 * length.min(8)),
        None => text[key.clone()].iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)),
    };
    let others = if length > 8 { first_and_middle(&text[key]) } else { 0 };
    // The middle of the product depends on all bits of the word.
    let product = (u128::from(last ^ length ^ others) * FACTOR).to_le_bytes();
    [product[6], product[7], product[8], product[9]]
}

/// Returns a word of the bytes before the last eight.
#[inline]
fn first_and_middle(key: &[u8]) -> u64 {
    let word = |at: usize| key[at..].first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
    let middle = if key.len() > 16 { word(key.len() / 2 - 4) } else { 0 };
    word(0).rotate_left(19) ^ middle.rotate_left(41)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn keys_that_begin_and_end_alike_have_hashes_of_their_own() {
        for (before, behind) in [("", "_quantity"), ("quantity_", ""), ("product_", "_quantity")] {
            let hashes: HashSet<[u8; 4]> = (0..256)
                .map(|number| format!("{before}{number:04}{behind}"))
                .map(|key| hash(key.as_bytes(), 0..key.len()))
                .collect();
            assert!(hashes.len() > 250, "{before}…{behind}: {}", hashes.len());
        }
    }
}

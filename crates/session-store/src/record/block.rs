//! What kinds of bytes there are in a block of 64, as bits: the first byte is the lowest.

pub(super) const BLOCK: usize = 64;

#[derive(Debug, PartialEq, Eq)]
pub(super) struct Kinds {
    pub(super) quotes: u64,
    pub(super) backslashes: u64,
    /// Brackets, braces, commas and colons.
    pub(super) marks: u64,
    /// Control characters and spaces.
    pub(super) blanks: u64,
    pub(super) controls: u64,
}

impl Kinds {
    #[inline]
    pub(super) fn of(block: &[u8; BLOCK]) -> Self {
        #[cfg(target_arch = "x86_64")]
        return sse2(block);
        #[cfg(not(target_arch = "x86_64"))]
        return portable(block);
    }
}

/// SSE2, which every x86-64 CPU has.
#[cfg(target_arch = "x86_64")]
#[inline]
fn sse2(block: &[u8; BLOCK]) -> Kinds {
    use std::arch::x86_64::{
        __m128i, _mm_cmpeq_epi8, _mm_min_epu8, _mm_movemask_epi8, _mm_or_si128, _mm_set1_epi8,
    };

    let mut kinds = Kinds { quotes: 0, backslashes: 0, marks: 0, blanks: 0, controls: 0 };
    let (lanes, _) = block.as_chunks::<16>();
    for (at, lane) in lanes.iter().enumerate() {
        // SAFETY: both have 16 bytes, of any value.
        let lane = unsafe { std::mem::transmute::<[u8; 16], __m128i>(*lane) };
        // SAFETY: SSE2 is part of x86-64.
        unsafe {
            let all = |byte: u8| _mm_set1_epi8(byte.cast_signed());
            let is = |byte| _mm_cmpeq_epi8(lane, all(byte));
            let at_most = |byte| _mm_cmpeq_epi8(lane, _mm_min_epu8(lane, all(byte)));
            // This bit turns brackets into braces.
            let braced = _mm_or_si128(lane, all(0x20));
            let is_brace = |byte| _mm_cmpeq_epi8(braced, all(byte));
            let marks = _mm_or_si128(
                _mm_or_si128(is_brace(b'{'), is_brace(b'}')),
                _mm_or_si128(is(b','), is(b':')),
            );
            let bits = |lane| u64::from(_mm_movemask_epi8(lane).cast_unsigned()) << (16 * at);
            kinds.quotes |= bits(is(b'"'));
            kinds.backslashes |= bits(is(b'\\'));
            kinds.marks |= bits(marks);
            kinds.blanks |= bits(at_most(b' '));
            kinds.controls |= bits(at_most(0x1F));
        }
    }
    kinds
}

/// For every other CPU. Compilers make vector instructions of the comparisons.
#[cfg(any(test, not(target_arch = "x86_64")))]
#[inline]
fn portable(block: &[u8; BLOCK]) -> Kinds {
    Kinds {
        quotes: bits(block, |byte| byte == b'"'),
        backslashes: bits(block, |byte| byte == b'\\'),
        marks: bits(block, |byte| matches!(byte, b'[' | b']' | b'{' | b'}' | b',' | b':')),
        blanks: bits(block, |byte| byte <= b' '),
        controls: bits(block, |byte| byte < b' '),
    }
}

#[cfg(any(test, not(target_arch = "x86_64")))]
#[inline]
fn bits(block: &[u8; BLOCK], is: impl Fn(u8) -> bool) -> u64 {
    let lanes = block.map(|byte| u8::from(is(byte)));
    let (lanes, _) = lanes.as_chunks::<8>();
    lanes.iter().rev().fold(0, |bits, lane| {
        // Multiplying by powers of two moves a bit of each byte to its place in the highest byte.
        let lane = u64::from_le_bytes(*lane).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        bits << 8 | lane
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_byte_is_of_its_kinds(block in any::<[u8; BLOCK]>()) {
            let kinds = |is: fn(u8) -> bool| {
                block.iter().rev().fold(0, |bits, byte| bits << 1 | u64::from(is(*byte)))
            };
            let expected = Kinds {
                quotes: kinds(|byte| byte == b'"'),
                backslashes: kinds(|byte| byte == b'\\'),
                marks: kinds(|byte| b"[]{},:".contains(&byte)),
                blanks: kinds(|byte| byte <= b' '),
                controls: kinds(|byte| byte < b' '),
            };
            prop_assert_eq!(Kinds::of(&block), expected);
            prop_assert_eq!(portable(&block), Kinds::of(&block));
        }
    }
}

//! Offsets in bytes become offsets in a JavaScript string.

use simdutf8::basic::{Utf8Error, from_utf8};

/// Turns offsets in bytes, in ascending order, into offsets in UTF-16 code units.
///
/// Fails if the text is not valid UTF-8, because Node's string has U+FFFD in it then.
pub(super) fn from_bytes(text: &[u8], offsets: &mut [u32]) -> Result<(), Utf8Error> {
    if text.is_ascii() {
        return Ok(());
    }
    from_utf8(text)?;
    let (mut byte, mut unit) = (0, 0);
    for offset in offsets {
        unit += units(&text[byte as usize..*offset as usize]);
        byte = *offset;
        *offset = unit;
    }
    Ok(())
}

/// A character has one code unit, or two if it has four bytes.
fn units(characters: &[u8]) -> u32 {
    let is_start = |byte: u8| u8::from(byte & 0xC0 != 0x80);
    let has_two = |byte: u8| u8::from(byte >= 0xF0);
    // The sum over so few fits into a byte, so that the compiler adds up 16 bytes at a time.
    let chunks = characters.chunks(112);
    chunks
        .map(|chunk| {
            u32::from(chunk.iter().map(|&byte| is_start(byte) + has_two(byte)).sum::<u8>())
        })
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_character_is_where_javascript_has_it(text in any::<String>()) {
            let starts = text.char_indices().map(|(at, _)| u32::try_from(at).unwrap());
            let mut offsets: Vec<u32> = starts.collect();
            from_bytes(text.as_bytes(), &mut offsets).unwrap();

            let mut expected = 0;
            for (character, offset) in text.chars().zip(offsets) {
                prop_assert_eq!(offset, expected);
                expected += u32::try_from(character.len_utf16()).unwrap();
            }
        }
    }

    #[test]
    fn what_is_not_utf_8_has_no_offsets() {
        assert!(from_bytes(b"\xC3", &mut []).is_err());
    }
}

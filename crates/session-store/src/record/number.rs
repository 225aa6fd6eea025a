//! How JSON writes numbers. Their size does not matter: `JSON.parse` reads `1e999` as `Infinity`.

use std::ops::Range;

#[inline]
pub(super) fn is_number(text: &[u8], range: Range<usize>) -> bool {
    let word = text[range.start..].first_chunk();
    word.is_some_and(|word| is_short(*word, range.len())) || is_any(&text[range])
}

/// Whether the first `length` bytes are digits, perhaps with a point between them. Nearly all
/// numbers are, and this needs no loop whose number of rounds the CPU would have to guess.
#[inline]
fn is_short(bytes: [u8; 8], length: usize) -> bool {
    const EACH: u64 = u64::from_le_bytes([1; 8]);

    if !(1..=8).contains(&length) {
        return false;
    }
    let digits = u64::from_le_bytes(bytes) ^ (EACH * u64::from(b'0'));
    // Zeros in front of the number take the place of what comes after it.
    let unused = 64 - 8 * length;
    let aligned = digits << unused;
    // Whatever is above 9 has its highest bit set, in the sum or before. A byte above 0x89 carries
    // into the next one, but it is neither a digit nor a point anyway.
    let others = (aligned.wrapping_add(EACH * 0x76) | aligned) & (EACH * 0x80);
    let integers = if others == 0 {
        length
    } else {
        let at = others.trailing_zeros() as usize / 8 - unused / 8;
        let is_point = bytes[at] == b'.' && others.is_power_of_two();
        if !is_point || at + 1 == length {
            return false;
        }
        at
    };
    integers == 1 || (integers > 1 && bytes[0] != b'0')
}

/// The whole grammar: a sign, an integer, a fraction, an exponent.
fn is_any(number: &[u8]) -> bool {
    let integer = number.strip_prefix(b"-").unwrap_or(number);
    let Some(mut rest) = integer.strip_prefix(b"0").or_else(|| after_digits(integer)) else {
        return false;
    };
    if let [b'.', fraction @ ..] = rest {
        let Some(after) = after_digits(fraction) else { return false };
        rest = after;
    }
    match rest {
        [] => true,
        [b'e' | b'E', b'+' | b'-', exponent @ ..] | [b'e' | b'E', exponent @ ..] => {
            after_digits(exponent).is_some_and(<[u8]>::is_empty)
        }
        _ => false,
    }
}

/// Returns what comes after the digits, of which there has to be one.
fn after_digits(bytes: &[u8]) -> Option<&[u8]> {
    let count = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    if count > 0 { Some(&bytes[count..]) } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn numbers_are_what_json_says() {
        for number in [
            "0",
            "-0",
            "7",
            "10",
            "0.5",
            "12.25",
            "1.00",
            "12345678",
            "1e9",
            "1E+9",
            "-1.5e-7",
            "1e999",
            "123456789",
        ] {
            assert!(is_number(number.as_bytes(), 0..number.len()), "{number}");
        }
        for other in [
            "-", "01", "-01", "00", ".5", "5.", "1.2.3", "1e", "1e+", "1.e5", "+1", "0x1", "1a",
            "1_000", "00.5", "--1",
        ] {
            assert!(!is_number(other.as_bytes(), 0..other.len()), "{other}");
        }
    }

    proptest! {
        #[test]
        fn short_numbers_are_those_without_sign_and_exponent(
            number in "[0-9.]{1,8}|[0-9.e/:-]{1,8}",
            rest in any::<[u8; 8]>(),
        ) {
            let mut text = number.clone().into_bytes();
            text.extend(rest);
            let bytes = *text.first_chunk().unwrap();

            let is_decimal = is_any(number.as_bytes()) && !number.contains(['-', 'e']);
            prop_assert_eq!(is_short(bytes, number.len()), is_decimal);
        }
    }
}

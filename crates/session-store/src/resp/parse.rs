//! Reads replies, without copying and without trusting the lengths that they announce.

/// Redis's own limit for a value.
const MAX_BULK: usize = 512 * 1024 * 1024;

/// The longest line before a CRLF: error replies are the only ones that vary.
const MAX_LINE: usize = 64 * 1024;

/// How deep arrays may lie in each other. No command of ours has a deeper reply.
const MAX_DEPTH: usize = 8;

/// One reply, borrowed from the bytes that hold it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reply<'a> {
    Status(&'a [u8]),
    Error(&'a [u8]),
    Integer(i64),
    Bulk(&'a [u8]),
    Array(Vec<Reply<'a>>),
    Nil,
    /// A value of this many bytes, which is longer than the caller takes.
    Oversized(usize),
}

/// The first word of an error reply, which is its code.
pub(crate) fn error_code(words: &[u8]) -> &[u8] {
    words.split(|byte| *byte == b' ').next().unwrap_or_default()
}

/// What the start of a byte stream is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Parsed<'a> {
    /// A reply, and how many bytes it takes. Of an oversized one, the bytes may not all be there.
    Reply(Reply<'a>, usize),
    /// The start of a reply, which has at least this many bytes.
    Incomplete(usize),
    /// Nothing that Redis would send here.
    Invalid,
}

/// Reads the reply at the start of `bytes`; a value of more than `longest` bytes is oversized.
pub(crate) fn parse(bytes: &[u8], longest: usize) -> Parsed<'_> {
    value(bytes, longest, MAX_DEPTH)
}

fn value(bytes: &[u8], longest: usize, depth: usize) -> Parsed<'_> {
    match bytes.first() {
        None => Parsed::Incomplete(1),
        Some(b'+') => line(bytes, Reply::Status),
        Some(b'-') => line(bytes, Reply::Error),
        Some(b':') => match number(bytes) {
            Number::Whole(value, rest) => Parsed::Reply(Reply::Integer(value), rest),
            Number::Incomplete => Parsed::Incomplete(bytes.len() + 1),
            Number::Invalid => Parsed::Invalid,
        },
        Some(kind @ (b'$' | b'*')) => match number(bytes) {
            Number::Whole(-1, rest) => Parsed::Reply(Reply::Nil, rest),
            Number::Whole(size, rest) if *kind == b'$' => bulk(bytes, rest, size, longest),
            Number::Whole(count, rest) if depth > 0 => {
                array(bytes, rest, count, longest, depth - 1)
            }
            Number::Incomplete => Parsed::Incomplete(bytes.len() + 1),
            _ => Parsed::Invalid,
        },
        Some(_) => Parsed::Invalid,
    }
}

/// Reads the rest of a line as it is.
fn line<'a>(bytes: &'a [u8], reply: impl FnOnce(&'a [u8]) -> Reply<'a>) -> Parsed<'a> {
    let Some(end) = bytes.iter().take(MAX_LINE).position(|byte| *byte == b'\n') else {
        return if bytes.len() < MAX_LINE {
            Parsed::Incomplete(bytes.len() + 1)
        } else {
            Parsed::Invalid
        };
    };
    match bytes[1..end].strip_suffix(b"\r") {
        Some(line) => Parsed::Reply(reply(line), end + 1),
        None => Parsed::Invalid,
    }
}

enum Number {
    /// A number, and where what follows its line starts.
    Whole(i64, usize),
    Incomplete,
    Invalid,
}

/// Reads the rest of a line as a number. One of more than 18 digits is none: Redis sends such nowhere.
fn number(bytes: &[u8]) -> Number {
    let is_negative = bytes.get(1) == Some(&b'-');
    let start = 1 + usize::from(is_negative);
    let mut value = 0;
    for (at, byte) in bytes.iter().enumerate().skip(start).take(19) {
        match byte {
            b'0'..=b'9' if at < start + 18 => value = value * 10 + i64::from(byte - b'0'),
            b'\r' if at > start => {
                return match bytes.get(at + 1) {
                    Some(b'\n') => Number::Whole(if is_negative { -value } else { value }, at + 2),
                    Some(_) => Number::Invalid,
                    None => Number::Incomplete,
                };
            }
            _ => return Number::Invalid,
        }
    }
    if bytes.len() < start + 19 { Number::Incomplete } else { Number::Invalid }
}

fn bulk(bytes: &[u8], start: usize, size: i64, longest: usize) -> Parsed<'_> {
    let Some(size) = usize::try_from(size).ok().filter(|size| *size <= MAX_BULK) else {
        return Parsed::Invalid;
    };
    let end = start + size;
    if size > longest {
        return Parsed::Reply(Reply::Oversized(size), end + 2);
    }
    match bytes.get(end..end + 2) {
        Some(b"\r\n") => Parsed::Reply(Reply::Bulk(&bytes[start..end]), end + 2),
        Some(_) => Parsed::Invalid,
        None => Parsed::Incomplete(end + 2),
    }
}

fn array(bytes: &[u8], start: usize, count: i64, longest: usize, depth: usize) -> Parsed<'_> {
    if count < 0 {
        return Parsed::Invalid;
    }
    // Grown as elements come: the count is only what the server announces.
    let mut elements = Vec::new();
    let mut end = start;
    for _ in 0..count {
        match value(&bytes[end..], longest, depth) {
            Parsed::Reply(Reply::Oversized(_), _) | Parsed::Invalid => return Parsed::Invalid,
            Parsed::Reply(element, length) => {
                elements.push(element);
                end += length;
            }
            Parsed::Incomplete(needed) => return Parsed::Incomplete(end + needed),
        }
    }
    Parsed::Reply(Reply::Array(elements), end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resp::write_bulk;
    use proptest::prelude::*;

    fn parse(bytes: &[u8]) -> Parsed<'_> {
        super::parse(bytes, 1000)
    }

    #[test]
    fn replies_are_read_as_redis_means_them() {
        assert_eq!(parse(b"+OK\r\n:1"), Parsed::Reply(Reply::Status(b"OK"), 5));
        assert_eq!(parse(b"-ERR no\r\n"), Parsed::Reply(Reply::Error(b"ERR no"), 9));
        assert_eq!(parse(b":-42\r\n"), Parsed::Reply(Reply::Integer(-42), 6));
        assert_eq!(parse(b"$3\r\na\r\n\r\n"), Parsed::Reply(Reply::Bulk(b"a\r\n"), 9));
        assert_eq!(parse(b"$0\r\n\r\n"), Parsed::Reply(Reply::Bulk(b""), 6));
        assert_eq!(parse(b"$-1\r\n"), Parsed::Reply(Reply::Nil, 5));
        let array = Reply::Array(vec![Reply::Integer(1), Reply::Array(vec![Reply::Nil])]);
        assert_eq!(parse(b"*2\r\n:1\r\n*1\r\n$-1\r\n+"), Parsed::Reply(array, 17));
    }

    #[test]
    fn what_redis_would_not_send_is_refused() {
        for bytes in [
            &b"HTTP/1.1 400 Bad Request\r\n"[..],
            b"*-2\r\n",
            b"*1\r\n!\r\n",
            b"$-2\r\n",
            b"$x\r\n",
            b":\r\n",
            b":-\r\n",
            b":1x\r\n",
            b"$9999999999999999999\r\n",
            b"+OK\n",
            b"$1\r\nabc",
            b"$99999999999\r\n",
        ] {
            assert_eq!(parse(bytes), Parsed::Invalid, "{}", bytes.escape_ascii());
        }
        assert_eq!(parse(&vec![b'+'; MAX_LINE]), Parsed::Invalid);
        assert_eq!(parse(&b"*1\r\n".repeat(MAX_DEPTH + 1)), Parsed::Invalid);
    }

    #[test]
    fn a_value_that_is_too_long_is_known_from_its_first_line() {
        assert_eq!(parse(b"$1001\r\nx"), Parsed::Reply(Reply::Oversized(1001), 1010));
    }

    proptest! {
        #[test]
        fn a_reply_that_comes_in_pieces_is_the_same_reply(
            value in proptest::collection::vec(any::<u8>(), 0..300),
            in_array in any::<bool>(),
            behind in proptest::collection::vec(any::<u8>(), 0..10),
        ) {
            let mut bytes = if in_array { b"*2\r\n:7\r\n".to_vec() } else { Vec::new() };
            write_bulk(&mut bytes, [&value[..], b""]);
            let length = bytes.len();
            for end in 0..length {
                match parse(&bytes[..end]) {
                    Parsed::Incomplete(needed) => prop_assert!(needed > end && needed <= length),
                    other => prop_assert!(false, "{other:?} at {end}"),
                }
            }
            bytes.extend_from_slice(&behind);
            let bulk = Reply::Bulk(&value);
            let reply = if in_array { Reply::Array(vec![Reply::Integer(7), bulk]) } else { bulk };
            prop_assert_eq!(parse(&bytes), Parsed::Reply(reply, length));
        }

        #[test]
        fn no_bytes_make_it_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
            parse(&bytes);
        }
    }
}

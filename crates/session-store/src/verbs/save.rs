//! Writes the text of a session, under a condition that every server knows.
//!
//! It may not be sent again when its fate is unknown: it could overwrite a newer one.

use super::Encoder;
use crate::command::Content;
use crate::handover::outcome::Answer;
use crate::resp::{Reply, write_bulk};

/// What a text may be written over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Over {
    /// Any other, or none.
    Any,
    /// One that is there.
    Existing,
    /// None.
    None,
}

pub(super) fn write(out: &mut Vec<u8>, encoder: &Encoder, content: &Content<'_>, over: Over) {
    let expires = encoder.expires(content.ttl);
    out.extend_from_slice(match (over, expires) {
        (Over::Any, false) => b"*3\r\n$3\r\nSET\r\n",
        (Over::Existing | Over::None, false) => b"*4\r\n$3\r\nSET\r\n",
        (Over::Any, true) => b"*5\r\n$3\r\nSET\r\n",
        (Over::Existing | Over::None, true) => b"*6\r\n$3\r\nSET\r\n",
    });
    encoder.write_key(out, content.id);
    write_bulk(out, [content.text, b""]);
    match over {
        Over::Any => {}
        Over::Existing => out.extend_from_slice(b"$2\r\nXX\r\n"),
        Over::None => out.extend_from_slice(b"$2\r\nNX\r\n"),
    }
    if expires {
        encoder.write_expiry(out, content.ttl);
    }
}

pub(super) fn answer(reply: &Reply<'_>, over: Over) -> Option<Answer<'static>> {
    match reply {
        Reply::Status(b"OK") => Some(Answer::Done),
        Reply::Nil if over != Over::Any => Some(Answer::Missing),
        _ => None,
    }
}

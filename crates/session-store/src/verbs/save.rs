//! Writes the text of a session, always or only over one that is there.
//!
//! It may not be sent again when its fate is unknown: it could overwrite a newer one.

use super::Encoder;
use crate::command::Content;
use crate::handover::outcome::Answer;
use crate::resp::{Reply, write_bulk};

pub(super) fn write(
    out: &mut Vec<u8>,
    encoder: &Encoder,
    content: &Content<'_>,
    only_existing: bool,
) {
    let expires = encoder.expires(content.ttl);
    out.extend_from_slice(match (only_existing, expires) {
        (false, false) => b"*3\r\n$3\r\nSET\r\n",
        (true, false) => b"*4\r\n$3\r\nSET\r\n",
        (false, true) => b"*5\r\n$3\r\nSET\r\n",
        (true, true) => b"*6\r\n$3\r\nSET\r\n",
    });
    encoder.write_key(out, content.id);
    write_bulk(out, [content.text, b""]);
    if only_existing {
        out.extend_from_slice(b"$2\r\nXX\r\n");
    }
    if expires {
        encoder.write_expiry(out, content.ttl);
    }
}

pub(super) fn answer(reply: &Reply<'_>, only_existing: bool) -> Option<Answer<'static>> {
    match reply {
        Reply::Status(b"OK") => Some(Answer::Done),
        Reply::Nil if only_existing => Some(Answer::Missing),
        _ => None,
    }
}

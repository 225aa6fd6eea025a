//! Writes the text of a session, always or only over one that is there.
//!
//! It may not be sent again when its fate is unknown: it could overwrite a newer one.

use super::Encoder;
use crate::handover::outcome::Answer;
use crate::resp::{Reply, write_bulk};

pub(super) fn write(
    out: &mut Vec<u8>,
    encoder: &Encoder,
    id: &[u8],
    text: &[u8],
    only_existing: bool,
) {
    let set = if only_existing { &encoder.set_existing } else { &encoder.set };
    out.extend_from_slice(&set.head);
    encoder.write_key(out, id);
    write_bulk(out, [text, b""]);
    out.extend_from_slice(&set.tail);
}

pub(super) fn answer(reply: &Reply<'_>, only_existing: bool) -> Option<Answer<'static>> {
    match reply {
        Reply::Status(b"OK") => Some(Answer::Done),
        Reply::Nil if only_existing => Some(Answer::Missing),
        _ => None,
    }
}

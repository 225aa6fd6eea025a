//! Refreshes the TTL of a session. Without a TTL it only looks whether the session is there.

use super::{Encoder, relocate};
use crate::handover::outcome::Answer;
use crate::resp::Reply;

pub(super) fn write(out: &mut Vec<u8>, encoder: &Encoder, id: &[u8]) {
    if encoder.seconds.is_empty() {
        return relocate::write_exists(out, encoder, id);
    }
    out.extend_from_slice(b"*3\r\n$6\r\nEXPIRE\r\n");
    encoder.write_key(out, id);
    out.extend_from_slice(&encoder.seconds);
}

/// `EXPIRE` and `EXISTS` answer alike.
pub(super) fn answer(reply: &Reply<'_>) -> Option<Answer<'static>> {
    match reply {
        Reply::Integer(1) => Some(Answer::Done),
        Reply::Integer(0) => Some(Answer::Missing),
        _ => None,
    }
}

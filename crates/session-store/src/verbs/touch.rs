//! Refreshes the TTL of a session. Without a TTL it only looks whether the session is there.

use super::Encoder;
use crate::command::Content;
use crate::handover::outcome::Answer;
use crate::resp::Reply;

pub(super) fn write(out: &mut Vec<u8>, encoder: &Encoder, content: &Content<'_>) {
    if !encoder.expires(content.ttl) {
        out.extend_from_slice(b"*2\r\n$6\r\nEXISTS\r\n");
        return encoder.write_key(out, content.id);
    }
    out.extend_from_slice(b"*3\r\n$6\r\nEXPIRE\r\n");
    encoder.write_key(out, content.id);
    encoder.write_seconds(out, content.ttl);
}

/// `EXPIRE` and `EXISTS` answer alike.
pub(super) fn answer(reply: &Reply<'_>) -> Option<Answer<'static>> {
    match reply {
        Reply::Integer(1) => Some(Answer::Done),
        Reply::Integer(0) => Some(Answer::Missing),
        _ => None,
    }
}

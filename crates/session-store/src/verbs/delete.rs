//! Deletes a session, whether it is there or not.

use super::Encoder;
use crate::command::Content;
use crate::handover::outcome::Answer;
use crate::resp::Reply;

pub(super) fn write(out: &mut Vec<u8>, encoder: &Encoder, content: &Content<'_>) {
    out.extend_from_slice(b"*2\r\n$3\r\nDEL\r\n");
    encoder.write_key(out, content.id);
}

/// What `DEL`, `APPEND` and a refresh that nobody waits for answer with says that they were done.
pub(super) fn answer(reply: &Reply<'_>) -> Option<Answer<'static>> {
    matches!(reply, Reply::Integer(_)).then_some(Answer::Done)
}

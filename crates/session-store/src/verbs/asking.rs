//! Has a node of a cluster do the next command, although the slot of its key is still on its way there.

use crate::handover::outcome::Answer;
use crate::resp::Reply;

pub(super) fn write(out: &mut Vec<u8>) {
    out.extend_from_slice(b"*1\r\n$6\r\nASKING\r\n");
}

pub(super) fn answer(reply: &Reply<'_>) -> Option<Answer<'static>> {
    matches!(reply, Reply::Status(_)).then_some(Answer::Done)
}

/// Whether these words say that the user may not do it. They are the answer to the command behind it, too.
pub(super) fn is_denied(words: &[u8]) -> bool {
    words.starts_with(b"NOPERM ") && words.windows(8).any(|part| part == b"'asking'")
}

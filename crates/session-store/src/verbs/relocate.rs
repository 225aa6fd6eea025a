//! Writes a session under another id than the one it is stored under, and deletes old ones.
//!
//! The steps: is the stored one there (a session that was destroyed must not come back under a new
//! id), write the new one, delete the obsolete one. The new one is written before the old one is
//! deleted, so that a failure in between loses nothing. It may leave both behind, though, and then
//! the same session is saved again: where the stored one is gone, the new one may be there already,
//! and is written over. Nobody else knows its id yet, so it is this very session's.

use std::time::Instant;

use super::{Encoder, Step};
use crate::command::{Command, Request};
use crate::handover::outcome::Answer;

pub(super) fn plan(request: &Request<'_>, deadline: Instant) -> Command {
    let Request { ticket, id, text, stored, obsolete, .. } = *request;
    let step = |step, id, text| Command::new(ticket, step, id, text, deadline);
    let delete = (!obsolete.is_empty()).then(|| step(Step::Delete, obsolete, b""));

    if stored.is_empty() {
        step(Step::Save, id, text).followed_by(delete)
    } else if stored == id {
        step(Step::SaveExisting, id, text).followed_by(delete)
    } else {
        let save = step(Step::Save, id, text);
        step(Step::Exists, stored, b"").followed_by([save].into_iter().chain(delete))
    }
}

/// Chooses how to write once it is known whether the stored session is there.
pub(super) fn after_exists(answer: &Answer<'_>, mut save: Command) -> Command {
    if matches!(answer, Answer::Missing) {
        save.step = Step::SaveExisting;
    }
    save
}

pub(super) fn write_exists(out: &mut Vec<u8>, encoder: &Encoder, id: &[u8]) {
    out.extend_from_slice(b"*2\r\n$6\r\nEXISTS\r\n");
    encoder.write_key(out, id);
}

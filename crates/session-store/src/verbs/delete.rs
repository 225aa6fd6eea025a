//! Deletes sessions, whether they are there or not: one step for each, because they may be on
//! different servers.

use std::time::Instant;

use super::{Encoder, Step};
use crate::command::{Command, Request};
use crate::handover::outcome::Answer;
use crate::resp::Reply;

pub(super) fn plan(request: &Request<'_>, deadline: Instant) -> Command {
    let step = |id| Command::new(request.ticket, Step::Delete, id, b"", deadline);
    let others = [request.stored, request.obsolete].into_iter().filter(|id| !id.is_empty());
    step(request.id).followed_by(others.map(step))
}

pub(super) fn write(out: &mut Vec<u8>, encoder: &Encoder, id: &[u8]) {
    out.extend_from_slice(b"*2\r\n$3\r\nDEL\r\n");
    encoder.write_key(out, id);
}

pub(super) fn answer(reply: &Reply<'_>) -> Option<Answer<'static>> {
    matches!(reply, Reply::Integer(_)).then_some(Answer::Done)
}

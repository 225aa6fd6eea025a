//! What becomes of a command with its reply.

use std::sync::Arc;

use super::Turn;
use crate::command::Command;
use crate::config::Server;
use crate::error::Error;
use crate::resp::error_code;
use crate::verbs::Meaning;

/// Whether a node of a cluster has refused a command before it did anything, because of something that will
/// pass: its slot is on the move, or the node is not what it was.
fn is_for_a_moment(words: &[u8]) -> bool {
    matches!(
        error_code(words),
        b"TRYAGAIN" | b"CLUSTERDOWN" | b"LOADING" | b"MASTERDOWN" | b"NOREPLICAS" | b"READONLY"
    )
}

/// Does with a reply what whoever asked is waiting for.
pub(super) fn settle(
    command: &mut Command,
    meaning: Meaning<'_>,
    server: &Arc<Server>,
    turn: &mut Turn<'_>,
) {
    let ticket = command.ticket;
    match meaning {
        Meaning::Answered(answer) => turn.settlement.answer(ticket, answer),
        Meaning::TooLarge(bytes) => {
            turn.settlement.fail(ticket, Error::too_large(bytes, turn.config.max_bytes));
        }
        Meaning::Refused(words) if command.step.reads() && error_code(words) == b"WRONGTYPE" => {
            turn.settlement.fail(ticket, Error::another_type());
        }
        Meaning::Refused(words) => {
            let prefix = turn.config.prefix.as_bytes();
            let mut error = Error::refused(server, words, prefix);
            if let Some(advice) = command.step.advice(words) {
                error.message.truncate(error.message.trim_end_matches('.').len());
                error.message.push_str(advice);
            }
            if turn.may_redirect && is_for_a_moment(words) {
                turn.settlement.postpone(command.again(), error);
            } else {
                turn.settlement.fail(ticket, error);
            }
        }
        Meaning::Redirected(words) => turn.settlement.redirect(command.again(), server, words),
    }
}

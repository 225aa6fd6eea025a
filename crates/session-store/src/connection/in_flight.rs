//! The commands on a connection whose replies are due, and whom a reply belongs to.
//!
//! This is where a reply could reach the wrong session, so it is small: replies come in the order
//! of the commands, an entry leaves the queue with its reply only, and a reply that does not fit its
//! command ends the connection.

use std::collections::VecDeque;
use std::time::Instant;

use crate::command::{Command, Meaning, Request, Step};
use crate::engine::settlement::Settlement;
use crate::handover::ticket::Ticket;
use crate::resp::Reply;

/// A command whose reply is due, also when nobody waits for it any more.
pub(crate) struct InFlight {
    pub(crate) ticket: Ticket,
    pub(crate) step: Step,
    /// Kept where the step may be sent again.
    pub(crate) id: Box<[u8]>,
    pub(crate) sent: Instant,
    pub(crate) deadline: Instant,
    /// Whoever asked was told that the deadline has passed, or never waited.
    pub(crate) is_settled: bool,
    pub(crate) then: Option<Box<Command>>,
}

impl InFlight {
    pub(crate) fn new(request: &Request<'_>, then: Option<Box<Command>>, now: Instant) -> Self {
        let Request { ticket, step, id, deadline, .. } = *request;
        let id = if step.is_repeatable() { id.into() } else { Box::default() };
        Self { ticket, step, id, sent: now, deadline, is_settled: false, then }
    }
}

/// Gives a reply to the command that it belongs to: the one that waits longest.
pub(crate) fn take_reply(
    in_flight: &mut VecDeque<InFlight>,
    reply: &Reply<'_>,
    settlement: &mut Settlement,
    next: &mut Vec<Command>,
) -> Result<(), String> {
    let Some(entry) = in_flight.front() else {
        return Err("the server sent a reply that nobody asked for".into());
    };
    let Some(meaning) = entry.step.meaning(reply) else {
        return Err(format!("the server sent a reply that does not fit {:?}", entry.step));
    };
    let Some(InFlight { ticket, is_settled, then, .. }) = in_flight.pop_front() else {
        return Ok(());
    };
    if is_settled {
        return Ok(());
    }
    match (meaning, then, reply) {
        (Meaning::Failed, _, Reply::Error(words)) => settlement.refuse(ticket, words),
        (Meaning::Done, Some(then), _) => next.push(*then),
        (meaning, _, reply) => settlement.settle(ticket, meaning.answer(reply)),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::handover::outcome::Answer;

    /// What an answer is, without its text's lifetime.
    fn answers(settlement: &mut Settlement) -> Vec<(Ticket, String)> {
        let mut answers = Vec::new();
        while let Some(outcome) = settlement.outcomes.take() {
            let answer = match outcome.answer {
                Answer::Text(text) => String::from_utf8_lossy(text).into_owned(),
                Answer::Failed(error) => error.code.name().to_owned(),
                answer => format!("{answer:?}"),
            };
            answers.push((outcome.ticket, answer));
        }
        answers
    }

    fn in_flight(ticket: Ticket, step: Step, is_settled: bool) -> InFlight {
        let now = Instant::now();
        let id = Box::default();
        InFlight { ticket, step, id, sent: now, deadline: now, is_settled, then: None }
    }

    #[test]
    fn a_reply_that_came_too_late_is_nobodys() {
        let mut settlement = Settlement::new("here".into(), Duration::from_secs(1));
        let mut queue =
            VecDeque::from([in_flight(1, Step::Load, true), in_flight(2, Step::Load, false)]);
        for text in [&b"first"[..], b"second"] {
            take_reply(&mut queue, &Reply::Bulk(text), &mut settlement, &mut Vec::new()).unwrap();
        }
        assert_eq!(answers(&mut settlement), [(2, "second".to_owned())]);
    }

    #[test]
    fn replies_out_of_step_reach_nobody() {
        let mut settlement = Settlement::new("here".into(), Duration::from_secs(1));
        let mut queue = VecDeque::from([in_flight(1, Step::Load, false)]);
        let reply = Reply::Status(b"OK");
        assert!(take_reply(&mut queue, &reply, &mut settlement, &mut Vec::new()).is_err());
        assert_eq!(queue.len(), 1, "the command is still there to be failed or sent again");

        queue.clear();
        assert!(take_reply(&mut queue, &reply, &mut settlement, &mut Vec::new()).is_err());
        assert!(answers(&mut settlement).is_empty());
    }
}

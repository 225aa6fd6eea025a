//! Ends requests: collects their outcomes, and tells [`Order`] that they have ended.

use crate::command::Command;
use crate::engine::order::Order;
use crate::error::Error;
use crate::handover::outcome::{Answer, Outcomes};
use crate::handover::ticket::Ticket;

#[derive(Default)]
pub(crate) struct Settlement {
    pub(super) outcomes: Outcomes,
    pub(super) order: Order,
    /// Steps that are to be sent now, of calls that have started.
    pub(super) next: Vec<Command>,
    /// Commands that another server is to be asked, and the words that name it.
    pub(super) redirected: Vec<(Command, Vec<u8>)>,
}

impl Settlement {
    /// Ends a request with its answer.
    pub(crate) fn answer(&mut self, ticket: Ticket, answer: Answer<'_>) {
        self.outcomes.push(ticket, answer);
        if !self.order.is_empty() {
            self.order.end(ticket);
        }
    }

    /// Ends a request with an error.
    pub(crate) fn fail(&mut self, ticket: Ticket, error: Error) {
        self.answer(ticket, Answer::Failed(Box::new(error)));
    }

    /// Goes on with the next step of a request.
    pub(crate) fn go_on(&mut self, command: Command) {
        self.next.push(command);
    }

    /// Has another server asked, which the words of a redirect name.
    pub(crate) fn redirect(&mut self, command: Command, words: &[u8]) {
        self.redirected.push((command, words.to_vec()));
    }
}

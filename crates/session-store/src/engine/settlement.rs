//! Ends requests: collects their outcomes, and the commands for which an end has yet to be found.

use crate::command::Command;
use crate::error::Error;
use crate::handover::outcome::{Answer, Outcomes};
use crate::handover::ticket::Ticket;

#[derive(Default)]
pub(crate) struct Settlement {
    pub(super) outcomes: Outcomes,
    /// Of how many bytes the largest text is that servers had better compare by themselves.
    pub(crate) most_compared: u32,
    /// Commands that are to be sent once more, in another form.
    pub(super) repeated: Vec<Command>,
    /// Commands that another server is to be asked, and the words that name it.
    pub(super) redirected: Vec<(Command, Vec<u8>)>,
}

impl Settlement {
    /// Ends a request with its answer.
    pub(crate) fn answer(&mut self, ticket: Ticket, answer: Answer<'_>) {
        self.outcomes.push(ticket, answer);
    }

    /// Ends a request with an error.
    pub(crate) fn fail(&mut self, ticket: Ticket, error: Error) {
        self.answer(ticket, Answer::Failed(Box::new(error)));
    }

    /// Has a command sent once more.
    pub(crate) fn repeat(&mut self, command: Command) {
        self.repeated.push(command);
    }

    /// Has another server asked, which the words of a redirect name.
    pub(crate) fn redirect(&mut self, command: Command, words: &[u8]) {
        self.redirected.push((command, words.to_vec()));
    }
}

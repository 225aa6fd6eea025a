//! Ends requests: collects their outcomes, and the commands for which an end has yet to be found.

use std::sync::Arc;

use crate::command::Command;
use crate::config::Server;
use crate::error::Error;
use crate::event::Event;
use crate::handover::outcome::{Answer, Outcomes};
use crate::handover::ticket::{NOBODY, Ticket};

#[derive(Default)]
pub(crate) struct Settlement {
    pub(super) outcomes: Outcomes,
    /// Of how many bytes the largest text is that servers had better compare by themselves.
    pub(crate) most_compared: u32,
    /// Commands that are to be sent once more, in another form.
    pub(super) repeated: Vec<Command>,
    /// Commands that another server is to be asked.
    pub(super) redirected: Vec<Redirected>,
    /// Commands that a server has refused for a moment, and what it said.
    pub(super) postponed: Vec<(Command, Error)>,
    /// A server cannot be reached, or is not what it was.
    pub(super) is_server_suspect: bool,
    /// How requests have ended, in the order in which they did, where somebody wants to know.
    pub(super) ends: Option<Vec<End>>,
}

/// How a request ends.
pub(super) enum End {
    /// It is over.
    Settled(Ticket),
    /// Whoever asked was told that its time is over, but a server may carry it out yet.
    GivenUp(Ticket),
    /// A command of the session with this id that was given up will not be carried out any more.
    Over(Box<[u8]>),
}

/// A command that a server has sent elsewhere.
pub(super) struct Redirected {
    pub(super) command: Command,
    pub(super) by: Arc<Server>,
    /// They say where to.
    pub(super) words: Vec<u8>,
}

impl Settlement {
    /// With `notes_ends`, keeps how requests have ended.
    pub(super) fn new(notes_ends: bool) -> Self {
        Self { ends: notes_ends.then(Vec::new), ..Self::default() }
    }

    /// Ends a request with its answer.
    pub(crate) fn answer(&mut self, ticket: Ticket, answer: Answer<'_>) {
        self.outcomes.push(ticket, answer);
        self.note(|| End::Settled(ticket));
    }

    /// Ends a request with an error.
    pub(crate) fn fail(&mut self, ticket: Ticket, error: Error) {
        self.answer(ticket, Answer::Failed(Box::new(error)));
    }

    /// Ends a request with an error, although a server may carry it out yet. It has to end in
    /// [`Settlement::cannot_happen`].
    pub(crate) fn give_up(&mut self, ticket: Ticket, error: Error) {
        self.outcomes.push(ticket, Answer::Failed(Box::new(error)));
        self.note(|| End::GivenUp(ticket));
    }

    /// Takes note that a command that was given up has been carried out, or will not be any more.
    pub(crate) fn cannot_happen(&mut self, command: &Command) {
        self.note(|| End::Over(command.content().id.into()));
    }

    fn note(&mut self, end: impl FnOnce() -> End) {
        if let Some(ends) = &mut self.ends {
            ends.push(end());
        }
    }

    /// Tells whoever watches over the connections.
    pub(crate) fn tell(&mut self, event: Event) {
        self.outcomes.push(NOBODY, Answer::Event(Box::new(event)));
    }

    /// Has a command sent once more.
    pub(crate) fn repeat(&mut self, command: Command) {
        self.repeated.push(command);
    }

    /// Has another server asked, which the words of a redirect name.
    pub(crate) fn redirect(&mut self, command: Command, by: &Arc<Server>, words: &[u8]) {
        self.redirected.push(Redirected { command, by: Arc::clone(by), words: words.to_vec() });
    }

    /// Has a command sent once more after a while; `refusal` is what whoever asked is told if there is none left.
    pub(crate) fn postpone(&mut self, command: Command, refusal: Error) {
        self.postponed.push((command, refusal));
    }

    /// Takes note that a server cannot be reached, or is not what it was.
    pub(crate) fn suspect_server(&mut self) {
        self.is_server_suspect = true;
    }
}

//! The two forms of a command: one that borrows what it needs, so that nothing is copied on the way
//! out, and one that owns it, so that it can wait.

use std::time::Instant;

use crate::handover::ticket::Ticket;
use crate::verbs::{Step, Verb};

/// What is asked of a [`Store`](crate::Store). Ids and text are UTF-8.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Names the request, so that its outcome finds who asked.
    pub ticket: Ticket,
    /// What is to be done.
    pub verb: Verb,
    /// The session that it is done to; empty only for [`Verb::Ping`].
    pub id: &'a [u8],
    /// What is written.
    pub text: &'a [u8],
    /// The id under which the session is stored now; empty for none.
    pub stored: &'a [u8],
    /// Another id, to be deleted; empty for none.
    pub obsolete: &'a [u8],
}

impl<'a> Request<'a> {
    /// Makes a request with an id only.
    #[must_use]
    pub fn new(ticket: Ticket, verb: Verb, id: &'a [u8]) -> Self {
        Self { ticket, verb, id, text: b"", stored: b"", obsolete: b"" }
    }
}

/// One step of a request, and those that follow it.
#[derive(Debug)]
pub(crate) struct Command {
    pub(crate) ticket: Ticket,
    pub(crate) step: Step,
    pub(crate) id: Box<[u8]>,
    pub(crate) text: Box<[u8]>,
    /// When whoever asked is told, in any case.
    pub(crate) deadline: Instant,
    /// It was sent, and the connection went silent: past its deadline, that is a time-out.
    pub(crate) went_unanswered: bool,
    /// What may follow once this step was answered, for the same ticket and deadline.
    pub(crate) then: Option<Box<Command>>,
}

impl Command {
    pub(crate) fn new(
        ticket: Ticket,
        step: Step,
        id: &[u8],
        text: &[u8],
        deadline: Instant,
    ) -> Self {
        Self { id: id.into(), text: text.into(), ..Self::bare(ticket, step, deadline) }
    }

    /// Makes a command without an id and a text, which costs no allocation.
    pub(crate) fn bare(ticket: Ticket, step: Step, deadline: Instant) -> Self {
        let (id, text) = (Box::default(), Box::default());
        Self { ticket, step, id, text, deadline, went_unanswered: false, then: None }
    }

    /// Moves the command out, and leaves an empty one in its place.
    pub(crate) fn take(&mut self) -> Self {
        let empty = Self::bare(self.ticket, self.step, self.deadline);
        std::mem::replace(self, empty)
    }

    /// Lines up what follows this step.
    pub(crate) fn followed_by(mut self, steps: impl IntoIterator<Item = Self>) -> Self {
        let mut last = &mut self;
        for step in steps {
            last = &mut **last.then.insert(Box::new(step));
        }
        self
    }

    /// The ids of this step and of all that follow.
    pub(crate) fn ids(&self) -> impl Iterator<Item = &[u8]> {
        std::iter::successors(Some(self), |command| command.then.as_deref())
            .map(|command| &command.id[..])
    }
}

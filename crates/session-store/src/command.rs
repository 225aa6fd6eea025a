//! The two forms of a command: one that borrows what it needs, so that nothing is copied on the way
//! out, and one that owns it, so that it can wait.

use std::time::Instant;

use crate::handover::ticket::Ticket;
use crate::verbs::{Step, Verb};

/// What is asked of a [`Store`](crate::Store).
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Names the request, so that its outcome finds who asked.
    pub ticket: Ticket,
    /// What is to be done.
    pub verb: Verb,
    /// What it is done to, and with.
    pub content: Content<'a>,
    /// Milliseconds of the timeout that have passed already: the request is a step of something larger.
    pub waited: u32,
}

/// What a command is about. Ids and texts are UTF-8.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Content<'a> {
    /// The id of a session; empty only for [`Verb::Ping`].
    pub id: &'a [u8],
    /// What is written.
    pub text: &'a [u8],
    /// The text that is there, or the end of it, where only that one may be written over.
    pub expected: &'a [u8],
    /// How many bytes of `expected` tell it from any other text; they are its last. 0: it takes all.
    pub tail: u32,
    /// Seconds until the key expires, where they are not the store's; 0 if they are.
    pub ttl: u32,
}

impl<'a> Content<'a> {
    /// Whether `expected` is all of the text that is there.
    pub(crate) fn has_all_expected(&self) -> bool {
        self.tail == 0 || self.expected.len() > self.tail as usize
    }

    /// The end of the expected text by which it is told from any other, or all of it.
    pub(crate) fn identifying(&self) -> &'a [u8] {
        let all = self.expected.len();
        let start = if self.tail == 0 { 0 } else { all.saturating_sub(self.tail as usize) };
        &self.expected[start..]
    }
}

impl<'a> Request<'a> {
    /// Makes a request with an id only.
    #[must_use]
    pub fn new(ticket: Ticket, verb: Verb, id: &'a [u8]) -> Self {
        Self { ticket, verb, content: Content { id, ..Content::default() }, waited: 0 }
    }

    /// Has a text written.
    #[must_use]
    pub fn with_text(mut self, text: &'a [u8]) -> Self {
        self.content.text = text;
        self
    }
}

/// A request under way, as the step that it takes.
#[derive(Debug)]
pub(crate) struct Command {
    pub(crate) ticket: Ticket,
    pub(crate) step: Step,
    id: Box<[u8]>,
    text: Box<[u8]>,
    expected: Box<[u8]>,
    tail: u32,
    ttl: u32,
    /// When whoever asked is told, in any case.
    pub(crate) deadline: Instant,
    /// It was sent, and the connection went silent: past its deadline, that is a time-out.
    pub(crate) went_unanswered: bool,
    /// How often servers have sent it elsewhere or asked for patience.
    pub(crate) detours: u8,
    /// The slot of its key is on the way to the server that it is sent to.
    pub(crate) is_asking: bool,
}

impl Command {
    /// Makes a command that has no content, or none any more, which costs no allocation.
    pub(crate) fn bare(ticket: Ticket, step: Step, deadline: Instant) -> Self {
        Self {
            ticket,
            step,
            id: Box::default(),
            text: Box::default(),
            expected: Box::default(),
            tail: 0,
            ttl: 0,
            deadline,
            went_unanswered: false,
            detours: 0,
            is_asking: false,
        }
    }

    /// Makes a command that has all of a request.
    pub(crate) fn owned(request: &Request<'_>, deadline: Instant) -> Self {
        let mut command = Self::bare(request.ticket, request.verb.into(), deadline);
        command.keep(&request.content);
        command
    }

    /// Keeps what the command is about, to be sent later or once more.
    pub(crate) fn keep(&mut self, content: &Content<'_>) {
        self.id = content.id.into();
        self.text = content.text.into();
        self.expected = content.expected.into();
        self.tail = content.tail;
        self.ttl = content.ttl;
    }

    /// What was kept.
    pub(crate) fn content(&self) -> Content<'_> {
        let (id, text, expected) = (&self.id, &self.text, &self.expected);
        Content { id, text, expected, tail: self.tail, ttl: self.ttl }
    }

    /// Moves the command out to be sent on another connection, whose server may take another form of it.
    pub(crate) fn again(&mut self) -> Self {
        let mut command = self.take();
        if command.step == Step::Get {
            command.step = Step::Load;
        }
        command
    }

    /// Moves the command out, and leaves one without content in its place.
    pub(crate) fn take(&mut self) -> Self {
        let mut empty = Self::bare(self.ticket, self.step, self.deadline);
        (empty.detours, empty.is_asking) = (self.detours, self.is_asking);
        std::mem::replace(self, empty)
    }
}

//! Ends commands: collects their outcomes, and keeps commands of one session in order around those
//! that take several steps.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::command::{Command, Step};
use crate::error::{Code, Error};
use crate::handover::outcome::{Answer, Outcomes};
use crate::handover::ticket::Ticket;

/// A command of several steps that has not ended, and the ids that it is about.
struct Chain {
    ticket: Ticket,
    ids: Vec<Box<[u8]>>,
}

pub(crate) struct Settlement {
    address: String,
    pub(crate) timeout: Duration,
    pub(crate) outcomes: Outcomes,
    chains: Vec<Chain>,
    /// Commands that wait for a chain to end, in the order in which they came.
    held: VecDeque<Command>,
    has_ended_chain: bool,
}

impl Settlement {
    pub(crate) fn new(address: String, timeout: Duration) -> Self {
        Self {
            address,
            timeout,
            outcomes: Outcomes::default(),
            chains: Vec::new(),
            held: VecDeque::new(),
            has_ended_chain: false,
        }
    }

    /// Ends a command with its answer.
    pub(crate) fn settle(&mut self, ticket: Ticket, answer: Answer<'_>) {
        self.outcomes.push(ticket, answer);
        if !self.chains.is_empty() {
            let count = self.chains.len();
            self.chains.retain(|chain| chain.ticket != ticket);
            self.has_ended_chain |= self.chains.len() < count;
        }
    }

    /// Ends a command with an error, whose message is told the server's address.
    pub(crate) fn fail(
        &mut self,
        ticket: Ticket,
        code: Code,
        message: impl FnOnce(&str) -> String,
    ) {
        let error = Error::new(code, message(&self.address));
        self.settle(ticket, Answer::Failed(error));
    }

    /// Ends a command that Redis has not answered in time.
    pub(crate) fn time_out(&mut self, ticket: Ticket, step: Step) {
        let milliseconds = self.timeout.as_millis();
        let doubt =
            if step.is_repeatable() { "" } else { "; the write may or may not have happened" };
        self.fail(ticket, Code::Timeout, |address| {
            format!("Redis at {address} did not answer within {milliseconds} ms{doubt}")
        });
    }

    /// Ends a command with Redis's error reply.
    pub(crate) fn refuse(&mut self, ticket: Ticket, words: &[u8]) {
        let error = Error::from_reply(words, &self.address);
        self.settle(ticket, Answer::Failed(error));
    }

    /// Whether no command has to wait for another.
    pub(crate) fn is_orderly(&self) -> bool {
        self.chains.is_empty() && self.held.is_empty()
    }

    /// Keeps back a command that has to wait; gives back one that may go.
    pub(crate) fn hold(&mut self, command: Command) -> Option<Command> {
        let is_blocked = command.ids().any(|id| {
            self.chains.iter().any(|chain| chain.ids.iter().any(|held| **held == *id))
                || self.held.iter().any(|held| held.ids().any(|held| held == id))
        });
        if is_blocked {
            self.held.push_back(command);
            return None;
        }
        if command.then.is_some() {
            self.chains.push(Chain {
                ticket: command.ticket,
                ids: command.ids().map(Box::from).collect(),
            });
        }
        Some(command)
    }

    /// Gives the commands that were kept back, once a chain has ended: to be tried again.
    pub(crate) fn release(&mut self) -> VecDeque<Command> {
        if std::mem::take(&mut self.has_ended_chain) {
            std::mem::take(&mut self.held)
        } else {
            VecDeque::new()
        }
    }

    /// Ends the held commands that are past their deadline; gives the earliest that remains.
    pub(crate) fn expire(&mut self, now: Instant) -> Option<Instant> {
        let is_due = |command: &Command| command.deadline <= now;
        let (due, held): (VecDeque<_>, VecDeque<_>) = self.held.drain(..).partition(is_due);
        self.held = held;
        for command in due {
            self.time_out(command.ticket, command.step);
        }
        self.held.iter().map(|command| command.deadline).min()
    }
}

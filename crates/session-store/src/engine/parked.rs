//! Commands that no connection can take at the moment: nobody knows which server has their session, or one
//! has asked for patience.

use std::time::{Duration, Instant};

use crate::command::Command;
use crate::error::Error;

/// The pause before a command is sent once more; it doubles with each further time.
const FIRST: Duration = Duration::from_millis(10);
const LONGEST: Duration = Duration::from_millis(100);

struct Entry {
    command: Command,
    /// `None`: once it is known which server has its session.
    due: Option<Instant>,
    /// What a server said to it.
    refusal: Option<Error>,
}

#[derive(Default)]
pub(super) struct Parked(Vec<Entry>);

impl Parked {
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Keeps a command until it is known which server has its session.
    pub(super) fn until_placed(&mut self, command: Command) {
        self.0.push(Entry { command, due: None, refusal: None });
    }

    /// Keeps a command for a while, the longer the more detours it has made.
    pub(super) fn for_a_while(&mut self, command: Command, refusal: Error, now: Instant) {
        let pause =
            (FIRST * 2u32.pow(u32::from(command.detours).saturating_sub(1).min(6))).min(LONGEST);
        let due = Some(now + pause.mul_f64(0.5 + fastrand::f64() / 2.0));
        self.0.push(Entry { command, due, refusal: Some(refusal) });
    }

    /// Takes out what is due, and with `places_are_known` what waited for that.
    pub(super) fn take_due(&mut self, places_are_known: bool, now: Instant) -> Vec<Command> {
        let is_due = |entry: &mut Entry| entry.due.map_or(places_are_known, |due| due <= now);
        self.0.extract_if(.., is_due).map(|entry| entry.command).collect()
    }

    /// Takes out what waits until it is known which server has its session.
    pub(super) fn take_unplaced(&mut self) -> Vec<Command> {
        self.0.extract_if(.., |entry| entry.due.is_none()).map(|entry| entry.command).collect()
    }

    /// When something is due next.
    pub(super) fn next(&self) -> Option<Instant> {
        self.0.iter().filter_map(|entry| entry.due).min()
    }

    /// What a server has said to the command of a session that it has asked for patience.
    pub(super) fn refusal_of(&self, id: &[u8]) -> Option<&Error> {
        self.0.iter().find(|entry| entry.command.content().id == id)?.refusal.as_ref()
    }

    /// Passes on what is past its deadline, with what a server has said to it; returns the earliest deadline
    /// of what remains.
    pub(super) fn expire(
        &mut self,
        now: Instant,
        mut each: impl FnMut(Command, Option<Error>),
    ) -> Option<Instant> {
        for Entry { command, refusal, .. } in
            self.0.extract_if(.., |entry| entry.command.deadline <= now)
        {
            each(command, refusal);
        }
        self.0.iter().map(|entry| entry.command.deadline).min()
    }
}

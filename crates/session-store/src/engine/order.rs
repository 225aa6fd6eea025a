//! Keeps the commands of one session in their order where a server may send a command elsewhere, or ask for
//! patience: one that was refused must not be done behind one that was handed over after it. So one command of
//! a session is under way at a time, and the others wait behind it. A write that was given up stays under way
//! until its reply, or until its connection is no more: on its way to one node, it could be done behind what
//! another node has done meanwhile.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::time::Instant;

use super::settlement::End;
use crate::command::{Command, Request};
use crate::handover::ticket::Ticket;

/// A session by the hash of its id. Two that have the same one wait for each other, which does no harm.
type Session = u64;

#[derive(Default)]
pub(super) struct Order {
    hasher: RandomState,
    /// The sessions that have a command under way, and the commands behind it.
    waiting: HashMap<Session, VecDeque<Command>>,
    /// Which session the commands are about that are under way and have not been given up: who asked for one
    /// that was may use its ticket again.
    under_way: HashMap<Ticket, Session>,
}

impl Order {
    /// Returns whether a command may start. If not, it is kept until [`Order::leave`] returns it.
    pub(super) fn enter(&mut self, request: &Request<'_>, deadline: Instant) -> bool {
        let session = self.session_of(request.content.id);
        if let Some(waiting) = self.waiting.get_mut(&session) {
            waiting.push_back(Command::owned(request, deadline));
            return false;
        }
        self.waiting.insert(session, VecDeque::new());
        self.under_way.insert(request.ticket, session);
        true
    }

    fn session_of(&self, id: &[u8]) -> Session {
        self.hasher.hash_one(id)
    }

    /// Takes note of how a command has ended; returns the one that may start then.
    pub(super) fn leave(&mut self, end: End) -> Option<Command> {
        let session = match end {
            End::Settled(ticket) => self.under_way.remove(&ticket)?,
            End::GivenUp(ticket) => {
                self.under_way.remove(&ticket);
                return None;
            }
            End::Over(id) => self.session_of(&id),
        };
        let next = self.waiting.get_mut(&session)?.pop_front();
        match &next {
            Some(command) => drop(self.under_way.insert(command.ticket, session)),
            None => drop(self.waiting.remove(&session)),
        }
        next
    }

    /// Passes on the commands that wait and are past their deadline; returns the earliest deadline of those
    /// that remain.
    pub(super) fn expire(
        &mut self,
        now: Instant,
        mut each: impl FnMut(&Command),
    ) -> Option<Instant> {
        let mut next = None;
        for waiting in self.waiting.values_mut() {
            waiting.retain(|command| {
                let is_due = command.deadline <= now;
                if is_due {
                    each(command);
                } else {
                    next = Some(next.map_or(command.deadline, |next| command.deadline.min(next)));
                }
                !is_due
            });
        }
        next
    }

    pub(super) fn is_empty(&self) -> bool {
        self.waiting.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verbs::Verb;
    use proptest::collection::vec;
    use proptest::prelude::*;

    proptest! {
        /// Whatever ends when: the commands of a session start one after the other, in their order, and all
        /// of them do.
        #[test]
        fn commands_of_a_session_never_overlap(
            sessions in vec(0u8..4, 1..100),
            ends in vec(any::<prop::sample::Index>(), 200),
        ) {
            let mut order = Order::default();
            let now = Instant::now();
            let mut under_way: Vec<Ticket> = Vec::new();
            let mut given_up: Vec<Ticket> = Vec::new();
            let mut started: Vec<Ticket> = Vec::new();
            let session_of = |ticket: Ticket| sessions[ticket as usize];
            let mut ends = ends.into_iter();
            let mut next = 0;
            while next < sessions.len() || !under_way.is_empty() || !given_up.is_empty() {
                let end = ends.next().filter(|_| !under_way.is_empty());
                if let Some(end) = end && next.is_multiple_of(2) {
                    let ended = under_way.swap_remove(end.index(under_way.len()));
                    if next.is_multiple_of(4) {
                        assert!(order.leave(End::GivenUp(ended)).is_none());
                        given_up.push(ended);
                        continue;
                    }
                    let follower = order.leave(End::Settled(ended)).map(|command| command.ticket);
                    under_way.extend(follower);
                    started.extend(follower);
                } else if next < sessions.len() {
                    let ticket = Ticket::try_from(next).unwrap();
                    let id = [sessions[next]];
                    next += 1;
                    if order.enter(&Request::new(ticket, Verb::Load, &id), now) {
                        under_way.push(ticket);
                        started.push(ticket);
                    }
                } else {
                    let end = match under_way.pop() {
                        Some(ended) => End::Settled(ended),
                        None => End::Over([session_of(given_up.pop().unwrap())].into()),
                    };
                    let follower = order.leave(end).map(|command| command.ticket);
                    under_way.extend(follower);
                    started.extend(follower);
                }
                let busy = under_way.iter().chain(&given_up);
                let mut busy: Vec<_> = busy.map(|ticket| session_of(*ticket)).collect();
                busy.sort_unstable();
                prop_assert!(busy.windows(2).all(|pair| pair[0] != pair[1]), "two at a time");
            }
            prop_assert!(order.is_empty() && order.under_way.is_empty());
            prop_assert_eq!(started.len(), sessions.len());
            for session in 0..4 {
                let own = started.iter().filter(|ticket| session_of(**ticket) == session);
                prop_assert!(own.is_sorted());
            }
        }
    }

    #[test]
    fn a_command_that_waits_too_long_is_never_started() {
        let mut order = Order::default();
        let now = Instant::now();
        let later = now + std::time::Duration::from_secs(1);
        let load = |ticket| Request::new(ticket, Verb::Load, b"a");
        assert!(order.enter(&load(1), now));
        assert!(!order.enter(&load(2), now) && !order.enter(&load(3), later));
        let mut expired = Vec::new();
        assert_eq!(order.expire(now, |command| expired.push(command.ticket)), Some(later));
        assert_eq!(expired, [2], "the first is under way");
        let mut leave = |ticket| order.leave(End::Settled(ticket)).map(|command| command.ticket);
        assert_eq!([leave(1), leave(2), leave(3)], [Some(3), None, None]);
        assert!(order.is_empty());
    }
}

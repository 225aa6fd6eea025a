//! Keeps the commands of one session in their order where a server may send a command elsewhere, or ask for
//! patience: one that was refused must not be done behind one that was handed over after it. So one command of
//! a session is under way at a time, and the others wait behind it.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};
use std::time::Instant;

use crate::command::{Command, Request};
use crate::handover::ticket::Ticket;

/// A session by the hash of its id. Two that have the same one wait for each other, which does no harm.
type Session = u64;

#[derive(Default)]
pub(super) struct Order {
    hasher: RandomState,
    /// The sessions that have a command under way, and the commands behind it.
    waiting: HashMap<Session, VecDeque<Command>>,
    /// Which session the commands are about that are under way.
    under_way: HashMap<Ticket, Session>,
}

impl Order {
    /// Returns whether a command may start. If not, it is kept until [`Order::leave`] returns it.
    pub(super) fn enter(&mut self, request: &Request<'_>, deadline: Instant) -> bool {
        let session = self.hasher.hash_one(request.content.id);
        if let Some(waiting) = self.waiting.get_mut(&session) {
            waiting.push_back(Command::owned(request, deadline));
            return false;
        }
        self.waiting.insert(session, VecDeque::new());
        self.under_way.insert(request.ticket, session);
        true
    }

    /// Takes note that a command has ended; returns the one that may start then.
    pub(super) fn leave(&mut self, ticket: Ticket) -> Option<Command> {
        let session = self.under_way.remove(&ticket)?;
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
        self.under_way.is_empty()
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
            let mut started: Vec<Ticket> = Vec::new();
            let session_of = |ticket: Ticket| sessions[ticket as usize];
            let mut ends = ends.into_iter();
            let mut next = 0;
            while next < sessions.len() || !under_way.is_empty() {
                let end = ends.next().filter(|_| !under_way.is_empty());
                if let Some(end) = end && next.is_multiple_of(2) {
                    let ended = under_way.swap_remove(end.index(under_way.len()));
                    let follower = order.leave(ended).map(|command| command.ticket);
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
                    let ended = under_way.pop().unwrap();
                    let follower = order.leave(ended).map(|command| command.ticket);
                    under_way.extend(follower);
                    started.extend(follower);
                }
                let mut busy: Vec<_> = under_way.iter().map(|ticket| session_of(*ticket)).collect();
                busy.sort_unstable();
                prop_assert!(busy.windows(2).all(|pair| pair[0] != pair[1]), "two at a time");
            }
            prop_assert!(order.is_empty() && order.waiting.is_empty());
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
        assert_eq!(order.leave(1).map(|command| command.ticket), Some(3));
        assert!(order.leave(2).is_none() && order.leave(3).is_none() && order.is_empty());
    }
}

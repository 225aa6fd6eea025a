//! Keeps the commands of one session in the order in which they were called. The wrapper has a room
//! with the same name and rules for clients of the app (`src/lib/store/order.ts`).
//!
//! 1. Calls that share an id start in the order in which they were made.
//! 2. A call of several steps holds its ids from its start to its end, and later calls on any of
//!    them wait.
//! 3. A call of one step holds nothing, because its connection keeps it in order; but it waits
//!    behind those that hold its id or wait for it.
//! 4. Ids are released once the call can do no more. Here that is at the deadline at the latest: no
//!    further step is sent then, and each connection keeps in order what is in flight. Over a client
//!    of the app it is when the last step has been answered, because nothing is known of its
//!    connections.
//!
//! Everything is found by id or ticket, so a call costs the same however many others wait.

use std::collections::{HashMap, VecDeque};
use std::time::Instant;

use crate::command::Command;
use crate::handover::ticket::Ticket;

#[derive(Default)]
pub(crate) struct Order {
    /// For each id that is held or waited for: the call that holds it, and behind it those that wait.
    lines: HashMap<Box<[u8]>, VecDeque<Ticket>>,
    calls: HashMap<Ticket, Call>,
    /// The waiting calls as they came in, which is the order of their deadlines.
    deadlines: VecDeque<(Instant, Ticket)>,
    /// Calls that have waited and may start.
    ready: Vec<Command>,
}

struct Call {
    ids: Vec<Box<[u8]>>,
    is_one_step: bool,
    /// In how many lines others are before it.
    behind: usize,
    /// What is to start; `None` once it has.
    command: Option<Command>,
}

impl Order {
    /// Whether a call of one step on this id may start at once.
    pub(crate) fn is_free(&self, id: &[u8]) -> bool {
        self.lines.is_empty() || !self.lines.contains_key(id)
    }

    /// Whether nobody holds anything.
    pub(crate) fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Returns the command if it may start now, and keeps it otherwise.
    pub(crate) fn admit(&mut self, command: Command, is_one_step: bool) -> Option<Command> {
        if is_one_step && self.is_free(&command.id) {
            return Some(command);
        }
        let mut ids: Vec<Box<[u8]>> = command.ids().map(Box::from).collect();
        ids.sort_unstable();
        ids.dedup();

        let ticket = command.ticket;
        let mut behind = 0;
        for id in &ids {
            let line = self.lines.entry(id.clone()).or_default();
            behind += usize::from(!line.is_empty());
            line.push_back(ticket);
        }
        if behind == 0 {
            self.calls.insert(ticket, Call { ids, is_one_step, behind, command: None });
            return Some(command);
        }
        self.deadlines.push_back((command.deadline, ticket));
        self.calls.insert(ticket, Call { ids, is_one_step, behind, command: Some(command) });
        None
    }

    /// Takes note that a call has ended, in whatever way. Calls that held nothing are not known here.
    pub(crate) fn end(&mut self, ticket: Ticket) {
        let Some(call) = self.calls.remove(&ticket) else { return };
        for id in &call.ids {
            self.leave(id, ticket);
        }
    }

    /// Takes a call out of a line, and lets those start that it kept waiting.
    fn leave(&mut self, id: &[u8], ticket: Ticket) {
        let Some(line) = self.lines.get_mut(id) else { return };
        // Near the front: calls end, and give up waiting, in about the order in which they came.
        let Some(place) = line.iter().position(|other| *other == ticket) else { return };
        line.remove(place);
        if place > 0 {
            return;
        }
        while let Some(first) = line.front() {
            let Some(call) = self.calls.get_mut(first) else { return };
            call.behind -= 1;
            if call.behind > 0 {
                return;
            }
            let Some(command) = call.command.take() else { return };
            self.ready.push(command);
            if !call.is_one_step {
                return;
            }
            self.calls.remove(first);
            line.pop_front();
        }
        self.lines.remove(id);
    }

    /// Returns the calls that have waited and may start now, in their order.
    pub(crate) fn take_ready(&mut self) -> Vec<Command> {
        std::mem::take(&mut self.ready)
    }

    /// Returns the waiting calls that are past their deadline, which will not start.
    pub(crate) fn expire(&mut self, now: Instant) -> Vec<Command> {
        let mut due = Vec::new();
        while let Some(&(deadline, ticket)) = self.deadlines.front() {
            let waits = |call: &Call| {
                call.command.as_ref().is_some_and(|command| command.deadline == deadline)
            };
            let is_waiting = self.calls.get(&ticket).is_some_and(waits);
            if is_waiting && deadline > now {
                break;
            }
            self.deadlines.pop_front();
            if is_waiting {
                due.extend(self.calls.get_mut(&ticket).and_then(|call| call.command.take()));
            }
        }
        // Only now, so that none of them starts because another one has left.
        for command in &due {
            self.end(command.ticket);
        }
        due
    }

    /// The earliest deadline of a call that waits; some time earlier, where that call has started.
    pub(crate) fn next_deadline(&self) -> Option<Instant> {
        self.deadlines.front().map(|(deadline, _)| *deadline)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::verbs::Step;
    use proptest::collection::{btree_set, vec};
    use proptest::prelude::*;

    fn call(ticket: Ticket, ids: &[u8], is_one_step: bool, deadline: Instant) -> Command {
        let step = |id: &u8| Command::new(ticket, Step::Delete, &[*id], b"", deadline);
        if is_one_step {
            return step(&ids[0]);
        }
        // One step more, so that there are several also on one id.
        step(&ids[0]).followed_by(ids.iter().map(step))
    }

    /// What the rules say, without a thought for speed.
    #[derive(Default)]
    struct Model {
        /// In the order in which they were made: ticket, ids, whether it holds, whether it has started.
        calls: Vec<(Ticket, Vec<u8>, bool, bool)>,
    }

    impl Model {
        /// Starts what may, and returns it.
        fn start(&mut self) -> Vec<Ticket> {
            let mut started = Vec::new();
            for at in 0..self.calls.len() {
                let (before, rest) = self.calls.split_at_mut(at);
                let (ticket, ids, _, has_started) = &mut rest[0];
                let blocks = |(_, others, holds, has_started): &(Ticket, Vec<u8>, bool, bool)| {
                    (*holds || !has_started) && others.iter().any(|id| ids.contains(id))
                };
                if !*has_started && !before.iter().any(blocks) {
                    *has_started = true;
                    started.push(*ticket);
                }
            }
            started
        }

        fn end(&mut self, ticket: Ticket) {
            self.calls.retain(|(other, ..)| *other != ticket);
        }
    }

    #[derive(Clone, Debug)]
    enum Event {
        Call {
            ids: Vec<u8>,
            is_one_step: bool,
        },
        /// Ends one of the calls that have started.
        End(usize),
        /// The deadline of one of the calls that wait passes, and of all before it.
        Expire(usize),
    }

    fn event() -> impl Strategy<Value = Event> {
        let ids = btree_set(0u8..6, 1..4).prop_map(|ids| ids.into_iter().collect());
        prop_oneof![
            5 => (ids, any::<bool>())
                .prop_map(|(ids, is_one_step)| Event::Call { ids, is_one_step }),
            4 => any::<usize>().prop_map(Event::End),
            1 => any::<usize>().prop_map(Event::Expire),
        ]
    }

    fn tickets(mut commands: Vec<Command>) -> Vec<Ticket> {
        commands.sort_by_key(|command| command.ticket);
        commands.iter().map(|command| command.ticket).collect()
    }

    proptest! {
           #[test]
           fn calls_start_when_the_rules_say(events in vec(event(), 0..80)) {
               let (mut order, mut model) = (Order::default(), Model::default());
               let start = Instant::now();
               let at = |ticket: Ticket| start + Duration::from_secs(ticket.into());
               let mut next = 0;
               for event in events {
                   match event {
                       Event::Call { mut ids, is_one_step } => {
                           if is_one_step {
                               ids.truncate(1);
                           }
                           let command = call(next, &ids, is_one_step, at(next));
                           model.calls.push((next, ids, !is_one_step, false));
                           let admitted: Vec<Command> = order.admit(command, is_one_step).into_iter().collect();
                           prop_assert_eq!(tickets(admitted), model.start());
                           next += 1;
                       }
                       Event::End(which) => {
                           let started: Vec<Ticket> = model.calls.iter()
                               .filter(|(.., has_started)| *has_started)
                               .map(|(ticket, ..)| *ticket)
                               .collect();
                           if started.is_empty() {
                               continue;
                           }
                           let ticket = started[which % started.len()];
                           order.end(ticket);
                           model.end(ticket);
                       }
                       Event::Expire(which) => {
                           let now = at(u32::try_from(which % 80).unwrap());
                           let due: Vec<Ticket> = model.calls.iter()
                               .filter(|(ticket, .., has_started)| !has_started && at(*ticket) <= now)
                               .map(|(ticket, ..)| *ticket)
                               .collect();
                           prop_assert_eq!(tickets(order.expire(now)), due.clone());
                           for ticket in due {
    model.end(ticket);
    }
                       }
                   }
                   let mut started = model.start();
                   started.sort_unstable();
                   prop_assert_eq!(tickets(order.take_ready()), started);
               }
               // When all have ended, nothing is left behind.
               while let Some((ticket, ..)) = model.calls.first().cloned() {
                   order.end(ticket);
                   model.end(ticket);
                   model.start();
                   order.take_ready();
               }
               prop_assert!(order.is_empty() && order.calls.is_empty());
           }
       }

    #[test]
    fn a_call_costs_the_same_however_many_wait() {
        let deadline = Instant::now();
        let time = |calls: Ticket| {
            let mut order = Order::default();
            let started = Instant::now();
            // Half of them on one id, half each on one of its own.
            for ticket in 0..calls {
                let own = ticket.to_be_bytes();
                let id: &[u8] = if ticket % 2 == 0 { b"one" } else { &own };
                let step = || Command::new(ticket, Step::Delete, id, b"", deadline);
                order.admit(step().followed_by([step()]), false);
            }
            for ticket in 0..calls {
                order.end(ticket);
                order.take_ready();
            }
            assert!(order.is_empty());
            started.elapsed()
        };
        let (few, many) = (time(2_000), time(32_000));
        assert!(many < few * 16 * 8, "{few:?} for 2,000 and {many:?} for 32,000");
    }
}

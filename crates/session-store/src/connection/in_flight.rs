//! The commands on a connection whose replies are due, and whom a reply belongs to.
//!
//! This is where a reply could reach the wrong session, so it is small and its fields are its own:
//! replies come in the order of the commands, an entry leaves the queue with its reply only, and a
//! reply that does not fit its command ends the connection.

use std::collections::VecDeque;
use std::time::Instant;

use crate::command::Command;
use crate::resp::Reply;
use crate::verbs::{Meaning, Step};

struct Entry {
    command: Command,
    sent: Instant,
    awaited_by: AwaitedBy,
}

/// Who waits for a reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AwaitedBy {
    /// Whoever asked, until the deadline.
    Caller,
    /// What comes behind a write whose deadline has passed, and which may be done yet.
    Followers,
    Nobody,
}

#[derive(Default)]
pub(super) struct InFlight {
    entries: VecDeque<Entry>,
    /// The step ahead of the next command, if that was refused.
    refused: Option<Step>,
    /// Why that was lately.
    refusal: Vec<u8>,
}

/// A command with its reply.
pub(super) struct Answered<'a> {
    pub(super) command: &'a mut Command,
    pub(super) meaning: Meaning<'a>,
    pub(super) awaited_by: AwaitedBy,
}

impl InFlight {
    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Expects the reply to a command that is sent now, behind those that are in flight.
    pub(super) fn push(&mut self, command: Command, awaited_by: AwaitedBy, sent: Instant) {
        self.entries.push_back(Entry { command, sent, awaited_by });
    }

    /// Finds the command that a reply belongs to, the one that has waited longest, passes both on,
    /// and forgets the command. It stays where it is meanwhile: moving it costs as much as all else.
    ///
    /// # Errors
    /// When there is none, or the reply does not fit it; the command is still in flight then.
    pub(super) fn take(
        &mut self,
        reply: &Reply<'_>,
        each: impl FnOnce(Answered<'_>),
    ) -> Result<(), String> {
        let Some(Entry { command, awaited_by, .. }) = self.entries.front_mut() else {
            return Err("the server sent a reply that nobody asked for".into());
        };
        let Some(mut meaning) = command.step.meaning(reply) else {
            return Err(format!("the server sent a reply that does not fit {:?}", command.step));
        };
        // For the very next command only, whatever that is.
        let needed_it = match self.refused.take() {
            Some(Step::Stage) => command.step.is_staged(),
            Some(_) => matches!(meaning, Meaning::Redirected(_)),
            None => false,
        };
        if needed_it {
            meaning = Meaning::Refused(&self.refusal);
        } else if let Step::Stage | Step::Asking = command.step
            && let Meaning::Refused(words) = meaning
        {
            self.refusal.clear();
            self.refusal.extend_from_slice(words);
            self.refused = Some(command.step);
        }
        each(Answered { command, meaning, awaited_by: *awaited_by });
        self.entries.pop_front();
        Ok(())
    }

    /// Passes on the commands that are past their deadline and when they were sent. Their replies are
    /// still due, and are nobody's answer any more.
    pub(super) fn expire(&mut self, now: Instant, mut each: impl FnMut(&Command, Instant)) {
        for entry in &mut self.entries {
            if entry.awaited_by == AwaitedBy::Caller && entry.command.deadline <= now {
                let may_harm = !entry.command.step.is_repeatable();
                entry.awaited_by = if may_harm { AwaitedBy::Followers } else { AwaitedBy::Nobody };
                each(&entry.command, entry.sent);
            }
        }
    }

    /// The earliest deadline of a command that somebody waits for.
    pub(super) fn next_deadline(&self) -> Option<Instant> {
        let awaited = self.entries.iter().filter(|entry| entry.awaited_by == AwaitedBy::Caller);
        awaited.map(|entry| entry.command.deadline).min()
    }

    /// Whether a write is among them whose deadline has passed.
    pub(super) fn has_late_writes(&self) -> bool {
        self.entries.iter().any(|entry| entry.awaited_by == AwaitedBy::Followers)
    }

    /// When the command was sent that has waited longest.
    pub(super) fn oldest(&self) -> Option<Instant> {
        self.entries.front().map(|entry| entry.sent)
    }

    /// Empties the queue of a connection that is no more; returns the commands and who waits for them, in
    /// their order.
    pub(super) fn lose(&mut self) -> impl Iterator<Item = (Command, AwaitedBy)> {
        self.refused = None;
        let entries = std::mem::take(&mut self.entries).into_iter();
        entries.map(|entry| (entry.command, entry.awaited_by))
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::handover::outcome::Answer;
    use crate::handover::ticket::Ticket;
    use crate::verbs::Verb;
    use crate::verbs::replace::Form;
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn load(ticket: Ticket, deadline: Instant) -> Command {
        Command::bare(ticket, Step::Load, deadline)
    }

    /// The text that was answered, and to whom.
    fn taken(in_flight: &mut InFlight, text: &[u8]) -> Option<(Ticket, String)> {
        let mut taken = None;
        let take = |Answered { command, meaning, awaited_by }: Answered<'_>| {
            let Meaning::Answered(Answer::Text(text)) = meaning else { panic!("no text") };
            let text = String::from_utf8(text.to_vec()).unwrap();
            let is_awaited = awaited_by == AwaitedBy::Caller;
            taken = is_awaited.then_some((command.ticket, text));
        };
        in_flight.take(&Reply::Bulk(text), take).unwrap();
        taken
    }

    /// Empties the queue; returns the tickets of the commands whose replies were awaited so.
    fn lost(in_flight: &mut InFlight, by: AwaitedBy) -> Vec<Ticket> {
        let lost = in_flight.lose().filter(|(_, awaited_by)| *awaited_by == by);
        lost.map(|(command, _)| command.ticket).collect()
    }

    #[test]
    fn only_the_reply_to_a_late_write_is_awaited_by_what_comes_behind_it() {
        let now = Instant::now();
        let staged = Step::Replace(Form::StagedNamed);
        for (step, is_harmful) in
            [(Verb::SaveNew.into(), true), (staged, true), (Step::Delete, false)]
        {
            let mut in_flight = InFlight::default();
            in_flight.push(Command::bare(1, Step::Stage, now), AwaitedBy::Nobody, now);
            in_flight.push(Command::bare(2, step, now), AwaitedBy::Caller, now);
            assert!(!in_flight.has_late_writes());
            in_flight.expire(now, |_, _| {});
            assert_eq!(in_flight.has_late_writes(), is_harmful);
            let late = if is_harmful { vec![2] } else { vec![] };
            assert_eq!(lost(&mut in_flight, AwaitedBy::Followers), late);
        }
    }

    #[test]
    fn a_reply_that_came_too_late_is_nobodys() {
        let mut in_flight = InFlight::default();
        let now = Instant::now();
        in_flight.push(load(1, now), AwaitedBy::Caller, now);
        in_flight.push(load(2, now + Duration::from_secs(1)), AwaitedBy::Caller, now);
        let mut expired = Vec::new();
        in_flight.expire(now, |command, _| expired.push(command.ticket));
        assert_eq!(expired, [1]);
        assert_eq!(taken(&mut in_flight, b"first"), None);
        assert_eq!(taken(&mut in_flight, b"second"), Some((2, "second".into())));
    }

    #[test]
    fn replies_out_of_step_reach_nobody() {
        let mut in_flight = InFlight::default();
        let now = Instant::now();
        in_flight.push(load(1, now), AwaitedBy::Caller, now);
        assert!(in_flight.take(&Reply::Status(b"OK"), |_| panic!()).is_err());
        assert_eq!(lost(&mut in_flight, AwaitedBy::Caller), [1]);
        assert!(in_flight.take(&Reply::Status(b"OK"), |_| panic!()).is_err(), "nobody asked");
    }

    /// What each reply was to whoever waits for it.
    fn answers(in_flight: &mut InFlight, replies: &[Reply<'_>]) -> Vec<(Ticket, String)> {
        let mut answers = Vec::new();
        for reply in replies {
            let take = |Answered { command, meaning, awaited_by }: Answered<'_>| {
                if awaited_by == AwaitedBy::Caller {
                    answers.push((command.ticket, format!("{meaning:?}")));
                }
            };
            in_flight.take(reply, take).unwrap();
        }
        answers
    }

    #[test]
    fn a_text_that_could_not_be_staged_fails_its_replacement_and_nothing_else() {
        let now = Instant::now();
        let send = |in_flight: &mut InFlight, ticket, step| {
            let is_staging = step == Step::Stage;
            let awaited_by = if is_staging { AwaitedBy::Nobody } else { AwaitedBy::Caller };
            in_flight.push(Command::bare(ticket, step, now), awaited_by, now);
        };
        let staged = Step::Replace(Form::StagedNamed);
        let refused = |words: &[u8]| format!("{:?}", Meaning::Refused(words));
        for reply in [Reply::Error(b"UNSTAGED"), Reply::Error(b"NOSCRIPT"), Reply::Integer(0)] {
            let mut in_flight = InFlight::default();
            for ticket in 1..=3 {
                send(&mut in_flight, ticket, Step::Stage);
                send(&mut in_flight, ticket, staged);
            }
            send(&mut in_flight, 4, Step::Peek);
            let replies = [
                Reply::Error(b"OOM no memory"),
                reply.clone(),
                Reply::Status(b"OK"),
                Reply::Error(b"NOSCRIPT"),
                Reply::Error(b"MISCONF"),
                reply,
                Reply::Nil,
            ];
            let expected = [
                (1, refused(b"OOM no memory")),
                (2, refused(b"NOSCRIPT")),
                (3, refused(b"MISCONF")),
                (4, "Answered(Missing)".into()),
            ];
            assert_eq!(answers(&mut in_flight, &replies), expected);
        }

        // Not even where something else comes next, or on the next connection.
        let mut in_flight = InFlight::default();
        for step in [Step::Stage, Step::Peek, staged] {
            send(&mut in_flight, 1, step);
        }
        let replies = [Reply::Error(b"OOM"), Reply::Nil, Reply::Integer(1)];
        let done = [(1, "Answered(Missing)".into()), (1, "Answered(Done)".into())];
        assert_eq!(answers(&mut in_flight, &replies), done);
        send(&mut in_flight, 1, Step::Stage);
        assert!(answers(&mut in_flight, &[Reply::Error(b"OOM")]).is_empty());
        assert!(lost(&mut in_flight, AwaitedBy::Caller).is_empty());
        send(&mut in_flight, 2, staged);
        assert_eq!(answers(&mut in_flight, &[Reply::Integer(1)]), [(2, "Answered(Done)".into())]);
    }

    #[test]
    fn who_may_not_ask_for_a_slot_on_the_move_is_told_so() {
        let mut in_flight = InFlight::default();
        let now = Instant::now();
        for ticket in 1..=2 {
            in_flight.push(Command::bare(ticket, Step::Asking, now), AwaitedBy::Nobody, now);
            in_flight.push(Command::bare(ticket, Step::Peek, now), AwaitedBy::Caller, now);
        }
        let denied = Reply::Error(b"NOPERM asking");
        let moved = Reply::Error(b"MOVED 1 h:1");
        let replies = [denied.clone(), moved, denied, Reply::Nil];
        let expected = [
            (1, format!("{:?}", Meaning::Refused(b"NOPERM asking"))),
            (2, "Answered(Missing)".into()),
        ];
        assert_eq!(answers(&mut in_flight, &replies), expected);
    }

    #[derive(Clone, Debug)]
    enum Event {
        Send,
        /// Replies to the oldest, or refuses it.
        Reply {
            is_refused: bool,
        },
        /// The deadlines of so many more of the commands pass.
        Expire(Ticket),
    }

    proptest! {
        /// Every reply says whose it is, and reaches that one or nobody.
        #[test]
        fn a_reply_reaches_whoever_asked_or_nobody(events in vec(prop_oneof![
            3 => Just(Event::Send),
            4 => any::<bool>().prop_map(|is_refused| Event::Reply { is_refused }),
            1 => (0u32..4).prop_map(Event::Expire),
        ], 0..200)) {
            let start = Instant::now();
            let at = |ticket: Ticket| start + Duration::from_secs(ticket.into());
            let mut in_flight = InFlight::default();
            let mut server = VecDeque::new();
            let mut ended = std::collections::HashSet::new();
            let (mut sent, mut expired) = (0, 0);
            for event in events {
                match event {
                    Event::Send => {
                        sent += 1;
                        in_flight.push(load(sent, at(sent)), AwaitedBy::Caller, start);
                        server.push_back(sent);
                    }
                    Event::Reply { is_refused } => {
                        let Some(ticket) = server.pop_front() else { continue };
                        let text = ticket.to_string();
                        let reply = if is_refused {
                            Reply::Error(text.as_bytes())
                        } else {
                            Reply::Bulk(text.as_bytes())
                        };
                        in_flight.take(&reply, |answered| {
                            assert_eq!(answered.command.ticket, ticket);
                            let is_awaited = answered.awaited_by == AwaitedBy::Caller;
                            assert!(!is_awaited || ended.insert(ticket), "ended twice");
                        }).unwrap();
                    }
                    Event::Expire(more) => {
                        expired = (expired + more).min(sent);
                        in_flight.expire(at(expired), |command, _| {
                            assert!(command.ticket <= expired);
                            assert!(ended.insert(command.ticket), "ended twice");
                        });
                    }
                }
            }
            let lost = lost(&mut in_flight, AwaitedBy::Caller);
            prop_assert!(lost.is_sorted());
            for ticket in lost {
                prop_assert!(ended.insert(ticket), "{} ended twice", ticket);
            }
            prop_assert_eq!(ended.len(), sent as usize, "somebody was forgotten");
        }
    }
}

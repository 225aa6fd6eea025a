//! When commands are given up, and when the connection is, because nothing may come on it any more.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use super::{Connection, Turn};
use crate::config::Config;
use crate::error::Error;

impl Connection {
    /// Whether the server has owed an answer for so long.
    pub(crate) fn is_silent(&self, patience: Duration, now: Instant) -> bool {
        let owed_since = self.in_flight.oldest().max(self.last_heard);
        !self.in_flight.is_empty() && owed_since.is_some_and(|since| now - since >= patience)
    }

    /// Whether the server is silent, or cannot be reached.
    pub(crate) fn is_out_of_reach(&self, patience: Duration, now: Instant) -> bool {
        self.is_silent(patience, now)
            || (self.wire.is_none() && self.attempts.has_failed(patience, now))
    }

    /// Closes the connection to a server that has no sessions any more, unless it may still answer.
    pub(crate) fn leave(&mut self, patience: Duration, turn: &mut Turn<'_>) {
        if self.in_flight.is_empty() {
            self.close("the server has no sessions any more", turn);
        } else if self.is_silent(patience, turn.now) {
            self.lose("no answer, and another server has taken its place", turn);
        }
    }

    /// Drops a connection on which a write was given up and nothing has come for so long that nothing may come
    /// any more: other commands of its session wait for that.
    pub(crate) fn give_up_on_late_replies(&mut self, turn: &mut Turn<'_>) {
        if self.is_silent(turn.config.timeout / 2, turn.now) && self.in_flight.has_late_writes() {
            self.lose_unanswered(turn);
        }
    }

    fn lose_unanswered(&mut self, turn: &mut Turn<'_>) {
        self.lose("no answer before the deadline", turn);
        for command in &mut self.waiting {
            command.went_unanswered = true;
        }
    }

    /// Why a command could not be sent within its time.
    pub(crate) fn unsent_error(&self, config: &Config) -> Error {
        if self.wire.is_some() {
            return Error::timed_out(&self.server, config.timeout, false);
        }
        Error::not_connected_in_time(&self.server, config.timeout, self.attempts.last_failure())
    }

    /// Settles what is past its deadline; returns the earliest deadline that remains.
    pub(crate) fn expire(&mut self, turn: &mut Turn<'_>) -> Option<Instant> {
        let (server, timeout, now) = (&self.server, turn.config.timeout, turn.now);
        let mut is_silent = false;
        self.in_flight.expire(now, |command, sent| {
            // The last step of a call may be sent when there is hardly any time left, which says nothing of the
            // server. What was heard in the turn in which it was sent was heard behind that.
            let is_long_ago = now.saturating_duration_since(sent) >= timeout / 2;
            is_silent |= is_long_ago && self.last_heard.is_none_or(|heard| sent > heard);
            let is_write = !command.step.is_repeatable();
            let error = Error::timed_out(server, timeout, is_write);
            if is_write {
                turn.settlement.give_up(command.ticket, error);
            } else {
                turn.settlement.fail(command.ticket, error);
            }
        });
        // A connection on which nothing has come since would time out for ever: its packets may
        // be going nowhere. On one that is far behind, Redis would go on working for people who
        // have left, and everyone after them would time out, too.
        let is_behind = |sent: Instant| now.saturating_duration_since(sent) > timeout * 2;
        if self.wire.is_some() && (is_silent || self.in_flight.oldest().is_some_and(is_behind)) {
            self.lose_unanswered(turn);
        }

        let (due, waiting): (VecDeque<_>, VecDeque<_>) =
            self.waiting.drain(..).partition(|command| command.deadline <= now);
        self.waiting = waiting;
        for command in due {
            let error = if command.went_unanswered {
                let is_write = !command.step.is_repeatable();
                Error::timed_out(&self.server, turn.config.timeout, is_write)
            } else {
                self.unsent_error(turn.config)
            };
            turn.settlement.fail(command.ticket, error);
        }

        let waiting = self.waiting.iter().map(|command| command.deadline);
        self.in_flight.next_deadline().into_iter().chain(waiting).min()
    }
}

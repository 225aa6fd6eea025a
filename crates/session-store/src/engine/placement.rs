//! The way of a command to the server that has its session: which that is, where it goes when a server sends it
//! elsewhere or asks for patience, and when it waits.

use std::time::Instant;

use super::settlement::Redirected;
use super::{Engine, Turn};
use crate::command::{Command, Request};
use crate::connection::pool::Place;
use crate::error::Error;
use crate::topology::Destination;

/// So many times a command is sent on at once. It may be going in circles then.
const PROMPT_DETOURS: u8 = 2;

impl Engine {
    /// Sends a request to the server that has its session.
    pub(super) fn send(&mut self, request: &Request<'_>, deadline: Instant, now: Instant) {
        let id = request.content.id;
        match self.topology.place_of(id) {
            Some(place) => {
                self.pool.connection_of(place, id).send(request, deadline, &turn!(self, now));
            }
            None => self.place(Command::owned(request, deadline), now),
        }
    }

    /// Gives a command to the server that has its session, or keeps it until that is known.
    fn place(&mut self, command: Command, now: Instant) {
        if let Some(place) = self.topology.place_of(command.content().id) {
            self.place_at(place, command, now);
        } else {
            self.topology.suspect();
            self.parked.until_placed(command);
        }
    }

    fn place_at(&mut self, place: Place, command: Command, now: Instant) {
        let connection = self.pool.connection_of(place, command.content().id);
        connection.accept(command, &turn!(self, now));
    }

    /// Sends the commands that are to be sent once more, or elsewhere, and those that may start; returns
    /// whether there were any.
    pub(super) fn go_on(&mut self, now: Instant) -> bool {
        let mut progress = false;
        for command in std::mem::take(&mut self.settlement.repeated) {
            progress = true;
            self.place(command, now);
        }
        for redirected in std::mem::take(&mut self.settlement.redirected) {
            progress = true;
            self.redirect(redirected, now);
        }
        if !self.topology.may_redirect() {
            return progress;
        }
        for (mut command, refusal) in std::mem::take(&mut self.settlement.postponed) {
            command.detours = command.detours.saturating_add(1);
            command.is_asking = false;
            self.settlement.suspect_server();
            self.parked.for_a_while(command, refusal, now);
        }
        if std::mem::take(&mut self.settlement.is_server_suspect) {
            self.topology.suspect();
        }
        if !self.parked.is_empty() {
            for command in self.parked.take_due(false, now) {
                progress = true;
                self.place(command, now);
            }
        }
        progress | self.start_followers(now)
    }

    /// Starts the commands that have waited for another one of their session.
    fn start_followers(&mut self, now: Instant) -> bool {
        let mut progress = false;
        while let Some(ends) = &mut self.settlement.ends
            && !ends.is_empty()
        {
            for end in std::mem::take(ends) {
                if let Some(command) = self.order.leave(end) {
                    progress = true;
                    self.place(command, now);
                }
            }
        }
        progress
    }

    fn redirect(&mut self, redirected: Redirected, now: Instant) {
        let Redirected { mut command, words, by } = redirected;
        let destination = match self.topology.redirect(&words, &by, &mut self.pool, now) {
            Ok(destination) => destination,
            Err(error) => return self.settlement.fail(command.ticket, error),
        };
        let prefix = self.config.prefix.as_bytes();
        let refusal = Error::refused(&by, &words, prefix);
        let was_asking = std::mem::take(&mut command.is_asking);
        command.detours = command.detours.saturating_add(1);
        match destination {
            Destination::Moved(place) if command.detours <= PROMPT_DETOURS => {
                self.place_at(place, command, now);
            }
            Destination::ForNow(place) if !was_asking => {
                command.is_asking = true;
                self.place_at(place, command, now);
            }
            Destination::Itself(place) => {
                self.pool.connection_of(place, command.content().id).outdate();
                self.parked.for_a_while(command, refusal, now);
            }
            _ => self.parked.for_a_while(command, refusal, now),
        }
    }

    /// Sends the commands on their way that wait for a server, which may be another one by now.
    pub(super) fn place_waiting(&mut self, now: Instant) {
        let unplaced = self.parked.take_due(true, now);
        for command in self.pool.take_waiting().into_iter().chain(unplaced) {
            self.place(command, now);
        }
    }

    /// Looks whether servers are silent, whose place others may have taken.
    pub(super) fn look(&mut self, now: Instant) {
        self.next_look = None;
        let Some(patience) = self.topology.patience(&self.config) else { return };
        if self.pool.keeps_waiting(patience, now) {
            self.topology.suspect();
        }
        let mut turn = turn!(self, now);
        for connection in self.pool.iter_mut() {
            connection.give_up_on_late_replies(&mut turn);
        }
        self.pool.close_unused(patience, &mut turn);
        self.place_waiting(now);
        if !self.is_idle() {
            self.next_look = Some(now + patience / 2);
        }
    }

    /// Settles what is past its deadline and with no connection; returns the earliest deadline that remains.
    pub(super) fn expire_unsent(&mut self, now: Instant) -> Option<Instant> {
        let Self { config, settlement, topology, pool, .. } = self;
        let (seeds, timeout) = (&config.seeds, config.timeout);
        let not_connected =
            || Error::not_connected_in_time(seeds, timeout, topology.last_failure());
        // First, because what they wait for may have the same deadline.
        let behind = self.order.expire(now, |command| {
            let id = command.content().id;
            let error = self.parked.refusal_of(id).cloned().unwrap_or_else(|| {
                match topology.place_of(id) {
                    Some(place) => pool.connection_of(place, id).unsent_error(config),
                    None => not_connected(),
                }
            });
            settlement.fail(command.ticket, error);
        });
        let parked = self.parked.expire(now, |command, refusal| {
            settlement.fail(command.ticket, refusal.unwrap_or_else(not_connected));
        });
        parked.into_iter().chain(behind).min()
    }
}

//! One pooled connection to one server: what waits for it, what is in flight on it, and what comes
//! back.

pub(crate) mod attempts;
mod backoff;
mod capabilities;
mod giving_up;
mod in_flight;
mod outbox;
pub(crate) mod pool;
mod settle;
#[cfg(all(test, unix))]
mod tests;
mod transmit;
mod wire;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Instant;

use mio::{Registry, Token};

use self::attempts::{Attempts, Need};
use self::capabilities::Capabilities;
use self::in_flight::{Answered, AwaitedBy, InFlight};
use self::settle::settle;
use self::wire::Wire;
use crate::command::{Command, Request};
use crate::config::{Config, Server};
use crate::connect::{ConnectError, socket::Socket};
use crate::engine::settlement::Settlement;
use crate::error::Error;
use crate::event::Event;
use crate::handover::outcome::Answer;
use crate::verbs::stage::StagingIds;
use crate::verbs::{Encoder, Step};

/// What a connection works with during one turn of the engine.
pub(crate) struct Turn<'a> {
    pub(crate) now: Instant,
    pub(crate) config: &'a Config,
    pub(crate) registry: &'a Registry,
    pub(crate) encoder: &'a Encoder,
    pub(crate) settlement: &'a mut Settlement,
    /// Whether a server may send commands elsewhere. All of a command is kept until its reply then.
    pub(crate) may_redirect: bool,
}

pub(crate) struct Connection {
    token: Token,
    server: Arc<Server>,
    wire: Option<Wire>,
    /// A newer connection, which takes over when nothing is in flight on the present one any more.
    successor: Option<Wire>,
    capabilities: Capabilities,
    staging_ids: StagingIds,
    waiting: VecDeque<Command>,
    in_flight: InFlight,
    /// When the server said something last; `None` before its first word on this connection.
    last_heard: Option<Instant>,
    attempts: Attempts,
    /// The server has refused a write as a replica does: its name may mean another one by now.
    is_suspect: bool,
    /// It has said that its name means another one.
    is_outdated: bool,
}

impl Connection {
    pub(crate) fn new(token: Token, server: Arc<Server>, config: &Config, now: Instant) -> Self {
        Self {
            token,
            server,
            wire: None,
            successor: None,
            capabilities: Capabilities::new(config.refresh_on_load),
            staging_ids: StagingIds::new(),
            waiting: VecDeque::new(),
            in_flight: InFlight::default(),
            last_heard: None,
            attempts: Attempts::new(config.timeout, now),
            is_suspect: false,
            is_outdated: false,
        }
    }

    pub(crate) fn server(&self) -> &Arc<Server> {
        &self.server
    }

    /// Whether a command can be sent at once.
    pub(crate) fn is_open(&self) -> bool {
        self.wire.is_some() && self.successor.is_none() && !self.is_outdated
    }

    /// Whether nobody waits for anything.
    pub(crate) fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.in_flight.is_empty()
    }

    /// Whether commands wait for a connection.
    pub(crate) fn is_waiting(&self) -> bool {
        !self.waiting.is_empty()
    }

    /// Whether the socket may have more to read or to take.
    pub(crate) fn is_busy(&self) -> bool {
        self.wire.as_ref().is_some_and(Wire::is_busy)
    }

    /// Takes a socket that is connected already.
    #[cfg(all(any(test, feature = "bench"), unix))]
    pub(crate) fn open(&mut self, socket: Socket, config: &Config) {
        self.wire = Some(Wire::new(socket, config.max_bytes));
    }

    /// Takes a request: to be sent now, or once there is a connection.
    pub(crate) fn send(&mut self, request: &Request<'_>, deadline: Instant, turn: &Turn<'_>) {
        let mut command = Command::bare(request.ticket, request.verb.into(), deadline);
        if self.is_open() {
            self.transmit(command, &request.content, turn);
        } else {
            command.keep(&request.content);
            self.waiting.push_back(command);
        }
    }

    /// Takes the commands out that wait for a connection.
    pub(crate) fn take_waiting(&mut self) -> VecDeque<Command> {
        std::mem::take(&mut self.waiting)
    }

    /// Has another connection made, for which commands wait: the server's name means another one by now.
    pub(crate) fn outdate(&mut self) {
        self.is_outdated = self.wire.is_some();
    }

    /// Takes a command that has waited elsewhere, or is sent once more.
    pub(crate) fn accept(&mut self, mut command: Command, turn: &Turn<'_>) {
        if self.is_open() {
            let kept = command.take();
            self.transmit(command, &kept.content(), turn);
        } else {
            self.waiting.push_back(command);
        }
    }

    /// Whether an attempt to connect is due; if so it gets this number, under which it has to end in
    /// [`Connection::finish_attempt`].
    pub(crate) fn start_attempt(&mut self, turn: &Turn<'_>) -> Option<u64> {
        let attempt = self.attempts.start(self.need(), turn.now)?;
        self.is_suspect = false;
        Some(attempt)
    }

    /// When the next attempt is to start, or the present one is to be given up.
    pub(crate) fn next_attempt(&self) -> Option<Instant> {
        self.attempts.next(self.need())
    }

    fn need(&self) -> Need {
        match &self.wire {
            None if self.successor.is_none() && !self.waiting.is_empty() => Need::Connection,
            Some(_) if self.successor.is_none() && (self.is_suspect || self.is_outdated) => {
                Need::Successor
            }
            _ => Need::Nothing,
        }
    }

    /// Takes the result of an attempt to connect, be it one that was given up.
    pub(crate) fn finish_attempt(
        &mut self,
        attempt: u64,
        result: Result<Socket, ConnectError>,
        turn: &mut Turn<'_>,
    ) {
        self.attempts.end(attempt);
        let is_wanted = self.wire.is_none() || self.is_outdated || self.capabilities.is_demoted();
        match result {
            Ok(_) if !is_wanted || self.successor.is_some() => {}
            Ok(socket) => {
                let attempt = self.attempts.succeed(turn.now);
                turn.settlement.tell(Event::connect(&self.server, attempt));
                self.successor = Some(Wire::new(socket, turn.config.max_bytes));
                self.change_over(turn);
            }
            Err(error) => {
                // Where another server may take its place, there is something to wait for.
                if error.is_permanent && self.wire.is_none() && !turn.may_redirect {
                    for command in self.waiting.drain(..) {
                        let error = Error::no_connection(&self.server, &error.reason);
                        turn.settlement.fail(command.ticket, error);
                    }
                }
                let cause = error.reason.clone();
                let (attempt, delay) =
                    self.attempts.fail(self.wire.is_none(), error.reason, turn.now);
                let address = self.server.to_string();
                turn.settlement.tell(Event::Reconnect { address, attempt, delay, cause });
                turn.settlement.suspect_server();
            }
        }
    }

    /// Puts the successor in the place of the present connection, if there is one and nothing is in
    /// flight any more: commands of one session must not be under way on both.
    fn change_over(&mut self, turn: &mut Turn<'_>) -> bool {
        if !self.in_flight.is_empty() {
            return false;
        }
        let Some(mut successor) = self.successor.take() else { return false };
        self.close("another connection has taken its place", turn);
        if let Err(error) = successor.register(turn.registry, self.token) {
            self.attempts.fail(true, error.to_string(), turn.now);
            return true;
        }
        self.wire = Some(successor);
        self.capabilities = Capabilities::new(turn.config.refresh_on_load);
        // What the one before has said says nothing of this one.
        self.is_suspect = false;
        self.is_outdated = false;
        self.last_heard = None;
        for command in std::mem::take(&mut self.waiting) {
            self.accept(command, turn);
        }
        true
    }

    /// Takes note of what the operating system says of the socket.
    pub(crate) fn notice(&mut self, is_readable: bool, is_writable: bool) {
        if let Some(wire) = &mut self.wire {
            wire.notice(is_readable, is_writable);
        }
    }

    /// Writes and reads what can be without waiting; returns whether that was anything.
    pub(crate) fn pump(&mut self, turn: &mut Turn<'_>) -> bool {
        let progress = self.exchange(turn);
        progress | self.change_over(turn)
    }

    fn exchange(&mut self, turn: &mut Turn<'_>) -> bool {
        let Some(wire) = &mut self.wire else { return false };
        let is_expecting = !self.in_flight.is_empty();
        let exchanged = wire.write().and_then(|wrote| {
            let read = wire.read(is_expecting, |reply| {
                self.in_flight.take(&reply, |Answered { command, meaning, awaited_by }| {
                    let is_only_form_refused = self.capabilities.learn(command.step, &meaning);
                    self.is_suspect |= self.capabilities.is_demoted();
                    let most_compared = self.capabilities.most_compared();
                    let known = &mut turn.settlement.most_compared;
                    *known = most_compared.max(*known);
                    match awaited_by {
                        AwaitedBy::Caller => {}
                        AwaitedBy::Followers => return turn.settlement.cannot_happen(command),
                        AwaitedBy::Nobody => return,
                    }
                    if !is_only_form_refused {
                        settle(command, meaning, &self.server, turn);
                    } else if let Step::Replace(_) = command.step {
                        turn.settlement.answer(command.ticket, Answer::Missing);
                    } else {
                        turn.settlement.repeat(command.take());
                    }
                })
            })?;
            Ok((wrote, read))
        });
        match exchanged {
            Ok((wrote, read)) => {
                if read {
                    self.last_heard = Some(turn.now);
                    self.attempts.heard(self.capabilities.takes_writes());
                }
                wrote || read
            }
            Err(reason) => {
                self.lose(&reason, turn);
                true
            }
        }
    }

    fn take_wires(&mut self) -> impl Iterator<Item = Wire> + use<> {
        [self.wire.take(), self.successor.take()].into_iter().flatten()
    }

    /// Closes the sockets, with what has not been sent.
    pub(crate) fn abort(&mut self, registry: &Registry) {
        self.take_wires().for_each(|wire| wire.abort(registry));
    }

    /// Closes the sockets, on which nobody waits for anything.
    fn close(&mut self, reason: &str, turn: &mut Turn<'_>) {
        for wire in self.take_wires() {
            wire.abort(turn.registry);
            turn.settlement.tell(Event::disconnect(&self.server, reason));
        }
    }

    /// Drops a connection that is of no more use. What may be sent again waits for the next one,
    /// in its order; the rest fails, because a write that happened after all could then be done
    /// over a newer one.
    fn lose(&mut self, reason: &str, turn: &mut Turn<'_>) {
        if let Some(wire) = self.wire.take() {
            wire.abort(turn.registry);
        }
        self.is_outdated = false;
        // A server that is gone for good is refused soon enough; one that restarts is back at once.
        self.attempts.fail(true, format!("connection lost: {reason}"), turn.now);
        turn.settlement.tell(Event::disconnect(&self.server, reason));
        turn.settlement.suspect_server();

        let mut again = VecDeque::new();
        for (mut command, awaited_by) in self.in_flight.lose() {
            match awaited_by {
                AwaitedBy::Caller if command.step.is_repeatable() => {
                    let mut command = command.again();
                    command.is_asking = false;
                    again.push_back(command);
                }
                AwaitedBy::Caller => {
                    let error = Error::disconnected(&self.server, reason);
                    turn.settlement.fail(command.ticket, error);
                }
                AwaitedBy::Followers => turn.settlement.cannot_happen(&command),
                AwaitedBy::Nobody => {}
            }
        }
        again.append(&mut self.waiting);
        self.waiting = again;
    }
}

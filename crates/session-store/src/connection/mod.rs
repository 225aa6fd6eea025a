//! One pooled connection: what waits for it, what is in flight on it, and what comes back.

mod backoff;
mod in_flight;
mod wire;

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use mio::{Interest, Registry, Token};

use crate::command::{Command, Encoder, Request, Step};
use crate::connect::{ConnectError, Connected};
use crate::connection::backoff::Backoff;
use crate::connection::in_flight::{InFlight, take_reply};
use crate::connection::wire::Wire;
use crate::engine::settlement::Settlement;
use crate::error::Code;

enum State {
    /// Not connected, and nobody is at it.
    Closed,
    /// This attempt is under way.
    Connecting(u64),
    Open(Wire),
}

pub(crate) struct Connection {
    token: Token,
    state: State,
    waiting: VecDeque<Command>,
    in_flight: VecDeque<InFlight>,
    last_heard: Instant,
    attempts: u64,
    backoff: Backoff,
    last_failure: Option<String>,
}

impl Connection {
    pub(crate) fn new(token: Token, timeout: Duration, now: Instant) -> Self {
        Self {
            token,
            state: State::Closed,
            waiting: VecDeque::new(),
            in_flight: VecDeque::new(),
            last_heard: now,
            attempts: 0,
            backoff: Backoff::new(timeout, now),
            last_failure: None,
        }
    }

    pub(crate) fn is_open(&self) -> bool {
        matches!(self.state, State::Open(_))
    }

    /// Whether nobody waits for anything.
    pub(crate) fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.in_flight.is_empty()
    }

    /// Takes a socket that is connected already.
    #[cfg(all(feature = "bench", unix))]
    pub(crate) fn open(&mut self, connected: Connected) {
        self.state = State::Open(Wire::new(connected));
    }

    /// Takes a command: to be sent now, or once there is a connection.
    pub(crate) fn accept(&mut self, mut command: Command, encoder: &Encoder, now: Instant) {
        if self.is_open() {
            let then = command.then.take();
            self.send(&command.request(), then, encoder, now);
        } else {
            self.waiting.push_back(command);
        }
    }

    /// Sends a command, and expects its reply. Only for a connection that is open.
    pub(crate) fn send(
        &mut self,
        request: &Request<'_>,
        then: Option<Box<Command>>,
        encoder: &Encoder,
        now: Instant,
    ) {
        let State::Open(wire) = &mut self.state else { return };
        encoder.write(&mut wire.output, request, wire.knows_getex);
        self.in_flight.push_back(InFlight::new(request, then, now));

        if request.step == Step::Load && encoder.refreshes_on_load() && !wire.knows_getex {
            let refresh = Request { step: Step::RefreshAfterLoad, ..*request };
            encoder.write(&mut wire.output, &refresh, false);
            let mut entry = InFlight::new(&refresh, None, now);
            entry.is_settled = true;
            self.in_flight.push_back(entry);
        }
    }

    /// Whether an attempt to connect is due; if so it is counted, and gets this number.
    pub(crate) fn start_attempt(&mut self, now: Instant) -> Option<u64> {
        if !self.waiting.is_empty()
            && matches!(self.state, State::Closed)
            && now >= self.backoff.retry_at()
        {
            self.attempts += 1;
            self.state = State::Connecting(self.attempts);
            return Some(self.attempts);
        }
        None
    }

    /// When the next attempt is due, if one is.
    pub(crate) fn next_attempt(&self) -> Option<Instant> {
        (!self.waiting.is_empty() && matches!(self.state, State::Closed))
            .then_some(self.backoff.retry_at())
    }

    /// Takes the result of an attempt to connect.
    pub(crate) fn finish_attempt(
        &mut self,
        attempt: u64,
        result: Result<Connected, ConnectError>,
        registry: &Registry,
        encoder: &Encoder,
        settlement: &mut Settlement,
        now: Instant,
    ) {
        if !matches!(self.state, State::Connecting(current) if current == attempt) {
            return;
        }
        self.state = State::Closed;
        let result = result.and_then(|mut connected| {
            let interest = Interest::READABLE | Interest::WRITABLE;
            match registry.register(connected.socket.source(), self.token, interest) {
                Ok(()) => Ok(connected),
                Err(error) => Err(ConnectError { reason: error.to_string(), is_final: false }),
            }
        });
        match result {
            Ok(connected) => {
                self.state = State::Open(Wire::new(connected));
                self.last_failure = None;
                self.last_heard = now;
                for command in std::mem::take(&mut self.waiting) {
                    self.accept(command, encoder, now);
                }
            }
            Err(error) => {
                self.backoff.fail(now);
                if error.is_final {
                    for command in self.waiting.drain(..) {
                        settlement.fail(command.ticket, Code::Connect, |address| {
                            format!("No connection to {address}: {}", error.reason)
                        });
                    }
                }
                self.last_failure = Some(error.reason);
            }
        }
    }

    /// Takes note of what the operating system says of the socket.
    pub(crate) fn notice(&mut self, is_readable: bool, is_writable: bool) {
        if let State::Open(wire) = &mut self.state {
            wire.notice(is_readable, is_writable);
        }
    }

    /// Writes and reads what can be without waiting; gives whether that was anything. Steps that
    /// follow one that succeeded go to `next`.
    pub(crate) fn pump(
        &mut self,
        registry: &Registry,
        settlement: &mut Settlement,
        next: &mut Vec<Command>,
        now: Instant,
    ) -> bool {
        let State::Open(wire) = &mut self.state else { return false };
        let is_expecting = !self.in_flight.is_empty();
        let in_flight = &mut self.in_flight;
        let exchanged = wire.write().and_then(|wrote| {
            let read =
                wire.read(is_expecting, |reply| take_reply(in_flight, reply, settlement, next))?;
            Ok((wrote, read))
        });
        match exchanged {
            Ok((wrote, read)) => {
                if read {
                    self.last_heard = now;
                    self.backoff.succeed();
                }
                wrote || read
            }
            Err(reason) => {
                self.lose(&reason, registry, settlement, now);
                true
            }
        }
    }

    /// Drops a connection that is of no more use. What may be sent again waits for the next one,
    /// in its order; the rest fails, because a write that happened after all could then be done
    /// over a newer one.
    fn lose(
        &mut self,
        reason: &str,
        registry: &Registry,
        settlement: &mut Settlement,
        now: Instant,
    ) {
        if let State::Open(wire) = std::mem::replace(&mut self.state, State::Closed) {
            wire.abort(registry);
        }
        self.last_failure = Some(format!("connection lost: {reason}"));
        // A server that is gone for good is refused soon enough; one that restarts is back at once.
        self.backoff.fail(now);

        for entry in std::mem::take(&mut self.in_flight) {
            if entry.is_settled {
                continue;
            }
            if entry.step.is_repeatable() {
                self.waiting.push_back(Command {
                    ticket: entry.ticket,
                    step: entry.step,
                    id: entry.id,
                    text: Box::default(),
                    deadline: entry.deadline,
                    went_unanswered: false,
                    then: entry.then,
                });
            } else {
                settlement.fail(entry.ticket, Code::Disconnected, |address| {
                    format!(
                        "The connection to {address} broke with a write in flight ({reason}); \
                         it may or may not have happened"
                    )
                });
            }
        }
    }

    /// Settles what is past its deadline; gives the earliest deadline that remains.
    pub(crate) fn expire(
        &mut self,
        registry: &Registry,
        settlement: &mut Settlement,
        now: Instant,
    ) -> Option<Instant> {
        let milliseconds = settlement.timeout.as_millis();
        let mut is_silent = false;
        let due = |entry: &&mut InFlight| !entry.is_settled && entry.deadline <= now;
        for entry in self.in_flight.iter_mut().filter(due) {
            entry.is_settled = true;
            entry.then = None;
            is_silent |= entry.sent >= self.last_heard;
            settlement.time_out(entry.ticket, entry.step);
        }
        // A connection on which nothing has come since would time out for ever: its packets may
        // be going nowhere. On one that is far behind, Redis would go on working for people who
        // have left, and everyone after them would time out, too.
        let is_behind =
            |entry: &InFlight| now.saturating_duration_since(entry.sent) > settlement.timeout * 2;
        if self.is_open() && (is_silent || self.in_flight.front().is_some_and(is_behind)) {
            self.lose("no answer before the deadline", registry, settlement, now);
            for command in &mut self.waiting {
                command.went_unanswered = true;
            }
        }

        let failure = self.last_failure.as_deref().unwrap_or("no answer yet");
        self.waiting.retain(|command| {
            let is_due = command.deadline <= now;
            if is_due && command.went_unanswered {
                settlement.time_out(command.ticket, command.step);
            } else if is_due {
                settlement.fail(command.ticket, Code::Connect, |address| {
                    format!("No connection to {address} within {milliseconds} ms: {failure}")
                });
            }
            !is_due
        });

        let in_flight = self.in_flight.iter().filter(|entry| !entry.is_settled);
        let waiting = self.waiting.iter().map(|command| command.deadline);
        in_flight.map(|entry| entry.deadline).chain(waiting).min()
    }
}

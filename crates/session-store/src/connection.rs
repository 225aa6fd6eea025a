//! One pooled connection: what waits for it, what is in flight on it, and what comes back.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::time::{Duration, Instant};

use mio::{Interest, Registry, Token};

use crate::command::{Command, Encoder, Step};
use crate::connect::{ConnectError, Connected};
use crate::error::Code;
use crate::in_flight::{self, InFlight};
use crate::outcome::KEEP_BYTES;
use crate::queue::Ticket;
use crate::resp::{Parsed, parse};
use crate::settlement::Settlement;
use crate::socket::Socket;

/// How much is read at a time, at least.
const READ_BYTES: usize = 64 * 1024;

/// The pause after the first attempt that failed; it doubles with each further one.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

enum State {
    /// Not connected, and nobody is at it.
    Closed,
    /// This attempt is under way.
    Connecting(u64),
    Open(Socket),
}

pub(crate) struct Connection {
    token: Token,
    state: State,
    waiting: VecDeque<Command>,
    in_flight: VecDeque<InFlight>,
    knows_getex: bool,
    output: Vec<u8>,
    written: usize,
    is_blocked: bool,
    input: Vec<u8>,
    filled: usize,
    may_read: bool,
    last_heard: Instant,
    attempts: u64,
    failures: u32,
    retry_at: Instant,
    last_failure: Option<String>,
}

impl Connection {
    pub(crate) fn new(token: Token, now: Instant) -> Self {
        Self {
            token,
            state: State::Closed,
            waiting: VecDeque::new(),
            in_flight: VecDeque::new(),
            knows_getex: true,
            output: Vec::new(),
            written: 0,
            is_blocked: false,
            input: Vec::new(),
            filled: 0,
            may_read: false,
            last_heard: now,
            attempts: 0,
            failures: 0,
            retry_at: now,
            last_failure: None,
        }
    }

    pub(crate) fn is_open(&self) -> bool {
        matches!(self.state, State::Open(_))
    }

    /// Takes a command: to be sent now, or once there is a connection.
    pub(crate) fn accept(&mut self, command: Command, encoder: &Encoder, now: Instant) {
        if self.is_open() {
            let Command { ticket, step, id, text, deadline, then } = command;
            let deadline = deadline.unwrap_or(now);
            self.send(ticket, step, &id, &text, encoder, now, deadline, then);
        } else {
            self.waiting.push_back(command);
        }
    }

    /// Writes a command to the output. Only for a connection that is open.
    #[expect(clippy::too_many_arguments, reason = "a command in pieces, so that it is not copied")]
    pub(crate) fn send(
        &mut self,
        ticket: Ticket,
        step: Step,
        id: &[u8],
        text: &[u8],
        encoder: &Encoder,
        now: Instant,
        deadline: Instant,
        then: Option<Box<Command>>,
    ) {
        encoder.write(&mut self.output, step, id, text, self.knows_getex);
        let kept = if step.is_repeatable() { id.into() } else { Box::default() };
        self.in_flight.push_back(InFlight {
            ticket,
            step,
            id: kept,
            sent: now,
            deadline,
            is_settled: false,
            then,
        });

        if step == Step::Load && encoder.refreshes_on_load() && !self.knows_getex {
            let step = Step::RefreshAfterLoad;
            encoder.write(&mut self.output, step, id, b"", false);
            self.in_flight.push_back(InFlight {
                ticket,
                step,
                id: Box::default(),
                sent: now,
                deadline,
                is_settled: true,
                then: None,
            });
        }
    }

    /// Whether an attempt to connect is due; if so it is counted, and gets this number.
    pub(crate) fn start_attempt(&mut self, now: Instant) -> Option<u64> {
        if !self.waiting.is_empty() && matches!(self.state, State::Closed) && now >= self.retry_at {
            self.attempts += 1;
            self.state = State::Connecting(self.attempts);
            return Some(self.attempts);
        }
        None
    }

    /// When the next attempt is due, if one is.
    pub(crate) fn next_attempt(&self) -> Option<Instant> {
        (!self.waiting.is_empty() && matches!(self.state, State::Closed)).then_some(self.retry_at)
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
            Ok(Connected { socket, knows_getex }) => {
                self.state = State::Open(socket);
                self.knows_getex = knows_getex;
                self.last_failure = None;
                self.last_heard = now;
                self.is_blocked = false;
                self.may_read = true;
                for command in std::mem::take(&mut self.waiting) {
                    self.accept(command, encoder, now);
                }
            }
            Err(error) => {
                self.pause(settlement.timeout, now);
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
        self.may_read |= is_readable;
        self.is_blocked &= !is_writable;
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
        match self.write().and_then(|wrote| Ok(wrote | self.read(settlement, next, now)?)) {
            Ok(progress) => progress,
            Err(reason) => {
                self.lose(&reason, registry, settlement, now);
                true
            }
        }
    }

    fn write(&mut self) -> Result<bool, String> {
        let State::Open(socket) = &mut self.state else { return Ok(false) };
        if self.is_blocked || self.output.is_empty() {
            return Ok(false);
        }
        while self.written < self.output.len() {
            match socket.write(&self.output[self.written..]) {
                Ok(0) => return Err("the connection was closed".into()),
                Ok(count) => self.written += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return self.blocked(&error),
            }
        }
        match socket.flush() {
            Ok(()) => {
                self.output.clear();
                self.output.shrink_to(KEEP_BYTES);
                self.written = 0;
                Ok(true)
            }
            Err(error) => self.blocked(&error),
        }
    }

    fn blocked(&mut self, error: &io::Error) -> Result<bool, String> {
        if error.kind() == io::ErrorKind::WouldBlock {
            self.is_blocked = true;
            return Ok(true);
        }
        Err(error.to_string())
    }

    fn read(
        &mut self,
        settlement: &mut Settlement,
        next: &mut Vec<Command>,
        now: Instant,
    ) -> Result<bool, String> {
        let State::Open(socket) = &mut self.state else { return Ok(false) };
        if self.in_flight.is_empty() && !self.may_read {
            return Ok(false);
        }
        if self.input.len() < self.filled + READ_BYTES {
            self.input.resize(self.filled + READ_BYTES, 0);
        }
        match socket.read(&mut self.input[self.filled..]) {
            Ok(0) => return Err("the server closed the connection".into()),
            Ok(count) => self.filled += count,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.may_read = false;
                return Ok(false);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(true),
            Err(error) => return Err(error.to_string()),
        }
        self.last_heard = now;
        self.take_replies(settlement, next)?;
        self.failures = 0;
        Ok(true)
    }

    fn take_replies(
        &mut self,
        settlement: &mut Settlement,
        next: &mut Vec<Command>,
    ) -> Result<(), String> {
        let mut start = 0;
        let needed = loop {
            match parse(&self.input[start..self.filled]) {
                Parsed::Reply(reply, length) => {
                    in_flight::take_reply(&mut self.in_flight, &reply, settlement, next)?;
                    start += length;
                }
                Parsed::Incomplete(needed) => break needed,
                Parsed::Invalid => return Err("the server sent what is not a reply".into()),
            }
        };
        self.input.copy_within(start..self.filled, 0);
        self.filled -= start;
        if self.input.len() < needed {
            self.input.resize(needed, 0);
        } else if self.filled == 0 && self.input.len() > KEEP_BYTES {
            self.input = Vec::new();
        }
        Ok(())
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
        if let State::Open(mut socket) = std::mem::replace(&mut self.state, State::Closed) {
            // Closing the socket does the same where this fails.
            let _ = registry.deregister(socket.source());
            socket.abort();
        }
        self.output = Vec::new();
        self.written = 0;
        self.input = Vec::new();
        self.filled = 0;
        self.last_failure = Some(format!("connection lost: {reason}"));
        // A server that is gone for good is refused soon enough; one that restarts is back at once.
        self.pause(settlement.timeout, now);

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
                    deadline: Some(entry.deadline),
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

    fn pause(&mut self, timeout: Duration, now: Instant) {
        // A command that comes during the pause must live to see the next attempt.
        let longest = LONGEST_PAUSE.min(timeout / 4);
        let pause = (FIRST_PAUSE * 2u32.pow(self.failures.min(6))).min(longest);
        self.failures += 1;
        // Spread, so that many processes do not come back at the same moment.
        self.retry_at = now + pause.mul_f64(0.5 + fastrand::f64() / 2.0);
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
            let doubt = if entry.step.is_repeatable() {
                ""
            } else {
                "; the write may or may not have happened"
            };
            settlement.fail(entry.ticket, Code::Timeout, |address| {
                format!("Redis at {address} did not answer within {milliseconds} ms{doubt}")
            });
        }
        // A connection on which nothing has come since would time out for ever: its packets may
        // be going nowhere. On one that is far behind, Redis would go on working for people who
        // have left, and everyone after them would time out, too.
        let is_behind =
            |entry: &InFlight| now.saturating_duration_since(entry.sent) > settlement.timeout * 2;
        if self.is_open() && (is_silent || self.in_flight.front().is_some_and(is_behind)) {
            self.lose("no answer before the deadline", registry, settlement, now);
        }

        let failure = self.last_failure.as_deref().unwrap_or("no answer yet");
        self.waiting.retain(|command| {
            let is_due = command.deadline.is_some_and(|deadline| deadline <= now);
            if is_due {
                settlement.fail(command.ticket, Code::Connect, |address| {
                    format!("No connection to {address} within {milliseconds} ms: {failure}")
                });
            }
            !is_due
        });

        let in_flight = self.in_flight.iter().filter(|entry| !entry.is_settled);
        let waiting = self.waiting.iter().filter_map(|command| command.deadline);
        in_flight.map(|entry| entry.deadline).chain(waiting).min()
    }
}

//! The connection on which a sentinel tells that another server has taken the primary's place. Without it that is
//! noticed, too, but only once the old one fails, is silent, or refuses to write.

use std::io::{ErrorKind, Read};
use std::sync::Arc;
use std::time::{Duration, Instant};

use mio::{Interest, Registry, Token};

use crate::config::{Config, Layout, Server};
use crate::connect::ConnectError;
use crate::connect::sentinel::is_switch_of;
use crate::connect::socket::Socket;
use crate::connection::attempts::{Attempts, Need};
use crate::resp::{Parsed, parse};

pub(super) const WATCH: Token = Token(usize::MAX - 1);

/// A sentinel that does not let us listen is left alone for so long.
const REFUSED_PAUSE: Duration = Duration::from_secs(60);

/// A message is never as long as that.
const MOST_BYTES: usize = 64 * 1024;

pub(super) struct Watch {
    attempts: Attempts,
    open: Option<Open>,
    /// How many sentinels in a row have failed: the next one is asked then.
    failures: usize,
    not_before: Instant,
}

struct Open {
    socket: Socket,
    sentinel: Arc<Server>,
    received: Vec<u8>,
    /// The operating system has said that there is something to read.
    may_read: bool,
}

impl Watch {
    pub(super) fn new(config: &Config, now: Instant) -> Self {
        let attempts = Attempts::new(config.timeout, now);
        Self { attempts, open: None, failures: 0, not_before: now }
    }

    /// How many of the sentinels to pass over.
    pub(super) fn failures(&self) -> usize {
        self.failures
    }

    /// Starts an attempt to connect, if there is no connection and one is due.
    pub(super) fn start(&mut self, now: Instant) -> Option<u64> {
        if self.open.is_some() || now < self.not_before {
            return None;
        }
        self.attempts.start(Need::Connection, now)
    }

    /// When the next attempt is due, if there is no connection.
    pub(super) fn next(&self) -> Option<Instant> {
        if self.open.is_some() {
            return None;
        }
        Some(self.attempts.next(Need::Connection)?.max(self.not_before))
    }

    /// Takes the result of an attempt; returns whether there is a connection now.
    pub(super) fn finish(
        &mut self,
        attempt: u64,
        sentinel: Arc<Server>,
        result: Result<Socket, ConnectError>,
        registry: &Registry,
        now: Instant,
    ) -> bool {
        self.attempts.end(attempt);
        let registered = result.and_then(|mut socket| {
            let registered = registry.register(socket.source(), WATCH, Interest::READABLE);
            registered.map_err(|error| ConnectError::transient(error.to_string()))?;
            Ok(socket)
        });
        match registered {
            Ok(socket) => {
                self.attempts.succeed(now);
                self.attempts.heard(true);
                self.failures = 0;
                self.open = Some(Open { socket, sentinel, received: Vec::new(), may_read: true });
                true
            }
            Err(error) => {
                if error.is_permanent {
                    self.not_before = now + REFUSED_PAUSE;
                }
                self.lose(error.reason, now);
                false
            }
        }
    }

    fn lose(&mut self, reason: String, now: Instant) {
        self.open = None;
        self.failures += 1;
        self.attempts.fail(true, reason, now);
    }

    /// Takes note that there may be something to read.
    pub(super) fn notice(&mut self) {
        if let Some(open) = &mut self.open {
            open.may_read = true;
        }
    }

    /// Reads what has come. Returns the sentinel, if it has told that another server is the primary now.
    pub(super) fn read(&mut self, config: &Config, now: Instant) -> Option<Arc<Server>> {
        let Layout::Sentinel(watched) = &config.layout else { return None };
        let open = self.open.as_mut().filter(|open| open.may_read)?;
        open.may_read = false;
        let mut is_switched = false;
        let end = open.read(&watched.name, |is_ours| is_switched |= is_ours);
        let sentinel = Arc::clone(&open.sentinel);
        if let Err(reason) = end {
            self.lose(reason, now);
        }
        is_switched.then_some(sentinel)
    }
}

impl Open {
    /// # Errors
    /// When there is nothing more to expect.
    fn read(&mut self, name: &str, mut tell: impl FnMut(bool)) -> Result<(), String> {
        loop {
            let mut bytes = [0; 1024];
            match self.socket.read(&mut bytes) {
                Ok(0) => return Err("the sentinel closed the connection".into()),
                Ok(count) => self.received.extend_from_slice(&bytes[..count]),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error.to_string()),
            }
            loop {
                match parse(&self.received, MOST_BYTES) {
                    Parsed::Reply(message, length) => {
                        tell(is_switch_of(name, &message));
                        self.received.drain(..length);
                    }
                    Parsed::Incomplete(_) if self.received.len() <= MOST_BYTES => break,
                    _ => return Err("the sentinel said something else than a message".into()),
                }
            }
        }
    }
}

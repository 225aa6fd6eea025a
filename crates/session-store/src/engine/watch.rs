//! The connection on which a sentinel tells that another server has taken the primary's place. Without it that is
//! noticed, too, but only once the old one fails, is silent, or refuses to write.

use std::io::{ErrorKind, Read, Write};
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

/// Sentinels of which none lets us listen are left alone for so long.
const REFUSED_PAUSE: Duration = Duration::from_secs(60);

/// How much is read at a time. A sentinel that does not stop telling must not keep the I/O thread from its other
/// work.
const READ_BYTES: usize = 4 * 1024;

/// A message is never as long as that.
const MOST_BYTES: usize = 64 * 1024;

pub(super) struct Watch {
    attempts: Attempts,
    sentinels: usize,
    open: Option<Open>,
    /// How many sentinels in a row have failed, or hung up before they had answered: the next one is asked then.
    failures: usize,
    not_before: Instant,
}

struct Open {
    socket: Socket,
    sentinel: Arc<Server>,
    received: Vec<u8>,
    /// The operating system has said that there is something to read.
    may_read: bool,
    /// When the sentinel has said something last.
    heard: Instant,
    /// When it was asked whether it is still there, if it has not answered yet.
    pinged: Option<Instant>,
}

impl Watch {
    pub(super) fn new(config: &Config, now: Instant) -> Self {
        let attempts = Attempts::new(config.timeout, now);
        let sentinels = config.seeds.count();
        Self { attempts, sentinels, open: None, failures: 0, not_before: now }
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
                let received = Vec::new();
                let open =
                    Open { socket, sentinel, received, may_read: true, heard: now, pinged: None };
                self.open = Some(open);
                true
            }
            Err(error) => {
                self.lose(error.reason, now);
                // Another one may.
                if error.is_permanent && self.failures.is_multiple_of(self.sentinels) {
                    self.not_before = now + REFUSED_PAUSE;
                }
                false
            }
        }
    }

    fn lose(&mut self, reason: String, now: Instant) {
        self.open = None;
        self.failures += 1;
        self.attempts.fail(true, reason, now);
    }

    /// Asks a sentinel that has said nothing for a timeout whether it is still there, and leaves it if it does not answer:
    /// it may be cut off, and would not be missed.
    pub(super) fn keep_alive(&mut self, config: &Config, now: Instant) {
        if self.next_word(config).is_none_or(|time| time > now) {
            return;
        }
        let Some(open) = &mut self.open else { return };
        let asked = if open.pinged.is_some() {
            Err("the sentinel does not answer".into())
        } else {
            open.pinged = Some(now);
            let sent = open.socket.write_all(b"*1\r\n$4\r\nPING\r\n");
            sent.and_then(|()| open.socket.flush()).map_err(|error| error.to_string())
        };
        if let Err(reason) = asked {
            self.lose(reason, now);
        }
    }

    /// When the sentinel has to be asked whether it is still there, or to have answered.
    pub(super) fn next_word(&self, config: &Config) -> Option<Instant> {
        let open = self.open.as_ref()?;
        Some(match open.pinged {
            Some(pinged) => pinged + config.patience(),
            None => open.heard + config.timeout,
        })
    }

    /// Takes note that there may be something to read.
    pub(super) fn notice(&mut self) {
        if let Some(open) = &mut self.open {
            open.may_read = true;
        }
    }

    /// Whether there may be more to read.
    pub(super) fn is_busy(&self) -> bool {
        self.open.as_ref().is_some_and(|open| open.may_read)
    }

    /// Reads some of what has come. Returns the sentinel, if it has told that another server is the primary now.
    pub(super) fn read(&mut self, config: &Config, now: Instant) -> Option<Arc<Server>> {
        let Layout::Sentinel(watched) = &config.layout else { return None };
        let open = self.open.as_mut().filter(|open| open.may_read)?;
        let mut is_switched = false;
        let was_asked = open.pinged.is_some();
        let end = open.read(&watched.name, now, |is_ours| is_switched |= is_ours);
        let sentinel = Arc::clone(&open.sentinel);
        // Not before it has answered: one may let everybody in, and hang up on them.
        if was_asked && open.pinged.is_none() {
            self.attempts.heard(true);
            self.failures = 0;
        }
        if let Err(reason) = end {
            self.lose(reason, now);
        }
        is_switched.then_some(sentinel)
    }
}

impl Open {
    /// # Errors
    /// When there is nothing more to expect.
    fn read(&mut self, name: &str, now: Instant, mut tell: impl FnMut(bool)) -> Result<(), String> {
        let mut bytes = [0; READ_BYTES];
        match self.socket.read(&mut bytes) {
            Ok(0) => return Err("the sentinel closed the connection".into()),
            Ok(count) => {
                self.received.extend_from_slice(&bytes[..count]);
                (self.heard, self.pinged) = (now, None);
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => self.may_read = false,
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(error) => return Err(error.to_string()),
        }
        loop {
            match parse(&self.received, MOST_BYTES) {
                // Of what is oversized, the bytes are not all there.
                Parsed::Reply(message, length) if length <= self.received.len() => {
                    tell(is_switch_of(name, &message));
                    self.received.drain(..length);
                }
                Parsed::Incomplete(_) if self.received.len() <= MOST_BYTES => return Ok(()),
                _ => return Err("the sentinel said something else than a message".into()),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use mio::Poll;
    use std::net::{TcpListener, TcpStream};

    fn config() -> Config {
        Config::of_sentinels(["redis://a", "redis://b"])
    }

    /// Has a watch listen to a sentinel, whose end of the connection is returned.
    fn listen(watch: &mut Watch, config: &Config, events: &Poll, now: Instant) -> TcpStream {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let stream = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (sentinel, _) = listener.accept().unwrap();
        stream.set_nonblocking(true).unwrap();
        let socket = Socket::Tcp(mio::net::TcpStream::from_std(stream));
        let attempt = watch.start(now).unwrap();
        let server = Arc::clone(config.seeds.first());
        assert!(watch.finish(attempt, server, Ok(socket), events.registry(), now));
        sentinel
    }

    #[test]
    fn a_sentinel_that_has_much_to_tell_is_read_bit_by_bit() {
        let (config, now, events) = (config(), Instant::now(), Poll::new().unwrap());
        let mut watch = Watch::new(&config, now);
        let mut sentinel = listen(&mut watch, &config, &events, now);
        let message = |channel: &str, words: &str| {
            let (channel_bytes, bytes) = (channel.len(), words.len());
            format!(
                "*3\r\n$7\r\nmessage\r\n${channel_bytes}\r\n{channel}\r\n${bytes}\r\n{words}\r\n"
            )
        };
        let mut words = message("+switch-master", "other 1 2 3 4").repeat(READ_BYTES / 40);
        words.push_str(&message("+switch-master", "sessions 1 2 3 4"));
        sentinel.write_all(words.as_bytes()).unwrap();

        assert!(watch.read(&config, now).is_none() && watch.is_busy(), "it read all of it at once");
        let mut switches = 0;
        while watch.is_busy() {
            switches += usize::from(watch.read(&config, now).is_some());
        }
        assert_eq!(switches, 1);
    }

    #[test]
    fn a_sentinel_that_says_what_is_no_message_is_left() {
        let (config, now, events) = (config(), Instant::now(), Poll::new().unwrap());
        for words in ["$70000\r\n", "HTTP/1.1 400 Bad Request\r\n"] {
            let mut watch = Watch::new(&config, now);
            let mut sentinel = listen(&mut watch, &config, &events, now);
            sentinel.write_all(words.as_bytes()).unwrap();
            assert!(watch.read(&config, now).is_none());
            assert_eq!(watch.failures(), 1, "{words}");
        }
    }

    #[test]
    fn sentinels_that_hang_up_on_whoever_listens_are_left_alone_for_longer_each_time() {
        let (config, events) = (config(), Poll::new().unwrap());
        let mut now = Instant::now();
        let mut watch = Watch::new(&config, now);
        for failures in 1..10 {
            now += Duration::from_secs(2);
            drop(listen(&mut watch, &config, &events, now));
            watch.read(&config, now);
            assert_eq!(watch.failures(), failures);
        }
        assert!(watch.next().unwrap() - now >= config.timeout / 8);

        now += Duration::from_secs(2);
        let mut sentinel = listen(&mut watch, &config, &events, now);
        now += config.timeout;
        watch.keep_alive(&config, now);
        sentinel.write_all(b"*2\r\n$4\r\npong\r\n$0\r\n\r\n").unwrap();
        watch.notice();
        watch.read(&config, now);
        assert_eq!(watch.failures(), 0);
    }

    #[test]
    fn a_sentinel_that_does_not_let_us_listen_does_not_keep_the_others_from_being_asked() {
        let (config, events) = (config(), Poll::new().unwrap());
        let now = Instant::now();
        let mut watch = Watch::new(&config, now);
        let mut refuse = |now| {
            let attempt = watch.start(now).unwrap();
            let server = Arc::clone(config.seeds.first());
            let refusal = ConnectError::permanent("NOPERM");
            watch.finish(attempt, server, Err(refusal), events.registry(), now);
            watch.next().unwrap() - now
        };
        assert!(refuse(now) < config.timeout);
        assert_eq!(refuse(now + config.timeout), REFUSED_PAUSE);
    }
}

//! When a connection tries to connect.

use std::os::unix::net::UnixStream;
use std::time::Duration;

use super::*;
use crate::config::Options;
use mio::Poll;

const TIMEOUT: Duration = Duration::from_secs(2);

/// A connection that does not connect by itself.
struct Bench {
    connection: Connection,
    config: Config,
    encoder: Encoder,
    poll: Poll,
    settlement: Settlement,
}

impl Bench {
    /// With a command that waits for so long that it never expires here.
    fn new() -> Self {
        let urls = vec!["redis://localhost".into()];
        let options = Options { urls, timeout: TIMEOUT, max_bytes: 1000, ..Options::default() };
        let config = Config::new(options).unwrap();
        let now = Instant::now();
        let server = Arc::clone(config.seeds.first());
        let mut bench = Self {
            connection: Connection::new(Token(0), server, &config, now),
            encoder: Encoder::new(&config),
            config,
            poll: Poll::new().unwrap(),
            settlement: Settlement::default(),
        };
        let command = Command::bare(1, Step::Load, now + TIMEOUT * 1000);
        bench.at(now, |connection, turn| connection.accept(command, turn));
        bench
    }

    fn at<T>(&mut self, now: Instant, act: impl FnOnce(&mut Connection, &mut Turn<'_>) -> T) -> T {
        let mut turn = Turn {
            now,
            config: &self.config,
            registry: self.poll.registry(),
            encoder: &self.encoder,
            settlement: &mut self.settlement,
            may_redirect: false,
        };
        act(&mut self.connection, &mut turn)
    }

    fn start(&mut self, now: Instant) -> Option<u64> {
        self.at(now, |connection, turn| connection.start_attempt(turn))
    }
}

fn socket() -> (Socket, UnixStream) {
    let (socket, server) = UnixStream::pair().unwrap();
    socket.set_nonblocking(true).unwrap();
    (Socket::Unix(mio::net::UnixStream::from_std(socket)), server)
}

#[test]
fn an_attempt_that_is_stuck_makes_room_for_another_and_is_welcome_when_it_succeeds() {
    let mut bench = Bench::new();
    let mut now = Instant::now();
    assert_eq!(bench.start(now), Some(1));
    assert_eq!(bench.start(now + TIMEOUT / 2), None, "it has time yet");

    let most = u64::try_from(attempts::MOST).unwrap();
    for attempt in 2..=most {
        // Once to give the last one up, and once when the back-off is over.
        now += TIMEOUT;
        assert_eq!(bench.start(now), None);
        now += TIMEOUT;
        assert_eq!(bench.start(now), Some(attempt));
    }
    now += TIMEOUT;
    assert_eq!(bench.start(now), None);
    now += TIMEOUT;
    assert_eq!(bench.start(now), None, "too many are stuck");

    let (socket, _server) = socket();
    bench.at(now, |connection, turn| connection.finish_attempt(1, Ok(socket), turn));
    assert!(bench.connection.is_open());
    let error = ConnectError::transient("too late");
    bench.at(now, |connection, turn| connection.finish_attempt(2, Err(error), turn));
    assert!(bench.connection.is_open());
}

#[test]
fn an_attempt_that_ends_makes_room_for_the_next_after_a_pause() {
    let mut bench = Bench::new();
    let now = Instant::now();
    assert_eq!(bench.start(now), Some(1));
    let error = ConnectError::transient("refused");
    bench.at(now, |connection, turn| connection.finish_attempt(1, Err(error), turn));
    assert_eq!(bench.start(now), None);
    assert_eq!(bench.start(now + TIMEOUT), Some(2));
}

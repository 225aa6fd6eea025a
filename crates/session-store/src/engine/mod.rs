//! The I/O thread: from the queue to the connections, and from the replies to the mailbox.

mod attempts;
#[cfg(all(feature = "bench", unix))]
pub mod bench;
mod order;
pub(crate) mod settlement;
mod spin;

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use mio::{Events, Poll, Token, Waker};

use self::attempts::{Attempted, Attempts};
use self::settlement::Settlement;
use self::spin::Spin;
use crate::command::Command;
use crate::config::Config;
use crate::connection::{Connection, Turn};
use crate::error::{Code, Error};
use crate::handover::mailbox::Mailbox;
use crate::handover::queue::{Batch, Queue};
use crate::handover::ticket::EVERYONE;
use crate::topology::Topology;
use crate::verbs::{self, Encoder, Step};

/// The token of the waker; connections have their index.
const WAKER: Token = Token(usize::MAX);

pub(crate) struct Engine {
    config: Arc<Config>,
    encoder: Encoder,
    queue: Arc<Queue>,
    mailbox: Arc<Mailbox>,
    poll: Poll,
    events: Events,
    batch: Batch,
    topology: Topology,
    connections: Vec<Connection>,
    settlement: Settlement,
    attempts: Attempts,
    /// No deadline is earlier, but this one may be of a command that has ended.
    next_deadline: Option<Instant>,
    spin: Spin,
}

/// What a turn works with, and the connections beside it.
macro_rules! turn {
    ($engine:ident, $now:expr) => {
        Turn {
            now: $now,
            config: &$engine.config,
            registry: $engine.poll.registry(),
            encoder: &$engine.encoder,
            settlement: &mut $engine.settlement,
            keeps_texts: $engine.topology.may_redirect(),
        }
    };
}

impl Engine {
    /// Makes the thread's half of a store; `queue` can wake it from here on.
    ///
    /// # Errors
    /// When the process may open no more files.
    pub(crate) fn new(
        config: Arc<Config>,
        queue: Arc<Queue>,
        mailbox: Arc<Mailbox>,
    ) -> io::Result<Self> {
        let now = Instant::now();
        let poll = Poll::new()?;
        queue.set_waker(Waker::new(poll.registry(), WAKER)?);
        let topology = Topology::new(&config);
        Ok(Self {
            encoder: Encoder::new(&config),
            connections: connections(&topology, &config, now),
            topology,
            settlement: Settlement::default(),
            attempts: Attempts::new(Arc::clone(&queue), config.timeout),
            config,
            queue,
            mailbox,
            poll,
            events: Events::with_capacity(128),
            batch: Batch::default(),
            next_deadline: None,
            spin: Spin::new(now),
        })
    }

    /// Runs until the queue is stopped.
    pub(crate) fn run(mut self) {
        while !self.queue.is_stopped() {
            // A panic is a defect of ours, and must cost the app neither its process nor a hung
            // request: what was under way fails, and the thread starts afresh.
            if catch_unwind(AssertUnwindSafe(|| self.turn_until_stopped())).is_err() {
                self.start_afresh();
            }
        }
    }

    fn start_afresh(&mut self) {
        self.topology = Topology::new(&self.config);
        self.connections = connections(&self.topology, &self.config, Instant::now());
        // Attempts that are under way find nobody.
        self.attempts = Attempts::new(Arc::clone(&self.queue), self.config.timeout);
        self.settlement = Settlement::default();
        self.queue.take(&mut self.batch);
        self.batch = Batch::default();
        let message = format!(
            "An internal error ended the connection to {}; please report it",
            self.config.server
        );
        self.settlement.fail(EVERYONE, Error::new(Code::Disconnected, message));
        self.deliver();
    }

    fn turn_until_stopped(&mut self) {
        let mut was_idle = false;
        while !self.queue.is_stopped() {
            let now = Instant::now();
            if self.turn(now) {
                self.spin.progress(now, was_idle);
                was_idle = false;
            } else {
                was_idle = true;
                if !self.spin.again(now) {
                    self.wait(now);
                }
            }
        }
    }

    /// Does all that can be done without waiting; returns whether that was anything.
    fn turn(&mut self, now: Instant) -> bool {
        let mut progress = self.queue.take(&mut self.batch);
        if progress {
            self.take_batch(now);
            self.take_attempts(now);
        }
        if self.next_deadline.is_some_and(|deadline| deadline <= now) {
            self.expire(now);
            progress = true;
        }
        let mut turn = turn!(self, now);
        for connection in &mut self.connections {
            progress |= connection.pump(&mut turn);
        }
        progress |= self.go_on(now);
        self.connect(now);
        self.deliver();
        // What was added behind the last write has to be written before the thread may wait.
        progress || self.connections.iter().any(Connection::is_busy)
    }

    fn take_batch(&mut self, now: Instant) {
        let mut batch = std::mem::take(&mut self.batch);
        batch.drain(|request, deadline| {
            self.next_deadline.get_or_insert(deadline);
            if let Some(step) = verbs::only_step(request)
                && self.settlement.order.is_free(request.id)
            {
                let connection = &mut self.connections[self.topology.connection_of(request.id)];
                if connection.is_open() && !(step == Step::Load && connection.may_repeat_loads()) {
                    return connection.send(step, request, deadline, &turn!(self, now));
                }
            }
            let command = verbs::plan(request, deadline);
            let connection = &self.connections[self.topology.connection_of(request.id)];
            let is_one_step = command.then.is_none()
                && !(command.step == Step::Load && connection.may_repeat_loads());
            if let Some(command) = self.settlement.order.admit(command, is_one_step) {
                self.forward(command, now);
            }
        });
        self.batch = batch;
    }

    /// Sends the steps that have become due: those that follow others, those that were waiting for
    /// their turn, and those that belong elsewhere. Returns whether there were any.
    fn go_on(&mut self, now: Instant) -> bool {
        let redirected = std::mem::take(&mut self.settlement.redirected);
        let mut progress = !redirected.is_empty();
        for (command, words) in redirected {
            match self.topology.redirect(&command, &words) {
                Ok(index) => self.connections[index].accept(command, &turn!(self, now)),
                Err(error) => self.settlement.fail(command.ticket, error),
            }
        }
        let next = std::mem::take(&mut self.settlement.next);
        for command in next.into_iter().chain(self.settlement.order.take_ready()) {
            progress = true;
            self.forward(command, now);
        }
        progress
    }

    /// Sends a command that nothing has to be kept in order with on its way.
    fn forward(&mut self, command: Command, now: Instant) {
        let index = self.topology.connection_of(&command.id);
        self.connections[index].accept(command, &turn!(self, now));
    }

    fn connect(&mut self, now: Instant) {
        for (index, connection) in self.connections.iter_mut().enumerate() {
            if let Some(attempt) = connection.start_attempt(&turn!(self, now)) {
                self.attempts.start(index, attempt, Arc::clone(connection.server()));
            }
        }
    }

    fn take_attempts(&mut self, now: Instant) {
        while let Some(Attempted { connection, attempt, result }) = self.attempts.take_finished() {
            self.connections[connection].finish_attempt(attempt, result, &mut turn!(self, now));
        }
    }

    fn expire(&mut self, now: Instant) {
        for command in self.settlement.order.expire(now) {
            let connection = &self.connections[self.topology.connection_of(&command.id)];
            self.settlement.fail(command.ticket, connection.unsent_error(&self.config));
        }
        let mut turn = turn!(self, now);
        let deadlines = self.connections.iter_mut().filter_map(|it| it.expire(&mut turn)).min();
        self.next_deadline =
            deadlines.into_iter().chain(self.settlement.order.next_deadline()).min();
    }

    /// Hands over what has come in.
    fn deliver(&mut self) {
        if !self.settlement.outcomes.is_empty() {
            self.mailbox.put(&mut self.settlement.outcomes);
        }
    }

    /// Waits for the operating system to say that something can be done, or for the next thing
    /// that is due by the clock.
    fn wait(&mut self, now: Instant) {
        if !self.queue.park() {
            return;
        }
        if self.settlement.order.is_empty() && self.connections.iter().all(Connection::is_idle) {
            // Not even the deadline of a command that has ended wakes an idle store.
            self.next_deadline = None;
        }
        let due = self.connections.iter().filter_map(Connection::next_attempt);
        let timeout = due
            .chain(self.next_deadline)
            .min()
            // Rounded up, because the operating system counts in milliseconds.
            .map(|due| due.saturating_duration_since(now) + Duration::from_millis(1));
        let result = self.poll.poll(&mut self.events, timeout);
        self.queue.unpark();
        if result.is_err() {
            // Interrupted by a signal: look again.
            return;
        }
        for event in &self.events {
            if let Some(connection) = self.connections.get_mut(event.token().0) {
                let is_readable = event.is_readable() || event.is_read_closed() || event.is_error();
                connection.notice(is_readable, event.is_writable());
            }
        }
    }
}

fn connections(topology: &Topology, config: &Config, now: Instant) -> Vec<Connection> {
    let servers = topology.servers().into_iter().enumerate();
    servers.map(|(index, server)| Connection::new(Token(index), server, config, now)).collect()
}

#[cfg(all(test, unix))]
mod tests {
    use std::io::{ErrorKind, Read, Write};
    use std::os::unix::net::UnixStream;

    use super::*;
    use crate::command::Request;
    use crate::config::Options;
    use crate::connect::socket::Socket;
    use crate::handover::outcome::{Answer, Outcomes};
    use crate::handover::ticket::Ticket;
    use crate::verbs::Verb;

    const TIMEOUT: Duration = Duration::from_secs(2);

    /// The engine without its thread, and the other ends of its two connections.
    struct Bench {
        engine: Engine,
        servers: Vec<UnixStream>,
        start: Instant,
    }

    impl Bench {
        fn new() -> Self {
            let config = Config::new(Options {
                url: "redis://localhost".into(),
                connections: 2,
                timeout: TIMEOUT,
                max_bytes: 1000,
                ..Options::default()
            });
            let config = Arc::new(config.unwrap());
            let mailbox = Arc::new(Mailbox::new(|| ()));
            let mut engine = Engine::new(Arc::clone(&config), Arc::default(), mailbox).unwrap();
            let servers = engine.connections.iter_mut().map(|connection| {
                let (socket, server) = UnixStream::pair().unwrap();
                socket.set_nonblocking(true).unwrap();
                server.set_nonblocking(true).unwrap();
                connection.open(Socket::Unix(mio::net::UnixStream::from_std(socket)), &config);
                server
            });
            let servers = servers.collect();
            Self { engine, servers, start: Instant::now() }
        }

        /// An id whose session this connection has.
        fn id_on(&self, connection: usize) -> String {
            let ids = (0..).map(|number| format!("id-{number}"));
            let mut own =
                ids.filter(|id| self.engine.topology.connection_of(id.as_bytes()) == connection);
            own.next().unwrap()
        }

        fn submit(&self, request: Request<'_>, at: Instant) {
            self.engine.queue.hand_over(at + TIMEOUT).push(&request);
            self.engine.queue.publish();
        }

        /// Lets the thread work until it would wait.
        fn run(&mut self, at: Instant) {
            while self.engine.turn(at) {}
        }

        /// What a server has received.
        fn received(&mut self, server: usize) -> String {
            let mut bytes = [0; 10_000];
            match self.servers[server].read(&mut bytes) {
                Ok(count) => String::from_utf8_lossy(&bytes[..count]).replace("\r\n", " "),
                Err(error) => {
                    assert_eq!(error.kind(), ErrorKind::WouldBlock);
                    String::new()
                }
            }
        }

        fn outcomes(&self) -> Vec<(Ticket, String)> {
            let mut outcomes = Outcomes::default();
            self.engine.mailbox.fetch(&mut outcomes, false);
            let next = || {
                outcomes.take().map(|outcome| {
                    let answer = match outcome.answer {
                        Answer::Missing => "missing",
                        Answer::Done => "done",
                        Answer::Text(_) => "text",
                        Answer::Failed(error) => error.code.name(),
                    };
                    (outcome.ticket, answer.to_owned())
                })
            };
            std::iter::from_fn(next).collect()
        }
    }

    fn relocate<'a>(ticket: Ticket, id: &'a str, stored: &'a str) -> Request<'a> {
        let request = Request::new(ticket, Verb::Relocate, id.as_bytes());
        Request { text: b"text", stored: stored.as_bytes(), obsolete: stored.as_bytes(), ..request }
    }

    fn load(ticket: Ticket, id: &str) -> Request<'_> {
        Request::new(ticket, Verb::Load, id.as_bytes())
    }

    #[test]
    fn what_waited_for_an_expired_request_is_sent_before_the_thread_waits() {
        let mut bench = Bench::new();
        let (old, new) = (bench.id_on(0), bench.id_on(1));
        let start = bench.start;
        bench.submit(relocate(1, &new, &old), start);
        bench.run(start);
        assert!(bench.received(0).contains("EXISTS"));
        bench.submit(load(2, &new), start + TIMEOUT / 2);
        bench.run(start + TIMEOUT / 2);
        assert_eq!(bench.received(1), "", "it waits behind the other");

        bench.run(start + TIMEOUT);
        assert_eq!(bench.outcomes(), [(1, "TIMEOUT".to_owned())]);
        assert!(bench.received(1).contains("GET"), "it was sent");
        bench.servers[1].write_all(b"$-1\r\n").unwrap();
        bench.run(start + TIMEOUT);
        assert_eq!(bench.outcomes(), [(2, "missing".to_owned())]);
    }

    #[test]
    fn one_request_of_several_steps_holds_up_its_own_session_only() {
        let mut bench = Bench::new();
        let (old, new) = (bench.id_on(0), bench.id_on(1));
        let start = bench.start;
        bench.submit(relocate(1, &new, &old), start);
        bench.submit(load(2, "another"), start);
        bench.submit(load(3, &new), start);
        bench.run(start);
        let sent = bench.received(0) + &bench.received(1);
        assert!(sent.contains("another") && !sent.contains(&new), "{sent}");
    }

    #[test]
    fn twenty_thousand_requests_of_several_steps_delay_no_deadline() {
        let mut bench = Bench::new();
        let start = bench.start;
        for ticket in 0..20_000 {
            let (old, new) = (format!("old-{ticket}"), format!("new-{ticket}"));
            bench.submit(relocate(ticket, &new, &old), start);
        }
        bench.submit(load(99_999, "bystander"), start);
        let began = Instant::now();
        bench.run(start);
        bench.run(start + TIMEOUT);
        let outcomes = bench.outcomes();
        assert_eq!(outcomes.len(), 20_001);
        assert!(outcomes.iter().all(|(_, answer)| answer == "TIMEOUT"));
        // A build without optimisation takes a tenth of this; one request at a time, minutes.
        assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    }

    #[test]
    fn a_session_that_was_moved_half_way_is_written_over() {
        let mut bench = Bench::new();
        let (old, new) = (bench.id_on(0), bench.id_on(1));
        let start = bench.start;
        bench.submit(relocate(1, &new, &old), start);
        bench.run(start);
        bench.servers[0].write_all(b":0\r\n").unwrap();
        bench.run(start);
        assert!(bench.received(1).contains("XX"), "only over what is there");
        bench.servers[1].write_all(b"+OK\r\n").unwrap();
        bench.run(start);
        bench.servers[0].write_all(b":0\r\n").unwrap();
        bench.run(start);
        assert_eq!(bench.outcomes(), [(1, "done".to_owned())]);
    }

    #[test]
    fn a_node_of_a_cluster_is_told_from_a_single_server() {
        let mut bench = Bench::new();
        let id = bench.id_on(0);
        bench.submit(load(1, &id), bench.start);
        bench.run(bench.start);
        bench.servers[0].write_all(b"-MOVED 1 10.0.0.1:7000\r\n").unwrap();
        bench.run(bench.start);
        assert_eq!(bench.outcomes(), [(1, "REDIS".to_owned())]);
    }
}

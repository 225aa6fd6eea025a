//! The I/O thread: from the queue to the connections, and from the replies to the mailbox.

#[cfg(all(feature = "bench", unix))]
pub mod bench;
mod connectors;
pub(crate) mod settlement;
mod spin;
#[cfg(all(test, unix))]
mod tests;

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use mio::{Events, Poll, Token, Waker};

use self::connectors::{Attempted, Connectors};
use self::settlement::Settlement;
use self::spin::Spin;
use crate::config::Config;
use crate::connection::{Connection, Turn};
use crate::error::{Code, Error};
use crate::handover::mailbox::Mailbox;
use crate::handover::queue::{Batch, Queue};
use crate::handover::ticket::EVERYONE;
use crate::topology::Topology;
use crate::verbs::Encoder;

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
    connectors: Connectors,
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
            connectors: Connectors::new(Arc::clone(&queue), config.timeout),
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
        for connection in &mut self.connections {
            connection.abort(self.poll.registry());
        }
        self.topology = Topology::new(&self.config);
        self.connections = connections(&self.topology, &self.config, Instant::now());
        // Attempts that are under way find nobody.
        self.connectors = Connectors::new(Arc::clone(&self.queue), self.config.timeout);
        self.settlement = Settlement::default();
        self.queue.take(&mut self.batch);
        self.batch = Batch::default();
        let message = format!(
            "An internal error ended the connection to {}; please report it",
            self.config.seeds
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
            let next = self.next_deadline.get_or_insert(deadline);
            *next = deadline.min(*next);
            let index = self.topology.connection_of(request.content.id);
            self.connections[index].send(request, deadline, &turn!(self, now));
        });
        self.batch = batch;
    }

    /// Sends the commands that are to be sent once more, or elsewhere; returns whether there were any.
    fn go_on(&mut self, now: Instant) -> bool {
        let redirected = std::mem::take(&mut self.settlement.redirected);
        let mut progress = !redirected.is_empty();
        for (command, words) in redirected {
            match self.topology.redirect(&command, &words) {
                Ok(index) => self.connections[index].accept(command, &turn!(self, now)),
                Err(error) => self.settlement.fail(command.ticket, error),
            }
        }
        for command in std::mem::take(&mut self.settlement.repeated) {
            progress = true;
            let index = self.topology.connection_of(command.content().id);
            self.connections[index].accept(command, &turn!(self, now));
        }
        progress
    }

    fn connect(&mut self, now: Instant) {
        for (index, connection) in self.connections.iter_mut().enumerate() {
            if let Some(attempt) = connection.start_attempt(&turn!(self, now)) {
                self.connectors.start(index, attempt, Arc::clone(connection.server()));
            }
        }
    }

    fn take_attempts(&mut self, now: Instant) {
        while let Some(Attempted { connection, attempt, result }) = self.connectors.take_finished()
        {
            self.connections[connection].finish_attempt(attempt, result, &mut turn!(self, now));
        }
    }

    fn expire(&mut self, now: Instant) {
        let mut turn = turn!(self, now);
        let deadlines = self.connections.iter_mut().filter_map(|it| it.expire(&mut turn));
        self.next_deadline = deadlines.min();
    }

    /// Hands over what has come in.
    fn deliver(&mut self) {
        if !self.settlement.outcomes.is_empty() {
            self.mailbox.put(&mut self.settlement.outcomes, self.settlement.most_compared);
        }
    }

    /// Waits for the operating system to say that something can be done, or for the next thing
    /// that is due by the clock.
    fn wait(&mut self, now: Instant) {
        if !self.queue.park() {
            return;
        }
        if self.connections.iter().all(Connection::is_idle) {
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

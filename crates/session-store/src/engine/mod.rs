//! The I/O thread: from the queue to the connections, and from the replies to the mailbox.

#[cfg(all(feature = "bench", unix))]
pub mod bench;
pub(crate) mod settlement;
mod spin;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use std::{hash, io, thread};

use mio::{Events, Poll, Token, Waker};

use crate::command::{Command, Encoder, Request};
use crate::config::Config;
use crate::connect::{ConnectError, Connected, connect};
use crate::connection::Connection;
use crate::engine::settlement::Settlement;
use crate::engine::spin::Spin;
use crate::error::Code;
use crate::handover::outcome::Mailbox;
use crate::handover::queue::{Batch, Queue, Submitted};
use crate::handover::ticket::EVERYONE;

/// The token of the waker; connections have their index.
const WAKER: Token = Token(usize::MAX);

/// What came of an attempt to connect.
struct Attempted {
    connection: usize,
    attempt: u64,
    result: Result<Connected, ConnectError>,
}

pub(crate) struct Engine {
    config: Arc<Config>,
    encoder: Encoder,
    queue: Arc<Queue>,
    mailbox: Arc<Mailbox>,
    poll: Poll,
    events: Events,
    batch: Batch,
    connections: Vec<Connection>,
    settlement: Settlement,
    /// Steps that follow one that has just succeeded.
    next: Vec<Command>,
    attempted: (Arc<Mutex<Sender<Attempted>>>, Receiver<Attempted>),
    /// No deadline is earlier, but this one may be of a command that has ended.
    next_deadline: Option<Instant>,
    spin: Spin,
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
        let (sender, receiver) = channel();
        Ok(Self {
            encoder: Encoder::new(&config),
            settlement: Settlement::new(config.target.to_string(), config.timeout),
            connections: (0..config.connections)
                .map(|index| Connection::new(Token(index), config.timeout, now))
                .collect(),
            config,
            queue,
            mailbox,
            poll,
            events: Events::with_capacity(128),
            batch: Batch::default(),
            next: Vec::new(),
            attempted: (Arc::new(Mutex::new(sender)), receiver),
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
        let now = Instant::now();
        for (index, connection) in self.connections.iter_mut().enumerate() {
            *connection = Connection::new(Token(index), self.config.timeout, now);
        }
        // With a new channel, attempts that are under way find nobody.
        let (sender, receiver) = channel();
        self.attempted = (Arc::new(Mutex::new(sender)), receiver);
        self.settlement = Settlement::new(self.config.target.to_string(), self.config.timeout);
        self.next.clear();
        self.queue.take(&mut self.batch);
        self.batch = Batch::default();
        self.settlement.fail(EVERYONE, Code::Disconnected, |address| {
            format!("An internal error ended the connection to {address}; please report it")
        });
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

    /// Does all that can be done without waiting; gives whether that was anything.
    fn turn(&mut self, now: Instant) -> bool {
        let mut progress = self.queue.take(&mut self.batch);
        if progress {
            self.take_batch(now);
            progress |= self.take_attempts(now);
        }
        for connection in &mut self.connections {
            progress |=
                connection.pump(self.poll.registry(), &mut self.settlement, &mut self.next, now);
        }
        for command in std::mem::take(&mut self.next) {
            self.forward(command, now);
        }
        for command in self.settlement.release() {
            self.accept(command, now);
        }
        if self.next_deadline.is_some_and(|deadline| deadline <= now) {
            self.expire(now);
            progress = true;
        }
        self.connect(now);
        self.deliver();
        progress
    }

    fn take_batch(&mut self, now: Instant) {
        let deadline = now + self.config.timeout;
        let mut batch = std::mem::take(&mut self.batch);
        batch.drain(|submitted| match submitted {
            Submitted::Simple { ticket, step, id, text } => {
                let index = self.index(id);
                let connection = &mut self.connections[index];
                if connection.is_open() && self.settlement.is_orderly() {
                    let request = Request { ticket, step, id, text, deadline };
                    connection.send(&request, None, &self.encoder, now);
                } else {
                    let mut command = Command::new(ticket, step, id.to_vec(), text.to_vec());
                    command.set_deadline(deadline);
                    self.accept(command, now);
                }
            }
            Submitted::Chain(mut command) => {
                command.set_deadline(deadline);
                self.accept(command, now);
            }
        });
        self.batch = batch;
        self.next_deadline.get_or_insert(deadline);
    }

    /// Sends a command on its way, or keeps it back behind an unfinished one on the same session.
    fn accept(&mut self, command: Command, now: Instant) {
        if let Some(command) = self.settlement.hold(command) {
            self.forward(command, now);
        }
    }

    /// Sends a command on its way that nothing has to be kept in order with.
    fn forward(&mut self, command: Command, now: Instant) {
        let index = self.index(&command.id);
        self.connections[index].accept(command, &self.encoder, now);
    }

    /// The connection of a session: always the same one, so that its commands stay in order.
    fn index(&self, id: &[u8]) -> usize {
        if self.connections.len() == 1 {
            return 0;
        }
        let mut hasher = hash::DefaultHasher::new();
        hash::Hasher::write(&mut hasher, id);
        let hash = hash::Hasher::finish(&hasher);
        usize::try_from(hash % self.connections.len() as u64).unwrap_or(0)
    }

    fn connect(&mut self, now: Instant) {
        for (index, connection) in self.connections.iter_mut().enumerate() {
            let Some(attempt) = connection.start_attempt(now) else { continue };
            let config = Arc::clone(&self.config);
            let queue = Arc::clone(&self.queue);
            let sender = Arc::clone(&self.attempted.0);
            let send = move |result| {
                let sender = sender.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                // Nobody receives once the store is closed; the socket is closed with it.
                let _ = sender.send(Attempted { connection: index, attempt, result });
                queue.publish();
            };
            let send_failure = send.clone();
            let thread = thread::Builder::new().name("session-connect".into());
            if let Err(error) = thread.spawn(move || send(connect(&config))) {
                let reason = format!("no thread could be started ({error})");
                send_failure(Err(ConnectError { reason, is_final: false }));
            }
        }
    }

    fn take_attempts(&mut self, now: Instant) -> bool {
        let mut progress = false;
        while let Ok(Attempted { connection, attempt, result }) = self.attempted.1.try_recv() {
            progress = true;
            self.connections[connection].finish_attempt(
                attempt,
                result,
                self.poll.registry(),
                &self.encoder,
                &mut self.settlement,
                now,
            );
        }
        progress
    }

    fn expire(&mut self, now: Instant) {
        let held = self.settlement.expire(now);
        self.next_deadline = self
            .connections
            .iter_mut()
            .filter_map(|connection| {
                connection.expire(self.poll.registry(), &mut self.settlement, now)
            })
            .chain(held)
            .min();
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
        if self.settlement.is_orderly() && self.connections.iter().all(Connection::is_idle) {
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

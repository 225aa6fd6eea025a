//! The I/O thread: from the queue to the connections, and from the replies to the mailbox.

/// What a turn works with, and the connections beside it.
macro_rules! turn {
    ($engine:ident, $now:expr) => {
        Turn {
            now: $now,
            config: &$engine.config,
            registry: $engine.poll.registry(),
            encoder: &$engine.encoder,
            settlement: &mut $engine.settlement,
            may_redirect: $engine.topology.may_redirect(),
        }
    };
}

#[cfg(all(feature = "bench", unix))]
pub mod bench;
mod connectors;
mod order;
mod parked;
mod placement;
pub(crate) mod settlement;
mod spin;
#[cfg(all(test, unix))]
mod tests;
mod watch;

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::{Duration, Instant};

use mio::{Events, Poll, Token, Waker};

use self::connectors::{Attempted, Connectors};
use self::order::Order;
use self::parked::Parked;
use self::settlement::Settlement;
use self::spin::Spin;
use self::watch::{WATCH, Watch};
use crate::config::{Config, Server};
use crate::connect::ConnectError;
use crate::connection::pool::Pool;
use crate::connection::{Connection, Turn};
use crate::error::{Code, Error};
use crate::event::Event;
use crate::handover::mailbox::Mailbox;
use crate::handover::queue::{Batch, Queue};
use crate::handover::ticket::EVERYONE;
use crate::topology::{Found, Topology};
use crate::verbs::Encoder;

/// How often an idle store tries in a row to find a sentinel that tells of changes.
const IDLE_TRIES: usize = 8;

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
    pool: Pool,
    order: Order,
    parked: Parked,
    settlement: Settlement,
    connectors: Connectors,
    /// No deadline is earlier, but this one may be of a command that has ended.
    next_deadline: Option<Instant>,
    /// When to look whether servers are silent.
    next_look: Option<Instant>,
    spin: Spin,
    watch: Watch,
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
        let mut connections = Pool::new(&config);
        let topology = Topology::new(&config, &mut connections, now);
        Ok(Self {
            encoder: Encoder::new(&config),
            settlement: Settlement::new(topology.may_redirect()),
            topology,
            pool: connections,
            order: Order::default(),
            parked: Parked::default(),
            connectors: Connectors::new(Arc::clone(&config), Arc::clone(&queue)),
            watch: Watch::new(&config, now),
            config,
            queue,
            mailbox,
            poll,
            events: Events::with_capacity(128),
            batch: Batch::default(),
            next_deadline: None,
            next_look: None,
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
        for connection in self.pool.iter_mut() {
            connection.abort(self.poll.registry());
        }
        self.pool = Pool::new(&self.config);
        self.topology = Topology::new(&self.config, &mut self.pool, Instant::now());
        self.watch = Watch::new(&self.config, Instant::now());
        self.order = Order::default();
        self.parked = Parked::default();
        // Attempts that are under way find nobody.
        self.connectors = Connectors::new(Arc::clone(&self.config), Arc::clone(&self.queue));
        self.settlement = Settlement::new(self.topology.may_redirect());
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
        // First, because nothing more is for a primary that has been replaced.
        self.watch.keep_alive(&self.config, now);
        if let Some(by) = self.watch.read(&self.config, now) {
            self.topology.switched(by, now);
        }
        let mut progress = self.queue.take(&mut self.batch);
        if progress {
            self.take_batch(now);
            self.take_attempts(now);
        }
        if self.next_deadline.is_some_and(|deadline| deadline <= now) {
            self.expire(now);
            progress = true;
        }
        if self.next_look.is_some_and(|time| time <= now) {
            self.look(now);
        }
        let mut turn = turn!(self, now);
        for connection in self.pool.iter_mut() {
            progress |= connection.pump(&mut turn);
        }
        progress |= self.go_on(now);
        self.start_attempts(now);
        self.deliver();
        // What was added behind the last write has to be written before the thread may wait.
        progress || self.watch.is_busy() || self.pool.iter().any(Connection::is_busy)
    }

    fn take_batch(&mut self, now: Instant) {
        let mut batch = std::mem::take(&mut self.batch);
        let may_redirect = self.topology.may_redirect();
        batch.drain(|request, deadline| {
            let next = self.next_deadline.get_or_insert(deadline);
            *next = deadline.min(*next);
            if may_redirect && !self.order.enter(request, deadline) {
                return;
            }
            self.send(request, deadline, now);
        });
        self.topology.used(now);
        if self.next_look.is_none() {
            self.next_look = self.topology.patience(&self.config).map(|patience| now + patience);
        }
        self.batch = batch;
    }

    fn start_attempts(&mut self, now: Instant) {
        for (index, connection) in self.pool.iter_mut().enumerate() {
            if let Some(attempt) = connection.start_attempt(&turn!(self, now)) {
                self.connectors.connect(index, attempt, Arc::clone(connection.server()));
            }
        }
        if self.topology.may_redirect()
            && let Some(search) = self.topology.start_search(!self.is_idle(), &self.pool, now)
        {
            self.connectors.search(search);
        }
        if let Some(sentinel) = self.herald()
            && let Some(attempt) = self.watch.start(now)
        {
            self.connectors.watch(attempt, sentinel);
        }
    }

    /// Who tells of changes by itself. An idle store does not try for ever to hear of them.
    fn herald(&self) -> Option<Arc<Server>> {
        let failures = self.watch.failures();
        let herald = self.topology.herald(failures)?;
        (failures < IDLE_TRIES || !self.is_idle()).then_some(herald)
    }

    fn take_attempts(&mut self, now: Instant) {
        while let Some(attempted) = self.connectors.take_finished() {
            match attempted {
                Attempted::Connection { connection, server, attempt, result } => {
                    // The one that it is for may be gone.
                    if let Some(connection) = self.pool.present(connection)
                        && Arc::ptr_eq(connection.server(), &server)
                    {
                        connection.finish_attempt(attempt, result, &mut turn!(self, now));
                    }
                }
                Attempted::Search { attempt, result } => self.finish_search(attempt, &result, now),
                Attempted::Watch { attempt, sentinel, result } => {
                    let registry = self.poll.registry();
                    if self.watch.finish(attempt, sentinel, result, registry, now) {
                        // Of what has changed before, nobody has told.
                        self.topology.suspect();
                    }
                }
            }
        }
    }

    fn finish_search(&mut self, attempt: u64, result: &Result<Found, ConnectError>, now: Instant) {
        let retry = self.topology.finish_search(attempt, result.as_ref().err(), now);
        if let (Some((attempt, delay)), Err(error)) = (retry, result) {
            let (address, cause) = (self.config.seeds.to_string(), error.reason.clone());
            self.settlement.tell(Event::Reconnect { address, attempt, delay, cause });
        }
        match result {
            Ok(_) if !self.topology.believes(attempt) => {}
            Ok(found) => {
                let before = self.pool.addresses();
                self.topology.learn(found, &mut self.pool, now);
                let addresses = self.pool.addresses();
                if addresses != before {
                    self.settlement.tell(Event::Topology { addresses });
                }
                if let Some(patience) = self.topology.patience(&self.config) {
                    self.pool.close_unused(patience, &mut turn!(self, now));
                }
                self.place_waiting(now);
            }
            Err(error) if error.is_permanent => {
                for command in self.parked.take_unplaced() {
                    let error = Error::no_connection(&self.config.seeds, &error.reason);
                    self.settlement.fail(command.ticket, error);
                }
            }
            Err(_) => {}
        }
    }

    fn expire(&mut self, now: Instant) {
        // First, while connections are still there that are dropped for their silence: calls behind one that was not
        // answered in time are told so.
        let unsent = if self.topology.may_redirect() { self.expire_unsent(now) } else { None };
        let mut turn = turn!(self, now);
        let deadlines = self.pool.iter_mut().filter_map(|it| it.expire(&mut turn));
        self.next_deadline = deadlines.chain(unsent).min();
    }

    /// Whether nobody waits for anything.
    fn is_idle(&self) -> bool {
        self.order.is_empty() && self.pool.iter().all(Connection::is_idle)
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
        if self.is_idle() {
            // Not even the deadline of a command that has ended wakes an idle store.
            self.next_deadline = None;
        }
        let due = self.pool.iter().filter_map(Connection::next_attempt);
        let timeout = due
            .chain(self.next_deadline)
            .chain(self.next_look)
            .chain(self.parked.next())
            .chain(self.topology.next_search(!self.is_idle()))
            .chain(self.herald().and_then(|_| self.watch.next()))
            .chain(self.watch.next_word(&self.config))
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
            if event.token() == WATCH {
                self.watch.notice();
            } else if let Some(connection) = self.pool.get_mut(event.token().0) {
                let is_readable = event.is_readable() || event.is_read_closed() || event.is_error();
                connection.notice(is_readable, event.is_writable());
            }
        }
    }
}

//! The threads that connect, one for each attempt: name look-ups block without a limit, and the I/O
//! thread never waits for one.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use crate::config::{Config, Layout, Server};
use crate::connect::cluster;
use crate::connect::sentinel::{find_primary, subscribe};
use crate::connect::socket::Socket;
use crate::connect::{ConnectError, connect, connect_and};
use crate::handover::queue::Queue;
use crate::topology::{Found, Search, Told};

/// What came of an attempt.
pub(super) enum Attempted {
    /// To connect to a server; `connection` is the index of the one that it is for.
    Connection {
        connection: usize,
        server: Arc<Server>,
        attempt: u64,
        result: Result<Socket, ConnectError>,
    },
    /// To find out which servers have which sessions.
    Search { attempt: u64, result: Result<Found, ConnectError> },
    /// To have a sentinel tell of changes.
    Watch { attempt: u64, sentinel: Arc<Server>, result: Result<Socket, ConnectError> },
}

pub(super) struct Connectors {
    config: Arc<Config>,
    queue: Arc<Queue>,
    sender: Arc<Mutex<Sender<Attempted>>>,
    receiver: Receiver<Attempted>,
}

impl Connectors {
    /// The I/O thread is told through `queue` when an attempt has finished.
    pub(super) fn new(config: Arc<Config>, queue: Arc<Queue>) -> Self {
        let (sender, receiver) = channel();
        Self { config, queue, sender: Arc::new(Mutex::new(sender)), receiver }
    }

    pub(super) fn connect(&self, connection: usize, attempt: u64, server: Arc<Server>) {
        let timeout = time(&self.config);
        let to = Arc::clone(&server);
        self.start(
            move || connect(&to, timeout),
            move |result| Attempted::Connection { connection, server, attempt, result },
        );
    }

    pub(super) fn search(&self, Search { attempt, servers }: Search) {
        let config = Arc::clone(&self.config);
        self.start(
            move || search(&servers, &config),
            move |result| Attempted::Search { attempt, result },
        );
    }

    pub(super) fn watch(&self, attempt: u64, sentinel: Arc<Server>) {
        let timeout = time(&self.config);
        let to = Arc::clone(&sentinel);
        self.start(
            move || connect_and(&to, timeout, subscribe).map(|(socket, ())| socket),
            move |result| Attempted::Watch { attempt, sentinel, result },
        );
    }

    fn start<T: 'static>(
        &self,
        work: impl FnOnce() -> Result<T, ConnectError> + Send + 'static,
        attempted: impl FnOnce(Result<T, ConnectError>) -> Attempted + Clone + Send + 'static,
    ) {
        let queue = Arc::clone(&self.queue);
        let sender = Arc::clone(&self.sender);
        let finish = move |result| {
            let sender = sender.lock().unwrap_or_else(PoisonError::into_inner);
            // Nobody receives once the store is closed; the socket is closed with it.
            let _ = sender.send(attempted(result));
            queue.publish();
        };
        let fail = finish.clone();
        let thread = thread::Builder::new().name("session-connect".into());
        let work = move || {
            // A panic is a defect of ours, and must not count as an attempt that is stuck for ever.
            catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| {
                Err(ConnectError::transient("an internal error; please report it"))
            })
        };
        if let Err(error) = thread.spawn(move || finish(work())) {
            fail(Err(ConnectError::transient(format!("no thread could be started ({error})"))));
        }
    }

    pub(super) fn take_finished(&self) -> Option<Attempted> {
        self.receiver.try_recv().ok()
    }
}

/// A little less than the requests have that wait for it, so that they learn the reason.
fn time(config: &Config) -> Duration {
    config.timeout * 4 / 5
}

/// Asks one server after the other until one tells.
fn search(servers: &[Arc<Server>], config: &Config) -> Result<Found, ConnectError> {
    let time = time(config);
    if let Layout::Sentinel(watched) = &config.layout {
        let (by, server) = find_primary(servers, watched, time)?;
        return Ok(Found { by, told: Told::Primary(server) });
    }
    let deadline = Instant::now() + time;
    let mut failure = None;
    for (asked, server) in servers.iter().enumerate() {
        // One that swallows packets leaves time for the others.
        let left = deadline.saturating_duration_since(Instant::now());
        let others = u32::try_from(servers.len() - asked).unwrap_or(u32::MAX);
        let share = (left / others).max(time / 4).min(left);
        if share.is_zero() {
            break;
        }
        let prefix = config.prefix.as_bytes();
        match connect_and(server, share, |talk| cluster::ask(talk, prefix)) {
            Ok((_, shares)) => {
                return Ok(Found { by: Arc::clone(server), told: Told::Shares(shares) });
            }
            Err(error) => {
                let error = ConnectError { reason: format!("{server}: {}", error.reason), ..error };
                // What nothing but a change of the options mends is the better reason.
                if failure.as_ref().is_none_or(|before: &ConnectError| !before.is_permanent) {
                    failure = Some(error);
                }
            }
        }
    }
    Err(failure.unwrap_or_else(|| ConnectError::transient("no answer in time")))
}

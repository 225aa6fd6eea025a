//! The threads that connect, one for each attempt: name look-ups block without a limit, and the I/O
//! thread never waits for one.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use crate::config::Server;
use crate::connect::socket::Socket;
use crate::connect::{ConnectError, connect};
use crate::handover::queue::Queue;

/// What came of an attempt to connect.
pub(super) struct Attempted {
    /// The index of the connection that it is for.
    pub(super) connection: usize,
    pub(super) attempt: u64,
    pub(super) result: Result<Socket, ConnectError>,
}

pub(super) struct Connectors {
    queue: Arc<Queue>,
    timeout: Duration,
    sender: Arc<Mutex<Sender<Attempted>>>,
    receiver: Receiver<Attempted>,
}

impl Connectors {
    /// The I/O thread is told through `queue` when an attempt has finished.
    pub(super) fn new(queue: Arc<Queue>, timeout: Duration) -> Self {
        let (sender, receiver) = channel();
        Self { queue, timeout, sender: Arc::new(Mutex::new(sender)), receiver }
    }

    pub(super) fn start(&self, connection: usize, attempt: u64, server: Arc<Server>) {
        let queue = Arc::clone(&self.queue);
        let sender = Arc::clone(&self.sender);
        let timeout = self.timeout;
        let finish = move |result| {
            let sender = sender.lock().unwrap_or_else(PoisonError::into_inner);
            // Nobody receives once the store is closed; the socket is closed with it.
            let _ = sender.send(Attempted { connection, attempt, result });
            queue.publish();
        };
        let fail = finish.clone();
        let thread = thread::Builder::new().name("session-connect".into());
        let connect = move || {
            // A panic is a defect of ours, and must not count as an attempt that is stuck for ever.
            catch_unwind(AssertUnwindSafe(|| connect(&server, timeout))).unwrap_or_else(|_| {
                Err(ConnectError::transient("an internal error; please report it"))
            })
        };
        if let Err(error) = thread.spawn(move || finish(connect())) {
            fail(Err(ConnectError::transient(format!("no thread could be started ({error})"))));
        }
    }

    pub(super) fn take_finished(&self) -> Option<Attempted> {
        self.receiver.try_recv().ok()
    }
}

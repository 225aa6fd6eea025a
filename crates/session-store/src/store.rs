//! The store as its users see it: requests go in without waiting, outcomes are fetched later.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use crate::command::Request;
use crate::config::Config;
use crate::engine::Engine;
use crate::error::Error;
use crate::handover::mailbox::Mailbox;
use crate::handover::outcome::{Answer, Outcomes};
use crate::handover::queue::{Batch, Queue};

/// Session texts in Redis, by id.
///
/// Every request has a ticket, and [`Store::fetch`] returns one outcome for every ticket: within the
/// timeout, whatever happens. Tickets that wait must differ. Requests that share a session are done
/// in the order in which they were handed over.
pub struct Store {
    config: Arc<Config>,
    queue: Arc<Queue>,
    mailbox: Arc<Mailbox>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Store {
    /// Makes a store, which connects at its first request. `wake` is called on the I/O thread when
    /// there are outcomes to fetch, and not again before they were.
    #[must_use]
    pub fn new(config: Config, wake: impl Fn() + Send + Sync + 'static) -> Self {
        Self {
            config: Arc::new(config),
            queue: Arc::default(),
            mailbox: Arc::new(Mailbox::new(wake)),
            thread: Mutex::new(None),
        }
    }

    /// Hands requests over, all with the timeout that counts from now.
    pub fn submit<'a>(&self, requests: impl IntoIterator<Item = Request<'a>>) {
        let mut hand_over = self.queue.hand_over(Instant::now() + self.config.timeout);
        for request in requests {
            hand_over.push(&request);
        }
        drop(hand_over);
        self.start();
        self.queue.publish();
    }

    /// Exchanges `taken`, whose outcomes have all been taken, for those that have come in. `wake` is
    /// called for the next ones, unless the caller `stays_awake` and fetches again without it.
    ///
    /// Returns of how many bytes the largest text is that servers compare by themselves: up to that, replacements
    /// had better have all of the expected text, and otherwise as little as tells it from any other.
    pub fn fetch(&self, taken: &mut Outcomes, stays_awake: bool) -> u32 {
        self.mailbox.fetch(taken, stays_awake)
    }

    /// Ends the I/O thread and closes the connections. Requests that wait get no outcome any more.
    pub fn close(&self) {
        self.queue.stop();
        let thread = self.thread().take();
        if let Some(thread) = thread {
            // It ends at once: it never blocks but where `stop` wakes it. A panic it has caught.
            let _ = thread.join();
        }
    }

    fn start(&self) {
        let mut thread = self.thread();
        if thread.is_some() || self.queue.is_stopped() {
            return;
        }
        let parts = (Arc::clone(&self.config), Arc::clone(&self.queue), Arc::clone(&self.mailbox));
        let started = Engine::new(parts.0, parts.1, parts.2).and_then(|engine| {
            let builder = thread::Builder::new().name("session-store".into());
            builder.spawn(move || engine.run())
        });
        match started {
            Ok(handle) => *thread = Some(handle),
            Err(error) => self.refuse_all(&error),
        }
    }

    /// Fails all that is queued, for want of a thread to do it.
    fn refuse_all(&self, error: &std::io::Error) {
        let reason = format!("no I/O thread could start ({error})");
        let error = Error::no_connection(&self.config.seeds, &reason);
        let mut batch = Batch::default();
        let mut outcomes = Outcomes::default();
        self.queue.publish();
        self.queue.take(&mut batch);
        batch.drain(|request, _| {
            outcomes.push(request.ticket, Answer::Failed(Box::new(error.clone())));
        });
        self.mailbox.put(&mut outcomes, 0);
    }

    fn thread(&self) -> std::sync::MutexGuard<'_, Option<JoinHandle<()>>> {
        self.thread.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Store {
    fn drop(&mut self) {
        self.close();
    }
}

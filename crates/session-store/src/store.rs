//! The store as its users see it: commands go in without waiting, outcomes are fetched later.

use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use crate::command::{Command, Step};
use crate::config::Config;
use crate::engine::Engine;
use crate::error::{Code, Error};
use crate::handover::outcome::{Answer, Mailbox, Outcomes};
use crate::handover::queue::{Batch, Queue, Submitted};
use crate::handover::ticket::Ticket;

/// Session texts in Redis, by id.
///
/// Every command has a ticket, and [`Store::fetch`] gives one outcome for every ticket: within the
/// timeout, whatever happens. Tickets that wait must differ. What was handed over is seen by the
/// I/O thread after [`Store::flush`].
///
/// Ids and texts are UTF-8. Commands on one session are done in the order in which they were handed over.
pub struct Store {
    config: Arc<Config>,
    queue: Arc<Queue>,
    mailbox: Arc<Mailbox>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Store {
    /// Makes a store, which connects at its first command. `wake` is called on the I/O thread when
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

    /// Reads a session: [`Answer::Text`], or [`Answer::None`] if there is none.
    pub fn load(&self, ticket: Ticket, id: impl AsRef<[u8]>) {
        self.push(ticket, Step::Load, id, "");
    }

    /// Writes a session, with `existing` only over one that is there: [`Answer::Yes`], or
    /// [`Answer::No`] if it is not.
    pub fn save(
        &self,
        ticket: Ticket,
        id: impl AsRef<[u8]>,
        text: impl AsRef<[u8]>,
        existing: bool,
    ) {
        let step = if existing { Step::SaveExisting } else { Step::Save };
        self.push(ticket, step, id, text);
    }

    /// Writes a session that takes the place of the one stored as `stored`, if that is still there,
    /// and then deletes `obsolete`: [`Answer::Yes`], or [`Answer::No`] if it is not.
    ///
    /// The new session is written before the old one is deleted, so that nothing is lost in between.
    pub fn replace(
        &self,
        ticket: Ticket,
        id: String,
        text: String,
        stored: Option<String>,
        obsolete: Option<String>,
    ) {
        let save = if stored.as_deref() == Some(&id) { Step::SaveExisting } else { Step::Save };
        let check = stored.filter(|stored| *stored != id);
        let steps = [
            check.map(|stored| (Step::Exists, stored, String::new())),
            Some((save, id, text)),
            obsolete.map(|obsolete| (Step::Delete, obsolete, String::new())),
        ];
        self.push_chain(ticket, steps.into_iter().flatten());
    }

    /// Refreshes the TTL of a session: [`Answer::Yes`], or [`Answer::No`] if there is none.
    pub fn touch(&self, ticket: Ticket, id: impl AsRef<[u8]>) {
        self.push(ticket, Step::Touch, id, "");
    }

    /// Deletes sessions, of which there must be one at least: [`Answer::Yes`].
    pub fn delete(&self, ticket: Ticket, ids: Vec<String>) {
        self.push_chain(ticket, ids.into_iter().map(|id| (Step::Delete, id, String::new())));
    }

    /// Asks Redis for an answer: [`Answer::Yes`].
    pub fn ping(&self, ticket: Ticket) {
        self.push(ticket, Step::Ping, "", "");
    }

    /// Lets the I/O thread see all that was handed over.
    pub fn flush(&self) {
        self.start();
        self.queue.publish();
    }

    /// Exchanges `taken`, whose outcomes have all been taken, for those that have come in.
    pub fn fetch(&self, taken: &mut Outcomes) {
        self.mailbox.fetch(taken);
    }

    /// Ends the I/O thread and closes the connections. Commands that wait get no outcome any more.
    pub fn close(&self) {
        self.queue.stop();
        let thread = self.thread().take();
        if let Some(thread) = thread {
            // It ends at once: it never blocks but where `stop` wakes it. A panic it has caught.
            let _ = thread.join();
        }
    }

    fn push(&self, ticket: Ticket, step: Step, id: impl AsRef<[u8]>, text: impl AsRef<[u8]>) {
        self.queue.push(ticket, step, id.as_ref(), text.as_ref());
    }

    fn push_chain(
        &self,
        ticket: Ticket,
        steps: impl DoubleEndedIterator<Item = (Step, String, String)>,
    ) {
        let steps = steps
            .map(|(step, id, text)| Command::new(ticket, step, id.into_bytes(), text.into_bytes()));
        if let Some(command) = Command::chain(steps) {
            self.queue.push_chain(command);
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
        let mut batch = Batch::default();
        let mut outcomes = Outcomes::default();
        self.queue.publish();
        self.queue.take(&mut batch);
        batch.drain(|submitted| {
            let (Submitted::Simple { ticket, .. } | Submitted::Chain(Command { ticket, .. })) =
                submitted;
            let address = &self.config.target;
            let message =
                format!("No connection to {address}: no I/O thread could start ({error})");
            outcomes.push(ticket, Answer::Failed(Error::new(Code::Connect, message)));
        });
        self.mailbox.put(&mut outcomes);
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

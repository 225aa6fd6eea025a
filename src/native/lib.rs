//! The addon: carries calls and outcomes over the border between JavaScript and the core, and
//! decides nothing.
//!
//! The calls of the hot path are synchronous and make nothing that lives longer than they do: no
//! promise, no threadsafe function. One threadsafe function per connection tells JavaScript that
//! there is something to fetch.

mod options;
mod outcomes;
mod text;

use std::cell::RefCell;
use std::sync::{Arc, Weak};

use napi::bindgen_prelude::{Array, Function, Result, Uint32ArraySlice};
use napi::threadsafe_function::{ThreadsafeFunctionCallMode, ThreadsafeFunctionHandle};
use napi::{CleanupEnvHook, Env, Error, JsString, JsValue, Status, sys};
use napi_derive::napi;
use session_store::{Config, Outcomes, Store};

use crate::options::NativeOptions;
use crate::text::JsText;

/// A store of session texts in Redis. Each command has a ticket, whose outcome `drain` gives later.
#[napi]
pub struct NativeConnection {
    open: RefCell<Option<Open>>,
}

/// What a connection has until it is closed.
struct Open {
    store: Arc<Store>,
    wake: Arc<ThreadsafeFunctionHandle>,
    outcomes: RefCell<Outcomes>,
    cleanup: CleanupEnvHook<Weak<Store>>,
}

#[napi]
impl NativeConnection {
    /// Checks the options; connects at the first command. `wake` is called when there are outcomes
    /// to drain.
    ///
    /// # Errors
    /// For a URL or a certificate that is none.
    #[napi(constructor)]
    pub fn new(env: &Env, options: NativeOptions, wake: Function<'_, (), ()>) -> Result<Self> {
        let config = Config::new(options.into())
            .map_err(|error| Error::new(Status::InvalidArg, error.to_string()))?;
        // Weak: an idle connection does not keep the process alive. See `keep_alive`.
        let wake = wake
            .build_threadsafe_function::<()>()
            .weak::<true>()
            .callee_handled::<false>()
            .build()?;
        let handle = Arc::clone(&wake.handle);
        let store = Arc::new(Store::new(config, move || {
            // It fails only when the environment is going away, with everyone who waits.
            wake.call((), ThreadsafeFunctionCallMode::NonBlocking);
        }));
        // A worker can be terminated at any time, a process exit with commands in flight: the
        // thread must be gone before the environment is.
        let cleanup = env.add_env_cleanup_hook(Arc::downgrade(&store), |store| {
            if let Some(store) = store.upgrade() {
                store.close();
            }
        })?;
        let open = Open { store, wake: handle, outcomes: RefCell::default(), cleanup };
        Ok(Self { open: RefCell::new(Some(open)) })
    }

    /// Reads session `id`: a text, or none.
    #[napi]
    pub fn load(&self, env: &Env, ticket: u32, id: JsString<'_>) {
        self.queue(|store| store.load(ticket, &JsText::new(env, &id)));
    }

    /// Writes session `id`, with `existing` only over one that is there: yes or no.
    #[napi]
    pub fn save(
        &self,
        env: &Env,
        ticket: u32,
        id: JsString<'_>,
        text: JsString<'_>,
        existing: bool,
    ) {
        self.queue(|store| {
            store.save(ticket, &JsText::new(env, &id), &JsText::new(env, &text), existing);
        });
    }

    /// Writes session `id` in the place of `stored`, if that is still there, and then deletes
    /// `obsolete`: yes or no.
    #[napi]
    pub fn replace(
        &self,
        ticket: u32,
        id: String,
        text: String,
        stored: Option<String>,
        obsolete: Option<String>,
    ) {
        self.queue(|store| store.replace(ticket, id, text, stored, obsolete));
    }

    /// Refreshes the TTL of session `id`: yes or no.
    #[napi]
    pub fn touch(&self, env: &Env, ticket: u32, id: JsString<'_>) {
        self.queue(|store| store.touch(ticket, &JsText::new(env, &id)));
    }

    /// Deletes sessions: yes.
    #[napi]
    pub fn delete(&self, ticket: u32, ids: Vec<String>) {
        self.queue(|store| store.delete(ticket, ids));
    }

    /// Asks Redis for an answer: yes.
    #[napi]
    pub fn ping(&self, ticket: u32) {
        self.queue(|store| store.ping(ticket));
    }

    /// Says whether commands are pending, for which the process has to stay alive.
    #[napi]
    pub fn keep_alive(&self, env: &Env, is_pending: bool) {
        let Some(open) = &*self.open.borrow() else { return };
        let wake = open.wake.get_raw();
        // SAFETY: the handle is of this environment, whose thread this is.
        unsafe {
            if is_pending {
                sys::napi_ref_threadsafe_function(env.raw(), wake);
            } else {
                sys::napi_unref_threadsafe_function(env.raw(), wake);
            }
        }
    }

    /// Sends what was queued in this tick on its way.
    #[napi]
    pub fn flush(&self) {
        if let Some(open) = &*self.open.borrow() {
            open.store.flush();
        }
    }

    /// Fetches outcomes, as many as there are or fit, and gives how many. Outcome `n` is a ticket
    /// at `outcomes[2n]`, a kind at `outcomes[2n + 1]` (0: none, 1: no, 2: yes, 3: a text,
    /// 4: an error) and, for the last two, a string or `{ code, message, reply }` at `payloads[n]`.
    ///
    /// # Errors
    /// When V8 cannot make a string, because it is too long.
    #[napi]
    pub fn drain(
        &self,
        env: &Env,
        mut outcomes: Uint32ArraySlice<'_>,
        payloads: Array<'_>,
    ) -> Result<u32> {
        let open = self.open.borrow();
        let Some(open) = &*open else { return Ok(0) };
        // SAFETY: JavaScript does not run while this does, so nothing else uses the memory.
        let words = unsafe { outcomes.as_mut() };
        let mut fetched = open.outcomes.borrow_mut();
        if fetched.is_empty() {
            open.store.fetch(&mut fetched);
        }
        outcomes::write(env, &mut fetched, words, payloads.raw())
    }

    /// Ends the thread and closes the connections.
    ///
    /// # Errors
    /// When the environment is going away.
    #[napi]
    pub fn close(&self, env: &Env) -> Result<()> {
        let Some(open) = self.open.borrow_mut().take() else { return Ok(()) };
        open.store.close();
        env.remove_env_cleanup_hook(open.cleanup)
    }

    fn queue(&self, queue: impl FnOnce(&Store)) {
        if let Some(open) = &*self.open.borrow() {
            queue(&open.store);
        }
    }
}

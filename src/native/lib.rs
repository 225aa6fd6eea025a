//! The addon: carries calls and outcomes over the border between JavaScript and the core, and
//! decides nothing.
//!
//! The calls of the hot path are synchronous and make nothing that lives longer than they do: no
//! promise, no threadsafe function. One threadsafe function per connection tells JavaScript that
//! there is something to fetch.

mod commands;
mod options;
mod outcomes;

use std::cell::RefCell;
use std::sync::{Arc, Weak};

use napi::bindgen_prelude::{Array, Function, Result, Uint8ArraySlice, Uint32ArraySlice};
use napi::threadsafe_function::{ThreadsafeFunctionCallMode, ThreadsafeFunctionHandle};
use napi::{CleanupEnvHook, Env, Error, JsValue, Status, sys};
use napi_derive::napi;
use session_store::{Config, Outcomes, Store};

use crate::options::NativeOptions;

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

    /// Queues `count` commands and sends them on their way. Command `n` is a ticket at
    /// `commands[4n]`, a verb behind it (0: load, 1: save, 2: save over a session that is there,
    /// 3: touch, 4: ping), and behind that how many of `bytes` are its id and its text, which
    /// follow those of the command before.
    ///
    /// One call for many commands, and one buffer rather than a string for each id and text:
    /// crossing the border costs more than a command.
    ///
    /// # Errors
    /// When the commands and their bytes don't fit together.
    #[napi]
    pub fn submit(
        &self,
        commands: Uint32ArraySlice<'_>,
        bytes: Uint8ArraySlice<'_>,
        count: u32,
    ) -> Result<()> {
        let open = self.open.borrow();
        let Some(open) = &*open else { return Ok(()) };
        let queued = commands
            .get(..4 * count as usize)
            .and_then(|commands| commands::queue(&open.store, commands, &bytes));
        open.store.flush();
        queued.ok_or_else(|| Error::new(Status::InvalidArg, "The commands don't fit their bytes"))
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
        if let Some(open) = &*self.open.borrow() {
            open.store.replace(ticket, id, text, stored, obsolete);
            open.store.flush();
        }
    }

    /// Deletes sessions: yes.
    #[napi]
    pub fn delete(&self, ticket: u32, ids: Vec<String>) {
        if let Some(open) = &*self.open.borrow() {
            open.store.delete(ticket, ids);
            open.store.flush();
        }
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
}

//! The addon: carries calls and outcomes over the border between JavaScript and the core, and
//! decides nothing.
//!
//! The calls of the hot path are synchronous and make nothing that lives longer than they do: no
//! promise, no threadsafe function. One threadsafe function per connection tells JavaScript that
//! there is something to fetch.

mod options;
mod outcomes;
mod requests;

use std::cell::RefCell;
use std::sync::{Arc, Weak};

use napi::bindgen_prelude::{Array, Function, Result, Uint8ArraySlice, Uint32ArraySlice};
use napi::threadsafe_function::{ThreadsafeFunctionCallMode, ThreadsafeFunctionHandle};
use napi::{CleanupEnvHook, Env, Error, JsValue, Status, sys};
use napi_derive::napi;
use session_store::{Config, Outcomes, Store};

use crate::options::NativeOptions;

/// A store of session texts in Redis. Each request has a ticket, whose outcome `drain` returns later.
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
    /// Checks the options; connects at the first request. `wake` is called when there are outcomes
    /// to drain.
    ///
    /// # Errors
    /// For an invalid URL or certificate.
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
        // A worker can be terminated at any time, a process exit with requests in flight: the
        // thread must be gone before the environment is.
        let cleanup = env.add_env_cleanup_hook(Arc::downgrade(&store), |store| {
            if let Some(store) = store.upgrade() {
                store.close();
            }
        })?;
        let open = Open { store, wake: handle, outcomes: RefCell::default(), cleanup };
        Ok(Self { open: RefCell::new(Some(open)) })
    }

    /// Sends `count` requests on their way. Request `n` is eight numbers from `requests[8n]` on: a
    /// ticket, a `Verb`, how many of `bytes` are its id, its text and the expected text, which follow
    /// those of the request before, how many bytes at the end of the latter tell it from any other text,
    /// or 0, a TTL of its own in seconds, or 0, and how many milliseconds it has waited already.
    ///
    /// One call for many requests, and one buffer rather than a string for each id and text:
    /// crossing the border costs more than a request.
    ///
    /// # Errors
    /// When the requests and their bytes don't fit together.
    #[napi]
    pub fn submit(
        &self,
        requests: Uint32ArraySlice<'_>,
        bytes: Uint8ArraySlice<'_>,
        count: u32,
    ) -> Result<()> {
        let open = self.open.borrow();
        let Some(open) = &*open else { return Ok(()) };
        let words = requests.get(..requests::WORDS * count as usize);
        let mut fits = words.is_some();
        let requests = requests::read(words.unwrap_or_default(), &bytes);
        open.store.submit(requests.map_while(|request| {
            fits &= request.is_some();
            request
        }));
        if fits {
            Ok(())
        } else {
            Err(Error::new(Status::InvalidArg, "The requests don't fit their bytes"))
        }
    }

    /// Says whether requests are pending, for which the process has to stay alive.
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

    /// Fetches outcomes, as many as there are or fit, and returns how many. Outcome `n` is a ticket
    /// at `outcomes[3n]`, an `OutcomeKind` at `outcomes[3n + 1]`, and its payload at `payloads[n]`.
    /// If it is a text, `outcomes[3n + 2]` says how many of `spans` are its own, which follow those
    /// of the outcome before.
    ///
    /// Of the numbers in `outcomes`, the last but one is 0 if nothing is left and `wake` is called for
    /// what comes in from here on. Otherwise the caller has to fetch again by itself: there are more, or
    /// may be, or it `staysAwake`. The last one is the size in bytes up to which replacements
    /// had better have all of the expected text, because servers compare that by themselves.
    ///
    /// # Errors
    /// When `spans` is shorter than `MAX_SPANS`, or the environment is going away.
    #[napi]
    pub fn drain(
        &self,
        env: &Env,
        mut outcomes: Uint32ArraySlice<'_>,
        mut spans: Uint32ArraySlice<'_>,
        payloads: Array<'_>,
        stays_awake: bool,
    ) -> Result<u32> {
        // SAFETY: JavaScript does not run while this does, so nothing else uses the memory, and the
        // two arrays share none.
        let (words, spans) = unsafe { (outcomes.as_mut(), spans.as_mut()) };
        if spans.len() < outcomes::MAX_SPANS as usize {
            return Err(Error::new(Status::InvalidArg, "There is no room for spans"));
        }
        let Some((words, [has_more, most_compared])) = words.split_last_chunk_mut() else {
            return Ok(0);
        };
        *has_more = 0;
        let open = self.open.borrow();
        let Some(open) = &*open else { return Ok(0) };
        let mut fetched = open.outcomes.borrow_mut();
        let has_looked = fetched.is_empty();
        if has_looked {
            *most_compared = open.store.fetch(&mut fetched, stays_awake);
        }
        let count = outcomes::write(env, &mut fetched, words, spans, payloads.raw())?;
        let is_done = has_looked && fetched.is_empty() && !stays_awake;
        *has_more = u32::from(!is_done);
        Ok(count)
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

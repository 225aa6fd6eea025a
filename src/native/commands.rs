//! Commands as JavaScript hands them over, copied straight into the core's queue.

use std::ptr;

use napi::bindgen_prelude::{Result, check_status};
use napi::{Env, sys};
use session_store::{Store, Text};

// The verbs, as `src/lib/native-store.ts` numbers them.
const LOAD: u32 = 0;
const SAVE: u32 = 1;
const SAVE_EXISTING: u32 = 2;
const TOUCH: u32 = 3;

/// Queues a command for each ticket and verb; its id and text are the next two of `strings`.
pub(crate) fn queue<'a>(
    env: &Env,
    store: &Store,
    commands: impl Iterator<Item = &'a [u32]>,
    strings: sys::napi_value,
) -> Result<()> {
    let mut index = 0;
    for command in commands {
        let &[ticket, verb] = command else { break };
        match verb {
            LOAD => store.load(ticket, &JsText::at(env, strings, index)?),
            SAVE | SAVE_EXISTING => {
                let id = JsText::at(env, strings, index)?;
                let text = JsText::at(env, strings, index + 1)?;
                store.save(ticket, &id, &text, verb == SAVE_EXISTING);
            }
            TOUCH => store.touch(ticket, &JsText::at(env, strings, index)?),
            _ => store.ping(ticket),
        }
        index += 2;
    }
    Ok(())
}

/// A JavaScript string, for as long as the call lasts that it was passed to.
struct JsText {
    env: sys::napi_env,
    value: sys::napi_value,
    /// In UTF-16 code units.
    units: usize,
}

impl JsText {
    fn at(env: &Env, strings: sys::napi_value, index: u32) -> Result<Self> {
        let env = env.raw();
        let mut value = ptr::null_mut();
        let mut units = 0;
        // SAFETY: the array is of this call. Without a buffer the second call gives the length of a
        // string without looking at its characters, and fails for anything else.
        unsafe {
            check_status!(sys::napi_get_element(env, strings, index, &raw mut value))?;
            let length = &raw mut units;
            check_status!(sys::napi_get_value_string_utf16(
                env,
                value,
                ptr::null_mut(),
                0,
                length
            ))?;
        }
        Ok(Self { env, value, units })
    }
}

impl Text for JsText {
    fn append_to(&self, bytes: &mut Vec<u8>) {
        // No code unit takes more than three bytes of UTF-8, and Node writes a NUL at the end.
        bytes.reserve(self.units * 3 + 1);
        let spare = bytes.spare_capacity_mut();
        let mut written = 0;
        // SAFETY: the value is a string of this call, and at most as many bytes are written as there
        // is room for; `written` says how many.
        unsafe {
            sys::napi_get_value_string_utf8(
                self.env,
                self.value,
                spare.as_mut_ptr().cast(),
                spare.len(),
                &raw mut written,
            );
            bytes.set_len(bytes.len() + written);
        }
    }
}

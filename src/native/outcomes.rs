//! Outcomes as JavaScript reads them.

use std::ptr;

use napi::bindgen_prelude::{Object, Result, check_status};
use napi::{Env, JsValue, sys};
use session_store::{Answer, Error, Outcome, Outcomes};

// The kinds of outcome, as `src/lib/native/native-store.ts` knows them.
const NONE: u32 = 0;
const NO: u32 = 1;
const YES: u32 = 2;
const TEXT: u32 = 3;
const FAILED: u32 = 4;

/// Writes outcomes until there are no more or `words` is full; gives how many.
pub(crate) fn write(
    env: &Env,
    outcomes: &mut Outcomes,
    words: &mut [u32],
    payloads: sys::napi_value,
) -> Result<u32> {
    let mut count = 0;
    for pair in words.chunks_exact_mut(2) {
        let Some(Outcome { ticket, answer }) = outcomes.take() else { break };
        let (kind, payload) = match answer {
            Answer::None => (NONE, None),
            Answer::No => (NO, None),
            Answer::Yes => (YES, None),
            Answer::Text(text) => (TEXT, Some(string(env, text)?)),
            Answer::Failed(error) => (FAILED, Some(failure(env, error)?)),
        };
        if let Some(payload) = payload {
            // SAFETY: both values are of this call.
            check_status!(unsafe { sys::napi_set_element(env.raw(), payloads, count, payload) })?;
        }
        pair.copy_from_slice(&[ticket, kind]);
        count += 1;
    }
    Ok(count)
}

fn string(env: &Env, text: &[u8]) -> Result<sys::napi_value> {
    let mut value = ptr::null_mut();
    let length = text.len().cast_signed();
    // ASCII, which most sessions are, is copied as it is; anything else has to be decoded.
    let create =
        if text.is_ascii() { sys::napi_create_string_latin1 } else { sys::napi_create_string_utf8 };
    // SAFETY: the bytes are there for as long as the call, which copies them.
    check_status!(unsafe { create(env.raw(), text.as_ptr().cast(), length, &raw mut value) })?;
    Ok(value)
}

fn failure(env: &Env, error: Error) -> Result<sys::napi_value> {
    let mut object = Object::new(env)?;
    object.set("code", error.code.name())?;
    object.set("message", error.message)?;
    if let Some(reply) = error.reply {
        object.set("reply", reply)?;
    }
    Ok(object.raw())
}

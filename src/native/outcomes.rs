//! Outcomes as JavaScript reads them.

use std::ptr;

use napi::bindgen_prelude::{Object, Result, check_status};
use napi::{Env, JsValue, sys};
use napi_derive::napi;
use session_store::{Answer, Code, Error, Event, Outcome, Outcomes};

/// What a request came to.
#[napi]
pub enum OutcomeKind {
    /// There is no such session, so nothing was read, written or refreshed.
    Missing = 0,
    /// It was done.
    Done = 1,
    /// The text of the session is the payload.
    Text = 2,
    /// It failed; why is the payload: `{ code, message, reply }`.
    Failed = 3,
    /// It is no request: what has happened to a connection is the payload, a `ConnectionEvent`.
    Event = 4,
}

/// Texts of more bytes than this are left for the next time, so that making strings of them does not
/// keep the event loop from its timers.
const MOST_BYTES: usize = 512 * 1024;

/// How many numbers describe an outcome: its ticket, its kind, and how many spans its text has.
pub(crate) const WORDS: usize = 3;

/// The most numbers that the spans of one text are.
#[napi]
#[expect(clippy::cast_possible_truncation, reason = "it is a few thousand")]
pub const MAX_SPANS: u32 = session_store::MAX_SPANS as u32;

/// Writes outcomes until there are no more, there is no room, or they are large; returns how many.
pub(crate) fn write(
    env: &Env,
    outcomes: &mut Outcomes,
    words: &mut [u32],
    mut room: &mut [u32],
    payloads: sys::napi_value,
) -> Result<u32> {
    let mut count = 0;
    let mut bytes = 0;
    for words in words.chunks_exact_mut(WORDS) {
        if bytes > MOST_BYTES {
            break;
        }
        let Some((free, rest)) = room.split_at_mut_checked(outcomes.next_spans()) else { break };
        let Some(Outcome { ticket, answer, spans }) = outcomes.take() else { break };
        free.copy_from_slice(spans);
        #[expect(clippy::cast_possible_truncation, reason = "there are at most `MAX_SPANS`")]
        let spans = spans.len() as u32;
        room = rest;
        let (kind, payload) = match answer {
            Answer::Missing => (OutcomeKind::Missing, None),
            Answer::Done => (OutcomeKind::Done, None),
            Answer::Text(text) => {
                bytes += text.len();
                // A failure is this outcome's alone: the others are still to be settled.
                match string(env, text) {
                    Ok(string) => (OutcomeKind::Text, Some(string)),
                    Err(_) => (OutcomeKind::Failed, Some(failure(env, no_string(text.len()))?)),
                }
            }
            Answer::Failed(error) => (OutcomeKind::Failed, Some(failure(env, *error)?)),
            Answer::Event(event) => (OutcomeKind::Event, Some(connection_event(env, *event)?)),
        };
        if let Some(payload) = payload {
            // SAFETY: both values are of this call.
            check_status!(unsafe { sys::napi_set_element(env.raw(), payloads, count, payload) })?;
        }
        words.copy_from_slice(&[ticket, kind as u32, spans]);
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

fn no_string(bytes: usize) -> Error {
    Error {
        code: Code::Corrupt,
        message: format!("has {bytes} bytes, of which JavaScript can make no string"),
        reply: None,
    }
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

fn connection_event(env: &Env, event: Event) -> Result<sys::napi_value> {
    let mut object = Object::new(env)?;
    let (name, address) = match event {
        Event::Connect { address, attempt } => {
            object.set("attempt", attempt)?;
            ("connect", address)
        }
        Event::Disconnect { address, cause } => {
            object.set("cause", cause)?;
            ("disconnect", address)
        }
        Event::Reconnect { address, attempt, delay, cause } => {
            object.set("attempt", attempt)?;
            object.set("delay", delay.as_secs_f64() * 1000.0)?;
            object.set("cause", cause)?;
            ("reconnect", address)
        }
        Event::Topology { addresses } => {
            object.set("addresses", addresses)?;
            object.set("name", "topology")?;
            return Ok(object.raw());
        }
    };
    object.set("name", name)?;
    object.set("address", address)?;
    Ok(object.raw())
}

//! Requests as JavaScript hands them over, copied straight into the core's queue.

use napi_derive::napi;
use session_store::{Content, Request};

/// How many numbers describe a request: its ticket, its verb, how many bytes its id, its text and the
/// expected text have, how many of the latter suffice, a TTL of its own in seconds, or 0, and how many
/// milliseconds it has waited.
pub(crate) const WORDS: usize = 8;

macro_rules! define_verbs {
    ($($(#[$doc:meta])* $name:ident = $number:literal,)*) => {
        /// What can be asked of a connection, and what the outcome is.
        #[napi]
        pub enum Verb { $($(#[$doc])* $name = $number,)* }
    };
}

session_store::verbs!(define_verbs);

/// Reads requests, whose strings lie one behind the other in `bytes`; `None` for one that does not
/// fit them.
pub(crate) fn read<'a>(
    words: &[u32],
    bytes: &'a [u8],
) -> impl Iterator<Item = Option<Request<'a>>> {
    let mut rest = bytes;
    let mut next = move |length: u32| {
        let (string, behind) = rest.split_at_checked(length as usize)?;
        rest = behind;
        Some(string)
    };
    words.chunks_exact(WORDS).map(move |words| {
        let &[ticket, verb, id, text, expected, tail, ttl, waited] = words else { return None };
        Some(Request {
            ticket,
            verb: session_store::Verb::from_number(verb)?,
            content: Content {
                id: next(id)?,
                text: next(text)?,
                expected: next(expected)?,
                tail,
                ttl,
            },
            waited,
        })
    })
}

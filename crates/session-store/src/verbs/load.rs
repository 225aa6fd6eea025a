//! Reads the text of a session, and refreshes its TTL where the store is set up so.
//!
//! `GETEX` does both, but is a write: a server may not know it (before Redis 6.2), its user may not
//! be allowed it, and a server that takes no writes at the moment refuses it. A visitor who only
//! reads must not notice, so each connection keeps a [`Form`] in which its server takes loads.

use super::Encoder;
use crate::command::Content;
use crate::handover::outcome::Answer;
use crate::resp::{Reply, error_code};

/// How a connection sends loads that refresh the TTL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// Nobody knows yet whether the server takes `GETEX`. Where it does not, `GET` is a second step,
    /// so a load holds its session until it is answered.
    Unknown,
    /// `GETEX` alone.
    GetEx,
    /// `GET`, and an `EXPIRE` whose failure is nobody's.
    GetAndExpire {
        /// `GETEX` was refused because the server takes no writes; once it takes one, it may be
        /// asked again.
        until_a_write: bool,
    },
}

impl Form {
    /// Returns the form for a server that has refused `GETEX` in these words; `None` where `GET`
    /// would be refused for the same reason.
    pub(crate) fn after_refusal(words: &[u8]) -> Option<Self> {
        match error_code(words) {
            b"WRONGTYPE" | b"NOAUTH" | b"LOADING" | b"BUSY" | b"MASTERDOWN" | b"CLUSTERDOWN"
            | b"TRYAGAIN" => None,
            // Unknown, or not allowed. Nothing but a new connection changes that.
            b"ERR" | b"NOPERM" => Some(Self::GetAndExpire { until_a_write: false }),
            // `READONLY`, `MISCONF`, `NOREPLICAS`, and what other servers may call it.
            _ => Some(Self::GetAndExpire { until_a_write: true }),
        }
    }
}

pub(super) fn write(out: &mut Vec<u8>, encoder: &Encoder, content: &Content<'_>) {
    if !encoder.refreshes_on_load {
        return write_get(out, encoder, content);
    }
    out.extend_from_slice(b"*4\r\n$5\r\nGETEX\r\n");
    encoder.write_key(out, content.id);
    encoder.write_expiry(out, content.ttl);
}

pub(super) fn write_get(out: &mut Vec<u8>, encoder: &Encoder, content: &Content<'_>) {
    out.extend_from_slice(b"*2\r\n$3\r\nGET\r\n");
    encoder.write_key(out, content.id);
}

pub(super) fn answer<'a>(reply: &Reply<'a>) -> Option<Answer<'a>> {
    match reply {
        Reply::Bulk(text) => Some(Answer::Text(text)),
        Reply::Nil => Some(Answer::Missing),
        _ => None,
    }
}

//! Writes the text of a session over the very one that was read: by `SET … IFEQ`, which Valkey knows since
//! 8.1 and Redis since 8.4, or by a script.
//!
//! A probe that writes nothing goes ahead of the first replacement on a connection, and tells which. Until
//! its reply is there, the script is used. A server that has forgotten the script has not done the
//! replacement: `Missing`, as for any other that found something else than it expected. Whoever asked
//! looks at what is there and asks again, so no text has to be kept for it here.

use super::Encoder;
use crate::command::Content;
use crate::handover::outcome::Answer;
use crate::resp::{Reply, error_code, write_bulk};

/// Compares the end of a text, from an offset on, and only then writes another one.
const SCRIPT: &[u8] = include_bytes!("replace.lua");

/// The name under which servers keep the script.
const SHA1: &[u8] = b"b8a6cdf119fb76356f08f3572004c0efe1c53c8c";

/// How a replacement is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// `SET … IFEQ`.
    IfEqual,
    /// The script by its name.
    Named,
    /// The whole script, which the server then keeps.
    Script,
}

/// What a server takes, as far as is known.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Known {
    if_equal: bool,
    script: bool,
    is_probed: bool,
}

impl Known {
    /// Chooses a form. `IFEQ` needs all of the expected text.
    pub(crate) fn form(self, content: &Content<'_>) -> Form {
        match self {
            Self { if_equal: true, .. } if content.has_all_expected() => Form::IfEqual,
            Self { script: true, .. } => Form::Named,
            Self { script: false, .. } => Form::Script,
        }
    }

    /// Whether the server knows `IFEQ`.
    pub(crate) fn if_equal(self) -> bool {
        self.if_equal
    }

    /// Whether a probe is to be sent, which it is once, unless that told nothing.
    pub(crate) fn needs_probe(&mut self) -> bool {
        !std::mem::replace(&mut self.is_probed, true)
    }

    pub(crate) fn learn_probed(&mut self) {
        self.if_equal = true;
    }

    /// A server that does not know `IFEQ` says `ERR`; one that says anything else is asked again.
    pub(crate) fn learn_probe_refused(&mut self, words: &[u8]) {
        self.is_probed = error_code(words) == b"ERR";
    }

    pub(crate) fn learn_done(&mut self, form: Form) {
        self.script |= form == Form::Script;
    }

    /// Returns whether another form may do.
    pub(crate) fn learn_refused(&mut self, form: Form, words: &[u8]) -> bool {
        match (form, error_code(words)) {
            (Form::Named, b"NOSCRIPT") => {
                self.script = false;
                true
            }
            // Whoever asks again does so with all of the text.
            (Form::Named | Form::Script, b"NOPERM") => self.if_equal,
            _ => false,
        }
    }
}

/// Writes a probe: a key that is not there is not what is expected, so nothing is written.
pub(super) fn write_probe(out: &mut Vec<u8>, encoder: &Encoder) {
    out.extend_from_slice(b"*5\r\n$3\r\nSET\r\n");
    encoder.write_key(out, b"gone:");
    out.extend_from_slice(b"$0\r\n\r\n$4\r\nIFEQ\r\n$1\r\n-\r\n");
}

pub(super) fn probe_answer(reply: &Reply<'_>) -> Option<Answer<'static>> {
    matches!(reply, Reply::Nil).then_some(Answer::Missing)
}

pub(super) fn write(out: &mut Vec<u8>, encoder: &Encoder, content: &Content<'_>, form: Form) {
    let expires = encoder.expires(content.ttl);
    if form == Form::IfEqual {
        out.extend_from_slice(if expires { b"*7" } else { b"*5" });
        out.extend_from_slice(b"\r\n$3\r\nSET\r\n");
        encoder.write_key(out, content.id);
        write_bulk(out, [content.text, b""]);
        out.extend_from_slice(b"$4\r\nIFEQ\r\n");
        write_bulk(out, [content.expected, b""]);
    } else {
        out.extend_from_slice(if expires { b"*9\r\n" } else { b"*7\r\n" });
        if form == Form::Named {
            out.extend_from_slice(b"$7\r\nEVALSHA\r\n");
            write_bulk(out, [SHA1, b""]);
        } else {
            out.extend_from_slice(b"$4\r\nEVAL\r\n");
            write_bulk(out, [SCRIPT, b""]);
        }
        out.extend_from_slice(b"$1\r\n1\r\n");
        encoder.write_key(out, content.id);
        let expected = content.identifying();
        match content.tail {
            0 => write_bulk(out, [b"0", b""]),
            _ => write_bulk(out, [b"-", itoa::Buffer::new().format(expected.len()).as_bytes()]),
        }
        write_bulk(out, [expected, b""]);
        write_bulk(out, [content.text, b""]);
    }
    if expires {
        encoder.write_expiry(out, content.ttl);
    }
}

pub(super) fn advice(words: &[u8]) -> Option<&'static str> {
    (error_code(words) == b"NOPERM").then_some(
        ". Allow this user +eval, +evalsha and +getrange, or set \"onConflict\" to 'overwrite'",
    )
}

pub(super) fn answer(reply: &Reply<'_>, form: Form) -> Option<Answer<'static>> {
    match (form, reply) {
        (Form::IfEqual, Reply::Status(b"OK")) | (Form::Named | Form::Script, Reply::Integer(1)) => {
            Some(Answer::Done)
        }
        (Form::IfEqual, Reply::Nil) | (Form::Named | Form::Script, Reply::Integer(0)) => {
            Some(Answer::Missing)
        }
        _ => None,
    }
}

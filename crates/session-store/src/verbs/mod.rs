//! What can be asked of a store. A verb is a file here: how it is written as Redis commands, what
//! the replies mean, and whether it may be sent again.
//!
//! A *verb* is what callers ask for, and takes one *step* or several, each a single Redis command.

mod delete;
mod encoder;
pub(crate) mod load;
mod ping;
mod relocate;
mod save;
mod touch;

use std::time::Instant;

use crate::command::{Command, Request};
use crate::handover::outcome::Answer;
use crate::resp::Reply;

pub(crate) use encoder::Encoder;

/// Calls `$define!` with the verbs, their numbers and what they do: the one place that numbers them,
/// for the core and, through the addon, for JavaScript.
#[macro_export]
macro_rules! verbs {
    ($define:ident) => {
        $define! {
            /// Reads a session and refreshes its TTL: `Text`, or `Missing`.
            Load = 0,
            /// Writes a session: `Done`.
            Save = 1,
            /// Writes a session over the one that is there: `Done`, or `Missing` if none is.
            SaveExisting = 2,
            /// Writes a session that replaces `stored`, and then deletes `obsolete`: `Done`, or
            /// `Missing` if neither `stored` nor `id` is there.
            Relocate = 3,
            /// Refreshes the TTL of a session: `Done`, or `Missing` if there is none.
            Touch = 4,
            /// Deletes `id`, `stored` and `obsolete`: `Done`.
            Delete = 5,
            /// Asks for an answer: `Done`.
            Ping = 6,
        }
    };
}

macro_rules! define_verbs {
    ($($(#[$doc:meta])* $name:ident = $number:literal,)*) => {
        /// What can be asked of a [`Store`](crate::Store).
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Verb { $($(#[$doc])* $name,)* }

        impl Verb {
            /// Returns the verb with this number.
            #[must_use]
            pub fn from_number(number: u32) -> Option<Self> {
                match number { $($number => Some(Self::$name),)* _ => None }
            }
        }
    };
}

verbs!(define_verbs);

/// One Redis command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Reads the text, and refreshes the TTL where the store is set up so.
    Load,
    /// Reads the text only. A connection sends it for a load where its server refuses `GETEX`.
    Get,
    /// Refreshes the TTL behind a load; nobody waits for the answer.
    Refresh,
    Save,
    SaveExisting,
    Touch,
    Delete,
    /// Looks whether the session that is to be replaced is there.
    Exists,
    Ping,
}

/// What a reply says of its step.
#[derive(Debug)]
pub(crate) enum Meaning<'a> {
    Answered(Answer<'a>),
    /// The text is longer than the store takes: it has so many bytes.
    TooLarge(usize),
    /// Redis answered with an error, in these words.
    Refused(&'a [u8]),
    /// The session is on another server, which the words name.
    Redirected(&'a [u8]),
}

impl Step {
    /// Whether doing it twice is the same as doing it once, whatever happened in between. A session
    /// that was deleted never comes back under its id, so this holds for `Delete`, too.
    pub(crate) fn is_repeatable(self) -> bool {
        !matches!(self, Self::Save | Self::SaveExisting)
    }

    /// Appends the step as one Redis command.
    pub(crate) fn write(self, out: &mut Vec<u8>, encoder: &Encoder, id: &[u8], text: &[u8]) {
        match self {
            Self::Load => load::write(out, encoder, id),
            Self::Get => load::write_get(out, encoder, id),
            Self::Save | Self::SaveExisting => {
                save::write(out, encoder, id, text, self == Self::SaveExisting);
            }
            Self::Touch | Self::Refresh => touch::write(out, encoder, id),
            Self::Delete => delete::write(out, encoder, id),
            Self::Exists => relocate::write_exists(out, encoder, id),
            Self::Ping => ping::write(out),
        }
    }

    /// Returns what `reply` means; `None` if Redis does not give such a reply to this command, which
    /// is the mark of replies and commands having lost step.
    pub(crate) fn meaning<'a>(self, reply: &Reply<'a>) -> Option<Meaning<'a>> {
        if let Reply::Error(words) = *reply {
            let is_redirect = words.starts_with(b"MOVED ") || words.starts_with(b"ASK ");
            let meaning = if is_redirect { Meaning::Redirected } else { Meaning::Refused };
            return Some(meaning(words));
        }
        if let (Self::Load | Self::Get, Reply::Oversized(bytes)) = (self, reply) {
            return Some(Meaning::TooLarge(*bytes));
        }
        let answer = match self {
            Self::Load | Self::Get => load::answer(reply),
            Self::Save | Self::SaveExisting => save::answer(reply, self == Self::SaveExisting),
            Self::Touch | Self::Exists => touch::answer(reply),
            Self::Delete | Self::Refresh => delete::answer(reply),
            Self::Ping => ping::answer(reply),
        };
        answer.map(Meaning::Answered)
    }
}

/// Returns the step of a request that takes only one.
pub(crate) fn only_step(request: &Request<'_>) -> Option<Step> {
    match request.verb {
        Verb::Load => Some(Step::Load),
        Verb::Save => Some(Step::Save),
        Verb::SaveExisting => Some(Step::SaveExisting),
        Verb::Touch => Some(Step::Touch),
        Verb::Ping => Some(Step::Ping),
        Verb::Delete if request.stored.is_empty() && request.obsolete.is_empty() => {
            Some(Step::Delete)
        }
        Verb::Delete | Verb::Relocate => None,
    }
}

/// Turns a request into a command that owns what it needs: its first step, with the others behind.
pub(crate) fn plan(request: &Request<'_>, deadline: Instant) -> Command {
    let Request { ticket, id, text, .. } = *request;
    match (only_step(request), request.verb) {
        (Some(step), _) => Command::new(ticket, step, id, text, deadline),
        (None, Verb::Relocate) => relocate::plan(request, deadline),
        (None, _) => delete::plan(request, deadline),
    }
}

/// Returns what is left to do after a step was answered; `None` if the answer is the caller's.
pub(crate) fn next(step: Step, answer: &Answer<'_>, then: Option<Box<Command>>) -> Option<Command> {
    match (step, answer) {
        (Step::Exists, _) => then.map(|save| relocate::after_exists(answer, *save)),
        (_, Answer::Done) => then.map(|then| *then),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Options};

    fn written(ttl: Option<u32>, step: Step) -> String {
        let config = Config::new(Options {
            url: "redis://localhost".into(),
            prefix: "s:".into(),
            ttl,
            refresh_on_load: true,
            ..Options::default()
        });
        let mut out = Vec::new();
        step.write(&mut out, &Encoder::new(&config.unwrap()), b"id", b"[{},{}]");
        String::from_utf8(out).unwrap().replace("\r\n", " ")
    }

    #[test]
    fn steps_are_single_redis_commands() {
        for (step, command) in [
            (Step::Load, "*4 $5 GETEX $4 s:id $2 EX $2 60 "),
            (Step::Get, "*2 $3 GET $4 s:id "),
            (Step::Save, "*5 $3 SET $4 s:id $7 [{},{}] $2 EX $2 60 "),
            (Step::SaveExisting, "*6 $3 SET $4 s:id $7 [{},{}] $2 XX $2 EX $2 60 "),
            (Step::Touch, "*3 $6 EXPIRE $4 s:id $2 60 "),
            (Step::Refresh, "*3 $6 EXPIRE $4 s:id $2 60 "),
            (Step::Delete, "*2 $3 DEL $4 s:id "),
            (Step::Exists, "*2 $6 EXISTS $4 s:id "),
            (Step::Ping, "*1 $4 PING "),
        ] {
            assert_eq!(written(Some(60), step), command);
        }
    }

    #[test]
    fn without_a_ttl_nothing_expires() {
        assert_eq!(written(None, Step::Load), "*2 $3 GET $4 s:id ");
        assert_eq!(written(None, Step::Save), "*3 $3 SET $4 s:id $7 [{},{}] ");
        assert_eq!(written(None, Step::SaveExisting), "*4 $3 SET $4 s:id $7 [{},{}] $2 XX ");
        assert_eq!(written(None, Step::Touch), "*2 $6 EXISTS $4 s:id ");
    }

    #[test]
    fn a_reply_that_does_not_fit_the_step_has_no_meaning() {
        for (step, reply) in [
            (Step::Load, Reply::Status(b"OK")),
            (Step::Load, Reply::Integer(1)),
            (Step::Load, Reply::Array(Vec::new())),
            (Step::Save, Reply::Nil),
            (Step::SaveExisting, Reply::Bulk(b"x")),
            (Step::Touch, Reply::Integer(2)),
            (Step::Delete, Reply::Status(b"OK")),
            (Step::Ping, Reply::Nil),
        ] {
            assert!(step.meaning(&reply).is_none(), "{reply:?} for {step:?}");
        }
    }
}

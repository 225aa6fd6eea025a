//! What can be asked of a store. A verb is a file here: how it is written as Redis commands, what
//! the replies mean, and whether it may be sent again.
//!
//! A *verb* is what callers ask for; a *step* is the Redis command that a connection sends for it.

mod append;
mod asking;
mod delete;
mod encoder;
pub(crate) mod load;
mod ping;
pub(crate) mod replace;
mod save;
pub(crate) mod stage;
mod touch;

use crate::command::Content;
use crate::handover::outcome::Answer;
use crate::resp::{Reply, error_code};

pub(crate) use encoder::Encoder;
use save::Over;

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
            /// Writes a session where there is none: `Done`, or `Missing` if one may be there.
            SaveNew = 3,
            /// Writes a session over a certain text: `Done`, or `Missing` if another may be there.
            Replace = 4,
            /// Refreshes the TTL of a session: `Done`, or `Missing` if there is none.
            Touch = 5,
            /// Deletes a session, whether it is there or not: `Done`.
            Delete = 6,
            /// Reads a text and refreshes nothing: `Text`, or `Missing`.
            Peek = 7,
            /// Adds to the end of a text, which may be none yet: `Done`.
            Append = 8,
            /// Asks for an answer: `Done`.
            Ping = 9,
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
    /// Reads the text only: what a connection sends for a load where its server refuses `GETEX`.
    Get,
    /// Refreshes the TTL behind a load; nobody waits for the answer.
    Refresh,
    Save(Over),
    Replace(replace::Form),
    /// Puts the text of a replacement where its script finds it; nobody waits for the answer.
    Stage,
    /// Finds out ahead of a replacement which form the server takes; nobody waits for the answer.
    Probe,
    Touch,
    Delete,
    Peek,
    Append,
    /// Goes ahead of a step that a node of a cluster has sent to another; nobody waits for the answer.
    Asking,
    Ping,
}

impl From<Verb> for Step {
    fn from(verb: Verb) -> Self {
        match verb {
            Verb::Load => Self::Load,
            Verb::Save => Self::Save(Over::Any),
            Verb::SaveExisting => Self::Save(Over::Existing),
            Verb::SaveNew => Self::Save(Over::None),
            Verb::Replace => Self::Replace(replace::Form::IfEqual),
            Verb::Touch => Self::Touch,
            Verb::Delete => Self::Delete,
            Verb::Peek => Self::Peek,
            Verb::Append => Self::Append,
            Verb::Ping => Self::Ping,
        }
    }
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
        !matches!(self, Self::Save(_) | Self::Replace(_))
    }

    /// Appends the step as one Redis command.
    pub(crate) fn write(self, out: &mut Vec<u8>, encoder: &Encoder, content: &Content<'_>) {
        match self {
            Self::Load => load::write(out, encoder, content),
            Self::Get | Self::Peek => load::write_get(out, encoder, content),
            Self::Save(over) => save::write(out, encoder, content, over),
            Self::Replace(form) => replace::write(out, encoder, content, form),
            Self::Stage => stage::write(out, encoder, content),
            Self::Probe => replace::write_probe(out, encoder, content),
            Self::Touch | Self::Refresh => touch::write(out, encoder, content),
            Self::Delete => delete::write(out, encoder, content),
            Self::Append => append::write(out, encoder, content),
            Self::Asking => asking::write(out),
            Self::Ping => ping::write(out),
        }
    }

    /// Whether its text is staged, by a [`Step::Stage`] right ahead of it.
    pub(crate) fn is_staged(self) -> bool {
        matches!(self, Self::Replace(form) if form.is_staged())
    }

    /// Whether it reads a text.
    pub(crate) fn reads(self) -> bool {
        matches!(self, Self::Load | Self::Get | Self::Peek)
    }

    /// Returns what to do about a refusal in these words, where Redis does not say it.
    pub(crate) fn advice(self, words: &[u8]) -> Option<&'static str> {
        match self {
            _ if asking::is_denied(words) => Some(". Allow this user +asking"),
            Self::Replace(_) => replace::advice(words),
            _ => None,
        }
    }

    /// Returns what `reply` means; `None` if Redis does not give such a reply to this command, which
    /// is the mark of replies and commands having lost step.
    pub(crate) fn meaning<'a>(self, reply: &Reply<'a>) -> Option<Meaning<'a>> {
        if let Reply::Error(words) = *reply {
            let words = if let Self::Replace(_) = self { replace::own_words(words) } else { words };
            let is_redirect = matches!(error_code(words), b"MOVED" | b"ASK" | b"REDIRECT");
            let meaning = if is_redirect { Meaning::Redirected } else { Meaning::Refused };
            return Some(meaning(words));
        }
        if let Reply::Oversized(bytes) = reply
            && self.reads()
        {
            return Some(Meaning::TooLarge(*bytes));
        }
        let answer = match self {
            Self::Load | Self::Get | Self::Peek => load::answer(reply),
            Self::Save(over) => save::answer(reply, over),
            Self::Stage => stage::answer(reply),
            Self::Replace(form) => replace::answer(reply, form),
            Self::Probe => replace::probe_answer(reply),
            Self::Touch => touch::answer(reply),
            Self::Delete | Self::Append | Self::Refresh => delete::answer(reply),
            Self::Asking => asking::answer(reply),
            Self::Ping => ping::answer(reply),
        };
        answer.map(Meaning::Answered)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Options};

    fn written(ttl: Option<u32>, step: Step, own_ttl: u32) -> String {
        let config = Config::new(Options {
            urls: vec!["redis://localhost".into()],
            prefix: "s:".into(),
            ttl,
            refresh_on_load: true,
            ..Options::default()
        });
        let mut out = Vec::new();
        let content = Content { id: b"id", text: b"[{},{}]", ttl: own_ttl, ..Content::default() };
        step.write(&mut out, &Encoder::new(&config.unwrap()), &content);
        String::from_utf8(out).unwrap().replace("\r\n", " ")
    }

    #[test]
    fn steps_are_single_redis_commands() {
        for (step, command) in [
            (Step::Load, "*4 $5 GETEX $4 s:id $2 EX $2 60 "),
            (Step::Get, "*2 $3 GET $4 s:id "),
            (Step::Save(Over::Any), "*5 $3 SET $4 s:id $7 [{},{}] $2 EX $2 60 "),
            (Step::Save(Over::Existing), "*6 $3 SET $4 s:id $7 [{},{}] $2 XX $2 EX $2 60 "),
            (Step::Save(Over::None), "*6 $3 SET $4 s:id $7 [{},{}] $2 NX $2 EX $2 60 "),
            (Step::Touch, "*3 $6 EXPIRE $4 s:id $2 60 "),
            (Step::Refresh, "*3 $6 EXPIRE $4 s:id $2 60 "),
            (Step::Delete, "*2 $3 DEL $4 s:id "),
            (Step::Peek, "*2 $3 GET $4 s:id "),
            (Step::Append, "*3 $6 APPEND $4 s:id $7 [{},{}] "),
            (Step::Stage, "*5 $3 SET $4 s:id $7 [{},{}] $2 EX $2 60 "),
            (Step::Probe, "*5 $3 SET $13 s:gone:{s:id} $0  $4 IFEQ $1 - "),
            (Step::Ping, "*1 $4 PING "),
        ] {
            assert_eq!(written(Some(60), step, 0), command);
        }
    }

    #[test]
    fn without_a_ttl_nothing_expires() {
        assert_eq!(written(None, Step::Load, 0), "*2 $3 GET $4 s:id ");
        assert_eq!(written(None, Step::Save(Over::Any), 0), "*3 $3 SET $4 s:id $7 [{},{}] ");
        assert_eq!(
            written(None, Step::Save(Over::Existing), 0),
            "*4 $3 SET $4 s:id $7 [{},{}] $2 XX "
        );
        assert_eq!(written(None, Step::Touch, 0), "*2 $6 EXISTS $4 s:id ");
    }

    #[test]
    fn a_refusal_within_a_script_has_the_words_of_the_command() {
        let step = Step::Replace(replace::Form::Named);
        let around =
            "ERR Error running script (call to f_9a29f7): @user_script:2: @user_script: 2: ";
        for (words, own) in [
            (format!("{around}-OOM command not allowed"), "OOM command not allowed"),
            (format!("{around}-READONLY You can't write"), "READONLY You can't write"),
            (
                "ERR Error running script (call to f_9a29f7): @user_script:1: WRONGTYPE Operation"
                    .into(),
                "WRONGTYPE Operation",
            ),
            ("OOM command not allowed script: 9a29f7, on @user_script:2.".into(), ""),
            (format!("{around}The user executing the script can't run this command"), ""),
            ("ERR Error running script".into(), ""),
        ] {
            let expected = if own.is_empty() { words.as_str() } else { own };
            let Some(Meaning::Refused(found)) = step.meaning(&Reply::Error(words.as_bytes()))
            else {
                panic!("{words}")
            };
            assert_eq!(String::from_utf8_lossy(found), expected);
        }
    }

    #[test]
    fn a_replacement_is_a_set_or_a_script() {
        let config = Config::new(Options {
            urls: vec!["redis://localhost".into()],
            prefix: "s:".into(),
            ttl: Some(60),
            ..Options::default()
        });
        let encoder = Encoder::new(&config.unwrap());
        let written = |form, expected: &[u8], tail| {
            let mut out = Vec::new();
            let content = Content { id: b"id", text: b"new", expected, tail, ttl: 0 };
            Step::Replace(form).write(&mut out, &encoder, &content);
            String::from_utf8(out).unwrap().replace("\r\n", " ")
        };
        assert_eq!(
            written(replace::Form::IfEqual, b"the old", 3),
            "*7 $3 SET $4 s:id $3 new $4 IFEQ $7 the old $2 EX $2 60 "
        );
        let script = "$40 b8a6cdf119fb76356f08f3572004c0efe1c53c8c $1 1 $4 s:id ";
        for (expected, tail, compared) in [
            (&b"the old"[..], 3, "$2 -3 $3 old "),
            (b"old", 3, "$2 -3 $3 old "),
            (b"the old", 0, "$1 0 $7 the old "),
        ] {
            assert_eq!(
                written(replace::Form::Named, expected, tail),
                format!("*9 $7 EVALSHA {script}{compared}$3 new $2 EX $2 60 ")
            );
        }
        assert!(written(replace::Form::Whole, b"old", 0).starts_with("*9 $4 EVAL $"));
    }

    #[test]
    fn a_script_may_get_the_key_of_a_staged_text_instead_of_the_text() {
        let written = |ttl, own_ttl, tail| {
            let (urls, prefix) = (vec!["redis://localhost".into()], "s:".into());
            let config = Config::new(Options { urls, prefix, ttl, ..Options::default() });
            let encoder = Encoder::new(&config.unwrap());
            let form = replace::Form::StagedNamed;
            let (id, text, expected) = (b"id", b"gone:1", b"the old");
            let content = Content { id, text, expected, tail, ttl: own_ttl };
            let mut out = Vec::new();
            Step::Replace(form).write(&mut out, &encoder, &content);
            String::from_utf8(out).unwrap().replace("\r\n", " ")
        };
        let script = "$40 920732ba319333446fc6804d8c0ea1b5f591424e $1 2 $4 s:id $8 s:gone:1 ";
        for (ttl, own_ttl, tail, length, arguments) in [
            (Some(600), 0, 3, 9, "$2 -3 $3 old $6 EXPIRE $3 600 "),
            (Some(600), 5, 0, 9, "$1 0 $7 the old $6 EXPIRE $1 5 "),
            (None, 5, 3, 9, "$2 -3 $3 old $6 EXPIRE $1 5 "),
            (None, 0, 3, 8, "$2 -3 $3 old $7 PERSIST "),
        ] {
            assert_eq!(
                written(ttl, own_ttl, tail),
                format!("*{length} $7 EVALSHA {script}{arguments}")
            );
        }
    }

    #[test]
    fn a_command_may_have_a_ttl_of_its_own() {
        for ttl in [None, Some(60)] {
            assert_eq!(
                written(ttl, Step::Save(Over::Any), 5),
                "*5 $3 SET $4 s:id $7 [{},{}] $2 EX $1 5 "
            );
            assert_eq!(written(ttl, Step::Touch, 5), "*3 $6 EXPIRE $4 s:id $1 5 ");
        }
        assert_eq!(written(Some(60), Step::Load, 5), "*4 $5 GETEX $4 s:id $2 EX $1 5 ");
    }

    #[test]
    fn a_reply_that_does_not_fit_the_step_has_no_meaning() {
        for (step, reply) in [
            (Step::Load, Reply::Status(b"OK")),
            (Step::Load, Reply::Integer(1)),
            (Step::Load, Reply::Array(Vec::new())),
            (Step::Save(Over::Any), Reply::Nil),
            (Step::Save(Over::Existing), Reply::Bulk(b"x")),
            (Step::Touch, Reply::Integer(2)),
            (Step::Delete, Reply::Status(b"OK")),
            (Step::Save(Over::None), Reply::Integer(0)),
            (Step::Probe, Reply::Status(b"OK")),
            (Step::Stage, Reply::Nil),
            (Step::Replace(replace::Form::IfEqual), Reply::Integer(1)),
            (Step::Replace(replace::Form::Named), Reply::Status(b"OK")),
            (Step::Replace(replace::Form::StagedWhole), Reply::Integer(2)),
            (Step::Ping, Reply::Nil),
        ] {
            assert!(step.meaning(&reply).is_none(), "{reply:?} for {step:?}");
        }
    }
}

//! A verb as Redis commands, and what their replies mean.

use std::time::Instant;

use crate::config::Config;
use crate::handover::outcome::Answer;
use crate::handover::ticket::Ticket;
use crate::resp::{Reply, write_bulk};

/// One thing to be done to one session: one Redis command, or two that go together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Reads the text; refreshes the TTL where the store is set up so.
    Load,
    /// Writes the text.
    Save,
    /// Writes the text if there is one already.
    SaveExisting,
    /// Refreshes the TTL.
    Touch,
    /// Deletes the session.
    Delete,
    /// Looks whether the session is there.
    Exists,
    /// Asks for an answer.
    Ping,
    /// Refreshes the TTL behind a load; nobody waits for the answer.
    RefreshAfterLoad,
}

impl Step {
    /// Whether doing it twice is the same as doing it once, whatever happened in between. A session
    /// that was deleted never comes back under its id, so this holds for `Delete`, too.
    pub(crate) fn is_repeatable(self) -> bool {
        !matches!(self, Self::Save | Self::SaveExisting)
    }

    /// What `reply` means; `None` if Redis does not give such a reply to this command, which is
    /// the mark of replies and commands having lost step.
    pub(crate) fn meaning(self, reply: &Reply<'_>) -> Option<Meaning> {
        match (self, reply) {
            (_, Reply::Error(_)) => Some(Meaning::Failed),
            (Self::Load, Reply::Bulk(_)) => Some(Meaning::Text),
            (Self::Load, Reply::Nil) => Some(Meaning::None),
            (Self::Save | Self::SaveExisting, Reply::Status(b"OK"))
            | (Self::Ping, Reply::Status(_))
            | (Self::Delete | Self::RefreshAfterLoad, Reply::Integer(_))
            | (Self::Touch | Self::Exists, Reply::Integer(1)) => Some(Meaning::Done),
            (Self::SaveExisting, Reply::Nil) | (Self::Touch | Self::Exists, Reply::Integer(0)) => {
                Some(Meaning::Missing)
            }
            _ => None,
        }
    }
}

/// What a reply says of its step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Meaning {
    Done,
    Missing,
    None,
    Text,
    Failed,
}

impl Meaning {
    /// The answer for whoever waits, when nothing is left to do.
    pub(crate) fn answer<'a>(self, reply: &Reply<'a>) -> Answer<'a> {
        match (self, reply) {
            (Self::Text, Reply::Bulk(text)) => Answer::Text(text),
            (Self::Done, _) => Answer::Yes,
            (Self::Missing, _) => Answer::No,
            _ => Answer::None,
        }
    }
}

/// A command that borrows what it needs, so that nothing is copied on its way out.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Request<'a> {
    pub(crate) ticket: Ticket,
    pub(crate) step: Step,
    pub(crate) id: &'a [u8],
    pub(crate) text: &'a [u8],
    /// When whoever asked is told, in any case.
    pub(crate) deadline: Instant,
}

/// A command that owns what it needs, so that it can wait.
#[derive(Debug)]
pub(crate) struct Command {
    pub(crate) ticket: Ticket,
    pub(crate) step: Step,
    pub(crate) id: Box<[u8]>,
    pub(crate) text: Box<[u8]>,
    pub(crate) deadline: Instant,
    /// It was sent, and the connection went silent: past its deadline, that is a time-out.
    pub(crate) went_unanswered: bool,
    /// What is done once this step has succeeded, for the same ticket and deadline.
    pub(crate) then: Option<Box<Command>>,
}

impl Command {
    /// The deadline counts from now; the I/O thread sets a later one when it takes the command.
    pub(crate) fn new(ticket: Ticket, step: Step, id: Vec<u8>, text: Vec<u8>) -> Self {
        let (id, text) = (id.into(), text.into());
        let deadline = Instant::now();
        Self { ticket, step, id, text, deadline, went_unanswered: false, then: None }
    }

    pub(crate) fn request(&self) -> Request<'_> {
        let Self { ticket, step, id, text, deadline, .. } = self;
        Request { ticket: *ticket, step: *step, id, text, deadline: *deadline }
    }

    /// Lines steps up, each done once the one before it has succeeded.
    pub(crate) fn chain(steps: impl DoubleEndedIterator<Item = Self>) -> Option<Self> {
        steps.rev().reduce(|then, mut first| {
            first.then = Some(Box::new(then));
            first
        })
    }

    /// Says when this step and all that follow are due.
    pub(crate) fn set_deadline(&mut self, deadline: Instant) {
        let mut step = Some(self);
        while let Some(command) = step {
            command.deadline = deadline;
            step = command.then.as_deref_mut();
        }
    }

    /// The ids of this step and all that follow.
    pub(crate) fn ids(&self) -> impl Iterator<Item = &[u8]> {
        std::iter::successors(Some(self), |command| command.then.as_deref())
            .map(|command| &command.id[..])
    }
}

/// Writes steps as Redis commands. What never changes is written once, here.
#[derive(Debug)]
pub(crate) struct Encoder {
    prefix: Vec<u8>,
    refreshes_on_load: bool,
    /// ` EX ttl`, or nothing.
    expiry: Vec<u8>,
    expiry_arguments: usize,
    /// ` ttl`.
    seconds: Vec<u8>,
}

impl Encoder {
    pub(crate) fn new(config: &Config) -> Self {
        let mut expiry = Vec::new();
        let mut seconds = Vec::new();
        if let Some(ttl) = config.ttl {
            write_bulk(&mut seconds, [ttl.to_string().as_bytes(), b""]);
            write_bulk(&mut expiry, [b"EX", b""]);
            expiry.extend_from_slice(&seconds);
        }
        Self {
            prefix: config.prefix.clone().into_bytes(),
            refreshes_on_load: config.refresh_on_load,
            expiry_arguments: if expiry.is_empty() { 0 } else { 2 },
            expiry,
            seconds,
        }
    }

    /// Whether a load of a server without `GETEX` takes a second command.
    pub(crate) fn refreshes_on_load(&self) -> bool {
        self.refreshes_on_load
    }

    /// Appends `step` as one Redis command.
    pub(crate) fn write(&self, out: &mut Vec<u8>, request: &Request<'_>, getex: bool) {
        let Request { step, id, text, .. } = *request;
        let key = [&self.prefix[..], id];
        match step {
            Step::Load if self.refreshes_on_load && getex => {
                out.extend_from_slice(b"*4\r\n$5\r\nGETEX\r\n");
                write_bulk(out, key);
                out.extend_from_slice(&self.expiry);
            }
            Step::Load => {
                out.extend_from_slice(b"*2\r\n$3\r\nGET\r\n");
                write_bulk(out, key);
            }
            Step::Save | Step::SaveExisting => {
                let only_existing = step == Step::SaveExisting;
                let arguments = 3 + usize::from(only_existing) + self.expiry_arguments;
                out.push(b'*');
                out.extend_from_slice(itoa::Buffer::new().format(arguments).as_bytes());
                out.extend_from_slice(b"\r\n$3\r\nSET\r\n");
                write_bulk(out, key);
                write_bulk(out, [text, b""]);
                if only_existing {
                    out.extend_from_slice(b"$2\r\nXX\r\n");
                }
                out.extend_from_slice(&self.expiry);
            }
            // Without a TTL there is none to refresh; the answer is the same.
            Step::Touch | Step::RefreshAfterLoad if !self.seconds.is_empty() => {
                out.extend_from_slice(b"*3\r\n$6\r\nEXPIRE\r\n");
                write_bulk(out, key);
                out.extend_from_slice(&self.seconds);
            }
            Step::Delete => {
                out.extend_from_slice(b"*2\r\n$3\r\nDEL\r\n");
                write_bulk(out, key);
            }
            Step::Exists | Step::Touch | Step::RefreshAfterLoad => {
                out.extend_from_slice(b"*2\r\n$6\r\nEXISTS\r\n");
                write_bulk(out, key);
            }
            Step::Ping => out.extend_from_slice(b"*1\r\n$4\r\nPING\r\n"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Options;

    fn written(ttl: Option<u32>, step: Step, getex: bool) -> String {
        let config = Config::new(Options {
            url: "redis://localhost".into(),
            prefix: "s:".into(),
            ttl,
            refresh_on_load: true,
            ..Options::default()
        });
        let mut out = Vec::new();
        let deadline = Instant::now();
        let request = Request { ticket: 0, step, id: b"id", text: b"[{},{}]", deadline };
        Encoder::new(&config.unwrap()).write(&mut out, &request, getex);
        String::from_utf8(out).unwrap().replace("\r\n", " ")
    }

    #[test]
    fn steps_are_single_redis_commands() {
        let ttl = Some(60);
        for (step, command) in [
            (Step::Load, "*4 $5 GETEX $4 s:id $2 EX $2 60 "),
            (Step::Save, "*5 $3 SET $4 s:id $7 [{},{}] $2 EX $2 60 "),
            (Step::SaveExisting, "*6 $3 SET $4 s:id $7 [{},{}] $2 XX $2 EX $2 60 "),
            (Step::Touch, "*3 $6 EXPIRE $4 s:id $2 60 "),
            (Step::Delete, "*2 $3 DEL $4 s:id "),
            (Step::Exists, "*2 $6 EXISTS $4 s:id "),
            (Step::Ping, "*1 $4 PING "),
        ] {
            assert_eq!(written(ttl, step, true), command);
        }
        assert_eq!(written(ttl, Step::Load, false), "*2 $3 GET $4 s:id ");
    }

    #[test]
    fn without_a_ttl_nothing_expires() {
        assert_eq!(written(None, Step::Load, true), "*2 $3 GET $4 s:id ");
        assert_eq!(written(None, Step::Save, true), "*3 $3 SET $4 s:id $7 [{},{}] ");
        assert_eq!(written(None, Step::SaveExisting, true), "*4 $3 SET $4 s:id $7 [{},{}] $2 XX ");
        assert_eq!(written(None, Step::Touch, true), "*2 $6 EXISTS $4 s:id ");
    }

    #[test]
    fn a_reply_that_does_not_fit_the_command_has_no_meaning() {
        assert_eq!(Step::Load.meaning(&Reply::Status(b"OK")), None);
        assert_eq!(Step::Load.meaning(&Reply::Integer(1)), None);
        assert_eq!(Step::Save.meaning(&Reply::Nil), None);
        assert_eq!(Step::SaveExisting.meaning(&Reply::Bulk(b"x")), None);
        assert_eq!(Step::Delete.meaning(&Reply::Status(b"OK")), None);
        assert_eq!(Step::Ping.meaning(&Reply::Nil), None);
    }
}

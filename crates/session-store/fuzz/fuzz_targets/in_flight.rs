//! Has a server answer commands in whatever way: each reply reaches who asked for it, or nobody.
//!
//! The bytes are what happens on a connection: commands are sent, the server answers the oldest, replies
//! arrive in pieces, deadlines pass, and connections break. Words and texts name the ticket that they are for.

#![no_main]

use std::collections::{HashSet, VecDeque};
use std::time::{Duration, Instant};

use libfuzzer_sys::fuzz_target;

use command::Command;
use handover::outcome::Answer;
use handover::ticket::Ticket;
use in_flight::{Answered, AwaitedBy, InFlight};
use resp::{Parsed, parse};
use verbs::replace::Form;
use verbs::{Meaning, Step, Verb};

// Rather than all of session-store, with whose dependencies the build would take three times as long.
#[path = "../../src/command.rs"]
#[allow(dead_code)]
mod command;
#[path = "../../src/connection/in_flight.rs"]
#[allow(dead_code)]
mod in_flight;
#[path = "../../src/resp/mod.rs"]
#[allow(dead_code, unused_imports)]
mod resp;
#[path = "../../src/verbs/mod.rs"]
#[allow(dead_code, unused_imports)]
mod verbs;

mod handover {
    pub mod ticket {
        pub type Ticket = u32;
    }

    pub mod outcome {
        /// What replies can mean.
        #[derive(Debug)]
        pub enum Answer<'a> {
            Missing,
            Done,
            Text(&'a [u8]),
        }
    }
}

mod config {
    /// What commands are encoded with, which none is here.
    pub struct Config {
        pub prefix: String,
        pub ttl: Option<u32>,
        pub refresh_on_load: bool,
    }
}

const LONGEST: usize = 50;

/// A connection, its server, and who waits.
struct Bench {
    start: Instant,
    in_flight: InFlight,
    /// Whose replies the server owes, in the order of the commands.
    owed: VecDeque<Ticket>,
    /// Whose replies are on their way.
    answered: VecDeque<Ticket>,
    arriving: Vec<u8>,
    last: Ticket,
    waiting: HashSet<Ticket>,
    /// Those whose writes may be done yet, although their deadlines have passed.
    late: HashSet<Ticket>,
}

impl Bench {
    fn deadline(&self, ticket: Ticket) -> Instant {
        self.start + Duration::from_secs(ticket.into())
    }

    fn send(&mut self, choice: u8) {
        let steps: &[Step] = match choice % 16 {
            verb @ 0..=9 => {
                let verb = Verb::from_number(verb.into()).expect("there are ten");
                return self.send_all(&[verb.into()]);
            }
            10 => &[Step::Stage, Step::Replace(Form::StagedNamed)],
            11 => &[Step::Asking, Step::Load],
            12 => &[Step::Asking, Step::Stage, Step::Asking, Step::Replace(Form::StagedNamed)],
            13 => &[Step::Probe, Step::Replace(Form::IfEqual)],
            14 => &[Step::Get, Step::Refresh],
            _ => &[Step::Replace(Form::Named)],
        };
        self.send_all(steps);
    }

    /// Sends the steps of one command, of which somebody waits for one.
    fn send_all(&mut self, steps: &[Step]) {
        self.last += 1;
        let ticket = self.last;
        self.waiting.insert(ticket);
        for step in steps {
            let awaited_by = match step {
                Step::Stage | Step::Asking | Step::Probe | Step::Refresh => AwaitedBy::Nobody,
                _ => AwaitedBy::Caller,
            };
            let command = Command::bare(ticket, *step, self.deadline(ticket));
            self.in_flight.push(command, awaited_by, self.start);
            self.owed.push_back(ticket);
        }
    }

    /// Has the server answer the oldest command, be it in a way that does not fit.
    fn answer(&mut self, choice: u8) {
        let Some(ticket) = self.owed.pop_front() else { return };
        let text = ticket.to_string();
        self.arriving.extend(
            match choice % 16 {
                0..=2 => format!("${}\r\n{text}\r\n", text.len()),
                3 | 4 => "+OK\r\n".into(),
                5 | 6 => ":1\r\n".into(),
                7 => ":0\r\n".into(),
                8 => "$-1\r\n".into(),
                9 => format!("-ERR {text}\r\n"),
                10 => format!("-MOVED {text} host:1\r\n"),
                11 => format!("-ASK {text} host:1\r\n"),
                12 => format!("-NOSCRIPT {text}\r\n"),
                13 => "+PONG\r\n".into(),
                14 => format!("-UNSTAGED {text}\r\n"),
                _ => "$60\r\n".into(),
            }
            .into_bytes(),
        );
        self.answered.push_back(ticket);
    }

    /// Has so many bytes arrive.
    fn deliver(&mut self, count: usize) {
        let count = count.min(self.arriving.len());
        let mut start = 0;
        loop {
            let arrived = std::mem::take(&mut self.arriving);
            let parsed = parse(&arrived[start..count], LONGEST);
            let (is_whole, is_fine) = match &parsed {
                Parsed::Reply(reply, length) => {
                    start += length;
                    let is_cut_short = matches!(reply, resp::Reply::Oversized(_));
                    (true, self.take(reply) && !is_cut_short)
                }
                Parsed::Incomplete(_) => (false, true),
                Parsed::Invalid => (false, false),
            };
            self.arriving = arrived;
            if !is_fine {
                return self.lose();
            }
            if !is_whole {
                self.arriving.drain(..start);
                return;
            }
        }
    }

    /// Finds who asked for a reply; returns `false` where it fits nobody.
    fn take(&mut self, reply: &resp::Reply<'_>) -> bool {
        let expected = self.answered.pop_front();
        let mut ended = None;
        let taken = self.in_flight.take(reply, |Answered { command, meaning, awaited_by }| {
            assert_eq!(Some(command.ticket), expected, "{meaning:?}");
            let text = command.ticket.to_string();
            let names = |bytes: &[u8]| {
                let words = std::str::from_utf8(bytes).expect("ASCII");
                assert!(words.split(' ').any(|word| word == text), "{words} for {text}");
            };
            match meaning {
                Meaning::Answered(Answer::Text(bytes)) => {
                    assert!(command.step.reads());
                    names(bytes);
                }
                Meaning::Answered(Answer::Done) => assert!(!command.step.reads()),
                Meaning::Answered(Answer::Missing) => {}
                Meaning::TooLarge(_) => assert!(command.step.reads()),
                Meaning::Refused(words) | Meaning::Redirected(words) => names(words),
            }
            ended = Some((command.ticket, awaited_by));
        });
        if let Some((ticket, awaited_by)) = ended {
            self.end(ticket, awaited_by);
        }
        taken.is_ok()
    }

    fn expire(&mut self, until: Ticket) {
        let mut expired = Vec::new();
        self.in_flight.expire(self.deadline(until), |command, _| {
            expired.push((command.ticket, command.step.is_repeatable()));
        });
        for (ticket, is_repeatable) in expired {
            assert!(ticket <= until);
            self.end(ticket, AwaitedBy::Caller);
            if !is_repeatable {
                self.late.insert(ticket);
            }
        }
    }

    /// The connection breaks, and there is a new one.
    fn lose(&mut self) {
        let lost: Vec<_> = self.in_flight.lose().collect();
        assert!(lost.is_sorted_by_key(|(command, _)| command.ticket));
        for (command, awaited_by) in lost {
            self.end(command.ticket, awaited_by);
        }
        assert!(self.in_flight.is_empty() && self.waiting.is_empty(), "somebody was forgotten");
        assert!(self.late.is_empty(), "a session is held for ever");
        self.owed.clear();
        self.answered.clear();
        self.arriving.clear();
    }

    fn end(&mut self, ticket: Ticket, awaited_by: AwaitedBy) {
        match awaited_by {
            AwaitedBy::Caller => assert!(self.waiting.remove(&ticket), "{ticket} has ended twice"),
            AwaitedBy::Followers => assert!(self.late.remove(&ticket), "{ticket} was not late"),
            AwaitedBy::Nobody => {}
        }
    }
}

fuzz_target!(|bytes: &[u8]| {
    let mut bench = Bench {
        start: Instant::now(),
        in_flight: InFlight::default(),
        owed: VecDeque::new(),
        answered: VecDeque::new(),
        arriving: Vec::new(),
        last: 0,
        waiting: HashSet::new(),
        late: HashSet::new(),
    };
    for byte in bytes {
        let choice = byte >> 3;
        match byte & 7 {
            0..=2 => bench.send(choice),
            3 | 4 => bench.answer(choice),
            5 => bench.deliver(choice.into()),
            6 if choice < 15 => bench.expire(bench.last.saturating_sub(choice.into())),
            6 => bench.deliver(usize::MAX),
            _ if choice == 0 => bench.lose(),
            _ => bench.answer(choice),
        }
    }
    bench.lose();
});

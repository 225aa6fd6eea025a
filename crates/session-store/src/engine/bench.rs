//! The I/O thread's work without its thread, for benchmarks: a connection whose server says what it
//! is told to.

use std::hint::black_box;
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::command::Request;
use crate::config::{Config, Options};
use crate::connect::socket::Socket;
use crate::engine::Engine;
use crate::handover::mailbox::Mailbox;
use crate::handover::outcome::{Answer, Outcomes};
use crate::handover::queue::Queue;
use crate::handover::ticket::Ticket;

/// What is done to a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    /// Reads the text.
    Load,
    /// Writes a text over the one that is there.
    Save,
}

impl From<Verb> for crate::Verb {
    fn from(verb: Verb) -> Self {
        match verb {
            Verb::Load => Self::Load,
            Verb::Save => Self::SaveExisting,
        }
    }
}

/// The core from the queue to the socket, and from the replies to the outcomes.
pub struct Bench {
    engine: Engine,
    server: UnixStream,
    next: Ticket,
    received: Vec<u8>,
    fetched: Outcomes,
}

impl Bench {
    /// Connects.
    ///
    /// # Panics
    /// When the process may open no more files.
    #[must_use]
    #[expect(clippy::new_without_default, reason = "it opens files")]
    pub fn new() -> Self {
        let config = Config::new(Options {
            urls: vec!["redis://localhost".into()],
            connections: 1,
            prefix: "session:".into(),
            ttl: Some(604_800),
            refresh_on_load: true,
            timeout: Duration::from_secs(3600),
            max_bytes: 1 << 20,
            ..Options::default()
        });
        let config = Arc::new(config.expect("the options are right"));
        let queue = Arc::new(Queue::default());
        let mailbox = Arc::new(Mailbox::new(|| ()));
        let mut engine =
            Engine::new(Arc::clone(&config), queue, mailbox).expect("files can be opened");

        let (socket, server) = UnixStream::pair().expect("files can be opened");
        socket.set_nonblocking(true).expect("sockets can be so");
        let socket = Socket::Unix(mio::net::UnixStream::from_std(socket));
        engine.pool.get_mut(0).expect("there is one").open(socket, &config);
        Self { engine, server, next: 0, received: vec![0; 1 << 20], fetched: Outcomes::default() }
    }

    /// Queues as many commands as there are ids, and sends them as one pipeline: how many bytes.
    ///
    /// # Panics
    /// When nothing was sent.
    pub fn send(&mut self, verb: Verb, ids: &[String], text: &str) -> usize {
        let mut hand_over =
            self.engine.queue.hand_over(Instant::now() + self.engine.config.timeout);
        for id in ids {
            let request = Request::new(self.next, verb.into(), id.as_bytes());
            let text = if verb == Verb::Save { text } else { "" };
            hand_over.push(&request.with_text(text.as_bytes()));
            self.next = (self.next + 1) % 1000;
        }
        drop(hand_over);
        self.engine.queue.publish();
        self.engine.turn(Instant::now());
        self.server.read(&mut self.received).expect("a pipeline was sent")
    }

    /// Has the server answer, and fetches this many outcomes.
    ///
    /// # Panics
    /// When the replies are not those of as many commands.
    pub fn receive(&mut self, replies: &[u8], mut outcomes: usize) {
        self.server.write_all(replies).expect("the replies are taken");
        while outcomes > 0 {
            assert!(self.engine.turn(Instant::now()), "replies are missing");
            self.engine.mailbox.fetch(&mut self.fetched, false);
            while let Some(outcome) = self.fetched.take() {
                assert!(
                    !matches!(black_box(outcome).answer, Answer::Failed(_)),
                    "a reply is wrong"
                );
                outcomes -= 1;
            }
        }
    }
}

/// What the server says to a verb.
#[must_use]
pub fn reply(verb: Verb, text: &str) -> Vec<u8> {
    match verb {
        Verb::Load => format!("${}\r\n{text}\r\n", text.len()).into_bytes(),
        Verb::Save => b"+OK\r\n".to_vec(),
    }
}

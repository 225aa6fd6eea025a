//! The engine, turn by turn, with the servers' ends of its connections in hand.

use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;

use super::*;
use crate::command::Request;
use crate::config::Options;
use crate::connect::socket::Socket;
use crate::handover::outcome::{Answer, Outcomes};
use crate::handover::ticket::Ticket;
use crate::verbs::Verb;

const TIMEOUT: Duration = Duration::from_secs(2);

/// The engine without its thread, and the other ends of its two connections.
struct Bench {
    engine: Engine,
    servers: Vec<UnixStream>,
    start: Instant,
}

impl Bench {
    fn new() -> Self {
        let config = Config::new(Options {
            url: "redis://localhost".into(),
            connections: 2,
            timeout: TIMEOUT,
            max_bytes: 1000,
            ..Options::default()
        });
        let config = Arc::new(config.unwrap());
        let mailbox = Arc::new(Mailbox::new(|| ()));
        let mut engine = Engine::new(Arc::clone(&config), Arc::default(), mailbox).unwrap();
        let servers = engine.connections.iter_mut().map(|connection| {
            let (socket, server) = UnixStream::pair().unwrap();
            socket.set_nonblocking(true).unwrap();
            server.set_nonblocking(true).unwrap();
            connection.open(Socket::Unix(mio::net::UnixStream::from_std(socket)), &config);
            server
        });
        let servers = servers.collect();
        Self { engine, servers, start: Instant::now() }
    }

    /// An id whose session this connection has.
    fn id_on(&self, connection: usize) -> String {
        let ids = (0..).map(|number| format!("id-{number}"));
        let mut own =
            ids.filter(|id| self.engine.topology.connection_of(id.as_bytes()) == connection);
        own.next().unwrap()
    }

    fn submit(&self, request: Request<'_>, at: Instant) {
        self.engine.queue.hand_over(at + TIMEOUT).push(&request);
        self.engine.queue.publish();
    }

    /// Lets the thread work until it would wait.
    fn run(&mut self, at: Instant) {
        while self.engine.turn(at) {}
    }

    /// What a server has received.
    fn received(&mut self, server: usize) -> String {
        let mut bytes = [0; 10_000];
        match self.servers[server].read(&mut bytes) {
            Ok(count) => String::from_utf8_lossy(&bytes[..count]).replace("\r\n", " "),
            Err(error) => {
                assert_eq!(error.kind(), ErrorKind::WouldBlock);
                String::new()
            }
        }
    }

    fn outcomes(&self) -> Vec<(Ticket, String)> {
        let mut outcomes = Outcomes::default();
        self.engine.mailbox.fetch(&mut outcomes, false);
        let next = || {
            outcomes.take().map(|outcome| {
                let answer = match outcome.answer {
                    Answer::Missing => "missing",
                    Answer::Done => "done",
                    Answer::Text(_) => "text",
                    Answer::Failed(error) => error.code.name(),
                };
                (outcome.ticket, answer.to_owned())
            })
        };
        std::iter::from_fn(next).collect()
    }
}

fn relocate<'a>(ticket: Ticket, id: &'a str, stored: &'a str) -> Request<'a> {
    let request = Request::new(ticket, Verb::Relocate, id.as_bytes());
    Request { text: b"text", stored: stored.as_bytes(), obsolete: stored.as_bytes(), ..request }
}

fn load(ticket: Ticket, id: &str) -> Request<'_> {
    Request::new(ticket, Verb::Load, id.as_bytes())
}

#[test]
fn what_waited_for_an_expired_request_is_sent_before_the_thread_waits() {
    let mut bench = Bench::new();
    let (old, new) = (bench.id_on(0), bench.id_on(1));
    let start = bench.start;
    bench.submit(relocate(1, &new, &old), start);
    bench.run(start);
    assert!(bench.received(0).contains("EXISTS"));
    bench.submit(load(2, &new), start + TIMEOUT / 2);
    bench.run(start + TIMEOUT / 2);
    assert_eq!(bench.received(1), "", "it waits behind the other");

    bench.run(start + TIMEOUT);
    assert_eq!(bench.outcomes(), [(1, "TIMEOUT".to_owned())]);
    assert!(bench.received(1).contains("GET"), "it was sent");
    bench.servers[1].write_all(b"$-1\r\n").unwrap();
    bench.run(start + TIMEOUT);
    assert_eq!(bench.outcomes(), [(2, "missing".to_owned())]);
}

#[test]
fn one_request_of_several_steps_holds_up_its_own_session_only() {
    let mut bench = Bench::new();
    let (old, new) = (bench.id_on(0), bench.id_on(1));
    let start = bench.start;
    bench.submit(relocate(1, &new, &old), start);
    bench.submit(load(2, "another"), start);
    bench.submit(load(3, &new), start);
    bench.run(start);
    let sent = bench.received(0) + &bench.received(1);
    assert!(sent.contains("another") && !sent.contains(&new), "{sent}");
}

#[test]
fn twenty_thousand_requests_of_several_steps_delay_no_deadline() {
    let mut bench = Bench::new();
    let start = bench.start;
    for ticket in 0..20_000 {
        let (old, new) = (format!("old-{ticket}"), format!("new-{ticket}"));
        bench.submit(relocate(ticket, &new, &old), start);
    }
    bench.submit(load(99_999, "bystander"), start);
    let began = Instant::now();
    bench.run(start);
    bench.run(start + TIMEOUT);
    let outcomes = bench.outcomes();
    assert_eq!(outcomes.len(), 20_001);
    assert!(outcomes.iter().all(|(_, answer)| answer == "TIMEOUT"));
    // A build without optimisation takes a tenth of this; one request at a time, minutes.
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
}

#[test]
fn a_session_that_was_moved_half_way_is_written_over() {
    let mut bench = Bench::new();
    let (old, new) = (bench.id_on(0), bench.id_on(1));
    let start = bench.start;
    bench.submit(relocate(1, &new, &old), start);
    bench.run(start);
    bench.servers[0].write_all(b":0\r\n").unwrap();
    bench.run(start);
    assert!(bench.received(1).contains("XX"), "only over what is there");
    bench.servers[1].write_all(b"+OK\r\n").unwrap();
    bench.run(start);
    bench.servers[0].write_all(b":0\r\n").unwrap();
    bench.run(start);
    assert_eq!(bench.outcomes(), [(1, "done".to_owned())]);
}

#[test]
fn a_node_of_a_cluster_is_told_from_a_single_server() {
    let mut bench = Bench::new();
    let id = bench.id_on(0);
    bench.submit(load(1, &id), bench.start);
    bench.run(bench.start);
    bench.servers[0].write_all(b"-MOVED 1 10.0.0.1:7000\r\n").unwrap();
    bench.run(bench.start);
    assert_eq!(bench.outcomes(), [(1, "REDIS".to_owned())]);
}

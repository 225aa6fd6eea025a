//! The engine, turn by turn, with the servers' ends of its connections in hand.

mod cluster;

use std::io::{ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;

use super::*;
use crate::command::{Content, Request};
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
    /// Where the nodes of a cluster are.
    host: &'static str,
    start: Instant,
}

impl Bench {
    fn new() -> Self {
        Self::with(Self::options())
    }

    fn options() -> Options {
        Options {
            urls: vec!["redis://localhost".into()],
            connections: 2,
            timeout: TIMEOUT,
            max_bytes: 1000,
            ..Options::default()
        }
    }

    fn with(options: Options) -> Self {
        let config = Arc::new(Config::new(options).unwrap());
        let mailbox = Arc::new(Mailbox::new(|| ()));
        let engine = Engine::new(Arc::clone(&config), Arc::default(), mailbox).unwrap();
        let mut bench = Self { engine, servers: Vec::new(), host: "h", start: Instant::now() };
        bench.open();
        bench
    }

    /// Opens the connections that are not yet.
    fn open(&mut self) {
        for connection in self.engine.pool.iter_mut().skip(self.servers.len()) {
            let (socket, server) = UnixStream::pair().unwrap();
            socket.set_nonblocking(true).unwrap();
            server.set_nonblocking(true).unwrap();
            let socket = Socket::Unix(mio::net::UnixStream::from_std(socket));
            connection.open(socket, &self.engine.config);
            self.servers.push(server);
        }
    }

    /// An id whose session this connection has.
    fn id_on(&self, connection: usize) -> String {
        let ids = (0..).map(|number| format!("id-{number}"));
        let Engine { topology, pool, .. } = &self.engine;
        let index = |id: &[u8]| topology.place_of(id).map(|place| pool.index_of(place, id));
        let mut own = ids.filter(|id| index(id.as_bytes()) == Some(connection));
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
        let mut taken = Vec::new();
        while let Some(outcome) = outcomes.take() {
            let answer = match outcome.answer {
                Answer::Missing => "missing",
                Answer::Done => "done",
                Answer::Text(_) => "text",
                Answer::Failed(error) => error.code.name(),
                Answer::Event(_) => continue,
            };
            taken.push((outcome.ticket, answer.to_owned()));
        }
        taken
    }
}

fn load(ticket: Ticket, id: &str) -> Request<'_> {
    Request::new(ticket, Verb::Load, id.as_bytes())
}

#[test]
fn a_request_that_has_waited_already_has_the_less_time() {
    let mut bench = Bench::new();
    let id = bench.id_on(0);
    bench.submit(load(1, &id), bench.start);
    bench.run(bench.start);
    bench.submit(Request { waited: 500, ..load(2, &id) }, bench.start);
    bench.run(bench.start);

    bench.run(bench.start + TIMEOUT.checked_sub(Duration::from_millis(500)).unwrap());
    assert_eq!(bench.outcomes(), [(2, "TIMEOUT".to_owned())]);
    bench.run(bench.start + TIMEOUT);
    assert_eq!(bench.outcomes(), [(1, "TIMEOUT".to_owned())]);
}

#[test]
fn a_load_is_sent_in_another_form_where_the_first_is_refused() {
    let config = Options { ttl: Some(60), refresh_on_load: true, ..Bench::options() };
    let mut bench = Bench::with(config);
    let id = bench.id_on(0);
    bench.submit(load(1, &id), bench.start);
    bench.run(bench.start);
    assert!(bench.received(0).contains("GETEX"));
    bench.servers[0].write_all(b"-READONLY You can't write\r\n").unwrap();
    bench.run(bench.start);
    let received = bench.received(0);
    assert!(received.contains("$3 GET ") && received.contains("EXPIRE"), "{received}");
    bench.servers[0].write_all(b"$7\r\n[{},{}]\r\n-READONLY\r\n").unwrap();
    bench.run(bench.start);
    assert_eq!(bench.outcomes(), [(1, "text".to_owned())]);
}

#[test]
fn a_staged_text_that_is_lost_has_the_next_one_sent_in_the_script() {
    let mut bench = Bench::new();
    let id = bench.id_on(0);
    let text = [b'x'; 3000];
    let content = Content { id: id.as_bytes(), text: &text, expected: b"the old", tail: 3, ttl: 0 };
    let replace = |ticket| Request { ticket, verb: Verb::Replace, content, waited: 0 };

    bench.submit(replace(1), bench.start);
    bench.run(bench.start);
    let received = bench.received(0);
    let (probe, rest) = received.split_once("EVAL").unwrap();
    assert!(probe.contains("gone:") && probe.contains(&format!("{{{id}}}")), "{probe}");
    assert!(rest.contains("RENAME") && !rest.contains("xxx"), "{rest}");
    bench.servers[0].write_all(b"-ERR syntax error\r\n+OK\r\n-UNSTAGED Gone\r\n").unwrap();
    bench.run(bench.start);
    assert_eq!(bench.outcomes(), [(1, "missing".to_owned())]);

    bench.submit(replace(2), bench.start);
    bench.run(bench.start);
    let received = bench.received(0);
    assert!(received.starts_with("*7 $4 EVAL ") && received.contains("xxx"), "{received}");
    bench.servers[0].write_all(b":1\r\n").unwrap();
    bench.run(bench.start);
    assert_eq!(bench.outcomes(), [(2, "done".to_owned())]);
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

mod sentinel {
    //! Sentinels that name the primary that they are told to.

    use super::*;
    use crate::config::{Kind, Layout};
    use crate::topology::Told;

    fn bench() -> Bench {
        let kind = Kind::Sentinel(crate::config::SentinelOptions::default());
        Bench::with(Options { kind, connections: 1, ..Bench::options() })
    }

    impl Bench {
        fn start_search(&mut self, at: Instant) -> u64 {
            let Engine { topology, pool, .. } = &mut self.engine;
            topology.suspect();
            topology.start_search(true, pool, at).expect("a search is due").attempt
        }

        /// Has a sentinel name the server at this port.
        fn find(&mut self, attempt: u64, port: u16, at: Instant) {
            let Layout::Sentinel(watched) = &self.engine.config.layout else { unreachable!() };
            let told = Told::Primary(watched.server.at("h", port, None));
            let by = Arc::clone(self.engine.config.seeds.first());
            self.engine.finish_search(attempt, &Ok(Found { by, told }), at);
            self.open();
        }
    }

    #[test]
    fn who_was_asked_before_a_switch_is_not_believed() {
        let mut bench = bench();
        let start = bench.start;
        let first = bench.start_search(start);
        bench.find(first, 1, start);
        let later = start + Duration::from_secs(1);
        let misled = bench.start_search(later);
        let by = Arc::clone(bench.engine.config.seeds.first());
        bench.engine.topology.switched(by, later);
        let told = bench.start_search(later);
        bench.find(told, 2, later);
        bench.find(misled, 1, later);
        assert_eq!(bench.engine.pool.addresses(), ["redis://h:2"]);
    }

    #[test]
    fn a_primary_that_has_been_replaced_gets_no_more_commands() {
        let mut bench = bench();
        let start = bench.start;
        let first = bench.start_search(start);
        bench.find(first, 1, start);
        let by = Arc::clone(bench.engine.config.seeds.first());
        bench.engine.topology.switched(by, start);
        let second = bench.start_search(start);
        bench.submit(Request::new(1, Verb::Save, b"id").with_text(b"[{},{}]"), start);
        bench.run(start);
        assert_eq!(bench.received(0), "");

        bench.find(second, 2, start);
        bench.submit(Request::new(2, Verb::Save, b"other").with_text(b"[{},{}]"), start);
        bench.run(start);
        assert!(bench.received(1).contains("SET"));
        assert_eq!(bench.outcomes(), []);
    }

    #[test]
    fn a_primary_that_is_silent_is_left_as_soon_as_it_has_a_successor() {
        let mut bench = bench();
        let start = bench.start;
        let first = bench.start_search(start);
        bench.find(first, 1, start);
        bench.submit(Request::new(1, Verb::Save, b"id").with_text(b"[{},{}]"), start);
        bench.run(start);
        assert!(bench.received(0).contains("SET"));

        let later = start + bench.engine.config.patience();
        let second = bench.start_search(later);
        bench.find(second, 2, later);
        bench.engine.deliver();
        assert_eq!(bench.outcomes(), [(1, "DISCONNECTED".into())]);
        bench.submit(Request::new(2, Verb::Save, b"id").with_text(b"[{},{}]"), later);
        bench.run(later);
        assert!(bench.received(1).contains("SET"));
    }
}

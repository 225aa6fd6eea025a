//! Nodes of a cluster that say what they are told to.

use std::net::TcpListener;

use super::*;
use crate::config::Kind;
use crate::topology::Told;
use crate::topology::slots::{Node, Share};

/// Two nodes, each with one connection and half of the slots.
fn bench() -> Bench {
    let options = Options { kind: Kind::Cluster, connections: 1, ..Bench::options() };
    let mut bench = Bench::with(options);
    bench.learn(&[(0..=8191, 1), (8192..=16_383, 2)]);
    bench
}

impl Bench {
    /// Has it be known that the nodes at these ports have these slots.
    fn learn(&mut self, map: &[(std::ops::RangeInclusive<u16>, u16)]) {
        let shares = map.iter().map(|(slots, port)| Share {
            slots: slots.clone(),
            node: Node { host: Some(self.host.into()), port: *port, name: None, id: None },
        });
        let by = Arc::clone(self.engine.config.seeds.first());
        let found = Found { by, told: Told::Shares(shares.collect()) };
        let Engine { topology, pool, .. } = &mut self.engine;
        topology.learn(&found, pool, self.start);
        self.open();
        self.engine.place_waiting(self.start);
    }

    fn say(&mut self, server: usize, words: &str) {
        self.servers[server].write_all(words.as_bytes()).unwrap();
        self.run(self.start);
    }

    /// Hands requests over and lets them be sent.
    fn start(&mut self, requests: &[Request<'_>]) {
        for request in requests {
            self.submit(*request, self.start);
        }
        self.run(self.start);
    }
}

fn slot_of(id: &str) -> u16 {
    crate::topology::slots::slot_of(b"", id.as_bytes())
}

fn save(ticket: Ticket, id: &str) -> Request<'_> {
    Request::new(ticket, Verb::Save, id.as_bytes()).with_text(b"[{},{}]")
}

fn done(ticket: Ticket) -> (Ticket, String) {
    (ticket, "done".into())
}

#[test]
fn a_slot_that_has_moved_takes_the_commands_of_its_sessions_along_in_their_order() {
    let mut bench = bench();
    let id = bench.id_on(0);
    let slot = slot_of(&id);
    let delete = Request::new(3, Verb::Delete, id.as_bytes());
    bench.start(&[save(1, &id), save(2, &id), delete]);
    assert_eq!(bench.received(0).matches("SET").count(), 1, "the others wait");
    bench.say(0, &format!("-MOVED {slot} h:2\r\n"));
    assert_eq!(bench.received(1).matches("SET").count(), 1);
    bench.say(1, "+OK\r\n");
    assert_eq!(bench.received(1).matches("SET").count(), 1);
    bench.say(1, "+OK\r\n");
    assert!(bench.received(1).contains("DEL"));
    bench.say(1, ":1\r\n");
    assert_eq!(bench.outcomes(), [done(1), done(2), done(3)]);
    assert_eq!(bench.received(0), "");

    // Other slots stay where they were.
    let other = (0..).map(|number| format!("other-{number}"));
    let mut other = other.filter(|other| {
        let slot_of_other = slot_of(other);
        slot_of_other < 8192 && slot_of_other != slot
    });
    let other = other.next().unwrap();
    bench.start(&[save(4, &other)]);
    assert!(bench.received(0).contains("SET"));
}

#[test]
fn a_command_that_is_sent_elsewhere_for_now_asks_right_before_each_of_its_words() {
    let config = Options {
        kind: Kind::Cluster,
        connections: 1,
        ttl: Some(60),
        refresh_on_load: true,
        ..Bench::options()
    };
    let mut bench = Bench::with(config);
    bench.learn(&[(0..=8191, 1), (8192..=16_383, 2)]);
    let (id, other) = (bench.id_on(0), bench.id_on(1));
    let slot = slot_of(&id);
    // The other node takes loads in two commands.
    bench.start(&[load(1, &other)]);
    bench.received(1);
    bench.say(1, "-NOPERM getex\r\n");
    bench.say(1, "$-1\r\n:0\r\n");
    bench.received(1);
    assert_eq!(bench.outcomes().len(), 1);

    bench.start(&[load(2, &id)]);
    bench.received(0);
    bench.say(0, &format!("-ASK {slot} h:2\r\n"));
    let received = bench.received(1);
    let asked = "*1 $6 ASKING *2 $3 GET ";
    assert!(received.starts_with(asked), "{received}");
    assert!(received[asked.len()..].contains("*1 $6 ASKING *3 $6 EXPIRE"), "{received}");
    bench.say(1, "+OK\r\n$7\r\n[{},{}]\r\n+OK\r\n:1\r\n");
    assert_eq!(bench.outcomes(), [(2, "text".into())]);

    bench.start(&[load(3, &id)]);
    assert!(bench.received(0).contains("GET"), "the slot is still where it was");
}

#[test]
fn what_is_refused_for_a_moment_is_sent_again_and_fails_with_the_words_of_redis() {
    for words in ["TRYAGAIN", "CLUSTERDOWN", "LOADING", "MASTERDOWN", "NOREPLICAS", "READONLY"] {
        let mut bench = bench();
        let id = bench.id_on(0);
        bench.start(&[save(1, &id), load(2, &id)]);
        bench.received(0);
        bench.say(0, &format!("-{words} Not now\r\n"));
        assert_eq!(bench.received(0), "", "after a pause");
        let later = bench.start + Duration::from_millis(100);
        bench.run(later);
        assert_eq!(bench.received(0).matches("SET").count(), 1, "{words}");
        bench.say(0, &format!("-{words} Still not\r\n"));
        bench.run(bench.start + TIMEOUT);
        let failed = |ticket, code: &str| (ticket, code.to_owned());
        assert_eq!(bench.outcomes(), [failed(2, "REDIS"), failed(1, "REDIS")]);
    }
}

#[test]
fn a_command_that_is_sent_in_circles_slows_down_and_ends_at_its_deadline() {
    let mut bench = bench();
    let id = bench.id_on(0);
    let slot = slot_of(&id);
    bench.start(&[save(1, &id)]);
    let mut rounds = 0;
    for millisecond in 0..2000 {
        let now = bench.start + Duration::from_millis(millisecond);
        bench.run(now);
        for (node, other) in [(0, 2), (1, 1)] {
            while bench.received(node).contains("SET") {
                rounds += 1;
                let words = format!("-MOVED {slot} h:{other}\r\n");
                bench.servers[node].write_all(words.as_bytes()).unwrap();
                bench.run(now);
            }
        }
    }
    bench.run(bench.start + TIMEOUT);
    assert_eq!(bench.outcomes(), [(1, "REDIS".to_owned())]);
    assert!((10..100).contains(&rounds), "{rounds}");
}

#[test]
fn a_large_text_is_not_staged_where_its_slot_is_on_the_move() {
    let mut bench = bench();
    let id = bench.id_on(0);
    let text = [b'x'; 3000];
    let content = Content { id: id.as_bytes(), text: &text, expected: b"the old", tail: 3, ttl: 0 };
    bench.start(&[Request { ticket: 1, verb: Verb::Replace, content, waited: 0 }]);
    assert!(bench.received(0).contains("RENAME"));
    bench.say(0, "-ERR syntax error\r\n+OK\r\n-TRYAGAIN Multiple keys\r\n");
    bench.run(bench.start + Duration::from_millis(100));
    let received = bench.received(0);
    assert!(received.contains("EVAL") && !received.contains("RENAME"), "{received}");
    bench.say(0, ":1\r\n");
    assert_eq!(bench.outcomes(), [done(1)]);
}

#[test]
fn commands_wait_for_the_map_and_go_to_new_owners() {
    let options = Options { kind: Kind::Cluster, connections: 1, ..Bench::options() };
    let mut bench = Bench::with(options);
    bench.start(&[save(1, "a"), save(2, "b")]);
    bench.learn(&[(0..=16_383, 1)]);
    bench.run(bench.start);
    assert_eq!(bench.received(0).matches("SET").count(), 2);
    bench.say(0, "+OK\r\n+OK\r\n");
    assert_eq!(bench.outcomes(), [done(1), done(2)]);

    // The node leaves: what is in flight on it may finish, and what comes goes to the other.
    bench.start(&[save(3, "a")]);
    assert_eq!(bench.received(0).matches("SET").count(), 1);
    bench.learn(&[(0..=16_383, 2)]);
    bench.start(&[save(4, "b")]);
    assert_eq!(bench.received(1).matches("SET").count(), 1);
    bench.say(0, "+OK\r\n");
    bench.say(1, "+OK\r\n");
    assert_eq!(bench.outcomes(), [done(3), done(4)]);
    bench.engine.look(bench.start);
    assert_eq!(bench.servers[0].read(&mut [0; 10]).unwrap(), 0, "it is closed then");
}

#[test]
fn a_server_that_is_silent_is_left_once_another_has_taken_its_place() {
    let mut bench = bench();
    let ids = ["a", "b", "c", "d", "e", "f"];
    let mut own = ids.into_iter().filter(|id| slot_of(id) < 8192);
    let (one, other) = (own.next().unwrap(), own.next().unwrap());
    bench.start(&[save(1, one), load(2, other)]);
    let later = bench.start + TIMEOUT / 4;
    bench.run(later);
    assert!(bench.outcomes().is_empty(), "it still has its slots");
    bench.received(1);
    bench.learn(&[(0..=16_383, 2)]);
    bench.engine.look(later);
    bench.run(later);
    assert_eq!(bench.outcomes(), [(1, "DISCONNECTED".to_owned())], "it may have happened");
    assert!(bench.received(1).contains("GET"));
}

/// Sends a save that is given up at its deadline, shortly before which it was sent, and has the slot move.
fn give_up_a_save(bench: &mut Bench, id: &str) -> Instant {
    let left = 100;
    let waited = u32::try_from(TIMEOUT.as_millis()).unwrap() - left;
    bench.start(&[Request { waited, ..save(1, id) }]);
    assert!(bench.received(0).contains("SET"));
    let given_up = bench.start + Duration::from_millis(left.into());
    bench.run(given_up);
    assert_eq!(bench.outcomes(), [(1, "TIMEOUT".to_owned())]);
    bench.learn(&[(0..=16_383, 2)]);
    given_up
}

#[test]
fn a_save_that_was_given_up_is_not_overtaken_by_a_logout_on_another_node() {
    let mut bench = bench();
    let (id, other) = (bench.id_on(0), bench.id_on(1));
    let given_up = give_up_a_save(&mut bench, &id);
    bench.submit(Request::new(2, Verb::Delete, id.as_bytes()), given_up);
    bench.submit(Request::new(3, Verb::Delete, other.as_bytes()), given_up);
    bench.run(given_up);
    assert_eq!(bench.received(1).matches("DEL").count(), 1, "the other session's");
    bench.say(1, ":1\r\n");
    assert_eq!(bench.outcomes(), [done(3)]);

    // Whatever it was, the save cannot be done any more.
    bench.servers[0].write_all(b"-MOVED 1 h:2\r\n").unwrap();
    bench.run(given_up);
    assert!(bench.received(1).contains("DEL"));
    bench.servers[1].write_all(b":1\r\n").unwrap();
    bench.run(given_up);
    assert_eq!(bench.outcomes(), [done(2)]);
}

#[test]
fn a_node_that_never_answers_a_save_that_was_given_up_does_not_keep_its_session() {
    let mut bench = bench();
    let id = bench.id_on(0);
    let given_up = give_up_a_save(&mut bench, &id);
    // It keeps a slot, so that its connection is not closed for having none.
    bench.learn(&[(0..=0, 1), (1..=16_383, 2)]);
    bench.submit(Request::new(2, Verb::Delete, id.as_bytes()), given_up);
    bench.run(given_up);
    assert_eq!(bench.received(1), "");

    bench.run(bench.start + TIMEOUT * 3 / 4);
    assert_eq!(bench.servers[0].read(&mut [0; 10]).unwrap(), 0, "it is closed first");
    assert!(bench.received(1).contains("DEL"));
}

#[test]
fn a_silent_node_keeps_its_connection_while_those_who_wait_have_time() {
    let mut bench = bench();
    let id = bench.id_on(0);
    bench.start(&[save(1, &id)]);
    bench.run(bench.start + TIMEOUT * 3 / 4);
    assert_eq!(bench.outcomes(), []);
}

#[test]
fn a_ticket_that_is_used_again_is_not_taken_for_that_of_a_save_that_was_given_up() {
    let mut bench = bench();
    let (id, other) = (bench.id_on(0), bench.id_on(1));
    let given_up = give_up_a_save(&mut bench, &id);
    bench.submit(save(1, &other), given_up);
    bench.submit(Request::new(2, Verb::Delete, id.as_bytes()), given_up);
    bench.submit(Request::new(3, Verb::Delete, other.as_bytes()), given_up);
    bench.run(given_up);
    bench.servers[0].write_all(b"+OK\r\n").unwrap();
    bench.run(given_up);
    let received = bench.received(1);
    assert_eq!((received.matches("SET").count(), received.matches("DEL").count()), (1, 1));
    bench.servers[1].write_all(b"+OK\r\n:1\r\n").unwrap();
    bench.run(given_up);
    assert!(bench.received(1).contains("DEL"));
}

#[test]
fn a_redirect_to_the_same_address_is_followed_on_another_connection() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let mut bench = bench();
    bench.host = "127.0.0.1";
    bench.learn(&[(0..=16_383, port)]);
    let slot = slot_of("a");
    bench.start(&[save(1, "a")]);
    assert!(bench.received(2).contains("SET"));
    bench.say(2, &format!("-MOVED {slot} 127.0.0.1:{port}\r\n"));

    // One of those that come asks for the map.
    listener.set_nonblocking(true).unwrap();
    let (mut servers, mut received) = (Vec::new(), Vec::new());
    while !received.windows(3).any(|word| word == b"SET") {
        assert!(bench.start.elapsed() < TIMEOUT, "it did not come");
        bench.run(Instant::now());
        if let Ok((mut server, _)) = listener.accept() {
            server.write_all(b"+PONG\r\n").unwrap();
            server.set_nonblocking(true).unwrap();
            servers.push(server);
        }
        for server in &mut servers {
            let mut bytes = [0; 1000];
            let count = server.read(&mut bytes).unwrap_or(0);
            received.extend_from_slice(&bytes[..count]);
        }
    }
}

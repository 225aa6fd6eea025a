//! The store against a real Redis Cluster.

use std::thread;
use std::time::{Duration, Instant};

use crate::support::{Came, Client, Cluster, options};
use session_store::{Content, Kind, Options, Verb};

fn cluster_options(urls: Vec<String>) -> Options {
    Options { urls, kind: Kind::Cluster, ..options(String::new()) }
}

fn client(cluster: &Cluster) -> Client {
    Client::new(cluster_options(vec![cluster.url(0)]))
}

fn text(text: &str) -> Came {
    Came::Text(text.to_owned())
}

#[test]
fn sessions_are_on_the_nodes_that_have_their_slots() {
    let cluster = Cluster::start(3);
    let client = client(&cluster);
    let ids: Vec<String> = (0..300).map(|number| format!("id-{number}")).collect();
    let saves: Vec<_> = ids.iter().map(|id| client.start(Verb::Save, id, id)).collect();
    assert!(saves.into_iter().all(|ticket| client.wait(ticket) == Came::Done));
    let loads: Vec<_> = ids.iter().map(|id| client.start(Verb::Load, id, "")).collect();
    for (id, ticket) in ids.iter().zip(loads) {
        assert_eq!(client.wait(ticket), text(id));
    }
    for node in &cluster.nodes {
        assert!(node.command("DBSIZE")[1..].trim().parse::<u32>().unwrap() > 50);
        // One for sessions, at most one that has asked for the map, and this one.
        let clients = node.command("CLIENT LIST");
        assert!(clients.lines().filter(|line| line.starts_with("id=")).count() <= 3, "{clients}");
    }
}

#[test]
fn a_slot_moves_while_its_session_is_used() {
    let cluster = Cluster::start(2);
    let client = client(&cluster);
    for id in ["a", "b", "c"] {
        let key = format!("session:{id}");
        let slot = cluster.slot_of(&key);
        let from = cluster.owner_of(slot);
        let to = 1 - from;
        assert_eq!(client.save(id, "1"), Came::Done);
        cluster.open_slot(slot, from, to);
        assert_eq!(client.load(id), text("1"), "it is still there");
        cluster.move_key(&key, from, to);
        assert_eq!(client.load(id), text("1"), "it is there already");
        let large = "x".repeat(5000);
        for (old, new) in [("1", "2"), ("2", &large), (&large, "3")] {
            let content = Content {
                id: id.as_bytes(),
                text: new.as_bytes(),
                expected: old.as_bytes(),
                ..Content::default()
            };
            let replaced = client.wait(client.start_with(Verb::Replace, content));
            // A script that the node does not know yet is sent in full the next time.
            assert_eq!(replaced, Came::Done);
            assert_eq!(client.load(id), text(new));
        }
        cluster.close_slot(slot, to);
        assert_eq!(client.load(id), text("3"));
        assert_eq!(client.run(Verb::Delete, id, ""), Came::Done);
        assert_eq!(client.load(id), Came::Missing);
    }
}

#[test]
fn slots_move_under_load_without_an_error_and_no_session_is_lost() {
    let cluster = Cluster::start(2);
    let client = client(&cluster);
    let ids: Vec<String> = (0..40).map(|number| format!("{{{number}}}id")).collect();
    thread::scope(|scope| {
        let moving = scope.spawn(|| {
            for id in &ids {
                let key = format!("session:{id}");
                let slot = cluster.slot_of(&key);
                let from = cluster.owner_of(slot);
                cluster.open_slot(slot, from, 1 - from);
                thread::sleep(Duration::from_millis(5));
                for key in [key, format!("session:gone:{id}")] {
                    let migrate =
                        format!("MIGRATE 127.0.0.1 {} {key} 0 5000", cluster.nodes[1 - from].port);
                    cluster.nodes[from].command(&migrate);
                }
                thread::sleep(Duration::from_millis(5));
                cluster.close_slot(slot, 1 - from);
            }
        });
        let mut round = 0;
        while !moving.is_finished() || round < 3 {
            round += 1;
            let started: Vec<_> = ids
                .iter()
                .flat_map(|id| {
                    let value = format!("{id} {round}");
                    [client.start(Verb::Save, id, &value), client.start(Verb::Load, id, "")]
                })
                .collect();
            for (id, tickets) in ids.iter().zip(started.chunks(2)) {
                assert_eq!(client.wait(tickets[0]), Came::Done);
                assert_eq!(client.wait(tickets[1]), text(&format!("{id} {round}")));
            }
        }
    });
}

#[test]
fn a_seed_that_is_dead_is_passed_over_and_a_server_that_is_no_node_is_named() {
    let cluster = Cluster::start(1);
    let dead = format!("redis://127.0.0.1:{}", crate::support::free_port());
    let client = Client::new(cluster_options(vec![dead.clone(), cluster.url(0)]));
    assert_eq!(client.save("a", "1"), Came::Done);

    let single = crate::support::Server::start();
    let timeout = Duration::from_secs(9);
    let client = Client::new(Options { timeout, ..cluster_options(vec![single.url()]) });
    let started = Instant::now();
    let Came::Failed("CONNECT", message) = client.load("a") else { panic!() };
    assert!(message.contains("is not a node of a Redis Cluster"), "{message}");
    assert!(started.elapsed() < timeout / 2);

    let client = Client::new(Options {
        timeout: Duration::from_millis(300),
        ..cluster_options(vec![dead.clone()])
    });
    let Came::Failed("CONNECT", message) = client.load("a") else { panic!() };
    assert!(message.contains(&dead) && message.contains("refused"), "{message}");
}

#[test]
fn a_node_that_was_drained_and_removed_is_let_go_of() {
    let mut cluster = Cluster::start(1);
    let client = client(&cluster);
    cluster.add(Cluster::start_node());
    let slot = cluster.slot_of("session:a");
    cluster.open_slot(slot, 0, 1);
    cluster.close_slot(slot, 1);
    assert_eq!(client.save("a", "1"), Came::Done);

    cluster.open_slot(slot, 1, 0);
    cluster.move_key("session:a", 1, 0);
    cluster.close_slot(slot, 0);
    drop(cluster.nodes.pop());
    assert_eq!(client.load("a"), text("1"));
}

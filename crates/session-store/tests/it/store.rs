//! The store against a real server.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use crate::support::{Came, Client, Server, options};
use session_store::{Event, Options, Verb};

fn text(text: &str) -> Came {
    Came::Text(text.to_owned())
}

#[test]
fn a_session_is_written_read_touched_and_deleted() {
    let server = Server::start();
    let client = Client::new(options(server.url()));

    assert_eq!(client.load("a"), Came::Missing);
    assert_eq!(client.save("a", "[{},{}]"), Came::Done);
    assert_eq!(server.command("TTL session:a"), ":60\r\n");
    server.command("EXPIRE session:a 5");
    assert_eq!(client.load("a"), text("[{},{}]"));
    assert_eq!(server.command("TTL session:a"), ":60\r\n");
    server.command("EXPIRE session:a 5");
    assert_eq!(client.run(Verb::Touch, "a", ""), Came::Done);
    assert_eq!(server.command("TTL session:a"), ":60\r\n");
    assert_eq!(client.run(Verb::Delete, "a", ""), Came::Done);
    assert_eq!(client.load("a"), Came::Missing);
    assert_eq!(client.run(Verb::Touch, "a", ""), Came::Missing);
}

#[test]
fn a_session_that_has_vanished_is_not_written_again() {
    let server = Server::start();
    let client = Client::new(options(server.url()));

    assert_eq!(client.run(Verb::SaveExisting, "a", "1"), Came::Missing);
    assert_eq!(server.command("DBSIZE"), ":0\r\n");
}

#[test]
fn a_text_is_added_to_and_read_without_a_refresh() {
    let server = Server::start();
    let client = Client::new(options(server.url()));

    assert_eq!(client.run(Verb::Peek, "a", ""), Came::Missing);
    assert_eq!(client.run(Verb::Append, "a", "1"), Came::Done);
    assert_eq!(client.run(Verb::Append, "a", "2"), Came::Done);
    assert_eq!(client.run(Verb::Peek, "a", ""), text("12"));
    assert_eq!(server.command("TTL session:a"), ":-1\r\n");
}

#[test]
fn commands_of_one_session_are_done_in_the_order_they_were_handed_over() {
    let server = Server::start();
    for connections in [1, 4] {
        let client = Client::new(Options { connections, ..options(server.url()) });
        client.save("a", "1");

        let read = client.start(Verb::Load, "a", "");
        let wrote = client.start(Verb::SaveExisting, "a", "2");
        let read_again = client.start(Verb::Load, "a", "");
        let deleted = client.start(Verb::Delete, "a", "");
        let gone = client.start(Verb::Load, "a", "");

        assert_eq!(client.wait(read), text("1"));
        assert_eq!(client.wait(wrote), Came::Done);
        assert_eq!(client.wait(read_again), text("2"));
        assert_eq!(client.wait(deleted), Came::Done);
        assert_eq!(client.wait(gone), Came::Missing);
    }
}

#[test]
fn ten_thousand_commands_at_once_each_get_their_own_answer() {
    let server = Server::start();
    let client = Client::new(Options { connections: 3, ..options(server.url()) });
    let ids: Vec<String> = (0..10_000).map(|number| format!("id-{number}")).collect();
    let tickets: Vec<_> = ids
        .iter()
        .flat_map(|id| {
            let value = format!("{id} {}", "ü".repeat(id.len() * 7));
            [client.start(Verb::Save, id, &value), client.start(Verb::Load, id, "")]
        })
        .collect();
    for (id, pair) in ids.iter().zip(tickets.chunks(2)) {
        assert_eq!(client.wait(pair[0]), Came::Done);
        assert_eq!(client.wait(pair[1]), text(&format!("{id} {}", "ü".repeat(id.len() * 7))));
    }
}

#[test]
fn a_large_session_comes_back_whole() {
    let server = Server::start();
    let client = Client::new(options(server.url()));
    let large = "0123456789abcdef".repeat(640 * 1024);
    assert_eq!(client.save("large", &large), Came::Done);
    assert_eq!(client.load("large"), text(&large));
    assert_eq!(client.save("small", "1"), Came::Done);
}

#[test]
fn a_server_that_comes_back_is_used_again() {
    let server = Server::start();
    let client = Client::new(options(server.url()));
    assert_eq!(client.save("a", "1"), Came::Done);

    let port = server.port;
    drop(server);
    let read = client.start(Verb::Load, "a", "");
    let server = Server::start_on(port);
    assert_eq!(client.wait(read), Came::Missing, "it waited for the server and asked it");
    assert_eq!(client.save("a", "2"), Came::Done);
    assert_eq!(server.command("GET session:a"), "$1\r\n2\r\n");
}

#[test]
fn a_wrong_password_fails_at_once_and_shows_no_secret() {
    let server = Server::start();
    server.command("CONFIG SET requirepass hunter2");
    let url = format!("redis://:hunter3@127.0.0.1:{}", server.port);
    let client = Client::new(Options { timeout: Duration::from_secs(9), ..options(url) });
    match client.load("a") {
        Came::Failed("CONNECT", message) => {
            assert!(message.contains("WRONGPASS"), "{message}");
            assert!(message.contains(&server.port.to_string()), "{message}");
            assert!(!message.contains("hunter"), "{message}");
        }
        came => panic!("{came:?}"),
    }
}

#[test]
fn a_panic_on_the_thread_fails_who_waits_and_hangs_nobody() {
    static PANICS: AtomicBool = AtomicBool::new(true);
    let server = Server::start();
    let client = Client::with_wake(options(server.url()), || {
        assert!(!PANICS.swap(false, Ordering::SeqCst), "a panic on purpose, once");
    });
    client.start(Verb::Load, "a", "");
    let came = client.wait_for_everyone();
    assert!(matches!(came, Came::Failed("DISCONNECTED", _)), "{came:?}");
    assert_eq!(client.save("a", "1"), Came::Done);
    assert_eq!(client.load("a"), text("1"));
}

#[test]
fn what_happens_to_connections_is_told() {
    let server = Server::start();
    let client = Client::new(options(server.url()));
    let address = server.url();
    assert_eq!(client.save("a", "1"), Came::Done);
    assert_eq!(
        *client.events.lock().unwrap(),
        [Event::Connect { address: address.clone(), attempt: 1 }]
    );

    let port = server.port;
    drop(server);
    let read = client.start(Verb::Load, "a", "");
    while !matches!(client.events.lock().unwrap().last(), Some(Event::Reconnect { attempt: 2, .. }))
    {
        client.fetch();
        std::thread::yield_now();
    }
    let _server = Server::start_on(port);
    assert_eq!(client.wait(read), Came::Missing);
    let events = client.events.lock().unwrap();
    let is_at = |address: &str| address == format!("redis://127.0.0.1:{port}");
    assert!(events.iter().any(
        |event| matches!(event, Event::Disconnect { address, cause } if is_at(address) && !cause.is_empty())
    ));
    assert!(
        events
            .iter()
            .any(|event| matches!(event, Event::Reconnect { attempt: 1, delay, cause, .. }
        if *delay > Duration::ZERO && cause.contains("refused")))
    );
    assert!(matches!(events.last(), Some(Event::Connect { attempt: 3.., .. })), "{events:?}");
}

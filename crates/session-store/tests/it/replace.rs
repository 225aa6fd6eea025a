//! Texts that are written over a certain one, on a server that compares by a script: large ones are staged.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use crate::support::{Came, Client, Server, free_port, options};
use session_store::{Content, Options, Ticket, Verb};

/// Which texts are told by their last bytes.
const TAIL: u32 = 4;

/// A text that is staged.
fn large(end: &str) -> String {
    format!("{}{end:>4}", "x".repeat(5000))
}

fn start(client: &Client, id: &str, expected: &str, text: &str) -> Ticket {
    let (id, expected, text) = (id.as_bytes(), expected.as_bytes(), text.as_bytes());
    client.start_with(Verb::Replace, Content { id, text, expected, tail: TAIL, ttl: 0 })
}

fn replace(client: &Client, id: &str, expected: &str, text: &str) -> Came {
    client.wait(start(client, id, expected, text))
}

/// How often the server was asked to rename a key, which only happens to staged texts.
fn renames(server: &Server) -> usize {
    let stats = server.command("INFO commandstats");
    let calls = stats.split_once("cmdstat_rename:calls=").map_or("0", |(_, rest)| rest);
    calls.split(',').next().unwrap().parse().unwrap()
}

fn staged_keys(server: &Server) -> String {
    server.command("KEYS session:gone:*")
}

const NONE: &str = "*0\r\n";

#[test]
fn a_large_text_is_written_over_the_expected_one_only() {
    let server = Server::start();
    let (old, new) = (large("old"), large("new"));
    for (ttl, own_ttl, seconds) in
        [(Some(100), 0, 100), (Some(100), 7, 7), (None, 7, 7), (None, 0, -1)]
    {
        let client = Client::new(Options { ttl, ..options(server.url()) });
        let before = renames(&server);
        for (expected, tail) in [(&old[..], TAIL), (&old[old.len() - 4..], TAIL), (&old[..], 0)] {
            client.save("a", &old);
            let replace = |expected: &str| {
                let (id, text, expected) = (b"a", new.as_bytes(), expected.as_bytes());
                let content = Content { id, text, expected, tail, ttl: own_ttl };
                client.wait(client.start_with(Verb::Replace, content))
            };
            assert_eq!(replace("none"), Came::Missing);
            assert_eq!(client.run(Verb::Peek, "a", ""), Came::Text(old.clone()));
            assert_eq!(replace(expected), Came::Done);
            assert_eq!(server.command("TTL session:a"), format!(":{seconds}\r\n"));
            assert_eq!(client.run(Verb::Peek, "a", ""), Came::Text(new.clone()));
        }
        assert_eq!(renames(&server) - before, 3, "the texts were staged");
        assert_eq!(staged_keys(&server), NONE);
    }
}

#[test]
fn of_two_hundred_writers_over_the_same_text_one_succeeds() {
    let server = Server::start();
    let clients =
        [1, 2].map(|connections| Client::new(Options { connections, ..options(server.url()) }));
    for round in 0..5 {
        let old = large(&round.to_string());
        clients[0].save("a", &old);
        let texts: Vec<String> = (100..300).map(|number| large(&number.to_string())).collect();
        let started = texts.iter().enumerate().map(|(index, text)| {
            let client = &clients[index % 2];
            (client, start(client, "a", &old, text), text)
        });
        let done: Vec<_> = started
            .collect::<Vec<_>>()
            .into_iter()
            .filter(|(client, ticket, _)| client.wait(*ticket) == Came::Done)
            .collect();
        assert_eq!(done.len(), 1);
        assert_eq!(clients[0].load("a"), Came::Text(done[0].2.clone()));
        assert_eq!(staged_keys(&server), NONE);
    }
    assert_eq!(renames(&server), 5);
}

#[test]
fn a_text_that_cannot_be_staged_is_refused_in_the_words_of_redis() {
    for (refuse, admit, words) in [
        ("CONFIG SET maxmemory 1", "CONFIG SET maxmemory 0", "OOM "),
        ("REPLICAOF 127.0.0.1 1", "REPLICAOF NO ONE", "READONLY "),
        ("CONFIG SET min-replicas-to-write 1", "CONFIG SET min-replicas-to-write 0", "NOREPLICAS "),
        ("ACL SETUSER default -set", "ACL SETUSER default +set", "NOPERM "),
    ] {
        let server = Server::start();
        let client = Client::new(options(server.url()));
        let [old, new] = ["old", "new"].map(large);
        client.save("a", &old);
        client.save("b", "[{},{}]");
        for is_known in [false, true] {
            server.command(refuse);
            let tickets = [
                start(&client, "a", &old, &new),
                client.start(Verb::Peek, "b", ""),
                start(&client, "a", "none", &new),
                client.start(Verb::Peek, "a", ""),
            ];
            let [first, peek, second, text] = tickets.map(|ticket| client.wait(ticket));
            for came in [first, second] {
                // Once a user is known to be denied something, nothing is staged, and compared first.
                let is_compared = words == "NOPERM ";
                let Came::Failed("REDIS", message) = came else {
                    assert!(is_compared && came == Came::Missing, "{came:?} for {words}");
                    continue;
                };
                let is_denied = is_compared && message.contains("can't run this command");
                assert!(is_denied || message.contains(&format!("answered: {words}")), "{message}");
            }
            assert_eq!(peek, Came::Text("[{},{}]".into()));
            assert_eq!(text, Came::Text(old.clone()));

            server.command(admit);
            assert_eq!(staged_keys(&server), NONE);
            if !is_known {
                // The server knows the script from here on.
                assert_eq!(until_taken(&client, &old, &new), Came::Done);
                assert_eq!(until_taken(&client, &new, &old), Came::Done);
            }
        }
    }
}

/// Replaces; again while the connection to a server that was a replica is made anew.
fn until_taken(client: &Client, expected: &str, text: &str) -> Came {
    let deadline = Instant::now() + Duration::from_secs(5);
    loop {
        let came = replace(client, "a", expected, text);
        if !matches!(came, Came::Failed(..)) || Instant::now() > deadline {
            return came;
        }
    }
}

#[test]
fn a_user_who_is_denied_a_command_is_told_what_to_allow() {
    for command in ["eval", "getrange", "rename", "expire"] {
        let server = Server::start();
        let client = Client::new(options(server.url()));
        let [old, new] = ["old", "new"].map(large);
        client.save("a", &old);
        server.command(&format!("ACL SETUSER default -{command}"));
        let came = replace(&client, "a", &old, &new);
        let Came::Failed("REDIS", message) = came else { panic!("{came:?} for {command}") };
        assert!(
            message.contains(". Allow this user +eval, +evalsha, +getrange, +rename and +expire,"),
            "{message}"
        );
        for _ in 0..20 {
            replace(&client, "a", "none", &new);
        }
        // What cannot be fetched from there is not staged again.
        let keys = staged_keys(&server);
        assert!(keys.starts_with("*0\r\n") || keys.starts_with("*1\r\n"), "{keys}");

        server.command(&format!("ACL SETUSER default +{command}"));
        assert_eq!(client.load("a"), Came::Text(old.clone()));
        assert_eq!(replace(&client, "a", &old, &new), Came::Done);
    }
}

#[test]
fn a_user_with_the_rights_of_the_readme_can_save_texts_of_any_size() {
    let server = Server::start();
    let rights =
        "~session:* +getex +get +set +del +expire +append +eval +evalsha +getrange +rename";
    server.command(&format!("ACL SETUSER ann on >secret {rights}"));
    let url = format!("redis://ann:secret@127.0.0.1:{}", server.port);
    let client = Client::new(options(url));
    let texts = [large("old"), large("new"), "[{},{}]".into(), large("last"), large("over")];
    client.save("a", &texts[0]);
    for pair in texts.windows(2) {
        assert_eq!(replace(&client, "a", &pair[0], &pair[1]), Came::Done);
    }
    assert_eq!(replace(&client, "a", "none", &texts[0]), Came::Missing);
    assert_eq!(staged_keys(&server), NONE);
}

#[test]
fn a_script_that_the_server_has_forgotten_is_sent_again_and_what_was_staged_for_it_expires() {
    let server = Server::start();
    let client = Client::new(Options { ttl: Some(1000), ..options(server.url()) });
    let [one, two, three] = ["1", "2", "3"].map(large);
    client.save("a", &one);
    assert_eq!(replace(&client, "a", &one, &two), Came::Done);
    server.command("SCRIPT FLUSH");
    assert_eq!(replace(&client, "a", &two, &three), Came::Missing);
    assert_eq!(client.load("a"), Came::Text(two.clone()));

    expect_to_expire(&server);
    assert_eq!(replace(&client, "a", &two, &three), Came::Done);
}

/// Passes one connection on, up to where it asks for a script.
fn cut_before_scripts(server: &Server) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let upstream = TcpStream::connect(("127.0.0.1", server.port)).unwrap();
    thread::spawn(move || {
        let mut client = listener.accept().unwrap().0;
        let (mut replies, mut to) = (upstream.try_clone().unwrap(), client.try_clone().unwrap());
        thread::spawn(move || {
            let _ = io::copy(&mut replies, &mut to);
            let _ = to.shutdown(Shutdown::Both);
        });
        let (mut bytes, mut byte) = (&upstream, [0]);
        let mut last = Vec::new();
        while !last.ends_with(b"EVAL") {
            client.read_exact(&mut byte).unwrap();
            last.extend_from_slice(&byte);
            bytes.write_all(&byte).unwrap();
        }
        upstream.shutdown(Shutdown::Write).unwrap();
    });
    port
}

#[test]
fn what_was_staged_for_a_script_that_never_came_expires() {
    let server = Server::start();
    let [old, new] = ["old", "new"].map(large);
    let direct = Client::new(options(server.url()));
    direct.save("a", &old);
    let url = format!("redis://127.0.0.1:{}", cut_before_scripts(&server));
    let came = replace(&Client::new(options(url)), "a", &old, &new);
    assert!(matches!(came, Came::Failed("DISCONNECTED", _)), "{came:?}");
    assert_eq!(direct.load("a"), Came::Text(old.clone()));
    expect_to_expire(&server);
    assert_eq!(replace(&direct, "a", &old, &new), Came::Done);
}

/// Expects one staged text, which lives for a minute at most.
fn expect_to_expire(server: &Server) {
    let keys = staged_keys(server);
    assert!(keys.starts_with("*1\r\n"), "{keys}");
    let key = keys.split("\r\n").nth(2).unwrap();
    let ttl = server.command(&format!("TTL {key}"));
    let seconds: i32 = ttl.trim_start_matches(':').trim_end().parse().unwrap();
    assert!((50..=60).contains(&seconds), "{seconds}");
}

#[test]
fn the_script_says_when_what_was_staged_is_not_there() {
    let server = Server::start();
    let client = Client::new(options(server.url()));
    client.save("a", "the old");
    let script = include_str!("../../src/verbs/replace_staged.lua").replace('\n', "\\n");
    let run = |end: &str| {
        let keys = "session:a session:gone:none";
        server.command(&format!("EVAL \"{script}\" 2 {keys} -3 {end} EXPIRE 60"))
    };
    assert!(run("old").starts_with("-UNSTAGED "), "{}", run("old"));
    assert_eq!(run("new"), ":0\r\n");
    assert_eq!(client.load("a"), Came::Text("the old".into()));
}

#[test]
fn a_text_is_staged_in_the_slot_of_its_session() {
    let server = Server::start_with(free_port(), &["--cluster-enabled", "yes"]);
    // An inline command has 64 KB at most.
    for slots in (0..16384).collect::<Vec<_>>().chunks(4096) {
        let slots: Vec<String> = slots.iter().map(i32::to_string).collect();
        server.command(&format!("CLUSTER ADDSLOTS {}", slots.join(" ")));
    }
    let deadline = Instant::now() + Duration::from_secs(20);
    while !server.command("CLUSTER INFO").contains("cluster_state:ok") {
        assert!(Instant::now() < deadline, "the cluster of one node did not come up");
        thread::sleep(Duration::from_millis(20));
    }
    let client = Client::new(options(server.url()));
    let [old, new] = ["old", "new"].map(large);
    for id in ["a", "b:c", "with{braces}", "with}a{brace", "ü"] {
        client.save(id, &old);
        assert_eq!(replace(&client, id, &old, &new), Came::Done);
        assert_eq!(client.load(id), Came::Text(new.clone()));
    }
    assert_eq!(renames(&server), 3, "keys with braces are left as they are");
}

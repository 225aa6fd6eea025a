//! The first words with Redis: logs in, and chooses the database.

use super::ConnectError;
use super::talk::{NOT_REDIS, Talk};
use crate::config::{Identity, Server};
use crate::error::without_arguments;
use crate::resp::{Reply, error_code};

/// What servers list us as.
const NAME: &[u8] = b"remix-session-storage-redis";
const VERSION: &[u8] = env!("CARGO_PKG_VERSION").as_bytes();

/// What a reply has to be.
enum Expected<'a> {
    Welcome,
    /// A user who may use a few commands only may be denied this one, and a server that takes no writes refuses it;
    /// sessions can be read all the same.
    Pong,
    Primary,
    /// The node of this name. One that is not asked may be another by now.
    Node(&'a str),
    /// It is only told something.
    Anything,
}

/// Is let in, and says who comes.
pub(super) fn greet(talk: &mut Talk<'_>, server: &Server) -> Result<(), ConnectError> {
    let Server { username, password, database, .. } = server;
    let number = database.to_string();
    let mut commands: Vec<(Vec<&[u8]>, Expected<'_>)> = Vec::new();
    if let Some(password) = password {
        let mut login: Vec<&[u8]> = vec![b"AUTH"];
        login.extend(username.as_ref().map(String::as_bytes));
        login.push(password.as_bytes());
        commands.push((login, Expected::Welcome));
    }
    if *database != 0 {
        commands.push((vec![b"SELECT", number.as_bytes()], Expected::Welcome));
    }
    // Every server answers this, so whatever does not is something else. It comes before what may be
    // refused, because the first reply can be that there is no room for another client.
    commands.push((vec![b"PING"], Expected::Pong));
    commands.push((vec![b"CLIENT", b"SETNAME", NAME], Expected::Anything));
    commands.push((vec![b"CLIENT", b"SETINFO", b"LIB-NAME", NAME], Expected::Anything));
    commands.push((vec![b"CLIENT", b"SETINFO", b"LIB-VER", VERSION], Expected::Anything));
    match &server.identity {
        Identity::Any => {}
        Identity::Primary => {
            // If it is demoted, it refuses reads, too, instead of answering with what was.
            commands.push((vec![b"CLIENT", b"CAPA", b"redirect"], Expected::Anything));
            commands.push((vec![b"ROLE"], Expected::Primary));
        }
        Identity::Node(id) => commands.push((vec![b"CLUSTER", b"MYID"], Expected::Node(id))),
    }
    let words: Vec<&[&[u8]]> = commands.iter().map(|(words, _)| &words[..]).collect();
    talk.send(&words)?;

    let secrets = [password.as_deref().unwrap_or_default()];
    for (_, expected) in &commands {
        talk.reply(|reply| match expected {
            Expected::Welcome => accept(reply, &[], &secrets),
            Expected::Pong => accept(reply, &["NOPERM", "MISCONF"], &secrets),
            Expected::Primary => check_primary(reply),
            Expected::Node(id) => check_node(reply, id),
            Expected::Anything => Ok(()),
        })?;
    }
    Ok(())
}

/// Checks that a node is the one that is wanted. Where addresses are given out again, another server may have got its
/// address: a node, be it of another cluster, or one without cluster support, which knows no such command.
fn check_node(reply: &Reply<'_>, id: &str) -> Result<(), ConnectError> {
    let is_another = match reply {
        Reply::Bulk(own) => *own != id.as_bytes(),
        Reply::Error(words) => error_code(words) == b"ERR",
        _ => false,
    };
    if is_another {
        return Err(ConnectError::transient("another server has this address now"));
    }
    Ok(())
}

/// Checks that a server is no replica. One that does not let us ask will refuse writes if it is.
fn check_primary(reply: &Reply<'_>) -> Result<(), ConnectError> {
    match reply {
        Reply::Array(role) if role.first() == Some(&Reply::Bulk(b"master")) => Ok(()),
        Reply::Array(_) => Err(ConnectError::transient("the server is a replica now")),
        Reply::Error(_) => Ok(()),
        _ => Err(ConnectError::permanent(NOT_REDIS)),
    }
}

fn accept(reply: &Reply<'_>, tolerated: &[&str], secrets: &[&str]) -> Result<(), ConnectError> {
    let words = match reply {
        Reply::Status(_) => return Ok(()),
        Reply::Error(words) => words,
        _ => return Err(ConnectError::permanent(NOT_REDIS)),
    };
    let words = without_arguments(words, secrets, b"");
    let code = words.split(' ').next().unwrap_or_default();
    if tolerated.contains(&code) {
        return Ok(());
    }
    let reason = format!("Redis answered: {words}");
    // These pass by themselves: a server that starts, a replica without its primary, or one with no
    // room for another client, which has no code of its own.
    let is_transient = ["LOADING", "MASTERDOWN", "BUSY", "TRYAGAIN", "CLUSTERDOWN"].contains(&code)
        || words.starts_with("ERR max number of clients reached");
    if is_transient {
        Err(ConnectError::transient(reason))
    } else {
        Err(ConnectError::permanent(reason))
    }
}

#[cfg(test)]
mod tests {
    use std::io::{self, Read, Write};

    use super::*;
    use crate::config::{Config, Options};

    /// A server that says its words a few bytes at a time.
    struct Script(Vec<u8>, usize);

    impl Read for Script {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let count = self.0.len().min(self.1).min(buffer.len());
            buffer[..count].copy_from_slice(&self.0[..count]);
            self.0.drain(..count);
            Ok(count)
        }
    }

    impl Write for Script {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn greeted(replies: &str) -> Result<(), ConnectError> {
        let urls = vec!["redis://:hunter2@localhost/3".into()];
        let config = Config::new(Options { urls, ..Options::default() }).unwrap();
        let mut script = Script(replies.as_bytes().to_vec(), 3);
        let mut talk = Talk::new(&mut script, false);
        greet(&mut talk, config.seeds.first()).and_then(|()| talk.end())
    }

    /// What servers say to who comes.
    const INTRODUCED: &str = "+OK\r\n-ERR Unknown subcommand\r\n-NOPERM no\r\n";

    #[test]
    fn a_server_that_lets_us_in_may_refuse_the_ping_and_not_know_what_clients_say_of_themselves() {
        for pong in ["+PONG", "-NOPERM no", "-MISCONF no writes"] {
            let greeting = greeted(&format!("+OK\r\n+OK\r\n{pong}\r\n{INTRODUCED}"));
            assert!(greeting.is_ok(), "{greeting:?}");
        }
    }

    #[test]
    fn what_passes_by_itself_is_tried_again_and_nothing_else() {
        for (replies, is_permanent) in [
            ("-ERR max number of clients reached\r\n", false),
            ("+OK\r\n+OK\r\n-LOADING Redis is loading\r\n", false),
            ("+OK\r\n", false),
            ("-WRONGPASS no\r\n", true),
            ("+OK\r\n-ERR DB index is out of range\r\n", true),
            ("+OK\r\n+OK\r\n-NOAUTH who are you\r\n", true),
            ("HTTP/1.1 400 Bad Request\r\n", true),
            ("$99999999\r\n", true),
            (&format!("+OK\r\n+OK\r\n+PONG\r\n{INTRODUCED}$1"), true),
        ] {
            assert_eq!(greeted(replies).unwrap_err().is_permanent, is_permanent, "{replies}");
        }
    }

    #[test]
    fn a_server_that_repeats_the_password_does_not_get_it_into_the_message() {
        let words = "-ERR unknown command 'AUTH', with args beginning with: 'hunter2'\r\n";
        for words in [words, "-ERR hunter2?\r\n"] {
            let reason = greeted(words).unwrap_err().reason;
            assert!(!reason.contains("hunter"), "{reason}");
        }
    }
}

//! The first words with Redis: logs in, and chooses the database.

use std::io::{self, Read, Write};

use super::ConnectError;
use crate::config::{Endpoint, Server};
use crate::error::without_arguments;
use crate::resp::{Parsed, Reply, parse, write_command};

const NOT_REDIS: &str = "what answered is not a Redis server";

/// Longer than any reply to a greeting.
const MOST_BYTES: usize = 64 * 1024;

/// Is let in.
pub(super) fn greet(stream: &mut (impl Read + Write), server: &Server) -> Result<(), ConnectError> {
    let Server { username, password, database, .. } = server;
    let uses_tls = matches!(server.endpoint, Endpoint::Tcp { tls: Some(_), .. });
    let mut words = Vec::new();
    match (username, password) {
        (Some(user), Some(password)) => {
            write_command(&mut words, &[b"AUTH", user.as_bytes(), password.as_bytes()]);
        }
        (None, Some(password)) => write_command(&mut words, &[b"AUTH", password.as_bytes()]),
        (_, None) => {}
    }
    if *database != 0 {
        write_command(&mut words, &[b"SELECT", database.to_string().as_bytes()]);
    }
    // Every server answers this, so whatever does not is something else.
    write_command(&mut words, &[b"PING"]);
    stream.write_all(&words).map_err(|error| ConnectError::from_io(&error, uses_tls))?;

    let mut replies = Replies { stream, received: Vec::new(), uses_tls };
    let secrets = [password.as_deref().unwrap_or_default()];
    if password.is_some() {
        replies.next(|reply| accept(reply, &[], &secrets))?;
    }
    if *database != 0 {
        replies.next(|reply| accept(reply, &[], &secrets))?;
    }
    // A user who may use a few commands only may be denied this one, and a server that takes no
    // writes refuses it; sessions can be read all the same.
    replies.next(|reply| accept(reply, &["NOPERM", "MISCONF"], &secrets))?;
    // It would be taken for the reply to the first command.
    if replies.received.is_empty() { Ok(()) } else { Err(ConnectError::permanent(NOT_REDIS)) }
}

struct Replies<'a, S> {
    stream: &'a mut S,
    received: Vec<u8>,
    uses_tls: bool,
}

impl<S: Read> Replies<'_, S> {
    /// Waits for a reply.
    fn next<T>(
        &mut self,
        take: impl FnOnce(&Reply<'_>) -> Result<T, ConnectError>,
    ) -> Result<T, ConnectError> {
        loop {
            match parse(&self.received, MOST_BYTES) {
                Parsed::Reply(Reply::Oversized(_), _) | Parsed::Invalid => {
                    return Err(ConnectError::permanent(NOT_REDIS));
                }
                Parsed::Reply(reply, length) => {
                    let taken = take(&reply)?;
                    self.received.drain(..length);
                    return Ok(taken);
                }
                Parsed::Incomplete(_) if self.received.len() > MOST_BYTES => {
                    return Err(ConnectError::permanent(NOT_REDIS));
                }
                Parsed::Incomplete(_) => self.receive()?,
            }
        }
    }

    fn receive(&mut self) -> Result<(), ConnectError> {
        let mut bytes = [0; 512];
        let result = match self.stream.read(&mut bytes) {
            Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(0),
            result => result,
        };
        let count = result.map_err(|error| ConnectError::from_io(&error, self.uses_tls))?;
        self.received.extend_from_slice(&bytes[..count]);
        Ok(())
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
        greet(&mut Script(replies.as_bytes().to_vec(), 3), config.seeds.first())
    }

    #[test]
    fn a_server_that_lets_us_in_may_refuse_the_ping() {
        for pong in ["+PONG", "-NOPERM no", "-MISCONF no writes"] {
            assert!(greeted(&format!("+OK\r\n+OK\r\n{pong}\r\n")).is_ok(), "{pong}");
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
            ("+OK\r\n+OK\r\n+PONG\r\n$1", true),
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

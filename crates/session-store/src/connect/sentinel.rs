//! Asks sentinels which server is the primary, and whether that is true.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{ConnectError, Talk, connect, connect_and};
use crate::config::{Server, Watched};
use crate::error::without_arguments;
use crate::resp::{Reply, error_code};

/// How long a sentinel may take to answer, where there are others to ask.
const PATIENCE: Duration = Duration::from_millis(400);

/// Asks one sentinel after the other, until the server that one of them names says of itself that it is the primary.
/// Returns which sentinel that was, and the server.
pub(crate) fn find_primary(
    sentinels: &[Arc<Server>],
    watched: &Watched,
    time: Duration,
) -> Result<(Arc<Server>, Server), ConnectError> {
    let deadline = Instant::now() + time;
    let left = || deadline.saturating_duration_since(Instant::now());
    let mut failures = Failures::default();
    // Sentinels learn of a new primary one by one, and one may be cut off from the others.
    let mut refuted: Vec<Server> = Vec::new();
    for (asked, sentinel) in sentinels.iter().enumerate() {
        let others = u32::try_from(sentinels.len() - asked).unwrap_or(u32::MAX);
        let share = (left() / (others + 1)).min(PATIENCE);
        let address = match connect_and(sentinel, share, |talk| ask(talk, &watched.name)) {
            Ok((_, Some(address))) => address,
            Ok((_, None)) => {
                failures.unknown += 1;
                continue;
            }
            Err(error) => {
                failures.of_sentinel(sentinel, &error);
                continue;
            }
        };
        failures.is_named = true;
        let server = watched.server.at(&address.host, address.port, Some(&address.host));
        if refuted.iter().any(|other| other.is_at(&server)) {
            continue;
        }
        // One that hangs leaves time for another one, which the next sentinel may name.
        match connect(&server, left() / 2) {
            Ok(_) => return Ok((Arc::clone(sentinel), server)),
            Err(error) => failures.of_server(&server, &error),
        }
        refuted.push(server);
    }
    Err(failures.into_error(sentinels.len(), &watched.name))
}

/// Every sentinel says the first when it knows of a new primary; but the one that has made it so names the
/// new one from when it says the second, up to seconds earlier.
const CHANNELS: [&[u8]; 2] = [b"+switch-master", b"+promoted-slave"];

/// Has a sentinel tell of each primary whose place another server takes.
pub(crate) fn subscribe(talk: &mut Talk<'_>) -> Result<(), ConnectError> {
    talk.send(&[&[b"SUBSCRIBE", CHANNELS[0], CHANNELS[1]]])?;
    for _ in CHANNELS {
        talk.reply(|reply| match reply {
            Reply::Array(_) => Ok(()),
            Reply::Error(words) => Err(refusal(words)),
            _ => Err(not_a_sentinel()),
        })?;
    }
    // Whoever has subscribed asks once more, whatever was told before.
    talk.skip();
    Ok(())
}

/// Whether a message says that the primary of this name is another server now: `["message", channel, words]`,
/// where the words are `name old-host old-port new-host new-port`, or `slave replica host port @ name host port`.
pub(crate) fn is_switch_of(name: &str, message: &Reply<'_>) -> bool {
    let Reply::Array(parts) = message else { return false };
    let [Reply::Bulk(b"message"), Reply::Bulk(channel), Reply::Bulk(words)] = &parts[..] else {
        return false;
    };
    let mut words = words.split(|byte| *byte == b' ');
    let named = match CHANNELS.iter().position(|known| known == channel) {
        Some(0) => words.next(),
        Some(_) => words.skip_while(|word| *word != b"@").nth(1),
        None => None,
    };
    named == Some(name.as_bytes())
}

/// Where sentinels say that a server is.
#[derive(Debug, PartialEq, Eq)]
struct Address {
    host: String,
    port: u16,
}

/// Asks a sentinel for the primary of this name, which it may not know.
fn ask(talk: &mut Talk<'_>, name: &str) -> Result<Option<Address>, ConnectError> {
    talk.send(&[&[b"SENTINEL", b"GET-MASTER-ADDR-BY-NAME", name.as_bytes()]])?;
    talk.reply(|reply| match reply {
        Reply::Nil => Ok(None),
        Reply::Error(words) if error_code(words) == b"IDONTKNOW" => Ok(None),
        Reply::Error(words) => Err(refusal(words)),
        Reply::Array(address) => address_of(address).map(Some).ok_or_else(not_a_sentinel),
        _ => Err(not_a_sentinel()),
    })
}

fn address_of(address: &[Reply<'_>]) -> Option<Address> {
    let [Reply::Bulk(host), Reply::Bulk(port)] = address else { return None };
    let host = str::from_utf8(host).ok().filter(|host| !host.is_empty())?.to_owned();
    Some(Address { host, port: str::from_utf8(port).ok()?.parse().ok()? })
}

fn not_a_sentinel() -> ConnectError {
    ConnectError::permanent("what answered is not a sentinel")
}

fn refusal(words: &[u8]) -> ConnectError {
    let shown = without_arguments(words, &[], b"");
    match error_code(words) {
        // It does not know the command.
        b"ERR" => ConnectError::permanent(format!(
            "the server is not a sentinel (it answered: {shown}); with \"sentinel\", \"url\" has the addresses \
             of the sentinels, whose port is mostly 26379"
        )),
        b"NOPERM" => ConnectError::permanent(format!(
            "the sentinel answered: {shown}. Allow the user of \"sentinel\" +sentinel|get-master-addr-by-name"
        )),
        _ => ConnectError::transient(format!("the sentinel answered: {shown}")),
    }
}

/// Why none of the sentinels has led to the primary.
#[derive(Default)]
struct Failures {
    /// How many do not know the name.
    unknown: usize,
    /// Whether one does.
    is_named: bool,
    reasons: Vec<String>,
    /// What nothing but a change of the options mends, of a sentinel and of a server.
    of_sentinel: Option<String>,
    of_server: Option<String>,
}

impl Failures {
    fn of_sentinel(&mut self, sentinel: &Server, error: &ConnectError) {
        let reason = format!("{sentinel}: {}", error.reason);
        if error.is_permanent {
            self.of_sentinel = Some(reason.clone());
        }
        self.reasons.push(reason);
    }

    fn of_server(&mut self, server: &Server, error: &ConnectError) {
        let reason = format!("{server}: {}", error.reason);
        if error.is_permanent {
            self.of_server = Some(reason.clone());
        }
        self.reasons.push(reason);
    }

    fn into_error(self, asked: usize, name: &str) -> ConnectError {
        if let Some(reason) = self.of_server {
            return ConnectError::permanent(reason);
        }
        // One sentinel that is not set up like the others is no reason to give up.
        if let Some(reason) = self.of_sentinel.filter(|_| !self.is_named) {
            return ConnectError::permanent(reason);
        }
        let reasons = self.reasons.join("; ");
        if self.unknown == 0 || self.is_named {
            return ConnectError::transient(reasons);
        }
        let unknown = format!(
            "{} of {asked} sentinels do not know \"{name}\"; check \"sentinel.name\", which is the name in \
             their \"sentinel monitor\"",
            self.unknown
        );
        if self.unknown == asked {
            ConnectError::permanent(unknown)
        } else {
            ConnectError::transient(format!("{unknown}; {reasons}"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Layout};
    use crate::resp::{Parsed, parse};
    use std::io::{Read, Write};
    use std::net::{TcpListener, TcpStream};
    use std::thread;

    const TIME: Duration = Duration::from_secs(2);

    /// Starts a server that answers commands as it is told, and `PING` by itself. Returns its port.
    fn serve(answer: impl Fn(&str) -> String + Clone + Send + 'static) -> u16 {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let answer = answer.clone();
                thread::spawn(move || converse(client, answer));
            }
        });
        port
    }

    fn converse(mut client: TcpStream, answer: impl Fn(&str) -> String) {
        let mut received = Vec::new();
        let mut bytes = [0; 1024];
        while let Ok(count @ 1..) = client.read(&mut bytes) {
            received.extend_from_slice(&bytes[..count]);
            while let Parsed::Reply(Reply::Array(words), length) = parse(&received, 1000) {
                let Reply::Bulk(word) = words[0] else { panic!("{words:?}") };
                let reply = match str::from_utf8(word).unwrap() {
                    "PING" => "+PONG\r\n".into(),
                    word => answer(word),
                };
                client.write_all(reply.as_bytes()).unwrap();
                received.drain(..length);
            }
        }
    }

    fn sentinel(reply: impl Into<String>) -> u16 {
        let reply = reply.into();
        serve(move |_| reply.clone())
    }

    fn naming(port: u16) -> String {
        let digits = port.to_string();
        format!("*2\r\n$9\r\n127.0.0.1\r\n${}\r\n{digits}\r\n", digits.len())
    }

    fn server(role: &'static str) -> u16 {
        serve(move |word| match word {
            "ROLE" => format!("*2\r\n${}\r\n{role}\r\n:0\r\n", role.len()),
            _ => "-ERR unknown subcommand 'CAPA'\r\n".into(),
        })
    }

    /// Returns the ports of the sentinel that has led to the primary, and of the primary.
    fn find(sentinels: &[u16]) -> Result<(u16, u16), ConnectError> {
        let urls = sentinels.iter().map(|port| format!("redis://127.0.0.1:{port}"));
        let config = Config::of_sentinels(urls);
        let Layout::Sentinel(watched) = &config.layout else { panic!("{:?}", config.layout) };
        let sentinels: Vec<_> = config.seeds.iter().cloned().collect();
        let (by, server) = find_primary(&sentinels, watched, TIME)?;
        let port = |server: &Server| match &server.endpoint {
            crate::config::Endpoint::Tcp { port, .. } => *port,
            crate::config::Endpoint::Unix(_) => 0,
        };
        Ok((port(&by), port(&server)))
    }

    /// A port that nobody listens on.
    fn nobody() -> u16 {
        TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
    }

    #[test]
    fn the_first_sentinel_that_answers_is_believed_if_its_server_confirms() {
        let primary = server("master");
        let [one, two] = [sentinel(naming(primary)), sentinel(naming(primary))];
        assert_eq!(find(&[one, two]).unwrap(), (one, primary));
        assert_eq!(find(&[nobody(), two]).unwrap(), (two, primary));
    }

    #[test]
    fn one_that_does_not_answer_leaves_time_for_the_others() {
        let black_hole = TcpListener::bind("127.0.0.1:0").unwrap();
        let primary = server("master");
        let other = sentinel(naming(primary));
        let start = Instant::now();
        let found = find(&[black_hole.local_addr().unwrap().port(), other]).unwrap();
        assert_eq!(found, (other, primary));
        assert!((PATIENCE..TIME / 2).contains(&start.elapsed()), "{:?}", start.elapsed());
    }

    #[test]
    fn one_that_is_behind_does_not_mislead() {
        let [replica, primary] = [server("slave"), server("master")];
        let [behind, other] = [sentinel(naming(replica)), sentinel(naming(primary))];
        assert_eq!(find(&[behind, other]).unwrap(), (other, primary));

        let error = find(&[behind]).unwrap_err();
        assert!(!error.is_permanent && error.reason.contains("is a replica"), "{error:?}");
    }

    #[test]
    fn a_server_that_does_not_tell_its_role_is_believed() {
        let primary = serve(|_| "-NOPERM no\r\n".into());
        let sentinel = sentinel(naming(primary));
        assert_eq!(find(&[sentinel]).unwrap(), (sentinel, primary));
    }

    #[test]
    fn a_server_that_hangs_leaves_time_for_another() {
        let hanging = TcpListener::bind("127.0.0.1:0").unwrap();
        let primary = server("master");
        let behind = sentinel(naming(hanging.local_addr().unwrap().port()));
        let other = sentinel(naming(primary));
        assert_eq!(find(&[behind, behind, other]).unwrap(), (other, primary));
    }

    #[test]
    fn a_name_that_no_sentinel_knows_is_told_from_sentinels_that_are_not_there() {
        let primary = server("master");
        for unknown in ["*-1\r\n", "-IDONTKNOW I have no quorum\r\n"] {
            let unknown = sentinel(unknown);
            let knowing = sentinel(naming(primary));
            assert_eq!(find(&[unknown, knowing]).unwrap(), (knowing, primary));

            let error = find(&[unknown, unknown]).unwrap_err();
            assert!(error.is_permanent, "{error:?}");
            assert!(
                error.reason.contains("2 of 2 sentinels do not know \"sessions\""),
                "{error:?}"
            );

            let error = find(&[unknown, nobody()]).unwrap_err();
            assert!(!error.is_permanent, "{error:?}");
            assert!(error.reason.contains("1 of 2 sentinels do not know"), "{error:?}");
            assert!(error.reason.contains("connection refused"), "{error:?}");
        }
        let error = find(&[nobody(), nobody()]).unwrap_err();
        assert!(!error.is_permanent && !error.reason.contains("know"), "{error:?}");
        assert_eq!(error.reason.matches("connection refused").count(), 2, "{error:?}");
    }

    #[test]
    fn a_switch_of_another_primary_is_none_of_ours() {
        let message = |channel: &'static str, words: &'static str| {
            let parts = ["message", channel, words].map(|part| Reply::Bulk(part.as_bytes()));
            Reply::Array(parts.to_vec())
        };
        let switch = message("+switch-master", "sessions 10.0.0.1 6379 10.0.0.2 6379");
        assert!(is_switch_of("sessions", &switch));
        assert!(!is_switch_of("session", &switch));
        let promotion = "slave 10.0.0.2:6379 10.0.0.2 6379 @ sessions 10.0.0.1 6379";
        assert!(is_switch_of("sessions", &message("+promoted-slave", promotion)));
        assert!(!is_switch_of("slave", &message("+promoted-slave", promotion)));
        assert!(!is_switch_of("sessions", &message("+promoted-slave", "slave @")));
        assert!(!is_switch_of("sessions", &message("+sdown", "sessions")));
        assert!(!is_switch_of("sessions", &Reply::Integer(1)));
    }

    #[test]
    fn one_sentinel_that_is_set_up_in_another_way_is_no_reason_to_give_up() {
        let [strange, behind] = [sentinel("-NOPERM no\r\n"), sentinel(naming(server("slave")))];
        assert!(find(&[strange, nobody()]).unwrap_err().is_permanent);
        let error = find(&[strange, behind]).unwrap_err();
        assert!(!error.is_permanent, "{error:?}");
        assert!(error.reason.contains("NOPERM") && error.reason.contains("replica"), "{error:?}");
    }

    #[test]
    fn a_server_that_does_not_let_us_in_is_a_reason_to_give_up() {
        let server = serve(|_| "+OK\r\n".into());
        let error = find(&[sentinel(naming(server)), nobody()]).unwrap_err();
        assert!(error.is_permanent && error.reason.contains("not a Redis server"), "{error:?}");
    }

    #[test]
    fn what_is_not_a_sentinel_is_told_from_one() {
        for (reply, words) in [
            ("-ERR unknown command 'SENTINEL'\r\n", "is not a sentinel"),
            ("+OK\r\n", "not a sentinel"),
            ("*2\r\n$0\r\n\r\n$1\r\nx\r\n", "not a sentinel"),
            ("-NOPERM no\r\n", "+sentinel|get-master-addr-by-name"),
        ] {
            let error = find(&[nobody(), sentinel(reply)]).unwrap_err();
            assert!(error.is_permanent && error.reason.contains(words), "{error:?}");
        }
    }
}

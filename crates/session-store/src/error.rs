//! Why a request failed, or a store could not be made.
//!
//! Messages say what happened, where and what to do. They hold neither a password, nor an id, nor
//! session data, although Redis's own words may: see [`without_arguments`].

use std::fmt;
use std::time::Duration;

use crate::config::Server;
use crate::resp::error_code;

/// What went wrong, for a program to tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// No connection could be made before the deadline.
    Connect,
    /// Connected, but no answer before the deadline.
    Timeout,
    /// The connection broke with a write in flight.
    Disconnected,
    /// Redis answered with an error.
    Redis,
    /// What is stored is no session. The message only says what it is instead: whoever asked knows
    /// where it is.
    Corrupt,
}

impl Code {
    /// The name that users of the package see.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Connect => "CONNECT",
            Self::Timeout => "TIMEOUT",
            Self::Disconnected => "DISCONNECTED",
            Self::Redis => "REDIS",
            Self::Corrupt => "CORRUPT",
        }
    }
}

/// Why a request failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// What went wrong, for a program.
    pub code: Code,
    /// What went wrong, for people.
    pub message: String,
    /// With [`Code::Redis`], the code of Redis's error reply, such as `WRONGTYPE`.
    pub reply: Option<String>,
}

impl Error {
    pub(crate) fn new(code: Code, message: String) -> Self {
        Self { code, message, reply: None }
    }

    pub(crate) fn no_connection(server: &impl fmt::Display, reason: &str) -> Self {
        Self::new(Code::Connect, format!("No connection to {server}: {reason}"))
    }

    pub(crate) fn not_connected_in_time(
        server: &impl fmt::Display,
        timeout: Duration,
        reason: &str,
    ) -> Self {
        let milliseconds = timeout.as_millis();
        let message = format!("No connection to {server} within {milliseconds} ms: {reason}");
        Self::new(Code::Connect, message)
    }

    /// `is_write` where nobody can know whether the write has happened.
    pub(crate) fn timed_out(server: &impl fmt::Display, timeout: Duration, is_write: bool) -> Self {
        let milliseconds = timeout.as_millis();
        let doubt = if is_write { "; the write may or may not have happened" } else { "" };
        let message = format!("Redis at {server} did not answer within {milliseconds} ms{doubt}");
        Self::new(Code::Timeout, message)
    }

    pub(crate) fn disconnected(server: &impl fmt::Display, reason: &str) -> Self {
        let message = format!(
            "The connection to {server} broke with a write in flight ({reason}); it may or may not \
             have happened"
        );
        Self::new(Code::Disconnected, message)
    }

    /// From the words of an error reply, `CODE what happened`.
    pub(crate) fn refused(server: &Server, words: &[u8], prefix: &[u8]) -> Self {
        let reply = error_code(words);
        let is_code = |byte: &u8| matches!(byte, b'A'..=b'Z' | b'0'..=b'9' | b'_');
        // A code, and not whatever else a proxy may begin with.
        let reply = (reply.len() <= 32 && reply.iter().all(is_code))
            .then(|| String::from_utf8_lossy(reply).into_owned());
        let words = without_arguments(words, &[], prefix);
        Self { code: Code::Redis, message: format!("Redis at {server} answered: {words}"), reply }
    }

    /// `most` is what the store takes.
    pub(crate) fn too_large(bytes: usize, most: usize) -> Self {
        let message = format!("has {bytes} bytes, and \"maxBytes\" allows {most}");
        Self::new(Code::Corrupt, message)
    }

    pub(crate) fn another_type() -> Self {
        Self::new(Code::Corrupt, "is not text, but of another type".into())
    }

    pub(crate) fn not_utf8() -> Self {
        Self::new(Code::Corrupt, "has bytes that are not UTF-8".into())
    }
}

/// What Redis quotes that is no argument of ours but a name of its own.
const NAMES: [&str; 22] = [
    "append",
    "asking",
    "auth",
    "del",
    "exists",
    "expire",
    "get",
    "getex",
    "ping",
    "select",
    "set",
    "maxmemory",
    "command",
    "eval",
    "evalsha",
    "getrange",
    "rename",
    "role",
    "cluster|slots",
    "sentinel",
    "sentinel|get-master-addr-by-name",
    "subscribe",
];

/// More of an error reply than this tells nobody more.
const MOST_WORDS: usize = 512;

/// Returns the words of an error reply without what they may quote of the command that they answer:
/// Redis, and proxies before it, repeat the arguments of a command that they do not know.
pub(crate) fn without_arguments(words: &[u8], secrets: &[&str], prefix: &[u8]) -> String {
    let words = String::from_utf8_lossy(words);
    let mut words = words.into_owned();
    for secret in secrets.iter().filter(|secret| !secret.is_empty()) {
        words = words.replace(secret, "…");
    }
    if let Some(start) = words.find(", with args beginning with") {
        words.truncate(start);
    }
    // The start of a session.
    if let Some(start) = words.find("[{") {
        words.truncate(start);
        words.push('…');
    }
    let mut words = without_keys(&without_quotes(&words), &String::from_utf8_lossy(prefix));
    if let Some((end, _)) = words.char_indices().nth(MOST_WORDS) {
        words.truncate(end);
        words.push('…');
    }
    words
}

/// Empties quotes, but for names of Redis's own. An apostrophe within a word is no quote.
fn without_quotes(words: &str) -> String {
    let mut kept = String::with_capacity(words.len());
    let mut rest = words;
    while let Some(open) = rest.find(['\'', '"', '`']) {
        let quote = &rest[open..=open];
        let is_within_word = rest[..open].ends_with(char::is_alphanumeric);
        let (before, quoted) = rest.split_at(open + 1);
        kept.push_str(before);
        rest = quoted;
        if is_within_word {
            continue;
        }
        let Some(close) = quoted.find_closing(quote) else {
            kept.push('…');
            return kept;
        };
        let content = &quoted[..close];
        let is_name = NAMES.iter().any(|name| name.eq_ignore_ascii_case(content));
        kept.push_str(if is_name { content } else { "…" });
        kept.push_str(quote);
        rest = &quoted[close + 1..];
    }
    kept + rest
}

trait Closing {
    fn find_closing(&self, quote: &str) -> Option<usize>;
}

impl Closing for str {
    /// Finds the first such quote that ends a word.
    fn find_closing(&self, quote: &str) -> Option<usize> {
        self.match_indices(quote)
            .map(|(at, _)| at)
            .find(|at| !self[at + 1..].starts_with(char::is_alphanumeric))
    }
}

/// Shortens whatever starts like a key to the prefix.
fn without_keys(words: &str, prefix: &str) -> String {
    if prefix.is_empty() {
        return words.to_owned();
    }
    let mut parts = words.split(prefix);
    let mut kept = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part.find(char::is_whitespace).unwrap_or(part.len());
        kept.push_str(prefix);
        kept.push('…');
        kept.push_str(&part[end..]);
    }
    kept
}

/// An option that cannot be used; says which, and what it may be. Never holds the URL itself,
/// because of the password in it.
#[derive(Debug)]
pub struct ConfigError(pub(crate) String);

impl fmt::Display for ConfigError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl std::error::Error for ConfigError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(words: &str) -> String {
        without_arguments(words.as_bytes(), &["hunter2"], b"session:")
    }

    #[test]
    fn what_redis_says_of_itself_is_kept_whole() {
        for words in [
            "MISCONF Redis is configured to save RDB snapshots, but it's currently unable to \
             persist to disk. Commands that may modify the data set are disabled, because this \
             instance is configured to report errors during writes if RDB snapshotting fails \
             (stop-writes-on-bgsave-error option). Please check the Redis logs for details about \
             the RDB error.",
            "OOM command not allowed when used memory > 'maxmemory'.",
            "NOPERM User default has no permissions to run the 'getex' command",
            "NOPERM User default has no permissions to run the 'append' command",
            "NOPERM User default has no permissions to run the 'evalsha' command",
            "ERR ACL failure in script: User default has no permissions to run the 'rename' command",
            "WRONGTYPE Operation against a key holding the wrong kind of value",
            "READONLY You can't write against a read only replica.",
            "ERR max number of clients reached",
        ] {
            assert_eq!(shown(words), words);
        }
    }

    #[test]
    fn arguments_are_not_shown() {
        for words in [
            "ERR unknown command 'GETEX', with args beginning with: 'session:a1b2c3' 'EX' '60'",
            "ERR unknown command `SET`, with args beginning with: `session:a1b2c3`, `[{\"a",
            "ERR unknown command 'AUTH', with args beginning with: 'hunter2'",
            "ERR proxy does not allow \"session:a1b2c3\"",
            "ERR proxy does not allow 'it's a1b2c3' today",
            "ERR key session:a1b2c3 is not mine",
            "ERR bad value [{\"name\":\"a1b2c3\"},{}]",
            "WRONGPASS hunter2 is wrong",
            "ERR unclosed 'a1b2c3",
        ] {
            let shown = shown(words);
            assert!(!shown.contains("a1b2c3") && !shown.contains("hunter2"), "{shown}");
            assert!(shown.len() > 8, "{shown}");
        }
        let unknown = "ERR unknown command 'GETEX', with args beginning with: 'session:a1' 'EX'";
        assert_eq!(shown(unknown), "ERR unknown command 'GETEX'");
    }

    #[test]
    fn an_endless_reply_is_cut() {
        assert!(shown(&"ERR é".repeat(10_000)).chars().count() < 600);
    }
}

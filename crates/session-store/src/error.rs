//! Why a command failed, or a store could not be made.

use std::fmt;

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
        }
    }
}

/// Why a command failed. The message is for people: what happened, where, and what to do. It holds
/// neither a password nor session data.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// What went wrong.
    pub code: Code,
    /// The same for people.
    pub message: String,
    /// With [`Code::Redis`], the code of Redis's error reply, such as `WRONGTYPE`.
    pub reply: Option<String>,
}

impl Error {
    pub(crate) fn new(code: Code, message: String) -> Self {
        Self { code, message, reply: None }
    }

    /// From the words of an error reply, `CODE what happened`.
    pub(crate) fn from_reply(words: &[u8], address: &str) -> Self {
        let words = String::from_utf8_lossy(words);
        let reply = words.split(' ').next().unwrap_or_default().to_owned();
        Self {
            code: Code::Redis,
            message: format!("Redis at {address} answered: {words}"),
            reply: Some(reply),
        }
    }
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

//! Commands and their replies one after the other, on the thread that connects.

use std::io::{self, Read, Write};

use super::ConnectError;
use crate::resp::{Parsed, Reply, parse, write_command};

pub(super) const NOT_REDIS: &str = "what answered is not a Redis server";

/// Longer than any reply that is expected: a map of a cluster of a thousand nodes has some megabytes.
const MOST_BYTES: usize = 16 * 1024 * 1024;

/// How much is read at a time.
const READ_BYTES: usize = 16 * 1024;

pub(super) trait Stream: Read + Write {}

impl<S: Read + Write> Stream for S {}

/// A conversation with a server.
pub(crate) struct Talk<'a> {
    stream: &'a mut dyn Stream,
    received: Vec<u8>,
    uses_tls: bool,
}

impl<'a> Talk<'a> {
    /// The hints in errors depend on whether we speak TLS.
    pub(super) fn new(stream: &'a mut dyn Stream, uses_tls: bool) -> Self {
        Self { stream, received: Vec::new(), uses_tls }
    }

    /// Sends commands, for each of which there has to be a [`Talk::reply`].
    pub(crate) fn send(&mut self, commands: &[&[&[u8]]]) -> Result<(), ConnectError> {
        let mut words = Vec::new();
        for command in commands {
            write_command(&mut words, command);
        }
        let sent = self.stream.write_all(&words).and_then(|()| self.stream.flush());
        sent.map_err(|error| ConnectError::from_io(&error, self.uses_tls))
    }

    /// Waits for a reply.
    pub(crate) fn reply<T>(
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

    /// Forgets whole replies that have come unasked.
    pub(crate) fn skip(&mut self) {
        while let Parsed::Reply(_, length) = parse(&self.received, MOST_BYTES)
            && length <= self.received.len()
        {
            self.received.drain(..length);
        }
    }

    /// Ends it.
    ///
    /// # Errors
    /// When there is more than the replies: it would be taken for the reply to the next command.
    pub(super) fn end(self) -> Result<(), ConnectError> {
        if self.received.is_empty() { Ok(()) } else { Err(ConnectError::permanent(NOT_REDIS)) }
    }

    fn receive(&mut self) -> Result<(), ConnectError> {
        let filled = self.received.len();
        self.received.resize(filled + READ_BYTES, 0);
        let result = match self.stream.read(&mut self.received[filled..]) {
            Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => Ok(0),
            result => result,
        };
        self.received.truncate(filled + result.as_ref().map_or(0, |count| *count));
        result.map(drop).map_err(|error| ConnectError::from_io(&error, self.uses_tls))
    }
}

//! The bytes of an open connection: out from one buffer, in to another, without waiting.

use std::io::{self, Read, Write};

use mio::Registry;

use crate::connect::Connected;
use crate::connect::socket::Socket;
use crate::handover::outcome::KEEP_BYTES;
use crate::resp::{Parsed, Reply, parse};

/// How much is read at a time, at least.
const READ_BYTES: usize = 64 * 1024;

pub(crate) struct Wire {
    socket: Socket,
    /// Whether the server has `GETEX`.
    pub(crate) knows_getex: bool,
    /// Commands to be sent. Whoever appends to it expects replies.
    pub(crate) output: Vec<u8>,
    written: usize,
    /// The socket takes no more for now.
    is_blocked: bool,
    input: Vec<u8>,
    filled: usize,
    /// The operating system has said that there is something to read.
    may_read: bool,
}

impl Wire {
    pub(crate) fn new(Connected { socket, knows_getex }: Connected) -> Self {
        Self {
            socket,
            knows_getex,
            output: Vec::new(),
            written: 0,
            is_blocked: false,
            input: Vec::new(),
            filled: 0,
            may_read: true,
        }
    }

    /// Takes note of what the operating system says of the socket.
    pub(crate) fn notice(&mut self, is_readable: bool, is_writable: bool) {
        self.may_read |= is_readable;
        self.is_blocked &= !is_writable;
    }

    /// Writes what the socket takes; gives whether that was anything.
    pub(crate) fn write(&mut self) -> Result<bool, String> {
        if self.is_blocked || self.output.is_empty() {
            return Ok(false);
        }
        match self.write_all() {
            Ok(()) => {
                self.output.clear();
                self.output.shrink_to(KEEP_BYTES);
                self.written = 0;
                Ok(true)
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.is_blocked = true;
                Ok(true)
            }
            Err(error) => Err(error.to_string()),
        }
    }

    fn write_all(&mut self) -> io::Result<()> {
        while self.written < self.output.len() {
            match self.socket.write(&self.output[self.written..]) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => self.written += count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.socket.flush()
    }

    /// Reads what has come and gives the replies in it to `take`; gives whether anything had.
    ///
    /// Where replies are due it looks without having been told to, which saves the operating system
    /// from telling.
    pub(crate) fn read(
        &mut self,
        is_expecting: bool,
        mut take: impl FnMut(&Reply<'_>) -> Result<(), String>,
    ) -> Result<bool, String> {
        if !is_expecting && !self.may_read {
            return Ok(false);
        }
        if self.input.len() < self.filled + READ_BYTES {
            self.input.resize(self.filled + READ_BYTES, 0);
        }
        match self.socket.read(&mut self.input[self.filled..]) {
            Ok(0) => return Err("the server closed the connection".into()),
            Ok(count) => self.filled += count,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.may_read = false;
                return Ok(false);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => return Ok(true),
            Err(error) => return Err(error.to_string()),
        }

        let mut start = 0;
        let needed = loop {
            match parse(&self.input[start..self.filled]) {
                Parsed::Reply(reply, length) => {
                    take(&reply)?;
                    start += length;
                }
                Parsed::Incomplete(needed) => break needed,
                Parsed::Invalid => return Err("the server sent what is not a reply".into()),
            }
        };
        self.keep_from(start, needed);
        Ok(true)
    }

    /// Keeps the start of a reply, and makes room for all of it.
    fn keep_from(&mut self, start: usize, needed: usize) {
        self.input.copy_within(start..self.filled, 0);
        self.filled -= start;
        if self.input.len() < needed {
            self.input.resize(needed, 0);
        } else if self.filled == 0 && self.input.len() > KEEP_BYTES {
            self.input = Vec::new();
        }
    }

    /// Closes the socket, with what has not been sent.
    pub(crate) fn abort(mut self, registry: &Registry) {
        // Closing the socket does the same where this fails.
        let _ = registry.deregister(self.socket.source());
        self.socket.abort();
    }
}

//! The bytes of an open connection: out from one buffer, in to another, without waiting.

use std::io::{self, Read, Write};

use mio::{Interest, Registry, Token};

use super::outbox::Outbox;
use crate::buffer::KEEP_BYTES;
use crate::connect::socket::Socket;
use crate::resp::{Parsed, Reply, parse};

/// How much is read at a time, at least.
const READ_BYTES: usize = 64 * 1024;

pub(super) struct Wire<S = Socket> {
    socket: S,
    outbox: Outbox,
    /// The socket has taken bytes that it may hold back, as a TLS session does.
    is_unflushed: bool,
    /// The socket takes no more for now.
    is_blocked: bool,
    /// The longest value that is kept.
    longest: usize,
    input: Vec<u8>,
    filled: usize,
    /// Bytes that are still to come of a value that is too long, and are dropped.
    dropping: usize,
    /// The operating system has said that there is something to read.
    may_read: bool,
}

impl<S: Read + Write> Wire<S> {
    pub(super) fn new(socket: S, longest: usize) -> Self {
        Self {
            socket,
            outbox: Outbox::default(),
            is_unflushed: false,
            is_blocked: false,
            longest,
            input: Vec::new(),
            filled: 0,
            dropping: 0,
            may_read: true,
        }
    }

    /// Where commands to be sent are appended. Whoever does it expects replies.
    pub(super) fn output(&mut self) -> &mut Vec<u8> {
        self.outbox.end()
    }

    /// Whether the socket may have more to read or to take.
    pub(super) fn is_busy(&self) -> bool {
        self.may_read || self.has_output()
    }

    fn has_output(&self) -> bool {
        !self.is_blocked && (self.is_unflushed || !self.outbox.is_empty())
    }

    /// Takes note of what the operating system says of the socket.
    pub(super) fn notice(&mut self, is_readable: bool, is_writable: bool) {
        self.may_read |= is_readable;
        self.is_blocked &= !is_writable;
    }

    /// Writes what the socket takes; returns whether that was anything.
    pub(super) fn write(&mut self) -> Result<bool, String> {
        if !self.has_output() {
            return Ok(false);
        }
        match self.write_all() {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => self.is_blocked = true,
            Err(error) => return Err(error.to_string()),
            Ok(()) => {}
        }
        Ok(true)
    }

    fn write_all(&mut self) -> io::Result<()> {
        while !self.outbox.is_empty() {
            match self.socket.write(self.outbox.unsent()) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(count) => {
                    self.outbox.advance(count);
                    self.is_unflushed = true;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.socket.flush()?;
        self.is_unflushed = false;
        Ok(())
    }

    /// Reads what has come and passes on the replies in it; returns whether anything had.
    ///
    /// Where replies are due it looks without having been told to, which saves the operating system
    /// from telling.
    pub(super) fn read(
        &mut self,
        is_expecting: bool,
        mut take: impl FnMut(Reply<'_>) -> Result<(), String>,
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
            // TLS has records without a word in them; what is behind them is for the next turn.
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {
                self.may_read = true;
                return Ok(false);
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.may_read = false;
                return Ok(false);
            }
            Err(error) => return Err(error.to_string()),
        }

        let mut start = self.drop_too_long(0);
        let needed = loop {
            match parse(&self.input[start..self.filled], self.longest) {
                Parsed::Reply(reply, length) => {
                    let is_too_long = matches!(reply, Reply::Oversized(_));
                    take(reply)?;
                    if is_too_long {
                        self.dropping = length;
                        start = self.drop_too_long(start);
                    } else {
                        start += length;
                    }
                }
                // No step has an array for a reply, and an endless one would be read over and over.
                Parsed::Incomplete(_) if self.input[start..self.filled].starts_with(b"*") => {
                    return Err("the server sent what is not a reply".into());
                }
                Parsed::Incomplete(needed) => break needed,
                Parsed::Invalid => return Err("the server sent what is not a reply".into()),
            }
        };
        self.keep_from(start, needed);
        Ok(true)
    }

    /// Drops what has come of a value that is too long; returns where the next reply starts.
    fn drop_too_long(&mut self, start: usize) -> usize {
        let dropped = self.dropping.min(self.filled - start);
        self.dropping -= dropped;
        start + dropped
    }

    /// Keeps the start of a reply, and makes room for more of it: as much as it has already, because
    /// its length is only what the server announces.
    fn keep_from(&mut self, start: usize, needed: usize) {
        self.input.copy_within(start..self.filled, 0);
        self.filled -= start;
        let wanted = needed.min(2 * self.filled.max(READ_BYTES));
        if self.input.len() < wanted {
            self.input.resize(wanted, 0);
        } else if self.filled == 0 && self.input.len() > KEEP_BYTES {
            self.input = Vec::new();
        }
    }
}

impl Wire {
    /// Has the operating system watch the socket.
    pub(super) fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        registry.register(self.socket.source(), token, Interest::READABLE | Interest::WRITABLE)
    }

    /// Closes the socket, with what has not been sent.
    pub(super) fn abort(mut self, registry: &Registry) {
        // Closing the socket does the same where this fails.
        let _ = registry.deregister(self.socket.source());
        self.socket.abort();
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;
    use crate::resp::write_bulk;
    use proptest::collection::vec;
    use proptest::prelude::*;

    /// Replies in pieces, as a network delivers them; and a socket that takes a few bytes at a time,
    /// and holds back as many as it takes.
    #[derive(Default)]
    struct Pieces {
        replies: VecDeque<Vec<u8>>,
        held: Vec<u8>,
        written: Vec<u8>,
        takes: usize,
    }

    impl Read for Pieces {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let Some(mut piece) = self.replies.pop_front() else {
                return Err(io::ErrorKind::WouldBlock.into());
            };
            let count = piece.len().min(buffer.len());
            buffer[..count].copy_from_slice(&piece[..count]);
            if count < piece.len() {
                self.replies.push_front(piece.split_off(count));
            }
            Ok(count)
        }
    }

    impl Write for Pieces {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            if self.takes == 0 {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            let count = bytes.len().min(self.takes);
            self.takes -= count;
            self.held.extend_from_slice(&bytes[..count]);
            Ok(count)
        }

        fn flush(&mut self) -> io::Result<()> {
            let count = self.held.len().min(self.takes);
            self.takes -= count;
            self.written.extend(self.held.drain(..count));
            if self.held.is_empty() { Ok(()) } else { Err(io::ErrorKind::WouldBlock.into()) }
        }
    }

    const LONGEST: usize = 100_000;

    proptest! {
        #[test]
        fn replies_come_whole_and_in_order_however_they_are_cut(
            sizes in vec(prop_oneof![3 => 0usize..200, 1 => 0usize..2 * LONGEST], 1..12),
            cuts in vec(1usize..70_000, 1..40),
        ) {
            let value = |at: usize, size: usize| vec![u8::try_from(at).unwrap(); size];
            let mut stream = Vec::new();
            for (at, size) in sizes.iter().enumerate() {
                write_bulk(&mut stream, [&value(at, *size), b""]);
            }
            let mut wire = Wire::new(Pieces::default(), LONGEST);
            for cut in cuts.iter().cycle() {
                if stream.is_empty() {
                    break;
                }
                let rest = stream.split_off((*cut).min(stream.len()));
                wire.socket.replies.push_back(std::mem::replace(&mut stream, rest));
            }
            let mut seen = Vec::new();
            while wire.read(true, |reply| {
                seen.push(match reply {
                    Reply::Bulk(bytes) => (bytes.first().copied(), bytes.len()),
                    Reply::Oversized(size) => (None, size),
                    other => panic!("{other:?}"),
                });
                Ok(())
            }).unwrap() {
                prop_assert!(wire.input.len() <= 2 * (LONGEST + READ_BYTES), "kept too much");
            }
            let expected: Vec<_> = sizes.iter().enumerate().map(|(at, size)| {
                let is_kept = *size > 0 && *size <= LONGEST;
                (is_kept.then(|| u8::try_from(at).unwrap()), *size)
            }).collect();
            prop_assert_eq!(seen, expected);
        }

        #[test]
        fn commands_go_out_whole_and_in_order_however_little_the_socket_takes(
            commands in vec((vec(any::<u8>(), 0..300), 0usize..300), 1..20),
        ) {
            let mut wire = Wire::new(Pieces::default(), LONGEST);
            let mut expected = Vec::new();
            for (bytes, takes) in commands {
                wire.output().extend_from_slice(&bytes);
                expected.extend_from_slice(&bytes);
                wire.socket.takes = takes;
                wire.notice(false, true);
                wire.write().unwrap();
            }
            while wire.socket.written.len() < expected.len() {
                wire.socket.takes = 500;
                wire.notice(false, true);
                prop_assert!(wire.is_busy() && wire.write().unwrap());
            }
            prop_assert_eq!(&wire.socket.written, &expected);
            wire.notice(false, true);
            wire.socket.takes = 500;
            wire.write().unwrap();
            prop_assert!(!wire.has_output());
        }
    }

    #[test]
    fn nothing_is_kept_for_what_is_only_announced() {
        let mut wire = Wire::new(Pieces::default(), usize::MAX);
        wire.socket.replies.push_back(b"$536870912\r\nab".to_vec());
        assert!(wire.read(true, |_| panic!("no reply is whole")).unwrap());
        assert!(wire.input.capacity() <= 4 * READ_BYTES);
    }
}

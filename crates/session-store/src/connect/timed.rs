//! A blocking stream with one deadline for all that is read and written, however it is cut up.

use std::io::{self, Read, Write};
use std::net::TcpStream;
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use super::ConnectError;

pub(super) struct Timed<S> {
    stream: S,
    deadline: Instant,
}

/// What is left until a deadline.
///
/// # Errors
/// `TimedOut`, when nothing is.
pub(super) fn remaining(deadline: Instant) -> io::Result<Duration> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() { Err(io::ErrorKind::TimedOut.into()) } else { Ok(left) }
}

pub(super) trait SetTimeout {
    fn set_timeout(&self, timeout: Option<Duration>) -> io::Result<()>;
}

impl SetTimeout for TcpStream {
    fn set_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.set_read_timeout(timeout)?;
        self.set_write_timeout(timeout)
    }
}

#[cfg(unix)]
impl SetTimeout for UnixStream {
    fn set_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.set_read_timeout(timeout)?;
        self.set_write_timeout(timeout)
    }
}

impl<S: SetTimeout> Timed<S> {
    pub(super) fn new(stream: S, deadline: Instant) -> Self {
        Self { stream, deadline }
    }

    /// Returns the stream, which blocks no more.
    pub(super) fn into_nonblocking(
        self,
        set_nonblocking: impl FnOnce(&S, bool) -> io::Result<()>,
    ) -> Result<S, ConnectError> {
        let set_up =
            self.stream.set_timeout(None).and_then(|()| set_nonblocking(&self.stream, true));
        set_up.map_err(|error| ConnectError::transient(error.to_string()))?;
        Ok(self.stream)
    }

    fn within_deadline<T>(
        &mut self,
        exchange: impl FnOnce(&mut S) -> io::Result<T>,
    ) -> io::Result<T> {
        self.stream.set_timeout(Some(remaining(self.deadline)?))?;
        exchange(&mut self.stream).map_err(|error| match error.kind() {
            // What Unix says when the time is up.
            io::ErrorKind::WouldBlock => io::ErrorKind::TimedOut.into(),
            _ => error,
        })
    }
}

impl<S: Read + SetTimeout> Read for Timed<S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        self.within_deadline(|stream| stream.read(buffer))
    }
}

impl<S: Write + SetTimeout> Write for Timed<S> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.within_deadline(|stream| stream.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.stream.flush()
    }
}

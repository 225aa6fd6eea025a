//! Makes a connection: name, socket, TLS, and the first words with Redis.
//!
//! All of it blocks, name look-ups without any limit, so it runs on a thread of its own for each
//! attempt, and the I/O thread never waits for it.

pub(crate) mod socket;
pub(crate) mod tls;

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use redis::{Parser, Value, cmd};
use rustls::ClientConnection;
use socket2::{SockRef, TcpKeepalive};

use crate::config::{Config, Endpoint, Target};
use crate::connect::socket::{Socket, TlsSocket};
use crate::connect::tls::TlsSettings;

/// How long a connection may be silent before the operating system asks whether it is still there.
const KEEP_ALIVE: Duration = Duration::from_secs(30);

const NOT_REDIS: &str = "what answered is not a Redis server";

/// A connection that Redis has let us in on.
pub(crate) struct Connected {
    pub(crate) socket: Socket,
    /// Whether the server has `GETEX`, which came with Redis 6.2.
    pub(crate) knows_getex: bool,
}

/// Why no connection was made.
#[derive(Clone, Debug)]
pub(crate) struct ConnectError {
    pub(crate) reason: String,
    /// Trying again changes nothing: a wrong password, say.
    pub(crate) is_final: bool,
}

impl ConnectError {
    fn passing(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), is_final: false }
    }

    fn last(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), is_final: true }
    }
}

/// Connects, within the configured timeout but for the look-up of the host's name.
pub(crate) fn connect(config: &Config) -> Result<Connected, ConnectError> {
    // A little less than the commands have that wait for it, so that they learn the reason.
    let deadline = Instant::now() + config.timeout * 4 / 5;
    let target = &config.target;
    match &target.endpoint {
        Endpoint::Tcp { host, port, tls } => {
            let mut stream = open_tcp(host, *port, deadline)?;
            set_up(&stream, deadline).map_err(|error| from_io(&error))?;
            let Some(tls) = tls else {
                let knows_getex = greet(&mut stream, config)?;
                return finish(stream.set_nonblocking(true), knows_getex, || {
                    Socket::Tcp(mio::net::TcpStream::from_std(stream))
                });
            };
            let mut session = open_tls(tls, &mut stream)?;
            let knows_getex = greet(&mut rustls::Stream::new(&mut session, &mut stream), config)?;
            finish(stream.set_nonblocking(true), knows_getex, || {
                let stream = mio::net::TcpStream::from_std(stream);
                Socket::Tls(Box::new(TlsSocket::new(session, stream)))
            })
        }
        #[cfg(unix)]
        Endpoint::Unix(path) => {
            let mut stream = UnixStream::connect(path).map_err(|error| from_io(&error))?;
            let timeout = Some(remaining(deadline)?);
            stream
                .set_read_timeout(timeout)
                .and_then(|()| stream.set_write_timeout(timeout))
                .map_err(|error| from_io(&error))?;
            let knows_getex = greet(&mut stream, config)?;
            finish(stream.set_nonblocking(true), knows_getex, || {
                Socket::Unix(mio::net::UnixStream::from_std(stream))
            })
        }
        #[cfg(not(unix))]
        Endpoint::Unix(_) => Err(ConnectError::last("this system has no Unix sockets")),
    }
}

fn finish(
    ready: io::Result<()>,
    knows_getex: bool,
    socket: impl FnOnce() -> Socket,
) -> Result<Connected, ConnectError> {
    ready.map_err(|error| from_io(&error))?;
    Ok(Connected { socket: socket(), knows_getex })
}

fn remaining(deadline: Instant) -> Result<Duration, ConnectError> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() { Err(from_io(&io::ErrorKind::TimedOut.into())) } else { Ok(left) }
}

fn open_tcp(host: &str, port: u16, deadline: Instant) -> Result<TcpStream, ConnectError> {
    let addresses: Vec<SocketAddr> = (host, port)
        .to_socket_addrs()
        .map_err(|error| {
            ConnectError::passing(format!("the host name could not be resolved ({error})"))
        })?
        .collect();

    let mut failure = ConnectError::passing("the host name has no addresses");
    for (tried, address) in addresses.iter().enumerate() {
        // An address that swallows packets leaves time for the others.
        let untried = u32::try_from(addresses.len() - tried).unwrap_or(u32::MAX);
        match TcpStream::connect_timeout(address, remaining(deadline)? / untried) {
            // A port that nobody listens on can be given to the very socket that asks for it.
            Ok(stream) if stream.local_addr().ok() == Some(*address) => {
                failure = from_io(&io::ErrorKind::ConnectionRefused.into());
            }
            Ok(stream) => return Ok(stream),
            Err(error) => failure = from_io(&error),
        }
    }
    Err(failure)
}

fn set_up(stream: &TcpStream, deadline: Instant) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let keep_alive = TcpKeepalive::new().with_time(KEEP_ALIVE).with_interval(KEEP_ALIVE / 3);
    SockRef::from(stream).set_tcp_keepalive(&keep_alive)?;
    let left = deadline.saturating_duration_since(Instant::now()).max(Duration::from_millis(1));
    stream.set_read_timeout(Some(left))?;
    stream.set_write_timeout(Some(left))
}

fn open_tls(tls: &TlsSettings, stream: &mut TcpStream) -> Result<ClientConnection, ConnectError> {
    let config = tls.client_config().map_err(ConnectError::last)?;
    let mut session = ClientConnection::new(Arc::new(config), tls.server_name.clone())
        .map_err(|error| ConnectError::last(format!("TLS: {error}")))?;
    while session.is_handshaking() {
        session.complete_io(stream).map_err(|error| match error.kind() {
            // Redis without TLS waits for the end of what it takes for a command.
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => {
                ConnectError::passing("no answer to the TLS handshake; is it a redis:// server?")
            }
            _ => from_io(&error),
        })?;
    }
    Ok(session)
}

/// Logs in and chooses the database; gives whether the server knows `GETEX`.
fn greet(stream: &mut (impl Read + Write), config: &Config) -> Result<bool, ConnectError> {
    let Target { username, password, database, .. } = &config.target;
    let mut words = Vec::new();
    if let Some(password) = password {
        let mut auth = cmd("AUTH");
        if let Some(username) = username {
            auth.arg(username);
        }
        auth.arg(password).write_packed_command(&mut words);
    }
    if *database != 0 {
        cmd("SELECT").arg(*database).write_packed_command(&mut words);
    }
    cmd("COMMAND").arg("INFO").arg("GETEX").write_packed_command(&mut words);
    cmd("PING").write_packed_command(&mut words);
    stream.write_all(&words).map_err(|error| from_io(&error))?;

    let mut parser = Parser::new();
    let mut stream = Witness { stream, failure: None };
    let mut reply = || {
        parser
            .parse_value(&mut stream)
            .map_err(|_| stream.failure.take().unwrap_or_else(|| ConnectError::last(NOT_REDIS)))
    };
    if password.is_some() {
        accept(&reply()?, &[])?;
    }
    if *database != 0 {
        accept(&reply()?, &[])?;
    }
    let getex = reply()?;
    // A user who may use a few commands only may be denied these two; that is no reason to leave.
    let pong = reply()?;
    accept(&pong, &["NOPERM"])?;
    if !matches!(pong, Value::SimpleString(_) | Value::ServerError(_)) {
        return Err(ConnectError::last(NOT_REDIS));
    }
    Ok(!is_unknown(&getex))
}

/// `COMMAND INFO` gives a description for each command, and nil for one that does not exist.
fn is_unknown(info: &Value) -> bool {
    matches!(info, Value::Array(commands)
        if commands.iter().all(|command| matches!(command, Value::Nil)))
}

fn accept(reply: &Value, tolerated: &[&str]) -> Result<(), ConnectError> {
    let Value::ServerError(error) = reply else { return Ok(()) };
    let code = error.code();
    if tolerated.contains(&code) {
        return Ok(());
    }
    let reason = format!("Redis answered: {code} {}", error.details().unwrap_or_default());
    // These pass by themselves: a server that starts, or a replica without its primary.
    if ["LOADING", "MASTERDOWN", "BUSY", "TRYAGAIN", "CLUSTERDOWN"].contains(&code) {
        Err(ConnectError::passing(reason))
    } else {
        Err(ConnectError::last(reason))
    }
}

/// Remembers why a stream could not be read: the parser's error does not let its cause be seen.
struct Witness<'a, S> {
    stream: &'a mut S,
    failure: Option<ConnectError>,
}

impl<S: Read> Read for Witness<'_, S> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let result = match self.stream.read(buffer) {
            Ok(0) => Err(io::ErrorKind::UnexpectedEof.into()),
            result => result,
        };
        if let Err(error) = &result {
            self.failure = Some(from_io(error));
        }
        result
    }
}

fn from_io(error: &io::Error) -> ConnectError {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    if let Some(error) = inner {
        return from_tls(error);
    }
    ConnectError::passing(match error.kind() {
        io::ErrorKind::ConnectionRefused => "connection refused; is Redis running there?".into(),
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => "no answer".into(),
        io::ErrorKind::UnexpectedEof | io::ErrorKind::ConnectionReset => {
            "the server closed the connection; does it expect TLS (rediss://)?".into()
        }
        _ => error.to_string(),
    })
}

fn from_tls(error: &rustls::Error) -> ConnectError {
    ConnectError::last(match error {
        rustls::Error::InvalidCertificate(error) => format!(
            "the server's TLS certificate is not trusted ({error}); \
             pass its authority as \"tls.ca\", or check \"tls.serverName\""
        ),
        rustls::Error::InvalidMessage(_) => {
            "what answered does not speak TLS; is it a redis:// server?".into()
        }
        error => format!("TLS: {error}"),
    })
}

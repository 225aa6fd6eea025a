//! Makes a connection: name, socket, TLS, and the first words with Redis.
//!
//! All of it blocks, name look-ups without any limit, so it runs on a thread of its own for each
//! attempt. What comes after the look-up has one deadline, however slowly the server answers.

pub(crate) mod cluster;
mod failure;
mod greet;
pub(crate) mod sentinel;
pub(crate) mod socket;
mod talk;
mod timed;
pub(crate) mod tls;

use std::io;
use std::net::{SocketAddr, TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::ClientConnection;
use socket2::{SockRef, TcpKeepalive};

pub(crate) use self::failure::ConnectError;
use self::greet::greet;
use self::socket::{Socket, TlsSocket};
use self::talk::Stream;
pub(crate) use self::talk::Talk;
use self::timed::{Timed, remaining};
use self::tls::TlsSettings;
use crate::config::{Endpoint, Server};

/// How long a connection may be silent before the operating system asks whether it is still there.
const KEEP_ALIVE: Duration = Duration::from_secs(30);

/// Connects, and is let in, within a time.
pub(crate) fn connect(server: &Server, time: Duration) -> Result<Socket, ConnectError> {
    connect_and(server, time, |_| Ok(())).map(|(socket, ())| socket)
}

/// Connects, is let in, and then exchanges further words; all of that within a time.
pub(crate) fn connect_and<T>(
    server: &Server,
    time: Duration,
    exchange: impl FnOnce(&mut Talk<'_>) -> Result<T, ConnectError>,
) -> Result<(Socket, T), ConnectError> {
    let talk = |stream: &mut dyn Stream, uses_tls| {
        let mut talk = Talk::new(stream, uses_tls);
        greet(&mut talk, server)?;
        let secret = server.password.as_deref().unwrap_or_default();
        let told = exchange(&mut talk).map_err(|error| error.without(secret))?;
        talk.end()?;
        Ok(told)
    };
    match &server.endpoint {
        Endpoint::Tcp { host, port, tls } => {
            let addresses = look_up(host, *port)?;
            let deadline = Instant::now() + time;
            let stream = open_tcp(&addresses, deadline, tls.is_some())?;
            let mut stream = Timed::new(stream, deadline);
            let Some(tls) = tls else {
                let told = talk(&mut stream, false)?;
                let stream = stream.into_nonblocking(TcpStream::set_nonblocking)?;
                return Ok((Socket::Tcp(mio::net::TcpStream::from_std(stream)), told));
            };
            let mut session = open_tls(tls, &mut stream)?;
            let told = talk(&mut rustls::Stream::new(&mut session, &mut stream), true)?;
            let stream = stream.into_nonblocking(TcpStream::set_nonblocking)?;
            let stream = mio::net::TcpStream::from_std(stream);
            Ok((Socket::Tls(Box::new(TlsSocket::new(session, stream))), told))
        }
        #[cfg(unix)]
        Endpoint::Unix(path) => {
            use std::os::unix::net::UnixStream;
            let deadline = Instant::now() + time;
            let stream =
                open_unix(path, deadline).map_err(|error| ConnectError::from_io(&error, false))?;
            let mut stream = Timed::new(UnixStream::from(stream), deadline);
            let told = talk(&mut stream, false)?;
            let stream = stream.into_nonblocking(UnixStream::set_nonblocking)?;
            Ok((Socket::Unix(mio::net::UnixStream::from_std(stream)), told))
        }
        #[cfg(not(unix))]
        Endpoint::Unix(_) => Err(ConnectError::permanent("this system has no Unix sockets")),
    }
}

fn look_up(host: &str, port: u16) -> Result<Vec<SocketAddr>, ConnectError> {
    let addresses = (host, port).to_socket_addrs().map_err(|error| {
        ConnectError::transient(format!("the host name could not be resolved ({error})"))
    })?;
    Ok(addresses.collect())
}

fn open_tcp(
    addresses: &[SocketAddr],
    deadline: Instant,
    uses_tls: bool,
) -> Result<TcpStream, ConnectError> {
    let from_io = |error: &io::Error| ConnectError::from_io(error, uses_tls);
    let mut failure = ConnectError::transient("the host name has no addresses");
    for (tried, address) in addresses.iter().enumerate() {
        // An address that swallows packets leaves time for the others.
        let untried = u32::try_from(addresses.len() - tried).unwrap_or(u32::MAX);
        let time = remaining(deadline).map_err(|error| from_io(&error))? / untried;
        match TcpStream::connect_timeout(address, time) {
            // A port that nobody listens on can be given to the very socket that asks for it.
            Ok(stream) if stream.local_addr().ok() == Some(*address) => {
                failure = from_io(&io::ErrorKind::ConnectionRefused.into());
            }
            Ok(stream) => {
                set_up(&stream).map_err(|error| from_io(&error))?;
                return Ok(stream);
            }
            Err(error) => failure = from_io(&error),
        }
    }
    Err(failure)
}

fn set_up(stream: &TcpStream) -> io::Result<()> {
    stream.set_nodelay(true)?;
    let keep_alive = TcpKeepalive::new().with_time(KEEP_ALIVE).with_interval(KEEP_ALIVE / 3);
    let socket = SockRef::from(stream);
    // What is sent is to be acknowledged in that time, too.
    #[cfg(target_os = "linux")]
    socket.set_tcp_user_timeout(Some(KEEP_ALIVE))?;
    socket.set_tcp_keepalive(&keep_alive)
}

#[cfg(unix)]
fn open_unix(path: &std::path::Path, deadline: Instant) -> io::Result<socket2::Socket> {
    let socket = socket2::Socket::new(socket2::Domain::UNIX, socket2::Type::STREAM, None)?;
    // A server that does not accept lets a connect without a limit hang.
    socket.connect_timeout(&socket2::SockAddr::unix(path)?, remaining(deadline)?)?;
    Ok(socket)
}

fn open_tls(
    tls: &TlsSettings,
    stream: &mut Timed<TcpStream>,
) -> Result<ClientConnection, ConnectError> {
    let config = tls.client_config().map_err(ConnectError::permanent)?;
    let mut session = ClientConnection::new(Arc::new(config), tls.server_name.clone())
        .map_err(|error| ConnectError::permanent(format!("TLS: {error}")))?;
    while session.is_handshaking() {
        session.complete_io(stream).map_err(|error| match error.kind() {
            // Redis without TLS waits for the end of what it takes for a command.
            io::ErrorKind::TimedOut => {
                ConnectError::transient("no answer to the TLS handshake; is it a redis:// server?")
            }
            _ => ConnectError::from_io(&error, true),
        })?;
    }
    Ok(session)
}

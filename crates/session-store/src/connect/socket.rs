//! A connected, non-blocking socket: TCP, TLS over TCP, or Unix.

use std::io::{self, Read, Write};
use std::time::Duration;

use mio::event::Source;
use mio::net::TcpStream;
#[cfg(unix)]
use mio::net::UnixStream;
use rustls::ClientConnection;
use socket2::SockRef;

pub(crate) enum Socket {
    Tcp(TcpStream),
    Tls(Box<TlsSocket>),
    #[cfg(unix)]
    Unix(UnixStream),
}

impl Socket {
    /// What the operating system is asked to watch.
    pub(crate) fn source(&mut self) -> &mut dyn Source {
        match self {
            Self::Tcp(stream) => stream,
            Self::Tls(tls) => &mut tls.stream,
            #[cfg(unix)]
            Self::Unix(stream) => stream,
        }
    }

    /// Closes without sending what has not been sent. An ordinary close leaves that to the
    /// operating system, which goes on trying for minutes: a write could then arrive after newer
    /// ones on another connection.
    pub(crate) fn abort(self) {
        let stream = match &self {
            Self::Tcp(stream) => SockRef::from(stream),
            Self::Tls(tls) => SockRef::from(&tls.stream),
            #[cfg(unix)]
            Self::Unix(_) => return,
        };
        // Where this fails, the close is an ordinary one.
        let _ = stream.set_linger(Some(Duration::ZERO));
    }
}

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.read(buffer),
            Self::Tls(tls) => tls.read(buffer),
            #[cfg(unix)]
            Self::Unix(stream) => stream.read(buffer),
        }
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Tcp(stream) => stream.write(bytes),
            Self::Tls(tls) => tls.write(bytes),
            #[cfg(unix)]
            Self::Unix(stream) => stream.write(bytes),
        }
    }

    /// Sends what a TLS session holds back; `WouldBlock` when the socket does not take all of it.
    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Tls(tls) => tls.flush(),
            _ => Ok(()),
        }
    }
}

pub(crate) struct TlsSocket {
    session: ClientConnection,
    stream: TcpStream,
}

impl TlsSocket {
    pub(crate) fn new(session: ClientConnection, stream: TcpStream) -> Self {
        Self { session, stream }
    }

    /// `Interrupted` after a record without a word in it: a server that sends nothing else must not
    /// keep the I/O thread from its other work.
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self.session.reader().read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
            result => return result,
        }
        // An end of the stream is for the session to judge: `reader` tells a clean close from a cut.
        self.session.read_tls(&mut self.stream)?;
        self.session
            .process_new_packets()
            .map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        match self.session.reader().read(buffer) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                Err(io::ErrorKind::Interrupted.into())
            }
            result => result,
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // The session takes a limited number of bytes before they have to go out.
        match self.session.writer().write(bytes)? {
            0 => {
                self.flush()?;
                Err(io::ErrorKind::Interrupted.into())
            }
            count => match self.flush() {
                Err(error) if error.kind() != io::ErrorKind::WouldBlock => Err(error),
                _ => Ok(count),
            },
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        while self.session.wants_write() {
            self.session.write_tls(&mut self.stream)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream as StdStream};
    use std::sync::Arc;
    use std::thread;

    use rustls::crypto::ring::default_provider;
    use rustls::pki_types::PrivateKeyDer;
    use rustls::{ClientConfig, RootCertStore, ServerConfig, ServerConnection};

    use super::*;

    /// A client and a server that have shaken hands.
    fn connected() -> (TlsSocket, ServerConnection, StdStream) {
        let own = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let key = PrivateKeyDer::Pkcs8(own.signing_key.serialize_der().into());
        let provider = Arc::new(default_provider());
        let mut server_config = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![own.cert.der().clone()], key)
            .unwrap();
        // Each is a record without a word in it.
        server_config.send_tls13_tickets = 100;
        let mut roots = RootCertStore::empty();
        roots.add(own.cert.der().clone()).unwrap();
        let client_config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();

        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut client_stream = StdStream::connect(listener.local_addr().unwrap()).unwrap();
        let (mut server_stream, _) = listener.accept().unwrap();
        let name = "localhost".try_into().unwrap();
        let mut client = ClientConnection::new(Arc::new(client_config), name).unwrap();
        let server = thread::spawn(move || {
            let mut server = ServerConnection::new(Arc::new(server_config)).unwrap();
            while server.is_handshaking() || server.wants_write() {
                server.complete_io(&mut server_stream).unwrap();
            }
            (server, server_stream)
        });
        while client.is_handshaking() {
            client.complete_io(&mut client_stream).unwrap();
        }
        let (server, server_stream) = server.join().unwrap();
        client_stream.set_nonblocking(true).unwrap();
        let stream = TcpStream::from_std(client_stream);
        (TlsSocket::new(client, stream), server, server_stream)
    }

    #[test]
    fn records_without_a_word_in_them_do_not_hold_the_thread() {
        let (mut client, mut server, mut stream) = connected();
        server.writer().write_all(b"+PONG\r\n").unwrap();
        server.write_tls(&mut stream).unwrap();

        let mut buffer = [0; 100];
        let mut interrupted = 0;
        let count = loop {
            match client.read(&mut buffer) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => interrupted += 1,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => thread::yield_now(),
                result => break result.unwrap(),
            }
        };
        assert_eq!(&buffer[..count], b"+PONG\r\n");
        assert!(interrupted > 0, "all of it was read at once");
    }
}

//! Why no connection was made, and whether that will pass.

use std::io;

use rustls::CertificateError;

/// Why an attempt to connect has failed.
#[derive(Clone, Debug)]
pub(crate) struct ConnectError {
    pub(crate) reason: String,
    /// Trying again changes nothing: a wrong password, say.
    pub(crate) is_permanent: bool,
}

impl ConnectError {
    pub(crate) fn transient(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), is_permanent: false }
    }

    pub(crate) fn permanent(reason: impl Into<String>) -> Self {
        Self { reason: reason.into(), is_permanent: true }
    }

    /// Leaves a secret out that a server has repeated.
    pub(super) fn without(mut self, secret: &str) -> Self {
        if !secret.is_empty() {
            self.reason = self.reason.replace(secret, "…");
        }
        self
    }

    /// The hints depend on whether we speak TLS.
    pub(super) fn from_io(error: &io::Error, uses_tls: bool) -> Self {
        let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
        if let Some(error) = inner {
            return Self::from_tls(error);
        }
        Self::transient(match error.kind() {
            io::ErrorKind::ConnectionRefused => {
                "connection refused; is a server running there?".into()
            }
            io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => "no answer".into(),
            io::ErrorKind::UnexpectedEof
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe => {
                let other = if uses_tls { "no TLS (redis://)" } else { "TLS (rediss://)" };
                format!("the server closed the connection; does it expect {other}?")
            }
            _ => error.to_string(),
        })
    }

    fn from_tls(error: &rustls::Error) -> Self {
        Self::permanent(match error {
            rustls::Error::InvalidCertificate(
                error @ (CertificateError::Expired | CertificateError::ExpiredContext { .. }),
            ) => format!("the server's TLS certificate is out of date ({error}); renew it"),
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
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_that_has_expired_is_not_a_question_of_who_is_trusted() {
        let reason =
            |error| ConnectError::from_tls(&rustls::Error::InvalidCertificate(error)).reason;
        let expired = reason(CertificateError::Expired);
        assert!(expired.contains("renew") && !expired.contains("tls.ca"), "{expired}");
        assert!(reason(CertificateError::UnknownIssuer).contains("tls.ca"));
    }
}

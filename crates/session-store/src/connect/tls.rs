//! TLS settings in the terms of `node:tls`, as a rustls configuration.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_name;
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme,
};

use crate::error::ConfigError;

/// How a server is verified, and what the client shows of itself.
#[derive(Debug, Default)]
pub struct TlsOptions {
    /// PEM certificates to trust instead of the system's.
    pub ca: Option<String>,
    /// PEM certificate chain of the client.
    pub cert: Option<String>,
    /// PEM private key of the client.
    pub key: Option<String>,
    /// Name to verify the server's certificate against, if not the host.
    pub server_name: Option<String>,
    /// `Some(false)` accepts any certificate.
    pub reject_unauthorized: Option<bool>,
}

impl TlsOptions {
    pub(crate) fn is_default(&self) -> bool {
        self.ca.is_none()
            && self.cert.is_none()
            && self.key.is_none()
            && self.server_name.is_none()
            && self.reject_unauthorized.is_none()
    }
}

/// Checked TLS options.
#[derive(Clone, Debug)]
pub(crate) struct TlsSettings {
    pub(crate) server_name: ServerName<'static>,
    /// The options name the server, whatever its host is called.
    is_named: bool,
    terms: Arc<Terms>,
}

/// What does not depend on the server.
#[derive(Debug)]
struct Terms {
    ca: Option<Vec<CertificateDer<'static>>>,
    identity: Option<(Vec<CertificateDer<'static>>, PrivateKeyDer<'static>)>,
    verifies: bool,
}

impl TlsSettings {
    pub(crate) fn new(options: &TlsOptions, host: &str) -> Result<Self, ConfigError> {
        let name = options.server_name.as_deref().unwrap_or(host);
        let server_name = ServerName::try_from(name.to_owned()).map_err(|_| {
            ConfigError("\"tls.serverName\" must be a host name or an IP address".into())
        })?;
        let ca = options.ca.as_deref().map(|pem| certificates("ca", pem)).transpose()?;
        let identity = match (&options.cert, &options.key) {
            (Some(cert), Some(key)) => Some((certificates("cert", cert)?, private_key(key)?)),
            _ => None,
        };
        let verifies = options.reject_unauthorized.unwrap_or(true);
        let is_named = options.server_name.is_some();
        Ok(Self { server_name, is_named, terms: Arc::new(Terms { ca, identity, verifies }) })
    }

    /// Has the certificate verified against another name, unless the options have one.
    pub(crate) fn rename(&mut self, name: &str) {
        if !self.is_named
            && let Ok(name) = ServerName::try_from(name.to_owned())
        {
            self.server_name = name;
        }
    }

    /// Makes the configuration of a connection. Slow where it reads the system's certificates, so
    /// it is for the thread that connects.
    ///
    /// # Errors
    /// When there are no certificates to trust, or the key does not fit the client's certificate.
    pub(crate) fn client_config(&self) -> Result<ClientConfig, String> {
        // Passed along rather than installed for the process, which belongs to the app.
        let provider = Arc::new(ring::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| error.to_string())?;
        let builder = match (&self.terms.ca, self.terms.verifies) {
            (_, false) => {
                builder.dangerous().with_custom_certificate_verifier(Arc::new(AcceptAny(provider)))
            }
            (Some(ca), true) => {
                let verifier = AcceptTrusted::new(ca.clone(), self.roots()?, provider)?;
                builder.dangerous().with_custom_certificate_verifier(Arc::new(verifier))
            }
            (None, true) => builder.with_root_certificates(self.roots()?),
        };
        match &self.terms.identity {
            Some((chain, key)) => builder
                .with_client_auth_cert(chain.clone(), key.clone_key())
                .map_err(|error| format!("\"tls.cert\" and \"tls.key\": {error}")),
            None => Ok(builder.with_no_client_auth()),
        }
    }

    fn roots(&self) -> Result<RootCertStore, String> {
        let mut roots = RootCertStore::empty();
        if let Some(ca) = &self.terms.ca {
            for certificate in ca {
                roots
                    .add(certificate.clone())
                    .map_err(|error| format!("\"tls.ca\" cannot be used: {error}"))?;
            }
        } else {
            // Systems ship certificates that rustls does not take; the others are still good.
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
            if roots.is_empty() {
                return Err("the system has no root certificates; install its ca-certificates, \
                     or pass \"tls.ca\""
                    .into());
            }
        }
        Ok(roots)
    }
}

fn certificates(option: &str, pem: &str) -> Result<Vec<CertificateDer<'static>>, ConfigError> {
    let certificates: Vec<_> = CertificateDer::pem_slice_iter(pem.as_bytes())
        .collect::<Result<_, _>>()
        .map_err(|_| not_pem(option, "certificates"))?;
    if certificates.is_empty() {
        return Err(not_pem(option, "certificates"));
    }
    Ok(certificates)
}

fn private_key(pem: &str) -> Result<PrivateKeyDer<'static>, ConfigError> {
    PrivateKeyDer::from_pem_slice(pem.as_bytes()).map_err(|_| not_pem("key", "a private key"))
}

fn not_pem(option: &str, what: &str) -> ConfigError {
    ConfigError(format!("\"tls.{option}\" must be {what} in PEM, not the name of a file"))
}

/// Verifies as usual, and besides takes a certificate that is itself in `tls.ca`, as OpenSSL does:
/// self-signed ones are mostly made as authorities, and those rustls does not take for servers.
#[derive(Debug)]
struct AcceptTrusted {
    trusted: Vec<CertificateDer<'static>>,
    usual: Arc<WebPkiServerVerifier>,
}

impl AcceptTrusted {
    fn new(
        trusted: Vec<CertificateDer<'static>>,
        roots: RootCertStore,
        provider: Arc<CryptoProvider>,
    ) -> Result<Self, String> {
        let usual = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider)
            .build()
            .map_err(|error| format!("\"tls.ca\" cannot be used: {error}"))?;
        Ok(Self { trusted, usual })
    }
}

impl ServerCertVerifier for AcceptTrusted {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        let usual = self.usual.verify_server_cert(
            end_entity,
            intermediates,
            server_name,
            ocsp_response,
            now,
        );
        // Its dates are checked before this error arises, its name is not.
        if matches!(&usual, Err(error) if is_ca_used_as_server(error))
            && self.trusted.contains(end_entity)
        {
            let certificate = ParsedCertificate::try_from(end_entity)?;
            verify_server_name(&certificate, server_name)?;
            return Ok(ServerCertVerified::assertion());
        }
        usual
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.usual.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        self.usual.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.usual.supported_verify_schemes()
    }
}

/// rustls passes this error of its verifier on as it is, for want of a name of its own.
fn is_ca_used_as_server(error: &rustls::Error) -> bool {
    let rustls::Error::InvalidCertificate(CertificateError::Other(other)) = error else {
        return false;
    };
    other.0.downcast_ref::<webpki::Error>() == Some(&webpki::Error::CaUsedAsEndEntity)
}

/// Takes any certificate for any name: `rejectUnauthorized: false`.
#[derive(Debug)]
struct AcceptAny(Arc<CryptoProvider>);

impl ServerCertVerifier for AcceptAny {
    fn verify_server_cert(
        &self,
        _end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls12_signature(message, cert, dss, algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        let algorithms = &self.0.signature_verification_algorithms;
        rustls::crypto::verify_tls13_signature(message, cert, dss, algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

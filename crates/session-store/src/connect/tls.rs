//! TLS settings in the terms of `node:tls`, as a rustls configuration.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, RootCertStore, SignatureScheme};

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
#[derive(Debug)]
pub(crate) struct TlsSettings {
    pub(crate) server_name: ServerName<'static>,
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
        Ok(Self { server_name, ca, identity, verifies })
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
        let builder = if self.verifies {
            builder.with_root_certificates(self.roots()?)
        } else {
            builder.dangerous().with_custom_certificate_verifier(Arc::new(AcceptAny(provider)))
        };
        match &self.identity {
            Some((chain, key)) => builder
                .with_client_auth_cert(chain.clone(), key.clone_key())
                .map_err(|error| format!("\"tls.cert\" and \"tls.key\": {error}")),
            None => Ok(builder.with_no_client_auth()),
        }
    }

    fn roots(&self) -> Result<RootCertStore, String> {
        let mut roots = RootCertStore::empty();
        if let Some(ca) = &self.ca {
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

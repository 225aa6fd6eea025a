//! The options of a connection, as JavaScript passes them.

use std::time::Duration;

use napi_derive::napi;
use session_store::{Kind, Options, SentinelOptions, TlsOptions};

/// What a connection is made with; checked by the TypeScript side but for the URL and the PEM texts.
#[napi(object, object_to_js = false)]
pub struct NativeOptions {
    /// Where Redis is: one server, or where to begin.
    pub urls: Vec<String>,
    /// Whether these are nodes of a Redis Cluster.
    pub cluster: bool,
    /// What sentinels are asked for, if these are sentinels.
    pub sentinel: Option<NativeSentinelOptions>,
    /// How many connections to each server to share its sessions among.
    pub connections: u32,
    /// How a `rediss://` server is verified.
    pub tls: Option<NativeTlsOptions>,
    /// What stands in front of every key.
    pub prefix: String,
    /// Seconds; without it sessions are kept for ever.
    pub ttl: Option<u32>,
    /// Whether loading a session refreshes its TTL.
    pub refresh_on_load: bool,
    /// Milliseconds that one request may take.
    pub timeout: f64,
    /// Bytes that a loaded text may have.
    pub max_bytes: u32,
}

/// What sentinels are asked for, and how.
#[napi(object, object_to_js = false)]
pub struct NativeSentinelOptions {
    /// What they call the primary and its replicas.
    pub name: String,
    /// The user whom sentinels know.
    pub username: Option<String>,
    /// The password for sentinels.
    pub password: Option<String>,
    /// Whether sentinels speak TLS, if not as the URLs say.
    pub tls: Option<bool>,
}

/// TLS options with the names and meanings of `node:tls`.
#[napi(object, object_to_js = false)]
pub struct NativeTlsOptions {
    /// PEM certificates to trust instead of the system's.
    pub ca: Option<String>,
    /// PEM certificate chain of the client.
    pub cert: Option<String>,
    /// PEM private key of the client.
    pub key: Option<String>,
    /// Name to verify the server's certificate against.
    pub server_name: Option<String>,
    /// `false` accepts any certificate.
    pub reject_unauthorized: Option<bool>,
}

impl From<NativeOptions> for Options {
    fn from(options: NativeOptions) -> Self {
        Self {
            urls: options.urls,
            kind: match options.sentinel {
                Some(sentinel) => Kind::Sentinel(sentinel.into()),
                None if options.cluster => Kind::Cluster,
                None => Kind::Single,
            },
            connections: options.connections as usize,
            tls: options.tls.map(TlsOptions::from).unwrap_or_default(),
            prefix: options.prefix,
            ttl: options.ttl,
            refresh_on_load: options.refresh_on_load,
            timeout: Duration::from_secs_f64(options.timeout / 1000.0),
            max_bytes: options.max_bytes as usize,
        }
    }
}

impl From<NativeSentinelOptions> for SentinelOptions {
    fn from(options: NativeSentinelOptions) -> Self {
        Self {
            name: options.name,
            username: options.username,
            password: options.password,
            tls: options.tls,
        }
    }
}

impl From<NativeTlsOptions> for TlsOptions {
    fn from(options: NativeTlsOptions) -> Self {
        Self {
            ca: options.ca,
            cert: options.cert,
            key: options.key,
            server_name: options.server_name,
            reject_unauthorized: options.reject_unauthorized,
        }
    }
}

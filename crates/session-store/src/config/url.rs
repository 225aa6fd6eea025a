//! The URL of a server.

use redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo};

use super::{Endpoint, Identity, Server};
use crate::connect::tls::{TlsOptions, TlsSettings};
use crate::error::ConfigError;

/// What a URL can look like.
pub(super) const FORMS: &str = "redis://host:port/db, redis://:password@host, \
    rediss://user:password@host:port (TLS) or unix:///path/to/socket";

/// Returns the server that a URL names.
///
/// `is_tls_elsewhere` if there is another use for the TLS options than this URL.
pub(super) fn server(
    url: &str,
    tls: &TlsOptions,
    is_tls_elsewhere: bool,
) -> Result<Server, ConfigError> {
    let parsed = redis::parse_redis_url(url)
        .ok_or_else(|| ConfigError(format!("\"url\" must be {FORMS}")))?;
    if parsed.fragment().is_some() {
        return Err(ConfigError(
            "\"url\" must have no \"#\" part; write a \"#\" in a password as %23".into(),
        ));
    }
    // The crate's message is one of its constants; its detail could quote the URL.
    let info: ConnectionInfo = parsed.into_connection_info().map_err(|error| {
        let reason = error.to_string();
        let reason = reason.split(" - ").next().unwrap_or_default();
        ConfigError(format!("\"url\" must be {FORMS}: {reason}"))
    })?;

    let endpoint = match info.addr() {
        ConnectionAddr::Tcp(host, port) => {
            if !tls.is_default() && !is_tls_elsewhere {
                return Err(ConfigError(
                    "\"tls\" needs a \"url\" that starts with rediss://".into(),
                ));
            }
            Endpoint::Tcp { host: host.clone(), port: *port, tls: None }
        }
        ConnectionAddr::TcpTls { host, port, .. } => Endpoint::Tcp {
            host: host.clone(),
            port: *port,
            tls: Some(TlsSettings::new(tls, host)?),
        },
        ConnectionAddr::Unix(path) => Endpoint::Unix(path.clone()),
        _ => return Err(ConfigError(format!("\"url\" must be {FORMS}"))),
    };
    let settings = info.redis_settings();
    if settings.db() < 0 {
        return Err(ConfigError("\"url\" must have a database number of 0 or more".into()));
    }
    Ok(Server {
        endpoint,
        username: settings.username().map(str::to_owned),
        password: settings.password().map(str::to_owned),
        database: settings.db(),
        identity: Identity::Any,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(url: &str) -> Result<Server, ConfigError> {
        server(url, &TlsOptions::default(), false)
    }

    #[test]
    fn a_url_says_where_redis_is_and_who_comes() {
        let target = parse("redis://ann:p%40ss%2Fw@[::1]:7000/3").unwrap();
        assert_eq!(target.username.as_deref(), Some("ann"));
        assert_eq!(target.password.as_deref(), Some("p@ss/w"));
        assert_eq!(target.to_string(), "redis://[::1]:7000 (database 3)");

        assert_eq!(parse("redis://localhost").unwrap().to_string(), "redis://localhost:6379");
        assert_eq!(parse("rediss://r.example").unwrap().to_string(), "rediss://r.example:6379");
        #[cfg(unix)]
        assert_eq!(parse("unix:///run/r.sock").unwrap().to_string(), "unix:///run/r.sock");
    }

    #[test]
    fn a_bad_url_is_refused_without_showing_it() {
        for url in [
            "",
            "localhost:6379",
            "http://:hunter2@localhost",
            "redis://:hunter2@",
            "redis://:hunter2@localhost:port",
            "redis://:hunter2@localhost/db",
            "redis://:hunter2@localhost/-1",
            "redis://:hunter2@localhost:6379/0#hunter2",
            "rediss://:hunter2@localhost#insecure",
        ] {
            let error = parse(url).expect_err(url).to_string();
            assert!(error.starts_with("\"url\" must"), "{error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn tls_options_need_a_tls_url() {
        let tls = TlsOptions { server_name: Some("redis".into()), ..TlsOptions::default() };
        assert!(server("redis://localhost", &tls, false).is_err());
        assert!(server("redis://localhost", &tls, true).is_ok());
        assert!(server("rediss://localhost", &tls, false).is_ok());
    }
}

//! Options, checked once and turned into what the rest of the core works with.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use redis::{ConnectionAddr, ConnectionInfo, IntoConnectionInfo};

use crate::connect::tls::{TlsOptions, TlsSettings};
use crate::error::ConfigError;

/// What a [`Store`](crate::Store) is made with.
#[derive(Debug, Default)]
pub struct Options {
    /// Where Redis is: `redis://`, `rediss://` or `unix://`. Several are of the nodes that tell of the others.
    pub urls: Vec<String>,
    /// What the URLs are of.
    pub kind: Kind,
    /// How many connections to each server to share its sessions among.
    pub connections: usize,
    /// How a `rediss://` server is verified.
    pub tls: TlsOptions,
    /// What stands in front of every key.
    pub prefix: String,
    /// Seconds that an unused session lives; `None` for ever.
    pub ttl: Option<u32>,
    /// Whether loading a session refreshes its TTL.
    pub refresh_on_load: bool,
    /// What one request may take, from the hand-over to the answer.
    pub timeout: Duration,
    /// Bytes that a loaded text may have; a longer one is refused, and not kept.
    pub max_bytes: usize,
}

/// What the URLs of a store are of.
#[derive(Clone, Debug, Default)]
pub enum Kind {
    /// The server that has all sessions.
    #[default]
    Single,
    /// Nodes of a Redis Cluster, which tell which of them has a session.
    Cluster,
    /// Sentinels, which tell which server has all sessions now. User, password and database in the URLs are those
    /// of that server.
    Sentinel(SentinelOptions),
}

/// What sentinels are asked for, and how.
#[derive(Clone, Debug, Default)]
pub struct SentinelOptions {
    /// What they call the server and its replicas.
    pub name: String,
    /// The user whom sentinels know.
    pub username: Option<String>,
    /// The password for sentinels.
    pub password: Option<String>,
    /// Whether sentinels speak TLS, if not as the URLs say of the servers.
    pub tls: Option<bool>,
}

/// How the servers are found.
#[derive(Debug)]
pub(crate) enum Layout {
    /// The one that is named has all sessions.
    Single,
    /// Those that are named tell.
    Cluster,
    /// Those that are named are sentinels.
    Sentinel(Watched),
}

/// A server that sentinels watch.
#[derive(Debug)]
pub(crate) struct Watched {
    /// What they call it.
    pub(crate) name: String,
    /// How it is reached, at whatever address.
    pub(crate) server: Server,
}

/// Checked options.
#[derive(Debug)]
pub struct Config {
    /// Where to begin: at least one.
    pub(crate) seeds: Seeds,
    pub(crate) layout: Layout,
    pub(crate) connections: usize,
    pub(crate) prefix: String,
    pub(crate) ttl: Option<u32>,
    pub(crate) refresh_on_load: bool,
    pub(crate) timeout: Duration,
    pub(crate) max_bytes: usize,
}

/// The servers that the URLs name.
#[derive(Debug)]
pub(crate) struct Seeds {
    servers: Vec<Arc<Server>>,
    /// What they are asked for, if they are sentinels.
    watched: Option<String>,
}

impl Seeds {
    /// The first of them, which is as good as any other.
    pub(crate) fn first(&self) -> &Arc<Server> {
        &self.servers[0]
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Arc<Server>> {
        self.servers.iter()
    }
}

impl fmt::Display for Seeds {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(name) = &self.watched {
            let plural = if self.servers.len() > 1 { "s" } else { "" };
            write!(formatter, "\"{name}\" of the sentinel{plural} ")?;
        }
        for (index, server) in self.iter().enumerate() {
            if index > 0 {
                formatter.write_str(", ")?;
            }
            write!(formatter, "{server}")?;
        }
        Ok(())
    }
}

/// A Redis server, and how to be let in.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    pub(crate) endpoint: Endpoint,
    pub(crate) username: Option<String>,
    pub(crate) password: Option<String>,
    pub(crate) database: i64,
    /// What it has to be, whoever else has its address by now.
    pub(crate) identity: Identity,
}

/// What a server has to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Identity {
    Any,
    /// It is of no use as a replica.
    Primary,
    /// The node that its cluster calls so.
    Node(String),
}

#[derive(Clone, Debug)]
pub(crate) enum Endpoint {
    Tcp { host: String, port: u16, tls: Option<TlsSettings> },
    Unix(PathBuf),
}

impl Server {
    /// Whether connections to one are connections to the other: they have the same address, and what is known of
    /// who they are is the same.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        self.is_at(other) && self.identity == other.identity
    }

    /// Whether both have the same address.
    pub(crate) fn is_at(&self, other: &Self) -> bool {
        match (&self.endpoint, &other.endpoint) {
            (Endpoint::Tcp { host, port, .. }, Endpoint::Tcp { host: others, port: other, .. }) => {
                host == others && port == other
            }
            (Endpoint::Unix(path), Endpoint::Unix(other)) => path == other,
            _ => false,
        }
    }

    /// The host name or address; empty for a Unix socket.
    pub(crate) fn host(&self) -> &str {
        match &self.endpoint {
            Endpoint::Tcp { host, .. } => host,
            Endpoint::Unix(_) => "",
        }
    }

    /// Returns another server that is reached in the same way. `name` is what its certificate is verified
    /// against, unless the options say so; without it that is what this one's is.
    pub(crate) fn at(&self, host: &str, port: u16, name: Option<&str>) -> Self {
        let mut server = self.clone();
        if let Endpoint::Tcp { host: own, port: own_port, tls } = &mut server.endpoint {
            host.clone_into(own);
            *own_port = port;
            if let (Some(tls), Some(name)) = (tls, name) {
                tls.rename(name);
            }
        }
        server
    }
}

impl fmt::Display for Server {
    /// The address as a URL without user and password, fit for messages.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.endpoint {
            Endpoint::Tcp { host, port, tls } => {
                let scheme = if tls.is_some() { "rediss" } else { "redis" };
                let [open, close] = if host.contains(':') { ["[", "]"] } else { ["", ""] };
                write!(formatter, "{scheme}://{open}{host}{close}:{port}")?;
            }
            Endpoint::Unix(path) => write!(formatter, "unix://{}", path.display())?,
        }
        if self.database != 0 {
            write!(formatter, " (database {})", self.database)?;
        }
        Ok(())
    }
}

const URL_FORMS: &str = "redis://host:port/db, redis://:password@host, \
    rediss://user:password@host:port (TLS) or unix:///path/to/socket";

impl Config {
    /// How long a server may be silent before it is looked whether another one has taken its place.
    pub(crate) fn patience(&self) -> Duration {
        self.timeout / 4
    }

    /// Checks options.
    ///
    /// # Errors
    /// For an invalid URL or certificate.
    pub fn new(options: Options) -> Result<Self, ConfigError> {
        let sentinels_use_tls =
            matches!(&options.kind, Kind::Sentinel(SentinelOptions { tls: Some(true), .. }));
        let seeds = options.urls.iter().map(|url| server(url, &options.tls, sentinels_use_tls));
        let mut seeds: Vec<_> = seeds.collect::<Result<_, _>>()?;
        if seeds.is_empty() {
            return Err(ConfigError(format!("\"url\" must be {URL_FORMS}")));
        }
        share_login(&mut seeds)?;
        let mut watched = None;
        let layout = match options.kind {
            Kind::Single => Layout::Single,
            Kind::Cluster => {
                check_seeds(&seeds)?;
                Layout::Cluster
            }
            Kind::Sentinel(sentinel) => {
                watched = Some(sentinel.name.clone());
                let server = Server { identity: Identity::Primary, ..seeds[0].clone() };
                make_sentinels(&mut seeds, &sentinel, &options.tls)?;
                Layout::Sentinel(Watched { name: sentinel.name, server })
            }
        };
        let servers = seeds.into_iter().map(Arc::new).collect();
        Ok(Self {
            seeds: Seeds { servers, watched },
            layout,
            connections: options.connections.max(1),
            prefix: options.prefix,
            ttl: options.ttl,
            refresh_on_load: options.refresh_on_load && options.ttl.is_some(),
            timeout: options.timeout,
            max_bytes: options.max_bytes,
        })
    }
}

/// Has all URLs mean the same user, password and database, which they need to say only once.
fn share_login(seeds: &mut [Server]) -> Result<(), ConfigError> {
    let uses_tls = |server: &Server| matches!(server.endpoint, Endpoint::Tcp { tls: Some(_), .. });
    if seeds.iter().any(|seed| uses_tls(seed) != uses_tls(&seeds[0])) {
        return Err(ConfigError(
            "\"url\" must have redis:// in all of its URLs, or rediss:// in all of them".into(),
        ));
    }
    let login = |server: &Server| (server.username.clone(), server.password.clone());
    let shared = seeds.iter().map(login).find(|it| *it != (None, None)).unwrap_or_default();
    let number = seeds.iter().map(|seed| seed.database).find(|it| *it != 0).unwrap_or(0);
    for seed in seeds {
        let has_other_login = login(seed) != (None, None) && login(seed) != shared;
        if has_other_login || (seed.database != 0 && seed.database != number) {
            return Err(ConfigError(
                "\"url\" must have the same user, password and database in all of its URLs, or have them \
                 in one of them only"
                    .into(),
            ));
        }
        (seed.username, seed.password) = shared.clone();
        seed.database = number;
    }
    Ok(())
}

/// Makes sentinels of what has the user, password and database of the servers that they watch.
fn make_sentinels(
    seeds: &mut [Server],
    options: &SentinelOptions,
    tls: &TlsOptions,
) -> Result<(), ConfigError> {
    for seed in seeds {
        let Endpoint::Tcp { host, tls: settings, .. } = &mut seed.endpoint else {
            return Err(ConfigError(
                "\"url\" must not be of a Unix socket with \"sentinel\": sentinels name hosts and ports"
                    .into(),
            ));
        };
        match options.tls {
            Some(true) => *settings = Some(TlsSettings::new(tls, host)?),
            Some(false) => *settings = None,
            None => {}
        }
        seed.username.clone_from(&options.username);
        seed.password.clone_from(&options.password);
        seed.database = 0;
    }
    Ok(())
}

/// Checks that nodes of a cluster can be reached through these.
fn check_seeds(seeds: &[Server]) -> Result<(), ConfigError> {
    if seeds.iter().any(|seed| seed.database != 0) {
        return Err(ConfigError(
            "\"url\" must have no database with \"cluster\": a Redis Cluster only has number 0"
                .into(),
        ));
    }
    if seeds.iter().any(|seed| matches!(seed.endpoint, Endpoint::Unix(_))) {
        return Err(ConfigError(
            "\"url\" must not be of a Unix socket with \"cluster\": its nodes name hosts and ports"
                .into(),
        ));
    }
    Ok(())
}

/// `is_tls_elsewhere` if there is another use for the TLS options than this URL.
fn server(url: &str, tls: &TlsOptions, is_tls_elsewhere: bool) -> Result<Server, ConfigError> {
    let parsed = redis::parse_redis_url(url)
        .ok_or_else(|| ConfigError(format!("\"url\" must be {URL_FORMS}")))?;
    if parsed.fragment().is_some() {
        return Err(ConfigError(
            "\"url\" must have no \"#\" part; write a \"#\" in a password as %23".into(),
        ));
    }
    // The crate's message is one of its constants; its detail could quote the URL.
    let info: ConnectionInfo = parsed.into_connection_info().map_err(|error| {
        let reason = error.to_string();
        let reason = reason.split(" - ").next().unwrap_or_default();
        ConfigError(format!("\"url\" must be {URL_FORMS}: {reason}"))
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
        _ => return Err(ConfigError(format!("\"url\" must be {URL_FORMS}"))),
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
    fn what_one_of_several_urls_says_holds_for_all_of_them() {
        let seeds = |urls: [&str; 2], kind| {
            let urls = urls.map(str::to_owned).to_vec();
            Config::new(Options { urls, kind, ..Options::default() }).map(|config| config.seeds)
        };
        let shared = seeds(["redis://a", "redis://ann:pw@b:7000"], Kind::Cluster).unwrap();
        assert_eq!(shared.to_string(), "redis://a:6379, redis://b:7000");
        for seed in shared.iter() {
            assert_eq!(seed.username.as_deref(), Some("ann"));
            assert_eq!(seed.password.as_deref(), Some("pw"));
        }
        assert!(seeds(["redis://ann:pw@a", "redis://ann:pw@b"], Kind::Cluster).is_ok());
        for [urls, words] in [
            [["redis://:pw@a", "redis://:hunter2@b"], ["same user, password", ""]],
            [["redis://ann:pw@a", "redis://:pw@b"], ["same user, password", ""]],
            [["redis://:hunter2@a", "rediss://b"], ["rediss:// in all", ""]],
            [["redis://:hunter2@a", "redis://b/1"], ["no database", "\"cluster\""]],
            [["redis://:hunter2@a", "unix:///r.sock"], ["Unix socket", "\"cluster\""]],
        ] {
            let error = seeds(urls, Kind::Cluster).unwrap_err().to_string();
            assert!(words.iter().all(|words| error.contains(words)), "{error}");
            assert!(error.starts_with("\"url\" must") && !error.contains("hunter2"), "{error}");
        }
    }

    #[test]
    fn sentinels_have_a_login_of_their_own_and_may_have_another_scheme() {
        let config = |scheme: &str, tls| {
            let urls = vec![format!("{scheme}://ann:pw@a:26379/3"), format!("{scheme}://b:26379")];
            let kind = Kind::Sentinel(SentinelOptions {
                name: "sessions".into(),
                username: Some("watcher".into()),
                password: Some("secret".into()),
                tls,
            });
            Config::new(Options { urls, kind, ..Options::default() }).unwrap()
        };
        for (scheme, tls, sentinels) in [
            ("redis", None, "redis"),
            ("redis", Some(true), "rediss"),
            ("rediss", None, "rediss"),
            ("rediss", Some(false), "redis"),
        ] {
            let config = config(scheme, tls);
            assert_eq!(
                config.seeds.to_string(),
                format!(
                    "\"sessions\" of the sentinels {sentinels}://a:26379, {sentinels}://b:26379"
                )
            );
            for seed in config.seeds.iter() {
                assert_eq!(seed.username.as_deref(), Some("watcher"));
                assert_eq!(seed.password.as_deref(), Some("secret"));
                assert_eq!(seed.identity, Identity::Any);
            }
            let Layout::Sentinel(watched) = &config.layout else { panic!("{:?}", config.layout) };
            let server = watched.server.at("h", 1, None);
            assert_eq!(server.to_string(), format!("{scheme}://h:1 (database 3)"));
            assert_eq!(server.username.as_deref(), Some("ann"));
            assert_eq!(server.password.as_deref(), Some("pw"));
            assert_eq!(server.identity, Identity::Primary);
        }
    }

    #[test]
    fn sentinels_have_no_unix_sockets() {
        let kind = Kind::Sentinel(SentinelOptions::default());
        let options = Options { urls: vec!["unix:///r.sock".into()], kind, ..Options::default() };
        let error = Config::new(options).unwrap_err().to_string();
        assert!(error.starts_with("\"url\" must not") && error.contains("\"sentinel\""), "{error}");
    }

    #[test]
    fn tls_options_need_a_tls_url() {
        let tls = TlsOptions { server_name: Some("redis".into()), ..TlsOptions::default() };
        assert!(server("redis://localhost", &tls, false).is_err());
        assert!(server("redis://localhost", &tls, true).is_ok());
        assert!(server("rediss://localhost", &tls, false).is_ok());
    }
}

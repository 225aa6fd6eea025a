//! Options, checked once and turned into what the rest of the core works with.

mod server;
mod url;

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::connect::tls::{TlsOptions, TlsSettings};
use crate::error::ConfigError;
pub(crate) use server::{Endpoint, Identity, Server};

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

    pub(crate) fn count(&self) -> usize {
        self.servers.len()
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
        let seeds =
            options.urls.iter().map(|url| url::server(url, &options.tls, sentinels_use_tls));
        let mut seeds: Vec<_> = seeds.collect::<Result<_, _>>()?;
        if seeds.is_empty() {
            return Err(ConfigError(format!("\"url\" must be {}", url::FORMS)));
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

#[cfg(test)]
impl Config {
    /// That of a primary that these sentinels know, for tests.
    pub(crate) fn of_sentinels(urls: impl IntoIterator<Item: Into<String>>) -> Self {
        let name = "sessions".into();
        let kind = Kind::Sentinel(SentinelOptions { name, ..SentinelOptions::default() });
        let (urls, timeout) = (urls.into_iter().map(Into::into).collect(), Duration::from_secs(2));
        Self::new(Options { urls, kind, timeout, ..Options::default() }).unwrap()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

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
}

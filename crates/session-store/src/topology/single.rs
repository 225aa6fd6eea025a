//! One server has all sessions; several connections to it share them.

use std::hash::{DefaultHasher, Hasher};
use std::sync::Arc;

use crate::command::Command;
use crate::config::{Config, Server};
use crate::error::{Code, Error};
use crate::resp::error_code;

pub(crate) struct Single {
    server: Arc<Server>,
    connections: usize,
}

impl Single {
    pub(super) fn new(config: &Config) -> Self {
        Self { server: Arc::clone(config.seeds.first()), connections: config.connections }
    }

    pub(super) fn servers(&self) -> Vec<Arc<Server>> {
        vec![Arc::clone(&self.server); self.connections]
    }

    pub(super) fn connection_of(&self, id: &[u8]) -> usize {
        if self.connections == 1 {
            return 0;
        }
        let mut hasher = DefaultHasher::new();
        hasher.write(id);
        usize::try_from(hasher.finish() % self.connections as u64).unwrap_or(0)
    }

    /// The server is a node of a Redis Cluster, and only some of the sessions are its own.
    pub(super) fn redirect(&self, _command: &Command, words: &[u8]) -> Result<usize, Error> {
        let reply = String::from_utf8_lossy(error_code(words)).into_owned();
        let message = format!(
            "Redis at {} answered: {reply}. It is a node of a Redis Cluster, which has the session \
             on another node; \"url\" must be of a single Redis server",
            self.server
        );
        Err(Error { code: Code::Redis, message, reply: Some(reply) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Options;

    #[test]
    fn a_session_always_has_the_same_connection_and_each_connection_has_sessions() {
        let config = Config::new(Options {
            urls: vec!["redis://localhost".into()],
            connections: 4,
            ..Options::default()
        });
        let single = Single::new(&config.unwrap());
        assert_eq!(single.servers().len(), 4);
        let mut sessions = [0; 4];
        for number in 0..1000 {
            let id = format!("id-{number}");
            let connection = single.connection_of(id.as_bytes());
            assert_eq!(connection, single.connection_of(id.as_bytes()));
            sessions[connection] += 1;
        }
        assert!(sessions.iter().all(|sessions| *sessions > 150), "{sessions:?}");
    }
}

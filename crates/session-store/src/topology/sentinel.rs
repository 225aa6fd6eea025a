//! One server has all sessions, and sentinels tell which that is at the moment.

use std::sync::Arc;
use std::time::Instant;

use super::discovery::Discovery;
use super::{Destination, Search};
use crate::config::{Config, Server};
use crate::connection::pool::{Place, Pool};

pub(crate) struct Sentinel {
    config: Arc<Config>,
    primary: Primary,
    pub(super) discovery: Discovery,
    /// The latest search that may have been misled: since it started, a sentinel has told of a new primary, or another
    /// search that started later has ended.
    misled: u64,
    misled_at: Option<Instant>,
}

enum Primary {
    /// No sentinel has named it yet.
    Unknown,
    At(Place),
    /// A sentinel has told that there is a new one, and it is not known yet who that is.
    Replaced,
}

impl Sentinel {
    pub(super) fn new(config: &Arc<Config>, now: Instant) -> Self {
        let discovery = Discovery::new(config, now);
        let config = Arc::clone(config);
        Self { config, primary: Primary::Unknown, discovery, misled: 0, misled_at: None }
    }

    pub(super) fn place(&self) -> Option<Place> {
        match self.primary {
            Primary::At(place) => Some(place),
            Primary::Unknown | Primary::Replaced => None,
        }
    }

    pub(super) fn start_search(&mut self, is_needed: bool, now: Instant) -> Option<Search> {
        self.discovery.start(is_needed, &self.config.seeds, Vec::new, now)
    }

    /// The server is a replica now. Where it sends us may not be where the sentinels want us yet.
    pub(super) fn redirect(&mut self) -> Destination {
        self.discovery.want(None);
        Destination::Unknown
    }

    /// The sentinel to listen to, if `passed_over` do not answer.
    pub(super) fn herald(&self, passed_over: usize) -> Option<Arc<Server>> {
        if let Primary::Unknown = self.primary {
            return None;
        }
        let count = self.config.seeds.iter().count();
        let number = (self.discovery.seed() + passed_over) % count;
        self.config.seeds.iter().nth(number).cloned()
    }

    /// Takes note that a sentinel has told of a new primary. The old one may not know it yet, and says of itself
    /// that it is one: what it takes would be lost, so commands wait until the new one is known.
    pub(super) fn switched(&mut self, by: Arc<Server>, now: Instant) {
        self.primary = Primary::Replaced;
        let latest = self.discovery.hurry(by, now);
        // Or one that tells it time and again would have no search end.
        if self.misled_at.is_none_or(|time| now - time >= self.config.timeout) {
            (self.misled, self.misled_at) = (latest, Some(now));
        }
    }

    pub(super) fn believes(&mut self, attempt: u64) -> bool {
        let is_believed = attempt > self.misled;
        if is_believed {
            // Those that started before it know less.
            self.misled = attempt - 1;
        }
        is_believed
    }

    /// Takes over what a sentinel has told, and the server that it named has confirmed.
    pub(super) fn learn(&mut self, primary: &Server, by: &Server, pool: &mut Pool, now: Instant) {
        // The others may not answer, or not know it yet.
        if let Some(seed) = self.config.seeds.iter().position(|seed| seed.is_at(by)) {
            self.discovery.begin_with(seed);
        }
        let place = pool.place_of(primary.clone(), &self.config, now);
        self.primary = Primary::At(place);
        pool.keep(|other| other == place);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::config::{Kind, Options, SentinelOptions};

    #[test]
    fn a_sentinel_that_tells_of_new_primaries_time_and_again_does_not_make_all_searches_vain() {
        let name = "sessions".to_owned();
        let kind = Kind::Sentinel(SentinelOptions { name, ..SentinelOptions::default() });
        let (urls, timeout) = (vec!["redis://localhost".into()], Duration::from_secs(1));
        let options = Options { urls, kind, timeout, ..Options::default() };
        let config = Arc::new(Config::new(options).unwrap());
        let mut now = Instant::now();
        let mut sentinel = Sentinel::new(&config, now);
        let by = config.seeds.first();
        sentinel.discovery.want(None);
        let before = sentinel.start_search(true, now).unwrap().attempt;
        sentinel.switched(Arc::clone(by), now);
        assert!(!sentinel.believes(before));

        let after = sentinel.start_search(true, now).unwrap().attempt;
        for _ in 0..3 {
            now += config.timeout / 4;
            sentinel.switched(Arc::clone(by), now);
        }
        let latest = sentinel.start_search(true, now).unwrap().attempt;
        assert!(sentinel.believes(after) && sentinel.believes(latest));
        assert!(!sentinel.believes(after), "it started before the other one");
    }
}

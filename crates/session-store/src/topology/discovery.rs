//! When the nodes of a cluster are asked who has which slots, and which of them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Search;
use crate::config::{Config, Seeds, Server};
use crate::connect::ConnectError;
use crate::connection::attempts::{Attempts, Need};

/// A thousand redirects are one reason to ask, and so is a node that cannot be reached time and again. A
/// failover takes longer than this.
const PAUSE: Duration = Duration::from_millis(200);

/// Nobody tells of a node that has left while its slots were not asked for.
const MAX_AGE: Duration = Duration::from_secs(60);

pub(super) struct Discovery {
    attempts: Attempts,
    is_wanted: bool,
    /// The latest attempt has failed.
    has_failed: bool,
    /// When the map came that is used.
    found_at: Option<Instant>,
    not_before: Instant,
    hurried_at: Option<Instant>,
    /// A node that knows better than the others: it has sent a command elsewhere.
    best: Option<Arc<Server>>,
    /// The seed to begin with.
    seed: usize,
}

impl Discovery {
    pub(super) fn new(config: &Config, now: Instant) -> Self {
        Self {
            attempts: Attempts::new(config.timeout, now),
            is_wanted: false,
            has_failed: false,
            found_at: None,
            not_before: now,
            hurried_at: None,
            best: None,
            seed: 0,
        }
    }

    /// Takes note that the map may be out of date; `best` is who knows better.
    pub(super) fn want(&mut self, best: Option<Arc<Server>>) {
        self.is_wanted = true;
        if best.is_some() {
            self.best = best;
        }
    }

    /// Has an attempt start at once, because `best` has told of a change. Returns the number of the latest one,
    /// which may not know it yet.
    pub(super) fn hurry(&mut self, best: Arc<Server>, now: Instant) -> u64 {
        self.want(Some(best));
        self.has_failed = false;
        // Who tells of changes time and again is not believed each time at once.
        if self.hurried_at.is_none_or(|time| now - time >= PAUSE) {
            self.hurried_at = Some(now);
            self.not_before = now;
        }
        self.attempts.hurry(now)
    }

    /// The number of the seed that the next attempt begins with.
    pub(super) fn seed(&self) -> usize {
        self.seed
    }

    /// Takes note that the map is used.
    pub(super) fn used(&mut self, now: Instant) {
        self.is_wanted |= self.found_at.is_some_and(|time| now - time > MAX_AGE);
    }

    /// Starts an attempt if one is due; `is_needed` while commands wait for it. Returns whom to ask, one after the
    /// other: of those that are `known`, with whether they answer, and the seeds.
    pub(super) fn start(
        &mut self,
        is_needed: bool,
        seeds: &Seeds,
        known: impl FnOnce() -> Vec<(Arc<Server>, bool)>,
        now: Instant,
    ) -> Option<Search> {
        let need = self.need(is_needed);
        if now < self.not_before {
            return None;
        }
        let attempt = self.attempts.start(need, now)?;
        self.is_wanted = false;
        let mut known = known();
        fastrand::shuffle(&mut known);
        let is_silent = |server: &Arc<Server>| {
            known.iter().any(|(other, answers)| !answers && other.is_at(server))
        };
        let mut seeds: Vec<_> = seeds.iter().collect();
        let first = self.seed % seeds.len();
        seeds.rotate_left(first);
        let best = self.best.take();
        let known_servers = known.iter().map(|(server, _)| server);
        let mut servers: Vec<Arc<Server>> = Vec::new();
        for server in best.iter().chain(known_servers).chain(seeds) {
            if !servers.iter().any(|other| other.is_at(server)) {
                servers.push(Arc::clone(server));
            }
        }
        servers.sort_by_key(is_silent);
        Some(Search { attempt, servers })
    }

    /// When the next attempt is due, or the present one is to be given up.
    pub(super) fn next(&self, is_needed: bool) -> Option<Instant> {
        let next = self.attempts.next(self.need(is_needed))?;
        Some(next.max(self.not_before))
    }

    fn need(&self, is_needed: bool) -> Need {
        let is_wanted = self.is_wanted && (is_needed || !self.has_failed);
        if is_wanted { Need::Connection } else { Need::Nothing }
    }

    /// Whether the latest attempt that has ended has found something.
    pub(super) fn has_found(&self) -> bool {
        self.found_at.is_some() && !self.has_failed
    }

    /// Takes note of what came of an attempt. After a failure, returns how many there have been, and the pause before the next one.
    pub(super) fn finish(
        &mut self,
        attempt: u64,
        failure: Option<&ConnectError>,
        now: Instant,
    ) -> Option<(u32, Duration)> {
        self.attempts.end(attempt);
        self.not_before = now + PAUSE.mul_f64(0.5 + fastrand::f64() / 2.0);
        self.has_failed = failure.is_some();
        if let Some(error) = failure {
            self.is_wanted = true;
            // Its name may be what the look-up is stuck at.
            self.seed += 1;
            Some(self.attempts.fail(true, error.reason.clone(), now))
        } else {
            self.found_at = Some(now);
            self.attempts.succeed(now);
            self.attempts.heard(true);
            None
        }
    }

    /// Has the next attempt begin with this one of the seeds.
    pub(super) fn begin_with(&mut self, seed: usize) {
        self.seed = seed;
    }

    pub(super) fn last_failure(&self) -> &str {
        self.attempts.last_failure()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Options;

    fn config() -> Config {
        let urls = vec!["redis://a".into(), "redis://b".into()];
        Config::new(Options { urls, timeout: Duration::from_secs(2), ..Options::default() })
            .unwrap()
    }

    fn names(servers: &[Arc<Server>]) -> Vec<String> {
        servers.iter().map(ToString::to_string).collect()
    }

    #[test]
    fn many_reasons_to_ask_are_one_and_who_knows_better_is_asked_first() {
        let (config, now) = (config(), Instant::now());
        let mut discovery = Discovery::new(&config, now);
        let node = Arc::new(config.seeds.first().at("c", 6379, None));
        let start = |discovery: &mut Discovery, now| {
            discovery.start(true, &config.seeds, || vec![(Arc::clone(&node), true)], now)
        };
        assert!(start(&mut discovery, now).is_none(), "nobody wants it");
        for _ in 0..1000 {
            discovery.want(Some(Arc::clone(config.seeds.iter().last().unwrap())));
        }
        let Search { attempt, servers } = start(&mut discovery, now).unwrap();
        assert_eq!(names(&servers), ["redis://b:6379", "redis://c:6379", "redis://a:6379"]);
        assert!(start(&mut discovery, now).is_none());
        discovery.finish(attempt, None, now);
        assert!(start(&mut discovery, now + MAX_AGE).is_none());

        discovery.want(None);
        assert!(start(&mut discovery, now + PAUSE / 3).is_none(), "too soon");
        assert!(start(&mut discovery, now + PAUSE).is_some());
    }

    #[test]
    fn a_server_that_does_not_answer_is_asked_last() {
        let (config, now) = (config(), Instant::now());
        let mut discovery = Discovery::new(&config, now);
        let first = config.seeds.first();
        let nodes = vec![(Arc::clone(first), false), (Arc::new(first.at("c", 6379, None)), true)];
        discovery.want(None);
        let Search { servers, .. } = discovery.start(true, &config.seeds, || nodes, now).unwrap();
        assert_eq!(names(&servers), ["redis://c:6379", "redis://b:6379", "redis://a:6379"]);
    }

    #[test]
    fn a_failure_is_tried_again_while_somebody_waits_and_with_another_seed() {
        let (config, now) = (config(), Instant::now());
        let mut discovery = Discovery::new(&config, now);
        let start = |discovery: &mut Discovery, is_needed, now| {
            discovery.start(is_needed, &config.seeds, Vec::new, now)
        };
        discovery.want(None);
        let Search { attempt, servers } = start(&mut discovery, false, now).unwrap();
        assert_eq!(names(&servers), ["redis://a:6379", "redis://b:6379"]);
        discovery.finish(attempt, Some(&ConnectError::transient("refused")), now);
        let later = now + Duration::from_secs(3);
        assert_eq!(discovery.next(false), None);
        assert!(start(&mut discovery, false, later).is_none());
        let Search { servers, .. } = start(&mut discovery, true, later).unwrap();
        assert_eq!(names(&servers), ["redis://b:6379", "redis://a:6379"]);
        assert_eq!(discovery.last_failure(), "refused");
    }

    #[test]
    fn an_old_map_is_asked_for_again_when_it_is_used() {
        let (config, now) = (config(), Instant::now());
        let mut discovery = Discovery::new(&config, now);
        discovery.want(None);
        let Search { attempt, .. } = discovery.start(true, &config.seeds, Vec::new, now).unwrap();
        discovery.finish(attempt, None, now);
        discovery.used(now + MAX_AGE / 2);
        assert_eq!(discovery.next(true), None);
        discovery.used(now + MAX_AGE * 2);
        assert!(discovery.next(true).is_some());
    }
}

//! A Redis Cluster: each session is in the slot of its key, and each slot on the node that has it.

use std::sync::Arc;
use std::time::Instant;

use super::discovery::Discovery;
use super::slots::{Node, Redirect, SLOTS, Share, slot_of};
use super::{Destination, Search};
use crate::config::{Config, Identity, Server};
use crate::connection::pool::{Place, Pool};
use crate::error::{Code, Error};

/// The place of a server in few bytes; there is one for each slot.
type ShortPlace = u16;

const NOBODY: ShortPlace = ShortPlace::MAX;

pub(crate) struct Cluster {
    config: Arc<Config>,
    owners: Box<[ShortPlace]>,
    pub(super) discovery: Discovery,
}

impl Cluster {
    pub(super) fn new(config: &Arc<Config>, now: Instant) -> Self {
        Self {
            config: Arc::clone(config),
            owners: vec![NOBODY; SLOTS.into()].into_boxed_slice(),
            discovery: Discovery::new(config, now),
        }
    }

    pub(super) fn place_of(&self, id: &[u8]) -> Option<Place> {
        let slot = slot_of(self.config.prefix.as_bytes(), id);
        let owner = self.owners[usize::from(slot)];
        (owner != NOBODY).then_some(owner.into())
    }

    /// Why it is not known which node has a session.
    pub(super) fn last_failure(&self) -> &str {
        if self.discovery.has_found() {
            return "no node of the cluster has the slot of the session's key";
        }
        self.discovery.last_failure()
    }

    pub(super) fn start_search(
        &mut self,
        is_needed: bool,
        pool: &Pool,
        now: Instant,
    ) -> Option<Search> {
        let known = || pool.servers_and_whether_they_answer(self.config.patience(), now);
        self.discovery.start(is_needed, &self.config.seeds, known, now)
    }

    /// Takes over what a node has told.
    pub(super) fn learn(&mut self, shares: &[Share], by: &Server, pool: &mut Pool, now: Instant) {
        self.owners.fill(NOBODY);
        for Share { slots, node } in shares {
            let place = self.place_in(pool, node, by, now);
            let slots = usize::from(*slots.start())..usize::from(*slots.end()) + 1;
            self.owners[slots].fill(place);
        }
        let used = |place: Place| self.owners.iter().any(|owner| usize::from(*owner) == place);
        pool.keep(used);
    }

    /// Takes note of where `by` has sent a command.
    ///
    /// # Errors
    /// When it is not to be understood.
    pub(super) fn redirect(
        &mut self,
        words: &[u8],
        by: &Arc<Server>,
        pool: &mut Pool,
        now: Instant,
    ) -> Result<Destination, Error> {
        let Some(Redirect { slot, node, is_ask }) = Redirect::parse(words) else {
            let message = format!("Redis at {by} redirected a command, but not to another node");
            return Err(Error::new(Code::Redis, message));
        };
        if !is_ask {
            self.discovery.want(Some(Arc::clone(by)));
        }
        let Some(node) = node else { return Ok(Destination::Unknown) };
        let place = self.place_in(pool, &node, by, now);
        if is_ask {
            return Ok(Destination::ForNow(place.into()));
        }
        self.owners[usize::from(slot)] = place;
        let place = place.into();
        Ok(if pool.is_at(place, by) {
            Destination::Itself(place)
        } else {
            Destination::Moved(place)
        })
    }

    fn place_in(&self, pool: &mut Pool, node: &Node, by: &Server, now: Instant) -> ShortPlace {
        let host = node.host.as_deref().unwrap_or(by.host());
        // Its certificate is of the name that is announced, or of a host that is a name, or of that of a seed.
        let is_name = host.parse::<std::net::IpAddr>().is_err();
        let name = node.name.as_deref().or(is_name.then_some(host));
        let mut server = self.config.seeds.first().at(host, node.port, name);
        if let Some(id) = &node.id {
            server.identity = Identity::Node(id.clone());
        }
        let place = pool.place_of(server, &self.config, now);
        ShortPlace::try_from(place).unwrap_or(NOBODY)
    }
}

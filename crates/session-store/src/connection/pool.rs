//! The connections to all servers: some to each of them, among which its sessions are shared.

use std::hash::{DefaultHasher, Hasher};
use std::sync::Arc;
use std::time::{Duration, Instant};

use mio::Token;

use super::{Connection, Turn};
use crate::command::Command;
use crate::config::{Config, Identity, Server};

/// A server's place in the pool.
pub(crate) type Place = usize;

struct Member {
    server: Arc<Server>,
    state: State,
}

#[derive(PartialEq, Eq)]
enum State {
    Used,
    /// No session is there any more; its connections close when nothing is in flight.
    Leaving,
    /// Its place is free for another.
    Gone,
}

pub(crate) struct Pool {
    /// How many connections each server has: those of the server at place `n` start at `n` times this.
    per_server: usize,
    members: Vec<Member>,
    connections: Vec<Connection>,
}

impl Pool {
    pub(crate) fn new(config: &Config) -> Self {
        Self { per_server: config.connections, members: Vec::new(), connections: Vec::new() }
    }

    /// Where the servers are that have sessions.
    pub(crate) fn addresses(&self) -> Vec<String> {
        let used = self.members.iter().filter(|it| it.state == State::Used);
        used.map(|it| it.server.to_string()).collect()
    }

    /// The servers that have sessions, and whether they answer as far as is known: they neither owe an answer for
    /// so long, nor could connections to them not be made.
    pub(crate) fn servers_and_whether_they_answer(
        &self,
        patience: Duration,
        now: Instant,
    ) -> Vec<(Arc<Server>, bool)> {
        let used = self.members.iter().enumerate().filter(|(_, it)| it.state == State::Used);
        let server = |(place, it): (Place, &Member)| {
            let mut connections = self.connections[place * self.per_server..].iter();
            let is_out_of_reach = connections
                .by_ref()
                .take(self.per_server)
                .any(|it| it.is_out_of_reach(patience, now));
            (Arc::clone(&it.server), !is_out_of_reach)
        };
        used.map(server).collect()
    }

    /// Returns the place of a server, which it gets if it has none. Its connections are made when there are
    /// commands for them.
    pub(crate) fn place_of(&mut self, server: Server, config: &Config, now: Instant) -> Place {
        // Who says nothing of what a server is means the one that is there.
        let is_same = |it: &Member| {
            it.state != State::Gone
                && (it.server.is_same(&server)
                    || (server.identity == Identity::Any && it.server.is_at(&server)))
        };
        if let Some(place) = self.members.iter().position(is_same) {
            self.members[place].state = State::Used;
            return place;
        }
        let server = Arc::new(server);
        let member = Member { server: Arc::clone(&server), state: State::Used };
        let place = self.members.iter().position(|it| it.state == State::Gone);
        let place = place.unwrap_or(self.members.len());
        let first = place * self.per_server;
        let made = (first..first + self.per_server)
            .map(|index| Connection::new(Token(index), Arc::clone(&server), config, now));
        if place == self.members.len() {
            self.members.push(member);
            self.connections.extend(made);
        } else {
            self.members[place] = member;
            self.connections.splice(first..first + self.per_server, made);
        }
        place
    }

    pub(crate) fn is_at(&self, place: Place, server: &Server) -> bool {
        self.members[place].server.is_at(server)
    }

    /// The connection of a session to the server that has it: the same one for all its commands, which keeps
    /// them in order.
    pub(crate) fn connection_of(&mut self, place: Place, id: &[u8]) -> &mut Connection {
        let index = self.index_of(place, id);
        &mut self.connections[index]
    }

    /// The index of that connection.
    pub(crate) fn index_of(&self, place: Place, id: &[u8]) -> usize {
        if self.per_server == 1 {
            return place;
        }
        let mut hasher = DefaultHasher::new();
        hasher.write(id);
        let within = usize::try_from(hasher.finish() % self.per_server as u64).unwrap_or(0);
        place * self.per_server + within
    }

    /// Lets go of the servers that are not among those that are used.
    pub(crate) fn keep(&mut self, used: impl Fn(Place) -> bool) {
        for (place, member) in self.members.iter_mut().enumerate() {
            if member.state == State::Used && !used(place) {
                member.state = State::Leaving;
            }
        }
    }

    /// Closes connections to servers that have no session any more, once nothing is in flight on them, or they
    /// have owed an answer for so long.
    pub(crate) fn close_unused(&mut self, patience: Duration, turn: &mut Turn<'_>) {
        for (place, member) in self.members.iter_mut().enumerate() {
            if member.state != State::Leaving {
                continue;
            }
            let first = place * self.per_server;
            let connections = &mut self.connections[first..first + self.per_server];
            for connection in connections.iter_mut() {
                connection.leave(patience, turn);
            }
            if connections.iter().all(Connection::is_idle) {
                member.state = State::Gone;
            }
        }
    }

    /// Whether a server has owed an answer for so long, or commands wait for a connection to it.
    pub(crate) fn keeps_waiting(&self, patience: Duration, now: Instant) -> bool {
        self.connections.iter().any(|it| it.is_waiting() || it.is_silent(patience, now))
    }

    /// Takes the commands out that wait for a connection.
    pub(crate) fn take_waiting(&mut self) -> Vec<Command> {
        self.connections.iter_mut().flat_map(Connection::take_waiting).collect()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = &Connection> {
        self.connections.iter()
    }

    pub(crate) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Connection> {
        self.connections.iter_mut()
    }

    /// The connection at an index, unless its server has left and it will never be used again.
    pub(crate) fn present(&mut self, index: usize) -> Option<&mut Connection> {
        let is_gone = self.members.get(index / self.per_server)?.state == State::Gone;
        if is_gone { None } else { self.connections.get_mut(index) }
    }

    pub(crate) fn get_mut(&mut self, index: usize) -> Option<&mut Connection> {
        self.connections.get_mut(index)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Options;
    use crate::engine::settlement::Settlement;
    use crate::verbs::Encoder;
    use mio::Poll;

    fn config() -> Config {
        let urls = vec!["redis://localhost".into()];
        Config::new(Options { urls, connections: 4, ..Options::default() }).unwrap()
    }

    fn place(pool: &mut Pool, port: u16) -> Place {
        let config = config();
        let server = config.seeds.first().at("h", port, None);
        pool.place_of(server, &config, Instant::now())
    }

    #[test]
    fn a_session_always_has_the_same_connection_and_each_connection_has_sessions() {
        let mut pool = Pool::new(&config());
        assert_eq!([place(&mut pool, 1), place(&mut pool, 2), place(&mut pool, 1)], [0, 1, 0]);
        let mut sessions = [0; 8];
        for number in 0..1000 {
            let id = format!("id-{number}");
            let index = pool.index_of(1, id.as_bytes());
            assert_eq!(pool.index_of(1, id.as_bytes()), index);
            assert_eq!(pool.connection_of(1, id.as_bytes()).token, Token(index));
            sessions[index] += 1;
        }
        assert!(sessions[4..].iter().all(|sessions| *sessions > 150), "{sessions:?}");
    }

    fn close_unused(pool: &mut Pool) {
        let (config, events) = (config(), Poll::new().unwrap());
        let mut turn = Turn {
            now: Instant::now(),
            config: &config,
            registry: events.registry(),
            encoder: &Encoder::new(&config),
            settlement: &mut Settlement::default(),
            may_redirect: true,
        };
        pool.close_unused(Duration::ZERO, &mut turn);
    }

    #[test]
    fn a_server_that_left_makes_room_for_another_and_can_come_back() {
        let mut pool = Pool::new(&config());
        for port in 1..=3 {
            place(&mut pool, port);
        }
        pool.keep(|place| place != 1);
        assert_eq!(place(&mut pool, 2), 1, "it was still there");
        pool.keep(|place| place != 1);
        close_unused(&mut pool);
        assert_eq!(pool.addresses().len(), 2);
        // An attempt to connect to it that is still under way finds nobody.
        let present = (0..12).filter(|index| pool.present(*index).is_some());
        assert_eq!(present.collect::<Vec<_>>(), [0, 1, 2, 3, 8, 9, 10, 11]);
        assert_eq!([place(&mut pool, 4), place(&mut pool, 2)], [1, 3]);
        let server = pool.connection_of(1, b"id").server().to_string();
        assert_eq!(server, "redis://h:4");
    }
}

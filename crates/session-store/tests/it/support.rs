//! A real server, a proxy that breaks, and a store that can be waited for.

use std::collections::HashMap;
use std::env;
use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use session_store::{
    Answer, Config, Content, EVERYONE, Event, NOBODY, Options, Outcomes, Request, Store, Ticket,
    Verb,
};
use tempfile::TempDir;

pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A Redis server of its own: private port and folder, nothing kept.
pub struct Server {
    process: Child,
    pub port: u16,
    _folder: TempDir,
}

impl Server {
    pub fn start() -> Self {
        Self::start_on(free_port())
    }

    pub fn start_on(port: u16) -> Self {
        Self::start_with(port, &[])
    }

    pub fn start_with(port: u16, arguments: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let binary = env::var("REDIS_SERVER").unwrap_or_else(|_| "redis-server".into());
        let process = Command::new(&binary)
            .args(["--port", &port.to_string(), "--bind", "127.0.0.1"])
            .args(["--save", "", "--appendonly", "no", "--dir"])
            .arg(folder.path())
            .args(arguments)
            .stdout(Stdio::null())
            .spawn()
            .unwrap_or_else(|error| panic!("{binary}: {error}; `npm test` installs it"));
        let server = Self { process, port, _folder: folder };
        let deadline = Instant::now() + Duration::from_secs(10);
        while server.command("PING") != "+PONG\r\n" {
            assert!(Instant::now() < deadline, "the server did not start");
            thread::yield_now();
        }
        server
    }

    /// Sends an inline command on a connection of its own; gives the raw reply, if there is one.
    pub fn command(&self, line: &str) -> String {
        let mut reply = [0; 4096];
        let exchange = || -> io::Result<usize> {
            let mut stream = TcpStream::connect(("127.0.0.1", self.port))?;
            stream.write_all(format!("{line}\r\n").as_bytes())?;
            stream.read(&mut reply)
        };
        let count = { exchange }().unwrap_or(0);
        String::from_utf8_lossy(&reply[..count]).into_owned()
    }

    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Passes bytes on to a server, and cuts connections after as many bytes of replies as it is told.
pub struct Proxy {
    pub port: u16,
    /// Reply bytes that the next connections let through, each; then they are cut.
    budgets: Arc<Mutex<Vec<usize>>>,
    pub cuts: Arc<AtomicUsize>,
}

impl Proxy {
    pub fn before(server: &Server) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let budgets = Arc::new(Mutex::new(Vec::new()));
        let cuts = Arc::new(AtomicUsize::new(0));
        let (server, shared) = (server.port, (Arc::clone(&budgets), Arc::clone(&cuts)));
        thread::spawn(move || {
            for client in listener.incoming().map_while(Result::ok) {
                let budget = shared.0.lock().unwrap().pop();
                let cuts = Arc::clone(&shared.1);
                let Ok(upstream) = TcpStream::connect(("127.0.0.1", server)) else { continue };
                let pair = (client.try_clone().unwrap(), upstream.try_clone().unwrap());
                thread::spawn(move || pass(&client, &upstream, usize::MAX));
                thread::spawn(move || {
                    if pass(&pair.1, &pair.0, budget.unwrap_or(usize::MAX)) {
                        cuts.fetch_add(1, Ordering::SeqCst);
                    }
                });
            }
        });
        Self { port, budgets, cuts }
    }

    /// Cuts the next connections after these many bytes of replies.
    pub fn cut_after(&self, budgets: Vec<usize>) {
        *self.budgets.lock().unwrap() = budgets;
    }
}

/// Copies until an end or the budget is reached; gives whether it was the budget.
fn pass(mut from: &TcpStream, mut to: &TcpStream, mut budget: usize) -> bool {
    let mut buffer = [0; 4096];
    while budget > 0 {
        let Ok(count @ 1..) = from.read(&mut buffer) else { break };
        let count = count.min(budget);
        if to.write_all(&buffer[..count]).is_err() {
            break;
        }
        budget -= count;
    }
    let _ = (from.shutdown(Shutdown::Both), to.shutdown(Shutdown::Both));
    budget == 0
}

/// What came of a command.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Came {
    Missing,
    Done,
    Text(String),
    Failed(&'static str, String),
}

/// A store whose outcomes can be waited for.
pub struct Client {
    pub store: Arc<Store>,
    arrived: Arc<(Mutex<HashMap<Ticket, Came>>, Condvar)>,
    woken: Arc<(Mutex<bool>, Condvar)>,
    tickets: AtomicU32,
    pub events: Mutex<Vec<Event>>,
}

pub fn options(url: String) -> Options {
    Options {
        urls: vec![url],
        connections: 1,
        prefix: "session:".into(),
        ttl: Some(60),
        refresh_on_load: true,
        timeout: Duration::from_secs(2),
        max_bytes: 32 << 20,
        ..Options::default()
    }
}

impl Client {
    pub fn new(options: Options) -> Self {
        Self::with_wake(options, || {})
    }

    /// Calls `then` on the I/O thread after each wake.
    pub fn with_wake(options: Options, then: impl Fn() + Send + Sync + 'static) -> Self {
        let woken: Arc<(Mutex<bool>, Condvar)> = Arc::default();
        let wake = Arc::clone(&woken);
        let store = Store::new(Config::new(options).unwrap(), move || {
            *wake.0.lock().unwrap() = true;
            wake.1.notify_all();
            then();
        });
        Self {
            store: Arc::new(store),
            arrived: Arc::default(),
            woken,
            tickets: AtomicU32::new(0),
            events: Mutex::default(),
        }
    }

    /// Hands a request over; returns its ticket.
    pub fn start(&self, verb: Verb, id: &str, text: &str) -> Ticket {
        let (id, text) = (id.as_bytes(), text.as_bytes());
        self.start_with(verb, Content { id, text, ..Content::default() })
    }

    pub fn start_with(&self, verb: Verb, content: Content<'_>) -> Ticket {
        let ticket = self.tickets.fetch_add(1, Ordering::SeqCst);
        self.store.submit([Request { ticket, verb, content, waited: 0 }]);
        ticket
    }

    /// Waits for the outcome of a ticket, which may come once only.
    pub fn wait(&self, ticket: Ticket) -> Came {
        let deadline = Instant::now() + Duration::from_secs(10);
        loop {
            if let Some(came) = self.arrived.0.lock().unwrap().remove(&ticket) {
                return came;
            }
            let mut woken = self.woken.0.lock().unwrap();
            while !*woken {
                let left = deadline.saturating_duration_since(Instant::now());
                assert!(!left.is_zero(), "no outcome for ticket {ticket}");
                woken = self.woken.1.wait_timeout(woken, left).unwrap().0;
            }
            *woken = false;
            drop(woken);
            self.fetch();
        }
    }

    pub fn fetch(&self) {
        let mut outcomes = Outcomes::default();
        self.store.fetch(&mut outcomes, false);
        let mut arrived = self.arrived.0.lock().unwrap();
        while let Some(outcome) = outcomes.take() {
            let came = match outcome.answer {
                Answer::Missing => Came::Missing,
                Answer::Done => Came::Done,
                Answer::Text(text) => Came::Text(String::from_utf8(text.to_vec()).unwrap()),
                Answer::Failed(error) => Came::Failed(error.code.name(), error.message),
                Answer::Event(event) => {
                    assert_eq!(outcome.ticket, NOBODY);
                    self.events.lock().unwrap().push(*event);
                    continue;
                }
            };
            let before = arrived.insert(outcome.ticket, came);
            assert!(before.is_none(), "a second outcome for ticket {}", outcome.ticket);
        }
    }

    pub fn run(&self, verb: Verb, id: &str, text: &str) -> Came {
        self.wait(self.start(verb, id, text))
    }

    pub fn load(&self, id: &str) -> Came {
        self.run(Verb::Load, id, "")
    }

    pub fn save(&self, id: &str, text: &str) -> Came {
        self.run(Verb::Save, id, text)
    }

    /// Waits until the I/O thread has given everyone up.
    pub fn wait_for_everyone(&self) -> Came {
        self.wait(EVERYONE)
    }
}

/// A Redis Cluster of primaries, each with its share of the slots.
pub struct Cluster {
    pub nodes: Vec<Server>,
}

impl Cluster {
    pub fn start(size: u16) -> Self {
        let nodes: Vec<_> = (0..size).map(|_| Self::start_node()).collect();
        let share = 16_384 / u32::from(size) + 1;
        for (index, node) in (0u32..).zip(&nodes) {
            let slots = format!("{} {}", index * share, ((index + 1) * share).min(16_384) - 1);
            assert_eq!(node.command(&format!("CLUSTER ADDSLOTSRANGE {slots}")), "+OK\r\n");
        }
        let cluster = Self { nodes };
        for node in &cluster.nodes[1..] {
            cluster.meet(node);
        }
        cluster.wait_until_all_know(usize::from(size));
        cluster
    }

    /// Starts a server that is not yet part of a cluster.
    pub fn start_node() -> Server {
        let bus = free_port().to_string();
        let arguments =
            ["--cluster-enabled", "yes", "--cluster-node-timeout", "1000", "--cluster-port", &bus];
        Server::start_with(free_port(), &arguments)
    }

    fn meet(&self, node: &Server) {
        let bus = node.command("CONFIG GET cluster-port");
        let bus = bus.lines().rfind(|line| !line.is_empty()).unwrap();
        let meet = format!("CLUSTER MEET 127.0.0.1 {} {bus}", node.port);
        assert_eq!(self.nodes[0].command(&meet), "+OK\r\n");
    }

    /// Takes a node in, which has no slots.
    pub fn add(&mut self, node: Server) {
        self.meet(&node);
        self.nodes.push(node);
        self.wait_until_all_know(self.nodes.len());
    }

    fn wait_until_all_know(&self, size: usize) {
        let deadline = Instant::now() + Duration::from_secs(20);
        let knows = |node: &Server| {
            let info = node.command("CLUSTER INFO");
            info.contains("cluster_state:ok")
                && info.contains(&format!("cluster_known_nodes:{size}\r"))
        };
        while !self.nodes.iter().all(knows) {
            assert!(Instant::now() < deadline, "the nodes did not find each other");
            thread::sleep(Duration::from_millis(20));
        }
    }

    pub fn id_of(&self, node: usize) -> String {
        let reply = self.nodes[node].command("CLUSTER MYID");
        reply.lines().nth(1).unwrap().to_owned()
    }

    pub fn slot_of(&self, key: &str) -> u16 {
        let reply = self.nodes[0].command(&format!("CLUSTER KEYSLOT {key}"));
        reply[1..].trim().parse().unwrap()
    }

    /// The node that has a slot.
    pub fn owner_of(&self, slot: u16) -> usize {
        let myself = |node: &Server| {
            let nodes = node.command("CLUSTER NODES");
            let line = nodes.lines().find(|line| line.contains("myself")).unwrap().to_owned();
            line.split(' ').skip(8).any(|range| {
                let (first, last) = range.split_once('-').unwrap_or((range, range));
                matches!((first.parse(), last.parse()), (Ok(first), Ok(last)) if (first..=last).contains(&slot))
            })
        };
        self.nodes.iter().position(myself).unwrap()
    }

    /// Starts to move a slot.
    pub fn open_slot(&self, slot: u16, from: usize, to: usize) {
        let (from_id, to_id) = (self.id_of(from), self.id_of(to));
        let importing = format!("CLUSTER SETSLOT {slot} IMPORTING {from_id}");
        assert_eq!(self.nodes[to].command(&importing), "+OK\r\n");
        let migrating = format!("CLUSTER SETSLOT {slot} MIGRATING {to_id}");
        assert_eq!(self.nodes[from].command(&migrating), "+OK\r\n");
    }

    /// Moves a key of a slot that is on the move.
    pub fn move_key(&self, key: &str, from: usize, to: usize) {
        let migrate = format!("MIGRATE 127.0.0.1 {} {key} 0 5000", self.nodes[to].port);
        assert_eq!(self.nodes[from].command(&migrate), "+OK\r\n");
    }

    /// Ends the move of a slot.
    pub fn close_slot(&self, slot: u16, to: usize) {
        let set = format!("CLUSTER SETSLOT {slot} NODE {}", self.id_of(to));
        assert_eq!(self.nodes[to].command(&set), "+OK\r\n");
        for node in &self.nodes {
            node.command(&set);
        }
    }

    pub fn url(&self, node: usize) -> String {
        self.nodes[node].url()
    }
}

//! Random faults: whatever breaks, every command ends, and nobody is given another's session.

use std::sync::atomic::Ordering;
use std::time::Duration;

use crate::support::{Came, Client, Proxy, Server, options};
use proptest::collection::vec;
use proptest::prelude::*;
use session_store::{Options, Verb};

const IDS: usize = 5;

#[derive(Clone, Debug)]
enum Action {
    Load(usize),
    Save(usize),
    Touch(usize),
    Delete(usize),
    /// Waits for everything that was started.
    Settle,
}

fn action() -> impl Strategy<Value = Action> {
    prop_oneof![
        4 => (0..IDS).prop_map(Action::Load),
        4 => (0..IDS).prop_map(Action::Save),
        1 => (0..IDS).prop_map(Action::Touch),
        1 => (0..IDS).prop_map(Action::Delete),
        1 => Just(Action::Settle),
    ]
}

/// Runs actions through a proxy that cuts its connections, and checks each outcome.
fn check(
    server: &Server,
    actions: &[Action],
    cuts: Vec<usize>,
    connections: usize,
) -> Result<usize, TestCaseError> {
    server.command("FLUSHALL");
    let proxy = Proxy::before(server);
    proxy.cut_after(cuts);
    let url = format!("redis://127.0.0.1:{}", proxy.port);
    let timeout = Duration::from_secs(1);
    let client = Client::new(Options { connections, timeout, ..options(url) });

    let mut started = Vec::new();
    let settle = |started: &mut Vec<(u32, Action)>| {
        for (ticket, action) in started.drain(..) {
            match (client.wait(ticket), &action) {
                (Came::Text(text), Action::Load(id)) => {
                    prop_assert!(text.starts_with(&format!("{id}:")), "{text} for session {id}");
                }
                (Came::Missing, Action::Load(_))
                | (Came::Done, Action::Save(_) | Action::Delete(_))
                | (Came::Done | Came::Missing, Action::Touch(_))
                | (Came::Failed("CONNECT" | "TIMEOUT", _), _)
                | (Came::Failed("DISCONNECTED", _), Action::Save(_)) => {}
                (came, action) => prop_assert!(false, "{came:?} for {action:?}"),
            }
        }
        Ok(())
    };
    for (number, action) in actions.iter().enumerate() {
        let id = |id: &usize| id.to_string();
        let ticket = match action {
            Action::Load(of) => client.start(Verb::Load, &id(of), ""),
            Action::Save(of) => {
                let text = format!("{of}:{}", "x".repeat(number * 37 % 3000));
                client.start(Verb::Save, &id(of), &text)
            }
            Action::Touch(of) => client.start(Verb::Touch, &id(of), ""),
            Action::Delete(of) => client.start(Verb::Delete, &id(of), ""),
            Action::Settle => {
                settle(&mut started)?;
                continue;
            }
        };
        started.push((ticket, action.clone()));
    }
    settle(&mut started)?;

    // When the faults are over, everything works again.
    proxy.cut_after(Vec::new());
    for id in 0..IDS {
        let saved = client.save(&id.to_string(), "after");
        let loaded = client.load(&id.to_string());
        // The first save may still meet a connection that is about to be cut.
        prop_assert!(matches!(saved, Came::Done | Came::Failed("DISCONNECTED", _)), "{saved:?}");
        if saved == Came::Done {
            prop_assert_eq!(loaded, Came::Text("after".into()));
        }
    }
    Ok(proxy.cuts.load(Ordering::SeqCst))
}

#[test]
fn nobody_gets_another_session_whatever_is_cut() {
    let server = Server::start();
    let mut runner = proptest::test_runner::TestRunner::new(ProptestConfig {
        cases: 60,
        failure_persistence: None,
        ..ProptestConfig::default()
    });
    let cuts = std::cell::Cell::new(0);
    let strategy = (vec(action(), 1..200), vec(200usize..20_000, 0..6), 1usize..4);
    let result = runner.run(&strategy, |(actions, budgets, connections)| {
        cuts.set(cuts.get() + check(&server, &actions, budgets, connections)?);
        Ok(())
    });
    if let Err(error) = result {
        panic!("{error}\n{runner}");
    }
    assert!(cuts.get() > 20, "too few connections were cut to prove anything: {}", cuts.get());
}

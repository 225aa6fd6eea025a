//! Does something again and again, without a server, for `npm run cost` to count the instructions:
//! `session-store-bench <what> <rounds>`. Prints how much of it there is in a round.

use std::env;

use session_store::bench::{Bench, Verb, reply};
use session_store::{Scan, scan};
use session_store_bench::sessions::{SHAPES, cart};

const COMMANDS: usize = 16;
const TEXTS: u64 = 4;

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [what, rounds] = &arguments[..] else {
        panic!("usage: session-store-bench <what> <rounds>");
    };
    let rounds = rounds.parse().expect("a number of rounds");
    match what.as_str() {
        "load" => command(Verb::Load, rounds),
        "save" => command(Verb::Save, rounds),
        _ => scans(what, rounds),
    }
}

/// Sends commands and takes their replies.
fn command(verb: Verb, pipelines: usize) {
    println!("{COMMANDS} command");
    let ids: Vec<String> = (0..COMMANDS).map(|n| format!("{n:036}")).collect();
    let text = cart(300, 0);
    let replies = reply(verb, &text).repeat(COMMANDS);
    let mut bench = Bench::new();
    for _ in 0..pipelines {
        bench.send(verb, &ids, &text);
        bench.receive(&replies, COMMANDS);
    }
}

/// Scans sessions of 4 KB.
fn scans(what: &str, rounds: usize) {
    let shape = SHAPES.iter().find(|(name, _)| what == format!("scan {name}"));
    let (_, session) = shape.expect("load, save, or scan and a shape");
    let texts: Vec<String> = (0..TEXTS).map(|seed| session(4096, seed)).collect();
    let bytes: usize = texts.iter().map(String::len).sum();
    println!("{}.{:03} KB", bytes / 1000, bytes % 1000);
    let mut spans = Vec::new();
    for _ in 0..rounds {
        for text in &texts {
            spans.clear();
            assert_eq!(scan(text.as_bytes(), &mut spans), Scan::Spans);
        }
    }
}

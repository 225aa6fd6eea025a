//! Sends commands and takes their replies, without a server, for `npm run cost` to count the
//! instructions: `session-store-bench <load|save> <pipelines of 16 commands>`.

use std::env;

use session_store::bench::{Bench, Verb, reply};

const COMMANDS: usize = 16;

fn main() {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let (verb, pipelines) = match &arguments[..] {
        [verb, pipelines] if verb == "load" => (Verb::Load, pipelines),
        [verb, pipelines] if verb == "save" => (Verb::Save, pipelines),
        _ => panic!("usage: session-store-bench <load|save> <pipelines>"),
    };
    let pipelines: usize = pipelines.parse().expect("a number of pipelines");

    let ids: Vec<String> = (0..COMMANDS).map(|n| format!("{n:036}")).collect();
    let text = "x".repeat(300);
    let replies = reply(verb, &text).repeat(COMMANDS);
    let mut bench = Bench::new();
    for _ in 0..pipelines {
        bench.send(verb, &ids, &text);
        bench.receive(&replies, COMMANDS);
    }
}

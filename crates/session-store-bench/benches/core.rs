//! What the core takes for a pipeline of 16 commands, without a server: from the queue to the socket,
//! and from the replies to the outcomes. A pair of sockets is between, so each figure has a write
//! and a read of the operating system in it.
//!
//! `cargo bench -p session-store-bench`

use std::time::{Duration, Instant};

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use session_store::bench::{Bench, Verb, reply};
use session_store_bench::sessions::cart;

const COMMANDS: usize = 16;

fn core(criterion: &mut Criterion) {
    let ids: Vec<String> = (0..COMMANDS).map(|n| format!("{n:036}")).collect();
    for size in [300, 4096] {
        for (name, verb) in [("load", Verb::Load), ("save", Verb::Save)] {
            let text = cart(size, 0);
            let replies = reply(verb, &text).repeat(COMMANDS);
            let mut bench = Bench::new();
            let mut round = || {
                let started = Instant::now();
                bench.send(verb, &ids, &text);
                let sent = Instant::now();
                bench.receive(&replies, COMMANDS);
                (sent - started, sent.elapsed())
            };

            let mut group = criterion.benchmark_group(format!("{name}, {size} B"));
            group.throughput(Throughput::Elements(COMMANDS as u64));
            group.bench_function("queue to socket", |bencher| {
                bencher.iter_custom(|rounds| (0..rounds).map(|_| round().0).sum::<Duration>());
            });
            group.bench_function("replies to outcomes", |bencher| {
                bencher.iter_custom(|rounds| (0..rounds).map(|_| round().1).sum::<Duration>());
            });
            group.finish();
        }
    }
}

criterion_group!(benches, core);
criterion_main!(benches);

//! How fast the texts of sessions are scanned, next to `serde_json` reading them without building
//! anything. The texts are all different: a CPU would learn a single one by heart.
//!
//! `cargo bench -p session-store-bench --bench record`

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use serde::de::IgnoredAny;
use session_store::{Scan, scan};
use session_store_bench::sessions::{SHAPES, SIZES};

/// As many as fit into a CPU's second cache.
const BYTES: usize = 256 * 1024;

fn record(criterion: &mut Criterion) {
    for (shape, session) in SHAPES {
        let mut group = criterion.benchmark_group(format!("scan, {shape}"));
        for size in SIZES {
            let texts: Vec<String> = (0..BYTES / size).map(|n| session(size, n as u64)).collect();
            group.throughput(Throughput::Bytes(texts.iter().map(|text| text.len() as u64).sum()));

            let mut spans = Vec::new();
            group.bench_function(BenchmarkId::new("record", size), |bencher| {
                bencher.iter(|| {
                    for text in &texts {
                        spans.clear();
                        let found = scan(black_box(text.as_bytes()), &mut spans);
                        assert!(found <= Scan::ParseWhole);
                    }
                });
            });
            group.bench_function(BenchmarkId::new("serde_json", size), |bencher| {
                bencher.iter(|| {
                    for text in &texts {
                        let read = serde_json::from_str::<IgnoredAny>(black_box(text));
                        assert!(read.is_ok());
                    }
                });
            });
        }
        group.finish();
    }
}

criterion_group!(benches, record);
criterion_main!(benches);

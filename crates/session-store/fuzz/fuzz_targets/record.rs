//! Compares what is found in a text with what `serde_json` finds in it.
//!
//! `cargo fuzz run -s none record -- -max_total_time=60`, in `crates/session-store`. Without a
//! sanitizer, it needs no nightly compiler, and tries ten times as many texts.

#![no_main]

use libfuzzer_sys::fuzz_target;
use session_store::{MAX_KEYS, Scan, scan};

#[path = "../../src/record/oracle.rs"]
mod oracle;

fuzz_target!(|text: &[u8]| {
    let mut spans = Vec::new();
    let found = scan(text, &mut spans);
    assert_eq!((found, spans), oracle::expected(text));
});

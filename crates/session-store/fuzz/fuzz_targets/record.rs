//! Compares what is found in a text with what `serde_json` finds in it.
//!
//! `npm run fuzz -- 60` does so for a minute. Without a sanitizer, it needs no nightly compiler, and
//! tries ten times as many texts.

#![no_main]

use libfuzzer_sys::fuzz_target;
use record::{MAX_KEYS, Scan, scan};

#[path = "../../src/record/oracle.rs"]
mod oracle;
// Rather than all of session-store, with whose dependencies the build would take three times as long.
#[path = "../../src/record/mod.rs"]
#[allow(dead_code)]
mod record;

fuzz_target!(|text: &[u8]| {
    let mut spans = Vec::new();
    let found = scan(text, &mut spans);
    assert_eq!((found, spans), oracle::expected(text), "{}", text.escape_ascii());
});

//! Reads what a server may say: replies, whole and cut off, and in them maps of clusters and redirects.

#![no_main]

use libfuzzer_sys::fuzz_target;
use resp::{Parsed, Reply, parse};
use slots::{Redirect, SLOTS};

// Rather than all of session-store, with whose dependencies the build would take three times as long.
#[path = "../../src/resp/mod.rs"]
#[allow(dead_code, unused_imports)]
mod resp;
#[path = "../../src/topology/slots.rs"]
#[allow(dead_code)]
mod slots;

const LONGEST: usize = 50;

fuzz_target!(|bytes: &[u8]| {
    let mut rest = bytes;
    while let Parsed::Reply(reply, length) = parse(rest, LONGEST) {
        if let Reply::Oversized(_) = reply {
            break;
        }
        for end in 0..length {
            match parse(&rest[..end], LONGEST) {
                Parsed::Incomplete(needed) => assert!(needed > end && needed <= length),
                other => panic!("{other:?} at {end} of {}", rest.escape_ascii()),
            }
        }
        look_into(&reply);
        rest = &rest[length..];
    }
});

fn look_into(reply: &Reply<'_>) {
    match reply {
        Reply::Array(elements) => {
            for share in slots::shares(elements) {
                assert!(!share.slots.is_empty() && *share.slots.end() < SLOTS);
            }
            slots::ids(elements);
            elements.iter().for_each(look_into);
        }
        Reply::Error(words) => {
            assert!(Redirect::parse(words).is_none_or(|redirect| redirect.slot < SLOTS));
        }
        _ => {}
    }
}

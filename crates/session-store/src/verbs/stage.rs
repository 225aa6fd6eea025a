//! Puts a text beside the session that it is for, from where a script moves it to its place. So it does not
//! pass through the script, for which Redis would hash all of its bytes.
//!
//! What no script fetches expires by itself: where the connection breaks in between, or the script fails.

use std::hash::{BuildHasher, RandomState};
use std::io::Write;
use std::process;
use std::time::SystemTime;

use super::Encoder;
use crate::command::Content;
use crate::handover::outcome::Answer;
use crate::resp::{Reply, write_bulk};

/// From this size on, two commands cost a server less than one script that gets the text: 4.7 µs instead of
/// 5.7 on Redis 7.0 at 2 KB, but 4.5 instead of 4.2 at 1 KB.
const LEAST_BYTES: usize = 2048;

/// Seconds for which a text is kept. The script comes right behind it.
const TTL: u32 = 60;

/// Whether a text is to be staged. The key has to be named in the one beside it, in braces, which puts both
/// into the same slot of a cluster; so it may have none itself.
pub(super) fn suits(encoder: &Encoder, content: &Content<'_>) -> bool {
    content.text.len() >= LEAST_BYTES && !encoder.key_has_braces(content.id)
}

/// Names where texts are staged, none of them twice: not even by two processes, or by a connection that is
/// gone and whose commands a server still works off.
pub(crate) struct StagingIds {
    connection: u64,
    commands: u64,
}

impl StagingIds {
    pub(crate) fn new() -> Self {
        // The operating system's randomness; the rest tells copies of a virtual machine apart.
        let connection = RandomState::new().hash_one((SystemTime::now(), process::id()));
        Self { connection, commands: 0 }
    }

    /// The next id under which a text for this session can be staged. No session has such a one.
    pub(crate) fn next(&mut self, encoder: &Encoder, id: &[u8]) -> Vec<u8> {
        self.commands += 1;
        let mut staged = Vec::with_capacity(128);
        // Writing to memory does not fail.
        let _ = write!(staged, "gone:{:016x}-{}", self.connection, self.commands);
        staged.push(b'{');
        encoder.append_key(&mut staged, id);
        staged.push(b'}');
        staged
    }
}

/// Writes a text under the id of `content`, which is one of [`StagingIds`].
pub(super) fn write(out: &mut Vec<u8>, encoder: &Encoder, content: &Content<'_>) {
    out.extend_from_slice(b"*5\r\n$3\r\nSET\r\n");
    encoder.write_key(out, content.id);
    write_bulk(out, [content.text, b""]);
    encoder.write_expiry(out, TTL);
}

pub(super) fn answer(reply: &Reply<'_>) -> Option<Answer<'static>> {
    matches!(reply, Reply::Status(b"OK")).then_some(Answer::Done)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Config, Options};

    fn encoder(prefix: &str) -> Encoder {
        let (urls, prefix) = (vec!["redis://localhost".into()], prefix.into());
        Encoder::new(&Config::new(Options { urls, prefix, ..Options::default() }).unwrap())
    }

    #[test]
    fn no_id_is_given_twice() {
        let encoder = encoder("s:");
        let mut connections = [StagingIds::new(), StagingIds::new()];
        let mut ids = std::collections::HashSet::new();
        for _ in 0..1000 {
            for connection in &mut connections {
                assert!(ids.insert(connection.next(&encoder, b"id")));
            }
        }
        for id in ids {
            let id = String::from_utf8(id).unwrap();
            assert!(id.starts_with("gone:") && id.ends_with("{s:id}"), "{id}");
        }
    }

    #[test]
    fn a_text_is_staged_where_it_is_large_and_its_key_fits_into_braces() {
        let suits = |prefix, id: &[u8], bytes: usize| {
            let text = vec![b'x'; bytes];
            super::suits(&encoder(prefix), &Content { id, text: &text, ..Content::default() })
        };
        assert!(suits("s:", b"id", 2048));
        assert!(!suits("s:", b"id", 2047));
        for (prefix, id) in [("s:", "{id"), ("s:", "i}d"), ("{s}:", "id"), ("s}", "id")] {
            assert!(!suits(prefix, id.as_bytes(), 4096), "{prefix}{id}");
        }
    }
}

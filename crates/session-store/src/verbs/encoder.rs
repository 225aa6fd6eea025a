//! What steps are written with and never changes: the prefix and the TTL, written once.

use crate::config::Config;
use crate::resp::write_bulk;

#[derive(Debug)]
pub(crate) struct Encoder {
    prefix: Vec<u8>,
    /// The store's TTL as an argument; empty where sessions are kept for ever.
    seconds: Vec<u8>,
    pub(super) refreshes_on_load: bool,
}

impl Encoder {
    pub(crate) fn new(config: &Config) -> Self {
        let mut seconds = Vec::new();
        if let Some(ttl) = config.ttl {
            write_seconds(&mut seconds, ttl);
        }
        Self {
            prefix: config.prefix.clone().into_bytes(),
            seconds,
            refreshes_on_load: config.refresh_on_load,
        }
    }

    /// Appends the key of a session.
    pub(super) fn write_key(&self, out: &mut Vec<u8>, id: &[u8]) {
        write_bulk(out, [&self.prefix, id]);
    }

    /// Appends the key of a session as it is.
    pub(super) fn append_key(&self, out: &mut Vec<u8>, id: &[u8]) {
        out.extend_from_slice(&self.prefix);
        out.extend_from_slice(id);
    }

    /// Whether the key of a session has braces, which would say what of it counts for its slot.
    pub(super) fn key_has_braces(&self, id: &[u8]) -> bool {
        self.prefix.iter().chain(id).any(|byte| matches!(byte, b'{' | b'}'))
    }

    /// Whether a key expires that is written with this TTL, or with the store's if it is 0.
    pub(super) fn expires(&self, ttl: u32) -> bool {
        ttl > 0 || !self.seconds.is_empty()
    }

    /// Appends the seconds after which a key expires. Only for one that does.
    pub(super) fn write_seconds(&self, out: &mut Vec<u8>, ttl: u32) {
        if ttl > 0 {
            write_seconds(out, ttl);
        } else {
            out.extend_from_slice(&self.seconds);
        }
    }

    /// Appends ` EX seconds`. Only for a key that expires.
    pub(super) fn write_expiry(&self, out: &mut Vec<u8>, ttl: u32) {
        out.extend_from_slice(b"$2\r\nEX\r\n");
        self.write_seconds(out, ttl);
    }
}

fn write_seconds(out: &mut Vec<u8>, seconds: u32) {
    write_bulk(out, [itoa::Buffer::new().format(seconds).as_bytes(), b""]);
}

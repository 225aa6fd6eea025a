//! What steps are written with and never changes: the prefix and the TTL, written once.

use crate::config::Config;
use crate::resp::write_bulk;

#[derive(Debug)]
pub(crate) struct Encoder {
    pub(super) prefix: Vec<u8>,
    pub(super) set: Set,
    pub(super) set_existing: Set,
    /// ` EX ttl`, or nothing.
    pub(super) expiry: Vec<u8>,
    /// ` ttl`, or nothing.
    pub(super) seconds: Vec<u8>,
    pub(super) refreshes_on_load: bool,
}

/// What a `SET` has before its key and behind its value.
#[derive(Debug)]
pub(super) struct Set {
    pub(super) head: Vec<u8>,
    pub(super) tail: Vec<u8>,
}

impl Encoder {
    pub(crate) fn new(config: &Config) -> Self {
        let mut expiry = Vec::new();
        let mut seconds = Vec::new();
        if let Some(ttl) = config.ttl {
            write_bulk(&mut seconds, [ttl.to_string().as_bytes(), b""]);
            write_bulk(&mut expiry, [b"EX", b""]);
            expiry.extend_from_slice(&seconds);
        }
        Self {
            prefix: config.prefix.clone().into_bytes(),
            set: Set::new(b"", &expiry),
            set_existing: Set::new(b"$2\r\nXX\r\n", &expiry),
            expiry,
            seconds,
            refreshes_on_load: config.refresh_on_load,
        }
    }

    /// Appends the key of a session.
    pub(super) fn write_key(&self, out: &mut Vec<u8>, id: &[u8]) {
        write_bulk(out, [&self.prefix, id]);
    }
}

impl Set {
    fn new(condition: &[u8], expiry: &[u8]) -> Self {
        let tail = [condition, expiry].concat();
        let condition_arguments = usize::from(!condition.is_empty());
        let options = condition_arguments + if expiry.is_empty() { 0 } else { 2 };
        Self { head: format!("*{}\r\n$3\r\nSET\r\n", 3 + options).into_bytes(), tail }
    }
}

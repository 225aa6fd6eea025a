//! Which slot of a Redis Cluster a key is in, and which node has it.

use std::ops::RangeInclusive;

use crc16::{State, XMODEM};

use crate::resp::Reply;

pub(super) const SLOTS: u16 = 16_384;

/// The slot of the key that both parts make: that of what stands between the first `{` and the next `}`,
/// or else of all of it.
pub(crate) fn slot_of(prefix: &[u8], id: &[u8]) -> u16 {
    let hash = if prefix.contains(&b'{') || id.contains(&b'{') {
        let key = [prefix, id].concat();
        State::<XMODEM>::calculate(tag(&key).unwrap_or(&key))
    } else {
        let mut state = State::<XMODEM>::new();
        state.update(prefix);
        state.update(id);
        state.get()
    };
    hash % SLOTS
}

fn tag(key: &[u8]) -> Option<&[u8]> {
    let behind = &key[key.iter().position(|byte| *byte == b'{')? + 1..];
    let tag = &behind[..behind.iter().position(|byte| *byte == b'}')?];
    (!tag.is_empty()).then_some(tag)
}

/// Slots, and the node that has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Share {
    pub(crate) slots: RangeInclusive<u16>,
    pub(crate) node: Node,
}

/// A node, as another one names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Node {
    /// `None`: that of the node that has named it.
    pub(crate) host: Option<String>,
    pub(crate) port: u16,
    /// What its certificate may be of, if that is not the host.
    pub(crate) name: Option<String>,
    /// What its cluster calls it.
    pub(crate) id: Option<String>,
}

/// Reads the elements of a map. One whose node it does not know is nobody's yet.
pub(crate) fn shares(ranges: &[Reply<'_>]) -> Vec<Share> {
    ranges.iter().filter_map(share).collect()
}

/// What all nodes are called that are named in a map, replicas too.
pub(crate) fn ids(ranges: &[Reply<'_>]) -> Vec<String> {
    let nodes = ranges.iter().flat_map(|range| parts(range).iter().skip(2));
    nodes.filter_map(|node| id(parts(node).get(2)?)).collect()
}

fn parts<'a, 'b>(reply: &'a Reply<'b>) -> &'a [Reply<'b>] {
    match reply {
        Reply::Array(parts) => parts,
        _ => &[],
    }
}

fn id(reply: &Reply<'_>) -> Option<String> {
    let Reply::Bulk(id @ [_, ..]) = reply else { return None };
    String::from_utf8(id.to_vec()).ok()
}

/// From `[first, last, [host, port, id, details…], replicas…]`.
fn share(range: &Reply<'_>) -> Option<Share> {
    let Reply::Array(range) = range else { return None };
    let [Reply::Integer(first), Reply::Integer(last), Reply::Array(primary), ..] = &range[..]
    else {
        return None;
    };
    let slot = |number: i64| u16::try_from(number).ok().filter(|slot| *slot < SLOTS);
    let slots = slot(*first)?..=slot(*last)?;
    if slots.is_empty() {
        return None;
    }
    let [host, Reply::Integer(port), details @ ..] = &primary[..] else { return None };
    let host = match host {
        Reply::Nil | Reply::Bulk(b"") => None,
        Reply::Bulk(b"?") => return None,
        Reply::Bulk(host) => Some(String::from_utf8(host.to_vec()).ok()?),
        _ => return None,
    };
    let node = Node {
        host,
        port: u16::try_from(*port).ok()?,
        name: details.get(1).and_then(host_name),
        id: details.first().and_then(id),
    };
    Some(Share { slots, node })
}

/// From `["hostname", name, …]`.
fn host_name(details: &Reply<'_>) -> Option<String> {
    let Reply::Array(details) = details else { return None };
    let pair = details.chunks_exact(2).find(|pair| pair[0] == Reply::Bulk(b"hostname"))?;
    let Reply::Bulk(name @ [_, ..]) = &pair[1] else { return None };
    String::from_utf8(name.to_vec()).ok()
}

/// Where a node sends a command: `MOVED slot host:port`, or `ASK slot host:port`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Redirect {
    pub(super) slot: u16,
    /// `None` if it does not know.
    pub(super) node: Option<Node>,
    /// For this command only.
    pub(super) is_ask: bool,
}

impl Redirect {
    pub(super) fn parse(words: &[u8]) -> Option<Self> {
        let words = std::str::from_utf8(words).ok()?;
        let mut words = words.split(' ');
        let is_ask = words.next()? == "ASK";
        let slot = words.next()?.parse().ok().filter(|slot| *slot < SLOTS)?;
        // An IPv6 address has colons of its own.
        let (host, port) = words.next()?.rsplit_once(':')?;
        let port = port.parse().ok()?;
        let host = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
        let node = (host != "?").then(|| Node {
            host: (!host.is_empty()).then(|| host.to_owned()),
            port,
            name: None,
            id: None,
        });
        Some(Self { slot, node, is_ask })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::resp::{Parsed, parse};
    use proptest::prelude::*;

    #[test]
    fn a_key_is_in_the_slot_of_its_hash_tag() {
        // From the specification, and `CLUSTER KEYSLOT`.
        assert_eq!(slot_of(b"", b"123456789"), 0x31c3);
        assert_eq!(slot_of(b"foo", b""), 12_182);
        assert_eq!(slot_of(b"{user1000}.", b"following"), slot_of(b"", b"user1000"));
        assert_eq!(slot_of(b"{user", b"1000}.following"), slot_of(b"", b"user1000"));
        assert_eq!(slot_of(b"foo{", b"{bar}}zap"), slot_of(b"", b"{bar"));
        assert_eq!(slot_of(b"foo{bar}", b"{zap}"), slot_of(b"", b"bar"));
        let hash = |key: &[u8]| State::<XMODEM>::calculate(key) % 16_384;
        assert_eq!(slot_of(b"foo{}", b"{bar}"), hash(b"foo{}{bar}"));
        assert_eq!(slot_of(b"foo{", b"bar"), hash(b"foo{bar"));
        assert_eq!(slot_of(b"foo}", b"bar{"), hash(b"foo}bar{"));
    }

    fn shares_in(reply: &str) -> Vec<Share> {
        let Parsed::Reply(Reply::Array(ranges), _) = parse(reply.as_bytes(), 1000) else {
            panic!()
        };
        shares(&ranges)
    }

    #[test]
    fn a_map_names_nodes_in_several_ways() {
        let id = "$2\r\nid\r\n";
        let range = |primary: &str| format!("*1\r\n*4\r\n:5\r\n:7\r\n*4\r\n{primary}*0\r\n");
        for (primary, expected) in [
            (format!("$8\r\n10.0.0.1\r\n:7000\r\n{id}*0\r\n"), Some((Some("10.0.0.1"), None))),
            (format!("$2\r\n::\r\n:7000\r\n{id}*0\r\n"), Some((Some("::"), None))),
            (format!("$0\r\n\r\n:7000\r\n{id}*0\r\n"), Some((None, None))),
            (
                format!(
                    "$-1\r\n:7000\r\n{id}*4\r\n$2\r\nip\r\n$1\r\n1\r\n$8\r\nhostname\r\n$3\r\na.b\r\n"
                ),
                Some((None, Some("a.b"))),
            ),
            (format!("$1\r\n?\r\n:7000\r\n{id}*0\r\n"), None),
            (format!("$1\r\nh\r\n:70000\r\n{id}*0\r\n"), None),
        ] {
            let node = |(host, name): (Option<&str>, Option<&str>)| Node {
                host: host.map(str::to_owned),
                port: 7000,
                name: name.map(str::to_owned),
                id: Some("id".into()),
            };
            let expected: Vec<_> = expected
                .map(|named| Share { slots: 5..=7, node: node(named) })
                .into_iter()
                .collect();
            assert_eq!(shares_in(&range(&primary)), expected, "{primary}");
        }
        assert_eq!(shares_in("*2\r\n*2\r\n:5\r\n:7\r\n:1\r\n"), []);
    }

    proptest! {
        /// Nothing that a node may say of slots makes a share that could not be looked up.
        #[test]
        fn slots_are_in_order_and_there(first in -2i64..20_000, last in -2i64..20_000) {
            let reply = format!("*1\r\n*3\r\n:{first}\r\n:{last}\r\n*2\r\n$1\r\nh\r\n:1\r\n");
            let is_good = (0..=last).contains(&first) && last < SLOTS.into();
            let found = shares_in(&reply);
            prop_assert_eq!(found.len(), usize::from(is_good));
            prop_assert!(found.iter().all(|share| !share.slots.is_empty() && *share.slots.end() < SLOTS));
        }

        #[test]
        fn no_words_make_a_redirect_panic(words in "(MOVED|ASK|) ?[0-9a-z:. \\[\\]?]{0,40}") {
            Redirect::parse(words.as_bytes());
        }
    }

    #[test]
    fn a_redirect_names_a_slot_and_a_node() {
        let node = |host: Option<&str>| {
            Some(Node { host: host.map(str::to_owned), port: 7000, name: None, id: None })
        };
        for (words, is_ask, expected) in [
            ("MOVED 3999 127.0.0.1:7000", false, node(Some("127.0.0.1"))),
            ("ASK 3999 ::1:7000", true, node(Some("::1"))),
            ("ASK 3999 [::1]:7000", true, node(Some("::1"))),
            ("MOVED 3999 redis.example:7000", false, node(Some("redis.example"))),
            ("MOVED 3999 :7000", false, node(None)),
            ("MOVED 3999 ?:7000", false, None),
        ] {
            let redirect = Redirect::parse(words.as_bytes()).expect(words);
            assert_eq!(redirect, Redirect { slot: 3999, node: expected, is_ask }, "{words}");
        }
        for words in
            ["MOVED", "MOVED x h:1", "MOVED 16384 h:1", "MOVED 1 h", "MOVED 1 h:x", "MOVED 1"]
        {
            assert_eq!(Redirect::parse(words.as_bytes()), None, "{words}");
        }
    }
}

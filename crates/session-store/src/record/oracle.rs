//! What `scan` has to return according to `serde_json`, for tests and for fuzzing.

use std::fmt;

use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::{MAX_KEYS, Scan};

/// What this text is, and its spans.
///
/// `serde_json` is exactly as strict as `JSON.parse` where it builds nothing. Only when it does, it
/// minds the range of numbers, halves of surrogate pairs, and depth.
pub fn expected(text: &[u8]) -> (Scan, Vec<u32>) {
    // Node does the same.
    let decoded = String::from_utf8_lossy(text);
    if serde_json::from_str::<&RawValue>(&decoded).is_err() {
        return (Scan::NotJson, Vec::new());
    }
    let Ok(elements) = serde_json::from_str::<Vec<&RawValue>>(&decoded) else {
        return (Scan::NotASession, Vec::new());
    };
    let [Some(values), Some(flash)] = [0, 1].map(|at| members(elements.get(at)?)) else {
        return (Scan::NotASession, Vec::new());
    };

    let more = match elements[2..] {
        [] => None,
        [more] if more.get().starts_with('{') => Some(more),
        _ => return (Scan::ParseWhole, Vec::new()),
    };
    if std::str::from_utf8(text).is_err() || needs_care(&values) || needs_care(&flash) {
        return (Scan::ParseWhole, Vec::new());
    }
    let units = |at: *const u8| {
        let bytes = at as usize - decoded.as_ptr() as usize;
        u32::try_from(decoded[..bytes].encode_utf16().count()).expect("texts are short")
    };
    let span = |part: &str| {
        let range = part.as_bytes().as_ptr_range();
        [units(range.start), units(range.end)]
    };
    let mut spans =
        [&values, &flash].map(|members| u32::try_from(members.len()).expect("few")).to_vec();
    for (key, value) in values.iter().chain(&flash) {
        spans.extend(span(unquoted(key)));
        spans.extend(span(value.get()));
    }
    spans.extend(more.map_or([span(elements[1].get())[1]; 2], |more| span(more.get())));
    (Scan::Spans, spans)
}

fn needs_care(members: &[(&RawValue, &RawValue)]) -> bool {
    let mut keys: Vec<&str> = members.iter().map(|(key, _)| unquoted(key)).collect();
    keys.sort_unstable();
    let is_special = |key: &&str| {
        let is_index = !key.is_empty() && key.bytes().all(|byte| byte.is_ascii_digit());
        is_index || *key == "__proto__" || key.contains('\\')
    };
    keys.len() > MAX_KEYS
        || keys.iter().any(is_special)
        || keys.windows(2).any(|two| two[0] == two[1])
}

fn unquoted(key: &RawValue) -> &str {
    &key.get()[1..key.get().len() - 1]
}

/// The keys and values of an object as they are written, duplicates included.
fn members(object: &RawValue) -> Option<Vec<(&RawValue, &RawValue)>> {
    struct Members<'a>(Vec<(&'a RawValue, &'a RawValue)>);

    impl<'de> Deserialize<'de> for Members<'de> {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct ObjectVisitor;

            impl<'de> Visitor<'de> for ObjectVisitor {
                type Value = Members<'de>;

                fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                    formatter.write_str("an object")
                }

                fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                    let mut members = Vec::new();
                    while let Some(member) = map.next_entry()? {
                        members.push(member);
                    }
                    Ok(Members(members))
                }
            }

            deserializer.deserialize_map(ObjectVisitor)
        }
    }

    serde_json::from_str(object.get()).ok().map(|Members(members)| members)
}

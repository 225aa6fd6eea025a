//! What is a session, and where its keys and values lie.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};

use super::oracle::expected;
use super::*;

fn found(text: &[u8]) -> (Scan, Vec<u32>) {
    let mut spans = Vec::new();
    let found = scan(text, &mut spans);
    (found, spans)
}

#[track_caller]
fn assert_found(found: Scan, texts: &[&str]) {
    for text in texts {
        assert_eq!(scan(text.as_bytes(), &mut Vec::new()), found, "{text}");
    }
}

/// The keys and values of a session by its spans, and the third element.
#[track_caller]
fn read(text: &str) -> (Vec<(String, String)>, String) {
    let (found, spans) = found(text.as_bytes());
    assert_eq!(found, Scan::Spans, "{text}");
    let units: Vec<u16> = text.encode_utf16().collect();
    let slice = |span: &[u32]| {
        String::from_utf16(&units[span[0] as usize..span[1] as usize]).expect("whole characters")
    };
    let (members, more) = spans[2..].split_at(spans.len() - 4);
    assert_eq!(members.len(), 4 * (spans[0] + spans[1]) as usize);
    let members = members.chunks(4).map(|member| (slice(&member[..2]), slice(&member[2..])));
    (members.collect(), slice(more))
}

fn members(members: &[(&str, &str)]) -> Vec<(String, String)> {
    members.iter().map(|(key, value)| ((*key).into(), (*value).into())).collect()
}

#[test]
fn spans_are_those_of_keys_without_quotes_and_of_values() {
    let (found, spans) = found(br#"[{"a":1,"bc":"x"},{"d":[]}]"#);
    assert_eq!(found, Scan::Spans);
    assert_eq!(spans, [2, 1, 3, 4, 6, 7, 9, 11, 13, 16, 20, 21, 23, 25, 26, 26]);
}

#[test]
fn values_keep_their_form() {
    let values =
        r#"{"number":1.50e+3,"text":"a\"b\\","nested":{"a":[{},[1]]},"empty":{},"no":null}"#;
    let text = format!(r#"[{values},{{"yes":true}}]"#);
    let expected = [
        ("number", "1.50e+3"),
        ("text", r#""a\"b\\""#),
        ("nested", r#"{"a":[{},[1]]}"#),
        ("empty", "{}"),
        ("no", "null"),
        ("yes", "true"),
    ];
    assert_eq!(read(&text), (members(&expected), String::new()));
}

#[test]
fn whitespace_belongs_to_no_span() {
    let text = " [ { \"a\"\t: 1 ,\n\"b\" : \" x \" } , { } , { \"m\" : 0 } ]\r\n";
    assert_eq!(read(text), (members(&[("a", "1"), ("b", "\" x \"")]), "{ \"m\" : 0 }".into()));
}

#[test]
fn offsets_are_those_of_a_javascript_string() {
    let text = r#"[{"имя":"Ирина","🎁":"ひらがな 🎁🎁"},{"é":"\ud83c"},{"more":"ß"}]"#;
    let expected = [("имя", "\"Ирина\""), ("🎁", "\"ひらがな 🎁🎁\""), ("é", r#""\ud83c""#)];
    assert_eq!(read(text), (members(&expected), r#"{"more":"ß"}"#.into()));
}

#[test]
fn an_empty_session_has_no_keys() {
    assert_eq!(found(b"[{},{}]"), (Scan::Spans, vec![0, 0, 6, 6]));
}

#[test]
fn spans_are_appended() {
    let mut spans = vec![7];
    assert_eq!(scan(b"[{},{}]", &mut spans), Scan::Spans);
    assert_eq!(scan(b"[{\"a\":1},{},1]", &mut spans), Scan::ParseWhole);
    assert_eq!(scan(b"[{\"a\":1}]", &mut spans), Scan::NotASession);
    assert_eq!(scan(b"[{\"a\":1},{}", &mut spans), Scan::NotJson);
    assert_eq!(spans, [7, 0, 0, 6, 6]);
}

#[test]
fn keys_that_need_care_are_left_to_json_parse() {
    assert_found(
        Scan::ParseWhole,
        &[
            r#"[{"a\u0062":1},{}]"#,
            r#"[{"a\\":1},{}]"#,
            r#"[{"a":1,"b":2,"a":3},{}]"#,
            r#"[{"":1,"":2},{}]"#,
            r#"[{"long enough a name":1,"b":2,"long enough a name":3},{}]"#,
            r#"[{},{"ab":1,"ab":2}]"#,
            r#"[{"b":1,"7":2},{}]"#,
            r#"[{"__proto__":{}},{}]"#,
        ],
    );
}

#[test]
fn other_keys_do_not() {
    assert_found(
        Scan::Spans,
        &[
            r#"[{"a":1},{"a":2}]"#,
            r#"[{"":1},{}]"#,
            r#"[{"cart of a visitor":1,"name of a visitor":2,"sort of a visitor":3},{}]"#,
            r#"[{"7a":1,"-1":2,"1.5":3},{}]"#,
            r#"[{"__proto":1,"constructor":2,"toString":3},{}]"#,
            r#"[{"a":{"a\n":1,"7":2,"a":3,"a":4,"__proto__":{}}},{}]"#,
        ],
    );
}

#[test]
fn very_many_keys_are_left_to_json_parse() {
    let session = |count: usize| {
        let members: Vec<String> = (0..count).map(|n| format!("\"key{n}\":{n}")).collect();
        format!("[{{{}}},{{}}]", members.join(","))
    };
    assert_found(Scan::Spans, &[&session(MAX_KEYS)]);
    assert_found(Scan::ParseWhole, &[&session(MAX_KEYS + 1)]);
}

#[test]
fn a_key_that_occurs_twice_is_found_among_many() {
    for twice in 0..MAX_KEYS - 1 {
        let keys = (0..MAX_KEYS - 1).chain([twice]);
        let members: Vec<String> = keys.map(|n| format!("\"key{n}\":{n}")).collect();
        assert_found(Scan::ParseWhole, &[&format!("[{{{}}},{{}}]", members.join(","))]);
    }
}

#[test]
fn other_elements_behind_the_two_are_left_to_json_parse() {
    assert_found(Scan::ParseWhole, &["[{},{},1]", "[{},{},[]]", "[{},{},{},{}]", "[{},{},null]"]);
}

#[test]
fn what_is_not_utf_8_is_left_to_node() {
    assert_eq!(found(b"[{\"a\":\"\xC3\"},{}]"), (Scan::ParseWhole, vec![]));
    assert_eq!(found(b"[{\"\xED\xA0\x80\":\"\"},{}]"), (Scan::ParseWhole, vec![]));
    assert_eq!(found(b"[{\"a\":\xC3},{}]"), (Scan::NotJson, vec![]));
}

#[test]
fn json_of_another_form_is_not_a_session() {
    assert_found(
        Scan::NotASession,
        &[
            "{}",
            "[]",
            "[{}]",
            "[[],{}]",
            "[{},[]]",
            "[{},null]",
            "[null,{}]",
            "1",
            " \"[{},{}]\" ",
            "null",
            "[1,2,3]",
        ],
    );
}

#[test]
fn what_json_parse_rejects_is_not_json() {
    let nul = "[{\"a\":1},{}]\0";
    assert_found(
        Scan::NotJson,
        &["", " ", "[{},{}", "[{},{}]]", "[{},{},]", "[,{},{}]", "[{},{}] x", nul],
    );
    assert_found(
        Scan::NotJson,
        &[
            "[{\"a\"},{}]",
            "[{\"a\":},{}]",
            "[{\"a\":1,},{}]",
            "[{,},{}]",
            "[{a:1},{}]",
            "[{1:1},{}]",
        ],
    );
    assert_found(
        Scan::NotJson,
        &[
            "[{\"a\" 1},{}]",
            "[{\"a\"::1},{}]",
            "[{\"a\":1 2},{}]",
            "[{\"a\":1\"b\":2},{}]",
            "[{} {}]",
        ],
    );
    assert_found(
        Scan::NotJson,
        &["[{},{}", "[{},{]}", "[{\"a\":[1}},{}]", "[{\"a\":(1)},{}]", "[{},{}]//", "['',{}]"],
    );
    assert_found(
        Scan::NotJson,
        &["nul", "nulll", "True", "NaN", "-Infinity", "undefined", "01", "1.", "truefalse"],
    );
    assert_found(
        Scan::NotJson,
        &[
            "\"",
            "\"\\\"",
            "\"\\x\"",
            "\"\\u12g4\"",
            "\"\\u123",
            "\"\t\"",
            "\"\n\"",
            "\"a\"\"b\"",
            "\\\"\"",
        ],
    );
    assert_found(Scan::NotJson, &["\u{FEFF}[{},{}]", "[{},{}]\u{A0}", "[{},{}]\u{B}", "é", "1é"]);
}

#[test]
fn a_form_that_is_wrong_does_not_hide_that_the_rest_is_not_json() {
    assert_found(
        Scan::NotJson,
        &["[1,{},tru]", "{\"a\":1}x", "[{},{},1,]", "[{\"7\":1},{},\"\u{1}\"]"],
    );
}

#[test]
fn escapes_may_lie_anywhere() {
    for before in 0..200 {
        let padding = "x".repeat(before);
        for escape in [r"\\", r#"\""#, r"\n", r"\u0041", r"\\\\\\\\", r"\\\"] {
            let is_json = escape != r"\\\";
            let text = format!("[{{\"a\":\"{padding}{escape}\"}},{{}}]");
            let expected = if is_json { Scan::Spans } else { Scan::NotJson };
            assert_eq!(scan(text.as_bytes(), &mut Vec::new()), expected, "{text}");
        }
    }
}

#[test]
fn texts_may_nest_as_deep_as_they_are_long() {
    let (open, close) = ("[".repeat(500_000), "]".repeat(500_000));
    assert_found(Scan::Spans, &[&format!("[{{\"a\":{open}{close}}},{{}}]")]);
    assert_found(Scan::NotJson, &[&format!("[{{\"a\":{open}{close}]}},{{}}]"), &open, &close]);
    assert_found(Scan::NotASession, &[&format!("{open}{close}")]);
    let objects = "{\"a\":[".repeat(250_000) + &"]}".repeat(250_000);
    assert_found(Scan::Spans, &[&format!("[{{\"a\":{objects}}},{{}}]")]);
}

/// JSON of every kind, with much in it that a scanner could get wrong.
fn json() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        Just("false".to_owned()),
        "-?(0|[1-9][0-9]{0,9})(\\.[0-9]{1,9})?([eE][+-]?[0-9]{1,3})?",
        string(),
    ];
    leaf.prop_recursive(5, 60, 6, |value| {
        prop_oneof![
            (vec(value.clone(), 0..6), blank()).prop_map(|(values, blank)| format!(
                "[{blank}{}]",
                values.join(&format!("{blank},"))
            )),
            object(value),
        ]
    })
}

fn object(value: impl Strategy<Value = String>) -> impl Strategy<Value = String> {
    let key = prop_oneof![
        4 => string(),
        1 => "\"[ab]{0,2}\"",
        1 => "\"[0-9_]{1,2}\"",
        1 => Just("\"__proto__\"".to_owned()),
    ];
    (vec((key, value), 0..6), blank()).prop_map(|(members, blank)| {
        let members: Vec<String> = members
            .iter()
            .map(|(key, value)| format!("{blank}{key}:{blank}{value}{blank}"))
            .collect();
        format!("{{{}}}", members.join(","))
    })
}

fn string() -> impl Strategy<Value = String> {
    prop_oneof![
        "\"[ -!#-\\[\\]-~]{0,40}\"",
        "\"([a-zé🎁{}:,\\[\\]]|\\\\[\"\\\\/bfnrt]|\\\\u[0-9a-fA-F]{4}){0,20}\"",
        any::<String>().prop_map(|text| serde_json::to_string(&text).unwrap()),
    ]
}

fn blank() -> impl Strategy<Value = String> {
    prop_oneof![5 => Just(String::new()), 1 => "[ \t\r\n]{0,3}"]
}

fn session() -> impl Strategy<Value = String> {
    (
        object(json()),
        object(json()),
        prop_oneof![
            4 => Just(String::new()),
            1 => object(json()).prop_map(|more| format!(",{more}")),
            1 => json().prop_map(|more| format!(",{more}")),
        ],
    )
        .prop_map(|(values, flash, more)| format!("[{values},{flash}{more}]"))
}

/// Bytes that mean something in JSON, and a few that look like it.
const MARKS: &[u8] = b"[]{}\",:\\0123456789eE.+-tfn/ \t\n\0";

const TOKENS: &[&str] = &["[", "]", "{", "}", ",", ":", "\"a\"", "\"b\"", "1", "null", " "];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_start_of_a_session_is_not_json(text in session()) {
        for end in 0..text.len() {
            prop_assert_eq!(found(&text.as_bytes()[..end]), (Scan::NotJson, vec![]));
        }
    }
}

proptest! {
    #[test]
    fn every_session_is_read_as_json_means_it(text in session()) {
        let (found, spans) = found(text.as_bytes());
        prop_assert!(found <= Scan::ParseWhole);
        prop_assert_eq!((found, spans), expected(text.as_bytes()));
    }

    #[test]
    fn every_json_is_json(text in json()) {
        prop_assert_ne!(found(text.as_bytes()).0, Scan::NotJson);
        prop_assert_eq!(found(text.as_bytes()), expected(text.as_bytes()));
    }

    #[test]
    fn what_became_of_a_session_is_judged_as_json(
        text in session(),
        changes in vec((any::<Index>(), 0usize..4, any::<u8>(), select(MARKS)), 1..4),
    ) {
        let mut text = text.into_bytes();
        for (at, change, byte, mark) in changes {
            let at = at.index(text.len());
            match change {
                0 => text[at] = byte,
                1 => text[at] = mark,
                2 => text.insert(at, mark),
                _ => drop(text.remove(at)),
            }
            prop_assert_eq!(found(&text), expected(&text), "{}", String::from_utf8_lossy(&text));
        }
    }

    #[test]
    fn tokens_in_any_order_are_judged_as_json(
        tokens in vec(select(TOKENS), 0..12),
    ) {
        let text = tokens.concat();
        prop_assert_eq!(found(text.as_bytes()), expected(text.as_bytes()), "{}", text);
    }

    #[test]
    fn no_bytes_confuse_it(text in vec(any::<u8>(), 0..300)) {
        prop_assert_eq!(found(&text), expected(&text));
    }
}

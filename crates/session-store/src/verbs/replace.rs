//! Writes the text of a session over the very one that was read: by `SET … IFEQ`, which Valkey knows since
//! 8.1 and Redis since 8.4, or by a script.
//!
//! A probe that writes nothing goes ahead of the first replacement on a connection, and tells which. Until
//! its reply is there, the script is used. A server that has forgotten the script has not done the
//! replacement: `Missing`, as for any other that found something else than it expected. Whoever asked
//! looks at what is there and asks again, so no text has to be kept for it here.
//!
//! Redis's Lua hashes all bytes of every string that it gets, so a large text is staged, and the script only
//! gets the key.

use super::{Encoder, stage};
use crate::command::Content;
use crate::handover::outcome::Answer;
use crate::resp::{Reply, error_code, write_bulk};

/// How a replacement is sent. A script compares the end of the text, from an offset on, and only then puts
/// another one in its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// `SET … IFEQ`.
    IfEqual,
    /// The script that gets the new text, by its name.
    Named,
    /// All of this script, which the server then keeps.
    Whole,
    /// The script that gets the key where the new text is staged, by its name. If that is lost, it says
    /// `UNSTAGED`.
    StagedNamed,
    /// All of this script.
    StagedWhole,
}

impl Form {
    /// Whether the text is staged ahead of it.
    pub(super) fn is_staged(self) -> bool {
        matches!(self, Self::StagedNamed | Self::StagedWhole)
    }
}

const SCRIPT: &[u8] = include_bytes!("replace.lua");
const STAGED_SCRIPT: &[u8] = include_bytes!("replace_staged.lua");

/// By its SHA-1, servers name a script.
const SHA1: &[u8] = b"b8a6cdf119fb76356f08f3572004c0efe1c53c8c";
const STAGED_SHA1: &[u8] = b"920732ba319333446fc6804d8c0ea1b5f591424e";

/// Up to this size, `IFEQ` takes less time than a script that gets the text by a staged one. The expected text has to
/// get to the server for it: with 8 KB, Valkey 9.1 did 0.67 times the requests of a plain `SET`, and 0.93 times by
/// script; with 4 KB, 0.76 and 0.59 times.
const MOST_COMPARED: u32 = 6 * 1024;

/// What a server takes, as far as is known.
#[derive(Clone, Copy, Debug, Default)]
#[expect(clippy::struct_excessive_bools, reason = "facts that do not depend on each other")]
pub(crate) struct Known {
    if_equal: bool,
    /// The user may not run scripts.
    denies_scripts: bool,
    is_probed: bool,
    /// Staging is no good there: it evicts texts, is a proxy that sends them elsewhere, or refuses what the script
    /// does with them. They would be left behind.
    loses_staged: bool,
    /// Whether it keeps the script, and the one for staged texts.
    scripts: [bool; 2],
}

impl Known {
    /// Chooses a form. `IFEQ` needs all of the expected text.
    pub(crate) fn form(self, encoder: &Encoder, content: &Content<'_>, may_stage: bool) -> Form {
        if self.if_equal && content.has_all_expected() {
            return Form::IfEqual;
        }
        let is_staged = may_stage
            && !self.loses_staged
            && !self.denies_scripts
            && stage::suits(encoder, content);
        match (is_staged, self.scripts[usize::from(is_staged)]) {
            (false, true) => Form::Named,
            (false, false) => Form::Whole,
            (true, true) => Form::StagedNamed,
            (true, false) => Form::StagedWhole,
        }
    }

    /// Of how many bytes the largest text is that the server had better compare by itself.
    pub(crate) fn most_compared(self) -> u32 {
        match (self.if_equal, self.denies_scripts) {
            (false, _) => 0,
            (true, false) => MOST_COMPARED,
            (true, true) => u32::MAX,
        }
    }

    /// Whether a probe is to be sent, which it is once, unless that told nothing.
    pub(crate) fn needs_probe(&mut self) -> bool {
        !std::mem::replace(&mut self.is_probed, true)
    }

    pub(crate) fn learn_probed(&mut self) {
        self.if_equal = true;
    }

    /// A server that does not know `IFEQ` says `ERR`; one that says anything else is asked again.
    pub(crate) fn learn_probe_refused(&mut self, words: &[u8]) {
        self.is_probed = error_code(words) == b"ERR";
    }

    /// Another server was named, which tells nothing of this one.
    pub(crate) fn learn_probe_redirected(&mut self) {
        self.is_probed = false;
    }

    pub(crate) fn learn_done(&mut self, form: Form) {
        if matches!(form, Form::Whole | Form::StagedWhole) {
            self.scripts[usize::from(form.is_staged())] = true;
        }
    }

    /// Returns whether another form may do.
    pub(crate) fn learn_refused(&mut self, form: Form, words: &[u8]) -> bool {
        match (form, error_code(words)) {
            (Form::Named | Form::StagedNamed, b"NOSCRIPT") => {
                self.scripts[usize::from(form.is_staged())] = false;
                true
            }
            (Form::StagedNamed | Form::StagedWhole, b"UNSTAGED") => {
                self.loses_staged = true;
                true
            }
            (Form::IfEqual, _) => false,
            (Form::StagedNamed | Form::StagedWhole, _)
                if !is_denied(words) && !is_for_now(words) =>
            {
                self.loses_staged = true;
                true
            }
            // Whoever asks again does so with all of the text.
            _ => {
                let is_denied = is_denied(words);
                self.denies_scripts |= is_denied;
                is_denied && self.if_equal
            }
        }
    }
}

/// Returns the words of the command that has failed within a script. Redis before 7 puts its own ones around
/// them: `ERR Error running script (call to f_…): @user_script:2: @user_script: 2: -OOM command not …`.
pub(super) fn own_words(words: &[u8]) -> &[u8] {
    const PLACE: &[u8] = b"@user_script:";
    if !words.starts_with(b"ERR Error running script") && !words.starts_with(PLACE) {
        return words;
    }
    let Some(place) = words.windows(PLACE.len()).rposition(|window| window == PLACE) else {
        return words;
    };
    // The number of a line.
    let behind = &words[place + PLACE.len()..];
    let Some(end) = behind.windows(2).position(|window| window == b": ") else { return words };
    let own = behind[end + 2..].trim_ascii();
    let own = own.strip_prefix(b"-").unwrap_or(own);
    let has_code = error_code(own).iter().all(u8::is_ascii_uppercase);
    if has_code { own } else { words }
}

/// Whether the user may not do it. A command within a script is denied with `ERR`, so only the words tell:
/// Redis up to 7.0 and Valkey have their own.
fn is_denied(words: &[u8]) -> bool {
    let has = |part: &[u8]| words.windows(part.len()).any(|window| window == part);
    error_code(words) == b"NOPERM"
        || has(b"can't run this command or subcommand")
        || has(b"ACL failure in script")
}

/// Whether the server may take the same command later: it has no memory for it, or is a replica now, say.
fn is_for_now(words: &[u8]) -> bool {
    error_code(words) != b"ERR"
}

/// Writes a probe: a key that is not there is not what is expected, so nothing is written. It is in the same
/// slot as that of the session, as far as braces can say so.
pub(super) fn write_probe(out: &mut Vec<u8>, encoder: &Encoder, content: &Content<'_>) {
    out.extend_from_slice(b"*5\r\n$3\r\nSET\r\n");
    let mut id = b"gone:".to_vec();
    if !encoder.key_has_braces(content.id) {
        id.push(b'{');
        encoder.append_key(&mut id, content.id);
        id.push(b'}');
    }
    encoder.write_key(out, &id);
    out.extend_from_slice(b"$0\r\n\r\n$4\r\nIFEQ\r\n$1\r\n-\r\n");
}

pub(super) fn probe_answer(reply: &Reply<'_>) -> Option<Answer<'static>> {
    matches!(reply, Reply::Nil).then_some(Answer::Missing)
}

/// Writes a replacement. Where its text is staged, the text of `content` is the id under which it is.
pub(super) fn write(out: &mut Vec<u8>, encoder: &Encoder, content: &Content<'_>, form: Form) {
    match form {
        Form::IfEqual => write_set(out, encoder, content),
        Form::Named | Form::Whole => write_script(out, encoder, content, form),
        Form::StagedNamed | Form::StagedWhole => write_staged_script(out, encoder, content, form),
    }
}

fn write_set(out: &mut Vec<u8>, encoder: &Encoder, content: &Content<'_>) {
    let expires = encoder.expires(content.ttl);
    out.extend_from_slice(if expires { b"*7" } else { b"*5" });
    out.extend_from_slice(b"\r\n$3\r\nSET\r\n");
    encoder.write_key(out, content.id);
    write_bulk(out, [content.text, b""]);
    out.extend_from_slice(b"$4\r\nIFEQ\r\n");
    write_bulk(out, [content.expected, b""]);
    if expires {
        encoder.write_expiry(out, content.ttl);
    }
}

fn write_script(out: &mut Vec<u8>, encoder: &Encoder, content: &Content<'_>, form: Form) {
    let expires = encoder.expires(content.ttl);
    out.extend_from_slice(if expires { b"*9\r\n" } else { b"*7\r\n" });
    write_call(out, form);
    out.extend_from_slice(b"$1\r\n1\r\n");
    encoder.write_key(out, content.id);
    write_expected(out, content);
    write_bulk(out, [content.text, b""]);
    if expires {
        encoder.write_expiry(out, content.ttl);
    }
}

fn write_staged_script(out: &mut Vec<u8>, encoder: &Encoder, content: &Content<'_>, form: Form) {
    let expires = encoder.expires(content.ttl);
    out.extend_from_slice(if expires { b"*9\r\n" } else { b"*8\r\n" });
    write_call(out, form);
    out.extend_from_slice(b"$1\r\n2\r\n");
    encoder.write_key(out, content.id);
    encoder.write_key(out, content.text);
    write_expected(out, content);
    if expires {
        out.extend_from_slice(b"$6\r\nEXPIRE\r\n");
        encoder.write_seconds(out, content.ttl);
    } else {
        out.extend_from_slice(b"$7\r\nPERSIST\r\n");
    }
}

/// Writes by what a script is called.
fn write_call(out: &mut Vec<u8>, form: Form) {
    let (sha1, script) =
        if form.is_staged() { (STAGED_SHA1, STAGED_SCRIPT) } else { (SHA1, SCRIPT) };
    if matches!(form, Form::Named | Form::StagedNamed) {
        out.extend_from_slice(b"$7\r\nEVALSHA\r\n");
        write_bulk(out, [sha1, b""]);
    } else {
        out.extend_from_slice(b"$4\r\nEVAL\r\n");
        write_bulk(out, [script, b""]);
    }
}

/// Writes the offset from which on the text is compared, and what is expected there.
fn write_expected(out: &mut Vec<u8>, content: &Content<'_>) {
    let expected = content.identifying();
    match content.tail {
        0 => write_bulk(out, [b"0", b""]),
        _ => write_bulk(out, [b"-", itoa::Buffer::new().format(expected.len()).as_bytes()]),
    }
    write_bulk(out, [expected, b""]);
}

pub(super) fn advice(words: &[u8]) -> Option<&'static str> {
    is_denied(words).then_some(
        ". Allow this user +eval, +evalsha, +getrange, +rename and +expire, or set \"onConflict\" to 'overwrite'",
    )
}

pub(super) fn answer(reply: &Reply<'_>, form: Form) -> Option<Answer<'static>> {
    match (form, reply) {
        (Form::IfEqual, Reply::Status(b"OK")) => Some(Answer::Done),
        (Form::IfEqual, Reply::Nil) => Some(Answer::Missing),
        (Form::IfEqual, _) => None,
        (_, Reply::Integer(1)) => Some(Answer::Done),
        (_, Reply::Integer(0)) => Some(Answer::Missing),
        _ => None,
    }
}

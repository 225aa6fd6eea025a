//! Adds to the end of a text. May be sent again: what is added are entries of a list in which one that
//! is there twice means the same as once.

use super::Encoder;
use crate::command::Content;
use crate::resp::write_bulk;

pub(super) fn write(out: &mut Vec<u8>, encoder: &Encoder, content: &Content<'_>) {
    out.extend_from_slice(b"*3\r\n$6\r\nAPPEND\r\n");
    encoder.write_key(out, content.id);
    write_bulk(out, [content.text, b""]);
}

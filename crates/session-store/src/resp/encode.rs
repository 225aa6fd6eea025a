//! Writes commands.

/// Appends one argument of a command, whose bytes are those of both parts.
pub(crate) fn write_bulk(out: &mut Vec<u8>, parts: [&[u8]; 2]) {
    let [first, second] = parts;
    out.push(b'$');
    out.extend_from_slice(itoa::Buffer::new().format(first.len() + second.len()).as_bytes());
    out.extend_from_slice(b"\r\n");
    out.extend_from_slice(first);
    out.extend_from_slice(second);
    out.extend_from_slice(b"\r\n");
}

/// Appends a whole command.
pub(crate) fn write_command(out: &mut Vec<u8>, arguments: &[&[u8]]) {
    out.push(b'*');
    out.extend_from_slice(itoa::Buffer::new().format(arguments.len()).as_bytes());
    out.extend_from_slice(b"\r\n");
    for argument in arguments {
        write_bulk(out, [argument, b""]);
    }
}

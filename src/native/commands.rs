//! Commands as JavaScript hands them over, copied straight into the core's queue.

use session_store::Store;

// The verbs, as `src/lib/native/native-store.ts` numbers them.
const LOAD: u32 = 0;
const SAVE: u32 = 1;
const SAVE_EXISTING: u32 = 2;
const TOUCH: u32 = 3;
const PING: u32 = 4;

/// Queues commands, of which each is a ticket, a verb, and how many of the next `bytes` are its id
/// and its text. Gives `None` where they are not that.
pub(crate) fn queue(store: &Store, commands: &[u32], bytes: &[u8]) -> Option<()> {
    let mut rest = bytes;
    for command in commands.chunks_exact(4) {
        let &[ticket, verb, id_length, text_length] = command else { return None };
        let (id, behind) = rest.split_at_checked(id_length as usize)?;
        let (text, behind) = behind.split_at_checked(text_length as usize)?;
        rest = behind;
        match verb {
            LOAD => store.load(ticket, id),
            SAVE | SAVE_EXISTING => store.save(ticket, id, text, verb == SAVE_EXISTING),
            TOUCH => store.touch(ticket, id),
            PING => store.ping(ticket),
            _ => return None,
        }
    }
    Some(())
}

//! Names for commands that wait.

/// Names a command, so that its outcome finds who asked for it.
pub type Ticket = u32;

/// The ticket of an outcome that ends all commands which still wait: the I/O thread has lost them.
pub const EVERYONE: Ticket = Ticket::MAX;

/// The ticket of an outcome that nobody waits for: an event.
pub const NOBODY: Ticket = Ticket::MAX - 1;

//! Between the two threads: commands on their way to the I/O thread, outcomes on their way back.

pub(crate) mod mailbox;
pub(crate) mod outcome;
pub(crate) mod queue;
pub(crate) mod ticket;

//! How much memory buffers keep that are used again and again.

/// As much as a batch of large sessions takes. Memory that is given back after each batch, and fetched
/// again for the next one, costs more than all copying.
pub(crate) const KEEP_BYTES: usize = 2 * 1024 * 1024;

/// Empties a buffer, and gives back what it has above [`KEEP_BYTES`].
pub(crate) fn empty<T>(buffer: &mut Vec<T>) {
    buffer.clear();
    buffer.shrink_to(KEEP_BYTES / size_of::<T>());
}

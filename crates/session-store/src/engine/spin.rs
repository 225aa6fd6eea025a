//! Whether the I/O thread looks again before it waits.
//!
//! Waking a parked thread takes tens of microseconds, most of what a single request waits for, so
//! with replies due any moment it pays to look again for a little while. It burns CPU otherwise, so
//! the thread spins only while that has been paying off.

use std::thread;
use std::time::{Duration, Instant};

/// How long to look again: what a reply over loopback, or a busy tick of the event loop, takes.
const WINDOW: Duration = Duration::from_micros(250);

/// A wait in the operating system that was no longer than this would have been a hit: most of it
/// was the waking.
const SHORT_WAIT: Duration = Duration::from_micros(500);

/// How many more hits than misses there must have been before spinning starts.
const WORTH_IT: u32 = 8;
const MOST: u32 = 16;
/// What a spin for nothing takes off. At a hundred requests a second it keeps spinning away.
const FOR_NOTHING: u32 = 4;

pub(crate) struct Spin {
    /// Hits less misses, 0 to `MOST`.
    score: u32,
    last_progress: Instant,
    has_other_core: bool,
}

impl Spin {
    pub(crate) fn new(now: Instant) -> Self {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        Self { score: 0, last_progress: now, has_other_core: cores > 1 }
    }

    /// Takes note that there was something to do, in a spin or after a wait.
    pub(crate) fn progress(&mut self, now: Instant, was_idle: bool) {
        if was_idle {
            if now - self.last_progress <= SHORT_WAIT {
                self.score = (self.score + 1).min(MOST);
            } else {
                self.score = self.score.saturating_sub(FOR_NOTHING);
            }
        }
        self.last_progress = now;
    }

    /// Whether to look again rather than wait; yields the processor to whoever wants it first.
    pub(crate) fn again(&self, now: Instant) -> bool {
        let spins =
            self.has_other_core && self.score >= WORTH_IT && now - self.last_progress <= WINDOW;
        if spins {
            thread::yield_now();
        }
        spins
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spinning_starts_when_it_pays_and_stops_when_it_does_not() {
        let start = Instant::now();
        let mut spin = Spin { score: 0, last_progress: start, has_other_core: true };
        assert!(!spin.again(start));

        let mut now = start;
        for _ in 0..WORTH_IT {
            now += Duration::from_micros(20);
            spin.progress(now, true);
        }
        assert!(spin.again(now));
        assert!(!spin.again(now + WINDOW * 2), "not for longer than the window");

        for _ in 0..3 {
            now += Duration::from_millis(1);
            spin.progress(now, true);
        }
        assert!(!spin.again(now));
    }
}

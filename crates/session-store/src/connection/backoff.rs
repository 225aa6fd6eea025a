//! When to try to connect again.

use std::time::{Duration, Instant};

/// The pause after the first failure; it doubles with each further one.
const FIRST: Duration = Duration::from_millis(20);
const LONGEST: Duration = Duration::from_secs(1);

pub(crate) struct Backoff {
    failures: u32,
    longest: Duration,
    retry_at: Instant,
}

impl Backoff {
    /// A command that comes during a pause has `timeout`, and must live to see the next attempt.
    pub(crate) fn new(timeout: Duration, now: Instant) -> Self {
        Self { failures: 0, longest: LONGEST.min(timeout / 4), retry_at: now }
    }

    pub(crate) fn retry_at(&self) -> Instant {
        self.retry_at
    }

    pub(crate) fn fail(&mut self, now: Instant) {
        let pause = (FIRST * 2u32.pow(self.failures.min(6))).min(self.longest);
        self.failures = self.failures.saturating_add(1);
        // Spread, so that many processes do not come back at the same moment.
        self.retry_at = now + pause.mul_f64(0.5 + fastrand::f64() / 2.0);
    }

    /// There is reason to believe that it would work now.
    pub(crate) fn hurry(&mut self, now: Instant) {
        self.retry_at = now;
    }

    /// Redis has answered.
    pub(crate) fn succeed(&mut self) {
        self.failures = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_up_to_a_quarter_of_the_timeout() {
        let now = Instant::now();
        let mut backoff = Backoff::new(Duration::from_millis(400), now);
        let mut pause = || {
            backoff.fail(now);
            backoff.retry_at() - now
        };
        assert!((10..=20).contains(&pause().as_millis()));
        assert!((20..=40).contains(&pause().as_millis()));
        for _ in 0..20 {
            assert!(pause().as_millis() <= 100);
        }
        assert!(pause().as_millis() >= 50);
    }
}

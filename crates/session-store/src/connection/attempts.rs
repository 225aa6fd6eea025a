//! When to connect: the pace of the attempts, and what becomes of those that are stuck.

use std::time::{Duration, Instant};

use super::backoff::Backoff;

/// Attempts that may be under way at once: those that are stuck, in a look-up of the name say, and
/// one that is not.
pub(crate) const MOST: usize = 4;

/// What there is to connect for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Need {
    Nothing,
    /// Commands wait, and there is no connection.
    Connection,
    /// There is one, to a server that has refused a write as a replica does.
    Successor,
}

pub(crate) struct Attempts {
    timeout: Duration,
    /// The number of the latest.
    latest: u64,
    /// How many were started since there was a connection.
    started: u32,
    under_way: usize,
    /// When the latest is given up, unless it has ended. It may still succeed after that.
    given_up_at: Option<Instant>,
    /// The pace where there is no connection.
    backoff: Backoff,
    /// The pace at which a server that takes no writes is replaced.
    replacements: Backoff,
    last_failure: Option<String>,
}

impl Attempts {
    pub(crate) fn new(timeout: Duration, now: Instant) -> Self {
        Self {
            timeout,
            latest: 0,
            started: 0,
            under_way: 0,
            given_up_at: None,
            backoff: Backoff::new(timeout, now),
            replacements: Backoff::new(timeout, now),
            last_failure: None,
        }
    }

    /// Starts an attempt if one is due; returns its number.
    pub(crate) fn start(&mut self, need: Need, now: Instant) -> Option<u64> {
        if self.given_up_at.is_some_and(|time| time <= now) {
            self.given_up_at = None;
            let reason = "no answer yet; the look-up of the host name may be stuck";
            self.fail(need != Need::Successor, reason.into(), now);
        }
        if self.next(need).is_none_or(|due| due > now) {
            return None;
        }
        self.latest += 1;
        self.started = self.started.saturating_add(1);
        self.under_way += 1;
        self.given_up_at = Some(now + self.timeout);
        Some(self.latest)
    }

    /// When the next attempt is due, or the present one is to be given up.
    pub(crate) fn next(&self, need: Need) -> Option<Instant> {
        if self.given_up_at.is_some() {
            return self.given_up_at;
        }
        match need {
            _ if self.under_way >= MOST => None,
            Need::Nothing => None,
            Need::Connection => Some(self.backoff.retry_at()),
            Need::Successor => Some(self.replacements.retry_at()),
        }
    }

    /// Has the next attempt start at once, whatever becomes of the present one; returns the number of that.
    pub(crate) fn hurry(&mut self, now: Instant) -> u64 {
        self.given_up_at = None;
        self.backoff.hurry(now);
        self.latest
    }

    /// Takes note that an attempt has ended.
    pub(crate) fn end(&mut self, attempt: u64) {
        self.under_way -= 1;
        if attempt == self.latest {
            self.given_up_at = None;
        }
    }

    /// Takes note that there is a new connection. If its server takes no writes either, the next
    /// one is a pause away. Returns how many attempts that took.
    pub(crate) fn succeed(&mut self, now: Instant) -> u32 {
        self.given_up_at = None;
        self.last_failure = None;
        self.replacements.fail(now);
        std::mem::take(&mut self.started)
    }

    /// Takes note of a failure. Returns how many attempts there have been, and the pause before the next one.
    pub(crate) fn fail(
        &mut self,
        is_disconnected: bool,
        reason: String,
        now: Instant,
    ) -> (u32, Duration) {
        let pace = if is_disconnected { &mut self.backoff } else { &mut self.replacements };
        pace.fail(now);
        self.last_failure = Some(reason);
        (self.started, pace.retry_at() - now)
    }

    /// Takes note that the server has answered.
    pub(crate) fn heard(&mut self, takes_writes: bool) {
        self.backoff.succeed();
        if takes_writes {
            self.replacements.succeed();
        }
    }

    /// Whether the latest has failed, or has taken so long already.
    pub(crate) fn has_failed(&self, patience: Duration, now: Instant) -> bool {
        let is_slow = |given_up_at| now + self.timeout >= given_up_at + patience;
        self.last_failure.is_some() || self.given_up_at.is_some_and(is_slow)
    }

    pub(crate) fn last_failure(&self) -> &str {
        self.last_failure.as_deref().unwrap_or("no answer yet")
    }
}

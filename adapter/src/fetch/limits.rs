//! How long a fetch may take, and how much it may bring.

use std::time::{Duration, SystemTime};

use crate::handler::scope::Scope;

/// How long it may take until there is a connection, name and certificate included.
pub(super) const CONNECT: Duration = Duration::from_secs(5);

/// How long nothing may come of an upstream, when the fetch does not say otherwise.
const IDLE: Duration = Duration::from_secs(10);

/// How long all of it may take, when the fetch does not say otherwise.
const WHOLE: Duration = Duration::from_secs(30);

/// What is left for the handler after its fetch was given up.
const MARGIN: Duration = Duration::from_millis(500);

/// The bytes of a body, when the fetch does not say otherwise.
const BODY: usize = 16 * 1024 * 1024;

/// The limits of one fetch.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// How long all of it may take, redirects and body included.
    pub(super) whole: Duration,
    /// How long nothing may come.
    pub(super) idle: Duration,
    /// Whether the invocation ends before the time that the fetch has.
    pub(super) is_cut: bool,
    /// The bytes of the body, decompressed.
    pub(super) body: usize,
}

impl Limits {
    /// Within a handler, its fetches end before it.
    pub(super) fn new(timeout: Option<Duration>, body: Option<usize>, scope: Option<&Scope>) -> Self {
        let deadline = scope.and_then(|scope| scope.deadline);
        let left = deadline.map(|deadline| deadline.duration_since(SystemTime::now()).unwrap_or_default());
        Self::within(timeout, body, left)
    }

    pub(super) fn too_large(&self) -> String {
        format!("its body has more than {} bytes (Fetch::body_limit)", self.body)
    }

    fn within(timeout: Option<Duration>, body: Option<usize>, left: Option<Duration>) -> Self {
        let (wanted, idle) = (timeout.unwrap_or(WHOLE), timeout.map_or(IDLE, |_| Duration::MAX));
        let left = left.map(|left| left.saturating_sub(MARGIN));
        Self {
            whole: left.map_or(wanted, |left| left.min(wanted)),
            idle,
            is_cut: left.is_some_and(|left| left < wanted),
            body: body.unwrap_or(BODY),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seconds(timeout: Option<u64>, left: Option<u64>) -> (u128, Duration, bool) {
        let duration = |seconds: Option<u64>| seconds.map(Duration::from_secs);
        let limits = Limits::within(duration(timeout), None, duration(left));
        (limits.whole.as_millis(), limits.idle, limits.is_cut)
    }

    #[test]
    fn a_fetch_ends_before_the_function() {
        assert_eq!(seconds(None, None), (30_000, IDLE, false));
        assert_eq!(seconds(None, Some(900)), (30_000, IDLE, false));
        assert_eq!(seconds(None, Some(3)), (2_500, IDLE, true));
        assert_eq!(seconds(Some(60), Some(900)), (60_000, Duration::MAX, false));
        assert_eq!(seconds(Some(60), Some(20)), (19_500, Duration::MAX, true));
        assert_eq!(seconds(None, Some(0)), (0, IDLE, true));
    }
}

//! When something was revalidated, and when what is kept was made: milliseconds since 1970.

use std::time::{SystemTime, UNIX_EPOCH};

use http::{HeaderMap, HeaderName, Request};

/// With it the CDN says when the path, or a tag of its answer, was last revalidated.
const HEADER: HeaderName = HeaderName::from_static("x-wharf-revalidated");

/// A moment; the default is before every other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Stamp(u64);

impl Stamp {
    /// Of what was made at build time, and of no revalidation at all.
    pub(crate) const EPOCH: Self = Self(0);

    pub(crate) fn now() -> Self {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        Self(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
    }

    /// Takes the stamp out of the headers. It counts only when the request came through the CDN: anyone else could have
    /// a handler run as often as he likes.
    pub(crate) fn take(headers: &mut HeaderMap, through_cdn: bool) -> Self {
        let sent = headers.remove(HEADER).filter(|_| through_cdn);
        Self(sent.and_then(|value| value.to_str().ok()?.parse().ok()).unwrap_or_default())
    }

    /// What is kept and older than this has to be made anew for this request.
    pub(crate) fn of<T>(request: &Request<T>) -> Self {
        request.extensions().get().copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    impl Stamp {
        pub(crate) fn after_ms(self, milliseconds: u64) -> Self {
            Self(self.0 + milliseconds)
        }
    }

    #[test]
    fn a_stamp_counts_only_through_the_cdn_and_is_taken_out() {
        for (sent, through_cdn, stamp) in [("17", true, 17), ("17", false, 0), ("never", true, 0), ("-1", true, 0)] {
            let mut headers = HeaderMap::from_iter([(HEADER, sent.parse().unwrap())]);
            assert_eq!(Stamp::take(&mut headers, through_cdn), Stamp(stamp), "{sent}");
            assert!(headers.is_empty());
        }
    }

    #[test]
    fn now_is_after_what_was_made_at_build_time() {
        assert!(Stamp::now() > Stamp::EPOCH);
    }
}

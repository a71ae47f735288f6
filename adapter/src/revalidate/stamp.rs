//! When something was revalidated, and when what is kept was made: milliseconds since 1970.

use std::{
    fmt,
    sync::{
        OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use http::{HeaderMap, HeaderName, Request};
use serde::{Deserialize, Serialize};

use crate::{contract::slot::Slot, revalidate::Subject};

/// With it the CDN says when the path, or a tag of its answer, was last revalidated.
const HEADER: HeaderName = HeaderName::from_static("x-wharf-revalidated");

/// A moment; the default is before every other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub(crate) struct Stamp(u64);

impl Stamp {
    /// Of what was made at build time, and of no revalidation at all.
    pub(crate) const EPOCH: Self = Self(0);

    /// How far, in milliseconds, one clock may be ahead of another: an hour.
    const MOST_AHEAD: u64 = 3_600_000;

    /// Now; later than every moment before in this instance, whatever its clock does.
    pub(crate) fn now() -> Self {
        static LAST: AtomicU64 = AtomicU64::new(0);
        let clock = Self::clock();
        let next = |last: u64| clock.max(last.saturating_add(1));
        let last = LAST.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| Some(next(last)));
        Self(last.map_or(clock, next))
    }

    /// Takes the stamp out of the headers. It counts only when the request came through the CDN: anyone else could have
    /// a handler run as often as he likes.
    pub(crate) fn take(headers: &mut HeaderMap, through_cdn: bool) -> Self {
        let sent = headers.remove(HEADER).filter(|_| through_cdn);
        let stamp = sent.and_then(|value| value.to_str().ok()?.parse().ok().map(Self));
        stamp.filter(|stamp| stamp.is_possible()).unwrap_or_default()
    }

    /// Whether a clock can have said so: one in the far future would have everything made anew for ever. The CDN's function
    /// draws the same line.
    pub(crate) fn is_possible(self) -> bool {
        self.0 <= Self::clock().saturating_add(Self::MOST_AHEAD)
    }

    /// The earliest moment after this one.
    #[cfg(feature = "revalidate")]
    pub(crate) fn next(self) -> Self {
        Self(self.0.saturating_add(1))
    }

    /// This moment, though not more than ten seconds after `now`: as far as two clocks of AWS will never be apart.
    #[cfg(feature = "revalidate")]
    pub(crate) fn not_far_after(self, now: Self) -> Self {
        self.min(Self(now.0.saturating_add(10_000)))
    }

    fn clock() -> u64 {
        let clock = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        u64::try_from(clock).unwrap_or(u64::MAX)
    }

    /// What is kept and older than this has to be made anew for this request.
    pub(crate) fn of<T>(request: &Request<T>) -> Self {
        request.extensions().get().copied().unwrap_or_default()
    }
}

#[cfg(feature = "revalidate")]
impl std::str::FromStr for Stamp {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        text.parse().map(Self)
    }
}

impl fmt::Display for Stamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.0)
    }
}

/// What this instance revalidated itself: the newest stamp of each slot. It takes 64 KiB, and only of an instance that
/// revalidates.
#[derive(Debug, Default)]
pub(crate) struct Stamps(OnceLock<Box<[AtomicU64]>>);

impl Stamps {
    pub(crate) fn set(&self, subject: &Subject, stamp: Stamp) {
        let slots = self.0.get_or_init(|| (0..Slot::COUNT).map(|_| AtomicU64::default()).collect());
        if let Some(slot) = slots.get(subject.slot().index()) {
            slot.fetch_max(stamp.0, Ordering::Relaxed);
        }
    }

    /// The newest stamp of any of these.
    pub(crate) fn newest(&self, subjects: impl IntoIterator<Item = Subject>) -> Stamp {
        let Some(slots) = self.0.get() else { return Stamp::EPOCH };
        let stamps = subjects.into_iter().filter_map(|subject| slots.get(subject.slot().index()));
        stamps.map(|stamp| Stamp(stamp.load(Ordering::Relaxed))).max().unwrap_or_default()
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
    fn every_moment_is_later_than_the_one_before() {
        let moments: Vec<_> = (0..100).map(|_| Stamp::now()).collect();
        assert!(moments[0] > Stamp::EPOCH && moments.is_sorted_by(|one, next| one < next));
    }

    #[test]
    fn a_stamp_that_nobody_can_have_written_does_not_count() {
        let sent = |stamp: u64| {
            let mut headers = HeaderMap::from_iter([(HEADER, stamp.into())]);
            Stamp::take(&mut headers, true)
        };
        let now = Stamp::now().0;
        assert_eq!(sent(now + 60_000), Stamp(now + 60_000), "clocks differ");
        for stamp in [now + 2 * 3_600_000, 99_999_999_999_999, u64::MAX] {
            assert_eq!(sent(stamp), Stamp::EPOCH, "{stamp}");
        }
    }

    #[test]
    fn as_many_stamps_as_there_are_slots_are_kept_and_the_newest_wins() {
        let (stamps, page) = (Stamps::default(), |number| Subject::of_path(&format!("/{number}")));
        assert_eq!(stamps.newest([page(0)]), Stamp::EPOCH);
        for number in 0..100_000 {
            stamps.set(&page(number), Stamp(2));
        }
        assert_eq!(stamps.newest([page(0), Subject::of_tag("x")]), Stamp(2));
        stamps.set(&page(0), Stamp(1));
        assert_eq!(stamps.newest([page(0)]), Stamp(2), "an older one sets nothing back");
        assert_eq!(stamps.0.get().map(|slots| slots.len()), Some(Slot::COUNT.into()));
    }
}

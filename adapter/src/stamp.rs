//! When something was revalidated, and when what is kept was made: milliseconds since 1970.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
    time::{SystemTime, UNIX_EPOCH},
};

use http::{HeaderMap, HeaderName, Request};

use crate::{revalidate::Subject, scope::lock};

/// With it the CDN says when the path, or a tag of its answer, was last revalidated.
const HEADER: HeaderName = HeaderName::from_static("x-wharf-revalidated");

/// A moment; the default is before every other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) struct Stamp(u64);

impl Stamp {
    /// Of what was made at build time, and of no revalidation at all.
    pub(crate) const EPOCH: Self = Self(0);

    /// Now; later than every moment before in this instance, whatever its clock does.
    pub(crate) fn now() -> Self {
        static LAST: AtomicU64 = AtomicU64::new(0);
        let clock = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let clock = u64::try_from(clock).unwrap_or(u64::MAX);
        let next = |last: u64| clock.max(last.saturating_add(1));
        let last = LAST.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |last| Some(next(last)));
        Self(last.map_or(clock, next))
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

impl fmt::Display for Stamp {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.0)
    }
}

/// What this instance revalidated itself.
#[derive(Debug, Default)]
pub(crate) struct Stamps(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    by_subject: BTreeMap<String, Stamp>,
    /// That of every subject that is not known.
    others: Stamp,
}

impl Stamps {
    /// As many are known one by one.
    const LIMIT: usize = 10_000;

    pub(crate) fn set(&self, subject: &Subject, stamp: Stamp) {
        let mut known = lock(&self.0);
        if known.by_subject.len() >= Self::LIMIT && !known.by_subject.contains_key(subject.as_str()) {
            known.by_subject.clear();
            known.others = stamp;
        }
        known.by_subject.insert(subject.as_str().to_owned(), stamp);
    }

    /// The newest stamp of any of these.
    pub(crate) fn newest(&self, subjects: impl IntoIterator<Item = Subject>) -> Stamp {
        let known = lock(&self.0);
        let stamps = subjects.into_iter().map(|subject| known.by_subject.get(subject.as_str()).copied());
        stamps.map(|stamp| stamp.unwrap_or(known.others)).max().unwrap_or_default()
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
    fn too_many_stamps_become_one_for_all() {
        let (stamps, page) = (Stamps::default(), |number| Subject::of_path(&format!("/{number}")));
        for number in 0..Stamps::LIMIT {
            stamps.set(&page(number), Stamp(1));
        }
        assert_eq!(stamps.newest([page(0), Subject::of_tag("x")]), Stamp(1));
        assert_eq!(stamps.newest([Subject::of_tag("x")]), Stamp::EPOCH);
        stamps.set(&Subject::of_tag("y"), Stamp(2));
        assert_eq!(stamps.newest([Subject::of_tag("x")]), Stamp(2));
        assert_eq!(lock(&stamps.0).by_subject.len(), 1);
    }
}

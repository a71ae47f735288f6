//! Segment config: the constants of a route file that say how it is bundled and deployed.
//!
//! rustc evaluates them, so `pub const REVALIDATE: u32 = 10 * MINUTE;` works. The names and meanings are those of the
//! [Next.js route segment config](https://nextjs.org/docs/app/api-reference/file-conventions/route-segment-config).

use serde::{Deserialize, Serialize};

/// A minute, in seconds.
pub const MINUTE: u32 = 60;

/// An hour, in seconds.
pub const HOUR: u32 = 60 * MINUTE;

/// A day, in seconds.
pub const DAY: u32 = 24 * HOUR;

/// `DYNAMIC`: whether a GET may be evaluated at build time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dynamic {
    /// Static unless the handler looks at the request.
    #[default]
    Auto,
    /// Always run on request.
    ForceDynamic,
    /// Always evaluated at build time; the handler gets an empty request.
    ForceStatic,
    /// Static; looking at the request fails the bundle.
    Error,
}

/// A year in seconds.
const YEAR: u32 = 31_536_000;

/// The longest time for which an answer is kept that says that there is nothing: 404, in seconds. Whoever asks for a path
/// before it is published would hide it otherwise.
pub const NEGATIVE: u32 = 10;

/// `REVALIDATE`: how long an evaluated answer is fresh.
///
/// ```
/// use wharf::config::Revalidate;
///
/// assert_eq!(Revalidate::from(60), Revalidate::After(60));
/// assert_eq!(Revalidate::from(false), Revalidate::Never);
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(from = "RevalidateRepr", into = "RevalidateRepr")]
pub enum Revalidate {
    /// `false`: until the next bundle.
    #[default]
    Never,
    /// Seconds; `0` means that the answer is never kept.
    After(u32),
}

#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum RevalidateRepr {
    Flag(bool),
    Seconds(u32),
}

impl From<RevalidateRepr> for Revalidate {
    fn from(value: RevalidateRepr) -> Self {
        match value {
            RevalidateRepr::Flag(_) => Self::Never,
            RevalidateRepr::Seconds(seconds) => Self::After(seconds),
        }
    }
}

impl From<Revalidate> for RevalidateRepr {
    fn from(value: Revalidate) -> Self {
        match value {
            Revalidate::Never => Self::Flag(false),
            Revalidate::After(seconds) => Self::Seconds(seconds),
        }
    }
}

impl From<u32> for Revalidate {
    fn from(seconds: u32) -> Self {
        Self::After(seconds)
    }
}

impl From<bool> for Revalidate {
    /// `false` is "never again". `true` has no meaning; the bundler refuses it before it gets here.
    fn from(_: bool) -> Self {
        Self::Never
    }
}

impl Revalidate {
    /// The `cache-control` of an answer that is kept so long, as Next.js 16 writes it: a cache may keep it for its time,
    /// and serve it for the rest of a year while it is renewed.
    ///
    /// ```
    /// use wharf::config::Revalidate;
    ///
    /// assert_eq!(Revalidate::Never.cache_control(), "s-maxage=31536000");
    /// assert_eq!(Revalidate::After(60).cache_control(), "s-maxage=60, stale-while-revalidate=31535940");
    /// ```
    #[must_use]
    pub fn cache_control(self) -> String {
        match self {
            Self::Never => format!("s-maxage={YEAR}"),
            Self::After(seconds) => {
                format!("s-maxage={seconds}, stale-while-revalidate={}", YEAR.saturating_sub(seconds))
            }
        }
    }

    /// The same for an answer of this status: one that says that there is nothing is kept for [`NEGATIVE`] at most.
    ///
    /// ```
    /// use wharf::config::Revalidate;
    ///
    /// assert_eq!(Revalidate::Never.for_status(404), Revalidate::After(10));
    /// assert_eq!(Revalidate::After(5).for_status(404), Revalidate::After(5));
    /// assert_eq!(Revalidate::Never.for_status(308), Revalidate::Never);
    /// ```
    #[must_use]
    pub fn for_status(self, status: u16) -> Self {
        if is_negative(status) { self.min(Self::After(NEGATIVE)) } else { self }
    }

    /// The `cache-control` of an answer of this status. One that says that there is nothing is not served while it is
    /// renewed: who asks after its time gets what is there by then.
    ///
    /// ```
    /// use wharf::config::Revalidate;
    ///
    /// assert_eq!(Revalidate::Never.cache_control_for(404), "s-maxage=10");
    /// assert_eq!(Revalidate::Never.cache_control_for(200), "s-maxage=31536000");
    /// ```
    #[must_use]
    pub fn cache_control_for(self, status: u16) -> String {
        match self.for_status(status) {
            Self::After(seconds) if is_negative(status) => format!("s-maxage={seconds}"),
            other => other.cache_control(),
        }
    }

    /// The shorter of the two.
    #[must_use]
    pub fn min(self, other: Self) -> Self {
        match (self, other) {
            (Self::Never, other) => other,
            (one, Self::Never) => one,
            (Self::After(one), Self::After(other)) => Self::After(one.min(other)),
        }
    }
}

/// Whether an answer is neither a success nor a redirect.
fn is_negative(status: u16) -> bool {
    status >= 400
}

/// `FETCH_CACHE`: the default of every `fetch` in the segment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FetchCache {
    /// Each `fetch` decides; cached unless it says otherwise.
    #[default]
    Auto,
    /// Cached unless a `fetch` says otherwise.
    DefaultCache,
    /// A `fetch` that asks not to be cached is an error.
    OnlyCache,
    /// Every `fetch` is cached, whatever it asks for.
    ForceCache,
    /// Not cached unless a `fetch` says otherwise.
    DefaultNoStore,
    /// A `fetch` that asks to be cached is an error.
    OnlyNoStore,
    /// No `fetch` is cached, whatever it asks for.
    ForceNoStore,
}

/// `RUNTIME`: where the function runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Runtime {
    /// AWS Lambda, as a native binary.
    #[default]
    Lambda,
    /// CloudFront or Lambda@Edge. Neither runs native binaries, so the bundler refuses it and says what to do instead.
    Edge,
}

/// `PREFERRED_REGION`: a hint for the deployment, recorded in the manifest.
///
/// ```
/// use wharf::config::PreferredRegion;
///
/// assert_eq!(PreferredRegion::from("eu-central-1").0, ["eu-central-1"]);
/// assert_eq!(PreferredRegion::from(["us-east-1", "eu-west-1"]).0.len(), 2);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct PreferredRegion(pub Vec<String>);

impl From<&str> for PreferredRegion {
    fn from(region: &str) -> Self {
        Self(vec![region.to_owned()])
    }
}

impl From<&[&str]> for PreferredRegion {
    fn from(regions: &[&str]) -> Self {
        Self(regions.iter().map(|region| (*region).to_owned()).collect())
    }
}

impl<const N: usize> From<[&str; N]> for PreferredRegion {
    fn from(regions: [&str; N]) -> Self {
        Self::from(regions.as_slice())
    }
}

impl<const N: usize> From<&[&str; N]> for PreferredRegion {
    fn from(regions: &[&str; N]) -> Self {
        Self::from(regions.as_slice())
    }
}

/// All constants of one route file, with the defaults of those that it does not declare.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SegmentConfig {
    /// `DYNAMIC`
    pub dynamic: Dynamic,
    /// `DYNAMIC_PARAMS`: whether params that `generate_static_params` did not list are answered at all.
    pub dynamic_params: bool,
    /// `REVALIDATE`; `None` when the file does not declare it.
    pub revalidate: Option<Revalidate>,
    /// `FETCH_CACHE`
    pub fetch_cache: FetchCache,
    /// `RUNTIME`
    pub runtime: Runtime,
    /// `PREFERRED_REGION`
    pub preferred_region: PreferredRegion,
    /// `STREAMING`: whether bodies that are streams are sent as they are made.
    pub streaming: bool,
    /// `MAX_DURATION`: the function's timeout, in seconds.
    pub max_duration: Option<u32>,
    /// `MEMORY`: the function's memory, in MB.
    pub memory: Option<u32>,
}

impl Default for SegmentConfig {
    fn default() -> Self {
        Self {
            dynamic: Dynamic::default(),
            dynamic_params: true,
            revalidate: None,
            fetch_cache: FetchCache::default(),
            runtime: Runtime::default(),
            preferred_region: PreferredRegion::default(),
            streaming: false,
            max_duration: None,
            memory: None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn revalidate_is_false_or_seconds_in_json() {
        for (value, json) in [(Revalidate::Never, "false"), (Revalidate::After(0), "0"), (Revalidate::After(60), "60")]
        {
            assert_eq!(serde_json::to_string(&value).unwrap(), json);
            assert_eq!(serde_json::from_str::<Revalidate>(json).unwrap(), value);
        }
    }

    #[test]
    fn the_shorter_ttl_wins() {
        assert_eq!(Revalidate::Never.min(Revalidate::After(10)), Revalidate::After(10));
        assert_eq!(Revalidate::After(100).min(Revalidate::After(10)), Revalidate::After(10));
        assert_eq!(Revalidate::Never.min(Revalidate::Never), Revalidate::Never);
    }
}

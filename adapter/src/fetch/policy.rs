//! Whether a fetch is cached: what it asks for, what the segment says, and why the handler runs.

use http::Method;

use crate::{
    contract::config::{Dynamic, FetchCache},
    handler::scope::{Run, Scope},
};

/// What one fetch asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Asked {
    Nothing,
    Cached,
    Fresh,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Policy {
    fetch_cache: FetchCache,
    /// Whether a plain fetch is cached when the segment leaves it to us.
    caches_plain: bool,
}

impl Policy {
    /// In a handler that runs for one request, and outside of one, a plain fetch is not cached; nor is one with a body.
    pub(super) fn of(scope: Option<&Scope>, method: &Method) -> Self {
        let Some(scope) = scope else { return Self { fetch_cache: FetchCache::Auto, caches_plain: false } };
        let is_static =
            scope.run != Run::Live && scope.config.dynamic != Dynamic::ForceDynamic && scope.touched().is_none();
        Self {
            fetch_cache: scope.config.fetch_cache,
            caches_plain: is_static && matches!(*method, Method::GET | Method::HEAD),
        }
    }

    /// The error is the rule that the fetch breaks.
    pub(super) fn caches(self, asked: Asked) -> Result<bool, &'static str> {
        match (self.fetch_cache, asked) {
            (FetchCache::ForceCache, _) => Ok(true),
            (FetchCache::ForceNoStore, _) => Ok(false),
            (FetchCache::OnlyCache, Asked::Fresh) => Err("only cached fetches are allowed"),
            (FetchCache::OnlyNoStore, Asked::Cached) => Err("only uncached fetches are allowed"),
            (_, Asked::Cached) => Ok(true),
            (_, Asked::Fresh) => Ok(false),
            (FetchCache::DefaultCache | FetchCache::OnlyCache, Asked::Nothing) => Ok(true),
            (FetchCache::DefaultNoStore | FetchCache::OnlyNoStore, Asked::Nothing) => Ok(false),
            (FetchCache::Auto, Asked::Nothing) => Ok(self.caches_plain),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_value_of_fetch_cache_applies() {
        use FetchCache as F;
        for (fetch_cache, plain, cached, fresh) in [
            (F::Auto, Some(true), Some(true), Some(false)),
            (F::DefaultCache, Some(true), Some(true), Some(false)),
            (F::OnlyCache, Some(true), Some(true), None),
            (F::ForceCache, Some(true), Some(true), Some(true)),
            (F::DefaultNoStore, Some(false), Some(true), Some(false)),
            (F::OnlyNoStore, Some(false), None, Some(false)),
            (F::ForceNoStore, Some(false), Some(false), Some(false)),
        ] {
            let policy = Policy { fetch_cache, caches_plain: true };
            let decided = [Asked::Nothing, Asked::Cached, Asked::Fresh].map(|asked| policy.caches(asked).ok());
            assert_eq!(decided, [plain, cached, fresh], "{fetch_cache:?}");
        }
    }

    #[test]
    fn a_plain_fetch_for_one_request_is_not_cached() {
        assert_eq!(Policy::of(None, &Method::GET).caches(Asked::Nothing), Ok(false));
    }
}

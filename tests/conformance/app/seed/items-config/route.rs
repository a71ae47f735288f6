//! All segment config, each as it is without it.

use wharf::config::{Dynamic, FetchCache, Runtime};

pub const DYNAMIC: Dynamic = Dynamic::Auto;
pub const DYNAMIC_PARAMS: bool = true;
pub const REVALIDATE: bool = false;
pub const FETCH_CACHE: FetchCache = FetchCache::Auto;
pub const RUNTIME: Runtime = Runtime::Lambda;
pub const PREFERRED_REGION: &str = "auto";

pub async fn get() -> &'static str {
    "config ok"
}

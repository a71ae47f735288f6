//! One route of an app: its pattern, its handlers and its segment config, as generated code describes it.
//!
//! Everything behind [`Route`] is not generic, so that a further binary costs nothing to compile.

use std::{collections::BTreeSet, pin::Pin, sync::Arc};

use crate::{
    contract::{
        config::{Dynamic, FetchCache, PreferredRegion, Revalidate, Runtime, SegmentConfig},
        method::Method,
        pattern::{Params, Pattern},
    },
    handler::static_params::{IntoStaticParams, params_of},
};
use axum::{
    handler::Handler,
    routing::{MethodFilter, MethodRouter},
};

type Listing = Pin<Box<dyn Future<Output = Result<Vec<Params>, String>> + Send>>;

/// `generate_static_params`, its results read.
pub(crate) type StaticParams = dyn Fn() -> Listing + Send + Sync;

/// One route: its pattern, its handlers and its segment config.
#[must_use]
pub struct Route {
    pub(crate) pattern: Pattern,
    pub(crate) methods: BTreeSet<Method>,
    pub(crate) router: MethodRouter,
    pub(crate) config: SegmentConfig,
    pub(crate) static_params: Option<Arc<StaticParams>>,
    /// What of the route file rustc compiled, of what has a condition.
    pub(crate) compiled: Vec<u32>,
}

macro_rules! handlers {
    ($($name:ident $method:ident $filter:ident,)*) => {
        $(
            #[doc = concat!("Adds the handler for ", stringify!($filter), ".")]
            pub fn $name<H: Handler<T, ()>, T: 'static>(self, handler: H) -> Self {
                self.on(Method::$method, MethodFilter::$filter, handler)
            }
        )*
    };
}

impl Route {
    /// A route without handlers.
    ///
    /// # Panics
    ///
    /// When the text is no pattern: generated code holds none but those that the bundler printed.
    pub fn new(pattern: &str) -> Self {
        let pattern = match pattern.parse() {
            Ok(pattern) => pattern,
            Err(error) => panic!("{error}"),
        };
        Self {
            pattern,
            methods: BTreeSet::new(),
            router: MethodRouter::new(),
            config: SegmentConfig::default(),
            static_params: None,
            compiled: Vec::new(),
        }
    }

    handlers! {
        get Get GET,
        post Post POST,
        put Put PUT,
        patch Patch PATCH,
        delete Delete DELETE,
        head Head HEAD,
        options Options OPTIONS,
    }

    fn on<H: Handler<T, ()>, T: 'static>(mut self, method: Method, filter: MethodFilter, handler: H) -> Self {
        self.methods.insert(method);
        self.router = self.router.on(filter, handler);
        self
    }

    /// Notes that rustc compiled the item with this number: what a `cfg` left out is not called.
    pub fn compiled(mut self, item: u32) -> Self {
        self.compiled.push(item);
        self
    }

    /// `DYNAMIC`
    pub fn dynamic(mut self, dynamic: Dynamic) -> Self {
        self.config.dynamic = dynamic;
        self
    }

    /// `DYNAMIC_PARAMS`
    pub fn dynamic_params(mut self, dynamic_params: bool) -> Self {
        self.config.dynamic_params = dynamic_params;
        self
    }

    /// `REVALIDATE`
    pub fn revalidate(mut self, revalidate: impl Into<Revalidate>) -> Self {
        self.config.revalidate = Some(revalidate.into());
        self
    }

    /// `FETCH_CACHE`
    pub fn fetch_cache(mut self, fetch_cache: FetchCache) -> Self {
        self.config.fetch_cache = fetch_cache;
        self
    }

    /// `RUNTIME`
    pub fn runtime(mut self, runtime: Runtime) -> Self {
        self.config.runtime = runtime;
        self
    }

    /// `PREFERRED_REGION`
    pub fn preferred_region(mut self, preferred_region: impl Into<PreferredRegion>) -> Self {
        self.config.preferred_region = preferred_region.into();
        self
    }

    /// `STREAMING`
    pub fn streaming(mut self, streaming: bool) -> Self {
        self.config.streaming = streaming;
        self
    }

    /// `MAX_DURATION`
    pub fn max_duration(mut self, seconds: u32) -> Self {
        self.config.max_duration = Some(seconds);
        self
    }

    /// `MEMORY`
    pub fn memory(mut self, megabytes: u32) -> Self {
        self.config.memory = Some(megabytes);
        self
    }

    /// `generate_static_params`
    pub fn static_params<F, L, P>(mut self, list: F) -> Self
    where
        F: Fn() -> L + Send + Sync + 'static,
        L: Future<Output = P> + Send + 'static,
        P: IntoStaticParams,
    {
        let pattern = self.pattern.clone();
        self.static_params = Some(Arc::new(move || {
            let (listed, pattern) = (list(), pattern.clone());
            Box::pin(async move {
                let values = listed.await.into_static_params()?;
                values.iter().map(|value| params_of(&pattern, value)).collect()
            })
        }));
        self
    }
}

/// What makes a route's description.
pub(crate) type Constructor = fn() -> Route;

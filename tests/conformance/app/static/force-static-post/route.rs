//! `ForceStatic` beside a POST.

use wharf::{Request, Result, config::Dynamic};

use crate::counter::Counter;

pub const DYNAMIC: Dynamic = Dynamic::ForceStatic;

static N: Counter = Counter::new();

pub async fn get() -> String {
    format!("n={}", N.next())
}

pub async fn post(mut request: Request) -> Result<String> {
    Ok(format!("echo {}", request.text().await?))
}

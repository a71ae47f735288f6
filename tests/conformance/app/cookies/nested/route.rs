//! A cookie that is read two calls below.

use crate::session;

pub async fn get() -> String {
    greeting()
}

fn greeting() -> String {
    format!("session={}", session::name().as_deref().unwrap_or("none"))
}

//! Redirects, for good: an address of the shop's first years.

use wharf::{Response, permanent_redirect};

pub async fn get() -> Response {
    permanent_redirect("/shop")
}

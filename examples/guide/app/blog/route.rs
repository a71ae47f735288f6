//! Redirects: the blog lives elsewhere. Nothing of the request is looked at, so that the redirect is static.

use wharf::{Response, redirect};

pub async fn get() -> Response {
    redirect("https://example.com/")
}

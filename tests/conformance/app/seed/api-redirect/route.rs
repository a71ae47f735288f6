//! A redirect that looks at nothing.

use wharf::{Request, Response, redirect};

pub async fn get(_request: Request) -> Response {
    redirect("https://nextjs.org/")
}

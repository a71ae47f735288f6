//! Redirects, through `?`: who has no session is sent to the front page.

use wharf::{Request, Response, Result, redirect};

pub async fn get(request: Request) -> Result {
    let session = request.cookies().get("session").ok_or_else(|| redirect("/"))?;
    Ok(Response::text(format!("Signed in as {}.", session.value())).header("cache-control", "private, no-store"))
}

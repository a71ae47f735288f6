//! What `NextRequest` and `NextResponse` add.

use serde::Serialize;
use wharf::{Cookie, Request, Response, Result};

#[derive(Serialize)]
pub struct Extended {
    pathname: String,
}

pub async fn get(request: Request) -> Result {
    let extended = Extended { pathname: request.url().path().to_owned() };
    Ok(Response::json(&extended)?.header("x-next", "1").cookie(Cookie::new("seen", "yes")))
}

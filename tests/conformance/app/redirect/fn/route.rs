//! `redirect()`, whatever the method.

use wharf::{Request, Response, redirect};

pub async fn get(request: Request) -> Response {
    to_wanted(&request)
}

pub async fn post(request: Request) -> Response {
    to_wanted(&request)
}

pub async fn put(request: Request) -> Response {
    to_wanted(&request)
}

pub async fn patch(request: Request) -> Response {
    to_wanted(&request)
}

pub async fn delete(request: Request) -> Response {
    to_wanted(&request)
}

fn to_wanted(request: &Request) -> Response {
    redirect(request.query().first("to").unwrap_or("/target"))
}

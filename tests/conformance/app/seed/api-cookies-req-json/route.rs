//! A cookie of the request as JSON.

use serde::Serialize;
use wharf::{Json, Request};

#[derive(Serialize)]
pub struct Seen {
    token: Option<Token>,
}

#[derive(Serialize)]
pub struct Token {
    name: String,
    value: String,
}

pub async fn get(request: Request) -> Json<Seen> {
    let token = request.cookies().get("token");
    Json(Seen { token: token.map(|it| Token { name: it.name().to_owned(), value: it.value().to_owned() }) })
}

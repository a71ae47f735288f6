//! Headers: read with `headers()`; set by the response.

use wharf::{Response, headers};

pub async fn get() -> Response {
    let (language, greeting) = match preferred_language().as_deref() {
        Some("de") => ("de", "Willkommen in der Buchhandlung."),
        Some("pl") => ("pl", "Witamy w księgarni."),
        _ => ("en", "Welcome to the bookshop."),
    };
    Response::text(greeting).header("content-language", language).header("vary", "accept-language")
}

/// The first language that the client names: `de` of `de-AT,en;q=0.5`.
fn preferred_language() -> Option<String> {
    let headers = headers();
    let accepted = headers.get("accept-language")?.to_str().ok()?;
    accepted.split([',', '-', ';']).next().map(|language| language.trim().to_ascii_lowercase())
}

//! Answers that leave a handler early.

use std::fmt::Write;

use http::{HeaderValue, StatusCode, header::LOCATION};

use crate::handler::{mark::NotFound, response::Response};

/// 307 to this place, as it is given: a path, or a whole URL. A path begins with the base path that the viewer sees
/// ([`Request::base_path`](crate::Request::base_path)), as in Next.js. To an empty one, which a browser takes for the page
/// that it asked for, it is a 500.
///
/// It is a value, so it can be returned, or leave through `?`
/// ([Next.js](https://nextjs.org/docs/app/api-reference/functions/redirect) throws instead). Cookies that were set
/// before are sent with it.
///
/// ```
/// use wharf::{Result, cookies, redirect};
///
/// pub async fn get() -> Result<String> {
///     let session = cookies().get("session").ok_or_else(|| redirect("/login"))?;
///     Ok(session.value().to_owned())
/// }
/// ```
#[must_use]
pub fn redirect(url: impl AsRef<str>) -> Response {
    to(StatusCode::TEMPORARY_REDIRECT, url.as_ref())
}

/// 308 to this place; otherwise like [`redirect`].
///
/// A browser repeats the method and the body there, and remembers it, after the POST of a form as well: so does Next.js in
/// route handlers, and only its server actions answer 303. For that, write `Response::redirect(url).status(303)`.
///
/// ```
/// assert_eq!(wharf::permanent_redirect("/new").status_code(), 308);
/// ```
#[must_use]
pub fn permanent_redirect(url: impl AsRef<str>) -> Response {
    to(StatusCode::PERMANENT_REDIRECT, url.as_ref())
}

/// 404 with an empty body. Cookies that were set before are not sent with it
/// ([Next.js](https://nextjs.org/docs/app/api-reference/functions/not-found)).
///
/// ```
/// use wharf::{Path, Result, not_found};
///
/// pub async fn get(Path(id): Path<u32>) -> Result<String> {
///     let name = ["ada", "bob"].get(id as usize).ok_or_else(not_found)?;
///     Ok((*name).to_owned())
/// }
/// ```
#[must_use]
pub fn not_found() -> Response {
    without_cookies(StatusCode::NOT_FOUND)
}

/// 401 with an empty body. Like [`not_found`], it is a value, and cookies that were set before are not sent with it
/// ([Next.js](https://nextjs.org/docs/app/api-reference/functions/unauthorized)).
///
/// ```
/// use wharf::{Result, cookies, unauthorized};
///
/// pub async fn get() -> Result<String> {
///     let session = cookies().get("session").ok_or_else(unauthorized)?;
///     Ok(session.value().to_owned())
/// }
/// ```
#[must_use]
pub fn unauthorized() -> Response {
    without_cookies(StatusCode::UNAUTHORIZED)
}

/// 403 with an empty body; otherwise like [`unauthorized`].
///
/// ```
/// assert_eq!(wharf::forbidden().status_code(), 403);
/// ```
#[must_use]
pub fn forbidden() -> Response {
    without_cookies(StatusCode::FORBIDDEN)
}

fn without_cookies(status: StatusCode) -> Response {
    let mut response = http::Response::new(axum::body::Body::empty());
    *response.status_mut() = status;
    response.extensions_mut().insert(NotFound);
    response.into()
}

pub(crate) fn to(status: StatusCode, url: &str) -> Response {
    if url.trim().is_empty() {
        return Response::empty().failed("a redirect to nowhere: its URL is empty");
    }
    Response::empty().status(status).header(LOCATION, location(url))
}

/// The bytes that a header cannot carry as text are percent-encoded, so that no URL can end the header's line.
pub(crate) fn location(url: &str) -> HeaderValue {
    let mut text = String::with_capacity(url.len());
    for byte in url.bytes() {
        if byte.is_ascii_graphic() {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    HeaderValue::try_from(text).unwrap_or_else(|_| HeaderValue::from_static("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_redirect_to_nowhere_is_a_500() {
        use axum::response::IntoResponse;
        for url in ["", " ", "\t"] {
            for response in [redirect(url), permanent_redirect(url), Response::redirect(url).status(303)] {
                let response = response.into_response();
                assert_eq!((response.status().as_u16(), response.headers().len()), (500, 0), "{url:?}");
            }
        }
    }

    #[test]
    fn a_line_break_does_not_end_the_header() {
        assert_eq!(location("/a\r\nset-cookie: x=1"), "/a%0D%0Aset-cookie:%20x=1");
        assert_eq!(location("/é?q=1#x"), "/%C3%A9?q=1#x");
    }
}

//! A cookie of the request in a header of the response.

use wharf::{Request, Response, cookies};

pub async fn get(_request: Request) -> Response {
    let token = cookies().get("token").map_or_else(|| "undefined".to_owned(), |cookie| cookie.value().to_owned());
    Response::text("Hello, Next.js!").header("set-cookie", format!("token={token}"))
}

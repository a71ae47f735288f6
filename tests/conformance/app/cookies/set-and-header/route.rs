//! A cookie that is set from the side, and by a header.

use wharf::{Response, cookies};

pub async fn get() -> Response {
    cookies().set(("a", "fn"));
    cookies().set(("b", "fn"));
    Response::text("both").header("set-cookie", "a=hdr; Path=/h").header("set-cookie", "c=hdr")
}

//! Reads a cookie, and returns nothing.

use wharf::Request;

pub async fn get(request: Request) {
    let _ = request.cookies().get("token");
}

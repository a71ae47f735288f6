//! Copies the headers, and returns nothing.

use wharf::Request;

pub async fn get(request: Request) {
    drop(request.headers().clone());
}

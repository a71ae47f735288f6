//! A literal segment without a POST.

use wharf::Request;

pub async fn get(_request: Request) -> &'static str {
    "static GET"
}

//! The root.

use wharf::Request;

pub async fn get(_request: Request) -> &'static str {
    "root"
}

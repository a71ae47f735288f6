//! A handler that takes the request and returns nothing.

use wharf::Request;

pub async fn get(_request: Request) {}

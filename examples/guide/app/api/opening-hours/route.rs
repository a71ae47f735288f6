//! Segment Config Options, `force-static`: a handler that takes the request is evaluated all the same, with an empty one.

use wharf::{Request, config::Dynamic};

pub const DYNAMIC: Dynamic = Dynamic::ForceStatic;

pub async fn get(request: Request) -> &'static str {
    match request.query().first("day") {
        Some("sunday") => "Closed.",
        Some(_) => "10:00 to 18:00",
        None => "Monday to Saturday, 10:00 to 18:00",
    }
}

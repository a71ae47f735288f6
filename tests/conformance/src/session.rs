//! What is known of a visitor.

use wharf::cookies;

/// The name of the session, by its cookie.
pub fn name() -> Option<String> {
    cookies().get("session").map(|cookie| cookie.value().to_owned())
}

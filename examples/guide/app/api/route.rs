//! Convention: a file named `route.rs` answers the path of its folder, with one function a method.
//!
//! Handlers are named as Rust names functions; the Next.js spelling, as here, works as well.

pub async fn GET() -> &'static str {
    "A bookshop's API. The books are at /api/books."
}

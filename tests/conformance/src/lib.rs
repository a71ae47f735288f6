//! Route handlers that Next.js was asked with, in Rust: small, and each with one thing that frameworks differ in.

pub mod counter;
pub mod paragraphs;
pub mod routes;
pub mod seen;
pub mod session;
pub mod upstream;

//! `cargo bundle`.
fn main() {}

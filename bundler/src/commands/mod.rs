//! What is not bundling: a folder for each command beside `cargo bundle` itself.
//!
//! A command starts from a finished bundle. It may name every room but the other commands.

pub mod upload;

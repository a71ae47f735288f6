//! The pipeline of `cargo bundle`, as a library.
//!
//! Read [`pipeline`] first: it lists the stages, each of which has one input and one output type.

pub mod command;
pub mod diagnostic;
pub mod discover;
pub mod failure;
pub mod generate;
pub mod interrupt;
pub mod options;
pub mod parse;
pub mod plan;
pub mod url_path;
pub mod wrapper;

//! The stages of the pipeline, in its order. A stage is a folder with one public `run`, one input type and one output type.
//!
//! A stage may name the one before it, whose output it takes, what a stage further up put into that output, and the
//! rooms below: [`effects`](crate::effects) and [`diagnostic`](crate::diagnostic).

pub mod compile;
pub mod deploy;
pub mod discover;
pub mod evaluate;
pub mod finish;
pub mod generate;
pub mod manifest;
pub mod package;
pub mod parse;
pub mod plan;

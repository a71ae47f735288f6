//! The pipeline of `cargo bundle`, as a library.
//!
//! Read [`pipeline`] first: it lists the stages, each of which has one input and one output type. Each effect has one
//! place: [`command`] starts processes, [`output`] writes files, [`shell`] prints, [`options`] reads the environment, and
//! [`upload`] alone talks to the network.

pub mod architecture;
pub mod baseline;
pub mod bootstrap;
pub mod cli;
pub mod command;
pub mod compile;
pub mod deploy;
pub mod diagnostic;
pub mod discover;
pub mod evaluate;
pub mod explain;
pub mod failure;
pub mod finish;
pub mod generate;
pub mod input;
pub mod interrupt;
mod keyless;
pub mod manifest;
pub mod options;
pub mod output;
pub mod package;
pub mod parse;
pub mod pipeline;
pub mod plan;
pub mod sbom;
pub mod shell;
pub mod table;
pub mod toolchain;
pub mod upload;
pub mod url_path;
mod visible;
pub mod wrapper;

//! The pipeline of `cargo bundle`, as a library.
//!
//! Read [`pipeline`] first: it lists the stages, each of which has one input and one output type. Each effect has one
//! place, in [`effects`], but for the network: [`commands::upload`] alone talks to it. What people read is made in [`views`].

pub mod architecture;
pub mod cli;
pub mod commands;
pub mod diagnostic;
pub mod effects;
pub mod pipeline;
pub mod stages;
pub mod url_path;
pub mod views;

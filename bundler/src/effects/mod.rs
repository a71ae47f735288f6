//! The one place of each effect: processes, files, the terminal, the environment, signals.
//!
//! An effect knows no stage. It may name [`diagnostic`](crate::diagnostic).

pub mod command;
pub mod input;
pub mod interrupt;
pub mod options;
pub mod output;
pub mod shell;

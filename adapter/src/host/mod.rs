//! What runs an app: a folder for each host, none of which knows another, and what all of them need: the settings that
//! are read from the environment, and the log.
//!
//! It may name every other room.

pub(crate) mod evaluate;
pub(crate) mod executor;
pub(crate) mod invoke;
pub(crate) mod lambda;
pub(crate) mod log;
pub(crate) mod settings;
pub mod testing;

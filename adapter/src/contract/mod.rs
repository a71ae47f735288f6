//! What the bundler and the adapter share: methods, patterns, segment config, and what they tell each other.
//!
//! It holds no runtime and no HTTP, and names nothing but itself. All of it is there without the feature `runtime`.

pub mod config;
pub mod method;
pub mod pattern;
pub mod report;
pub mod slot;

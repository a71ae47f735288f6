//! File-system route handlers for AWS Lambda.

pub mod config;
pub mod method;
pub mod pattern;
pub mod report;

pub use method::Method;

//! The requests that servers of Next.js 13.4 and 16.4 were sent, sent to the functions of `tests/conformance`.
//!
//! [`Case`]s are the requests, each with the reply that Wharf is known to give. Where what Next.js answered is at hand,
//! [`Recorded`] reads it, and [`differences`] says what is otherwise, and which rule that is by.

mod cases;
pub mod differences;
mod recorded;
mod reply;
mod upstream;

pub use cases::{Case, read, write};
pub use recorded::{Answer, Recorded};
pub use reply::{Body, Reply};
pub use upstream::CountingUpstream;

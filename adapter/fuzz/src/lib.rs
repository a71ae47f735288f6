//! What is fuzzed: the way from an event to a request, and that from a response to a reply. Each target takes any bytes,
//! and compares what the adapter made of them with what it should be, which is found out by code of its own.

mod arbitrary_event;
mod event;
mod json;
mod meant;
mod reply;

pub use event::event;
pub use reply::reply;

//! What a request says to a handler, and a handler to a client, whatever the source of events in between.

pub mod reflect;

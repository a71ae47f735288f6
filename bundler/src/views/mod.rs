//! What people read: texts that are made from what the stages put out, and printed by nobody here.

pub mod explain;
pub mod table;

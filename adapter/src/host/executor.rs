//! The threads that handlers run on: the same kind in a function and while the bundler evaluates them, so that what works
//! at build time works on Lambda, and what does not fails at build time.
//!
//! It is tokio's multi-threaded runtime with one worker, and handlers run as tasks of it. `block_in_place` works, as in
//! most programs, and the worker waits for events itself: nothing is handed from thread to thread. Measured on x86_64
//! with a route that answers `hello`: 34 µs of CPU a warm call and 4.9 MB, where tokio's current-thread runtime takes as
//! much CPU and 4.4 MB; the same runtime with the loop outside of its worker, as `#[tokio::main]` has it, took 96 µs.
//! Lambda gives a function one whole processor only from 1,769 MB on
//! ([AWS](https://docs.aws.amazon.com/lambda/latest/dg/configuration-memory.html)), so a second worker would have none.

use std::io;

use tokio::runtime::{Builder, Runtime};

/// The stack of each thread, as large as that of a main thread on Linux; only what is used takes memory.
const STACK_BYTES: usize = 8 * 1024 * 1024;

pub(crate) fn start() -> io::Result<Runtime> {
    Builder::new_multi_thread().worker_threads(1).thread_stack_size(STACK_BYTES).enable_all().build()
}

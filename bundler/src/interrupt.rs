//! Ctrl-C: asked for at any time, obeyed between steps, so that nothing is left half written.

use std::sync::atomic::{AtomicBool, Ordering};

use crate::failure::Failure;

static REQUESTED: AtomicBool = AtomicBool::new(false);

/// Listens for SIGINT, SIGTERM and SIGHUP for the rest of the process.
pub fn listen() {
    // A second call fails, and changes nothing: the first is still listening.
    let _ = ctrlc::set_handler(|| REQUESTED.store(true, Ordering::SeqCst));
}

/// Whether the run was interrupted.
#[must_use]
pub fn requested() -> bool {
    REQUESTED.load(Ordering::SeqCst)
}

/// # Errors
///
/// [`Failure::Interrupted`] when the run was interrupted.
pub fn check() -> Result<(), Failure> {
    if requested() { Err(Failure::Interrupted) } else { Ok(()) }
}

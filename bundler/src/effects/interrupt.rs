//! Ctrl-C: asked for at any time, obeyed between steps, so that nothing is left half written. Asked for twice, it is obeyed
//! at once: the next run removes what this one leaves.

use std::{
    process,
    sync::atomic::{AtomicBool, Ordering},
};

use crate::diagnostic::failure::{Failure, exit_code};

static REQUESTED: AtomicBool = AtomicBool::new(false);

/// Listens for SIGINT, SIGTERM and SIGHUP for the rest of the process.
pub fn listen() {
    // A second call fails, and changes nothing: the first is still listening.
    let _ = ctrlc::set_handler(|| {
        if REQUESTED.swap(true, Ordering::SeqCst) {
            process::exit(exit_code::INTERRUPTED.into());
        }
    });
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

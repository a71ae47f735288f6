//! A function as `cargo bundle` makes them, but for the choice of its route.

use std::{env, process::ExitCode};

use wharf::entry::serve;
use wharf_tests::conformance::{reflect, replies};

fn main() -> ExitCode {
    let is_replies = env::var_os("CONFORMANCE_ROUTE").is_some_and(|route| route == "replies");
    serve(&[if is_replies { replies::route } else { reflect::route }])
}

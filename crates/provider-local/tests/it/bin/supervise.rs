//! A program that can do nothing but supervise builds, as the server's hidden subcommand does.

use std::process::ExitCode;

fn main() -> ExitCode {
    alm_provider_local::supervise(std::env::args_os().skip(2))
}

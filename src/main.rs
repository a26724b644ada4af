//! The `alm` program.

use std::{env, process::ExitCode};

use alm::wiring::Wiring;

fn main() -> ExitCode {
    // Fails only where a provider is installed already; any will do.
    let _ = rustls::crypto::ring::default_provider().install_default();
    alm::cli::main(env::args_os(), &Wiring)
}

//! The `alm` program.

use std::{env, process::ExitCode};

use alm::wiring::Wiring;

fn main() -> ExitCode {
    // Before anything else: a build's supervisor forks and waits for processes, which suits neither threads nor a runtime.
    let mut arguments = env::args_os();
    if arguments.nth(1).is_some_and(|command| command == "supervise") {
        return alm_provider_local::supervise(arguments);
    }
    // Fails only where a provider is installed already; any will do.
    let _ = rustls::crypto::ring::default_provider().install_default();
    alm::cli::main(env::args_os(), &Wiring)
}

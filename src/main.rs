//! The `alm` program.

use std::{env, process::ExitCode};

use alm::wiring::Wiring;

fn main() -> ExitCode {
    // A supervisor becomes a session leader and a subreaper, which is only sound before there is any thread.
    let mut arguments = env::args_os();
    if arguments.by_ref().nth(1).is_some_and(|command| command == "supervise") {
        return alm_provider_local::supervise(arguments);
    }
    // Fails only where a provider is installed already; any will do.
    let _ = rustls::crypto::ring::default_provider().install_default();
    alm::cli::main(env::args_os(), &Wiring)
}

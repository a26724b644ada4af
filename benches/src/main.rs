//! The benches: what the service costs, against baselines that are measured in the same run.
//!
//! `alm-benches [CASE]…` runs cases, all of them where none is named. Each server under test is a process of its own (this program
//! again, as `alm-benches server SETUP`), so that its processor time and its memory are its own; the load comes from this one.
#![expect(clippy::print_stdout, reason = "tables are what a bench is for")]
#![expect(clippy::print_stderr, reason = "why it did not come to a table")]

mod cases;
mod line;
mod load;
mod pace;
mod process;
mod server;
mod table;
mod usage;

use std::{env, error::Error, process::ExitCode};

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::task::LocalSet;

type BoxError = Box<dyn Error + Send + Sync>;
type Result<T, E = BoxError> = std::result::Result<T, E>;

fn main() -> ExitCode {
    // A supervisor becomes a session leader and a subreaper, which is only sound before there is any thread.
    let mut words = env::args_os();
    if words.by_ref().nth(1).is_some_and(|command| command == "supervise") {
        return alm_provider_local::supervise(words);
    }
    let arguments: Vec<String> = env::args().skip(1).collect();
    let done = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["server", setup] => server::run(setup),
        ref names => run(names),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

fn run(names: &[&str]) -> Result<()> {
    // Servers inherit it.
    let files = getrlimit(Resource::Nofile);
    setrlimit(Resource::Nofile, Rlimit { current: files.maximum, ..files })?;
    let names = if names.is_empty() { &cases::NAMES } else { names };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, async {
        let mut failed = Vec::new();
        for name in names {
            // One that fails does not keep the others from being run.
            if let Err(error) = cases::run(name).await {
                failed.push(format!("{name}: {error}"));
            }
        }
        if failed.is_empty() { Ok(()) } else { Err(failed.join("\n").into()) }
    })
}

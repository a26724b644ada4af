//! The hidden subcommand.

use std::{
    env,
    ffi::{OsStr, OsString},
    path::PathBuf,
    process::ExitCode,
    sync::Arc,
};

use alm_domain::SystemClock;
use rustix::process::{getpid, set_child_subreaper, setsid};

use super::{build, step};
use crate::spool::RunDir;

/// The whole body of the hidden subcommand by which the program supervises builds; to be called before any thread is started.
/// `args` are what follows the subcommand's name: a run's directory, or `--step` or `--exec` with what belongs to them, by
/// which the supervisor starts this same program again.
#[expect(clippy::print_stderr, reason = "standard error is the supervisor's own log")]
pub fn supervise(args: impl Iterator<Item = OsString>) -> ExitCode {
    let args: Vec<OsString> = args.collect();
    let leading = leading(args.len());
    let mut rest = args.into_iter();
    match rest.next() {
        Some(mode) if mode == OsStr::new("--step") => step::shim(&leading),
        Some(mode) if mode == OsStr::new("--exec") => step::exec(rest),
        Some(directory) if rest.next().is_none() => {
            let set_up = set_child_subreaper(Some(getpid())).map(|()| {
                // Whoever leads a session already has one of its own.
                let _ = setsid();
                // What the server's own starter left open is not for builds.
                close_fds::set_fds_cloexec_threadsafe(3, &[]);
            });
            let run = RunDir::at(PathBuf::from(directory));
            match set_up.map_err(std::io::Error::from).and_then(|()| build::run(run, leading, Arc::new(SystemClock))) {
                Ok(()) => ExitCode::SUCCESS,
                Err(cause) => {
                    eprintln!("the build cannot be supervised: {cause}");
                    ExitCode::FAILURE
                }
            }
        }
        _ => {
            eprintln!("this subcommand is used by the server itself: it takes the directory of a run");
            ExitCode::from(64)
        }
    }
}

/// The arguments of this process before `own`: how the program is brought to this subcommand.
fn leading(own: usize) -> Vec<OsString> {
    let all: Vec<OsString> = env::args_os().collect();
    let end = all.len().saturating_sub(own).max(1);
    all[1..end].to_vec()
}

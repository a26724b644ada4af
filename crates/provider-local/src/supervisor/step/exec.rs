//! The last process before the command: sets its limits, then becomes it.

use std::{
    ffi::{OsStr, OsString},
    os::unix::process::CommandExt,
    process::{Command, ExitCode},
};

use rustix::process::{Resource, Rlimit, Signal, set_parent_process_death_signal, setrlimit, setsid};

use crate::options::Limits;

/// What a shell answers for a command that cannot be run.
const NOT_RUN: u8 = 127;

/// The arguments by which a shim starts this.
pub(super) fn arguments(limits: &Limits, command: &[String]) -> Vec<OsString> {
    let limit = |value: Option<u64>| OsString::from(value.map_or("-".to_owned(), |value| value.to_string()));
    let limits = [limits.memory, limits.processes, limits.cpu_seconds, limits.file_size].map(limit);
    limits.into_iter().chain(command.iter().map(OsString::from)).collect()
}

/// Becomes the command. Comes back only when that fails.
#[expect(clippy::print_stderr, reason = "standard error is the step's log")]
pub(crate) fn exec(mut args: impl Iterator<Item = OsString>) -> ExitCode {
    for resource in [Resource::As, Resource::Nproc, Resource::Cpu, Resource::Fsize] {
        let value = args.next();
        if let Some(value) = value.as_deref().and_then(OsStr::to_str).and_then(|text| text.parse::<u64>().ok())
            && let Err(cause) = setrlimit(resource, Rlimit { current: Some(value), maximum: Some(value) })
        {
            eprintln!("cannot set the limit {resource:?} to {value}: {cause}");
            return ExitCode::from(NOT_RUN);
        }
    }
    let core = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) });
    // When the shim is killed, the command must not go on without it. A session of its own: signals to its group stay there.
    if let Err(cause) =
        core.and_then(|()| set_parent_process_death_signal(Some(Signal::KILL))).and_then(|()| setsid().map(drop))
    {
        eprintln!("cannot set the command apart: {cause}");
        return ExitCode::from(NOT_RUN);
    }
    let Some(program) = args.next() else { return ExitCode::from(NOT_RUN) };
    let cause = Command::new(&program).args(args).exec();
    eprintln!("cannot start {}: {cause}", program.to_string_lossy());
    ExitCode::from(NOT_RUN)
}

//! The shim: starts one command, and ends everything that is left of it.

use std::{
    ffi::OsString,
    io::{self, BufRead, BufReader, Read, Write},
    os::{fd::AsFd, unix::net::UnixStream},
    process::{Command, ExitCode, Stdio},
    thread,
    time::{Duration, Instant},
};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    process::{Pid, PidfdFlags, WaitStatus, getpid, pidfd_open, set_child_subreaper, setsid},
};

use super::{Exit, StepSpec, exec, tree};

/// Time between TERM and KILL when the command is to be stopped.
const STOP_GRACE: Duration = Duration::from_millis(2500);
/// The same for what a command that has ended leaves behind.
const LEFTOVER_GRACE: Duration = Duration::from_millis(500);
/// How long the stop command may take.
const STOP_COMMAND_PATIENCE: Duration = Duration::from_millis(2000);
const TICK: Timespec = Timespec { tv_sec: 0, tv_nsec: 200_000_000 };

/// Runs the command that comes in over standard input, a socket; says how it ended, and leaves nothing behind. `leading` are
/// the arguments by which this program becomes the exec-er.
pub(crate) fn shim(leading: &[OsString]) -> ExitCode {
    match serve(leading) {
        Ok(()) => ExitCode::SUCCESS,
        // Nobody is there to be told: the supervisor learns from the status.
        Err(_) => ExitCode::FAILURE,
    }
}

fn serve(leading: &[OsString]) -> io::Result<()> {
    set_child_subreaper(Some(getpid()))?;
    // Fails only for one that leads a session already.
    let _ = setsid();
    let mut socket = UnixStream::from(io::stdin().as_fd().try_clone_to_owned()?);
    let mut line = String::new();
    let mut reader = BufReader::new(&socket);
    reader.read_line(&mut line)?;
    // The word to stop may follow at once.
    let stopped = !reader.buffer().is_empty();
    let spec: StepSpec = serde_json::from_str(&line)?;
    let exit = match start(&spec, leading) {
        Ok(main) => attend(&spec, main, &mut socket, stopped)?,
        Err(cause) => Exit::NotStarted(cause.to_string()),
    };
    let mut answer = serde_json::to_vec(&exit)?;
    answer.push(b'\n');
    socket.write_all(&answer)
}

fn start(spec: &StepSpec, leading: &[OsString]) -> io::Result<Pid> {
    let child = Command::new("/proc/self/exe")
        .args(leading)
        .arg("--exec")
        .args(exec::arguments(&spec.limits, &spec.command))
        .env_clear()
        .envs(&spec.env)
        .current_dir(&spec.directory)
        .stdin(Stdio::null())
        .spawn()?;
    i32::try_from(child.id())
        .ok()
        .and_then(Pid::from_raw)
        .ok_or_else(|| io::Error::other("the command has no process id"))
}

fn attend(spec: &StepSpec, main: Pid, socket: &mut UnixStream, mut stopped: bool) -> io::Result<Exit> {
    let mut exit = None;
    let mut ended = |pid: Pid, status: WaitStatus| {
        if pid == main {
            exit = Some(meaning(status));
        }
    };
    let pidfd = pidfd_open(main, PidfdFlags::empty())?;
    let too_many = loop {
        let none = tree::reap(&mut ended);
        let too_many = spec.limits.processes.filter(|most| tree::count() > *most);
        if too_many.is_some() {
            break too_many;
        }
        if none || has_ended(&pidfd)? || stopped {
            break None;
        }
        let mut fds = [PollFd::new(&*socket, PollFlags::IN), PollFd::new(&pidfd, PollFlags::IN)];
        match poll(&mut fds, Some(&TICK)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(cause) => return Err(cause.into()),
        }
        if !fds[0].revents().is_empty() {
            // A word from the supervisor, and its silence when it is gone, mean the same.
            let _ = socket.read(&mut [0; 16]);
            stopped = true;
        }
    };
    if stopped {
        run_stop_command(&spec.stop_command, &mut ended);
    }
    let grace = match (too_many, stopped) {
        (Some(_), _) => Duration::ZERO,
        (None, true) => STOP_GRACE,
        (None, false) => LEFTOVER_GRACE,
    };
    tree::end_descendants(grace, &mut ended);
    if let Some(most) = too_many {
        return Ok(Exit::TooManyProcesses(most));
    }
    Ok(exit.unwrap_or_else(|| Exit::NotStarted("how the command ended is not known".to_owned())))
}

/// Gives the stop command a moment of its own, before it is ended with everything else.
fn run_stop_command(command: &[String], ended: &mut impl FnMut(Pid, WaitStatus)) {
    let Some((program, args)) = command.split_first() else { return };
    let child =
        Command::new(program).args(args).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
    let Ok(child) = child else { return };
    let begin = Instant::now();
    let mut over = false;
    while !over && begin.elapsed() < STOP_COMMAND_PATIENCE {
        over = tree::reap(&mut |pid, status| {
            over |= u32::try_from(pid.as_raw_nonzero().get()).is_ok_and(|pid| pid == child.id());
            ended(pid, status);
        }) || over;
        thread::sleep(Duration::from_millis(10));
    }
}

fn has_ended(pidfd: &impl AsFd) -> io::Result<bool> {
    let mut fds = [PollFd::new(pidfd, PollFlags::IN)];
    match poll(&mut fds, Some(&Timespec { tv_sec: 0, tv_nsec: 0 })) {
        Ok(count) => Ok(count > 0),
        Err(rustix::io::Errno::INTR) => Ok(false),
        Err(cause) => Err(cause.into()),
    }
}

fn meaning(status: WaitStatus) -> Exit {
    match (status.exit_status(), status.terminating_signal()) {
        (Some(code), _) => Exit::Code(code),
        (None, Some(signal)) => Exit::Signal(signal),
        (None, None) => Exit::NotStarted("how the command ended is not known".to_owned()),
    }
}

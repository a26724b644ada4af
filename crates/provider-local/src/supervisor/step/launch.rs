//! The supervisor's side of a shim.

use std::{
    ffi::OsString,
    io::{self, BufRead, BufReader, Read, Write},
    os::{
        fd::{AsFd, BorrowedFd, OwnedFd},
        unix::net::UnixStream,
    },
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};

use alm_domain::LogStream;
use alm_masking::Masks;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::{Exit, StepSpec, Stop, StopReason};
use crate::supervisor::output::{Output, Piece};

/// An open line is shown after so long without a byte.
const SILENCE: Duration = Duration::from_secs(1);
/// A shim that was told to stop and has not ended by then is killed.
const SHIM_PATIENCE: Duration = Duration::from_secs(15);

/// How a step ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct StepEnd {
    pub(crate) exit: Exit,
    /// Why it was stopped, if it was.
    pub(crate) stopped: Option<Stopped>,
}

/// Why a step was stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stopped {
    /// By the switch.
    By(StopReason),
    /// By its own time limit.
    TimedOut,
}

struct Stream<R> {
    pipe: Option<R>,
    kind: LogStream,
    output: Output,
    last: Instant,
}

impl<R: Read + AsFd> Stream<R> {
    fn new(pipe: Option<R>, kind: LogStream, masks: &Masks) -> Self {
        Self { pipe, kind, output: Output::new(masks), last: Instant::now() }
    }

    fn read(&mut self, buffer: &mut [u8], write: &mut impl FnMut(LogStream, Piece)) {
        let Some(pipe) = &mut self.pipe else { return };
        let pieces = match pipe.read(buffer) {
            Err(e) if e.kind() == io::ErrorKind::Interrupted => return,
            Ok(0) | Err(_) => {
                self.pipe = None;
                self.output.finish()
            }
            Ok(count) => self.output.push(&buffer[..count]),
        };
        self.last = Instant::now();
        pieces.into_iter().for_each(|piece| write(self.kind, piece));
    }

    fn pause(&mut self, write: &mut impl FnMut(LogStream, Piece)) {
        if self.output.is_open() && self.last.elapsed() >= SILENCE {
            self.output.pause().into_iter().for_each(|piece| write(self.kind, piece));
        }
    }

    fn silence_ends(&self) -> Option<Instant> {
        self.output.is_open().then(|| self.last + SILENCE)
    }
}

/// Runs a command under a shim until nothing of it is left; its lines are given to `write` in the order in which they were
/// read. `leading` are the arguments by which this program becomes the shim.
///
/// # Errors
/// When the shim cannot be started or spoken to.
pub(crate) fn run(
    spec: &StepSpec,
    leading: &[OsString],
    masks: &Masks,
    stop: &Stop,
    deadline: Option<Instant>,
    mut write: impl FnMut(LogStream, Piece),
) -> io::Result<StepEnd> {
    let (ours, theirs) = UnixStream::pair()?;
    let mut shim = Command::new("/proc/self/exe")
        .args(leading)
        .arg("--step")
        .stdin(OwnedFd::from(theirs))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    let mut out = Stream::new(shim.stdout.take(), LogStream::Stdout, masks);
    let mut err = Stream::new(shim.stderr.take(), LogStream::Stderr, masks);
    let told = serde_json::to_vec(spec).map_err(io::Error::from).and_then(|mut line| {
        line.push(b'\n');
        (&ours).write_all(&line)
    });
    if let Err(cause) = told {
        end(&mut shim);
        return Err(cause);
    }
    let mut buffer = vec![0; 64 * 1024];
    let mut stopped: Option<(Stopped, Instant)> = None;
    while out.pipe.is_some() || err.pipe.is_some() {
        if stopped.is_none() {
            let why = match (stop.reason(), deadline) {
                (Some(reason), _) => Some(Stopped::By(reason)),
                (None, Some(deadline)) if Instant::now() >= deadline => Some(Stopped::TimedOut),
                _ => None,
            };
            if let Some(why) = why {
                // A shim that does not listen any more has ended.
                let _ = (&ours).write_all(b"stop\n");
                stopped = Some((why, Instant::now()));
            }
        }
        if stopped.is_some_and(|(_, since)| since.elapsed() > SHIM_PATIENCE) {
            // Whatever is below it comes to us, and is ended with the build.
            end(&mut shim);
            break;
        }
        let wake = [out.silence_ends(), err.silence_ends(), deadline.filter(|_| stopped.is_none())];
        let wake = wake.into_iter().flatten().min().map_or(SILENCE, |at| at.saturating_duration_since(Instant::now()));
        let fds = [
            out.pipe.as_ref().map(AsFd::as_fd),
            err.pipe.as_ref().map(AsFd::as_fd),
            Some(stop.as_fd()).filter(|_| stopped.is_none()),
        ];
        let [reads_out, reads_err, _] = ready(fds, wake.min(SILENCE))?;
        if reads_out {
            out.read(&mut buffer, &mut write);
        }
        if reads_err {
            err.read(&mut buffer, &mut write);
        }
        out.pause(&mut write);
        err.pause(&mut write);
    }
    let mut answer = String::new();
    // A shim that was killed gives no answer.
    let _ = BufReader::new(ours).read_line(&mut answer);
    let status = shim.wait()?;
    let exit = serde_json::from_str(&answer)
        .unwrap_or_else(|_| Exit::NotStarted(format!("the process that watches over the step ended early ({status})")));
    Ok(StepEnd { exit, stopped: stopped.map(|(why, _)| why) })
}

fn end(shim: &mut Child) {
    // It may have ended by itself.
    let _ = shim.kill();
    let _ = shim.wait();
}

/// Which of these can be read, after at most this time.
fn ready(fds: [Option<BorrowedFd<'_>>; 3], time: Duration) -> io::Result<[bool; 3]> {
    let time = Timespec { tv_sec: i64::try_from(time.as_secs()).unwrap_or(1), tv_nsec: time.subsec_nanos().into() };
    let mut polled: Vec<PollFd<'_>> =
        fds.iter().flatten().map(|fd| PollFd::from_borrowed_fd(*fd, PollFlags::IN)).collect();
    match poll(&mut polled, Some(&time)) {
        Ok(_) | Err(rustix::io::Errno::INTR) => {}
        Err(cause) => return Err(cause.into()),
    }
    let mut seen = polled.iter().map(|fd| !fd.revents().is_empty());
    Ok(fds.map(|fd| fd.is_some() && seen.next().unwrap_or(false)))
}

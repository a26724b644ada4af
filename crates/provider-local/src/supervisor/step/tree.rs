//! The processes below this one, and their end.

use std::{
    fs, thread,
    time::{Duration, Instant},
};

use rustix::{
    io::Errno,
    process::{Pid, Signal, WaitOptions, WaitStatus, kill_process, wait},
};

/// How long killing is tried. What outlives this is stuck in the kernel.
const PATIENCE: Duration = Duration::from_secs(10);

/// Ends every process below this one: first politely, after `grace` by force, until nothing is left. Needs to be a
/// subreaper, so that nothing can leave. Tells of each direct child that ends. `false` when something would not go.
pub(crate) fn end_descendants(grace: Duration, mut ended: impl FnMut(Pid, WaitStatus)) -> bool {
    let begin = Instant::now();
    let mut told = Vec::new();
    loop {
        // No child at all means no descendant at all: whoever loses its parent becomes our child.
        if reap(&mut ended) {
            return true;
        }
        let below = descendants();
        if begin.elapsed() < grace {
            for pid in below {
                if !told.contains(&pid) {
                    signal(pid, Signal::TERM);
                    signal(pid, Signal::CONT);
                    told.push(pid);
                }
            }
            thread::sleep(Duration::from_millis(10));
            continue;
        }
        if begin.elapsed() > grace + PATIENCE {
            return false;
        }
        // What is stopped cannot start others while we get to it.
        below.iter().for_each(|pid| signal(*pid, Signal::STOP));
        below.iter().for_each(|pid| signal(*pid, Signal::KILL));
        descendants().into_iter().for_each(|pid| signal(pid, Signal::KILL));
        thread::sleep(Duration::from_millis(2));
    }
}

/// How many processes there are below this one.
pub(super) fn count() -> u64 {
    descendants().len() as u64
}

/// Takes in every child that has ended; whether there is no child left.
pub(super) fn reap(ended: &mut impl FnMut(Pid, WaitStatus)) -> bool {
    loop {
        match wait(WaitOptions::NOHANG) {
            Ok(Some((pid, status))) => ended(pid, status),
            Ok(None) => return false,
            Err(Errno::INTR) => {}
            Err(_) => return true,
        }
    }
}

fn signal(pid: Pid, signal: Signal) {
    // It may have ended since it was seen.
    let _ = kill_process(pid, signal);
}

/// Every process below this one that has not ended.
fn descendants() -> Vec<Pid> {
    let Ok(entries) = fs::read_dir("/proc") else { return Vec::new() };
    let mut pairs: Vec<(i32, i32)> = Vec::new();
    for entry in entries.flatten() {
        let Some(pid) = entry.file_name().to_str().and_then(|name| name.parse().ok()) else { continue };
        let Ok(stat) = fs::read(entry.path().join("stat")) else { continue };
        // The name of the program may hold anything; what follows its closing bracket is: state, parent, …
        let stat = String::from_utf8_lossy(&stat);
        let mut fields = stat.rsplit(')').next().unwrap_or("").split_ascii_whitespace();
        let state = fields.next();
        if let Some(parent) = fields.next().and_then(|field| field.parse().ok())
            && state != Some("Z")
        {
            pairs.push((pid, parent));
        }
    }
    let me = rustix::process::getpid().as_raw_nonzero().get();
    let mut below = vec![me];
    let mut at = 0;
    while at < below.len() {
        let here = below[at];
        below.extend(pairs.iter().filter(|(_, parent)| *parent == here).map(|(pid, _)| *pid));
        at += 1;
    }
    below.drain(1..).filter_map(Pid::from_raw).collect()
}

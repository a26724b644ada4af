//! Watching for commands.

use std::{collections::BTreeMap, io, sync::mpsc::Sender, thread, time::Duration};

use rustix::{
    event::{PollFd, PollFlags, Timespec, poll},
    fs::inotify::{CreateFlags, WatchFlags, add_watch, init},
};

use super::conductor::Event;
use crate::spool::{Commands, RunDir};

/// How often the directory is looked at where the system cannot tell of changes.
const POLL: Duration = Duration::from_millis(100);

/// Tells of all commands so far whenever there is a new one, until nobody listens any more.
///
/// # Errors
/// When the system gives no thread.
pub(crate) fn watch(run: RunDir, events: Sender<Event>) -> io::Result<()> {
    let listen = move || {
        let watch = watcher(&run);
        let mut seen = 0;
        // Nothing is known yet: what was put there before this thread ran is told too.
        let mut tokens = BTreeMap::new();
        loop {
            if let Ok(commands) = run.commands() {
                let count = commands.decisions.len() + usize::from(commands.cancel);
                if count > seen {
                    seen = count;
                    if events.send(Event::Commands(commands)).is_err() {
                        return;
                    }
                }
            }
            match run.token_times() {
                Ok(now) if now != tokens => {
                    tokens = now;
                    if events.send(Event::Supplied).is_err() {
                        return;
                    }
                }
                _ => {}
            }
            if !run.exists() {
                // Nobody can ever follow, decide or cancel it any more: it must not run on for ever.
                let _ = events.send(Event::Commands(Commands { cancel: true, decisions: Vec::new() }));
                return;
            }
            match &watch {
                Ok(fd) => {
                    let time = Timespec { tv_sec: 1, tv_nsec: 0 };
                    // Looking once too often does no harm.
                    let _ = poll(&mut [PollFd::new(fd, PollFlags::IN)], Some(&time));
                    let _ = rustix::io::read(fd, &mut [0u8; 4096]);
                }
                Err(_) => thread::sleep(POLL),
            }
        }
    };
    thread::Builder::new().spawn(listen).map(drop)
}

fn watcher(run: &RunDir) -> io::Result<rustix::fd::OwnedFd> {
    let fd = init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK)?;
    add_watch(&fd, run.control(), WatchFlags::MOVED_TO)?;
    // A run that an earlier version took in has no tokens.
    let _ = add_watch(&fd, run.tokens(), WatchFlags::MOVED_TO);
    Ok(fd)
}

//! Looking for processes, and ending those of a test.

use std::{ffi::OsStr, fs, os::unix::ffi::OsStrExt, path::Path};

use rustix::process::{Pid, Signal, kill_process};

/// Every process with this text among its arguments or environment.
pub(crate) fn processes_with(text: &str) -> Vec<Pid> {
    processes(|folder| {
        ["cmdline", "environ"].iter().any(|file| fs::read(folder.join(file)).is_ok_and(|bytes| contains(&bytes, text)))
    })
}

/// Every process of this program with this text among its arguments: supervisors, by the directory that they serve.
pub(crate) fn processes_of(text: &str) -> Vec<Pid> {
    processes(|folder| {
        fs::read(folder.join("cmdline")).is_ok_and(|bytes| contains(&bytes, text) && contains(&bytes, "supervise"))
    })
}

/// Ends every process that belongs to a folder.
pub(super) fn end_all_in(folder: &Path) {
    let text = folder.to_string_lossy().into_owned();
    // Supervisors start processes until they are gone: more than one round.
    for _ in 0..5 {
        let found = processes(|process| {
            let at_home = fs::read_link(process.join("cwd")).is_ok_and(|cwd| cwd.starts_with(folder));
            at_home || fs::read(process.join("cmdline")).is_ok_and(|bytes| contains(&bytes, &text))
        });
        if found.is_empty() {
            return;
        }
        for process in found {
            // Gone already is as good.
            let _ = kill_process(process, Signal::KILL);
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
}

fn contains(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

fn processes(is_meant: impl Fn(&Path) -> bool) -> Vec<Pid> {
    let own = std::process::id();
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let name = entry.file_name();
        let Some(id) = number(&name) else { continue };
        // One that has ended and was not yet waited for runs no more.
        if id.cast_unsigned() != own && is_meant(&entry.path()) && !is_zombie(&entry.path()) {
            found.extend(Pid::from_raw(id));
        }
    }
    found
}

fn is_zombie(process: &Path) -> bool {
    fs::read_to_string(process.join("stat"))
        .map_or(true, |stat| stat.rsplit(')').next().is_some_and(|rest| rest.trim_start().starts_with(['Z', 'X'])))
}

fn number(name: &OsStr) -> Option<i32> {
    std::str::from_utf8(name.as_bytes()).ok()?.parse().ok()
}

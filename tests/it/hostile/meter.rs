//! What a request costs a process of its own.

use std::{fs, time::Duration};

use rustix::process::Pid;

/// What something cost.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Cost {
    /// Processor time.
    pub(super) milliseconds: f64,
    /// Memory at the peak, over that before.
    pub(super) mebibytes: f64,
}

impl Cost {
    /// The same request again: its least time, which the work of others does not lengthen, and its most memory.
    pub(super) fn or(self, other: Self) -> Self {
        Self { milliseconds: self.milliseconds.min(other.milliseconds), mebibytes: self.mebibytes.max(other.mebibytes) }
    }

    pub(super) fn is_within(self, bounds: Self) -> bool {
        self.milliseconds < bounds.milliseconds && self.mebibytes < bounds.mebibytes
    }
}

/// Reads the kernel's accounts of a process.
pub(super) struct Meter(Pid);

pub(super) struct Begun {
    busy: Duration,
    resident: u64,
}

impl Meter {
    pub(super) fn of(process: Pid) -> Self {
        Self(process)
    }

    pub(super) fn begin(&self) -> Begun {
        // Sets the peak back to what is resident now.
        fs::write(self.file("clear_refs"), "5").unwrap();
        Begun { busy: self.busy(), resident: self.kibibytes("VmRSS:") }
    }

    /// What was spent since then, once the process has come to rest.
    pub(super) async fn since(&self, begun: &Begun) -> Cost {
        // The answer may be there before the work is over: it is when nothing more is spent for a while.
        let mut busy = self.busy();
        for _ in 0..100 {
            tokio::time::sleep(Duration::from_millis(20)).await;
            let now = self.busy();
            if now - busy < Duration::from_millis(2) {
                break;
            }
            busy = now;
        }
        let more = self.kibibytes("VmHWM:").saturating_sub(begun.resident);
        Cost { milliseconds: (busy - begun.busy).as_secs_f64() * 1e3, mebibytes: more as f64 / 1024.0 }
    }

    fn busy(&self) -> Duration {
        let threads = fs::read_dir(self.file("task")).unwrap();
        let nanoseconds = threads.filter_map(|thread| {
            let told = fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
            told.split(' ').next()?.parse::<u64>().ok()
        });
        Duration::from_nanos(nanoseconds.sum())
    }

    fn kibibytes(&self, name: &str) -> u64 {
        let status = fs::read_to_string(self.file("status")).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    fn file(&self, name: &str) -> String {
        format!("/proc/{}/{name}", self.0.as_raw_nonzero())
    }
}

//! What a process has used.

use std::{fs, io, ops::Sub, time::Duration};

/// What a process has used so far, as the kernel counts it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Usage {
    /// Processor time, its children's not included.
    pub(crate) cpu: Duration,
    /// Resident memory, in bytes.
    pub(crate) resident: i64,
}

impl Usage {
    /// Of a process that runs.
    pub(crate) fn of(process: u32) -> io::Result<Self> {
        let stat = fs::read_to_string(format!("/proc/{process}/stat"))?;
        let status = fs::read_to_string(format!("/proc/{process}/status"))?;
        read(&stat, &status, rustix::param::clock_ticks_per_second())
            .ok_or_else(|| io::Error::other("the kernel tells of processes in an unknown form"))
    }
}

impl Sub for Usage {
    type Output = Self;

    fn sub(self, earlier: Self) -> Self {
        Self { cpu: self.cpu.saturating_sub(earlier.cpu), resident: self.resident - earlier.resident }
    }
}

fn read(stat: &str, status: &str, ticks_a_second: u64) -> Option<Usage> {
    // The name of the program may hold anything but its closing bracket comes last.
    let (_, fields) = stat.rsplit_once(')')?;
    let mut fields = fields.split_whitespace();
    let user: u64 = fields.nth(11)?.parse().ok()?;
    let system: u64 = fields.next()?.parse().ok()?;
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kilobytes: i64 = resident.split_whitespace().next()?.parse().ok()?;
    let nanos = (user + system).checked_mul(1_000_000_000)?.checked_div(ticks_a_second)?;
    Some(Usage { cpu: Duration::from_nanos(nanos), resident: kilobytes << 10 })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_and_memory_are_read_from_where_the_kernel_writes_them() {
        let stat = "7 (odd ) name) S 1 7 7 0 -1 4194304 100 0 0 0 250 150 9 9 20 0 4 0 100 1000 200";
        let usage = read(stat, "Name:\tx\nVmRSS:\t     2048 kB\n", 100).unwrap();
        assert_eq!(usage, Usage { cpu: Duration::from_secs(4), resident: 2 << 20 });
        assert!(Usage::of(std::process::id()).unwrap().resident > 0);
    }
}

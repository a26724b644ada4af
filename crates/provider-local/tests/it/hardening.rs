//! Builds that take what they can get.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use alm_build_spi::{Access, BuildProvider, ProviderError};
use alm_domain::{ReasonCode, RunStatus};
use serde_json::json;

use crate::support::{Rig, eventually, nothing_is_left, processes_with, skipped, supervisor};

/// Doubles eight times, so that 511 processes are the most, whatever becomes of the limit.
const BOMB: &str = "run: |
  bomb() { if [ $1 -gt 0 ]; then bomb $(($1 - 1)) & bomb $(($1 - 1)) & wait; else sleep 654328; fi; }
  trap '' TERM
  echo begun
  bomb 8
";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fork_bomb_is_stopped_at_the_limit() {
    let rig = Rig::with(BOMB, &[("limits.processes", json!(100))]);
    let run = rig.start().await;
    let told = rig.told(&run).await;
    assert_eq!(told.status(), RunStatus::Failed, "{told:#?}");
    // Where the server is no superuser the system may be the first to refuse.
    assert!(matches!(told.why().0, Some(ReasonCode::LimitExceeded | ReasonCode::CommandFailed)), "{:?}", told.why());
    nothing_is_left(&run).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fork_bomb_that_no_limit_stops_is_ended_by_a_cancel() {
    let rig = Rig::new(BOMB);
    let run = rig.start().await;
    rig.follow(&run, None, |told| told.output().contains(&"begun")).await;
    eventually("the bomb is at work", || processes_with(&run.0).len() > 250).await;
    let begin = std::time::Instant::now();
    rig.provider().cancel(&Access::default(), &run).await.unwrap();
    assert_eq!(rig.told(&run).await.status(), RunStatus::Cancelled);
    eprintln!("a fork bomb was ended in {:?}", begin.elapsed());
    nothing_is_left(&run).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn endless_output_takes_neither_memory_nor_disk() {
    let rig = Rig::with(
        "run: timeout 3 yes \"$(head -c 200 /dev/zero | tr '\\0' x)\" || true\n",
        &[("log.max_bytes", json!(500_000))],
    );
    let run = rig.start().await;
    rig.follow(&run, None, |told| !told.warnings.is_empty()).await;
    let status = fs::read_to_string(format!("/proc/{}/status", supervisor(&rig, &run.0))).unwrap();
    let told = rig.told(&run).await;
    assert_eq!(told.status(), RunStatus::Succeeded, "{:?}", told.why());
    assert!(told.output().iter().map(|text| text.len() + 1).sum::<usize>() <= 500_000);
    let spool = fs::metadata(rig.path("spool").join(&run.0).join("spool")).unwrap().len();
    assert!(spool < 2_000_000, "{spool}");
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    let peak: u64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    assert!(peak < 64 * 1024, "{peak} kB");
}

/// A disk of a few MiB in memory; gone with the test.
struct SmallDisk(PathBuf);

impl SmallDisk {
    /// `None`, with the reason printed, where nothing can be mounted.
    fn mount(at: &Path, mebibytes: u32) -> Option<Self> {
        fs::create_dir_all(at).unwrap();
        let size = format!("size={mebibytes}m");
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(at).output().unwrap();
        if mounted.status.success() {
            return Some(Self(at.to_owned()));
        }
        skipped(&format!("no disk can be mounted here: {}", String::from_utf8_lossy(&mounted.stderr).trim()));
        None
    }

    /// Whether another record of lines does not fit.
    fn is_full(&self) -> bool {
        let disk = rustix::fs::statvfs(&self.0).unwrap();
        disk.f_bavail * disk.f_frsize < 100_000
    }

    /// Takes all that is left, but for so many bytes.
    fn fill_but(&self, left: usize) {
        let disk = rustix::fs::statvfs(&self.0).unwrap();
        let free = usize::try_from(disk.f_bavail * disk.f_frsize).unwrap();
        fs::write(self.0.join("ballast"), vec![0; free - left]).unwrap();
    }

    fn make_room(&self) {
        fs::remove_file(self.0.join("ballast")).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(&self.0).status();
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_that_fills_the_disk_ends_with_a_reason_that_says_so() {
    let mut rig = Rig::new("run: head -c 100000000 /dev/zero > much\n");
    rig.close();
    let Some(_disk) = SmallDisk::mount(&rig.path("work"), 8) else { return };
    rig.open();
    let told = rig.build().await;
    assert_eq!((told.status(), told.why().0), (RunStatus::Failed, Some(ReasonCode::LimitExceeded)), "{told:#?}");
    assert!(told.why().1.ends_with("the disk of the work trees is full"), "{:?}", told.why());
    rig.commit(&[(".alm/pipeline.yaml", "run: echo fits\n")]);
    assert_eq!(rig.build().await.output(), ["fits"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_disk_under_the_spool_is_waited_for_and_no_line_is_lost() {
    let mut rig = Rig::new("run: seq 1 20000\n");
    rig.close();
    let Some(disk) = SmallDisk::mount(&rig.path("spool"), 16) else { return };
    rig.open();
    let access = Access::default();
    disk.fill_but(0);
    let refused = rig.provider().start(&access, rig.request()).await;
    assert!(matches!(refused, Err(ProviderError::Unavailable { .. })), "{refused:?}");
    disk.make_room();

    disk.fill_but(300_000);
    let run = rig.start().await;
    eventually("the disk is full", || disk.is_full()).await;
    assert_eq!(rig.provider().get(&access, &run).await.unwrap().run.status, RunStatus::Running);
    disk.make_room();
    let told = rig.told(&run).await;
    assert_eq!(told.status(), RunStatus::Succeeded, "{:?}", told.why());
    let expected: Vec<String> = (1..=20_000).map(|n| n.to_string()).collect();
    assert!(told.output() == expected, "{} lines", told.output().len());
    assert_eq!(rig.build().await.status(), RunStatus::Succeeded);
}

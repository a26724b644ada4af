//! Servers and supervisors that die.

use std::{fs::OpenOptions, io::Write};

use alm_build_spi::{Access, BuildProvider};
use alm_domain::{ReasonCode, RunStatus};
use rustix::process::{Pid, Signal, kill_process};

use crate::support::{Rig, eventually, is_supervised, nothing_is_left, supervisor};

fn kill(pid: i32) {
    kill_process(Pid::from_raw(pid).unwrap(), Signal::KILL).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stages_that_come_due_without_a_server_are_run_rightly() {
    let mut rig = Rig::new(
        "stages:
  one:
    run: |
      echo begun
      n=0; until [ -e $TMPDIR/../../../go ]; do sleep 0.05; n=$((n+1)); [ $n -lt 1200 ]; done
      echo one
  two:
    needs: one
    run: echo two
  three:
    needs: one
    run: echo three
  last:
    needs: [two, three]
    run: exit 4
",
    );
    let run = rig.start().await;
    let before = rig.follow(&run, None, |told| told.output().contains(&"begun")).await;
    rig.close();
    std::fs::write(rig.path("go"), "").unwrap();
    eventually("the build goes on alone", || !is_supervised(&rig.path("spool"), &run)).await;
    rig.open();
    let after = rig.follow(&run, before.tokens.last().cloned(), |_| false).await;
    assert_eq!(after.status(), RunStatus::Failed, "{after:#?}");
    let mut lines: Vec<&str> = before.output();
    lines.extend(after.output());
    lines[2..].sort_unstable();
    assert_eq!(lines, ["begun", "one", "three", "two"]);
    let told = rig.told(&run).await;
    assert_eq!(told.code("last"), Some(ReasonCode::CommandFailed));
    assert_eq!(told.stage("two").status, RunStatus::Succeeded);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_running_build_is_adopted_and_followed_on() {
    let mut rig = Rig::new(
        "run: |
  echo begun
  n=0; until [ -e $TMPDIR/../../../go ]; do sleep 0.05; n=$((n+1)); [ $n -lt 1200 ]; done
  echo done
",
    );
    let run = rig.start().await;
    let before = rig.follow(&run, None, |told| told.output().contains(&"begun")).await;
    rig.open();
    let snapshot = rig.provider().get(&Access::default(), &run).await.unwrap();
    assert_eq!(snapshot.run.status, RunStatus::Running);
    std::fs::write(rig.path("go"), "").unwrap();
    let after = rig.follow(&run, before.tokens.last().cloned(), |_| false).await;
    assert_eq!((after.status(), after.output()), (RunStatus::Succeeded, vec!["done"]));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_killed_supervisor_ends_as_interrupted_and_leaves_no_process() {
    let rig = Rig::new(
        "stages:
  long:
    run: |
      (setsid sleep 654321 &) ; trap '' TERM; echo begun; sleep 654321
  next:
    needs: long
    run: echo never
",
    );
    let run = rig.start().await;
    rig.follow(&run, None, |told| told.output().contains(&"begun")).await;
    kill(supervisor(&rig, &run.0));
    let told = rig.told(&run).await;
    assert_eq!((told.status(), told.why().0), (RunStatus::Errored, Some(ReasonCode::Interrupted)), "{told:#?}");
    assert_eq!((told.stage("long").status, told.code("long")), (RunStatus::Errored, Some(ReasonCode::Interrupted)));
    assert_eq!(told.stage("long").attempts[0].status, RunStatus::Errored);
    assert_eq!(told.stage("next").status, RunStatus::Skipped);
    nothing_is_left(&run).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn server_and_supervisor_killed_together_and_a_torn_record_behind() {
    let mut rig = Rig::new("run: |\n  echo begun\n  sleep 654321\n");
    let run = rig.start().await;
    let before = rig.follow(&run, None, |told| told.output().contains(&"begun")).await;
    let pid = supervisor(&rig, &run.0);
    rig.close();
    kill(pid);
    eventually("the supervisor is gone", || !is_supervised(&rig.path("spool"), &run)).await;
    let spool = rig.path("spool").join(&run.0).join("spool");
    OpenOptions::new().append(true).open(&spool).unwrap().write_all(b"ALM1\x10\0\0\0half a rec").unwrap();
    rig.open();
    let after = rig.follow(&run, before.tokens.last().cloned(), |_| false).await;
    assert_eq!((after.status(), after.why().0), (RunStatus::Errored, Some(ReasonCode::Interrupted)));
    rig.open();
    let again = rig.told(&run).await;
    assert_eq!(again.runs.iter().filter(|r| r.status == RunStatus::Errored).count(), 1, "told exactly once");
    nothing_is_left(&run).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn starting_again_finds_the_same_run_also_after_release() {
    let mut rig = Rig::new("run: echo once\n");
    let request = rig.request();
    let access = Access::default();
    let starts = futures::future::join_all((0..20).map(|_| rig.provider().start(&access, request.clone()))).await;
    let runs: Vec<_> = starts.into_iter().map(Result::unwrap).collect();
    assert!(runs.windows(2).all(|pair| pair[0] == pair[1]));
    assert_eq!(rig.told(&runs[0]).await.output(), ["once"]);
    rig.open();
    rig.start_request(request.clone()).await;
    rig.provider().release(&access, &runs[0]).await.unwrap();
    rig.provider().release(&access, &runs[0]).await.unwrap();
    assert_eq!(rig.start_request(request).await, runs[0]);
    assert!(rig.provider().get(&access, &runs[0]).await.is_err(), "it was not started again");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_build_whose_directory_was_removed_ends() {
    let mut rig = Rig::new("run: |\n  echo begun\n  sleep 654321\n");
    let run = rig.start().await;
    rig.follow(&run, None, |told| told.output().contains(&"begun")).await;
    rig.close();
    std::fs::remove_dir_all(rig.path("spool").join(&run.0)).unwrap();
    nothing_is_left(&run).await;
}

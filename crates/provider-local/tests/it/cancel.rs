//! Cancelling.

use std::time::Instant;

use alm_build_spi::{Access, BuildProvider, CancelReceipt};
use alm_domain::{ReasonCode, RunStatus};

use crate::support::{Rig, nothing_is_left};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_survives_a_cancel() {
    let rig = Rig::new(
        "stages:
  stubborn:
    run: |
      trap '' TERM INT HUP
      sleep 654322 &
      setsid sleep 654322 &
      (setsid sh -c 'trap \"\" TERM; (sleep 654322 &) ; sleep 654322' &)
      nohup sleep 654322 >/dev/null 2>&1 </dev/null &
      echo begun
      while :; do sleep 654322; done
  beside:
    run: sleep 654322
  after:
    needs: stubborn
    run: echo never
",
    );
    let run = rig.start().await;
    rig.follow(&run, None, |told| {
        told.output().contains(&"begun") && told.history.contains(&("beside".to_owned(), RunStatus::Running))
    })
    .await;
    let access = Access::default();
    let begin = Instant::now();
    assert_eq!(rig.provider().cancel(&access, &run).await.unwrap(), CancelReceipt::Accepted);
    assert_eq!(rig.provider().cancel(&access, &run).await.unwrap(), CancelReceipt::Accepted);
    let told = rig.told(&run).await;
    eprintln!("cancelled in {:?}", begin.elapsed());
    nothing_is_left(&run).await;
    assert!(told.cancel_delivered);
    assert_eq!((told.status(), told.why().0), (RunStatus::Cancelled, Some(ReasonCode::CancelledByUser)), "{told:#?}");
    assert!(told.runs.iter().any(|run| run.status == RunStatus::Cancelling));
    use RunStatus::{Cancelled, Skipped};
    assert_eq!(told.statuses(), [("stubborn", Cancelled), ("beside", Cancelled), ("after", Skipped)]);
    assert_eq!(rig.provider().cancel(&access, &run).await.unwrap(), CancelReceipt::AlreadyFinished);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cancel_right_after_the_start_wins_or_loses_but_never_hangs() {
    let rig = Rig::new("run: sleep 654323\n");
    for _ in 0..3 {
        let run = rig.start().await;
        rig.provider().cancel(&Access::default(), &run).await.unwrap();
        let told = rig.told(&run).await;
        assert_eq!(told.status(), RunStatus::Cancelled, "{told:#?}");
        assert!(told.cancel_delivered);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_step_leaves_behind_ends_with_it() {
    let rig = Rig::new("run:\n  - (setsid sleep 654324 &) ; (trap '' TERM; sleep 654324) & echo left\n  - echo next\n");
    let run = rig.start().await;
    let told = rig.told(&run).await;
    assert_eq!((told.status(), told.output()), (RunStatus::Succeeded, vec!["left", "next"]), "{told:#?}");
    nothing_is_left(&run).await;
}

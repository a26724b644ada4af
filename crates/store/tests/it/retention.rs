//! Builds that are kept no longer.

use alm_domain::{BuildId, EventSeq, ProjectEventKind, ProjectSeq, Retention, RunStatus};
use alm_store::{Idempotency, StartOutcome, StoreError};
use chrono::TimeDelta;

use crate::support::{World, line, new_build};

stories! {
    the_oldest_go_first_and_what_is_not_over_stays,
    a_removed_build_leaves_nothing_but_the_word_that_it_went,
}

async fn ended(world: &World, lines: usize) -> BuildId {
    let build = world.build().await.id;
    world.append(build, (0..lines).map(|n| line(format!("line {n}"), Some("build"))).collect()).await;
    world.end(build, RunStatus::Succeeded, 10).await;
    world.store.mark_released(&world.me, build).await.unwrap();
    build
}

async fn the_oldest_go_first_and_what_is_not_over_stays(world: &World) {
    let World { store, me, service, clock, .. } = world;
    let running = world.build().await.id;
    let (first, second, third) = (ended(world, 10).await, ended(world, 10).await, ended(world, 10).await);
    let unreleased = world.build().await.id;
    world.end(unreleased, RunStatus::Failed, 10).await;
    let expired =
        async |retention: Retention, most| store.expired_builds(me, service.id, &retention, most).await.unwrap();

    assert_eq!(expired(Retention::default(), 100).await, []);
    let two = Retention { max_builds: Some(2), ..Retention::default() };
    assert_eq!(expired(two, 100).await, [second, first], "the unreleased and the newest of the others are the two");
    assert_eq!(expired(two, 1).await, [second]);
    let small = Retention { max_bytes: Some(100), ..Retention::default() };
    assert_eq!(expired(small, 100).await, [second, first]);
    let short = Retention { max_days: Some(3), ..Retention::default() };
    assert_eq!(expired(short, 100).await, []);
    clock.advance(TimeDelta::days(4));
    assert_eq!(expired(short, 100).await, [third, second, first]);
    let refused = store.remove_build(me, running).await.unwrap_err();
    assert!(matches!(refused, StoreError::WrongState(_)), "{refused:?}");
}

async fn a_removed_build_leaves_nothing_but_the_word_that_it_went(world: &World) {
    let World { store, me, service, project, .. } = world;
    let key = || Some(Idempotency { key: "once".into(), request_hash: [7; 32] });
    let StartOutcome::Started(build) = store.start_build(me, new_build(service.id), key()).await.unwrap() else {
        panic!("not started");
    };
    world.append(build.id, vec![line("x", Some("build"))]).await;
    world.end(build.id, RunStatus::Succeeded, 10).await;
    let event = store.remove_build(me, build.id).await.unwrap().expect("it was there");
    assert_eq!(event.kind, ProjectEventKind::BuildRemoved(build.id));
    let told = store.project_journal(me, project.id, ProjectSeq(event.seq.0 - 1), 10).await.unwrap();
    assert_eq!(told, [event]);
    assert!(store.remove_build(me, build.id).await.unwrap().is_none(), "a second time changes nothing");

    assert_eq!(store.builds(me, &[build.id]).await.unwrap(), []);
    assert!(store.heads(me, build.id).await.unwrap().is_none());
    assert!(store.run_record(me, build.id).await.unwrap().is_none());
    assert!(store.log_info(me, &[build.id]).await.unwrap().is_empty());
    assert!(store.log_ranges(me, &[build.id]).await.unwrap().is_empty());
    assert!(store.journal(me, build.id, EventSeq::ZERO, 10).await.is_ok_and(|entries| entries.is_empty()));
    // The key goes with the build, its number does not come again.
    let StartOutcome::Started(next) = store.start_build(me, new_build(service.id), key()).await.unwrap() else {
        panic!("the key is still taken");
    };
    assert_eq!(next.number, build.number + 1);
}

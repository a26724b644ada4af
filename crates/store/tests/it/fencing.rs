//! One follower per build.

use alm_domain::{LineNo, Observation, ResumeToken, RunObservation, RunStatus};
use alm_store::{Append, Epoch, Fence, StoreError};

use crate::support::{World, line};

stories! {
    a_stale_follower_is_fenced_out,
    lines_and_token_are_stored_together_or_not_at_all,
    nothing_is_added_to_a_complete_build,
    a_build_is_released_once_it_is_complete,
}

async fn a_stale_follower_is_fenced_out(world: &World) {
    let World { store, me, .. } = world;
    let build = world.build().await.id;
    let old = store.claim(me, build).await.unwrap();
    let new = store.claim(me, build).await.unwrap();
    assert_eq!((old, new), (Epoch(1), Epoch(2)));
    let append = || Append { lines: vec![line("x", None)], ..Append::default() };
    let refused = store.append_lines(me, build, Fence::Follower(old), append()).await.unwrap_err();
    assert!(matches!(refused, StoreError::Fenced), "{refused:?}");
    let refused = store
        .update_build(me, build, Fence::Follower(old), append(), |state| {
            state.observe(&Observation::Run(RunObservation::status(RunStatus::Running)), crate::support::noon());
        })
        .await
        .unwrap_err();
    assert!(matches!(refused, StoreError::Fenced), "{refused:?}");
    let heads = store.append_lines(me, build, Fence::Follower(new), append()).await.unwrap().heads;
    assert_eq!(heads.line, LineNo(1));
    let (state, seen) = store.build_state(me, build).await.unwrap().unwrap();
    assert_eq!((state.build.status, seen), (RunStatus::Queued, heads));
}

async fn lines_and_token_are_stored_together_or_not_at_all(world: &World) {
    let World { store, me, .. } = world;
    let build = world.build().await.id;
    let epoch = store.claim(me, build).await.unwrap();
    let append = Append {
        lines: vec![line("one", None), line("two", None)],
        resume: Some(ResumeToken("at 2".into())),
        run_ref: Some("run-1".into()),
        ..Append::default()
    };
    let committed = store.append_lines(me, build, Fence::Follower(epoch), append).await.unwrap();
    assert_eq!(committed.lines.iter().map(|l| l.no.0).collect::<Vec<_>>(), [1, 2]);
    let record = store.run_record(me, build).await.unwrap().unwrap();
    assert_eq!((record.resume, record.run_ref.as_deref()), (Some(ResumeToken("at 2".into())), Some("run-1")));
    store.claim(me, build).await.unwrap();
    let late = Append { resume: Some(ResumeToken("at 3".into())), ..Append::default() };
    assert!(store.append_lines(me, build, Fence::Follower(epoch), late).await.is_err());
    let record = store.run_record(me, build).await.unwrap().unwrap();
    assert_eq!(record.resume, Some(ResumeToken("at 2".into())));
}

async fn nothing_is_added_to_a_complete_build(world: &World) {
    let World { store, me, .. } = world;
    let build = world.build().await.id;
    world.append(build, vec![line("last words", None)]).await;
    world.end(build, RunStatus::Succeeded, 10).await;
    let heads = store.heads(me, build).await.unwrap().unwrap();
    assert!(heads.is_complete);
    let lines = Append { lines: vec![line("more", None)], ..Append::default() };
    let refused = store.append_lines(me, build, Fence::Bystander, lines).await.unwrap_err();
    assert!(matches!(refused, StoreError::WrongState(_)), "{refused:?}");
    let change = store
        .update_build(me, build, Fence::Bystander, Append::default(), |state| {
            state.build.external_url = Some("x".into())
        })
        .await
        .unwrap_err();
    assert!(matches!(change, StoreError::WrongState(_)), "{change:?}");
    let nothing = store.update_build(me, build, Fence::Bystander, Append::default(), |_| 7).await.unwrap();
    assert_eq!((nothing.result, nothing.heads), (7, heads));
}

async fn a_build_is_released_once_it_is_complete(world: &World) {
    let World { store, me, .. } = world;
    let (one, two) = (world.build().await.id, world.build().await.id);
    assert_eq!(store.unfinished_builds(me).await.unwrap(), [one, two]);
    assert_eq!(store.unreleased_builds(me).await.unwrap(), []);
    world.end(one, RunStatus::Failed, 1).await;
    assert_eq!(store.unfinished_builds(me).await.unwrap(), [two]);
    assert_eq!(store.unreleased_builds(me).await.unwrap(), [one]);
    store.mark_released(me, one).await.unwrap();
    store.mark_released(me, one).await.unwrap();
    assert_eq!(store.unreleased_builds(me).await.unwrap(), []);
    assert!(store.run_record(me, one).await.unwrap().unwrap().is_released);
}

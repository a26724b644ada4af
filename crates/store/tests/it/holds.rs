//! Builds that are held, and how they go on.

use alm_domain::{
    AwaitedCredential, Build, EnvironmentId, Hold, Principal, ProjectRole, ReasonCode, RunStatus, SystemIds, Trigger,
    TriggerKind,
};
use alm_store::{Append, Fence, Lift, NewBuild, ServicePatch, StartOutcome, StoreError};
use chrono::TimeDelta;

use crate::support::{World, new_build, noon};

stories! {
    a_held_build_is_numbered_and_goes_on_once,
    a_stale_follower_lifts_nothing,
    a_build_whose_service_was_changed_does_not_go_on,
    a_build_whose_starter_lost_the_role_does_not_go_on,
    a_cancelled_build_does_not_go_on,
}

/// A build that this person starts, and that waits for an account.
async fn held(world: &World, starter: &Principal) -> Build {
    let awaited = AwaitedCredential {
        environment: EnvironmentId::generate(&SystemIds),
        name: "staging".into(),
        message: "staging is not connected: connect it".into(),
    };
    let service = world.store.services(&world.me, &[world.service.id]).await.unwrap().remove(0);
    let hold = Hold::Credential {
        awaited: vec![awaited],
        service_revision: service.revision,
        since: noon(),
        deadline: noon() + TimeDelta::hours(24),
    };
    let trigger = Trigger { kind: TriggerKind::Manual, actor: starter.actor.clone() };
    let new = NewBuild { hold: Some(hold), trigger, ..new_build(service.id) };
    match world.store.start_build(starter, new, None).await.unwrap() {
        StartOutcome::Started(build) => build,
        other => panic!("{other:?}"),
    }
}

async fn lift(world: &World, build: &Build) -> (Lift, Build) {
    let system = Principal::system("monitor");
    let lifted = world.store.lift_hold(&system, build.id, Fence::Bystander).await.unwrap().result;
    (lifted, world.store.build_state(&system, build.id).await.unwrap().unwrap().0.build)
}

async fn a_held_build_is_numbered_and_goes_on_once(world: &World) {
    let build = held(world, &world.me).await;
    assert_eq!((build.status, build.number), (RunStatus::WaitingForCredential, 1));
    let (state, _) = world.store.build_state(&world.me, build.id).await.unwrap().unwrap();
    assert_eq!(state.build, build);
    let system = Principal::system("monitor");
    let racing = (0..100).map(|_| world.store.lift_hold(&system, build.id, Fence::Bystander));
    let outcomes: Vec<_> =
        futures::future::join_all(racing).await.into_iter().map(|lifted| lifted.unwrap().result).collect();
    assert_eq!(outcomes.iter().filter(|lift| **lift == Lift::Lifted).count(), 1);
    assert!(outcomes.iter().all(|lift| *lift != Lift::Ended));
    let (again, build) = lift(world, &build).await;
    assert_eq!((again, build.status, build.hold), (Lift::NotHeld, RunStatus::Queued, None));
}

async fn a_stale_follower_lifts_nothing(world: &World) {
    let build = held(world, &world.me).await;
    let old = world.store.claim(&world.me, build.id).await.unwrap();
    world.store.claim(&world.me, build.id).await.unwrap();
    let refused = world.store.lift_hold(&Principal::system("monitor"), build.id, Fence::Follower(old)).await;
    assert!(matches!(refused, Err(StoreError::Fenced)), "{refused:?}");
}

async fn a_build_whose_service_was_changed_does_not_go_on(world: &World) {
    let build = held(world, &world.me).await;
    let patch = ServicePatch { display_name: Some("Another".into()), ..ServicePatch::default() };
    world.store.update_service(&world.me, world.service.id, patch, None).await.unwrap();
    let (lifted, build) = lift(world, &build).await;
    assert_eq!((lifted, build.status, build.is_complete), (Lift::Ended, RunStatus::Cancelled, true));
    assert_eq!(build.reason.map(|reason| reason.code), Some(ReasonCode::ConfigurationChanged));
}

async fn a_build_whose_starter_lost_the_role_does_not_go_on(world: &World) {
    let dev = world.member("dev", ProjectRole::Developer).await;
    let (first, second) = (held(world, &dev).await, held(world, &dev).await);
    assert_eq!(lift(world, &first).await.0, Lift::Lifted);
    world.store.change_member(&world.me, world.project.id, dev.user().unwrap(), ProjectRole::Viewer).await.unwrap();
    let (lifted, build) = lift(world, &second).await;
    assert_eq!((lifted, build.status), (Lift::Ended, RunStatus::Cancelled));
    assert_eq!(build.reason.map(|reason| reason.code), Some(ReasonCode::PermissionLost));
}

async fn a_cancelled_build_does_not_go_on(world: &World) {
    let build = held(world, &world.me).await;
    let now = noon();
    world
        .store
        .update_build(&world.me, build.id, Fence::Bystander, Append::default(), |state| {
            state.request_cancel(&world.me.actor, None, now)
        })
        .await
        .unwrap();
    let (lifted, build) = lift(world, &build).await;
    assert_eq!((lifted, build.status, build.is_complete), (Lift::NotHeld, RunStatus::Cancelled, true));
}

//! Builds that their engine began by itself.

use alm_domain::{Actor, Build, BuildId, Principal, RunStatus, SystemIds, Trigger, TriggerKind};
use alm_store::{ExternalRun, NewBuild, StoreError};
use chrono::TimeDelta;

use crate::support::{World, new_build, noon};

stories! {
    a_run_becomes_a_build_once_whoever_finds_it,
    a_run_whose_build_was_removed_does_not_come_again,
    what_is_forgotten_is_old_and_gone,
    nobody_but_the_service_brings_runs_in,
}

fn system() -> Principal {
    Principal::system("cluster")
}

fn run(name: &str) -> ExternalRun {
    ExternalRun { name: name.into(), began_at: noon() - TimeDelta::seconds(90) }
}

fn found(world: &World) -> NewBuild {
    let trigger = Trigger { kind: TriggerKind::External, actor: system().actor };
    NewBuild { id: BuildId::generate(&SystemIds), reference: None, trigger, ..new_build(world.service.id) }
}

async fn import(world: &World, run: &ExternalRun) -> Option<Build> {
    world.store.import_build(&system(), found(world), run).await.unwrap()
}

async fn a_run_becomes_a_build_once_whoever_finds_it(world: &World) {
    let ours = world.build().await;
    let (one, other) = (run("builds/web-2"), run("builds/web-3"));
    let again = world.open_again().await;
    let racing = (0..20).map(|n| {
        let store = if n % 2 == 0 { &world.store } else { &again };
        let (system, new, run) = (system(), found(world), &one);
        async move { store.import_build(&system, new, run).await.unwrap() }
    });
    let made: Vec<Build> = futures::future::join_all(racing).await.into_iter().flatten().collect();
    let [build] = &made[..] else { panic!("{made:?}") };
    assert_eq!((build.number, build.status, build.queued_at), (ours.number + 1, RunStatus::Queued, one.began_at));
    assert_eq!(build.trigger.actor, Actor::System { component: "cluster".into() });
    assert!(build.is_external() && !ours.is_external());
    let record = world.store.run_record(&world.me, build.id).await.unwrap().unwrap();
    assert_eq!(record.run_ref.as_ref(), Some(&one.name), "there is nothing to start");
    // No number is lost to those that came too late.
    assert_eq!(import(world, &other).await.unwrap().number, ours.number + 2);
    let unknown = world.store.unknown_runs(&system(), world.service.id, vec![one, run("builds/web-4"), other]).await;
    assert_eq!(unknown.unwrap(), [run("builds/web-4")]);
    // The same name at another build service is another run.
    let elsewhere = world.another_service("api").await;
    let new = NewBuild { service: elsewhere.id, ..found(world) };
    assert!(world.store.import_build(&system(), new, &run("builds/web-2")).await.unwrap().is_some());
    again.close().await.unwrap();
}

async fn a_run_whose_build_was_removed_does_not_come_again(world: &World) {
    let build = import(world, &run("builds/web-1")).await.unwrap();
    world.end(build.id, RunStatus::Succeeded, 10).await;
    world.store.remove_build(&world.me, build.id).await.unwrap().unwrap();
    assert!(import(world, &run("builds/web-1")).await.is_none());
    let unknown = world.store.unknown_runs(&system(), world.service.id, vec![run("builds/web-1")]).await.unwrap();
    assert_eq!(unknown, []);
}

async fn what_is_forgotten_is_old_and_gone(world: &World) {
    let (gone, kept) = (run("builds/web-1"), run("builds/web-2"));
    let removed = import(world, &gone).await.unwrap();
    import(world, &kept).await.unwrap();
    world.end(removed.id, RunStatus::Failed, 10).await;
    world.store.remove_build(&world.me, removed.id).await.unwrap().unwrap();
    let unknown = async || {
        let runs = vec![gone.clone(), kept.clone()];
        world.store.unknown_runs(&system(), world.service.id, runs).await.unwrap()
    };
    world.clock.advance(TimeDelta::days(29));
    import(world, &run("builds/web-3")).await.unwrap();
    assert_eq!(unknown().await, []);
    world.clock.advance(TimeDelta::days(2));
    import(world, &run("builds/web-4")).await.unwrap();
    assert_eq!(unknown().await, std::slice::from_ref(&gone), "the other one is still a build, however old");
}

async fn nobody_but_the_service_brings_runs_in(world: &World) {
    let run = run("builds/web-1");
    let refused = world.store.import_build(&world.me, found(world), &run).await.unwrap_err();
    assert!(matches!(refused, StoreError::NotFound), "{refused:?}");
    let refused = world.store.unknown_runs(&world.me, world.service.id, vec![run]).await.unwrap_err();
    assert!(matches!(refused, StoreError::NotFound), "{refused:?}");
    for name in [String::new(), "x".repeat(1_025), "a\0b".to_owned()] {
        let bad = ExternalRun { name, began_at: noon() };
        let refused = world.store.import_build(&system(), found(world), &bad).await.unwrap_err();
        assert!(matches!(refused, StoreError::Invalid { field: "run", .. }), "{refused:?}");
    }
}

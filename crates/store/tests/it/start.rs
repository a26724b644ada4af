//! Starting builds, at most once per key.

use alm_domain::{BuildId, EventSeq, Principal, ProjectEventKind, ProjectRole, ProjectSeq, RunStatus, SystemIds};
use alm_store::{Idempotency, NewBuild, ProviderPatch, StartOutcome, StoreError};
use futures::future::join_all;

use crate::support::{World, new_build};

stories! {
    a_build_begins_its_journal_and_is_told_to_its_project,
    a_hundred_racing_doubles_start_one_build,
    the_same_key_with_another_request_is_reused,
    a_key_belongs_to_its_principal,
    numbers_have_no_holes_however_many_start_at_once,
    a_disabled_provider_takes_no_new_builds,
    a_refused_start_leaves_nothing_behind,
}

fn key(text: &str, request: u8) -> Option<Idempotency> {
    Some(Idempotency { key: text.into(), request_hash: [request; 32] })
}

async fn a_build_begins_its_journal_and_is_told_to_its_project(world: &World) {
    let World { store, me, .. } = world;
    let build = world.build().await;
    assert_eq!((build.number, build.status, build.revision), (1, RunStatus::Queued, EventSeq(1)));
    assert_eq!(store.builds(me, &[build.id]).await.unwrap()[0], build);
    assert_eq!(store.build_by_address(me, "shop", "web", 1).await.unwrap(), Some(build.clone()));
    let journal = store.journal(me, build.id, EventSeq::ZERO, 10).await.unwrap();
    assert_eq!(journal.len(), 1);
    assert_eq!(journal[0].change.build.as_ref(), Some(&build));
    let events = store.project_journal(me, world.project.id, ProjectSeq(2), 10).await.unwrap();
    assert_eq!(events.iter().map(|e| e.kind).collect::<Vec<_>>(), [ProjectEventKind::BuildAdded(build.id)]);
    let record = store.run_record(me, build.id).await.unwrap().unwrap();
    assert_eq!((record.spec, record.config_ref.as_str()), (serde_json::json!({ "service": "web" }), "config"));
}

async fn a_hundred_racing_doubles_start_one_build(world: &World) {
    let starts = (0..100).map(|_| {
        let (store, me, service) = (world.store.clone(), world.me.clone(), world.service.id);
        tokio::spawn(async move { store.start_build(&me, new_build(service), key("once", 1)).await.unwrap() })
    });
    let (mut started, mut repeated) = (Vec::new(), Vec::new());
    for outcome in join_all(starts).await {
        match outcome.unwrap() {
            StartOutcome::Started(build) => started.push(build.id),
            StartOutcome::Repeated(build) => repeated.push(build.id),
            StartOutcome::KeyReused(id) => panic!("{id} was told to be another request"),
        }
    }
    assert_eq!((started.len(), repeated.len()), (1, 99));
    assert!(repeated.iter().all(|id| *id == started[0]));
    assert_eq!(world.store.unfinished_builds(&world.me).await.unwrap(), started);
}

async fn the_same_key_with_another_request_is_reused(world: &World) {
    let World { store, me, service, .. } = world;
    let StartOutcome::Started(build) = store.start_build(me, new_build(service.id), key("k", 1)).await.unwrap() else {
        panic!("it was not started")
    };
    let other = store.start_build(me, new_build(service.id), key("k", 2)).await.unwrap();
    assert_eq!(other, StartOutcome::KeyReused(build.id));
    let missing = NewBuild { service: world.another_service("other").await.id, ..new_build(service.id) };
    assert_eq!(store.start_build(me, missing, key("k", 3)).await.unwrap(), StartOutcome::KeyReused(build.id));
}

async fn a_key_belongs_to_its_principal(world: &World) {
    let World { store, me, service, .. } = world;
    for principal in [me, &world.member("mia", ProjectRole::Developer).await, &Principal::system("test")] {
        let outcome = store.start_build(principal, new_build(service.id), key("k", 1)).await.unwrap();
        assert!(matches!(outcome, StartOutcome::Started(_)), "{outcome:?}");
    }
}

async fn numbers_have_no_holes_however_many_start_at_once(world: &World) {
    let starts = (0..30).map(|_| {
        let (store, me, service) = (world.store.clone(), world.me.clone(), world.service.id);
        tokio::spawn(async move { store.start_build(&me, new_build(service), None).await.unwrap() })
    });
    let mut numbers = Vec::new();
    for outcome in join_all(starts).await {
        match outcome.unwrap() {
            StartOutcome::Started(build) => numbers.push(build.number),
            other => panic!("{other:?}"),
        }
    }
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=30).collect::<Vec<_>>());
}

async fn a_disabled_provider_takes_no_new_builds(world: &World) {
    let World { store, me, provider, service, .. } = world;
    let off = ProviderPatch { enabled: Some(false), ..ProviderPatch::default() };
    store.update_provider(me, provider.id, off, None).await.unwrap();
    let refused = store.start_build(me, new_build(service.id), None).await.unwrap_err();
    assert!(matches!(&refused, StoreError::WrongState(why) if why.contains("local")), "{refused:?}");
}

async fn a_refused_start_leaves_nothing_behind(world: &World) {
    let World { store, me, service, .. } = world;
    let first = world.build().await;
    let doubled = NewBuild { id: first.id, ..new_build(service.id) };
    assert!(store.start_build(me, doubled, key("k", 1)).await.is_err());
    let StartOutcome::Started(second) = store.start_build(me, new_build(service.id), key("k", 1)).await.unwrap() else {
        panic!("the key was taken by a build that there is not")
    };
    assert_eq!(second.number, 2);
    let unknown = new_build(alm_domain::ServiceId::generate(&SystemIds));
    assert!(matches!(store.start_build(me, unknown, None).await, Err(StoreError::NotFound)));
    assert_eq!(store.run_record(me, BuildId::generate(&SystemIds)).await.unwrap(), None);
}

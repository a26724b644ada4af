//! Projects, providers and build services.

use alm_domain::{
    Capability, HealthState, Principal, ProjectEventKind, ProjectSeq, ProviderHealth, RunStatus, Settings,
};
use alm_store::{PageRequest, ProjectFilter, ProjectOrder, ProjectPatch, ProviderPatch, ServicePatch, StoreError};

use crate::support::{World, new_project, new_provider, new_service, noon};

stories! {
    a_project_is_created_changed_and_found,
    a_stale_change_is_refused_with_the_newest_revision,
    search_finds_parts_in_any_case_and_takes_nothing_for_a_wildcard,
    only_administrators_touch_providers,
    a_provider_in_use_stays,
    a_removed_service_leaves_a_tombstone,
    what_a_removed_service_has_at_its_provider_is_known_until_it_is_gone,
    nothing_is_made_in_an_archived_project,
    text_that_a_database_cannot_hold_is_refused_by_name,
    projects_can_be_listed_by_activity,
    projects_are_found_by_the_verdict_on_them,
}

async fn a_project_is_created_changed_and_found(world: &World) {
    let World { store, me, project, .. } = world;
    assert_eq!(store.project_by_slug(me, "shop").await.unwrap().as_ref(), Some(project));
    let taken = store.create_project(me, new_project("shop", "Other")).await.unwrap_err();
    assert!(matches!(taken, StoreError::Taken { field: "slug" }), "{taken:?}");
    let patch = ProjectPatch { description: Some(Some("Ünïcode".into())), ..ProjectPatch::default() };
    let changed = store.update_project(me, project.id, patch, Some(project.revision)).await.unwrap();
    assert_eq!(store.projects(me, &[project.id]).await.unwrap()[0], changed);
    assert_eq!(changed.description.as_deref(), Some("Ünïcode"));
    assert_eq!(store.project_by_slug(me, "no slug at all").await.unwrap(), None);
    let journal = store.project_journal(me, project.id, ProjectSeq::ZERO, 100).await.unwrap();
    let kinds: Vec<_> = journal.iter().map(|event| event.kind).collect();
    assert_eq!(
        kinds,
        [
            ProjectEventKind::ProjectChanged,
            ProjectEventKind::ServiceChanged(world.service.id),
            ProjectEventKind::ProjectChanged
        ]
    );
    assert!(journal.iter().zip(1..).all(|(event, seq)| event.seq == ProjectSeq(seq)));
    assert_eq!(store.project_head(me, project.id).await.unwrap(), Some(ProjectSeq(3)));
}

async fn a_stale_change_is_refused_with_the_newest_revision(world: &World) {
    let World { store, me, project, provider, service, .. } = world;
    let rename = || ProjectPatch { display_name: Some("New".into()), ..ProjectPatch::default() };
    let changed = store.update_project(me, project.id, rename(), None).await.unwrap();
    let stale = store.update_project(me, project.id, rename(), Some(project.revision)).await.unwrap_err();
    assert!(matches!(stale, StoreError::StaleRevision { current } if current == changed.revision.0), "{stale:?}");
    let off = ProviderPatch { enabled: Some(false), ..ProviderPatch::default() };
    store.update_provider(me, provider.id, off.clone(), Some(1)).await.unwrap();
    let stale = store.update_provider(me, provider.id, off, Some(1)).await.unwrap_err();
    assert!(matches!(stale, StoreError::StaleRevision { current: 2 }), "{stale:?}");
    let patch = ServicePatch { settings: Some(Settings::from([("a".into(), 1.into())])), ..ServicePatch::default() };
    let changed = store.update_service(me, service.id, patch.clone(), Some(1)).await.unwrap();
    assert_eq!(store.services(me, &[service.id]).await.unwrap(), [changed]);
    let stale = store.update_service(me, service.id, patch, Some(1)).await.unwrap_err();
    assert!(matches!(stale, StoreError::StaleRevision { current: 2 }), "{stale:?}");
}

async fn search_finds_parts_in_any_case_and_takes_nothing_for_a_wildcard(world: &World) {
    let World { store, me, .. } = world;
    let percent = store.create_project(me, new_project("percent", "100% Ärger_los")).await.unwrap();
    let found = async |search: &str| {
        let filter = ProjectFilter { search: Some(search.into()), ..ProjectFilter::default() };
        store.list_projects(me, &filter, ProjectOrder::Name, &PageRequest::first(10)).await.unwrap().items.len()
    };
    for (search, expected) in
        [("SHOP", 1), ("ärger", 1), ("ÄRGER", 1), ("%", 1), ("_", 1), ("0%", 1), ("x%", 0), ("\\", 0), (" ", 2)]
    {
        assert_eq!(found(search).await, expected, "{search}");
    }
    // By their build services too, as long as those are there.
    let service = store.create_service(me, new_service(&percent, &world.provider, "firmware")).await.unwrap();
    for (search, expected) in
        [("FIRMware", 1), ("a SERVICE", 2), ("firmware los", 1), ("firmware shop", 0), ("serv_ce", 0)]
    {
        assert_eq!(found(search).await, expected, "{search}");
    }
    store.remove_service(me, service.id, None).await.unwrap();
    assert_eq!(found("firmware").await, 0);
}

async fn only_administrators_touch_providers(world: &World) {
    let World { store, me, provider, .. } = world;
    let mia = world.person("mia").await;
    let health = ProviderHealth { state: HealthState::Healthy, message: None, checked_at: noon(), latency_ms: 3 };
    assert!(matches!(store.register_provider(&mia, new_provider("mine")).await, Err(StoreError::Forbidden(_))));
    assert!(matches!(
        store.update_provider(&mia, provider.id, ProviderPatch::default(), None).await,
        Err(StoreError::Forbidden(_))
    ));
    assert!(matches!(store.remove_provider(&mia, provider.id, None).await, Err(StoreError::Forbidden(_))));
    assert!(matches!(
        store.record_probe(&mia, provider.id, health.clone(), None, vec![]).await,
        Err(StoreError::Forbidden(_))
    ));
    assert_eq!(store.provider_by_slug(&mia, "local").await.unwrap().as_ref(), Some(provider));
    let probed = store
        .record_probe(me, provider.id, health.clone(), Some("1.2".into()), vec![Capability::Stages])
        .await
        .unwrap();
    assert_eq!((probed.revision, probed.health.as_ref()), (2, Some(&health)));
    assert_eq!(store.providers(&mia, &[provider.id]).await.unwrap(), [probed]);
}

async fn a_provider_in_use_stays(world: &World) {
    let World { store, me, provider, service, .. } = world;
    assert!(matches!(store.remove_provider(me, provider.id, None).await, Err(StoreError::InUse(_))));
    let build = world.build().await;
    world.end(build.id, RunStatus::Succeeded, 1).await;
    store.remove_service(me, service.id, None).await.unwrap();
    assert!(matches!(store.remove_provider(me, provider.id, None).await, Err(StoreError::InUse(_))));

    let other = store.register_provider(me, new_provider("other")).await.unwrap();
    let unused = store.create_service(me, new_service(&world.project, &other, "unused")).await.unwrap();
    store.remove_service(me, unused.id, None).await.unwrap();
    store.remove_provider(me, other.id, Some(1)).await.unwrap();
    assert!(matches!(store.remove_provider(me, other.id, None).await, Err(StoreError::NotFound)));
    let left = store.list_providers(me, true, &PageRequest::first(10)).await.unwrap();
    assert_eq!(left.items.len(), 1);
}

async fn a_removed_service_leaves_a_tombstone(world: &World) {
    let World { store, me, service, project, provider, .. } = world;
    let build = world.build().await;
    assert!(matches!(store.remove_service(me, service.id, None).await, Err(StoreError::InUse(_))));
    world.end(build.id, RunStatus::Failed, 1).await;
    let removed = store.remove_service(me, service.id, Some(1)).await.unwrap();
    assert_eq!(removed.removed_at, Some(noon()));
    assert!(matches!(store.remove_service(me, service.id, None).await, Err(StoreError::WrongState(_))));
    let again = store.create_service(me, new_service(project, provider, "web")).await.unwrap_err();
    assert!(matches!(again, StoreError::Taken { field: "slug" }), "{again:?}");
    assert_eq!(store.services_of_projects(me, &[project.id]).await.unwrap(), []);
    assert_eq!(store.service_by_address(me, "shop", "web").await.unwrap(), Some(removed));
    assert!(store.build_by_address(me, "shop", "web", 1).await.unwrap().is_some());
    let start = store.start_build(me, crate::support::new_build(service.id), None).await.unwrap_err();
    assert!(matches!(start, StoreError::WrongState(_)), "{start:?}");
}

async fn what_a_removed_service_has_at_its_provider_is_known_until_it_is_gone(world: &World) {
    let World { store, me, service, .. } = world;
    let [one, two] = [world.another_service("one").await, world.another_service("two").await];
    let left = async |after, limit| {
        let left = store.services_left_at_providers(&Principal::system("test"), after, limit).await.unwrap();
        left.into_iter().map(|(service, by)| (service.id, by)).collect::<Vec<_>>()
    };
    store.forget_config(me, one.id).await.unwrap();
    assert_eq!(left(None, 10).await, [], "none was removed");
    assert_eq!(
        store.services(me, &[one.id]).await.unwrap()[0].config_ref,
        one.config_ref,
        "what lives is not forgotten"
    );
    for service in [&one, &two] {
        store.remove_service(me, service.id, None).await.unwrap();
    }
    let mut both = [one.id, two.id].map(|id| (id, Some(me.actor.clone())));
    both.sort_by_key(|(id, _)| *id);
    assert_eq!(left(None, 10).await, both);
    assert_eq!(left(None, 1).await, both[..1]);
    assert_eq!(left(Some(both[0].0), 10).await, both[1..]);
    store.forget_config(me, both[0].0).await.unwrap();
    assert_eq!(left(None, 10).await, both[1..]);
    assert!(store.services(me, &[service.id]).await.unwrap()[0].config_ref.is_some());
}

async fn nothing_is_made_in_an_archived_project(world: &World) {
    let World { store, me, project, provider, service, .. } = world;
    let archive = ProjectPatch { is_archived: Some(true), ..ProjectPatch::default() };
    store.update_project(me, project.id, archive, None).await.unwrap();
    let service_in_it = store.create_service(me, new_service(project, provider, "more")).await.unwrap_err();
    assert!(matches!(service_in_it, StoreError::WrongState(_)), "{service_in_it:?}");
    let build_in_it = store.start_build(me, crate::support::new_build(service.id), None).await.unwrap_err();
    assert!(matches!(build_in_it, StoreError::WrongState(_)), "{build_in_it:?}");
    let listed = |include_archived| ProjectFilter { include_archived, ..ProjectFilter::default() };
    let first = PageRequest { with_total: true, ..PageRequest::first(10) };
    assert_eq!(store.list_projects(me, &listed(false), ProjectOrder::Name, &first).await.unwrap().total, Some(0));
    assert_eq!(store.list_projects(me, &listed(true), ProjectOrder::Name, &first).await.unwrap().total, Some(1));
}

async fn text_that_a_database_cannot_hold_is_refused_by_name(world: &World) {
    let World { store, me, .. } = world;
    let refused = store.create_project(me, new_project("nul", "a\0b")).await.unwrap_err();
    assert!(matches!(refused, StoreError::Invalid { field: "displayName", .. }), "{refused:?}");
}

async fn projects_can_be_listed_by_activity(world: &World) {
    let World { store, me, .. } = world;
    world.clock.advance(chrono::TimeDelta::seconds(1));
    store.create_project(me, new_project("later", "Later")).await.unwrap();
    let slugs = async || {
        let filter = ProjectFilter::default();
        let page = store.list_projects(me, &filter, ProjectOrder::Activity, &PageRequest::first(10)).await.unwrap();
        page.items.into_iter().map(|(_, project)| project.slug.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(slugs().await, ["later", "shop"]);
    world.clock.advance(chrono::TimeDelta::seconds(1));
    world.build().await;
    assert_eq!(slugs().await, ["shop", "later"]);
}

async fn projects_are_found_by_the_verdict_on_them(world: &World) {
    let World { store, me, service, .. } = world;
    store.create_project(me, new_project("empty", "Empty")).await.unwrap();
    let found = async |state| {
        let filter = ProjectFilter { health: Some(state), ..ProjectFilter::default() };
        let page = store.list_projects(me, &filter, ProjectOrder::Name, &PageRequest::first(10)).await.unwrap();
        page.items.into_iter().map(|(_, project)| project.slug.to_string()).collect::<Vec<_>>()
    };
    assert_eq!(found(HealthState::Unknown).await, ["empty", "shop"]);
    let running = world.build().await;
    assert_eq!(found(HealthState::Unknown).await, ["empty", "shop"], "it has not finished");
    world.end(running.id, RunStatus::Unstable, 1).await;
    assert_eq!(found(HealthState::Healthy).await, ["shop"]);
    // One build service that fails is enough, whatever the others do; and it counts until it has ended better.
    let other = world.another_service("api").await;
    let failed = world.build_of(other.id).await;
    world.end(failed.id, RunStatus::Errored, 1).await;
    world.build_of(other.id).await;
    assert_eq!(found(HealthState::Failing).await, ["shop"]);
    assert!(found(HealthState::Healthy).await.is_empty());
    let mended = world.build_of(other.id).await;
    world.end(mended.id, RunStatus::Succeeded, 1).await;
    assert_eq!((found(HealthState::Healthy).await, found(HealthState::Failing).await), (vec!["shop".into()], vec![]));
    // What was removed counts no more.
    let last = world.build().await;
    world.end(last.id, RunStatus::Failed, 1).await;
    assert_eq!(found(HealthState::Failing).await, ["shop"]);
    store.remove_service(me, service.id, None).await.unwrap();
    assert_eq!(found(HealthState::Healthy).await, ["shop"]);
    assert!(found(HealthState::Degraded).await.is_empty());
}

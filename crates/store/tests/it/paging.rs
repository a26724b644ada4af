//! Lists by page.

use std::collections::BTreeSet;

use alm_domain::RunStatus;
use alm_store::{BuildFilter, BuildOwners, Page, PageRequest, ProjectFilter, ProjectOrder, StoreError};
use proptest::prelude::*;
use tokio::runtime::Runtime;

use crate::support::{World, check, new_project};

properties! { pages_in_either_direction_are_a_partition }
stories! {
the_first_pages_of_many_owners_are_those_of_each, a_position_of_another_list_is_refused, builds_are_filtered, services_of_a_provider_come_in_pages }

fn pages_in_either_direction_are_a_partition(runtime: &Runtime, world: &World) {
    let World { store, me, .. } = world;
    runtime.block_on(async {
        // Names that differ from their slugs in order, some of them equal.
        for n in 0..12 {
            let name = ["Äpfel", "apfel", "Zebra", "zebra", "Ägypten", "m"][n % 6];
            store.create_project(me, new_project(&format!("p{n}"), name)).await.unwrap();
        }
        for n in 0..9 {
            world.another_service(&format!("s{}", 9 - n)).await;
            world.build().await;
        }
    });
    let strategy = (1u32..6, any::<bool>(), 0usize..4);
    check(60, strategy, |(limit, backwards, list)| {
        runtime.block_on(async {
            let read = async |request: PageRequest| match list {
                0 => {
                    ids(store.list_projects(me, &ProjectFilter::default(), ProjectOrder::Name, &request).await.unwrap())
                }
                1 => ids(store
                    .list_projects(me, &ProjectFilter::default(), ProjectOrder::Activity, &request)
                    .await
                    .unwrap()),
                2 => ids(store.list_builds(me, &BuildFilter::default(), &request).await.unwrap()),
                _ => ids(store.services_of_provider(me, world.provider.id, &request).await.unwrap()),
            };
            let whole = read(PageRequest { with_total: true, ..PageRequest::first(100) }).await;
            prop_assert_eq!(whole.total, Some(whole.items.len() as u64));
            prop_assert!(!whole.has_next && !whole.has_previous);
            let mut seen: Vec<String> = Vec::new();
            let mut from = None;
            loop {
                let request = PageRequest { limit, backwards, from: from.clone(), with_total: false };
                let page = read(request).await;
                prop_assert!(page.items.len() <= limit as usize);
                let (ahead, behind) =
                    if backwards { (page.has_previous, page.has_next) } else { (page.has_next, page.has_previous) };
                prop_assert_eq!(behind, from.is_some());
                let items: Vec<String> = page.items.iter().map(|(_, id)| id.clone()).collect();
                if backwards {
                    seen.splice(0..0, items);
                    from = page.items.first().map(|(position, _)| position.clone());
                } else {
                    seen.extend(items);
                    from = page.items.last().map(|(position, _)| position.clone());
                }
                if !ahead {
                    break;
                }
            }
            let expected: Vec<String> = whole.items.into_iter().map(|(_, id)| id).collect();
            prop_assert_eq!(seen.iter().collect::<BTreeSet<_>>().len(), seen.len());
            prop_assert_eq!(seen, expected);
            Ok(())
        })
    });
}

trait Named {
    fn name(&self) -> String;
}

macro_rules! named {
    ($($kind:ty),*) => { $(impl Named for $kind { fn name(&self) -> String { self.id.to_string() } })* };
}

named!(alm_domain::Project, alm_domain::Build, alm_domain::BuildService);

fn ids<T: Named>(page: Page<T>) -> Page<String> {
    Page {
        items: page.items.into_iter().map(|(position, item)| (position, item.name())).collect(),
        has_next: page.has_next,
        has_previous: page.has_previous,
        total: page.total,
    }
}

async fn a_position_of_another_list_is_refused(world: &World) {
    let World { store, me, .. } = world;
    let by_name = store
        .list_projects(me, &ProjectFilter::default(), ProjectOrder::Name, &PageRequest::first(1))
        .await
        .unwrap()
        .items
        .remove(0)
        .0;
    for from in [vec![], vec![1], vec![0; 16], vec![255; 40], b"\xff\xfe".to_vec(), by_name] {
        let request = PageRequest { from: Some(from.clone()), ..PageRequest::first(5) };
        let projects = store.list_projects(me, &ProjectFilter::default(), ProjectOrder::Activity, &request).await;
        assert!(matches!(projects, Err(StoreError::BadPosition)), "{from:?}");
        let providers = store.list_providers(me, true, &request).await;
        assert!(matches!(providers, Err(StoreError::BadPosition)), "{from:?}");
        if from.len() != 16 {
            let builds = store.list_builds(me, &BuildFilter::default(), &request).await;
            assert!(matches!(builds, Err(StoreError::BadPosition)), "{from:?}");
        }
    }
}

async fn builds_are_filtered(world: &World) {
    let World { store, me, .. } = world;
    let other = world.another_service("other").await;
    let (good, bad, elsewhere) = (world.build().await, world.build().await, world.build_of(other.id).await);
    world.end(good.id, RunStatus::Succeeded, 5).await;
    world.end(bad.id, RunStatus::Failed, 5).await;
    let found = async |filter: BuildFilter| {
        let page = store.list_builds(me, &filter, &PageRequest::first(10)).await.unwrap();
        page.items.into_iter().map(|(_, build)| build.id).collect::<Vec<_>>()
    };
    let all = BuildFilter::default;
    assert_eq!(found(all()).await, [elsewhere.id, bad.id, good.id]);
    assert_eq!(found(BuildFilter { services: vec![other.id], ..all() }).await, [elsewhere.id]);
    assert_eq!(found(BuildFilter { statuses: vec![RunStatus::Failed], ..all() }).await, [bad.id]);
    assert_eq!(found(BuildFilter { reference: Some("nope".into()), ..all() }).await, []);
    assert_eq!(found(BuildFilter { actor_key: Some(me.key()), ..all() }).await.len(), 3);
    assert_eq!(found(BuildFilter { project: Some(world.project.id), ..all() }).await.len(), 3);
    let wild = BuildFilter { sha_prefix: Some("%".into()), ..all() };
    let refused = store.list_builds(me, &wild, &PageRequest::first(10)).await.unwrap_err();
    assert!(matches!(refused, StoreError::Invalid { field: "sha", .. }), "{refused:?}");
}

async fn services_of_a_provider_come_in_pages(world: &World) {
    let World { store, me, provider, service, .. } = world;
    let gone = world.another_service("gone").await;
    store.remove_service(me, gone.id, None).await.unwrap();
    let page = store.services_of_provider(me, provider.id, &PageRequest::first(10)).await.unwrap();
    assert_eq!(page.items.into_iter().map(|(_, s)| s.id).collect::<Vec<_>>(), [service.id]);
}

async fn the_first_pages_of_many_owners_are_those_of_each(world: &World) {
    let World { store, me, project, provider, service, .. } = world;
    let other = world.another_service("api").await;
    let empty = world.another_service("docs").await;
    for n in 0..5 {
        world.build().await;
        if n % 2 == 0 {
            world.build_of(other.id).await;
        }
    }
    let services = [service.id, other.id, empty.id];
    for backwards in [false, true] {
        for (limit, with_total) in [(1, true), (3, false), (3, true), (50, true)] {
            let request = PageRequest { limit, backwards, from: None, with_total };
            let filter = BuildFilter::default();
            let pages = store
                .list_builds_of_each(me, &BuildOwners::Services(services.to_vec()), &filter, &request)
                .await
                .unwrap();
            assert_eq!(pages.len(), 3);
            for id in services {
                let one = BuildFilter { services: vec![id], ..BuildFilter::default() };
                assert_eq!(pages[&id.as_uuid()], store.list_builds(me, &one, &request).await.unwrap(), "{request:?}");
            }
            let all = store
                .list_builds_of_each(me, &BuildOwners::Projects(vec![project.id]), &filter, &request)
                .await
                .unwrap();
            let one = BuildFilter { project: Some(project.id), ..BuildFilter::default() };
            assert_eq!(all[&project.id.as_uuid()], store.list_builds(me, &one, &request).await.unwrap());
            let on = store.services_of_each_provider(me, &[provider.id], &request).await.unwrap();
            assert_eq!(
                on[&provider.id.as_uuid()],
                store.services_of_provider(me, provider.id, &request).await.unwrap()
            );
        }
    }
}

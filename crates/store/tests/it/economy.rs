//! How many statements it takes.

use alm_domain::{BuildId, RunStatus};
use alm_store::{BuildFilter, PageRequest};

use crate::support::{World, line};

stories! { a_batch_is_one_statement_however_large, appending_takes_no_more_statements_as_the_log_grows }

async fn a_batch_is_one_statement_however_large(world: &World) {
    let World { store, me, service, project, provider, .. } = world;
    let mut builds: Vec<BuildId> = Vec::new();
    for _ in 0..50 {
        builds.push(world.build().await.id);
    }
    world.append(builds[0], vec![line("x", Some("a"))]).await;
    world.end(builds[0], RunStatus::Succeeded, 5).await;
    let services = [service.id, world.another_service("other").await.id];
    for count in [1, 50] {
        let (builds, services) = (&builds[..count], &services[..count.min(2)]);
        macro_rules! one_statement {
            ($($call:expr),* $(,)?) => {$(
                let before = store.statements();
                $call.await.unwrap();
                assert_eq!(store.statements() - before, 1, "{} for {count}", stringify!($call));
            )*};
        }
        one_statement!(
            store.builds(me, builds),
            store.stages_of_builds(me, builds),
            store.approvals_of_builds(me, builds),
            store.log_info(me, builds),
            store.log_ranges(me, builds),
            store.services(me, services),
            store.latest_builds(me, services),
            store.recent_finished(me, services, 20, None),
            store.expected_durations(me, services),
            store.services_of_projects(me, &[project.id]),
            store.providers(me, &[provider.id]),
            store.projects(me, &[project.id]),
            store.build_by_address(me, "shop", "web", 1),
            store.heads(me, builds[0]),
            store.list_builds(me, &BuildFilter::default(), &PageRequest::first(20)),
        );
    }
}

async fn appending_takes_no_more_statements_as_the_log_grows(world: &World) {
    let build = world.build().await.id;
    let cost = async || {
        let before = world.store.statements();
        world.append(build, vec![line("x", None)]).await;
        world.store.statements() - before
    };
    let first = cost().await;
    for _ in 0..20 {
        world.append(build, (0..700).map(|n| line(format!("{n:0100}"), None)).collect()).await;
    }
    assert_eq!(cost().await, first);
}

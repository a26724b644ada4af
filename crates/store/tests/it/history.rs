//! What was built lately.

use alm_domain::{Observation, RunObservation, RunStatus};
use alm_store::ProviderLoad;

use crate::support::World;

stories! { the_latest_build_of_each_service_is_found, history_is_newest_first_and_bounded, an_expectation_is_the_median_of_what_succeeded, the_load_of_a_provider_is_counted }

async fn the_latest_build_of_each_service_is_found(world: &World) {
    let World { store, me, service, .. } = world;
    let (other, empty) = (world.another_service("other").await, world.another_service("empty").await);
    world.build().await;
    let newest = [world.build().await, world.build_of(other.id).await];
    let mut found = store.latest_builds(me, &[service.id, other.id, empty.id]).await.unwrap();
    found.sort_by_key(|build| build.id);
    assert_eq!(found, newest);
}

async fn history_is_newest_first_and_bounded(world: &World) {
    let World { store, me, service, .. } = world;
    for n in 0..5 {
        let build = world.build().await;
        world.end(build.id, if n % 2 == 0 { RunStatus::Succeeded } else { RunStatus::Failed }, 10 * n).await;
    }
    world.build().await;
    let recent = store.recent_finished(me, &[service.id], 3, Some("main")).await.unwrap();
    assert_eq!(recent.iter().map(|build| build.number).collect::<Vec<_>>(), [5, 4, 3]);
    assert_eq!(recent[1].status, RunStatus::Failed);
    assert_eq!(store.recent_finished(me, &[service.id], 3, Some("other")).await.unwrap(), []);
    assert_eq!(store.recent_finished(me, &[service.id], u32::MAX, None).await.unwrap().len(), 5);
}

async fn an_expectation_is_the_median_of_what_succeeded(world: &World) {
    let World { store, me, service, .. } = world;
    assert_eq!(store.expected_durations(me, &[service.id]).await.unwrap(), []);
    for (millis, status) in [
        (1000, RunStatus::Succeeded),
        (9_999_999, RunStatus::Failed),
        (3000, RunStatus::Succeeded),
        (50_000, RunStatus::Succeeded),
        (2000, RunStatus::Succeeded),
    ] {
        let build = world.build().await;
        world.end(build.id, status, millis).await;
    }
    assert_eq!(store.expected_durations(me, &[service.id]).await.unwrap(), [(service.id, 2500)]);
}

async fn the_load_of_a_provider_is_counted(world: &World) {
    let World { store, me, provider, .. } = world;
    let (running, _queued, over) = (world.build().await, world.build().await, world.build().await);
    world.observe(running.id, &[Observation::Run(RunObservation::status(RunStatus::Running))]).await;
    world.end(over.id, RunStatus::Succeeded, 1).await;
    assert_eq!(
        store.provider_loads(me, &[provider.id]).await.unwrap()[&provider.id],
        ProviderLoad { running: 1, queued: 1 }
    );
}

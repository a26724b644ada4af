//! Stories of somebody who begins: nothing is there, a build takes parameters, a provider joins.

use super::{pages_and_browser, service, tell, tell_as};
use crate::{recovery::support::World, sign_in::Stage};

const PARAMETERS: &str = "parameters:
  GREETING: { label: Greeting, description: What is said first., default: hello }
  TARGET: { label: Target, type: choice, choices: [staging, production], required: true }
  VERBOSE: { label: Verbose, type: boolean, default: true }
  TIMES: { label: Times, type: integer, default: 2 }
stages:
  - name: say
    run: echo \"$GREETING, $TARGET, $VERBOSE, $TIMES\"
";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_newcomer_comes_from_nothing_to_a_running_build() {
    if !pages_and_browser() {
        return;
    }
    // Nobody may send anything here but the documents of the pages: they need no others.
    let mut world = World::new().with("ALM_DOCUMENTS_ONLY_FOR", "admin");
    world.start().await;
    tell("first-run", &world, &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_build_is_started_with_the_parameters_of_its_pipeline() {
    if !pages_and_browser() {
        return;
    }
    let world = World::serving().await;
    for (slug, pipeline) in [("shop", PARAMETERS), ("plain", "run: echo plain\n")] {
        service(&world, slug, pipeline).await;
    }
    tell("start-with-parameters", &world, &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_administrator_registers_a_provider() {
    if !pages_and_browser() {
        return;
    }
    tell("provider", &World::serving().await, &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_owner_changes_a_project_and_makes_a_token() {
    if !pages_and_browser() {
        return;
    }
    let world = World::serving().await;
    service(&world, "shop", PARAMETERS).await;
    tell("settings", &world, &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_owner_lets_people_in_and_each_sees_what_the_role_allows() {
    if !pages_and_browser() {
        return;
    }
    let Some(stage) = Stage::set().await else { return };
    let (mia, ada) = (stage.token("mia", 3600).await, stage.token("ada", 3600).await);
    tell_as("members", &stage.world, &mia, &[&ada]).await;
}

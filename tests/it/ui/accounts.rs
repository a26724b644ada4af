//! A person's accounts at other servers, on the pages: connected at a real issuer, ended, connected again; and the starts that
//! wait for them.

use super::{pages_and_browser, tell};
use crate::{credentials::accounts::Stage, recovery::support::repository};

const PIPELINE: &str = "stages:
  - name: build
    run: echo built
  - name: ship
    environment: staging
    run: echo shipped
";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_account_is_connected_in_place_and_what_waited_for_it_goes_on() {
    if !pages_and_browser() {
        return;
    }
    // Tokens that live for 30 seconds, and no refresh tokens: they end while the story is told.
    let Some(stage) = Stage::set(&[]).await else { return };
    let alice = stage.person("alice").await;
    stage.environment("staging", "TARGET", &stage.fleeting).await;
    let folder = stage.world.folder().join("web");
    repository(&folder, PIPELINE);
    let service = stage.service("web", folder.to_str().unwrap()).await;
    tell("accounts", &stage.world, &[&alice.token, &service]).await;
}

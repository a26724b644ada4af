//! The pages, in a real browser against the real server and builds on this machine.

mod accounts;
mod builds;
mod environments;
mod starting;

use std::path::Path;

use crate::{
    node::{is_missing, node},
    recovery::support::{World, repository},
};

const PIPELINE: &str = "stages:
  - name: build
    run: |
      for n in $(seq 300); do echo \"line $n\"; done
      printf '\\033[31mred\\033[0m <script>document.title = \"taken over\"</script>\\n'
  - name: ship
    needs: build
    input: { message: Ship it? }
    run: echo shipped
";
const FAILING: &str = "stages:
  - name: test
    run: |
      echo adding
      echo 'divided by zero' >&2
      exit 3
";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_starts_watches_approves_and_finds_a_failure() {
    if !pages_and_browser() {
        return;
    }
    let world = World::serving().await;
    for (slug, pipeline) in [("shop", PIPELINE), ("broken", FAILING)] {
        service(&world, slug, pipeline).await;
    }
    tell("first", &world, &[]).await;
}

/// A project of this name with a build service that builds a repository with this pipeline.
async fn service(world: &World, slug: &str, pipeline: &str) {
    let folder = world.folder().join(slug);
    repository(&folder, pipeline);
    world.api().service(slug, folder.to_str().unwrap()).await;
}

/// Has `tests/node/ui/NAME.mjs` tell its story to this server.
async fn tell(name: &str, world: &World, more: &[&str]) {
    tell_as(name, world, &world.token(), more).await;
}

/// The same, as whoever has this token.
pub(crate) async fn tell_as(name: &str, world: &World, token: &str, more: &[&str]) {
    tell_at(name, &world.api().address, token, more).await;
}

/// The same, to the server at this address, whatever becomes of it meanwhile.
async fn tell_at(name: &str, address: &str, token: &str, more: &[&str]) {
    let screenshots = std::env::var("ALM_SCREENSHOTS").unwrap_or_default();
    let arguments = [&[address, token, &screenshots], more].concat();
    let Some(said) = node(&format!("ui/{name}.mjs"), &arguments).await else { return };
    assert!(said.contains("content"), "{said}");
}

/// Whether there is what the stories of the pages need; says what is missing, and fails where it must not be.
pub(crate) fn pages_and_browser() -> bool {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let chromium = std::env::var("CHROMIUM").unwrap_or_else(|_| "/usr/bin/chromium".to_owned());
    let there = root.join("ui/dist/index.html").is_file() && Path::new(&chromium).is_file();
    if !there {
        is_missing(&format!("needs `make ui`, and Chromium at {chromium} (or at the path in CHROMIUM)"));
    }
    there
}

//! The pages, in a real browser against the real server and builds on this machine.

use std::path::Path;

use crate::{
    node::node,
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
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let chromium = std::env::var("CHROMIUM").unwrap_or_else(|_| "/usr/bin/chromium".to_owned());
    if !root.join("ui/dist/index.html").is_file() || !Path::new(&chromium).is_file() {
        println!("SKIPPED: needs `make ui`, and Chromium at {chromium} (or at the path in CHROMIUM)");
        return;
    }
    let world = World::serving().await;
    for (slug, pipeline) in [("shop", PIPELINE), ("broken", FAILING)] {
        let folder = world.folder().join(slug);
        repository(&folder, pipeline);
        world.api().service(slug, folder.to_str().unwrap()).await;
    }
    let (api, token) = (world.api(), world.token());
    let screenshots = std::env::var("ALM_SCREENSHOTS").unwrap_or_default();
    let Some(said) = node("ui.mjs", &[&api.address, &token, &screenshots]).await else { return };
    assert!(said.contains("content"), "{said}");
}

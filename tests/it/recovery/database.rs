//! The database is away while a build runs.

use std::{fs, io::Write, path::Path, process::Command, time::Instant};

use alm_testkit::Database;

use super::support::{Proxy, World, eventually};

const LINES: usize = 4_000;

/// Says some lines, then, once a file is there, the rest, and tells when it has.
fn in_two_parts(world: &World) -> String {
    format!(
        "run: |\n  seq -f 'line %.0f' 1 10\n  until [ -e '{}' ]; do sleep 0.02; done\n  seq -f 'line %.0f' 11 {LINES}\n  echo said > '{}'\n",
        world.outside("go").display(),
        world.outside("said").display()
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_that_is_stopped_costs_nothing_that_was_acknowledged() {
    let Some(database) = Database::postgres() else { return };
    let mut proxy = Proxy::before(database.url()).await;
    let mut world = World::new().with("DATABASE_URL", proxy.url());
    world.start().await;
    let build = world.build(&in_two_parts(&world)).await;
    let watcher = world.follow(&build);
    let api = world.api();
    eventually("the first lines", async || {
        (api.build(&build).await.unwrap()["log"]["lineCount"].as_u64() >= Some(10)).then_some(())
    })
    .await;

    proxy.stop().await;
    fs::write(world.outside("go"), "").unwrap();
    world.hears("said", "said").await;
    assert!(api.build(&build).await.is_err(), "without a database there is no answer");
    assert!(api.try_start("svc_00000000000070008000000000000001", "x").await.is_err(), "and nothing is acknowledged");
    assert!(!is_ready(&api.address).await, "nor is the server ready");

    proxy.start().await;
    let healed = Instant::now();
    let watched = watcher.complete().await;
    assert!(healed.elapsed().as_secs() < 30, "recovered after {:?}", healed.elapsed());
    println!("recovered after {:?}", healed.elapsed());
    watched.log.assert_numbered(LINES);
    assert_eq!(watched.state.newest(), "SUCCEEDED");
    assert!(is_ready(&api.address).await);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_database_on_a_full_disk_costs_nothing_that_was_acknowledged() {
    let Some(disk) = SmallDisk::mount() else {
        println!("SKIPPED: a small file system can only be mounted by root");
        return;
    };
    let database = format!("sqlite://{}/db", disk.0.path().display());
    let mut world = World::new().with("DATABASE_URL", &database);
    world.start().await;
    let build = world.build(&in_two_parts(&world)).await;
    let watcher = world.follow(&build);
    let api = world.api();
    eventually("the first lines", async || {
        (api.build(&build).await.unwrap()["log"]["lineCount"].as_u64() >= Some(10)).then_some(())
    })
    .await;

    disk.fill();
    fs::write(world.outside("go"), "").unwrap();
    world.hears("said", "said").await;
    let refused = eventually("writing fails", async || {
        let name = format!("p{}", std::process::id());
        let asked = api
            .try_ask(
                "mutation($input: CreateProjectInput!) { createProject(input: $input) { project { id } userErrors { message } } }",
                serde_json::json!({ "input": { "slug": name, "displayName": "x".repeat(20) } }),
            )
            .await;
        asked.err()
    })
    .await;
    assert!(refused.contains("UNAVAILABLE"), "{refused}");
    let before = api.build(&build).await.unwrap();
    assert_eq!(before["status"], "RUNNING", "what is there can still be read");

    disk.make_room();
    let healed = Instant::now();
    let watched = watcher.complete().await;
    assert!(healed.elapsed().as_secs() < 30, "recovered after {:?}", healed.elapsed());
    println!("recovered after {:?}", healed.elapsed());
    watched.log.assert_numbered(LINES);
    assert_eq!(watched.state.newest(), "SUCCEEDED");
    drop(world);
}

async fn is_ready(address: &str) -> bool {
    let request = format!("{address}/readyz");
    reqwest::get(request).await.is_ok_and(|answer| answer.status().is_success())
}

/// A file system of 8 MiB, unmounted when it is dropped.
struct SmallDisk(tempfile::TempDir);

impl SmallDisk {
    fn mount() -> Option<Self> {
        let folder = tempfile::TempDir::with_prefix("alm-small-disk-").unwrap();
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=8m", "tmpfs"]).arg(folder.path()).status();
        mounted.is_ok_and(|status| status.success()).then_some(Self(folder))
    }

    fn filler(&self) -> std::path::PathBuf {
        Path::new(self.0.path()).join("filler")
    }

    fn fill(&self) {
        let mut file = fs::File::create(self.filler()).unwrap();
        for size in [1 << 16, 1 << 12, 1] {
            while file.write_all(&vec![0; size]).is_ok() {}
        }
    }

    fn make_room(&self) {
        fs::remove_file(self.filler()).unwrap();
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily, should a process still have a file open.
        let _ = Command::new("umount").arg("--lazy").arg(self.0.path()).status();
    }
}

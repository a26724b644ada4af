//! The server dies again and again in the middle of a build.

use std::{env, fs, time::Duration};

use alm_testkit::Database;

use super::support::{Seed, World};

/// Says `line 1` to `line N` in chunks; each `chunks` of them wait until the file `gate` allows them, so that the build lives as
/// long as the test wants, and writes as fast as it can in between.
fn gated(lines: u32, kills: u32, gate: &str) -> String {
    let chunk = lines / (2 * kills);
    assert_eq!(chunk * 2 * kills, lines, "so many lines cannot be cut into equal chunks");
    format!(
        "run: |\n  i=0\n  while [ $i -lt {} ]; do\n    until [ \"$(cat '{gate}')\" -ge $((i / 2)) ]; do sleep 0.02; done\n    seq -f 'line \
         %.0f' $((i * {chunk} + 1)) $(((i + 1) * {chunk}))\n    i=$((i + 1))\n    sleep 0.02\n  done\n",
        2 * kills
    )
}

/// Kills the server `kills` times while one build says `lines` lines, and judges what a client was told that resumed by cursor.
async fn killed(name: &str, mut world: World, lines: u32, kills: u32) {
    let mut seed = Seed::of_this_test(name);
    let gate = world.outside("gate");
    let allow = |rounds: u32| {
        let draft = gate.with_extension("new");
        fs::write(&draft, rounds.to_string()).unwrap();
        fs::rename(draft, &gate).unwrap();
    };
    allow(0);
    world.start().await;
    let build = world.build(&gated(lines, kills, gate.to_str().unwrap())).await;
    let watcher = world.follow(&build);
    for round in 1..=kills {
        // Some die before they have begun to serve, some at work, some idle.
        let longest = Duration::from_millis(if seed.below(4) == 0 { 300 } else { 1_000 });
        if seed.below(2) == 0 {
            world.serves_for(seed.moment(longest)).await;
        } else {
            tokio::time::sleep(seed.moment(longest)).await;
        }
        match seed.below(3) {
            // More to do while the server is there, at the moment of its death, and while nobody is there.
            0 => {
                allow(round);
                tokio::time::sleep(seed.moment(Duration::from_millis(200))).await;
                world.kill().await;
            }
            1 => {
                allow(round);
                world.kill().await;
            }
            _ => {
                world.kill().await;
                allow(round);
                tokio::time::sleep(seed.moment(Duration::from_millis(100))).await;
            }
        }
        world.spawn();
    }
    world.answers().await;
    let watched = watcher.complete().await;
    println!("{name}: {} connections, states {:?}", watched.connections, watched.state.states);
    watched.log.assert_numbered(lines as usize);
    assert_eq!(watched.state.newest(), "SUCCEEDED");
    assert!(watched.connections > 1, "the client was never cut off");
    // Whoever comes later reads the same.
    let later = world.follow(&build).complete().await;
    later.log.assert_numbered(lines as usize);
    assert_eq!(later.state.newest(), "SUCCEEDED");
}

/// The promise of the main job: fifty kills, a hundred thousand lines.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn fifty_kills_lose_and_repeat_nothing_of_100_000_lines() {
    let kills = env::var("ALM_TEST_KILLS").map_or(50, |text| text.parse().expect("ALM_TEST_KILLS is a whole number"));
    let lines = 100_000 / (2 * kills) * (2 * kills);
    killed("fifty_kills", World::new(), lines, kills).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_lose_and_repeat_nothing_on_postgresql() {
    let Some(database) = Database::postgres() else { return };
    let world = World::new().with("DATABASE_URL", database.url());
    killed("kills_on_postgresql", world, 10_000, 10).await;
}

//! What people do with builds: look for them, watch them, find failures, cancel, run again, approve by the keyboard, lose the
//! connection, and are told of an end while they look elsewhere.

use super::{pages_and_browser, service, tell, tell_at};
use crate::recovery::support::World;

const STREAM: &str = r#"stages:
  - name: write
    run: for n in $(seq 3000); do echo "line $n"; done
  - name: hold
    needs: write
    input: { message: Go on? }
    run: echo going on
  - name: more
    needs: hold
    run: for n in $(seq 500); do echo "more $n"; done
"#;
const HOSTILE: &str = r#"run: |
  printf '<script>document.title = "taken over"</script><img src=x onerror=alert(1)>\n'
  printf '\033]8;;javascript:alert(1)\007click here\033]8;;\007 after\n'
  printf '\033[2J\033[1;1Hcursor\033[10A\033[K moved\n'
  head -c 2000000 /dev/zero | tr '\0' x; echo
  echo the last line
"#;
const LINES_AND_FAIL: &str = "seq 40; echo no such case; exit 1";
const FAILING: &str = r#"stages:
  compile:
    run: for n in $(seq 200); do echo "compiled $n"; done
  left:
    needs: compile
    run: for n in $(seq 200); do echo "left $n"; sleep 0.005; done
  right:
    needs: compile
    run: for n in $(seq 200); do echo "right $n"; sleep 0.005; done
  test:
    needs: [left, right]
    retry: 1
    run: |
      echo adding
      echo 'divided by zero' >&2
      exit 3
  ship:
    needs: test
    run: echo shipped
"#;
const ENDLESS: &str = r#"stages:
  - name: wait
    run: echo waiting && sleep 600
"#;
const QUESTION: &str = r#"stages:
  - name: build
    run: echo built
  - name: ship
    needs: build
    input: { message: Ship it? }
    run: echo shipped
"#;
const INPUTS: &str = r#"stages:
  build:
    run: echo built
  ship:
    needs: build
    input:
      message: Ship it?
      proceed: Ship
      parameters:
        TARGET: { label: Where to, type: choice, choices: [staging, production], required: true }
        COPIES: { label: How many, type: integer, default: 2 }
        LOUD: { label: Tell everybody, type: boolean }
        NOTE: { label: Release note, type: text }
        TICKET: { default: "" }
    run: echo "shipped to $TARGET"
"#;
const LONG: &str = r#"stages:
  - name: count
    run: for n in $(seq 200); do seq -f 'count %g' $(( n * 500 - 499 )) $(( n * 500 )); sleep 0.2; done
"#;

const SLOW: &str = r#"stages:
  - name: count
    run: for n in $(seq 1200); do echo "count $n"; sleep 0.05; done
"#;

async fn told(name: &str, services: &[(&str, &str)]) {
    if !pages_and_browser() {
        return;
    }
    let world = World::serving().await;
    for (slug, pipeline) in services {
        service(&world, slug, pipeline).await;
    }
    tell(name, &world, &[]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_watches_a_log_searches_in_it_and_is_not_taken_over_by_it() {
    told("watch", &[("stream", STREAM), ("hostile", HOSTILE)]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_finds_a_failure_and_runs_again_from_there() {
    told("failure", &[("broken", FAILING)]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_is_led_to_failures_that_are_out_of_sight() {
    let stage = |name: String, run: &str| format!("      {name}:\n        run: {run}\n");
    let group = |name: &str, bad: usize| {
        let stages =
            (1..=11).map(|n| stage(format!("{name}-{n}"), if n == bad { LINES_AND_FAIL } else { "echo fine" }));
        format!("  {name}:\n    needs: prepare\n    parallel:\n{}", stages.collect::<String>())
    };
    let wide = format!("stages:\n  prepare:\n    run: echo prepared\n{}{}", group("first", 10), group("second", 9));
    told("failures", &[("wide", wide.as_str())]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_cancels_a_build_and_loses_the_sign_in_but_not_the_page() {
    told("cancel", &[("endless", ENDLESS)]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_starts_and_approves_with_the_keyboard_alone() {
    let parts = (1..=14).map(|n| format!("  part-{n}:\n    needs: first\n    run: echo part {n}\n"));
    let last = "  last:\n    needs: part-14\n    run: echo last\n";
    let broad = format!("stages:\n  first:\n    run: echo first\n{}{last}", parts.collect::<String>());
    told("keyboard", &[("shop", QUESTION), ("broad", broad.as_str())]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_reads_afterwards_who_decided_and_what_was_answered() {
    told("answers", &[("shop", INPUTS)]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_socket_that_is_killed_twenty_times_loses_and_repeats_no_line() {
    told("reconnect", &[("long", LONG)]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_is_told_by_the_browser_when_a_watched_build_has_ended() {
    told("notify", &[("shop", QUESTION)]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_opens_what_a_verdict_is_about_and_lists_projects_by_it() {
    told("verdict", &[("broken", FAILING), ("shop", QUESTION)]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_narrows_the_list_of_builds_and_is_told_of_those_that_fit() {
    told("filter", &[("shop", QUESTION), ("broken", FAILING)]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_reads_far_down_a_list_of_builds_and_finds_the_place_again() {
    told("many", &[("busy", "run: echo hello\n")]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_read_says_so_in_its_place_and_the_rest_is_there() {
    told("trouble", &[("shop", FAILING)]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_page_says_since_when_the_server_is_gone_and_catches_up_when_it_is_back() {
    if !pages_and_browser() {
        return;
    }
    // The same address after the server was started again.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut world = World::new().with("ALM_SERVER_BIND", &free.to_string());
    world.start().await;
    service(&world, "long", SLOW).await;
    let (address, token) = (world.api().address, world.token());
    let (wishes, server) = (world.outside("wishes"), &mut world);
    let more = [wishes.to_str().unwrap()];
    let story = tell_at("offline", &address, &token, &more);
    let fulfilled = async {
        server.hears("wishes", "gone").await;
        server.kill().await;
        server.hears("wishes", "back").await;
        server.start().await;
    };
    tokio::join!(story, fulfilled);
}

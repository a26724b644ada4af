//! How fast logs are written and read: `cargo run --release --example log_speed -p alm-store [URL]`.
//!
//! A million lines of 100 bytes, in appends of 64 KiB, one after another; then all of them are read, and a hundred at a
//! random position.
#![expect(clippy::print_stdout, clippy::unwrap_used, clippy::disallowed_methods, reason = "a program to be looked at")]

use std::{sync::Arc, time::Instant};

use alm_domain::{
    BuildId, LineNo, LogLine, LogStream, Principal, ProviderKind, RepositoryRef, ServiceId, Settings, StageKey,
    SystemClock, SystemIds, Trigger, TriggerKind,
};
use alm_store::{Append, Fence, NewBuild, NewProject, NewProvider, NewService, Store};

const LINES: u64 = 1_000_000;
const BATCH: u64 = 655;

#[tokio::main]
async fn main() {
    let folder = tempfile::tempdir().unwrap();
    let url = std::env::args().nth(1).unwrap_or_else(|| format!("sqlite://{}/db", folder.path().display()));
    let store = Store::connect(&url, Arc::new(SystemClock), Arc::new(SystemIds)).await.unwrap();
    store.migrate().await.unwrap();
    let me = Principal::single_user();
    let build = build(&store, &me).await;
    let epoch = store.claim(&me, build).await.unwrap();
    let stage = StageKey::from("compile");
    let now = chrono::Utc::now();
    let mut batches = Vec::new();
    let mut next = 0;
    while next < LINES {
        let count = BATCH.min(LINES - next);
        let line = |n: u64| LogLine {
            stage: Some(stage.clone()),
            attempt: 1,
            stream: LogStream::Stdout,
            at: Some(now),
            text: format!(
                "{n:>8} [info] compiling module {:016x} of the project with level {:>4} and flags -O2 -g -Wall ok",
                n.wrapping_mul(0x9e37_79b9_7f4a_7c15),
                n % 977
            ),
            continued: false,
        };
        batches.push((next..next + count).map(line).collect::<Vec<_>>());
        next += count;
    }
    let begin = Instant::now();
    for lines in batches {
        let append = Append { lines, ..Append::default() };
        store.append_lines(&me, build, Fence::Follower(epoch), append).await.unwrap();
    }
    let took = begin.elapsed();
    println!("written one after another: {LINES} lines in {took:?}: {:.0} lines/s", LINES as f64 / took.as_secs_f64());
    let begin = Instant::now();
    let mut at = LineNo::ZERO;
    while at.0 < LINES {
        at = store.read_log(&me, build, at, 10_000, None).await.unwrap().scanned_to;
    }
    println!("read: {LINES} lines in {:?}", begin.elapsed());
    let begin = Instant::now();
    for n in 0..200 {
        let page = store.read_log(&me, build, LineNo(n * 4_999), 100, None).await.unwrap();
        assert_eq!(page.lines.len(), 100);
    }
    println!("a hundred lines at a position: {:?}", begin.elapsed() / 200);
}

async fn build(store: &Store, me: &Principal) -> BuildId {
    let slug = "speed".parse().unwrap();
    let project = NewProject { slug, display_name: "Speed".into(), description: None };
    let project = store.create_project(me, project).await.unwrap().id;
    let provider = NewProvider {
        slug: "local".parse().unwrap(),
        display_name: "Local".into(),
        kind: ProviderKind::Local,
        endpoint: None,
        settings: Settings::new(),
    };
    let provider = store.register_provider(me, provider).await.unwrap().id;
    let service = NewService {
        id: ServiceId::generate(&SystemIds),
        project,
        provider,
        slug: "web".parse().unwrap(),
        display_name: "Web".into(),
        repository: RepositoryRef { url: "x".into(), reference: "main".into(), directory: None },
        settings: Settings::new(),
        config_ref: None,
    };
    let service = store.create_service(me, service).await.unwrap().id;
    let build = NewBuild {
        id: BuildId::generate(&SystemIds),
        service,
        reference: None,
        parameters: vec![],
        trigger: Trigger { kind: TriggerKind::Manual, actor: me.actor.clone() },
        rerun_of: None,
        commit: None,
        spec: serde_json::Value::Null,
        config_ref: "x".into(),
    };
    let id = build.id;
    store.start_build(me, build, None).await.unwrap();
    id
}

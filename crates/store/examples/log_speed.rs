//! How fast logs are written, read and searched: `cargo run --release --example log_speed -p alm-store [URL | postgres]`; with
//! `postgres`, on one that is started for it.
//!
//! A million lines of 107 bytes. Writing is measured against a plain file that is synchronized each 64 KiB, in turns of a
//! tenth of the lines, so that both meet the same disk and the same neighbours; every ratio is one of times in this run. The
//! time of the processor is that of this process, which for PostgreSQL is the client's alone.
#![expect(clippy::print_stdout, clippy::unwrap_used, clippy::disallowed_methods, reason = "a program to be looked at")]

use std::{
    fs::File,
    io::{BufRead, BufReader, Write},
    path::Path,
    sync::Arc,
    time::{Duration, Instant},
};

use alm_domain::{
    BuildId, LineNo, LogLine, LogStream, Principal, ProviderKind, RepositoryRef, ServiceId, Settings, StageKey,
    SystemClock, SystemIds, Timestamp, Trigger, TriggerKind,
};
use alm_store::{Append, Fence, LogPattern, LogSearch, NewBuild, NewProject, NewProvider, NewService, Store};
use alm_testkit::Database;
use rustix::time::{ClockId, clock_gettime};

const LINES: u64 = 1_000_000;
const TURNS: u64 = 10;
/// About 64 KiB of text.
const SMALL: u64 = 613;
/// What the monitor commits at once when it has fallen behind.
const LARGE: u64 = 16 * SMALL;

#[tokio::main]
async fn main() {
    let folder = tempfile::tempdir().unwrap();
    let given = std::env::args().nth(1);
    let postgres = match given.as_deref() {
        Some("postgres") => tokio::task::spawn_blocking(Database::postgres).await.unwrap(),
        _ => None,
    };
    let url = match &postgres {
        Some(database) => database.url().to_owned(),
        None => given.unwrap_or_else(|| format!("sqlite://{}/db", folder.path().display())),
    };
    let store = Store::connect(&url, Arc::new(SystemClock), Arc::new(SystemIds)).await.unwrap();
    store.migrate().await.unwrap();
    let me = Principal::single_user();
    let owner = Owner::create(&store, &me).await;
    let small = owner.build(&store, &me).await;
    let large = owner.build(&store, &me).await;
    let plain = write(&store, &me, folder.path(), small, large).await;
    read(&store, &me, &plain, large).await;
    search(&store, &me, large).await;
}

/// Time that passed, and that the processors spent.
#[derive(Default, Clone, Copy)]
struct Cost {
    wall: Duration,
    cpu: Duration,
}

impl Cost {
    async fn add<T>(&mut self, work: impl Future<Output = T>) -> T {
        let (begin, cpu) = (Instant::now(), processor());
        let result = work.await;
        self.wall += begin.elapsed();
        self.cpu += processor() - cpu;
        result
    }

    fn report(self, what: &str, lines: u64, base: Self) {
        let rate = lines as f64 / self.wall.as_secs_f64() / 1e3;
        let ratio = self.wall.as_secs_f64() / base.wall.as_secs_f64();
        let (wall, cpu) = (self.wall.as_secs_f64() * 1e3, self.cpu.as_secs_f64() * 1e3);
        println!("{what:<44} {wall:>8.1} ms {cpu:>8.1} ms CPU {rate:>8.0} k lines/s {ratio:>7.3} of the base");
    }
}

fn processor() -> Duration {
    clock_gettime(ClockId::ProcessCPUTime).try_into().unwrap()
}

fn line(n: u64, stage: &StageKey, now: Timestamp) -> LogLine {
    LogLine {
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
    }
}

async fn write(store: &Store, me: &Principal, folder: &Path, small: BuildId, large: BuildId) -> std::path::PathBuf {
    let stage = StageKey::from("compile");
    let now = chrono::Utc::now();
    let path = folder.join("plain");
    let mut file = File::create(&path).unwrap();
    let (mut plain, mut by_small, mut by_large) = (Cost::default(), Cost::default(), Cost::default());
    let epochs = (store.claim(me, small).await.unwrap(), store.claim(me, large).await.unwrap());
    for turn in 0..TURNS {
        let lines: Vec<_> = (turn * LINES / TURNS..(turn + 1) * LINES / TURNS).map(|n| line(n, &stage, now)).collect();
        plain
            .add(async {
                for part in lines.chunks(SMALL as usize) {
                    let text: Vec<u8> = part.iter().flat_map(|line| line.text.bytes().chain([b'\n'])).collect();
                    file.write_all(&text).unwrap();
                    file.sync_data().unwrap();
                }
            })
            .await;
        for (cost, build, epoch, size) in
            [(&mut by_small, small, epochs.0, SMALL), (&mut by_large, large, epochs.1, LARGE)]
        {
            let batches: Vec<Vec<LogLine>> = lines.chunks(size as usize).map(<[LogLine]>::to_vec).collect();
            cost.add(async {
                for lines in batches {
                    let append = Append { lines, ..Append::default() };
                    store.append_lines(me, build, Fence::Follower(epoch), append).await.unwrap();
                }
            })
            .await;
        }
    }
    plain.report("write: a plain file, a sync each 64 KiB", LINES, plain);
    by_small.report("write: the store, a commit each 64 KiB", LINES, plain);
    by_large.report("write: the store, a commit each MiB", LINES, plain);
    path
}

async fn read(store: &Store, me: &Principal, path: &Path, build: BuildId) {
    let (mut plain, mut all, mut few) = (Cost::default(), Cost::default(), Cost::default());
    for _ in 0..3 {
        let lines = plain.add(async { BufReader::new(File::open(path).unwrap()).lines().count() }).await;
        assert_eq!(lines as u64, LINES);
        all.add(async {
            let mut at = LineNo::ZERO;
            while at.0 < LINES {
                at = store.read_log(me, build, at, 10_000, None).await.unwrap().scanned_to;
            }
        })
        .await;
    }
    plain.report("read: all of the plain file, as lines", 3 * LINES, plain);
    all.report("read: all of the store", 3 * LINES, plain);
    few.add(async {
        for n in 0..200 {
            let page = store.read_log(me, build, LineNo(n * 4_999), 100, None).await.unwrap();
            assert_eq!(page.lines.len(), 100);
        }
    })
    .await;
    println!("read: a hundred lines at a position: {:?}, {:?} CPU", few.wall / 200, few.cpu / 200);
}

async fn search(store: &Store, me: &Principal, build: BuildId) {
    let mut all = Cost::default();
    all.add(async {
        let mut at = LineNo::ZERO;
        while at.0 < LINES {
            at = store.read_log(me, build, at, 10_000, None).await.unwrap().scanned_to;
        }
    })
    .await;
    for (pattern, is_expression, case_sensitive) in [
        ("not in there", false, true),
        ("NOT IN THERE", false, false),
        ("level  500", false, true),
        ("ok", false, false),
        (r"module [0-9a-f]*(dead|beef)[0-9a-f]* of .* 17 ", true, true),
        (r"\w+\s+\[warn(ing)?\]", true, false),
    ] {
        let compile = if is_expression { LogPattern::expression } else { LogPattern::text };
        let pattern_of = compile(pattern, case_sensitive).unwrap();
        let budget = Duration::from_secs(600);
        let search =
            LogSearch { pattern: pattern_of, stage: None, level: None, after: LineNo::ZERO, limit: 10_000, budget };
        let mut cost = Cost::default();
        let found = cost.add(store.search_log(me, build, &search)).await.unwrap().unwrap();
        assert!(found.searched_to == LineNo(LINES) || found.total > 10_000);
        cost.report(&format!("search: {pattern:?}: {} found", found.total), LINES, all);
    }
}

struct Owner(ServiceId);

impl Owner {
    async fn create(store: &Store, me: &Principal) -> Self {
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
            environments: None,
            config_ref: None,
        };
        Self(store.create_service(me, service).await.unwrap().id)
    }

    async fn build(&self, store: &Store, me: &Principal) -> BuildId {
        let build = NewBuild {
            id: BuildId::generate(&SystemIds),
            service: self.0,
            reference: None,
            parameters: vec![],
            trigger: Trigger { kind: TriggerKind::Manual, actor: me.actor.clone() },
            rerun_of: None,
            deploys: None,
            commit: None,
            spec: serde_json::Value::Null,
            config_ref: "x".into(),
            hold: None,
            warnings: vec![],
        };
        let id = build.id;
        store.start_build(me, build, None).await.unwrap();
        id
    }
}

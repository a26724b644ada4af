//! The conformance suite against the local provider, over real repositories and real processes.

use std::{
    fs,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use alm_build_spi::{
    Access, BuildConfigSpec, BuildProvider, RunRef,
    conformance::{self, Harness, Outcome, Power, Scenario},
};
use alm_domain::{BuildId, Clock, RunStatus, ServiceId, Settings, SystemClock, Timestamp, effective_configuration};
use alm_provider_local::{LocalProvider, descriptor};
use async_trait::async_trait;
use chrono::TimeDelta;
use futures::lock::Mutex;
use rustix::process::{Pid, Signal, kill_process};
use serde_json::json;

use crate::support::{PATIENCE, Rig, supervisor};

const SLOTS: usize = 4;

/// The system's clock, as wrong as it is set.
#[derive(Debug, Default)]
struct WrongClock(AtomicI64);

impl Clock for WrongClock {
    fn now(&self) -> Timestamp {
        SystemClock.now() + TimeDelta::milliseconds(self.0.load(Ordering::SeqCst))
    }
}

struct LocalHarness {
    rig: Rig,
    clock: Arc<WrongClock>,
    provider: Arc<LocalProvider>,
    /// Builds that take up every slot.
    blockers: Mutex<Vec<RunRef>>,
}

impl LocalHarness {
    fn new() -> Self {
        let mut rig = Rig::with(
            "run: until [ -e $TMPDIR/../../../free ]; do sleep 0.05; done\n",
            &[("concurrency", json!(SLOTS))],
        );
        rig.close();
        fs::create_dir_all(rig.path("gates/conformance")).unwrap();
        let clock = Arc::new(WrongClock::default());
        let provider = LocalProvider::open(rig.config(), &rig.settings, clock.clone()).unwrap();
        Self { rig, clock, provider, blockers: Mutex::default() }
    }

    /// Commits the pipeline of a scenario, once, and gives its path in the repository.
    fn commit(&self, scenario: Scenario) -> Option<String> {
        let pipeline = pipeline(scenario, &self.rig.path("gates"))?;
        let path = format!("{}.yaml", format!("{scenario:?}").replace(['(', ')'], "-"));
        if !self.rig.repository().join(&path).exists() {
            self.rig.commit(&[(&path, &pipeline)]);
        }
        Some(path)
    }

    /// Takes up every slot, so that the next build waits.
    async fn block(&self, blockers: &mut Vec<RunRef>) {
        // It is there once the slots were given back.
        let _ = fs::remove_file(self.rig.path("free"));
        for _ in blockers.len()..SLOTS {
            blockers.push(self.provider.start(&Access::default(), self.rig.request()).await.unwrap());
        }
        for run in blockers {
            self.until(run, |status| status == RunStatus::Running).await;
        }
    }

    /// Gives the slots back.
    async fn free(&self, blockers: &mut Vec<RunRef>) {
        fs::write(self.rig.path("free"), "").unwrap();
        for run in blockers.drain(..) {
            self.until(&run, RunStatus::is_terminal).await;
        }
    }

    async fn until(&self, run: &RunRef, is_so: impl Fn(RunStatus) -> bool) {
        let waiting = async {
            while !is_so(self.provider.get(&Access::default(), run).await.unwrap().run.status) {
                tokio::time::sleep(std::time::Duration::from_millis(20)).await;
            }
        };
        tokio::time::timeout(PATIENCE, waiting).await.unwrap();
    }
}

/// The scenario as a pipeline file; `None` for what this provider has no way to do.
fn pipeline(scenario: Scenario, gates: &Path) -> Option<String> {
    let plain = |script: &str| {
        let lines: String = script.lines().map(|line| format!("  {line}\n")).collect();
        format!("run: |\n{lines}")
    };
    Some(match scenario {
        Scenario::PlainSuccess | Scenario::InvalidConfig | Scenario::NeverBegins => {
            plain("echo one; echo two; echo three")
        }
        Scenario::PlainFailure => plain("echo before the fall\nexit 1"),
        Scenario::ManyLines(count) => plain(&format!("for n in $(seq {count}); do echo \"line $n\"; done")),
        Scenario::TwoStreams => plain("echo out\necho err >&2"),
        Scenario::Gated => {
            let gate = format!("{}/$ALM_SERVICE", gates.display());
            plain(&format!("echo before\nwhile ! [ -e \"{gate}\" ]; do sleep 0.05; done\necho after"))
        }
        Scenario::LongRunning => plain("echo started\nwhile :; do sleep 0.2; done"),
        Scenario::Pipeline => "
stages:
  first: { name: first, run: echo hello from first }
  left: { name: left, needs: first, run: echo hello from left }
  right: { name: right, needs: first, run: echo hello from right }
  last: { name: last, needs: [left, right], run: echo hello from last }
"
        .to_owned(),
        Scenario::Nested => "
stages:
  outer:
    name: outer
    parallel:
      inner-one: { name: inner-one, run: echo hello from inner-one }
      inner-two: { name: inner-two, run: echo hello from inner-two }
"
        .to_owned(),
        Scenario::Approval => "
stages:
  deploy: { name: deploy, input: { message: Deploy it? }, run: echo approved }
"
        .to_owned(),
        Scenario::ParameterEcho => {
            format!("parameters:\n  - {{ name: who, required: true }}\n{}", plain("printf 'who=%s\\n' \"$who\""))
        }
        Scenario::Artifact => {
            format!("artifacts: [out/]\n{}", plain("mkdir -p out\nprintf 'hello artifact' > out/hello.txt"))
        }
        Scenario::Deploys => "
stages:
  build:
    name: build
    run: |
      mkdir -p out
      printf 'version one' > out/version.txt
      echo hello from build
    artifacts: out/
  to-test: { name: to-test, needs: build, environment: test, run: 'cat out/version.txt; echo; echo hello from to-test' }
  to-prod: { name: to-prod, needs: to-test, environment: prod, run: 'cat out/version.txt; echo; echo hello from to-prod' }
"
        .to_owned(),
        Scenario::Secrets => {
            let show = "    run: |
      if [ -n \"$ALM_SECRET_CANARY_FILE\" ]; then echo \"$ALM_STAGE reads CANARY is $(cat $ALM_SECRET_CANARY_FILE)\"; fi
      if [ -n \"$ALM_TOKEN_CONFORMANCE_FILE\" ]; then echo \"$ALM_STAGE reads conformance is $(cat $ALM_TOKEN_CONFORMANCE_FILE)\"; fi
";
            format!("stages:\n  plain:\n{show}  ship:\n    needs: plain\n    environment: conformance\n{show}")
        }
        // Its graph is known before it runs, and its spool loses no lines.
        Scenario::LateStages | Scenario::LostLines => return None,
    })
}

#[async_trait]
impl Harness for LocalHarness {
    fn provider(&self) -> Arc<dyn BuildProvider> {
        Arc::clone(&self.provider) as Arc<dyn BuildProvider>
    }

    async fn another_instance(&self) -> Arc<dyn BuildProvider> {
        LocalProvider::open(self.rig.config(), &self.rig.settings, self.clock.clone()).unwrap()
    }

    fn access(&self) -> Access {
        Access::default()
    }

    fn settings(&self) -> Option<Settings> {
        Some(self.rig.settings.clone())
    }

    async fn config(&self, scenario: Scenario, service: ServiceId, name: &str) -> Option<BuildConfigSpec> {
        let mut blockers = self.blockers.lock().await;
        if !blockers.is_empty() {
            self.free(&mut blockers).await;
        }
        if scenario == Scenario::NeverBegins {
            self.block(&mut blockers).await;
        }
        let path = match scenario {
            Scenario::InvalidConfig => "../outside.yaml".to_owned(),
            _ => self.commit(scenario)?,
        };
        let own = Settings::from([("pipeline.path".to_owned(), json!(path))]);
        let settings = effective_configuration(&descriptor().settings, &self.rig.settings, Some(&own));
        Some(BuildConfigSpec { service, name: name.to_owned(), settings, ..self.rig.spec(&[]) })
    }

    async fn open_gate(&self, service: ServiceId) -> Power {
        fs::write(self.rig.path("gates/conformance").join(&service.to_string()[4..]), "").unwrap();
        Power::Done
    }

    async fn skew_clock(&self, by: TimeDelta) -> Power {
        self.clock.0.store(by.num_milliseconds(), Ordering::SeqCst);
        Power::Done
    }

    async fn lose_run(&self, build: BuildId) -> Power {
        let supervisor = supervisor(&self.rig, &build.to_string());
        kill_process(Pid::from_raw(supervisor).unwrap(), Signal::KILL).unwrap();
        Power::Done
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_local_provider_conforms() {
    let harness = LocalHarness::new();
    let report = conformance::run(&harness).await;
    harness.free(&mut *harness.blockers.lock().await).await;
    eprintln!("{report}");
    report.assert_passed();
    // A check that is left out without anybody saying so proves nothing.
    let skipped: Vec<_> =
        report.outcomes.iter().filter(|(_, o)| matches!(o, Outcome::Skipped(_))).map(|(c, _)| c.name()).collect();
    assert_eq!(skipped, SKIPPED, "{report}");
}

/// What cannot be shown of this provider: it declares everything, its plain builds are one command, it knows its graph before it runs, keeps every line, has no
/// engine that could be out of reach, and no token.
const SKIPPED: [&str; 7] = [
    "undeclared_capabilities_are_unsupported",
    "steps_are_parts_of_plain_builds",
    "late_stages_have_a_place",
    "lost_lines_are_a_gap",
    "outage_is_unavailable",
    "outage_loses_nothing",
    "withdrawn_tokens_are_unauthorized",
];

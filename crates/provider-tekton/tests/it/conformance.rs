//! The conformance suite against the Tekton provider, over a simulated cluster.

use std::{sync::Arc, time::Duration};

use alm_build_spi::{
    Access, BuildConfigSpec, BuildProvider, RunRef,
    conformance::{self, Check, Harness, Outcome, Power, Report, Scenario},
};
use alm_cluster_sim::Options;
use alm_domain::{BuildId, ServiceId, Settings};
use async_trait::async_trait;
use chrono::TimeDelta;
use serde_json::{Value, json};

use crate::support::{PATIENCE, PROJECT, Rig, question, task};

struct TektonHarness {
    rig: Rig,
    provider: Arc<dyn BuildProvider>,
}

/// A pipeline that does this; nothing for what this engine has no way to do.
fn definition(scenario: Scenario, gate: &str) -> Option<Value> {
    let plain = |script: &str| Some(json!({ "tasks": [task("only", script, &[])] }));
    match scenario {
        Scenario::PlainSuccess => plain("echo one\necho two\necho three"),
        Scenario::PlainFailure => plain("echo before the fall\nexit 1"),
        Scenario::ManyLines(count) => plain(&format!("flood {count}")),
        Scenario::Gated => plain(&format!("echo before\nawait {gate}\necho after")),
        Scenario::LongRunning => plain("echo started\nhang"),
        Scenario::Pipeline => Some(json!({ "tasks": [
            task("first", "echo hello from first", &[]),
            task("left", "echo hello from left", &["first"]),
            task("right", "echo hello from right", &["first"]),
            task("last", "echo hello from last", &["left", "right"]),
        ]})),
        Scenario::ParameterEcho => {
            let mut only = task("only", "echo who=$WHO", &[]);
            only["params"] = json!([{ "name": "who", "value": "$(params.who)" }]);
            only["taskSpec"]["params"] = json!([{ "name": "who" }]);
            only["taskSpec"]["steps"][0]["env"] = json!([{ "name": "WHO", "value": "$(params.who)" }]);
            Some(json!({ "params": [{ "name": "who", "default": "nobody" }], "tasks": [only] }))
        }
        Scenario::InvalidConfig => Some(json!({ "tasks": "none" })),
        Scenario::Approval => Some(json!({ "tasks": [
            question("ask", &["alice"], 1),
            task("work", "echo approved", &["ask"]),
        ]})),
        Scenario::Secrets => {
            let mut plain = task("plain", &reads("plain", "CANARY", "secrets/CANARY"), &[]);
            plain["workspaces"] = json!([{ "name": "secrets" }]);
            let both =
                [reads("ship", "CANARY", "secrets/CANARY"), reads("ship", "conformance", "token/token")].join("\n");
            let mut ship = task("ship", &both, &["plain"]);
            ship["workspaces"] = json!([{ "name": "secrets" }, { "name": "token", "workspace": "the-token" }]);
            Some(json!({ "workspaces": [{ "name": "secrets" }, { "name": "the-token" }], "tasks": [plain, ship] }))
        }
        Scenario::Deploys => {
            let commit = "7f2f46e1b97df36b2b82d1b1d87c81b8b3d21601";
            let mut build = task(
                "build",
                &format!("echo hello from build\nresult CHAINS-GIT_COMMIT {commit}\nresult version version one"),
                &[],
            );
            build["taskSpec"]["results"] = json!([{ "name": "CHAINS-GIT_COMMIT" }, { "name": "version" }]);
            let deploying = |name: &str, after: &str| {
                let mut task = task(name, &format!("echo hello from {name}\necho $(params.version)"), &[after]);
                task["params"] = json!([{ "name": "version", "value": "$(tasks.build.results.version)" }]);
                task["taskSpec"]["params"] = json!([{ "name": "version" }]);
                task
            };
            Some(json!({ "tasks": [build, deploying("to-test", "build"), deploying("to-prod", "to-test")] }))
        }
        // Tekton has no stages that come to be, no standard error apart, and no files that it keeps; what waits for its turn has a pod
        // that waits, which is the scheduler's.
        Scenario::NeverBegins
        | Scenario::LateStages
        | Scenario::Nested
        | Scenario::LostLines
        | Scenario::TwoStreams
        | Scenario::Artifact => None,
    }
}

/// Says what a secret is.
fn reads(task: &str, name: &str, path: &str) -> String {
    format!("show {task} reads {name} is | /workspace/{path}")
}

#[async_trait]
impl Harness for TektonHarness {
    fn provider(&self) -> Arc<dyn BuildProvider> {
        Arc::clone(&self.provider)
    }

    async fn another_instance(&self) -> Arc<dyn BuildProvider> {
        self.rig.provider()
    }

    fn access(&self) -> Access {
        self.rig.access()
    }

    fn settings(&self) -> Option<Settings> {
        Some(Settings::default())
    }

    fn patience(&self) -> Duration {
        PATIENCE
    }

    async fn config(&self, scenario: Scenario, service: ServiceId, name: &str) -> Option<BuildConfigSpec> {
        let definition = definition(scenario, &service.to_string())?;
        let mut own = vec![("pipeline.definition", json!(definition.to_string()))];
        match scenario {
            Scenario::Secrets => own.extend([
                ("secrets.workspace", json!("secrets")),
                ("tokens.workspaces", json!(["conformance=the-token"])),
                ("environments", json!(["ship=conformance"])),
            ]),
            Scenario::Deploys => own.push(("environments", json!(["to-test=test", "to-prod=prod"]))),
            _ => {}
        }
        Some(self.rig.spec(service, name, &own))
    }

    async fn open_gate(&self, service: ServiceId) -> Power {
        self.rig.cluster.open_gate(&service.to_string());
        Power::Done
    }

    async fn outage(&self, on: bool) -> Power {
        match (self.rig.front(), on) {
            (Some(front), true) => front.kill().await,
            (Some(front), false) => front.revive().await,
            (None, true) => self.rig.cluster.faults().refuse(),
            (None, false) => self.rig.cluster.faults().heal(),
        }
        Power::Done
    }

    async fn skew_clock(&self, by: TimeDelta) -> Power {
        self.rig.cluster.skew(by);
        Power::Done
    }

    async fn withdraw_token(&self, withdrawn: bool) -> Power {
        match withdrawn {
            true => self.rig.expire().await,
            false => self.rig.cluster.revive(&self.rig.token),
        }
        Power::Done
    }

    async fn lose_run(&self, build: BuildId) -> Power {
        let all = self.rig.cluster.objects("taskruns.tekton.dev", PROJECT);
        let is_it = |found: &&Value| found["metadata"]["labels"]["alm.build/id"] == build.to_string();
        let Some(pod) = all.iter().find(is_it).and_then(|found| found["status"]["podName"].as_str()) else {
            return Power::Missing;
        };
        self.rig.cluster.lose_pod(PROJECT, pod);
        Power::Done
    }

    fn unknown_run(&self) -> RunRef {
        RunRef(format!("{PROJECT}/nosuch-1@731bf407-3689-40e6-97f4-7726e44b775d"))
    }
}

fn skipped(report: &Report) -> Vec<&'static str> {
    let is_skipped = |(_, outcome): &&(Check, Outcome)| matches!(outcome, Outcome::Skipped(_));
    report.outcomes.iter().filter(is_skipped).map(|(check, _)| check.name()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_tekton_provider_conforms() {
    conforms(Rig::with(Options { approvals: true, ..Options::default() }).await).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_tekton_provider_conforms_before_a_real_api_server() {
    let Some(rig) = Rig::real(Options { approvals: true, ..Options::default() }).await else { return };
    conforms(rig).await;
}

async fn conforms(rig: Rig) {
    let harness = TektonHarness { provider: rig.provider(), rig };
    let report = conformance::run(&harness).await;
    println!("{report}");
    report.assert_passed();
    // A check that is left out without anybody saying so proves nothing.
    assert_eq!(skipped(&report), SKIPPED, "{report}");
}

/// What is not declared, and what the harness cannot make this engine do.
const SKIPPED: [&str; 9] = [
    "nested_stages_name_their_parent",
    "late_stages_have_a_place",
    "lost_lines_are_a_gap",
    "output_and_error_are_told_apart",
    "cancel_before_the_work_begins",
    "artifacts_read_as_written",
    "artifacts_read_from_an_offset",
    "artifacts_outlive_release",
    "purge_removes_artifacts",
];

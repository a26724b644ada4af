//! What `actions` allows succeeds, and what it blocks is refused: in random states, with random verbs.

use std::collections::BTreeSet;

use alm_build_spi::conformance::fake::{Script, StageSpec};
use alm_domain::Capability;
use rand::{Rng, SeedableRng, rngs::StdRng, seq::IndexedRandom};
use serde_json::{Value, json};

use crate::support::{Setup, TestApp, within};

const STEPS: usize = 160;
const CARRIED: &str = "deployment { carriedOutBy { id } }";
const ACTIONS: &str = "actions { action allowed reason reasonCode }";

/// Scripts that leave builds in every state that there is.
const SCRIPTS: [&str; 10] =
    ["queued", "running", "asking", "lingering", "good", "bad", "unstable", "sourceless", "deploying", "shipping"];

fn script(name: &str) -> Script {
    let script = Script::new().stage("a").line("one");
    match name {
        "queued" => Script::new().queued().stage("a"),
        "running" => script.wait(),
        "asking" => script.ask("go", "Go on?").stage("b").wait(),
        "lingering" => script.wait().lingers_when_cancelled(),
        "bad" => script.stage("b").fail("it broke"),
        "deploying" => deploying(script.close("a").succeed()),
        "shipping" => deploying(script.close("a")),
        "unstable" => script.end(alm_domain::RunStatus::Unstable, None),
        "sourceless" => Script::new().commit(None).stage("a").fail("no source"),
        _ => script.succeed(),
    }
}

/// A stage for each target of the world.
fn deploying(script: Script) -> Script {
    let script = script.open(StageSpec::new("to-test").environment("test")).close("to-test");
    script.open(StageSpec::new("to-prod").after(["to-test"]).environment("prod")).close("to-prod")
}

/// Something with buttons.
#[derive(Debug, Clone)]
struct Subject {
    kind: &'static str,
    id: String,
    actions: Vec<Value>,
}

struct World {
    app: TestApp,
    random: StdRng,
    projects: Vec<String>,
    services: Vec<String>,
    builds: Vec<String>,
    names: usize,
}

impl World {
    async fn new(seed: u64, lacking: &[Capability]) -> Self {
        let app = Setup::fake(script("good")).without(lacking.iter().copied()).start().await;
        for name in SCRIPTS {
            app.engine.script_named(name, script(name));
        }
        let random = StdRng::seed_from_u64(seed);
        let mut world = Self { app, random, projects: vec![], services: vec![], builds: vec![], names: 0 };
        for _ in 0..2 {
            world.add_project().await;
        }
        world
    }

    async fn add_project(&mut self) {
        self.names += 1;
        let project = self.app.project(&format!("project-{}", self.names)).await;
        self.projects.push(project.clone());
        for (name, rules) in [("test", json!({})), ("prod", json!({"inOrder": true, "requiredApprovals": 1}))] {
            let rules = if self.names.is_multiple_of(2) { json!({"inOrder": true}) } else { rules };
            let input = json!({
                "projectId": project, "displayName": name, "role": "TARGET", "protection": rules,
                "endpoint": {"url": format!("https://{name}.example.org"), "name": name},
            });
            self.app.mutate("addEnvironment", "environment { id }", input).await;
        }
        for name in SCRIPTS {
            let input = json!({
                "projectId": project, "providerId": self.app.provider, "slug": name, "displayName": name,
                "repository": {"url": "https://git.example.org/web.git", "ref": "main"},
                "configuration": [{"key": "script", "value": {"plain": name}}],
            });
            // Refused while the provider is off: then there is one fewer.
            let payload = self.app.mutate("createBuildService", "service { id }", input).await;
            self.services.extend(payload["service"]["id"].as_str().map(str::to_owned));
        }
    }

    /// Moves the world on by something that is not tried.
    async fn stir(&mut self) {
        match self.random.random_range(0..10) {
            0..5 => {
                let service = self.services.choose(&mut self.random).unwrap().clone();
                let payload = self.app.mutate("startBuild", "build { id }", json!({"serviceId": service})).await;
                if let Some(build) = payload["build"]["id"].as_str() {
                    within(self.app.engine.started(build.parse().unwrap())).await;
                    self.builds.push(build.to_owned());
                }
            }
            5 | 6 => {
                if let Some(build) = self.builds.choose(&mut self.random) {
                    self.app.engine.release(build.parse().unwrap());
                }
            }
            7 => {
                let enabled = self.random.random_bool(0.7);
                let input = json!({"providerId": self.app.provider, "enabled": enabled});
                self.app.done("updateProvider", "provider { id }", input).await;
            }
            8 => {
                let archived = self.random.random_bool(0.3);
                let project = self.projects.choose(&mut self.random).unwrap();
                let input = json!({"projectId": project, "archived": archived});
                self.app.done("updateProject", "project { id }", input).await;
            }
            _ => self.app.engine.outage(false),
        }
    }

    /// Waits until the service tells of every build what the engine knows of it, so that nothing moves by itself any more.
    async fn settle(&self) {
        let query = "query($ids: [ID!]!) { nodes(ids: $ids) { ... on Build { id status deployment { id } approvals { status } } } }";
        let known = |build: &Value| {
            let truth = self.app.engine.snapshot(build["id"].as_str().unwrap().parse().unwrap());
            // One that is held has no run that the engine could know.
            let Some(truth) = truth else {
                return build["status"] == "WAITING_FOR_APPROVAL" || build["status"] == "CANCELLED";
            };
            let asked: BTreeSet<_> =
                truth.approvals.iter().map(|approval| format!("{:?}", approval.status).to_uppercase()).collect();
            let told = build["approvals"].as_array().unwrap().iter();
            let told: BTreeSet<_> = told.map(|approval| approval["status"].as_str().unwrap().to_owned()).collect();
            build["status"] == truth.run.status.to_string() && (told == asked || build["deployment"].is_object())
        };
        for builds in self.builds.chunks(100) {
            within(async {
                loop {
                    let told = self.app.graphql(query, json!({ "ids": builds })).await;
                    if told["nodes"].as_array().unwrap().iter().all(known) {
                        break;
                    }
                }
            })
            .await;
        }
    }

    /// All that has buttons, as it stands.
    async fn subjects(&self) -> Vec<Subject> {
        let mut ids = self.projects.clone();
        ids.push(self.app.provider.clone());
        ids.extend(self.services.iter().rev().take(16).cloned());
        ids.extend(self.builds.iter().rev().take(24).cloned());
        let query = format!(
            "query($ids: [ID!]!) {{ nodes(ids: $ids) {{ __typename id 
                ... on Project {{ {ACTIONS} deployments(first: 12) {{ nodes {{ __typename id {ACTIONS} }} }}
                    board {{ rows {{ cells {{ environment {{ id }} candidate {{ id }}
                        promote {{ action allowed reason reasonCode }} }} }} }} }} ... on Provider {{ {ACTIONS} }} ... on BuildService {{ {ACTIONS} }}
                ... on Build {{ {ACTIONS}
                    stages {{ __typename id {ACTIONS} }} approvals {{ __typename id {ACTIONS} }} }}
            }} }}"
        );
        let nodes = self.app.graphql(&query, json!({ "ids": ids })).await;
        let mut subjects = Vec::new();
        for node in nodes["nodes"].as_array().unwrap() {
            for cell in
                node["board"]["rows"].as_array().into_iter().flatten().flat_map(|row| row["cells"].as_array().unwrap())
            {
                let Some(candidate) = cell["candidate"]["id"].as_str() else { continue };
                let id = format!("{candidate} {}", cell["environment"]["id"].as_str().unwrap());
                subjects.push(Subject { kind: "Cell", id, actions: vec![cell["promote"].clone()] });
            }
            let deployments = node["deployments"]["nodes"].as_array();
            let parts = ["stages", "approvals"].into_iter().filter_map(|list| node[list].as_array()).chain(deployments);
            let parts = parts.flatten();
            for entity in std::iter::once(node).chain(parts) {
                let kind = ["Project", "Provider", "BuildService", "Build", "Stage", "Approval", "Deployment"];
                let kind = kind.into_iter().find(|kind| entity["__typename"] == *kind).unwrap();
                let actions = entity["actions"].as_array().unwrap().clone();
                subjects.push(Subject { kind, id: entity["id"].as_str().unwrap().to_owned(), actions });
            }
        }
        subjects
    }

    /// The mutation behind a button; whether it succeeded.
    async fn press(&mut self, subject: &Subject, action: &str) -> Value {
        let id = &subject.id;
        let (mutation, selection, input) = match (subject.kind, action) {
            ("Project", "EDIT") => ("updateProject", "project { id }", json!({"projectId": id, "displayName": "Anew"})),
            ("Provider", "EDIT") => {
                ("updateProvider", "provider { id }", json!({"providerId": id, "displayName": "Anew"}))
            }
            ("Provider", "PROBE") => ("probeProvider", "provider { id }", json!({"providerId": id})),
            ("Provider", "REMOVE") => ("removeProvider", "removedProviderId", json!({"providerId": id})),
            ("BuildService", "EDIT") => {
                ("updateBuildService", "service { id }", json!({"serviceId": id, "displayName": "Anew"}))
            }
            ("BuildService", "REMOVE") => ("removeBuildService", "removedServiceId", json!({"serviceId": id})),
            ("BuildService", "START_BUILD") => ("startBuild", "build { id }", json!({"serviceId": id})),
            ("Build", "CANCEL_BUILD") => ("cancelBuild", "build { id }", json!({"buildId": id})),
            ("Build", "RERUN_BUILD") => {
                ("rerunBuild", "build { id }", json!({"buildId": id, "start": {"beginning": true}}))
            }
            ("Stage", "RERUN_FROM_STAGE") => {
                let query = "query($id: ID!) { node(id: $id) { ... on Stage { build { id } } } }";
                let build = self.app.graphql(query, json!({ "id": id })).await["node"]["build"]["id"].clone();
                ("rerunBuild", "build { id }", json!({"buildId": build, "start": {"stageId": id}}))
            }
            ("Approval", "DECIDE_APPROVAL") => {
                let verdict = if self.random.random_bool(0.5) { "APPROVE" } else { "REJECT" };
                ("decideApproval", "approval { id }", json!({"approvalId": id, "verdict": verdict}))
            }
            ("Deployment", "ROLL_BACK") => ("rollBackDeployment", CARRIED, json!({"deploymentId": id})),
            ("Deployment", "CANCEL_DEPLOYMENT") => {
                ("cancelDeployment", "deployment { id }", json!({"deploymentId": id}))
            }
            ("Cell", "PROMOTE") => {
                let (build, environment) = id.split_once(' ').unwrap();
                ("promoteBuild", CARRIED, json!({"buildId": build, "environmentId": environment}))
            }
            other => panic!("a verb that nobody tries: {other:?}"),
        };
        let payload = self.app.mutate(mutation, selection, input).await;
        if matches!(mutation, "startBuild" | "rerunBuild")
            && let Some(build) = payload["build"]["id"].as_str()
        {
            self.builds.push(build.to_owned());
        }
        if let Some(build) = payload["deployment"]["carriedOutBy"]["id"].as_str() {
            self.builds.push(build.to_owned());
        }
        payload["userErrors"].clone()
    }

    /// Presses a random button of a random subject, and holds what came of it against what the button said.
    async fn try_one(&mut self) -> Option<(String, bool)> {
        self.settle().await;
        let subjects = self.subjects().await;
        let mut kinds: Vec<_> = subjects.iter().map(|subject| subject.kind).collect();
        kinds.sort_unstable();
        kinds.dedup();
        let kind = *kinds.choose(&mut self.random).unwrap();
        let of_kind: Vec<_> = subjects.into_iter().filter(|subject| subject.kind == kind).collect();
        let subject = of_kind.choose(&mut self.random).unwrap().clone();
        let state = subject.actions.choose(&mut self.random).unwrap().clone();
        let action = state["action"].as_str().unwrap().to_owned();
        let allowed = state["allowed"].as_bool().unwrap();
        // The last provider stays.
        if (kind, action.as_str(), allowed) == ("Provider", "REMOVE", true) {
            return None;
        }
        let errors = self.press(&subject, &action).await;
        let succeeded = errors == json!([]);
        assert_eq!(succeeded, allowed, "{kind}.{action}: said {state}, but: {errors}");
        Some((format!("{kind}.{action}"), allowed))
    }
}

async fn hold(seed: u64, lacking: &[Capability]) -> BTreeSet<(String, bool)> {
    let mut world = World::new(seed, lacking).await;
    let mut tried = BTreeSet::new();
    for _ in 0..STEPS {
        world.stir().await;
        tried.extend(world.try_one().await);
    }
    tried
}

#[tokio::test]
async fn a_button_is_enabled_when_and_only_when_its_mutation_succeeds() {
    let tried = hold(7, &[]).await;
    for (verb, states) in [
        ("Build.CANCEL_BUILD", 2),
        ("Build.RERUN_BUILD", 1),
        ("Stage.RERUN_FROM_STAGE", 2),
        ("Approval.DECIDE_APPROVAL", 2),
        ("BuildService.START_BUILD", 2),
        ("Project.EDIT", 1),
        ("Provider.PROBE", 1),
        ("Cell.PROMOTE", 1),
        ("Deployment.CANCEL_DEPLOYMENT", 1),
        ("Deployment.ROLL_BACK", 1),
    ] {
        let seen = tried.iter().filter(|(name, _)| name == verb).count();
        assert!(seen >= states, "{verb} was tried in {seen} states only: {tried:?}");
    }
}

#[tokio::test]
async fn what_the_provider_cannot_do_is_blocked_and_refused() {
    let lacking = [Capability::Cancel, Capability::RerunFromStage, Capability::Approvals];
    let tried = hold(11, &lacking).await;
    for verb in ["Build.CANCEL_BUILD", "Stage.RERUN_FROM_STAGE"] {
        assert!(!tried.contains(&(verb.to_owned(), true)), "{tried:?}");
    }
    let tried = hold(12, &[Capability::Rerun, Capability::RerunFromStage, Capability::Describe]).await;
    assert!(!tried.contains(&("Build.RERUN_BUILD".to_owned(), true)), "{tried:?}");
}

//! Stories of builds that are repeated in part.

use alm_build_spi::{ProviderError, RerunBuild, StartBuild};
use alm_domain::{BuildId, Capability, Commit, ParameterValue, ReasonCode, RerunFrom, RunStatus, StageKey, StageKind};
use serde_json::{Value, json};

use crate::support::{Followed, PROJECT, Rig, Service, task};

pub(crate) const COMMIT: &str = "7f2f46e1b97df36b2b82d1b1d87c81b8b3d21601";
pub(crate) const RUNS: &str = "pipelineruns.tekton.dev";

/// A task with the workspace `source` and these parameters.
pub(crate) fn working(name: &str, script: &str, after: &[&str], params: &[(&str, &str)]) -> Value {
    let mut task = task(name, script, after);
    task["workspaces"] = json!([{ "name": "in", "workspace": "source" }]);
    task["params"] = params.iter().map(|(name, value)| json!({ "name": name, "value": value })).collect();
    task["taskSpec"]["params"] = params.iter().map(|(name, _)| json!({ "name": name })).collect();
    task
}

/// Fetches, builds what was fetched, tests what was built, and tells at the end; beside them something that `when` leaves out and a
/// matrix. Testing ends with the code that is given.
fn pipeline() -> Value {
    let fetch =
        format!("echo fetched\nwrite /workspace/in/app the source of $(params.rev)\nresult CHAINS-GIT_COMMIT {COMMIT}");
    let mut fetch = working("fetch", &fetch, &[], &[("rev", "$(params.rev)")]);
    fetch["taskSpec"]["results"] = json!([{ "name": "CHAINS-GIT_COMMIT" }]);
    let mut build =
        working("build", "echo built\nshow from | /workspace/in/app\nresult image r/app@sha256:1", &["fetch"], &[]);
    build["taskSpec"]["results"] = json!([{ "name": "image" }]);
    let image = "$(tasks.build.results.image)";
    let script = "echo testing $(params.image)\nshow on | /workspace/in/app\nexit $(params.code)";
    let test = working("test", script, &[], &[("image", image), ("code", "$(params.code)")]);
    let mut never = task("never", "echo never", &["fetch"]);
    never["when"] = json!([{ "input": "a", "operator": "in", "values": ["b"] }]);
    let mut many = task("many", "echo on $(params.os)", &["fetch"]);
    many["matrix"] = json!({ "params": [{ "name": "os", "value": ["linux", "mac"] }] });
    many["taskSpec"]["params"] = json!([{ "name": "os" }]);
    json!({
        "params": [{ "name": "code", "default": "0" }, { "name": "rev" }], "workspaces": [{ "name": "source" }],
        "tasks": [fetch, many, never, build, test, task("ship", "echo shipped", &["test"])],
        "finally": [working("tell", "echo told $(params.never)", &[], &[("never", "$(tasks.never.status)")])],
        "results": [{ "name": "image", "value": image }],
    })
}

pub(crate) fn settings() -> Vec<(&'static str, Value)> {
    vec![("workspaces", json!(["source=volume:1Gi"])), ("param.revision", json!("rev"))]
}

fn code(value: &str) -> Vec<ParameterValue> {
    vec![ParameterValue { name: "code".to_owned(), value: json!(value) }]
}

pub(crate) async fn run(rig: &Rig, service: &Service, parameters: Vec<ParameterValue>) -> Followed {
    let request = StartBuild { parameters, ..service.request() };
    let run = rig.provider().start(&rig.access(), request).await.unwrap();
    rig.told(&run).await
}

/// A request to repeat a build from there, at its commit.
pub(crate) fn again(rig: &Rig, service: &Service, told: &Followed, from: RerunFrom) -> RerunBuild {
    let run = rig.cluster.object(RUNS, PROJECT, &told.name);
    let build = run.and_then(|run| run["metadata"]["labels"]["alm.build/id"].as_str()?.parse::<BuildId>().ok());
    let start = service.request();
    RerunBuild {
        of: told.run.clone(),
        of_build: build.unwrap_or(start.build),
        start,
        commit: Some(Commit { sha: COMMIT.to_owned(), title: None, author: None }),
        from,
        stages: told.stages().into_iter().cloned().collect(),
        artifacts: Vec::new(),
    }
}

pub(crate) fn from(key: &str) -> RerunFrom {
    RerunFrom::Stage(key.into())
}

/// How a repetition went, which must not fail to start.
async fn repeated(rig: &Rig, request: RerunBuild) -> Followed {
    let run = rig.provider().rerun(&rig.access(), request).await.unwrap();
    rig.told(&run).await
}

fn states(told: &Followed) -> Vec<(&str, RunStatus, bool)> {
    let is_reused = |stage: &&alm_domain::StageObservation| {
        stage.reason.as_ref().is_some_and(|reason| reason.code == ReasonCode::Reused)
    };
    told.stages().iter().map(|stage| (stage.key.as_str(), stage.status, is_reused(stage))).collect()
}

#[tokio::test]
async fn what_failed_runs_again_with_what_the_others_told_and_left_in_their_volume() {
    let rig = Rig::new().await;
    let service = rig.service(&pipeline(), &settings()).await;
    let first = run(&rig, &service, code("1")).await;
    assert_eq!(first.status(), Some(RunStatus::Failed), "{first:?}");
    let mut request = again(&rig, &service, &first, RerunFrom::Failed);
    request.start.parameters = code("0");
    let build = request.of_build;
    let second = repeated(&rig, request.clone()).await;
    assert_eq!(second.status(), Some(RunStatus::Succeeded), "{second:?}");
    assert_eq!(second.texts(), ["testing r/app@sha256:1", "on the source of main", "shipped", "told None"]);
    use RunStatus::{Skipped, Succeeded};
    assert_eq!(
        states(&second),
        [
            ("fetch", Succeeded, true),
            ("many", Succeeded, true),
            ("many/0", Succeeded, true),
            ("many/1", Succeeded, true),
            ("never", Skipped, true),
            ("build", Succeeded, true),
            ("test", Succeeded, false),
            ("ship", Succeeded, false),
            ("tell", Succeeded, false),
        ]
    );
    let frame = second.stage("many").unwrap();
    assert_eq!(
        (frame.kind, second.stage("many/1").unwrap().parent.as_ref()),
        (StageKind::Matrix, Some(&"many".into()))
    );
    assert_eq!(second.stage("many/1").unwrap().name, "many mac");
    let reason = frame.reason.as_ref().unwrap();
    assert_eq!(reason.message, format!("the result of build {build} was reused"));
    assert_eq!(second.stage("test").unwrap().depends_on, [StageKey::from("build")]);
    assert_eq!(second.run_states().pop().unwrap().commit.as_ref().unwrap().sha, COMMIT);
    assert_eq!(
        rig.provider().rerun(&rig.access(), request).await.unwrap(),
        second.run,
        "once, however often it is asked for"
    );
    // A repetition is repeated as any other build, also from what it did not run itself.
    let third = repeated(&rig, again(&rig, &service, &second, from("build"))).await;
    assert_eq!(third.status(), Some(RunStatus::Succeeded), "{third:?}");
    assert!(!third.has_line("fetched") && third.has_line("from the source of main"), "{third:?}");
    assert!(third.has_line("testing r/app@sha256:1") && third.has_line("told None"), "{third:?}");
}

#[tokio::test]
async fn a_part_is_not_repeated_where_what_was_left_behind_is_not_there_any_more() {
    let rig = Rig::new().await;
    let service = rig.service(&pipeline(), &settings()).await;
    let first = run(&rig, &service, code("0")).await;
    let refused = async |request: RerunBuild| {
        let before = rig.cluster.objects(RUNS, PROJECT).len();
        let error = rig.provider().rerun(&rig.access(), request).await.unwrap_err();
        assert_eq!(rig.cluster.objects(RUNS, PROJECT).len(), before, "no run is left");
        match error {
            ProviderError::Unsupported { what: Capability::RerunFromStage, reason } => reason,
            ProviderError::Invalid(findings) => format!("{findings:?}"),
            error => panic!("{error:?}"),
        }
    };
    let second = repeated(&rig, again(&rig, &service, &first, from("test"))).await;
    let why = refused(again(&rig, &service, &first, from("test"))).await;
    assert!(why.contains(&format!("was used by the run {} since", second.name)) && why.contains("beginning"), "{why}");
    // What hands no files on can be repeated all the same, but for what comes last, which wants them here.
    let claims = rig.cluster.objects("persistentvolumeclaims", PROJECT);
    let name = claims[0]["metadata"]["name"].as_str().unwrap();
    rig.cluster.remove("persistentvolumeclaims", PROJECT, name);
    let why = refused(again(&rig, &service, &second, from("test"))).await;
    assert!(why.contains("left in the workspace source is gone"), "{why}");
    let why = refused(again(&rig, &service, &second, from("nowhere"))).await;
    assert!(why.contains("no stage \\\"nowhere\\\"; its stages: fetch"), "{why}");
    // All of it needs nothing of what was.
    let whole = repeated(&rig, again(&rig, &service, &second, from("fetch"))).await;
    assert!(whole.has_line("fetched") && whole.has_line(&format!("on the source of {COMMIT}")), "{whole:?}");
    let gone = again(&rig, &service, &second, from("test"));
    rig.cluster.remove(RUNS, PROJECT, &first.name);
    let why = refused(gone).await;
    assert!(why.contains("gone from the cluster"), "what it repeats has its results: {why}");
}

#[tokio::test]
async fn a_workspace_of_its_own_for_each_task_keeps_no_part_from_being_repeated() {
    let rig = Rig::new().await;
    let own = [("workspaces", json!(["source=emptyDir"])), ("param.revision", json!("rev"))];
    let service = rig.service(&pipeline(), &own).await;
    let first = run(&rig, &service, code("0")).await;
    let second = repeated(&rig, again(&rig, &service, &first, from("ship"))).await;
    assert_eq!((second.status(), second.texts()), (Some(RunStatus::Succeeded), vec!["shipped", "told None"]));
}

#[tokio::test]
async fn a_build_is_repeated_from_its_beginning_at_the_same_commit() {
    let rig = Rig::new().await;
    let service = rig.service(&pipeline(), &settings()).await;
    let first = run(&rig, &service, code("0")).await;
    assert!(first.has_line("on the source of main"));
    let second = repeated(&rig, again(&rig, &service, &first, RerunFrom::Beginning)).await;
    assert!(second.has_line(&format!("on the source of {COMMIT}")), "{second:?}");
}

#[tokio::test]
async fn a_pipeline_that_was_named_is_repeated_as_it_was_or_not_at_all() {
    let rig = Rig::new().await;
    let mut definition = pipeline();
    let mut beside = task("beside", "echo $(params.rev)", &[]);
    beside["params"] = json!([{ "name": "rev", "value": "$(params.rev)" }]);
    beside["taskSpec"]["params"] = json!([{ "name": "rev" }]);
    definition["tasks"].as_array_mut().unwrap().push(beside);
    rig.cluster.put("pipelines.tekton.dev", PROJECT, "ci", json!({ "spec": definition }));
    let service = rig.made(&[settings(), vec![("pipeline", json!("ci"))]].concat()).await.unwrap();
    let first = run(&rig, &service, code("0")).await;
    let refused = rig.provider().rerun(&rig.access(), again(&rig, &service, &first, from("beside"))).await.unwrap_err();
    let ProviderError::Unsupported { reason, .. } = &refused else { panic!("{refused:?}") };
    assert!(reason.contains("the task beside takes the reference main"), "{reason}");
    let mut changed = again(&rig, &service, &first, from("test"));
    changed.start.parameters = code("3");
    let ProviderError::Invalid(findings) = rig.provider().rerun(&rig.access(), changed).await.unwrap_err() else {
        panic!("not invalid")
    };
    assert_eq!(findings[0].path, ["parameters", "code"]);
    // Whatever the pipeline is by now.
    rig.cluster.remove("pipelines.tekton.dev", PROJECT, "ci");
    let mut same = again(&rig, &service, &first, from("test"));
    same.start.parameters = code("0");
    let second = repeated(&rig, same).await;
    assert_eq!(second.status(), Some(RunStatus::Succeeded), "{second:?}");
    assert!(second.has_line("testing r/app@sha256:1") && !second.has_line("built"), "{second:?}");
}

#[tokio::test]
async fn what_is_noted_on_a_run_leads_nowhere_else_and_not_round_in_a_circle() {
    let rig = Rig::new().await;
    let service = rig.service(&pipeline(), &settings()).await;
    let first = run(&rig, &service, code("0")).await;
    let second = repeated(&rig, again(&rig, &service, &first, from("test"))).await;
    let noted = rig.cluster.object(RUNS, PROJECT, &second.name).unwrap();
    let noted = noted["metadata"]["annotations"]["alm.build/run"].as_str().unwrap();
    let elsewhere = first.run.0.replace(PROJECT, "elsewhere");
    for other in [second.run.0.as_str(), elsewhere.as_str(), "rubbish"] {
        let mut note: Value = serde_json::from_str(noted).unwrap();
        note["repeats"]["of"] = json!(other);
        let patch = json!({ "metadata": { "annotations": { "alm.build/run": note.to_string() } } });
        rig.cluster.patch(RUNS, PROJECT, &second.name, &patch);
        let asked = rig.cluster.requests().len();
        let error =
            rig.provider().rerun(&rig.access(), again(&rig, &service, &second, from("test"))).await.unwrap_err();
        assert!(matches!(error, ProviderError::Conflict(_) | ProviderError::Unsupported { .. }), "{other}: {error:?}");
        let asked = rig.cluster.requests().split_off(asked);
        assert!(asked.iter().all(|seen| !seen.path.contains("elsewhere")), "{asked:?}");
    }
    assert_eq!(rig.cluster.objects(RUNS, PROJECT).len(), 2);
}

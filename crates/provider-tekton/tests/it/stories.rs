//! Stories of runs.

use alm_build_spi::{CancelReceipt, ConfigRef, Verb};
use alm_cluster_sim::{Options, Role};
use alm_domain::{BuildShape, Capability, ReasonCode, RunStatus, StageKind};
use serde_json::json;

use crate::support::{PATIENCE, PROJECT, Rig, access_of, task};

#[tokio::test]
async fn the_graph_is_told_with_skips_results_and_the_last_tasks() {
    let rig = Rig::new().await;
    let mut scan = task("scan", "echo scanning $(params.digest)", &[]);
    scan["params"] = json!([{"name": "digest", "value": "$(tasks.build.results.digest)"}]);
    scan["taskSpec"]["params"] = json!([{"name": "digest"}]);
    let mut ship = task("ship", "echo shipped", &["scan"]);
    ship["when"] = json!([{"input": "$(params.ship)", "operator": "in", "values": ["yes"]}]);
    let mut build = task("build", "echo built\nresult digest sha256:1", &[]);
    build["taskSpec"]["results"] = json!([{"name": "digest"}]);
    let definition = json!({"params": [{"name": "ship", "default": "no"}], "tasks": [build, scan, ship], "finally": [task("tell", "echo told", &[])]});
    let service = rig.service(&definition, &[]).await;
    let told = rig.run(&service).await;
    let run = *told.run_states().last().unwrap();
    assert_eq!((run.status, run.shape), (RunStatus::Succeeded, Some(BuildShape::Pipeline)));
    assert!(run.started_at.is_some() && run.finished_at.is_some());
    assert_eq!(told.stage("scan").unwrap().depends_on, ["build".into()]);
    let skipped = told.stage("ship").unwrap();
    assert_eq!(skipped.status, RunStatus::Skipped);
    let reason = skipped.reason.as_ref().unwrap();
    assert_eq!(
        (reason.code, reason.message.as_str()),
        (ReasonCode::ConditionNotMet, "When Expressions evaluated to false")
    );
    assert_eq!(
        (told.stage("tell").unwrap().kind, told.stage("tell").unwrap().status),
        (StageKind::Finally, RunStatus::Succeeded)
    );
    assert!(told.texts().contains(&"scanning sha256:1"), "{:?}", told.texts());
    let line = told.lines().into_iter().find(|line| line.text == "told").unwrap();
    assert_eq!((line.stage.clone(), line.attempt), (Some("tell".into()), 1));
}

#[tokio::test]
async fn a_task_that_is_tried_again_has_attempts_each_with_its_lines() {
    let rig = Rig::new().await;
    let mut flaky = task("flaky", "echo trying\nexit 3", &[]);
    flaky["retries"] = json!(2);
    let service = rig.service(&json!({"tasks": [flaky, task("after", "echo never", &["flaky"])]}), &[]).await;
    let told = rig.run(&service).await;
    let stage = told.stage("flaky").unwrap();
    let attempts: Vec<_> = stage.attempts.iter().map(|attempt| (attempt.number, attempt.status)).collect();
    assert_eq!(attempts, [(1, RunStatus::Failed), (2, RunStatus::Failed), (3, RunStatus::Failed)]);
    let tried: Vec<u32> =
        told.lines().into_iter().filter(|line| line.text == "trying").map(|line| line.attempt).collect();
    assert_eq!(tried, [1, 2, 3]);
    assert_eq!(told.stage("after").unwrap().status, RunStatus::Skipped);
    let reason = stage.reason.as_ref().unwrap();
    assert_eq!(reason.code, ReasonCode::CommandFailed);
    assert!(reason.message.contains("exited with code 3"), "{reason:?}");
    assert_eq!(told.status(), Some(RunStatus::Failed));
}

#[tokio::test]
async fn a_pipeline_of_one_task_says_that_it_was_left_out_or_tried_again() {
    let rig = Rig::new().await;
    let mut only = task("only", "echo never", &[]);
    only["when"] = json!([{"input": "no", "operator": "in", "values": ["yes"]}]);
    let told = rig.run(&rig.service(&json!({"tasks": [only]}), &[]).await).await;
    let left_out = told.stage("only").unwrap();
    assert_eq!(
        (left_out.status, left_out.reason.as_ref().unwrap().code),
        (RunStatus::Skipped, ReasonCode::ConditionNotMet)
    );
    let mut only = task("only", "echo trying\nexit 3", &[]);
    only["retries"] = json!(1);
    let told = rig.run(&rig.service(&json!({"tasks": [only]}), &[]).await).await;
    assert_eq!(told.stage("only").unwrap().attempts.len(), 2);
    assert!(told.stage("only").unwrap().reason.as_ref().unwrap().message.contains("exited with code 3"));
}

#[tokio::test]
async fn a_matrix_is_a_frame_around_its_variants() {
    let rig = Rig::new().await;
    let mut test = task("test", "echo on $(params.os)", &[]);
    test["matrix"] = json!({"params": [{"name": "os", "value": ["linux", "mac"]}]});
    test["taskSpec"]["params"] = json!([{"name": "os"}]);
    let service = rig.service(&json!({"tasks": [test]}), &[]).await;
    let told = rig.run(&service).await;
    assert_eq!(
        (told.stage("test").unwrap().kind, told.stage("test").unwrap().status),
        (StageKind::Matrix, RunStatus::Succeeded)
    );
    for (key, name, text) in [("test/0", "test linux", "on linux"), ("test/1", "test mac", "on mac")] {
        assert_eq!(told.stage(key).unwrap().name, name);
        assert_eq!(told.stage(key).unwrap().parent, Some("test".into()));
        let line = told.lines().into_iter().find(|line| line.text == text).unwrap();
        assert_eq!(line.stage, Some(key.into()));
    }
}

#[tokio::test]
async fn a_run_is_stopped_in_the_way_that_was_chosen() {
    for (mode, is_tidied) in [("Cancelled", false), ("CancelledRunFinally", true), ("StoppedRunFinally", true)] {
        let rig = Rig::new().await;
        let definition = json!({
            "tasks": [task("work", "echo working\nawait enough", &[]), task("more", "echo more", &["work"])],
            "finally": [task("tidy", "echo tidied", &[])],
        });
        let service = rig.service(&definition, &[("cancel.mode", json!(mode))]).await;
        let mut told = rig.start(&service).await;
        let (run, name) = (told.run.clone(), told.name.clone());
        let begun = |run: &serde_json::Value| run["status"]["steps"].is_array();
        rig.cluster.until("taskruns.tekton.dev", PROJECT, &format!("{name}-work"), PATIENCE, begun).await.unwrap();
        let provider = rig.provider();
        assert_eq!(provider.cancel(&rig.access(), &run).await.unwrap(), CancelReceipt::Accepted);
        let asked = rig.cluster.object("pipelineruns.tekton.dev", PROJECT, &name).unwrap();
        assert_eq!(asked["spec"]["status"], mode);
        rig.cluster.open_gate("enough");
        told.finish().await;
        assert_eq!(told.status(), Some(RunStatus::Cancelled), "{mode}");
        assert_eq!(told.texts().contains(&"tidied"), is_tidied, "{mode}: {:?}", told.texts());
        assert_eq!(told.stage("more").unwrap().status, RunStatus::Skipped, "{mode}");
        let wanted = if mode == "StoppedRunFinally" { RunStatus::Succeeded } else { RunStatus::Cancelled };
        assert_eq!(told.stage("work").unwrap().status, wanted, "{mode}");
        assert_eq!(provider.cancel(&rig.access(), &run).await.unwrap(), CancelReceipt::AlreadyFinished);
    }
}

#[tokio::test]
async fn a_pipeline_that_is_gone_is_an_error_of_the_definition() {
    let rig = Rig::new().await;
    let gone = rig.made(&[("pipeline", json!("nosuch"))]).await.unwrap_err();
    assert!(gone.to_string().contains("has no Pipeline nosuch"), "{gone}");
    let definition = json!({"metadata": {"generation": 1}, "spec": {"tasks": [task("only", "echo one", &[])]}});
    rig.cluster.put("pipelines.tekton.dev", PROJECT, "ci", definition);
    let service = rig.made(&[("pipeline", json!("ci"))]).await.unwrap();
    rig.cluster.remove("pipelines.tekton.dev", PROJECT, "ci");
    let told = rig.run(&service).await;
    let run = told.run_states().pop().unwrap().clone();
    assert_eq!(run.status, RunStatus::Errored);
    let reason = run.reason.unwrap();
    assert_eq!(reason.code, ReasonCode::DefinitionInvalid);
    assert!(reason.message.starts_with("CouldntGetPipeline: "), "{}", reason.message);
}

#[tokio::test]
async fn a_cluster_that_only_has_the_older_version_is_served_too() {
    let rig = Rig::with(Options { tekton_v1: false, ..Options::default() }).await;
    let own = [("service_account", json!("pipeline")), ("timeout", json!("10m"))];
    let service =
        rig.service(&json!({"tasks": [task("a", "echo one", &[]), task("b", "echo two", &["a"])]}), &own).await;
    let told = rig.run(&service).await;
    assert_eq!(told.status(), Some(RunStatus::Succeeded));
    assert_eq!(told.texts(), ["one", "two"]);
    let stored = rig.cluster.object("pipelineruns.tekton.dev", PROJECT, &told.name).unwrap();
    assert_eq!(stored["spec"]["taskRunTemplate"]["serviceAccountName"], "pipeline");
    assert_eq!(stored["spec"]["timeouts"]["pipeline"], "10m");
}

#[tokio::test]
async fn a_cluster_without_openshift_is_served_and_one_without_tekton_says_so() {
    let rig = Rig::with(Options { openshift: false, ..Options::default() }).await;
    assert_eq!(rig.provider().who_am_i(&rig.access()).await.unwrap().account, "alice");
    let service = rig.service(&json!({"tasks": [task("a", "echo one", &[])]}), &[]).await;
    assert_eq!(rig.run(&service).await.texts(), ["one"]);
    let rig = Rig::with(Options { tekton: false, ..Options::default() }).await;
    let own = [("pipeline.definition", json!(json!({"tasks": [task("a", "echo one", &[])]}).to_string()))];
    let alm_build_spi::ProviderError::Invalid(findings) = rig.made(&own).await.unwrap_err() else {
        panic!("not invalid")
    };
    assert_eq!(findings[0].path, ["endpoint"]);
    assert!(findings[0].message.contains("has no Tekton"), "{findings:?}");
}

#[tokio::test]
async fn what_an_account_may_not_do_is_known_before_it_is_tried() {
    let rig = Rig::new().await;
    let service = rig.service(&json!({"tasks": [task("a", "echo one", &[])]}), &[]).await;
    let configs = [service.config.clone(), ConfigRef("no such configuration".to_owned())];
    let vera = access_of(&rig.cluster.token("vera"));
    rig.cluster.grant("vera", PROJECT, Role::View);
    let provider = rig.provider();
    assert!(provider.denials(&rig.access(), &configs).await.unwrap().iter().all(Vec::is_empty));
    let denied = provider.denials(&vera, &configs).await.unwrap();
    let verbs: Vec<_> = denied[0].iter().map(|denial| denial.verb).collect();
    assert_eq!(verbs, [Verb::Start, Verb::Decide, Verb::Deploy, Verb::Edit]);
    assert!(denied[0][0].reason.contains("may not create pipelineruns in demo"), "{:?}", denied[0]);
    assert!(denied[1].is_empty());
    let error = provider.start(&vera, service.request()).await.unwrap_err();
    assert!(matches!(error, alm_build_spi::ProviderError::Forbidden(_)), "{error}");
}

#[tokio::test]
async fn who_may_not_keep_build_services_somewhere_is_told_at_the_namespace() {
    let rig = Rig::new().await;
    rig.cluster.deny("configmaps");
    let own = [("pipeline.definition", json!(json!({"tasks": [task("a", "echo one", &[])]}).to_string()))];
    let error = rig.made(&own).await.unwrap_err();
    let alm_build_spi::ProviderError::Invalid(findings) = &error else { panic!("{error}") };
    assert_eq!(findings[0].path, ["settings", "namespace"]);
    assert!(findings[0].message.contains("may not create configmaps in demo"), "{findings:?}");
}

#[tokio::test]
async fn what_tekton_does_not_admit_is_told_at_the_setting() {
    let rig = Rig::new().await;
    let own = [("pipeline.definition", json!(json!({"tasks": [task("a", "echo", &["nosuch"])]}).to_string()))];
    let alm_build_spi::ProviderError::Invalid(findings) = rig.made(&own).await.unwrap_err() else {
        panic!("not invalid")
    };
    assert_eq!(findings[0].path, ["settings", "pipeline.definition"]);
    assert!(findings[0].message.contains("nosuch wasn't present in Pipeline"), "{findings:?}");
}

#[tokio::test]
async fn no_trouble_of_the_cluster_fails_a_build_or_loses_a_line() {
    let rig = Rig::new().await;
    let definition =
        json!({"tasks": [task("a", "flood 50\nawait one\nflood 50", &[]), task("b", "await two\necho end", &["a"])]});
    let service = rig.service(&definition, &[]).await;
    let mut told = rig.start(&service).await;
    let name = told.name.clone();
    tokio::join!(told.finish(), async {
        let faults = rig.cluster.faults();
        let begun = |run: &serde_json::Value| run["status"]["steps"].is_array();
        for (task, gate) in [("a", "one"), ("b", "two")] {
            let child = format!("{name}-{task}");
            rig.cluster.until("taskruns.tekton.dev", PROJECT, &child, PATIENCE, begun).await.unwrap();
            faults.cut_streams();
            faults.refuse();
            rig.cluster.open_gate(gate);
            let over = |run: &serde_json::Value| run["status"]["completionTime"].is_string();
            rig.cluster.until("taskruns.tekton.dev", PROJECT, &child, PATIENCE, over).await.unwrap();
            faults.server_error();
            faults.heal();
        }
    });
    assert_eq!(told.status(), Some(RunStatus::Succeeded));
    let mut wanted: Vec<String> = (1..=50).chain(1..=50).map(|n| format!("line {n}")).collect();
    wanted.push("end".to_owned());
    assert_eq!(told.texts(), wanted);
}

#[tokio::test]
async fn a_pipeline_is_described_before_it_runs() {
    let rig = Rig::new().await;
    let definition = json!({
        "params": [
            {"name": "target", "description": "What to make", "default": "all"}, {"name": "who"}, {"name": "repo"},
            {"name": "not-an-input"}, {"name": "list", "type": "array"},
        ],
        "tasks": [task("a", "echo one", &[]), task("b", "echo two", &["a"])], "finally": [task("c", "echo three", &[])],
    });
    let service = rig.service(&definition, &[("param.url", json!("repo")), ("params", json!(["who=bob"]))]).await;
    let described = rig.provider().describe(&rig.access(), &service.spec, "main").await.unwrap();
    let inputs: Vec<_> =
        described.parameters.iter().map(|input| (input.name.as_str(), input.default.clone())).collect();
    assert_eq!(inputs, [("target", Some(json!("all"))), ("who", Some(json!("bob")))]);
    assert_eq!(described.shape, BuildShape::Pipeline);
    let planned: Vec<_> = described.stages.iter().map(|stage| (stage.key.as_str(), stage.status)).collect();
    assert_eq!(planned, ["a", "b", "c"].map(|key| (key, RunStatus::Planned)));
    let own = [
        ("pipeline", json!("ci")),
        ("pipeline.resolver", json!("git")),
        ("pipeline.resolver.params", json!(["url=https://git.example.test/ci.git"])),
    ];
    let spec = rig.spec(service.spec.service, "shop/resolved", &own);
    let described = rig.provider().describe(&rig.access(), &spec, "main").await.unwrap();
    assert_eq!(described.shape, BuildShape::Unknown);
    let without: Vec<_> = described.without.iter().map(|note| note.capability).collect();
    use Capability::{Approvals, Deploy, PlannedGraph, Secrets};
    assert_eq!(without, [PlannedGraph, Deploy, Secrets, Approvals]);
}

//! Stories of where pipelines and tasks are from, and of what they are given.

use alm_build_spi::ProviderError;
use alm_cluster_sim::Options;
use alm_domain::{BuildShape, LogStream, ReasonCode, RunStatus};
use serde_json::{Value, json};

use crate::support::{PROJECT, Rig, name_in, task};

const PIPELINES: &str = "pipelines.tekton.dev";
const TASKS: &str = "tasks.tekton.dev";

fn greeting() -> Value {
    let mut only = task("greet", "echo hello $(params.who) at $(params.rev)", &[]);
    only["params"] = json!([{"name": "who", "value": "$(params.who)"}, {"name": "rev", "value": "$(params.rev)"}]);
    only["taskSpec"]["params"] = json!([{"name": "who"}, {"name": "rev"}]);
    json!({"params": [{"name": "who"}, {"name": "rev"}], "tasks": [only]})
}

fn greeting_task() -> Value {
    json!({"params": [{"name": "who"}, {"name": "rev"}],
        "steps": [{"name": "greet", "image": "example.test/image", "script": "echo hello $(params.who) at $(params.rev)"}]})
}

async fn greets(rig: &Rig, own: &[(&str, Value)]) -> Value {
    let mut own = own.to_vec();
    own.extend([("params", json!(["who=world"])), ("param.revision", json!("rev"))]);
    let service = rig.made(&own).await.unwrap();
    let told = rig.run(&service).await;
    let run = told.run.clone();
    let end = told.run_states().pop().unwrap();
    assert_eq!((end.status, end.shape), (RunStatus::Succeeded, Some(BuildShape::Plain)), "{own:?}: {end:?}");
    assert_eq!(told.texts(), ["hello world at main"], "{own:?}");
    rig.cluster.object("pipelineruns.tekton.dev", PROJECT, &name_in(&run.0)).unwrap()
}

#[tokio::test]
async fn a_pipeline_is_named_or_found_by_a_resolver() {
    let rig = Rig::new().await;
    rig.cluster.project("shared", "alice");
    for place in [PROJECT, "shared", "resolver-bundles", "resolver-git"] {
        let name = if place == "resolver-git" { "ci/pipeline.yaml" } else { "ci" };
        rig.cluster.put(PIPELINES, place, name, json!({"metadata": {"name": "ci"}, "spec": greeting()}));
    }
    let named = greets(&rig, &[("pipeline", json!("ci"))]).await;
    assert_eq!(named["spec"]["pipelineRef"], json!({"name": "ci"}));
    let by = |resolver: &str, params: &[&str]| {
        [("pipeline", json!("ci")), ("pipeline.resolver", json!(resolver)), ("pipeline.resolver.params", json!(params))]
    };
    let cluster = greets(&rig, &by("cluster", &["namespace=shared"])).await;
    let given = json!([{"name": "kind", "value": "pipeline"}, {"name": "name", "value": "ci"}, {"name": "namespace", "value": "shared"}]);
    assert_eq!(cluster["spec"]["pipelineRef"]["params"], given);
    greets(&rig, &by("bundles", &["bundle=registry.example.test/bundle:1"])).await;
    let git = greets(
        &rig,
        &by("git", &["url=https://git.example.test/ci.git", "revision=main", "pathInRepo=ci/pipeline.yaml"]),
    )
    .await;
    assert_eq!(git["spec"]["pipelineRef"]["params"].as_array().unwrap().len(), 3);
}

#[tokio::test]
async fn a_task_alone_is_a_pipeline_of_it() {
    let rig = Rig::new().await;
    rig.cluster.put(TASKS, PROJECT, "greet", json!({"spec": greeting_task()}));
    rig.cluster.put(TASKS, "resolver-bundles", "greet", json!({"spec": greeting_task()}));
    let named = greets(&rig, &[("task", json!("greet"))]).await;
    assert_eq!(named["spec"]["pipelineSpec"]["tasks"][0]["taskRef"]["name"], "greet");
    let resolver = [
        ("pipeline.resolver", json!("bundles")),
        ("pipeline.resolver.params", json!(["bundle=registry.example.test/b:1"])),
    ];
    let found = greets(&rig, &[&[("task", json!("greet"))], &resolver[..]].concat()).await;
    assert_eq!(
        found["spec"]["pipelineSpec"]["tasks"][0]["taskRef"]["params"][0],
        json!({"name": "kind", "value": "task"})
    );
    let gone = rig.made(&[("task", json!("nosuch"))]).await.unwrap_err();
    assert!(gone.to_string().contains("has no Task nosuch"), "{gone}");
    let service = rig.made(&[("task", json!("greet")), ("param.revision", json!("rev"))]).await.unwrap();
    let described = rig.provider().describe(&rig.access(), &service.spec, "main").await.unwrap();
    let inputs: Vec<_> = described.parameters.iter().map(|input| input.name.as_str()).collect();
    assert_eq!((described.shape, inputs), (BuildShape::Plain, vec!["who"]));
}

#[tokio::test]
async fn arrays_and_objects_of_texts_are_given_as_json_to_pipelines_and_to_tasks() {
    let rig = Rig::new().await;
    let declared = json!([
        {"name": "flags", "type": "array"},
        {"name": "to", "type": "object", "properties": {"host": {"type": "string"}}},
    ]);
    let mut only = task("only", "echo $(params.to.host)", &[]);
    only["taskSpec"]["params"] = declared.clone();
    let as_task = only["taskSpec"].clone();
    only["params"] =
        json!([{"name": "flags", "value": ["$(params.flags[*])"]}, {"name": "to", "value": "$(params.to[*])"}]);
    let as_pipeline = json!({"params": declared, "tasks": [only]});
    let given = json!(["flags:=[\"-v\", \"-x\"]", "to:={\"host\": \"example.test\"}"]);
    for definition in [&as_pipeline, &as_task] {
        let service = rig.service(definition, &[("params", given.clone())]).await;
        let told = rig.run(&service).await;
        assert_eq!(told.texts(), ["example.test"], "{told:?}");
        let runs = rig.cluster.objects("taskruns.tekton.dev", PROJECT);
        let run = runs.iter().find(|run| run["metadata"]["labels"]["tekton.dev/pipelineRun"] == told.name.as_str());
        let params = run.unwrap()["spec"]["params"].clone();
        assert_eq!(params[0], json!({"name": "flags", "value": ["-v", "-x"]}));
    }
    for (wrong, why) in [
        ("flags:=7", "write it as JSON"),
        ("flags:=[1]", "write it as JSON"),
        ("to:={", "write it as JSON"),
        ("to:={\"host\": {}}", "write it as JSON"),
        ("flags=-v", "the pipeline takes an array for \"flags\", not a text"),
        ("to:=[\"a\"]", "the pipeline takes an object for \"to\", not an array"),
    ] {
        let own = [("pipeline.definition", json!(as_pipeline.to_string())), ("params", json!([wrong]))];
        let Err(ProviderError::Invalid(findings)) = rig.made(&own).await else { panic!("{wrong} was taken") };
        assert_eq!(findings[0].path, ["settings", "params"]);
        assert!(findings[0].message.contains(why), "{findings:?}");
    }
}

#[tokio::test]
async fn a_list_of_large_runs_is_read_in_parts() {
    let rig = Rig::with(Options { controllers: false, ..Options::default() }).await;
    rig.cluster.put(PIPELINES, PROJECT, "ci", json!({"spec": {"tasks": [task("a", "echo one", &[])]}}));
    let service = rig.made(&[("pipeline", json!("ci"))]).await.unwrap();
    // More at once than is read of any answer.
    let large = json!([{"name": "notes", "value": "x".repeat(1 << 20)}]);
    for n in 0..34 {
        let run = json!({"metadata": {"labels": {"tekton.dev/pipeline": "ci"}}, "spec": {"pipelineRef": {"name": "ci"}, "params": large}});
        rig.cluster.put("pipelineruns.tekton.dev", PROJECT, &format!("large-{n}"), run);
    }
    let page = rig.provider().list(&rig.access(), &service.config, None).await.unwrap();
    assert_eq!((page.runs.len(), page.next), (34, None));
}

#[tokio::test]
async fn definitions_are_read_as_yaml_and_as_json_in_both_versions_of_the_api() {
    let yaml = "
apiVersion: tekton.dev/v1
kind: Task
metadata:
  name: greet
spec:
  params:
  - name: who
  - {name: rev}
  steps:
  - name: greet
    image: example.test/image
    script: |
      echo hello $(params.who) at $(params.rev)
";
    for tekton_v1 in [true, false] {
        let rig = Rig::with(Options { tekton_v1, ..Options::default() }).await;
        greets(&rig, &[("pipeline.definition", json!(yaml))]).await;
        greets(&rig, &[("pipeline.definition", json!(greeting().to_string()))]).await;
    }
}

#[tokio::test]
async fn what_is_no_definition_is_told_at_its_setting() {
    let rig = Rig::new().await;
    for (own, key, why) in [
        (vec![("pipeline.definition", json!("tasks: ["))], "pipeline.definition", "is no YAML"),
        (vec![("pipeline", json!("ci")), ("task", json!("t"))], "task", "along with pipeline"),
        (vec![], "pipeline", "is missing"),
        (vec![("task", json!("No Name"))], "task", "no name of a Task"),
    ] {
        let ProviderError::Invalid(findings) = rig.made(&own).await.unwrap_err() else {
            panic!("not invalid: {own:?}")
        };
        assert_eq!(findings[0].path, ["settings", key]);
        assert!(findings[0].message.contains(why), "{findings:?}");
    }
}

#[tokio::test]
async fn settings_that_do_not_fit_the_pipeline_are_told_before_it_runs() {
    let rig = Rig::new().await;
    let definition = json!({"params": [{"name": "rev"}], "workspaces": [{"name": "source"}, {"name": "cache", "optional": true}],
        "tasks": [task("build", "echo", &[])], "finally": [task("tidy", "echo", &[])]});
    let task = json!({"workspaces": [{"name": "source"}], "steps": [{"name": "a", "image": "i", "script": "echo"}]});
    let source = ("workspaces", json!(["source=emptyDir"]));
    for (definition, own, key, why) in [
        (&definition, vec![], "workspaces", "needs the workspace \"source\""),
        (
            &definition,
            vec![source.clone(), ("environments", json!(["ship=prod"]))],
            "environments",
            "it has build, tidy",
        ),
        (&definition, vec![source.clone(), ("param.revision", json!("ref"))], "param.revision", "it has rev"),
        (
            &definition,
            vec![source.clone(), ("secrets.workspace", json!("keys"))],
            "secrets.workspace",
            "it has source, cache",
        ),
        (
            &definition,
            vec![source.clone(), ("tokens.workspaces", json!(["prod=keys"]))],
            "tokens.workspaces",
            "no workspace \"keys\"",
        ),
        (
            &task,
            vec![("workspaces", json!(["source=emptyDir", "other=emptyDir"]))],
            "workspaces",
            "no workspace \"other\"",
        ),
    ] {
        let mut own = own;
        own.push(("pipeline.definition", json!(definition.to_string())));
        let ProviderError::Invalid(findings) = rig.made(&own).await.unwrap_err() else {
            panic!("not invalid: {own:?}")
        };
        assert_eq!(findings[0].path, ["settings", key], "{findings:?}");
        assert!(findings[0].message.contains(why), "{findings:?}");
    }
    let fits = [
        source,
        ("environments", json!(["tidy=prod"])),
        ("secrets.workspace", json!("cache")),
        ("param.revision", json!("rev")),
    ];
    rig.service(&definition, &fits).await;
}

#[tokio::test]
async fn workspaces_an_account_and_time_limits_reach_the_run() {
    let rig = Rig::new().await;
    let secret = json!({"type": "Opaque", "data": {"key": "dGhlIGtleQ=="}});
    rig.cluster.put("secrets", PROJECT, "keys", secret);
    rig.cluster.put("configmaps", PROJECT, "words", json!({"data": {"word": "a word"}}));
    let mut only = task("only", "cat /workspace/s/key\ncat /workspace/c/word", &[]);
    let names = ["s", "c", "e", "p", "v"].map(|name| json!({"name": name}));
    only["workspaces"] = json!(names);
    let definition = json!({"workspaces": names, "tasks": [only]});
    let own = [
        ("workspaces", json!(["s=secret:keys", "c=config:words", "e=emptyDir", "p=claim:cache", "v=volume:1Gi"])),
        ("service_account", json!("builder")),
        ("timeout", json!("1h")),
        ("timeout.tasks", json!("50m")),
        ("timeout.finally", json!("10m")),
    ];
    let service = rig.service(&definition, &own).await;
    let told = rig.run(&service).await;
    let run = told.run.clone();
    assert_eq!(told.texts(), ["the key", "a word"]);
    let spec = rig.cluster.object("pipelineruns.tekton.dev", PROJECT, &name_in(&run.0)).unwrap()["spec"].clone();
    assert_eq!(spec["timeouts"], json!({"pipeline": "1h", "tasks": "50m", "finally": "10m"}));
    assert_eq!(spec["taskRunTemplate"]["serviceAccountName"], "builder");
    assert_eq!(spec["workspaces"][3], json!({"name": "p", "persistentVolumeClaim": {"claimName": "cache"}}));
    assert_eq!(spec["workspaces"][4]["volumeClaimTemplate"]["spec"]["resources"]["requests"]["storage"], "1Gi");
}

#[tokio::test]
async fn a_run_that_a_time_limit_ends_has_timed_out_and_nobody_has_cancelled_it() {
    let rig = Rig::new().await;
    let end = async |definition: Value, own: &[(&str, Value)], stage: &str| {
        let service = rig.service(&definition, own).await;
        let told = rig.run(&service).await;
        let run = told.run_states().pop().unwrap().clone();
        let stage = told.stage(stage).unwrap().clone();
        ((run.status, run.reason.unwrap().code), (stage.status, stage.reason.unwrap().code))
    };
    let timed_out = (RunStatus::Failed, ReasonCode::TimedOut);
    let (slow, quick) = (task("slow", "hang", &[]), task("quick", "echo quick", &["slow"]));
    let slow_first = json!({"tasks": [slow, quick], "finally": [task("last", "echo last", &[])]});
    for limit in ["timeout", "timeout.tasks"] {
        let told = end(slow_first.clone(), &[(limit, json!("2s"))], "slow").await;
        assert_eq!(told, (timed_out, timed_out), "{limit}");
    }
    let slow_last = json!({"tasks": [task("quick", "echo quick", &[])], "finally": [task("slow", "hang", &[])]});
    assert_eq!(end(slow_last, &[("timeout.finally", json!("2s"))], "slow").await, (timed_out, timed_out));
    let mut own = slow_first.clone();
    own["tasks"][0]["timeout"] = json!("2s");
    assert_eq!(end(own, &[], "slow").await, (timed_out, timed_out));
    // Where something has failed by its work as well, that is why the run has.
    let bad = json!({"tasks": [slow_first["tasks"][0], task("bad", "exit 1", &[])]});
    let told = end(bad, &[("timeout.tasks", json!("20s"))], "slow").await;
    assert_eq!(told, ((RunStatus::Failed, ReasonCode::CommandFailed), timed_out));
}

#[tokio::test]
async fn lines_of_a_task_with_several_steps_stand_under_the_step_that_wrote_them() {
    let rig = Rig::new().await;
    let step = |name: &str, script: &str| json!({"name": name, "image": "example.test/image", "script": script});
    let many = json!({"name": "many", "taskSpec": {"steps": [step("fetch", "echo one\necho two"), step("quiet", ""), step("build", "echo three")]}});
    let service = rig.service(&json!({"tasks": [many, task("one", "echo alone", &["many"])]}), &[]).await;
    let told = rig.run(&service).await;
    let run = told.run.clone();
    let of = |stage: &str| {
        told.lines().into_iter().filter(|line| line.stage == Some(stage.into())).cloned().collect::<Vec<_>>()
    };
    let texts: Vec<_> = of("many").into_iter().map(|line| line.text).collect();
    assert_eq!(texts, ["step fetch", "one", "two", "step build", "three"]);
    let marks: Vec<_> = told.lines().into_iter().filter(|line| line.stream == LogStream::System).collect();
    assert!(marks.iter().all(|line| line.stage == Some("many".into()) && line.attempt == 1 && line.at.is_some()));
    assert_eq!(rig.read(&run).await, [of("many"), of("one")].concat());
}

#[tokio::test]
async fn runs_of_the_pipeline_that_others_started_are_listed_as_theirs_and_can_be_followed() {
    let rig = Rig::new().await;
    rig.cluster.put(
        PIPELINES,
        PROJECT,
        "ci",
        json!({"spec": {"tasks": [task("a", "echo one", &[]), task("b", "echo two", &["a"])]}}),
    );
    let service = rig.made(&[("pipeline", json!("ci"))]).await.unwrap();
    let ours = rig.run(&service).await.run;
    let foreign =
        json!({"metadata": {"labels": {"tekton.dev/pipeline": "ci"}}, "spec": {"pipelineRef": {"name": "ci"}}});
    rig.cluster.put("pipelineruns.tekton.dev", PROJECT, "by-hand", foreign);
    rig.cluster.put(
        "pipelineruns.tekton.dev",
        PROJECT,
        "other",
        json!({"metadata": {"labels": {"tekton.dev/pipeline": "else"}}, "spec": {}}),
    );
    let page = rig.provider().list(&rig.access(), &service.config, None).await.unwrap();
    let listed: Vec<_> = page.runs.iter().map(|run| (name_in(&run.run.0), run.build.is_some())).collect();
    assert_eq!(listed.len(), 2, "{listed:?}");
    assert!(
        listed.contains(&("by-hand".to_owned(), false)) && listed.contains(&(name_in(&ours.0), true)),
        "{listed:?}"
    );
    let theirs = &page.runs.iter().find(|run| run.build.is_none()).unwrap().run;
    let told = rig.told(theirs).await;
    assert_eq!((told.status().unwrap(), told.texts()), (RunStatus::Succeeded, vec!["one", "two"]));
    rig.provider().release(&rig.access(), theirs).await.unwrap();
}

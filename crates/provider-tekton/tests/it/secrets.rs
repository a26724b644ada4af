//! Stories of secrets and tokens.

use alm_build_spi::{NamedSecret, ProviderError, StartBuild};
use alm_cluster_sim::{Options, Role, Seen};
use alm_domain::{Capability, LogStream, ReasonCode, RunStatus};
use serde_json::{Value, json};

use crate::support::{Followed, PROJECT, Rig, Service, access_of, name_in, task};

const SECRET: &str = "canary-of-a-build-77d0";
const FILE: &str = "canary-of-a-file-4a51";
const TOKEN: &str = "canary-of-a-token-19fe";
const PRIVATE_KEY: &str = "-----BEGIN OPENSSH PRIVATE KEY-----\ncanary-key-03";

/// A pipeline whose task `build` reads secrets, and whose task `ship`, which deploys to `prod`, reads a token.
async fn service(rig: &Rig) -> Service {
    let show = "show it is | /workspace/in/NPM\nshow and | /workspace/docker/config.json\nresult leak it is canary-of-a-build-77d0";
    let mut build = task("build", show, &[]);
    build["workspaces"] =
        json!([{"name": "in", "workspace": "secrets"}, {"name": "docker", "workspace": "dockerconfig"}]);
    build["taskSpec"]["results"] = json!([{"name": "leak"}]);
    let mut ship =
        task("ship", "show with | /workspace/prod/token\nawait go\nshow again | /workspace/prod/token", &["build"]);
    ship["workspaces"] = json!([{"name": "prod"}]);
    let definition = json!({
        "workspaces": [{"name": "secrets"}, {"name": "dockerconfig"}, {"name": "prod"}], "tasks": [build, ship],
        "results": [{"name": "leak", "value": "$(tasks.build.results.leak)"}],
    });
    let own = [
        ("secrets.workspace", json!("secrets")),
        ("secrets.files", json!(["REGISTRY=dockerconfig/config.json"])),
        ("tokens.workspaces", json!(["prod=prod"])),
        ("environments", json!(["ship=prod"])),
    ];
    rig.service(&definition, &own).await
}

fn request(service: &Service) -> StartBuild {
    let secrets = vec![
        NamedSecret::new("NPM", SECRET),
        NamedSecret::new("REGISTRY", FILE),
        NamedSecret::token("prod", TOKEN, None),
        NamedSecret::token("elsewhere", "t0ken-of-nowhere", None),
    ];
    StartBuild { secrets, ..service.request() }
}

fn ours(rig: &Rig) -> Vec<Value> {
    let is_ours = |it: &Value| it["metadata"]["labels"]["alm.build/id"].is_string();
    rig.cluster.objects("secrets", PROJECT).into_iter().filter(is_ours).collect()
}

#[tokio::test]
async fn secrets_are_files_of_the_tasks_that_want_them_and_go_when_the_run_has_ended() {
    let rig = Rig::new().await;
    let service = service(&rig).await;
    let request = request(&service);
    let run = rig.provider().start(&rig.access(), request.clone()).await.unwrap();
    let mut told = rig.follow(&run);
    told.until("what is waited for", |told| told.texts().contains(&"with ***")).await;
    let stored = rig.cluster.object("pipelineruns.tekton.dev", PROJECT, &name_in(&run.0)).unwrap();
    let secrets = ours(&rig);
    assert_eq!(secrets.len(), 3);
    for secret in &secrets {
        assert_eq!(secret["metadata"]["ownerReferences"][0]["uid"], stored["metadata"]["uid"]);
    }
    let told_everybody =
        json!([stored["metadata"], stored["spec"]["params"], stored["spec"]["workspaces"]]).to_string();
    for canary in [SECRET, FILE, TOKEN] {
        assert!(!told_everybody.contains(canary), "what everybody may read holds names only");
    }
    assert!(
        told.without()
            .iter()
            .any(|note| note.capability == Capability::Secrets && note.reason.contains("the token of elsewhere"))
    );
    assert_eq!(rig.provider().start(&rig.access(), request.clone()).await.unwrap(), run);
    rig.cluster.open_gate("go");
    told.finish().await;
    assert_eq!(told.texts(), ["it is ***", "and ***", "with ***", "again ***"]);
    assert_eq!((told.outputs()[0].name.as_str(), told.outputs()[0].value.as_str()), ("leak", "it is ***"));
    for _ in 0..2 {
        rig.provider().release(&rig.access(), &run).await.unwrap();
    }
    assert!(ours(&rig).is_empty());
    assert_eq!(rig.provider().start(&rig.access(), request).await.unwrap(), run);
    assert!(ours(&rig).is_empty(), "a run that is over is given nothing any more");
}

/// The examples of the documentation: what the tasks of Tekton's catalogue find in their workspaces, and what Kubernetes has types for.
#[tokio::test]
async fn secrets_are_the_files_that_tasks_look_for_in_secrets_of_the_type_that_these_have() {
    let docker = "{\"auths\":{\"registry.example.test\":{\"auth\":\"Y2FuYXJ5LWRvY2tlcg==\"}}}";
    let files = [
        ("GIT_CONFIG", "basic-auth/.gitconfig", "canary-gitconfig"),
        ("GIT_CREDENTIALS", "basic-auth/.git-credentials", "https://bot:canary-77d0@git.example.test"),
        ("SSH_KEY", "ssh-directory/id_rsa", "canary-key-01"),
        ("SSH_HOSTS", "ssh-directory/known_hosts", "canary-hosts-02"),
        ("PUSH", "dockerconfig/config.json", docker),
        ("REGISTRY", "typed-docker/.dockerconfigjson", docker),
        ("KEY", "typed-ssh/ssh-privatekey", PRIVATE_KEY),
        ("USER", "typed-basic/username", "canary-user"),
        ("PASSWORD", "typed-basic/password", "canary-password"),
    ];
    let workspaces = ["basic-auth", "ssh-directory", "dockerconfig", "typed-docker", "typed-ssh", "typed-basic"];
    let named: Vec<Value> = workspaces.iter().map(|name| json!({"name": name})).collect();
    let shown: Vec<String> =
        files.iter().map(|(name, file, _)| format!("show {name} is | /workspace/{file}")).collect();
    let mut only = task("only", &format!("{}\nawait go", shown.join("\n")), &[]);
    only["workspaces"] = json!(named);
    let placed: Vec<String> = files.iter().map(|(name, file, _)| format!("{name}={file}")).collect();
    let rig = Rig::new().await;
    let definition = json!({"workspaces": named, "tasks": [only]});
    let service = rig.service(&definition, &[("secrets.files", json!(placed))]).await;
    let mut request = service.request();
    request.secrets = files.iter().map(|(name, _, value)| NamedSecret::new(*name, *value)).collect();
    let run = rig.provider().start(&rig.access(), request.clone()).await.unwrap();
    let mut told = rig.follow(&run);
    told.until("its lines", |told| told.has_line("PASSWORD is ***")).await;
    let mut lines: Vec<String> = files.iter().map(|(name, ..)| format!("{name} is ***")).collect();
    // The key has two.
    lines.insert(7, "***".to_owned());
    assert_eq!(told.texts(), lines);
    let of = |file: &str| {
        let has = |secret: &&Value| secret["data"][file].is_string();
        ours(&rig).iter().find(has).map(|secret| secret["type"].as_str().unwrap_or_default().to_owned()).unwrap()
    };
    for (file, wanted) in [
        (".gitconfig", "Opaque"),
        ("id_rsa", "Opaque"),
        ("config.json", "Opaque"),
        (".dockerconfigjson", "kubernetes.io/dockerconfigjson"),
        ("ssh-privatekey", "kubernetes.io/ssh-auth"),
        ("username", "kubernetes.io/basic-auth"),
        ("password", "kubernetes.io/basic-auth"),
    ] {
        assert_eq!(of(file), wanted, "{file}");
    }
    rig.cluster.open_gate("go");
    told.finish().await;
    for (at, name, problem) in [
        (5, "REGISTRY", "the secret REGISTRY is no configuration of docker"),
        (6, "KEY", "the secret KEY is no private key"),
    ] {
        let mut request = request.clone();
        request.build = service.request().build;
        request.secrets[at] = NamedSecret::new(name, SECRET);
        let error = rig.provider().start(&rig.access(), request).await.unwrap_err();
        let ProviderError::Invalid(findings) = &error else { panic!("not invalid: {error:?}") };
        assert_eq!((findings.len(), &findings[0].path), (1, &vec!["settings".to_owned(), "secrets.files".to_owned()]));
        assert!(findings[0].message.contains(problem) && !error.to_string().contains(SECRET), "{findings:?}");
    }
    assert_eq!(rig.cluster.objects("pipelineruns.tekton.dev", PROJECT).len(), 1);
}

#[tokio::test]
async fn images_are_pulled_with_secrets_that_are_there_before_the_first_pod_and_that_no_task_sees() {
    let docker = "{\"auths\":{\"registry.example.test\":{\"auth\":\"Y2FuYXJ5LWRvY2tlcg==\"}}}";
    for tekton_v1 in [true, false] {
        let rig = Rig::with(Options { tekton_v1, ..Options::default() }).await;
        let mut only = task("only", "show it is | /workspace/secrets/REGISTRY\necho pulled", &[]);
        only["workspaces"] = json!([{"name": "secrets"}]);
        let definition = json!({"workspaces": [{"name": "secrets"}], "tasks": [only]});
        let own = [
            ("secrets.pull", json!(["REGISTRY"])),
            ("secrets.workspace", json!("secrets")),
            ("service_account", json!("builder")),
        ];
        let service = rig.service(&definition, &own).await;
        let mut request = service.request();
        request.secrets = vec![NamedSecret::new("REGISTRY", docker)];
        let run = rig.provider().start(&rig.access(), request.clone()).await.unwrap();
        let secrets = ours(&rig);
        assert_eq!((secrets.len(), &secrets[0]["type"]), (1, &json!("kubernetes.io/dockerconfigjson")));
        let told = rig.told(&run).await;
        assert_eq!((told.status(), told.texts()), (Some(RunStatus::Succeeded), vec!["pulled"]), "{told:?}");
        let template = rig.cluster.object("pipelineruns.tekton.dev", PROJECT, &name_in(&run.0)).unwrap()["spec"]["taskRunTemplate"].clone();
        assert_eq!(template["podTemplate"]["imagePullSecrets"][0]["name"], secrets[0]["metadata"]["name"]);
        assert_eq!(template["serviceAccountName"], "builder");
        assert!(!told.without().iter().any(|note| note.capability == Capability::Secrets));
        request.build = service.request().build;
        request.secrets = vec![NamedSecret::new("REGISTRY", SECRET)];
        let ProviderError::Invalid(findings) = rig.provider().start(&rig.access(), request).await.unwrap_err() else {
            panic!("not invalid")
        };
        assert_eq!(findings[0].path, ["settings", "secrets.pull"]);
    }
}

#[tokio::test]
async fn nothing_begins_without_the_secrets_for_its_images() {
    let rig = Rig::new().await;
    let service = rig
        .service(&json!({"tasks": [task("only", "echo pulled", &[])]}), &[("secrets.pull", json!(["REGISTRY"]))])
        .await;
    let mut request = service.request();
    request.secrets = vec![NamedSecret::new("REGISTRY", "{\"auths\":{}}")];
    let without = rig.start(&service).await.run;
    let notes = rig.told(&without).await.without().to_vec();
    assert!(notes.iter().any(|note| note.reason.contains("does not have: REGISTRY")), "{notes:?}");
    let begun = rig.cluster.objects("taskruns.tekton.dev", PROJECT).len();
    rig.cluster.deny("secrets");
    let refused = rig.provider().start(&rig.access(), request.clone()).await.unwrap_err();
    assert!(matches!(refused, ProviderError::Forbidden(_)), "{refused}");
    assert_eq!(
        rig.cluster.objects("taskruns.tekton.dev", PROJECT).len(),
        begun,
        "nothing has begun without its secrets"
    );
}

#[tokio::test]
async fn secrets_go_with_a_run_that_is_removed() {
    let rig = Rig::new().await;
    let service = service(&rig).await;
    let run = rig.provider().start(&rig.access(), request(&service)).await.unwrap();
    rig.provider().purge(&rig.access(), &run).await.unwrap();
    assert!(ours(&rig).is_empty());
}

#[tokio::test]
async fn a_start_that_broke_off_before_its_secrets_is_taken_up_by_the_next_call() {
    let rig = Rig::new().await;
    let service = service(&rig).await;
    let request = request(&service);
    let run = rig.provider().start(&rig.access(), request.clone()).await.unwrap();
    for secret in ours(&rig) {
        rig.cluster.remove("secrets", PROJECT, secret["metadata"]["name"].as_str().unwrap());
    }
    assert_eq!(rig.provider().start(&rig.access(), request).await.unwrap(), run);
    assert_eq!(ours(&rig).len(), 3);
    rig.cluster.open_gate("go");
    let told = rig.told(&run).await;
    assert_eq!(told.status().unwrap(), RunStatus::Succeeded);
}

#[tokio::test]
async fn whoever_may_not_make_secrets_starts_nothing_that_needs_them() {
    let rig = Rig::new().await;
    let service = service(&rig).await;
    rig.cluster.deny("secrets");
    let before = rig.cluster.requests().len();
    let mut late = service.request();
    late.withheld = vec!["prod".to_owned()];
    for request in [request(&service), late] {
        let error = rig.provider().start(&rig.access(), request).await.unwrap_err();
        let says = |why: &String| why.contains("may not create secrets in demo");
        assert!(matches!(&error, ProviderError::Forbidden(why) if says(why)), "{error}");
    }
    let is_run = |seen: &&Seen| seen.method == "POST" && seen.path.ends_with("/pipelineruns");
    assert_eq!(rig.cluster.requests().iter().skip(before).filter(is_run).count(), 0, "none was made for a moment");
    rig.start(&service).await;
}

#[tokio::test]
async fn a_log_whose_secrets_cannot_be_known_is_withheld() {
    let rig = Rig::new().await;
    let service = service(&rig).await;
    let run = rig.provider().start(&rig.access(), request(&service)).await.unwrap();
    rig.cluster.grant("bob", PROJECT, Role::View);
    let bob = access_of(&rig.cluster.token("bob"));
    rig.cluster.open_gate("go");
    rig.told(&run).await;
    let mut told = rig.follow(&run);
    told.hand_over(rig.provider(), bob);
    told.finish().await;
    assert_eq!(told.status().unwrap(), RunStatus::Succeeded);
    assert!(
        told.lines().iter().all(|line| line.stream == LogStream::Gap) && told.lines().len() == 2,
        "{:?}",
        told.lines()
    );
    assert!(told.outputs().is_empty(), "what a run says of itself may hold them too");
}

#[tokio::test]
async fn a_task_waits_for_the_token_of_its_environment() {
    let rig = Rig::new().await;
    let service = service(&rig).await;
    let mut request = service.request();
    request.withheld = vec!["prod".to_owned(), "moon".to_owned()];
    let run = rig.provider().start(&rig.access(), request).await.unwrap();
    let waits = |told: &Followed| told.status() == Some(RunStatus::WaitingForCredential);
    let mut told = rig.follow(&run);
    told.until("what is waited for", waits).await;
    let stage = told.stage("ship").unwrap();
    assert_eq!(
        (stage.status, stage.reason.as_ref().unwrap().code),
        (RunStatus::WaitingForCredential, ReasonCode::Credential)
    );
    assert_eq!(stage.environment.as_deref(), Some("prod"));
    assert!(
        told.without().iter().any(|note| note.capability == Capability::LateSecrets && note.reason.contains("moon"))
    );
    rig.cluster.open_gate("go");
    let other = NamedSecret::token("moon", "t0ken-of-the-moon", None);
    rig.provider().supply(&rig.access(), &run, &other).await.unwrap();
    told.until("what is waited for", |told| told.stage("build").unwrap().status == RunStatus::Succeeded).await;
    assert_eq!(told.stage("ship").unwrap().status, RunStatus::WaitingForCredential);
    for _ in 0..2 {
        rig.provider().supply(&rig.access(), &run, &NamedSecret::token("prod", TOKEN, None)).await.unwrap();
    }
    told.finish().await;
    assert_eq!(told.status().unwrap(), RunStatus::Succeeded);
    assert_eq!(told.texts(), ["with ***", "again ***"]);
    let odd = rig.provider().supply(&rig.access(), &run, &NamedSecret::token("../x", TOKEN, None)).await.unwrap_err();
    assert!(matches!(odd, ProviderError::Invalid(_)), "{odd}");
}

#[tokio::test]
async fn no_workspace_is_for_two_things() {
    let rig = Rig::new().await;
    let definition = json!({"tasks": [task("a", "echo", &[])]}).to_string();
    for (key, own) in [
        ("secrets.workspace", vec![("secrets.workspace", json!("x")), ("workspaces", json!(["x=emptyDir"]))]),
        ("tokens.workspaces", vec![("tokens.workspaces", json!(["a=x", "b=x"]))]),
        ("tokens.workspaces", vec![("tokens.workspaces", json!(["a=x"])), ("secrets.workspace", json!("x"))]),
        ("secrets.files", vec![("secrets.files", json!(["NPM=x/../y"]))]),
        ("environments", vec![("environments", json!(["ship"]))]),
    ] {
        let mut own = own;
        own.push(("pipeline.definition", json!(definition)));
        let ProviderError::Invalid(findings) = rig.made(&own).await.unwrap_err() else { panic!("not invalid: {key}") };
        assert_eq!(findings[0].path, ["settings", key], "{findings:?}");
    }
}

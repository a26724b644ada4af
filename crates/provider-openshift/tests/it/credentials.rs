//! What Jenkins makes of the secrets of pipelines.

use alm_build_spi::{NamedSecret, Observation, ProviderError, StartBuild};
use alm_domain::RunStatus;
use serde_json::{Value, json};

use crate::support::{PROJECT, Rig, Service};

const PASSWORD: &str = "canary-of-a-password-3c90";
const KEY: &str = "-----BEGIN OPENSSH PRIVATE KEY-----\ncanary-of-a-key-8a11\ncanary-of-a-key-8a12\n-----END OPENSSH PRIVATE KEY-----\n";
const FILE: &str = "<settings>\n  <password>canary-of-a-file-55e2</password>\n</settings>\n";
const TEXT: &str = "canary-of-a-text-1b7f";

const KINDS: [&str; 5] = ["GIT=basic-auth:bot", "DEPLOY=ssh-auth:git", "HOST=ssh-auth", "MAVEN=file", "NPM=text"];

/// The example of the documentation, as far as a simulated Jenkins goes.
const PIPELINE: &str = "stage Build
credential usernamePassword $ALM_SECRET_GIT | $USER has $SECRET
credential sshUserPrivateKey $ALM_SECRET_DEPLOY | $USER has $SECRET
credential sshUserPrivateKey $ALM_SECRET_HOST | somebody has $SECRET
credential file $ALM_SECRET_MAVEN | there is $SECRET
credential string $ALM_SECRET_NPM | it is $SECRET
credential string $ALM_SECRET_OTHER | so is $SECRET
credential string $ALM_TOKEN_PROD | and $SECRET
echo all are there
await go";

fn secrets() -> Vec<NamedSecret> {
    let all = [("GIT", PASSWORD), ("DEPLOY", KEY), ("HOST", KEY), ("MAVEN", FILE), ("NPM", TEXT), ("OTHER", TEXT)];
    let own = all.map(|(name, value)| NamedSecret::new(name, value)).into_iter();
    own.chain([NamedSecret::token("prod", "canary-of-a-token-19fe", None)]).collect()
}

async fn service(rig: &Rig, pipeline: &str, kinds: &[&str]) -> Service {
    rig.service("shop/pipeline", &[("jenkinsfile", json!(pipeline)), ("secrets.kinds", json!(kinds))]).await
}

/// The Secrets of builds.
fn ours(rig: &Rig) -> Vec<Value> {
    let is_ours = |secret: &Value| secret["metadata"]["labels"]["alm.build/id"].is_string();
    rig.cluster.objects("secrets", PROJECT).into_iter().filter(is_ours).collect()
}

#[tokio::test]
async fn a_pipeline_finds_credentials_of_the_kinds_that_it_wants_and_its_log_tells_the_users_alone() {
    let rig = Rig::new().await;
    let service = service(&rig, PIPELINE, &KINDS).await;
    let run =
        rig.provider().start(&rig.access(), StartBuild { secrets: secrets(), ..service.request() }).await.unwrap();
    let mut told = rig.follow(&run);
    told.until("all of them", |told| told.has_line("all are there")).await;
    let texts = told.texts();
    let own: Vec<_> = texts.into_iter().skip_while(|text| *text != "[Pipeline] { (Build)").skip(1).collect();
    let wanted =
        ["bot has ***", "git has ***", "somebody has ***", "there is ***", "it is ***", "so is ***", "and ***"];
    for wanted in wanted {
        assert!(own.contains(&wanted), "{wanted}: {own:?}");
    }
    assert!(!format!("{:?}", told.told).contains("canary"), "{own:?}");

    let build = rig.build(&told.name);
    assert!(!build.to_string().contains("canary"), "what everybody may read holds names only");
    let secrets = ours(&rig);
    for (kind, count, key) in [
        ("kubernetes.io/basic-auth", 1, "password"),
        ("kubernetes.io/ssh-auth", 2, "ssh-privatekey"),
        ("Opaque", 1, "filename"),
        ("Opaque", 3, "secrettext"),
    ] {
        let is_such = |secret: &&Value| secret["type"] == kind && secret["data"][key].is_string();
        let such: Vec<_> = secrets.iter().filter(is_such).collect();
        assert_eq!(such.len(), count, "{kind} with {key}");
        assert!(such.iter().all(|one| one["metadata"]["ownerReferences"][0]["uid"] == build["metadata"]["uid"]));
    }
    rig.cluster.open_gate("go");
    told.finish().await;
    assert_eq!(told.status(), Some(RunStatus::Succeeded));
    rig.provider().release(&rig.access(), &run).await.unwrap();
    assert!(ours(&rig).is_empty());
}

#[tokio::test]
async fn a_credential_of_another_kind_than_the_pipeline_wants_fails_it_in_the_words_of_jenkins() {
    let rig = Rig::new().await;
    let service = service(&rig, "credential usernamePassword $ALM_SECRET_GIT | $USER has $SECRET", &[]).await;
    let secrets = vec![NamedSecret::new("GIT", PASSWORD)];
    let run = rig.provider().start(&rig.access(), StartBuild { secrets, ..service.request() }).await.unwrap();
    let mut told = rig.follow(&run);
    told.finish().await;
    assert_eq!(told.status(), Some(RunStatus::Failed));
    let says = |text: &str| text.contains("is of type 'Secret text' where") && text.contains("UsernamePassword");
    assert!(told.texts().into_iter().any(says), "{told:?}");
}

#[tokio::test]
async fn a_secret_that_is_not_what_its_kind_says_is_refused_before_anything_is_made() {
    let rig = Rig::new().await;
    let service = service(&rig, PIPELINE, &KINDS).await;
    let without = |name: &str| secrets().into_iter().filter(|secret| secret.name != name).collect::<Vec<_>>();
    let with =
        |name: &str, value: &str| without(name).into_iter().chain([NamedSecret::new(name, value)]).collect::<Vec<_>>();
    for (secrets, problem, remedy) in [
        (with("DEPLOY", PASSWORD), "the secret DEPLOY is no private key", "give the file as ssh-keygen has written it"),
        (with("HOST", &KEY.replace('\n', " ")), "the secret HOST is no private key", "every line of it"),
        (without("GIT"), "\"GIT\" is no secret of this build service", "set it, or take it out"),
    ] {
        let asked = rig.cluster.requests().len();
        let request = StartBuild { secrets, ..service.request() };
        let error = rig.provider().start(&rig.access(), request).await.unwrap_err();
        let ProviderError::Invalid(findings) = &error else { panic!("not invalid: {error:?}") };
        assert!(findings.len() == 1 && findings[0].path == ["settings", "secrets.kinds"], "{findings:?}");
        assert!(findings[0].message.contains(problem) && findings[0].message.contains(remedy), "{findings:?}");
        assert!(!error.to_string().contains("canary"));
        let made: Vec<_> = rig.cluster.requests().split_off(asked).into_iter().filter(|s| s.method != "GET").collect();
        assert!(made.is_empty(), "{made:?}");
    }
}

#[tokio::test]
async fn kinds_are_for_pipelines_also_where_one_is_adopted() {
    let rig = Rig::new().await;
    let plain = rig.docker("echo x").await;
    let pipeline = service(&rig, "credential file $ALM_SECRET_MAVEN | it is $SECRET", &[]).await;
    for adopted in [&plain, &pipeline] {
        rig.provider().delete_config(&rig.access(), &adopted.config).await.unwrap();
    }
    let config = |strategy: Value| {
        let git = json!({ "uri": plain.spec.repository.url, "ref": plain.spec.repository.reference });
        json!({ "spec": { "strategy": strategy, "source": { "git": git } }, "status": {} })
    };
    let configs = "buildconfigs.build.openshift.io";
    let script = "credential file $ALM_SECRET_MAVEN | it is $SECRET";
    let jenkins = json!({ "type": "JenkinsPipeline", "jenkinsPipelineStrategy": { "jenkinsfile": script } });
    rig.cluster.put(configs, PROJECT, "theirs", config(jenkins));
    rig.cluster.put(configs, PROJECT, "plain", config(json!({ "type": "Docker", "dockerStrategy": {} })));
    let own = |name: &str| [("build_config", json!(name)), ("secrets.kinds", json!(["MAVEN=file"]))];

    let ProviderError::Invalid(findings) = rig.made("shop/plain", &own("plain")).await.unwrap_err() else {
        panic!("it was adopted")
    };
    assert_eq!(findings[0].path, ["settings", "secrets.kinds"]);
    assert!(findings[0].message.contains("leave this out"), "{findings:?}");

    let service = rig.service("shop/theirs", &own("theirs")).await;
    let read = rig.provider().read_config(&rig.access(), &service.config).await.unwrap();
    assert_eq!(read.setting("secrets.kinds"), Some(&json!(["MAVEN=file"])));
    let secrets = vec![NamedSecret::new("MAVEN", FILE)];
    let run = rig.provider().start(&rig.access(), StartBuild { secrets, ..service.request() }).await.unwrap();
    let mut told = rig.follow(&run);
    told.finish().await;
    assert!(told.has_line("it is ***"), "{told:?}");
}

#[tokio::test]
async fn a_secret_that_is_too_short_to_be_hidden_is_named_as_people_know_it() {
    let rig = Rig::new().await;
    let service = service(&rig, "echo x", &["GIT=basic-auth:bot"]).await;
    let secrets = vec![NamedSecret::new("GIT", "abc")];
    let run = rig.provider().start(&rig.access(), StartBuild { secrets, ..service.request() }).await.unwrap();
    let mut told = rig.follow(&run);
    told.finish().await;
    let warnings: Vec<_> = told
        .told
        .iter()
        .filter_map(|told| if let Observation::Warning(it) = told { Some(it.message.as_str()) } else { None })
        .collect();
    assert!(warnings.len() == 1 && warnings[0].contains("ALM_SECRET_GIT is too short"), "{warnings:?}");
}

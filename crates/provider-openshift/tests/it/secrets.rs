//! Secrets of builds.

use alm_build_spi::{NamedSecret, ProviderError, StartBuild};
use alm_cluster_sim::{Fault, Options};
use alm_domain::{BuildId, Capability, LogStream, RunStatus, ServiceId, SystemIds};
use serde_json::{Value, json};

use crate::configs::settings;
use crate::support::{Followed, PROJECT, Rig, Service, name_of};

const SECRET: &str = "canary-of-a-build-77d0";
const TOKEN: &str = "canary-of-a-token-19fe";

#[tokio::test]
async fn secrets_belong_to_the_build_reach_jenkins_by_name_and_go_when_it_has_ended() {
    let rig = Rig::new().await;
    let service = rig.pipeline("").await;
    rig.cluster.script(
        PROJECT,
        &service.name,
        &format!("echo it is {SECRET}\necho and $ALM_TOKEN_PROD_1\nawait go\necho {TOKEN}"),
    );
    let mut request = service.request();
    request.secrets = vec![NamedSecret::new("npm", SECRET), NamedSecret::token("prod-1", TOKEN, None)];
    let run = rig.provider().start(&rig.access(), request).await.unwrap();
    let mut told = rig.follow(&run);
    told.until("its lines", |told| told.lines().iter().any(|line| line.text.starts_with("and "))).await;

    let secrets: Vec<_> =
        rig.cluster.objects("secrets", PROJECT).into_iter().filter(|s| s["data"]["secrettext"].is_string()).collect();
    assert_eq!(secrets.len(), 2);
    let build = rig.build(&told.name);
    for secret in &secrets {
        assert_eq!(secret["metadata"]["ownerReferences"][0]["uid"], build["metadata"]["uid"]);
        assert_eq!(secret["metadata"]["labels"]["credential.sync.jenkins.openshift.io"], "true");
    }
    let of_token = secrets.iter().find(|s| s["metadata"]["name"].as_str().unwrap().ends_with("-1")).unwrap();
    let credential = format!("{PROJECT}-{}", of_token["metadata"]["name"].as_str().unwrap());
    assert!(told.has_line("it is ***") && told.has_line(&format!("and {credential}")), "{:?}", told.texts());
    for canary in [SECRET, TOKEN] {
        assert!(!build.to_string().contains(canary), "what everybody may read holds names only");
    }
    rig.cluster.open_gate("go");
    told.finish().await;
    assert!(!format!("{:?}", told.told).contains(TOKEN) && told.has_line("***"));
    for _ in 0..2 {
        rig.provider().release(&rig.access(), &run).await.unwrap();
    }
    assert!(!rig.cluster.objects("secrets", PROJECT).iter().any(|s| s["data"]["secrettext"].is_string()));
}

#[tokio::test]
async fn a_log_whose_secrets_cannot_be_known_is_withheld() {
    let rig = Rig::new().await;
    let service = rig.pipeline("").await;
    rig.cluster.script(PROJECT, &service.name, &format!("echo it is {SECRET}"));
    let mut request = service.request();
    request.secrets = vec![NamedSecret::new("npm", SECRET)];
    let run = rig.provider().start(&rig.access(), request).await.unwrap();
    for secret in rig.cluster.objects("secrets", PROJECT) {
        rig.cluster.remove("secrets", PROJECT, secret["metadata"]["name"].as_str().unwrap());
    }
    let mut told = rig.follow(&run);
    told.finish().await;
    assert_eq!(told.lines().iter().map(|line| line.stream).collect::<Vec<_>>(), [LogStream::Gap]);
    assert!(!format!("{:?}", told.told).contains(SECRET));
}

#[tokio::test]
async fn a_start_that_is_refused_leaves_no_secret_behind() {
    let rig = Rig::new().await;
    let service = rig.pipeline("echo x").await;
    let paused = serde_json::json!({ "metadata": { "annotations": { "openshift.io/build-config.paused": "true" } } });
    rig.cluster.patch("buildconfigs.build.openshift.io", PROJECT, &service.name, &paused);
    let mut request = service.request();
    request.secrets = vec![NamedSecret::new("npm", SECRET)];
    let error = rig.provider().start(&rig.access(), request).await.unwrap_err();
    assert!(!error.to_string().contains(SECRET));
    assert!(!rig.cluster.objects("secrets", PROJECT).iter().any(|s| s["data"]["secrettext"].is_string()));
}

/// The Secrets that were made for pipelines.
fn handed(rig: &Rig) -> Vec<Value> {
    rig.cluster.objects("secrets", PROJECT).into_iter().filter(|s| s["data"]["secrettext"].is_string()).collect()
}

#[tokio::test]
async fn a_start_that_breaks_off_among_its_secrets_leaves_none_behind() {
    let rig = Rig::new().await;
    let service = rig.pipeline("echo x").await;
    let most = rig.cluster.objects("secrets", PROJECT).len() + 1;
    rig.cluster.put("resourcequotas", PROJECT, "few", json!({ "spec": { "hard": { "secrets": most.to_string() } } }));
    let error = rig.provider().start(&rig.access(), with_secrets(&service, SECRET)).await.unwrap_err();
    assert!(matches!(&error, ProviderError::Forbidden(why) if why.contains("exceeded quota: few")), "{error}");
    assert!(handed(&rig).is_empty(), "the first one was made");
}

#[tokio::test]
async fn secrets_of_a_pipeline_whose_start_never_came_back_go_with_a_later_start_or_with_the_build_service() {
    let rig = Rig::new().await;
    let service = rig.pipeline("echo x").await;
    let (lost, fresh) = (with_secrets(&service, SECRET), with_secrets(&service, SECRET));
    for request in [&lost, &fresh] {
        // As if this server ended between the two.
        rig.cluster.faults().trap(Fault::Unauthorized, "POST", "/instantiate");
        rig.provider().start(&rig.access(), request.clone()).await.unwrap_err();
        rig.cluster.faults().heal();
    }
    let of = |request: &StartBuild| -> Vec<Value> {
        handed(&rig)
            .into_iter()
            .filter(|s| s["metadata"]["labels"]["alm.build/id"] == request.build.to_string())
            .collect()
    };
    let config = rig.cluster.object(CONFIGS, PROJECT, &service.name).unwrap();
    for secret in of(&lost) {
        assert_eq!(secret["metadata"]["ownerReferences"][0]["uid"], config["metadata"]["uid"], "it goes with it");
        let long_ago = json!({ "metadata": { "labels": { "alm.build/starting": "1577836800" } } });
        rig.cluster.patch("secrets", PROJECT, secret["metadata"]["name"].as_str().unwrap(), &long_ago);
    }
    let later = with_secrets(&service, SECRET);
    let mut told = started(&rig, &later).await;
    assert_eq!((of(&lost).len(), of(&fresh).len(), of(&later).len()), (0, 2, 2), "the fresh one may yet come back");
    told.finish().await;
    rig.provider().release(&rig.access(), &told.run).await.unwrap();
    rig.provider().delete_config(&rig.access(), &service.config).await.unwrap();
    assert!(handed(&rig).is_empty());
}

#[tokio::test]
async fn a_plain_build_that_mounts_nothing_is_given_none_and_says_how_it_would_be() {
    let rig = Rig::new().await;
    let service = rig.docker("echo x").await;
    let mut request = service.request();
    request.secrets = vec![NamedSecret::new("npm", SECRET)];
    let run = rig.provider().start(&rig.access(), request).await.unwrap();
    let snapshot = rig.provider().get(&rig.access(), &run).await.unwrap();
    let note = snapshot.without.iter().find(|note| note.capability == Capability::Secrets).unwrap();
    assert!(note.reason.contains("secrets.mount"), "{}", note.reason);
    assert!(!rig.build(&name_of(&run)).to_string().contains("ALM_SECRET_"));
    assert!(shared(&rig, &service).is_none());
}

#[tokio::test]
async fn a_token_that_is_kept_from_a_build_is_told_by_its_variable() {
    let rig = Rig::new().await;
    let lacks = async |service: &Service, withheld: &[&str]| {
        let mut request = service.request();
        request.withheld = withheld.iter().map(|name| (*name).to_owned()).collect();
        let run = rig.provider().start(&rig.access(), request).await.unwrap();
        let snapshot = rig.provider().get(&rig.access(), &run).await.unwrap();
        let note = snapshot.without.into_iter().find(|note| note.capability == Capability::Secrets);
        (run, note.map(|note| note.reason).unwrap_or_default())
    };
    let pipeline = rig.pipeline("echo the token is $ALM_TOKEN_PROD_1").await;
    assert_eq!(lacks(&pipeline, &[]).await.1, "");
    let (run, why) = lacks(&pipeline, &["prod-1", "live"]).await;
    let both = "the token of prod-1 (ALM_TOKEN_PROD_1 is not set), nor the token of live (ALM_TOKEN_LIVE is not set)";
    assert!(why.contains(both) && why.contains("promote it"), "{why}");
    // Whoever follows is told it once, and as it is noted: what is no name of an environment is nobody's.
    let odd = json!({ "metadata": { "annotations": { "alm.build/withheld": "[\"live\", \"A B\", \"<b>\"]" } } });
    rig.cluster.patch("builds.build.openshift.io", PROJECT, &name_of(&run), &odd);
    let mut told = rig.follow(&run);
    told.finish().await;
    let notes: Vec<_> = told.without().iter().filter(|note| note.capability == Capability::Secrets).collect();
    assert!(
        notes.len() == 1 && notes[0].reason.contains("ALM_TOKEN_LIVE") && !notes[0].reason.contains('<'),
        "{notes:?}"
    );
    let mounting = mounting(&rig, "Docker", "echo x", &[]).await;
    assert!(lacks(&mounting, &["prod-1"]).await.1.contains("ALM_TOKEN_PROD_1"));
    // Where nothing is ever given, that is what is said.
    assert!(lacks(&rig.docker("echo x").await, &["prod-1"]).await.1.contains("secrets.mount"));
}

const CONFIGS: &str = "buildconfigs.build.openshift.io";

/// The Secret that the builds of a service share, if it is there.
fn shared(rig: &Rig, service: &Service) -> Option<Value> {
    rig.cluster.object("secrets", PROJECT, &format!("alm-build-{}", service.name))
}

/// The files of a build in it.
fn files(rig: &Rig, service: &Service, build: BuildId) -> Vec<String> {
    let data = shared(rig, service).map(|secret| secret["data"].clone()).unwrap_or_default();
    let own = data.as_object().into_iter().flatten().map(|(file, _)| file.clone());
    own.filter(|file| file.starts_with(&build.to_string())).collect()
}

/// A build service whose builds find secrets in a folder, and do this.
async fn mounting(rig: &Rig, strategy: &str, script: &str, more: &[(&str, Value)]) -> Service {
    let own = [
        ("strategy", json!(strategy)),
        ("builder.image", json!("docker://registry.example.test/s2i:1")),
        ("secrets.mount", json!("/run/alm")),
    ];
    let own: Vec<_> = own.into_iter().chain(more.iter().cloned()).collect();
    let service = rig.service("shop/mounting", &own).await;
    rig.cluster.script(PROJECT, &service.name, script);
    service
}

fn with_secrets(service: &Service, value: &str) -> StartBuild {
    let secrets = vec![NamedSecret::new("npm", value), NamedSecret::token("prod-1", TOKEN, None)];
    StartBuild { secrets, ..service.request() }
}

async fn started(rig: &Rig, request: &StartBuild) -> Followed {
    let run = rig.provider().start(&rig.access(), request.clone()).await.unwrap();
    rig.follow(&run)
}

#[tokio::test]
async fn a_plain_build_finds_its_secrets_as_files_that_go_with_the_last_build() {
    for strategy in ["Docker", "Source"] {
        let rig = Rig::new().await;
        let script = "echo at $ALM_SECRET_NPM\ncat $ALM_SECRET_NPM\ncat $ALM_TOKEN_PROD_1\necho read\nawait go";
        let service = mounting(&rig, strategy, script, &[]).await;
        assert!(shared(&rig, &service).is_none(), "nothing is there while nothing is built");
        let request = with_secrets(&service, SECRET);
        let mut told = started(&rig, &request).await;
        told.until("its lines", |told| told.has_line("read")).await;
        let at = format!("at /run/alm/{}.ALM_SECRET_NPM", request.build);
        assert_eq!(told.texts(), [at.as_str(), "***", "***", "read"], "{strategy}");
        let kept = shared(&rig, &service).unwrap();
        let config = rig.cluster.object(CONFIGS, PROJECT, &service.name).unwrap();
        assert_eq!(kept["metadata"]["ownerReferences"][0]["uid"], config["metadata"]["uid"]);
        let build = rig.build(&told.name);
        assert!(![&build, &config].iter().any(|object| object.to_string().contains("canary")), "they name it only");
        let snapshot = rig.provider().get(&rig.access(), &told.run).await.unwrap();
        assert!(!snapshot.without.iter().any(|note| note.capability == Capability::Secrets));
        rig.cluster.open_gate("go");
        told.finish().await;
        assert_eq!(told.status(), Some(RunStatus::Succeeded));
        for _ in 0..2 {
            rig.provider().release(&rig.access(), &told.run).await.unwrap();
        }
        assert!(shared(&rig, &service).is_none());
    }
}

#[tokio::test]
async fn builds_at_the_same_time_are_given_their_own_values_and_the_last_one_takes_the_secret_along() {
    let rig = Rig::new().await;
    let script = "echo begun\nawait $BUILD_NAME\ncat $ALM_SECRET_NPM";
    let service = mounting(&rig, "Docker", script, &[("run.policy", json!("Parallel"))]).await;
    let requests =
        [with_secrets(&service, "canary-of-the-first-0d1f"), with_secrets(&service, "canary-of-the-second-77aa")];
    let mut all = Vec::new();
    for request in &requests {
        let mut told = started(&rig, request).await;
        told.until("its line", |told| told.has_line("begun")).await;
        all.push(told);
    }
    for request in &requests {
        assert_eq!(files(&rig, &service, request.build).len(), 2);
    }
    let kept = |request: &StartBuild| {
        let data = shared(&rig, &service).unwrap()["data"][format!("{}.ALM_SECRET_NPM", request.build)].clone();
        let bytes = base64::Engine::decode(&base64::engine::general_purpose::STANDARD, data.as_str().unwrap()).unwrap();
        String::from_utf8(bytes).unwrap()
    };
    assert_eq!([kept(&requests[0]), kept(&requests[1])], ["canary-of-the-first-0d1f", "canary-of-the-second-77aa"]);
    for (told, request) in all.iter_mut().zip(&requests) {
        rig.cluster.open_gate(&told.name);
        told.finish().await;
        assert!(told.has_line("***") && !told.texts().iter().any(|text| text.contains("No such file")), "{told:?}");
        assert!(!format!("{:?}", told.told).contains("canary"));
        rig.provider().release(&rig.access(), &told.run).await.unwrap();
        assert!(files(&rig, &service, request.build).is_empty(), "nothing is left of one that is over");
    }
    assert!(shared(&rig, &service).is_none());
}

#[tokio::test]
async fn builds_that_begin_while_others_end_never_lose_their_secrets() {
    let rig = Rig::new().await;
    let service = mounting(&rig, "Docker", "cat $ALM_SECRET_NPM", &[("run.policy", json!("Parallel"))]).await;
    let lives = (0..12).map(|number| {
        let (rig, service) = (&rig, &service);
        async move {
            let mut told = started(rig, &with_secrets(service, &format!("canary-number-{number}"))).await;
            told.finish().await;
            assert_eq!(told.texts(), ["***"], "build {number}");
            rig.provider().release(&rig.access(), &told.run).await.unwrap();
        }
    });
    futures::future::join_all(lives).await;
    assert!(shared(&rig, &service).is_none());
}

#[tokio::test]
async fn a_start_whose_answer_is_lost_finds_its_build_and_its_secrets() {
    let rig = Rig::new().await;
    let service = mounting(&rig, "Docker", "cat $ALM_SECRET_NPM", &[]).await;
    let request = with_secrets(&service, SECRET);
    // As if this server ended between the two: the secrets are there, and nobody knows of a build.
    rig.cluster.faults().trap(Fault::Unauthorized, "POST", "/instantiate");
    let error = rig.provider().start(&rig.access(), request.clone()).await.unwrap_err();
    assert!(matches!(error, ProviderError::Unauthorized(_)), "{error}");
    assert_eq!(files(&rig, &service, request.build).len(), 2, "nobody could remove them");
    rig.cluster.faults().heal();
    let mut told = started(&rig, &request).await;
    assert_eq!(rig.provider().start(&rig.access(), request.clone()).await.unwrap(), told.run);
    told.finish().await;
    assert_eq!(told.texts(), ["***"]);
    rig.provider().release(&rig.access(), &told.run).await.unwrap();
    assert!(shared(&rig, &service).is_none());
}

#[tokio::test]
async fn what_a_start_left_that_never_came_back_goes_with_a_later_one() {
    let rig = Rig::new().await;
    let service = mounting(&rig, "Docker", "echo x", &[]).await;
    let (lost, fresh) = (with_secrets(&service, SECRET), with_secrets(&service, SECRET));
    for request in [&lost, &fresh] {
        rig.cluster.faults().trap(Fault::Unauthorized, "POST", "/instantiate");
        rig.provider().start(&rig.access(), request.clone()).await.unwrap_err();
        rig.cluster.faults().heal();
    }
    let name = format!("alm-build-{}", service.name);
    let long_ago =
        json!({ "metadata": { "annotations": { format!("alm.build/given.{}", lost.build): "2020-01-01T00:00:00Z" } } });
    rig.cluster.patch("secrets", PROJECT, &name, &long_ago);
    let later = with_secrets(&service, SECRET);
    started(&rig, &later).await;
    assert_eq!(files(&rig, &service, lost.build), [""; 0]);
    assert_eq!(
        (files(&rig, &service, fresh.build).len(), files(&rig, &service, later.build).len()),
        (2, 2),
        "it may yet come back"
    );
    // And all of it with the build service.
    rig.provider().delete_config(&rig.access(), &service.config).await.unwrap();
    assert!(shared(&rig, &service).is_none());
}

#[tokio::test]
async fn a_secret_of_somebody_else_is_neither_written_to_nor_removed() {
    let rig = Rig::new().await;
    let service = mounting(&rig, "Docker", "echo x", &[]).await;
    let name = format!("alm-build-{}", service.name);
    rig.cluster.put("secrets", PROJECT, &name, json!({ "type": "Opaque", "data": { "theirs": "eA==" } }));
    let error = rig.provider().start(&rig.access(), with_secrets(&service, SECRET)).await.unwrap_err();
    assert!(
        matches!(&error, ProviderError::Conflict(why) if why.contains(&name) && why.contains("rename it")),
        "{error}"
    );
    rig.provider().delete_config(&rig.access(), &service.config).await.unwrap();
    assert_eq!(shared(&rig, &service).unwrap()["data"], json!({ "theirs": "eA==" }));
}

#[tokio::test]
async fn a_paused_configuration_leaves_nothing_in_the_shared_secret() {
    let rig = Rig::new().await;
    let service = mounting(&rig, "Docker", "echo x", &[]).await;
    let paused = json!({ "metadata": { "annotations": { "openshift.io/build-config.paused": "true" } } });
    rig.cluster.patch(CONFIGS, PROJECT, &service.name, &paused);
    rig.provider().start(&rig.access(), with_secrets(&service, SECRET)).await.unwrap_err();
    assert!(shared(&rig, &service).is_none());
}

#[tokio::test]
async fn the_log_of_a_plain_build_whose_secrets_are_gone_is_withheld() {
    let rig = Rig::new().await;
    let service = mounting(&rig, "Docker", "await go\ncat $ALM_SECRET_NPM", &[]).await;
    let request = with_secrets(&service, SECRET);
    let run = rig.provider().start(&rig.access(), request).await.unwrap();
    rig.build_until(&name_of(&run), |build| build["status"]["phase"] == "Running").await;
    rig.cluster.remove("secrets", PROJECT, &format!("alm-build-{}", service.name));
    rig.cluster.open_gate("go");
    let mut told = rig.follow(&run);
    told.finish().await;
    assert_eq!(told.lines().iter().map(|line| line.stream).collect::<Vec<_>>(), [LogStream::Gap]);
    assert!(!format!("{:?}", told.told).contains(SECRET));
}

#[tokio::test]
async fn a_cluster_that_drops_what_it_does_not_know_is_noticed_before_anything_is_made() {
    let rig = Rig::with(Options { build_volumes: false, ..Options::default() }).await;
    // Nothing else is in the strategy.
    let own = [("strategy", json!("Docker")), ("dockerfile", json!("x")), ("secrets.mount", json!("/run/alm"))];
    let spec = rig.spec(ServiceId::generate(&SystemIds), "shop/old", &own);
    let is_told = |error: &ProviderError| {
        let ProviderError::Invalid(findings) = error else { return false };
        findings[0].path == ["settings", "secrets.mount"] && findings[0].message.contains("does not know this field")
    };
    for error in [
        rig.provider().validate(&rig.access(), &spec).await.unwrap_err(),
        rig.provider().create_config(&rig.access(), &spec).await.unwrap_err(),
    ] {
        assert!(is_told(&error), "{error}");
    }
    assert!(rig.cluster.objects(CONFIGS, PROJECT).is_empty());
    // One that is there already stays as it is.
    let service = rig.docker("echo x").await;
    let before = rig.cluster.object(CONFIGS, PROJECT, &service.name);
    let spec = rig.spec(service.spec.service, "shop/docker", &own);
    let chosen = settings(["secrets.mount"]);
    let error = rig.provider().update_config(&rig.access(), &service.config, &spec, &chosen).await.unwrap_err();
    assert!(is_told(&error), "{error}");
    assert_eq!(rig.cluster.object(CONFIGS, PROJECT, &service.name), before);
}

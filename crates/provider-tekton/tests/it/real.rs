//! What only a real API server can be asked. Told where this machine has one (`docs/tekton.md`).

use std::{sync::Arc, time::Duration};

use alm_build_spi::{Access, Chosen, NamedSecret, ProviderError, StartBuild, Verb};
use alm_cluster_sim::{Options, real::Front, rig::Loopback};
use alm_domain::RunStatus;
use alm_kubernetes::Session;
use http::Method;
use serde_json::{Value, json};
use tokio::time::{sleep, timeout};

use crate::support::{PATIENCE, PROJECT, Rig, access_of, name_in, task};

const RUNS: &str = "/apis/tekton.dev/v1/namespaces/demo/pipelineruns";
const SECRETS: &str = "/api/v1/namespaces/demo/secrets";

/// What the API server itself has at a path.
async fn stored(front: &Front, path: &str) -> Option<Value> {
    let text = front.admin().text(path).await.unwrap()?;
    Some(serde_json::from_str(&text).unwrap())
}

/// Waits until what is stored at a path is so.
async fn until(front: &Front, path: &str, is: impl Fn(&Option<Value>) -> bool) {
    let so = async {
        while !is(&stored(front, path).await) {
            sleep(Duration::from_millis(100)).await;
        }
    };
    timeout(PATIENCE, so).await.unwrap_or_else(|_| panic!("{path} does not come to be so"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn configurations_are_made_changed_and_removed_as_the_rights_in_the_document_allow() {
    let Some(rig) = Rig::real(Options::default()).await else { return };
    let front = rig.front().unwrap();
    let definition = |text: &str| json!({ "tasks": [task("only", &format!("echo {text}"), &[])] });
    let service = rig.service(&definition("one"), &[]).await;
    let (provider, alice) = (rig.provider(), rig.access());
    assert_eq!(provider.create_config(&alice, &service.spec).await.unwrap(), service.config, "it is made once");
    assert_eq!(provider.read_config(&alice, &service.config).await.unwrap(), service.spec);

    let own = [("pipeline.definition", json!(definition("two").to_string()))];
    let changed = rig.spec(service.spec.service, &service.spec.name, &own);
    let chosen = Chosen { settings: ["pipeline.definition".to_owned()].into(), ..Chosen::default() };
    // Several at once: each is either done, or told that somebody else was faster.
    let both = tokio::join!(
        provider.update_config(&alice, &service.config, &changed, &chosen),
        provider.update_config(&alice, &service.config, &changed, &chosen),
        provider.update_config(&alice, &service.config, &changed, &chosen),
    );
    let all = [both.0, both.1, both.2];
    assert!(all.iter().any(Result::is_ok), "{all:?}");
    assert!(all.iter().all(|one| matches!(one, Ok(_) | Err(ProviderError::Conflict(_)))), "{all:?}");
    assert_eq!(provider.read_config(&alice, &service.config).await.unwrap(), changed);

    // The name is given again; what was removed is not what has it now.
    let path = format!("/api/v1/namespaces/{PROJECT}/configmaps/{}", service.name);
    provider.delete_config(&alice, &service.config).await.unwrap();
    assert!(stored(front, &path).await.is_none());
    provider.delete_config(&alice, &service.config).await.unwrap();
    let again = provider.create_config(&alice, &service.spec).await.unwrap();
    assert_ne!(again, service.config);
    provider.delete_config(&alice, &service.config).await.unwrap();
    assert!(stored(front, &path).await.is_some(), "another one of the name stays");
    let gone = provider.read_config(&alice, &service.config).await.unwrap_err();
    assert!(matches!(gone, ProviderError::NotFound(_)), "{gone}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_may_not_and_who_is_nobody_is_told_so() {
    let Some(rig) = Rig::real(Options { approvals: true, ..Options::default() }).await else { return };
    let front = rig.front().unwrap();
    let service = rig.service(&json!({ "tasks": [task("only", "echo one", &[])] }), &[]).await;
    let (provider, configs) = (rig.provider(), [service.config.clone()]);
    assert_eq!(provider.who_am_i(&rig.access()).await.unwrap().account, "alice");
    assert_eq!(provider.denials(&rig.access(), &configs).await.unwrap(), [Vec::new()]);

    let vera = access_of(&rig.cluster.token("vera"));
    let denied = provider.denials(&vera, &configs).await.unwrap();
    let verbs: Vec<_> = denied[0].iter().map(|denial| denial.verb).collect();
    assert_eq!(verbs, [Verb::Start, Verb::Decide, Verb::Deploy, Verb::Edit]);
    assert!(denied[0][0].reason.contains("may not create pipelineruns in demo"), "{:?}", denied[0]);
    let error = provider.start(&vera, service.request()).await.unwrap_err();
    assert!(matches!(&error, ProviderError::Forbidden(why) if why.contains("User \"vera\" cannot")), "{error}");
    let error = provider.read_config(&vera, &service.config).await.unwrap_err();
    assert!(matches!(error, ProviderError::Forbidden(_)), "whether it is there is not told: {error}");

    // Who may read runs, and make none, is told so of what there is and of what there is not.
    front
        .grant(
            "vera",
            &[json!({ "apiGroups": ["", "tekton.dev"], "resources": ["*"], "verbs": ["get", "list", "watch"] })],
        )
        .await;
    let verbs: Vec<_> = provider.denials(&vera, &configs).await.unwrap()[0].iter().map(|denial| denial.verb).collect();
    assert_eq!(verbs, [Verb::Start, Verb::Decide, Verb::Deploy, Verb::Edit]);
    assert_eq!(provider.read_config(&vera, &service.config).await.unwrap(), service.spec);
    let error = provider.start(&vera, service.request()).await.unwrap_err();
    assert!(matches!(&error, ProviderError::Forbidden(why) if why.contains("cannot create resource")), "{error}");

    rig.expire().await;
    for access in [rig.access(), access_of("nobody's")] {
        let error = provider.read_config(&access, &service.config).await.unwrap_err();
        assert!(matches!(error, ProviderError::Unauthorized(_)), "{error}");
    }
    rig.cluster.revive(&rig.token);
    assert!(
        provider.read_config(&rig.access(), &service.config).await.is_ok(),
        "as soon as the cluster takes it again"
    );
    let error = provider.read_config(&Access::default(), &service.config).await.unwrap_err();
    assert!(matches!(error, ProviderError::Unauthorized(_)), "{error}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_run_is_followed_through_the_death_of_the_api_server_and_a_history_that_is_forgotten() {
    let Some(rig) = Rig::real(Options::default()).await else { return };
    let front = rig.front().unwrap();
    let tasks = [task("a", "echo before\nawait go\necho between", &[]), task("b", "await end\necho after", &["a"])];
    let service = rig.service(&json!({ "tasks": tasks }), &[]).await;
    let mut told = rig.start(&service).await;
    told.until("its line", |told| told.has_line("before")).await;
    // It dies, and comes back with the history that it has in its store: none.
    front.kill().await;
    rig.cluster.open_gate("go");
    front.compact().await;
    front.revive().await;
    told.until("the line behind", |told| told.has_line("between")).await;
    // It is gone for a moment once more, while the run ends.
    front.kill().await;
    rig.cluster.open_gate("end");
    front.revive().await;
    told.finish().await;
    assert_eq!(told.status(), Some(RunStatus::Succeeded), "{told:?}");
    assert_eq!(told.texts(), ["before", "between", "after"], "{told:?}");
    assert!(told.errors.iter().all(ProviderError::is_transient), "{:?}", told.errors);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_secrets_of_a_run_go_with_it() {
    let Some(rig) = Rig::real(Options::default()).await else { return };
    let front = rig.front().unwrap();
    let mut only = task("only", "show it is | /workspace/in/NPM\nawait never", &[]);
    only["workspaces"] = json!([{ "name": "in", "workspace": "secrets" }]);
    let definition = json!({ "workspaces": [{ "name": "secrets" }], "tasks": [only] });
    let service = rig.service(&definition, &[("secrets.workspace", json!("secrets"))]).await;
    let secrets = vec![NamedSecret::new("NPM", "canary-of-a-build-77d0")];
    let run = rig.provider().start(&rig.access(), StartBuild { secrets, ..service.request() }).await.unwrap();
    let mut told = rig.follow(&run);
    told.until("what the secret is for", |told| told.has_line("it is ***")).await;
    let listed = stored(front, &format!("{SECRETS}?labelSelector=alm.build%2Fid")).await.unwrap();
    let secret = &listed["items"][0];
    let path = format!("{RUNS}/{}", name_in(&run.0));
    let uid = stored(front, &path).await.unwrap()["metadata"]["uid"].clone();
    assert_eq!(secret["metadata"]["ownerReferences"][0]["uid"], uid, "{secret}");
    if !front.has_controllers() {
        println!("SKIPPED from here: ALM_KUBE_CONTROLLER_MANAGER does not name a program");
        return;
    }
    front.admin().raw(Method::DELETE, &path, None).await.unwrap();
    let secret = format!("{SECRETS}/{}", secret["metadata"]["name"].as_str().unwrap());
    until(front, &secret, Option::is_none).await;
    until(front, "/apis/tekton.dev/v1/namespaces/demo/taskruns", |all| {
        all.as_ref().is_some_and(|all| all["items"].as_array().is_some_and(Vec::is_empty))
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_the_api_server_refuses_is_told_field_by_field() {
    let Some(rig) = Rig::real(Options::default()).await else { return };
    let front = rig.front().unwrap();
    let own = [("pipeline.definition", json!(json!({ "tasks": [task("a", "echo", &["nosuch"])] }).to_string()))];
    let ProviderError::Invalid(findings) = rig.made(&own).await.unwrap_err() else { panic!("not invalid") };
    assert_eq!(findings[0].path, ["settings", "pipeline.definition"]);
    assert!(findings[0].message.contains("nosuch wasn't present in Pipeline"), "{findings:?}");

    let admin = front.admin();
    let broken = json!({
        "metadata": { "name": "web" },
        "spec": { "replicas": -1, "selector": { "matchLabels": { "app": "web" } },
            "template": { "metadata": { "labels": { "app": "web" } }, "spec": { "containers": [{ "name": "UPPER", "image": "i" }] } } },
    });
    let refused =
        admin.raw(Method::POST, "/apis/apps/v1/namespaces/demo/deployments", Some(&broken)).await.unwrap_err();
    let ProviderError::Invalid(findings) = refused else { panic!("{refused}") };
    let paths: Vec<String> = findings.iter().map(|finding| finding.path.join(".")).collect();
    assert_eq!(paths, ["spec.replicas", "spec.template.spec.containers[0].name"], "{findings:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_more_than_the_store_takes_is_refused_for_good() {
    let Some(rig) = Rig::real(Options::default()).await else { return };
    let front = rig.front().unwrap();
    refuses_what_is_too_large(&front.admin()).await;
}

#[tokio::test]
async fn what_is_more_than_the_store_takes_is_refused_for_good_by_the_simulator_too() {
    let rig = Rig::new().await;
    let url = rig.cluster.url().parse().unwrap();
    let cluster = alm_kubernetes::Cluster::open(Arc::new(Loopback), url, None).unwrap();
    refuses_what_is_too_large(&cluster.session(&rig.access()).unwrap()).await;
}

async fn refuses_what_is_too_large(session: &Session) {
    for size in [1_700_000, 2_500_000, 4_000_000] {
        let vast = json!({ "apiVersion": "tekton.dev/v1", "kind": "PipelineRun", "metadata": { "name": "vast" },
            "spec": { "pipelineSpec": { "description": "x".repeat(size), "tasks": [task("a", "echo", &[])] } } });
        let refused = session.raw(Method::POST, RUNS, Some(&vast)).await.unwrap_err();
        assert!(matches!(refused, ProviderError::Invalid(_)), "{size}: {refused:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_older_cluster_without_openshift_says_that_it_does_not_tell_whose_a_token_is() {
    let options = || Options { openshift: false, self_reviews: false, ..Options::default() };
    let tells_nobody = async |rig: Rig| {
        let ProviderError::Invalid(findings) = rig.provider().who_am_i(&rig.access()).await.unwrap_err() else {
            panic!("not invalid")
        };
        assert_eq!(findings[0].path, ["endpoint"]);
        assert!(findings[0].message.contains("Kubernetes from 1.28 on"), "{findings:?}");
    };
    tells_nobody(Rig::with(options()).await).await;
    if let Some(rig) = Rig::real(options()).await {
        tells_nobody(rig).await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn long_lists_are_read_in_parts() {
    let Some(rig) = Rig::real(Options { controllers: false, ..Options::default() }).await else { return };
    let front = rig.front().unwrap();
    let service = rig.service(&json!({ "tasks": [task("only", "echo one", &[])] }), &[]).await;
    let label = service.spec.service.to_string();
    for number in 1..=230 {
        let run = json!({
            "apiVersion": "tekton.dev/v1", "kind": "PipelineRun",
            "metadata": { "name": format!("run-{number}"), "labels": { "alm.build/service": label, "alm.build/number": number.to_string() } },
            "spec": { "pipelineSpec": { "tasks": [task("only", "echo one", &[])] } },
        });
        front.admin().raw(Method::POST, RUNS, Some(&run)).await.unwrap();
    }
    let (mut page, mut runs) = (None, Vec::new());
    loop {
        let part = rig.provider().list(&rig.access(), &service.config, page.as_deref()).await.unwrap();
        runs.extend(part.runs.into_iter().map(|run| name_in(&run.run.0)));
        page = part.next;
        if page.is_none() {
            break;
        }
    }
    assert_eq!(runs.len(), 230);
    runs.sort_unstable();
    runs.dedup();
    assert_eq!(runs.len(), 230, "each of them once");
}

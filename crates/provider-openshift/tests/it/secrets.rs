//! Secrets of pipelines.

use alm_build_spi::NamedSecret;
use alm_domain::{Capability, LogStream};

use crate::support::{PROJECT, Rig};

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

#[tokio::test]
async fn a_plain_build_says_that_it_is_given_none() {
    let rig = Rig::new().await;
    let service = rig.docker("echo x").await;
    let mut request = service.request();
    request.secrets = vec![NamedSecret::new("npm", SECRET)];
    let run = rig.provider().start(&rig.access(), request).await.unwrap();
    let snapshot = rig.provider().get(&rig.access(), &run).await.unwrap();
    assert!(snapshot.without.iter().any(|note| note.capability == Capability::Secrets));
    assert!(!rig.build(&crate::support::name_of(&run)).to_string().contains("ALM_SECRET_"));
}

//! Tokens of environments: which stage gets one, and what becomes of stages that lack theirs.

use std::{fs, path::Path};

use alm_build_spi::{Access, BuildProvider, NamedSecret, ProviderError, RunRef};
use alm_domain::{Clock, ReasonCode, RunStatus, SystemClock};
use chrono::TimeDelta;
use serde_json::json;

use crate::support::{Rig, Told, secret};

const CANARY: &str = "st4ging-canary-7c1e";
const LATER: &str = "st4ging-second-canary-11d0";

const PIPELINE: &str = "stages:
  build:
    run: env | grep -c ALM_TOKEN || true
  ship:
    needs: build
    environment: staging-1
    run: |
      stat -c %a $ALM_TOKEN_STAGING_1_FILE $(dirname $ALM_TOKEN_STAGING_1_FILE)
      wc -c < $ALM_TOKEN_STAGING_1_FILE
      cat $ALM_TOKEN_STAGING_1_FILE; echo
      env | grep -c canary || true
      echo $ALM_TOKEN_STAGING_1_FILE > $HOME/where
  after:
    needs: ship
    run: test -e $(cat $HOME/where) && echo left behind || echo gone
";

fn token(value: &str) -> NamedSecret {
    NamedSecret::token("staging-1", value, None)
}

fn ending(value: &str, seconds: i64) -> NamedSecret {
    NamedSecret::token("staging-1", value, Some(SystemClock.now() + TimeDelta::seconds(seconds)))
}

async fn with(rig: &Rig, secrets: Vec<NamedSecret>, withheld: &[&str]) -> RunRef {
    let mut request = rig.request();
    request.secrets = secrets;
    request.withheld = withheld.iter().map(|name| (*name).to_owned()).collect();
    rig.start_request(request).await
}

async fn waiting(rig: &Rig, run: &RunRef) -> Told {
    rig.follow(run, None, |told| told.status() == RunStatus::WaitingForCredential).await
}

async fn supply(rig: &Rig, run: &RunRef, token: &NamedSecret) {
    rig.provider().supply(&Access::default(), run, token).await.unwrap();
}

/// Every file below this directory that holds this text.
fn holding(directory: &Path, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(directory).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(holding(&path, text));
        } else if fs::read(&path).is_ok_and(|bytes| bytes.windows(text.len()).any(|w| w == text.as_bytes())) {
            found.push(path.display().to_string());
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stage_gets_the_token_of_its_environment_as_a_file_and_no_other_stage_does() {
    let rig = Rig::new(PIPELINE);
    let run = with(&rig, vec![token(CANARY), secret("production", "pr0d-canary-0001")], &[]).await;
    let told = rig.told(&run).await;
    assert_eq!(told.status(), RunStatus::Succeeded, "{told:#?}");
    assert_eq!(told.output(), ["0", "400", "700", "19", "***", "0", "gone"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_of_a_token_is_left_when_the_build_has_ended() {
    let rig = Rig::new(PIPELINE);
    let run = with(&rig, vec![token(CANARY)], &["other"]).await;
    rig.told(&run).await;
    // The search finds what is there.
    fs::write(rig.path("spool").join("planted"), format!("x{CANARY}x")).unwrap();
    assert_eq!(holding(rig.home.path(), CANARY).len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_withheld_token_holds_its_stage_without_a_server_until_it_comes() {
    let mut rig = Rig::new(PIPELINE);
    let run = with(&rig, vec![], &["staging-1"]).await;
    let told = waiting(&rig, &run).await;
    assert_eq!(told.stage("build").status, RunStatus::Succeeded);
    let reason = told.stage("ship").reason.clone().unwrap();
    assert_eq!(reason.code, ReasonCode::Credential);
    assert!(reason.message.contains("\"staging-1\""), "{reason:?}");
    assert_eq!(
        told.why(),
        (Some(ReasonCode::Credential), "stage \"ship\" waits for the token of its environment".into())
    );
    // The server goes and comes back: the supervisor waited alone.
    rig.close();
    rig.open();
    supply(&rig, &run, &token(CANARY)).await;
    let told = rig.told(&run).await;
    assert_eq!(told.status(), RunStatus::Succeeded, "{told:#?}");
    assert_eq!(told.output(), ["0", "400", "700", "19", "***", "0", "gone"]);
    supply(&rig, &run, &token(LATER)).await;
    assert_eq!(holding(rig.home.path(), LATER), Vec::<String>::new());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_has_ended_holds_its_stage_and_a_newer_one_lets_it_go() {
    let rig = Rig::new(PIPELINE);
    let run = with(&rig, vec![ending(CANARY, -1)], &[]).await;
    let told = waiting(&rig, &run).await;
    assert!(told.stage("ship").reason.as_ref().unwrap().message.ends_with("has ended"), "{told:#?}");
    // One that has ended too is no help.
    supply(&rig, &run, &ending(CANARY, -1)).await;
    supply(&rig, &run, &ending(LATER, 3600)).await;
    let told = rig.told(&run).await;
    assert_eq!(told.output(), ["0", "400", "700", "26", "***", "0", "gone"], "{told:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stage_that_fails_after_its_token_ended_says_so() {
    let rig = Rig::new("stages:\n  ship:\n    environment: staging-1\n    run: sleep 4; echo refused >&2; exit 1\n");
    let run = with(&rig, vec![ending(CANARY, 3)], &[]).await;
    let told = rig.told(&run).await;
    let (code, message) = told.why();
    // On a machine so slow that the token ended before the stage began, it waits: that is not what is asked here.
    assert_eq!((told.status(), code), (RunStatus::Failed, Some(ReasonCode::Credential)), "{told:#?}");
    assert!(message.contains("status 1; the token of the environment \"staging-1\" ended at "), "{message}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_build_that_waits_for_a_token_can_be_cancelled_and_lapses() {
    let rig = Rig::new(PIPELINE);
    let run = with(&rig, vec![], &["staging-1"]).await;
    waiting(&rig, &run).await;
    rig.provider().cancel(&Access::default(), &run).await.unwrap();
    let told = rig.told(&run).await;
    assert_eq!((told.status(), told.stage("ship").status), (RunStatus::Cancelled, RunStatus::Cancelled), "{told:#?}");

    let rig = Rig::with(PIPELINE, &[("credential.timeout", json!("1s"))]);
    let run = with(&rig, vec![], &["staging-1"]).await;
    let told = rig.told(&run).await;
    assert_eq!((told.status(), told.why().0), (RunStatus::Cancelled, Some(ReasonCode::CredentialLapsed)), "{told:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn names_that_no_file_or_variable_can_have_are_refused_where_they_stand() {
    let rig = Rig::new(PIPELINE);
    let mut request = rig.request();
    request.secrets = vec![token("a"), NamedSecret::token("staging_1", "b", None), secret("staging-1", "c")];
    request.withheld = vec!["../up".to_owned()];
    let Err(ProviderError::Invalid(findings)) = rig.provider().start(&Access::default(), request).await else {
        panic!("it was taken in");
    };
    let paths: Vec<_> = findings.iter().map(|finding| finding.path.join("/")).collect();
    assert_eq!(paths, ["secrets/staging_1", "withheld/../up"], "{findings:?}");
    let run = rig.start().await;
    let odd = NamedSecret::token("../up", "b", None);
    let refused = rig.provider().supply(&Access::default(), &run, &odd).await;
    assert!(matches!(refused, Err(ProviderError::Invalid(_))), "{refused:?}");
    rig.told(&run).await;
}

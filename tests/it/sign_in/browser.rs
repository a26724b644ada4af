//! Signing in on the pages, in a real Chromium.

use std::path::Path;

use super::stage::{AUDIENCE, Stage};
use crate::node::node;

/// Plays these chapters of the story; `false` where that is not possible.
async fn plays(stage: &Stage, chapters: &str) -> bool {
    // Where a person who looks into a failure wants screenshots.
    let screenshots = std::env::var("ALM_SCREENSHOTS").unwrap_or_default();
    let arguments = [&stage.address(), &stage.issuer.control, chapters, &screenshots];
    node("sign-in.mjs", &arguments).await.is_some()
}

fn can_be_played(needs_graphiql: bool) -> bool {
    let chromium = std::env::var("CHROMIUM").unwrap_or_else(|_| "/usr/bin/chromium".to_owned());
    if !Path::new(&chromium).is_file() {
        println!("SKIPPED: needs Chromium at {chromium}, or at the path in CHROMIUM");
        return false;
    }
    let bundle = Path::new(env!("CARGO_MANIFEST_DIR")).join("graphiql/dist/index.html");
    if needs_graphiql && !bundle.is_file() {
        println!("SKIPPED: needs `make graphiql`");
        return false;
    }
    true
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_signs_in_at_the_issuer_works_in_graphiql_until_the_token_ends_and_signs_in_again() {
    if !can_be_played(true) {
        return;
    }
    if let Some(stage) = Stage::set().await {
        plays(&stage, "arrive,work,expire,leave").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_goes_wrong_with_a_sign_in_is_said_and_signs_nobody_in() {
    if !can_be_played(false) {
        return;
    }
    if let Some(stage) = Stage::set().await {
        plays(&stage, "elsewhere,forged,denied,down,clock,audience").await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_token_is_the_one_that_names_this_server_however_the_issuer_is_brought_to_make_it() {
    if !can_be_played(false) {
        return;
    }
    // A client whose access tokens are opaque unless it names the resource, and its identity token, which is for the client.
    let asked = Stage::with("alm-asking", AUDIENCE, &[("ALM_SIGN_IN_AUDIENCE_PARAMETER", "resource")]).await;
    let identity = Stage::with("alm-plain", "alm-plain", &[]).await;
    for stage in [asked, identity].into_iter().flatten() {
        plays(&stage, "arrive").await;
    }
}

//! Why a build waits.

use serde_json::json;

use crate::support::Setup;

#[tokio::test]
async fn with_one_slot_the_second_build_says_what_it_waits_for() {
    let app = Setup::local().setting("concurrency", json!(1)).start().await;
    let folder = tempfile::tempdir().unwrap();
    let gate = folder.path().join("open");
    let wait = format!("run: while [ ! -e {} ]; do sleep 0.05; done\n", gate.display());
    let service = app.pipeline("queue", &wait).await;
    let first = app.start_build(&service).await;
    app.follow_until(&first, |build| build["status"] == "RUNNING").await;
    let second = app.start_build(&service).await;
    let second = app.follow_until(&second, |build| build["statusReasonCode"] == "WAITING_FOR_SLOT").await;
    assert_eq!(second.status(), "QUEUED");
    assert!(!second.reason().is_empty());
    let health = app.graphql("{ providers { nodes { health { runningBuilds queuedBuilds } } } }", json!({})).await;
    assert_eq!(health["providers"]["nodes"][0]["health"], json!({"runningBuilds": 1, "queuedBuilds": 1}));
    std::fs::write(&gate, "").unwrap();
    assert_eq!(app.follow(&first).await.status(), "SUCCEEDED");
    assert_eq!(app.follow(&second).await.status(), "SUCCEEDED");
}

//! What the stories of the gate share.

use alm_build_spi::conformance::fake::{Script, StageSpec};
use alm_domain::{Principal, UserId};
use serde_json::{Value, json};

use crate::support::{BuildView, TestApp};

/// The one user of single-user mode, who starts all builds of these stories.
pub(super) fn me() -> UserId {
    Principal::single_user().user().unwrap()
}

/// Builds, and then deploys to `staging`.
pub(super) fn shipping() -> Script {
    let ship = StageSpec::new("ship").after(["build"]).environment("staging");
    Script::new().stage("build").line("built").close("build").open(ship).show_secrets().close("ship")
}

/// A build service in a project `shop` that has these environments.
pub(super) async fn shop(app: &TestApp, environments: &[(&str, &str)]) -> String {
    let project = app.project("shop").await;
    for (name, role) in environments {
        app.environment(&project, name, role).await;
    }
    app.service_in(&project, "web", "https://git.example.org/web.git").await
}

const HOLD: &str = "id number status statusReasonCode statusReason hold { reason since deadline }
    waitsFor { environment { name } owner { ... on User { login } } stage { key } approval { status } message }";

/// Starts a build that is held, and gives it with the errors that name what is missing.
pub(super) async fn start_held(app: &TestApp, service: &str) -> (BuildView, Value) {
    let query = format!(
        "mutation($input: StartBuildInput!) {{ startBuild(input: $input) {{
            build {{ {HOLD} }} edge {{ node {{ id }} }}
            userErrors {{ __typename message code path ... on CredentialError {{ environment {{ name }} }} }} }} }}"
    );
    let reply = app.graphql(&query, json!({"input": {"serviceId": service}})).await["startBuild"].clone();
    assert_eq!(reply["edge"]["node"]["id"], reply["build"]["id"], "{reply}");
    (BuildView(reply["build"].clone()), reply["userErrors"].clone())
}

/// The build with what it waits for.
pub(super) async fn held(app: &TestApp, build: &BuildView) -> BuildView {
    let query = format!("query($id: ID!) {{ build(by: {{id: $id}}) {{ {HOLD} }} }}");
    BuildView(app.graphql(&query, json!({"id": build.id()})).await["build"].clone())
}

/// Tells the service that the accounts have changed.
pub(super) fn ring(app: &TestApp) {
    app.app().connections_changed(me());
}

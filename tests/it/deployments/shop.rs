//! A shop with environments, and what the stories do with it.

use alm_build_spi::conformance::fake::{Script, StageSpec};
use serde_json::{Value, json};

use crate::support::{BuildView, Setup, TestApp, within};

/// All that a story asks of a deployment.
pub(super) const DEPLOYMENT: &str = "
    id revision version status statusReason comment requestedAt activatedAt finishedAt
    environment { id name } service { id } build { id number } carriedOutBy { id number trigger { kind } }
    previous { id } takesBack { id } approval { id status required decisions { verdict } }
    actions { action allowed reason reasonCode }";

/// Builds, and deploys to `test` and to `prod`; a deploying stage waits for the signal of its name.
pub(super) fn script() -> Script {
    let script = Script::new().open(StageSpec::new("build")).line("built").close("build");
    let to_test = StageSpec::new("to-test").after(["build"]).environment("test").url("https://test.shop.example/");
    let script = script.open(to_test);
    let script = script.wait_for("to-test").line("in test").close("to-test");
    // No page's address: it is not passed on.
    let to_prod = StageSpec::new("to-prod").after(["to-test"]).environment("prod").url("javascript:alert(1)");
    let script = script.open(to_prod);
    script.wait_for("to-prod").line("in prod").close("to-prod")
}

/// Builds, and deploys nowhere by itself: what deploys is left out.
pub(super) fn built_only() -> Script {
    let script = Script::new().open(StageSpec::new("build")).line("built").close("build").succeed();
    let script = script.open(StageSpec::new("to-test").after(["build"]).environment("test"));
    script.open(StageSpec::new("to-prod").after(["to-test"]).environment("prod"))
}

/// Builds, and deploys to `test` and to `prod` without a pause.
pub(super) fn promoted() -> Script {
    let left_out = |script: Script, name: &str, place: &str, after: &str| {
        let script = script.open(StageSpec::new(name).after([after]).environment(place));
        script.line(&format!("in {place}")).close(name)
    };
    let script = Script::new().open(StageSpec::new("build")).line("built").close("build");
    left_out(left_out(script, "to-test", "test", "build"), "to-prod", "prod", "to-test")
}

/// A project with two targets.
pub(super) struct Shop {
    pub(super) app: TestApp,
    pub(super) project: String,
    pub(super) service: String,
    pub(super) test: String,
    pub(super) prod: String,
}

impl Shop {
    pub(super) async fn open(setup: Setup) -> Self {
        let app = setup.start().await;
        let project = app.project("shop").await;
        let test = app.environment(&project, "test", "TARGET").await;
        let prod = app.environment(&project, "prod", "TARGET").await;
        let service = app.service_in(&project, "web", "https://git.example.org/web.git").await;
        Self { app, project, service, test, prod }
    }

    /// Sets the rules of an environment.
    pub(super) async fn protect(&self, environment: &str, rules: Value) {
        let input = json!({"environmentId": environment, "protection": rules});
        self.app.done("updateEnvironment", "environment { id }", input).await;
    }

    /// A build whose stages go wherever they go, to its end.
    pub(super) async fn built(&self) -> BuildView {
        let build = self.app.start_build(&self.service).await;
        for signal in ["to-test", "to-prod"] {
            self.app.engine.signal(build.key(), signal);
        }
        self.app.follow(&build).await
    }

    pub(super) async fn promote(&self, build: &BuildView, environment: &str) -> Value {
        let input = json!({"buildId": build.id(), "environmentId": environment});
        self.app.mutate("promoteBuild", &format!("deployment {{ {DEPLOYMENT} }}"), input).await
    }

    /// Asks for a promotion that nothing stands against.
    pub(super) async fn promoted(&self, build: &BuildView, environment: &str) -> Value {
        let payload = self.promote(build, environment).await;
        assert_eq!(payload["userErrors"], json!([]));
        payload["deployment"].clone()
    }

    pub(super) async fn roll_back(&self, deployment: &Value) -> Value {
        let input = json!({"deploymentId": deployment["id"], "reason": "it hurts"});
        self.app.mutate("rollBackDeployment", &format!("deployment {{ {DEPLOYMENT} }}"), input).await
    }

    pub(super) async fn deployment(&self, id: &Value) -> Value {
        let query = format!("query($id: ID!) {{ node(id: $id) {{ ... on Deployment {{ {DEPLOYMENT} }} }} }}");
        self.app.graphql(&query, json!({ "id": id })).await["node"].clone()
    }

    /// The build that carries a deployment out.
    pub(super) async fn carrier(&self, deployment: &Value) -> BuildView {
        self.app.build(deployment["carriedOutBy"]["id"].as_str().unwrap()).await
    }

    /// A deployment that goes its way to the end, as it then stands.
    pub(super) async fn arrived(&self, deployment: &Value) -> Value {
        let build = self.carrier(deployment).await;
        within(self.app.engine.started(build.key())).await;
        for signal in ["to-test", "to-prod"] {
            self.app.engine.signal(build.key(), signal);
        }
        self.app.follow(&build).await;
        self.deployment(&deployment["id"]).await
    }

    /// The deployments of the project, newest first, as `environment version status`.
    pub(super) async fn history(&self) -> Vec<String> {
        let query = "query($id: ID!) { node(id: $id) { ... on Project {
            deployments(first: 50) { nodes { status build { number } environment { name } } } } } }";
        let found = self.app.graphql(query, json!({ "id": self.project })).await;
        let nodes = found["node"]["deployments"]["nodes"].as_array().unwrap().clone();
        let said = |one: &Value| {
            let (place, number) = (one["environment"]["name"].as_str().unwrap(), &one["build"]["number"]);
            format!("{place} #{number} {}", one["status"].as_str().unwrap())
        };
        nodes.iter().map(said).collect()
    }

    /// The row of the build service on the board.
    pub(super) async fn cells(&self) -> Vec<Value> {
        let query =
            "query($id: ID!) { node(id: $id) { ... on Project { board { columns { name } rows { service { id } cells {
            environment { name } current { build { number } } pending { build { number } status }
            failed { build { number } status statusReason }
            candidate { id number } behindBy promote { action allowed reason } } } } } } }";
        let found = self.app.graphql(query, json!({ "id": self.project })).await;
        let board = &found["node"]["board"];
        assert_eq!(board["columns"], json!([{"name": "test"}, {"name": "prod"}]));
        assert_eq!(board["rows"][0]["service"]["id"], json!(self.service));
        board["rows"][0]["cells"].as_array().unwrap().clone()
    }
}

/// What stands in the way, in words.
pub(super) fn refusal(payload: &Value) -> String {
    assert!(payload["deployment"].is_null(), "{payload}");
    let error = &payload["userErrors"][0];
    format!("{}: {}", error["code"].as_str().unwrap(), error["message"].as_str().unwrap())
}

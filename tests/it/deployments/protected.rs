//! A pipeline's stage that deploys where people must say yes, with the real provider: until then it waits, and its token is
//! nowhere.

use std::{fs, path::Path};

use alm::app::{AppError, DecideBuild, StartBuild};
use alm_domain::{Approval, Principal, ProjectRole, Verdict};
use serde_json::{Value, json};

use crate::support::{Accounts, BuildView, Setup, TestApp, on_each_database};

const PIPELINE: &str = "
stages:
  build: {run: echo built}
  to-test: {needs: build, environment: test, run: echo in test}
  to-prod: {needs: to-test, environment: prod, run: 'test -s \"$ALM_TOKEN_PROD_FILE\" && echo in prod'}
";
/// What opens `prod`.
const TOKEN: &str = "pr0d-canary-55120";

/// A shop whose `prod` is protected: Mia builds; Ben and Eva may say yes.
struct Shop {
    app: TestApp,
    project: String,
    service: String,
    mia: Principal,
    ben: Principal,
    eva: Principal,
}

impl Shop {
    async fn open(setup: Setup, rules: Value) -> Self {
        let accounts = Accounts::default();
        let app = setup.locally().accounts(&accounts).start().await;
        let project = app.project("shop").await;
        app.environment(&project, "test", "TARGET").await;
        let prod = app.environment(&project, "prod", "TARGET").await;
        let protect = json!({"environmentId": prod, "protection": rules});
        app.done("updateEnvironment", "environment { id }", protect).await;
        let service = app.service_in(&project, "web", app.repository("shop", PIPELINE).url()).await;
        let mia = app.member("mia", false, "shop", ProjectRole::Developer).await;
        let ben = app.member("ben", false, "shop", ProjectRole::Developer).await;
        let eva = app.member("eva", false, "shop", ProjectRole::Owner).await;
        accounts.connect(mia.user().unwrap(), "test", "t3st-canary-00817");
        accounts.connect(mia.user().unwrap(), "prod", TOKEN);
        Self { app, project, service, mia, ben, eva }
    }

    /// A build that Mia has started, as soon as it waits at `prod`, with the question.
    async fn waiting(&self) -> (BuildView, Approval) {
        let service = self.service.parse().unwrap();
        let request = StartBuild { service, reference: None, parameters: Vec::new(), idempotency_key: None };
        let build = self.app.app().start_build(&self.mia, request).await.unwrap().id;
        let build = self.app.build(&build.to_string()).await;
        let at_prod = |build: &Value| build["stages"][2]["status"] == "WAITING_FOR_CREDENTIAL";
        let build = self.app.follow_until(&build, at_prod).await;
        let asked = self.app.app().store().approvals_of_builds(&self.mia, &[build.key()]).await.unwrap().pop();
        (build, asked.unwrap())
    }

    async fn say(&self, who: &Principal, asked: &Approval, verdict: Verdict) -> Result<Approval, AppError> {
        let request =
            DecideBuild { approval: asked.id, verdict, comment: None, parameters: Vec::new(), expected: None };
        self.app.app().decide(who, request).await
    }

    /// The deployments, as `environment #build status`, sorted.
    async fn deployments(&self) -> Vec<String> {
        let query = "query($id: ID!) { node(id: $id) { ... on Project {
            deployments(first: 50) { nodes { status build { number } environment { name } } } } } }";
        let found = self.app.graphql(query, json!({ "id": self.project })).await;
        let said = |one: &Value| {
            let (place, status) = (one["environment"]["name"].as_str().unwrap(), one["status"].as_str().unwrap());
            format!("{place} #{} {status}", one["build"]["number"])
        };
        let mut all: Vec<_> = found["node"]["deployments"]["nodes"].as_array().unwrap().iter().map(said).collect();
        all.sort();
        all
    }

    /// Whether a file of the server or of a build holds the token.
    fn token_is_out(&self) -> bool {
        holds(self.app.key_ring().parent().unwrap(), TOKEN)
    }

    /// Who has decided, by the audit trail, oldest first.
    async fn decided(&self) -> Vec<String> {
        let query = "query($id: ID!) { auditEvents(projectId: $id, first: 50) {
            nodes { verb outcome summary actor { ... on User { login } } } } }";
        let trail = self.app.graphql(query, json!({ "id": self.project })).await;
        let nodes = trail["auditEvents"]["nodes"].as_array().unwrap().iter().rev();
        let decisions = nodes.filter(|event| event["verb"] == "approval.decide");
        let said = |event: &Value| {
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            format!("{}: {} {}", text(&event["actor"]["login"]), text(&event["summary"]), text(&event["outcome"]))
        };
        decisions.map(said).collect()
    }
}

/// Whether a file below this folder holds this text.
fn holds(folder: &Path, text: &str) -> bool {
    let Ok(entries) = fs::read_dir(folder) else { return false };
    entries.flatten().any(|entry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => holds(&entry.path(), text),
        Ok(kind) if kind.is_file() => {
            fs::read(entry.path()).is_ok_and(|bytes| bytes.windows(text.len()).any(|window| window == text.as_bytes()))
        }
        _ => false,
    })
}

#[tokio::test]
async fn a_stage_gets_its_token_when_others_have_said_yes_and_not_before() {
    on_each_database(async |setup| {
        let shop = Shop::open(setup, json!({"requiredApprovals": 2, "inOrder": true})).await;
        let (build, asked) = shop.waiting().await;
        assert_eq!(shop.deployments().await, ["prod #1 WAITING_FOR_APPROVAL", "test #1 ACTIVE"]);
        let query =
            "query($id: ID!) { build(by: {id: $id}) { waitsFor { message } heldStages { stage { key } message } } }";
        let waits = shop.app.graphql(query, json!({"id": build.id()})).await;
        assert_eq!(waits["build"]["waitsFor"], json!([]), "no account is missing");
        let held = json!([{"stage": {"key": "to-prod"}, "message": "people must approve the deployment"}]);
        assert_eq!(waits["build"]["heldStages"], held);

        let own = shop.say(&shop.mia, &asked, Verdict::Approve).await;
        assert!(matches!(&own, Err(AppError::WrongState(why)) if why.starts_with("whoever asked")), "{own:?}");
        shop.say(&shop.ben, &asked, Verdict::Approve).await.unwrap();
        assert!(shop.say(&shop.ben, &asked, Verdict::Approve).await.is_err(), "each counts once");
        let waiting = shop.app.build(build.id()).await;
        assert_eq!(waiting.stages()[2], "to-prod WAITING_FOR_CREDENTIAL", "one is not enough");
        assert!(!shop.token_is_out(), "nobody has the token before the last yes");

        shop.say(&shop.eva, &asked, Verdict::Approve).await.unwrap();
        let ended = shop.app.follow(&build).await;
        assert_eq!((ended.status(), &ended.approval()["status"]), ("SUCCEEDED", &json!("APPROVED")), "{:?}", ended.0);
        assert!(shop.app.log(&ended).await.contains("in prod"));
        assert_eq!(shop.deployments().await, ["prod #1 ACTIVE", "test #1 ACTIVE"]);
        assert_eq!(shop.decided().await, ["ben: approved in build 1 DONE", "eva: approved in build 1 DONE"]);
    })
    .await;
}

#[tokio::test]
async fn one_no_ends_the_build_and_says_who() {
    on_each_database(async |setup| {
        let shop = Shop::open(setup, json!({"requiredApprovals": 2})).await;
        let (build, asked) = shop.waiting().await;
        shop.say(&shop.eva, &asked, Verdict::Approve).await.unwrap();
        shop.say(&shop.ben, &asked, Verdict::Reject).await.unwrap();
        let ended = shop.app.follow(&build).await;
        assert_eq!((ended.status(), ended.why()), ("CANCELLED", "REJECTED"), "{:?}", ended.0);
        assert_eq!(ended.reason(), "BEN said no to the deployment");
        assert_eq!(ended.approval()["status"], "REJECTED");
        assert!(!shop.app.log(&ended).await.contains("in prod") && !shop.token_is_out());
        assert_eq!(shop.deployments().await, ["prod #1 CANCELLED", "test #1 ACTIVE"]);
        assert_eq!(shop.decided().await, ["eva: approved in build 1 DONE", "ben: rejected in build 1 DONE"]);
    })
    .await;
}

#[tokio::test]
async fn a_newer_build_that_is_approved_first_stops_the_older_one_that_waits() {
    on_each_database(async |setup| {
        let shop = Shop::open(setup, json!({"requiredApprovals": 1})).await;
        let (old, old_asked) = shop.waiting().await;
        let (new, asked) = shop.waiting().await;
        shop.say(&shop.ben, &asked, Verdict::Approve).await.unwrap();
        assert_eq!(shop.app.follow(&new).await.status(), "SUCCEEDED");
        let old = shop.app.follow(&old).await;
        assert_eq!(old.status(), "CANCELLED", "{:?}", old.0);
        assert!(old.reason().contains("has overtaken it"), "{}", old.reason());
        assert!(!shop.app.log(&old).await.contains("in prod"));
        assert!(shop.say(&shop.ben, &old_asked, Verdict::Approve).await.is_err(), "it is too late");
        let all = shop.deployments().await;
        assert_eq!(all, ["prod #1 CANCELLED", "prod #2 ACTIVE", "test #1 SUPERSEDED", "test #2 ACTIVE"]);
    })
    .await;
}

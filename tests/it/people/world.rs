//! Two projects, and people of every kind.

use alm::{
    app::Timing,
    graphql::{Api, Limits},
};
use alm_build_spi::conformance::fake::Script;
use alm_domain::{Ceiling, Principal, ProjectRole, TokenScope};
use async_graphql::{Executor, Request, Variables};
use serde_json::{Value, json};

use crate::support::{TestApp, within};

/// Stands in every text of a project.
pub(super) fn mark(slug: &str) -> String {
    format!("canary-of-{slug}")
}

/// The ids of one project with something of every kind in it.
#[derive(Debug, Clone)]
pub(super) struct Ids {
    pub(super) slug: String,
    pub(super) project: String,
    pub(super) service: String,
    pub(super) build: String,
    pub(super) stage: String,
    pub(super) approval: String,
    pub(super) environment: String,
    /// Something that was done in it.
    pub(super) audited: String,
    /// A member who is nobody of the people below.
    pub(super) member: String,
}

/// Two projects; all people belong to the first of them, if to any.
pub(super) struct World {
    pub(super) app: TestApp,
    api: Api,
    pub(super) own: Ids,
    pub(super) foreign: Ids,
}

/// Kinds of people, the one who may least first.
pub(super) const KINDS: [Kind; 7] =
    [Kind::Anonymous, Kind::Outsider, Kind::Reader, Kind::Viewer, Kind::Developer, Kind::Owner, Kind::Admin];

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// Has not signed in.
    Anonymous,
    /// Has signed in, and is a member of nothing.
    Outsider,
    /// A token of the owner that may only read.
    Reader,
    Viewer,
    Developer,
    Owner,
    Admin,
}

impl World {
    pub(super) async fn new() -> Self {
        let script = Script::new().stage("a").line("one").ask("go", "Go on?");
        let app = TestApp::fake(script).await;
        let own = fill(&app, "own").await;
        let foreign = fill(&app, "foreign").await;
        // Nothing is too costly here: it is not the limits that are to refuse.
        let limits = Limits { depth: 64, complexity: usize::MAX };
        let api = Api::new(app.app().clone(), limits, Timing::default());
        for (login, role) in
            [("viewer", ProjectRole::Viewer), ("developer", ProjectRole::Developer), ("owner", ProjectRole::Owner)]
        {
            app.member(login, false, "own", role).await;
        }
        Self { app, api, own, foreign }
    }

    /// Somebody of this kind, in the first project.
    pub(super) async fn somebody(&self, kind: Kind) -> Option<Principal> {
        Some(match kind {
            Kind::Anonymous => return None,
            Kind::Outsider => self.app.person("outsider", false).await,
            Kind::Reader => self.app.person("owner", false).await.with_ceiling(Ceiling::of(&[TokenScope::Read], None)),
            Kind::Viewer => self.app.person("viewer", false).await,
            Kind::Developer => self.app.person("developer", false).await,
            Kind::Owner => self.app.person("owner", false).await,
            Kind::Admin => self.app.person("boss", true).await,
        })
    }

    /// The whole reply, as this kind of people meets it.
    pub(super) async fn ask(&self, kind: Kind, document: &str, variables: Value) -> Value {
        let mut request = Request::new(document).variables(Variables::from_json(variables));
        if let Some(principal) = self.somebody(kind).await {
            request = request.data(principal);
        }
        serde_json::to_value(within(self.api.execute(request)).await).unwrap()
    }
}

async fn fill(app: &TestApp, slug: &str) -> Ids {
    let mark = mark(slug);
    let project = app.project(slug).await;
    app.done(
        "updateProject",
        "project { id }",
        json!({"projectId": project, "displayName": mark, "description": mark}),
    )
    .await;
    let service = app.service_in(&project, &mark, &format!("https://git.example.org/{mark}.git")).await;
    let environment = app.environment(&project, &mark, "TARGET").await;
    let build = app.start_build(&service).await;
    within(app.engine.held(build.key())).await;
    let document = "query($id: ID!) { build(by: {id: $id}) { stages { id } approvals { id } } }";
    let (stage, approval) = loop {
        let data = app.graphql(document, json!({"id": build.id()})).await;
        let id = |list: &str| data["build"][list][0]["id"].as_str().map(str::to_owned);
        match (id("stages"), id("approvals")) {
            (Some(stage), Some(approval)) => break (stage, approval),
            _ => tokio::task::yield_now().await,
        }
    };
    let document = "query($id: ID!) { auditEvents(projectId: $id, first: 1) { edges { node { id } } } }";
    let data = app.graphql(document, json!({"id": project})).await;
    let audited = data["auditEvents"]["edges"][0]["node"]["id"].as_str().unwrap().to_owned();
    let login = format!("of-{mark}");
    let member = app.member(&login, false, slug, ProjectRole::Viewer).await;
    let member = member.user().unwrap().to_string();
    Ids {
        slug: slug.to_owned(),
        project,
        service,
        build: build.id().to_owned(),
        stage,
        approval,
        environment,
        audited,
        member,
    }
}

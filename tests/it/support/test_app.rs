//! A server, and all that the stories do with it.

use std::{path::PathBuf, sync::Arc};

use alm::app::App;
use alm_build_spi::conformance::fake::FakeEngine;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::{
    BuildView, Download, Events, Repository, Setup,
    client::Client,
    factory::Factory,
    operations as op,
    server::{KEYS, Server},
    within,
};

/// A server with one provider, and all that the stories do with it.
pub(crate) struct TestApp {
    // Declared first, so that it ends before its database goes.
    server: Option<Server>,
    client: Client,
    factory: Factory,
    /// The engine in memory; at rest where the provider is the local one.
    pub(crate) engine: FakeEngine,
    /// Id of the one provider.
    pub(crate) provider: String,
    setup: Setup,
    home: TempDir,
}

impl TestApp {
    /// In front of an engine in memory, whose builds do this.
    pub(crate) async fn fake(script: alm_build_spi::conformance::fake::Script) -> Self {
        Setup::fake(script).start().await
    }

    /// In front of the real local provider.
    pub(crate) async fn local() -> Self {
        Setup::local().start().await
    }

    pub(super) async fn start(setup: Setup) -> Self {
        let home = tempfile::tempdir().unwrap();
        let factory = Factory {
            home: home.path().to_owned(),
            engine: setup.engine.clone(),
            lacking: setup.lacking.clone(),
            needs_token: setup.needs_token,
            clock: Arc::clone(&setup.clock),
        };
        let server = Self::life(&setup, &factory).await;
        let (client, engine) = (Client::new(), setup.engine.clone());
        let mut app = Self { server: Some(server), client, factory, engine, provider: String::new(), setup, home };
        let kind = if app.setup.local { "LOCAL" } else { "REMOTE" };
        let input =
            json!({"slug": "engine", "displayName": "The engine", "kind": kind, "configuration": app.setup.settings});
        let payload = app.done("registerProvider", "provider { id }", input).await;
        app.provider = payload["provider"]["id"].as_str().unwrap().to_owned();
        app
    }

    async fn life(setup: &Setup, factory: &Factory) -> Server {
        Server::start(
            setup.database.url(),
            factory.clone(),
            setup.timing,
            setup.http.clone(),
            Arc::clone(&setup.clock),
            setup.purse.clone(),
        )
        .await
    }

    fn server(&self) -> &Server {
        self.server.as_ref().expect("the server is not running")
    }

    /// The address of the server, ending in `/`.
    pub(crate) fn base(&self) -> String {
        format!("http://{}/", self.server().address)
    }

    /// The application itself, for what only it can tell (how many statements it took).
    pub(crate) fn app(&self) -> &App {
        &self.server().app
    }

    /// Where the database is, for what no API can do to it.
    pub(crate) fn database_url(&self) -> &str {
        self.setup.database.url()
    }

    /// Where the key ring of the vault is.
    pub(crate) fn key_ring(&self) -> PathBuf {
        self.home.path().join(KEYS)
    }

    /// Dies as a process dies, in the midst of whatever it does.
    pub(crate) fn crash(&mut self) {
        drop(self.server.take());
    }

    /// Ends in order.
    pub(crate) async fn stop(&mut self) {
        self.server.take().expect("the server is not running").stop().await;
    }

    /// Begins a new life over the same database and engine.
    pub(crate) async fn open(&mut self) {
        assert!(self.server.is_none(), "it is running");
        self.server = Some(Self::life(&self.setup, &self.factory).await);
    }

    /// The whole reply, errors included.
    pub(crate) async fn reply(&self, query: &str, variables: Value) -> Value {
        within(self.client.post(self.server().address, query, variables)).await.unwrap()
    }

    /// The data of the reply, which must have no errors.
    pub(crate) async fn graphql(&self, query: &str, variables: Value) -> Value {
        let reply = self.reply(query, variables).await;
        assert!(reply["errors"].is_null(), "{query}\n{reply}");
        reply["data"].clone()
    }

    /// The payload of a mutation with this input; what it selects besides the user errors.
    pub(crate) async fn mutate(&self, name: &str, selection: &str, input: Value) -> Value {
        self.graphql(&op::mutation(name, selection), json!({ "input": input })).await[name].clone()
    }

    /// The same, where nothing may be wrong.
    pub(crate) async fn done(&self, name: &str, selection: &str, input: Value) -> Value {
        let payload = self.mutate(name, selection, input).await;
        assert_eq!(payload["userErrors"], json!([]), "{name}");
        payload
    }

    pub(crate) async fn get(&self, path: &str) -> Download {
        self.get_with(path, &[]).await
    }

    pub(crate) async fn get_with(&self, path: &str, headers: &[(&'static str, &str)]) -> Download {
        within(self.client.get(self.server().address, path, headers)).await
    }

    pub(crate) async fn subscribe(&self, query: &str, variables: Value) -> Events {
        Events::subscribe(self.server().address, query, variables).await.unwrap()
    }

    /// Creates a project, and gives its id.
    pub(crate) async fn project(&self, slug: &str) -> String {
        let input = json!({"slug": slug, "displayName": format!("The {slug}")});
        let payload = self.done("createProject", "project { id }", input).await;
        payload["project"]["id"].as_str().unwrap().to_owned()
    }

    /// Adds an environment to a project, and gives its id.
    pub(crate) async fn environment(&self, project: &str, name: &str, role: &str) -> String {
        let input = json!({
            "projectId": project, "displayName": name, "role": role,
            "endpoint": {"url": format!("https://{name}.example.org:6443"), "name": name},
        });
        let payload = self.done("addEnvironment", "environment { id }", input).await;
        payload["environment"]["id"].as_str().unwrap().to_owned()
    }

    /// Notes that the caller has an account in an environment, and gives the grant's id.
    pub(crate) async fn grant(&self, environment: &str) -> String {
        let me = alm_domain::Principal::single_user().user().unwrap();
        let grant = alm_domain::Grant {
            status: alm_domain::GrantStatus::Connected,
            ..alm_domain::Grant::none(environment.parse().unwrap(), me)
        };
        let (system, tokens) = (alm_domain::Principal::system("story"), alm_store::TokenChange::Keep);
        let written = self.app().store().write_grant(&system, grant, tokens, None, None).await.unwrap();
        written.id.to_string()
    }

    /// Creates a build service in a project, and gives its id.
    pub(crate) async fn service_in(&self, project: &str, slug: &str, url: &str) -> String {
        let input = json!({
            "projectId": project, "providerId": self.provider, "slug": slug, "displayName": slug,
            "repository": {"url": url, "ref": "main"},
        });
        let payload = self.done("createBuildService", "service { id }", input).await;
        payload["service"]["id"].as_str().unwrap().to_owned()
    }

    /// A build service in a project of the same name, before an engine in memory.
    pub(crate) async fn service(&self, slug: &str) -> String {
        let project = self.project(slug).await;
        self.service_in(&project, slug, "https://git.example.org/web.git").await
    }

    /// A repository with this pipeline.
    pub(crate) fn repository(&self, slug: &str, pipeline: &str) -> Repository {
        Repository::with_pipeline(&self.home.path().join("repositories").join(slug), pipeline)
    }

    /// A build service that builds a repository with this pipeline.
    pub(crate) async fn pipeline(&self, slug: &str, pipeline: &str) -> String {
        let repository = self.repository(slug, pipeline);
        let project = self.project(slug).await;
        self.service_in(&project, slug, repository.url()).await
    }

    /// Starts a build.
    pub(crate) async fn start_build(&self, service: &str) -> BuildView {
        self.start_with(json!({ "serviceId": service })).await
    }

    /// Starts a build with this input.
    pub(crate) async fn start_with(&self, input: Value) -> BuildView {
        let payload = self.done("startBuild", &format!("build {{ {} }}", op::BUILD), input).await;
        BuildView(payload["build"].clone())
    }

    /// Repeats a build; `start` as the API takes it.
    pub(crate) async fn rerun(&self, build: &BuildView, start: Value) -> BuildView {
        let input = json!({"buildId": build.id(), "start": start});
        let payload = self.done("rerunBuild", &format!("build {{ {} }}", op::BUILD), input).await;
        BuildView(payload["build"].clone())
    }

    pub(crate) async fn cancel(&self, build: &BuildView) {
        self.done("cancelBuild", "build { status }", json!({"buildId": build.id()})).await;
    }

    /// Answers the one question of a build.
    pub(crate) async fn decide(&self, build: &BuildView, verdict: &str, parameters: Value) -> Value {
        let approval = self.build(build.id()).await.approval()["id"].clone();
        let input = json!({"approvalId": approval, "verdict": verdict, "parameters": parameters});
        self.done("decideApproval", "approval { id status revision }", input).await["approval"].clone()
    }

    /// The build as it stands.
    pub(crate) async fn build(&self, id: &str) -> BuildView {
        BuildView(self.graphql(&op::build(), json!({ "id": id })).await["build"].clone())
    }

    /// The changes of a build, live.
    pub(crate) async fn build_updates(&self, build: &BuildView, after: Option<&str>) -> Events {
        self.subscribe(op::BUILD_UPDATES, json!({"id": build.id(), "after": after})).await
    }

    /// The lines of a build's log, live.
    pub(crate) async fn build_log(&self, build: &BuildView, after: Option<&str>) -> Events {
        self.build_log_with(json!({"id": build.id(), "after": after})).await
    }

    /// The lines of a build's log, live, with these variables.
    pub(crate) async fn build_log_with(&self, variables: Value) -> Events {
        self.subscribe(op::BUILD_LOG, variables).await
    }

    /// What happens in a project, live.
    pub(crate) async fn project_updates(&self, project: &str, after: Option<&str>) -> Events {
        self.subscribe(op::PROJECT_UPDATES, json!({"id": project, "after": after})).await
    }

    /// Follows a build, live, to its end, and gives it as it then stands.
    pub(crate) async fn follow(&self, build: &BuildView) -> BuildView {
        let events = self.build_updates(build, None).await.all().await;
        let last = events.last().expect("a stream has events");
        assert_eq!((&last["__typename"], &last["reason"]), (&json!("StreamEnded"), &json!("COMPLETE")), "{last}");
        self.build(build.id()).await
    }

    /// Follows a build, live, until it is as wanted, and gives it as it then stands.
    pub(crate) async fn follow_until(&self, build: &BuildView, wanted: impl Fn(&Value) -> bool) -> BuildView {
        self.build_updates(build, None).await.until(|event| wanted(&event["build"])).await;
        self.build(build.id()).await
    }

    /// The text of a build's log as it stands.
    pub(crate) async fn log(&self, build: &BuildView) -> String {
        let download = self.get(&format!("/builds/{}/log", build.id())).await;
        assert_eq!(download.status, 200, "{}", download.text());
        download.text().to_owned()
    }
}

//! The real service, as it is wired in production but for its engine.

use std::{net::SocketAddr, path::Path, sync::Arc, time::Duration};

use alm::{
    app::{App, Credentials, ProviderFactory, Timing},
    graphql::{Api, Limits},
    http::{HttpConfig, HttpState, SingleUserAuth, Token, downloads, serve},
    wiring,
};
use alm_build_spi::conformance::fake::{FakeEngine, Script};
use alm_domain::{Clock, SystemClock, SystemIds};
use alm_store::Store;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::{Keep, TOKEN, engine::Engine, local};
use crate::{
    Result,
    load::Connection,
    pace::Commands,
    process::{Content, Ready, Setup},
};

/// A repository that nobody looks at.
const ELSEWHERE: &str = "https://git.example.org/web.git";
/// Build services in the catalogue, builds of each, stages of each build.
const CATALOGUE: (usize, usize, [&str; 5]) = (10, 10, ["checkout", "compile", "test", "package", "publish"]);

pub(super) async fn start(setup: Setup, commands: Commands) -> Result<(Ready, Keep)> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let store = Store::connect(&setup.database, Arc::clone(&clock), Arc::new(SystemIds)).await?;
    store.migrate().await?;
    let fake = FakeEngine::with_clock(Arc::clone(&clock));
    let factory: Arc<dyn ProviderFactory> = match setup.content {
        Content::Running(builds) => Arc::new(Engine::new(&fake, Some(commands), builds)),
        Content::Catalogue | Content::AsItIs => Arc::new(Engine::new(&fake, None, 1)),
        Content::Spooling(_) | Content::Spooled => Arc::new(local::Factory::new(setup.home.clone())?),
    };
    let credentials = Credentials::passing(Default::default())?;
    let app = App::new(store, factory, clock, Arc::new(SystemIds), credentials, Timing::default());
    app.resume().await?;
    let api = Api::new(app.clone(), Limits::default(), Timing::default());
    let (http, closing) = (Arc::new(HttpConfig::default()), CancellationToken::new());
    let auth = Arc::new(SingleUserAuth::new(Token::new(TOKEN).ok_or("the token of the benches is too short")?));
    let state = HttpState::new(api, auth, Arc::new(SystemIds), Arc::clone(&http), closing.clone());
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    tokio::spawn(serve(listener, wiring::routes(state.extra(downloads(app.clone()))), http, closing));

    let caller = Caller(address);
    let builds = match setup.content {
        Content::Running(count) => caller.run(count).await?,
        Content::Catalogue => caller.fill(&fake).await?,
        Content::Spooling(lines) => caller.spool(&setup.home.join("repository"), lines).await?,
        Content::AsItIs | Content::Spooled => Vec::new(),
    };
    Ok((Ready { address, builds }, Box::new(app)))
}

/// Asks the API for what there is to be read.
struct Caller(SocketAddr);

impl Caller {
    async fn call(&self, document: &str, variables: Value) -> Result<Value> {
        let body = json!({"query": document, "variables": variables}).to_string();
        let mut reply: Value = serde_json::from_slice(Connection::open(self.0, &body).await?.ask().await?)?;
        match reply["errors"][0]["message"].as_str() {
            None => Ok(reply["data"].take()),
            Some(error) => Err(format!("{document}: {error}").into()),
        }
    }

    /// A mutation's payload, of which this is selected.
    async fn change(&self, name: &str, selection: &str, input: Value) -> Result<Value> {
        let kind = format!("{}{}Input", name[..1].to_uppercase(), &name[1..]);
        let document =
            format!("mutation($input: {kind}!) {{ {name}(input: $input) {{ {selection} userErrors {{ message }} }} }}");
        let mut payload = self.call(&document, json!({ "input": input })).await?[name].take();
        match payload["userErrors"].as_array().and_then(|errors| errors.first()) {
            None => Ok(payload[selection.split(' ').next().unwrap_or_default()].take()),
            Some(error) => Err(format!("{name}: {error}").into()),
        }
    }

    async fn project(&self, kind: &str) -> Result<(Value, Value)> {
        let input = json!({"slug": "engine", "displayName": "The engine", "kind": kind, "configuration": []});
        let provider = self.change("registerProvider", "provider { id }", input).await?;
        let input = json!({"slug": "shop", "displayName": "The shop"});
        let project = self.change("createProject", "project { id }", input).await?;
        Ok((project["id"].clone(), provider["id"].clone()))
    }

    async fn service(&self, project: &Value, provider: &Value, slug: &str, url: &str) -> Result<Value> {
        let repository = json!({"url": url, "ref": "main"});
        let input = json!({
            "projectId": project, "providerId": provider, "slug": slug, "displayName": slug, "repository": repository,
        });
        Ok(self.change("createBuildService", "service { id }", input).await?["id"].clone())
    }

    async fn build(&self, service: &Value) -> Result<String> {
        let build = self.change("startBuild", "build { id }", json!({ "serviceId": service })).await?;
        Ok(build["id"].as_str().unwrap_or_default().to_owned())
    }

    /// So many running builds.
    async fn run(&self, count: usize) -> Result<Vec<String>> {
        let (project, provider) = self.project("REMOTE").await?;
        let service = self.service(&project, &provider, "web", ELSEWHERE).await?;
        let mut builds = Vec::with_capacity(count);
        for _ in 0..count {
            builds.push(self.build(&service).await?);
        }
        self.wait(&builds, "RUNNING").await?;
        Ok(builds)
    }

    /// Build services with builds that are over.
    async fn fill(&self, fake: &FakeEngine) -> Result<Vec<String>> {
        let (services, builds_each, stages) = CATALOGUE;
        let script = stages.iter().fold(Script::new(), |script, stage| script.stage(stage).lines(10));
        fake.script_default(script.succeed());
        let (project, provider) = self.project("REMOTE").await?;
        let mut builds = Vec::new();
        for number in 1..=services {
            let service = self.service(&project, &provider, &format!("service-{number}"), ELSEWHERE).await?;
            for _ in 0..builds_each {
                builds.push(self.build(&service).await?);
            }
        }
        self.wait(&builds, "SUCCEEDED").await?;
        Ok(builds)
    }

    /// A build of the local provider that writes so many lines. It has begun when this comes back.
    async fn spool(&self, folder: &Path, lines: u64) -> Result<Vec<String>> {
        let url = local::repository(folder, lines)?;
        let (project, provider) = self.project("LOCAL").await?;
        let service = self.service(&project, &provider, "web", &url).await?;
        let builds = vec![self.build(&service).await?];
        self.wait(&builds, "RUNNING").await?;
        Ok(builds)
    }

    async fn wait(&self, builds: &[String], status: &str) -> Result<()> {
        for build in builds {
            let is_there = async || -> Result<bool> {
                let document = "query($id: ID!) { build(by: {id: $id}) { status } }";
                Ok(self.call(document, json!({ "id": build })).await?["build"]["status"] == status)
            };
            while !is_there().await? {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        }
        Ok(())
    }
}

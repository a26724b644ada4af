//! Queries and mutations, in a client of its own.

use serde_json::{Value, json};

/// A server to ask.
#[derive(Clone)]
pub(crate) struct Api {
    client: reqwest::Client,
    pub(crate) address: String,
    pub(crate) token: String,
}

impl Api {
    #[expect(clippy::disallowed_methods, reason = "a client of the tests' own")]
    pub(crate) fn new(address: String, token: String) -> Self {
        // Fails only where a provider is installed already; any will do.
        let _ = rustls::crypto::ring::default_provider().install_default();
        Self { client: reqwest::Client::new(), address, token }
    }

    /// The answer as it came.
    pub(crate) async fn reply(&self, query: &str, variables: Value) -> Result<Value, String> {
        let body = json!({ "query": query, "variables": variables });
        let request = self.client.post(format!("{}/graphql", self.address)).bearer_auth(&self.token).json(&body);
        let answer = request.send().await.map_err(|error| error.to_string())?;
        answer.json().await.map_err(|error| error.to_string())
    }

    /// The data of an answer; the error is that there was none.
    pub(crate) async fn try_ask(&self, query: &str, variables: Value) -> Result<Value, String> {
        let reply = self.reply(query, variables).await?;
        match &reply["errors"] {
            Value::Null => Ok(reply["data"].clone()),
            errors => Err(errors.to_string()),
        }
    }

    /// As [`try_ask`](Self::try_ask), where there must be an answer.
    pub(crate) async fn ask(&self, query: &str, variables: Value) -> Value {
        self.try_ask(query, variables).await.unwrap_or_else(|error| panic!("{query}: {error}"))
    }

    /// Creates a project with a build service for a repository on the embedded provider: the service's id.
    pub(crate) async fn service(&self, slug: &str, repository: &str) -> String {
        let made = self
            .ask(
                "mutation($input: CreateProjectInput!) { done: createProject(input: $input) { project { id } userErrors { message } } }",
                json!({ "input": { "slug": slug, "displayName": slug } }),
            )
            .await;
        let project = made["done"]["project"]["id"].as_str().unwrap_or_else(|| panic!("{made}"));
        let providers = self.ask("{ providers(first: 1) { nodes { id } } }", json!({})).await;
        let made = self
            .ask(
                "mutation($input: CreateBuildServiceInput!) { done: createBuildService(input: $input) { service { id } userErrors \
                 { message path } } }",
                json!({ "input": {
                    "projectId": project,
                    "providerId": providers["providers"]["nodes"][0]["id"],
                    "slug": "main",
                    "displayName": "Main",
                    "repository": { "url": repository, "ref": "main" },
                } }),
            )
            .await;
        made["done"]["service"]["id"].as_str().unwrap_or_else(|| panic!("{made}")).to_owned()
    }

    /// Starts a build: its id.
    pub(crate) async fn try_start(&self, service: &str, key: &str) -> Result<String, String> {
        let started = self
            .try_ask(
                "mutation($input: StartBuildInput!) { done: startBuild(input: $input) { build { id } userErrors { message path } } }",
                json!({ "input": { "serviceId": service, "idempotencyKey": key } }),
            )
            .await?;
        Ok(started["done"]["build"]["id"].as_str().unwrap_or_else(|| panic!("{started}")).to_owned())
    }

    /// As [`try_start`](Self::try_start), where there must be an answer.
    pub(crate) async fn start(&self, service: &str, key: &str) -> String {
        self.try_start(service, key).await.unwrap()
    }

    pub(crate) async fn cancel(&self, build: &str) -> Result<Value, String> {
        self.try_ask(
            "mutation($input: CancelBuildInput!) { cancelBuild(input: $input) { build { status } userErrors { message } } }",
            json!({ "input": { "buildId": build } }),
        )
        .await
    }

    pub(crate) async fn approve(&self, approval: &str) -> Result<Value, String> {
        self.try_ask(
            "mutation($input: DecideApprovalInput!) { decideApproval(input: $input) { approval { status } userErrors { code message } } }",
            json!({ "input": { "approvalId": approval, "verdict": "APPROVE" } }),
        )
        .await
    }

    /// The build as it stands.
    pub(crate) async fn build(&self, id: &str) -> Result<Value, String> {
        let query = "query($id: ID!) { build(by: { id: $id }) { number status statusReasonCode degradedSince log { lineCount \
                     isComplete } steps { name group startedAt finishedAt } stages { key status statusReasonCode } approvals { id status decisions { verdict } } } }";
        self.try_ask(query, json!({ "id": id })).await.map(|data| data["build"].clone())
    }
}

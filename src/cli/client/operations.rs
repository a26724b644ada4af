//! The operations that the client uses, and their inputs.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::{Client, ClientError, ParameterView, ProviderView, ServiceView, Started, error::UserError};

/// A place in version control.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Repository {
    /// Clone address.
    pub url: String,
    /// Branch, tag or commit.
    #[serde(rename = "ref")]
    pub reference: String,
}

/// A build service to create.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct NewService {
    /// The project's id.
    pub project_id: String,
    /// The provider's id.
    pub provider_id: String,
    /// Short name.
    pub slug: String,
    /// Name for display.
    pub display_name: String,
    /// Where its source is.
    pub repository: Repository,
}

/// An input of a build or a decision.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Input {
    /// Key.
    pub name: String,
    /// `{ string }`, `{ boolean }` or `{ integer }`.
    pub value: Value,
}

/// A build to start.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StartRequest {
    /// The build service's id.
    pub service_id: String,
    /// Branch, tag or commit; the service's own when absent.
    #[serde(rename = "ref", skip_serializing_if = "Option::is_none")]
    pub reference: Option<String>,
    /// Inputs.
    pub parameters: Vec<Input>,
    /// However often it is sent, one build is started.
    pub idempotency_key: String,
}

/// A page of things that each have a node.
#[derive(Deserialize)]
struct Nodes<T> {
    edges: Vec<Edge<T>>,
}

#[derive(Deserialize)]
struct Edge<T> {
    node: T,
}

/// What every mutation here answers: the thing under the name that the query gives it, and what can be corrected.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Payload<T> {
    thing: Option<T>,
    user_errors: Vec<UserError>,
}

#[derive(Deserialize)]
struct Done<T> {
    done: Payload<T>,
}

#[derive(Deserialize)]
struct Id {
    id: String,
}

impl<T> Done<T> {
    /// The thing; `None` when its name is taken.
    fn unless_taken(self) -> Result<Option<T>, ClientError> {
        match self.done {
            Payload { thing: Some(thing), user_errors } if user_errors.is_empty() => Ok(Some(thing)),
            Payload { user_errors, .. } if user_errors.iter().any(|error| error.code == "TAKEN") => Ok(None),
            Payload { user_errors, .. } if user_errors.is_empty() => {
                Err(ClientError::Foreign("a mutation gave neither a result nor an error".to_owned()))
            }
            Payload { user_errors, .. } => Err(user_errors.into()),
        }
    }

    fn thing(self) -> Result<T, ClientError> {
        self.unless_taken()?.ok_or_else(|| ClientError::Rejected("the name is taken".to_owned()))
    }
}

impl Client {
    /// The providers that take new builds.
    ///
    /// # Errors
    /// As for every operation.
    pub async fn providers(&self) -> Result<Vec<ProviderView>, ClientError> {
        #[derive(Deserialize)]
        struct Data {
            providers: Option<Nodes<ProviderView>>,
        }
        const DOCUMENT: &str = "query CliProviders { providers(first: 100) { edges { node { id slug kind } } } }";
        let data: Data = self.execute("CliProviders", DOCUMENT, json!({})).await?;
        Ok(data.providers.map_or_else(Vec::new, |page| page.edges.into_iter().map(|edge| edge.node).collect()))
    }

    /// A project by its short name: its id and its build services; `None` where there is none.
    ///
    /// # Errors
    /// As for every operation.
    pub async fn project(&self, slug: &str) -> Result<Option<(String, Vec<ServiceView>)>, ClientError> {
        #[derive(Deserialize)]
        struct Project {
            id: String,
            services: Vec<ServiceView>,
        }
        #[derive(Deserialize)]
        struct Data {
            project: Option<Project>,
        }
        const DOCUMENT: &str = "query CliProject($slug: String!) { project(by: { slug: $slug }) { id services { id slug \
                                repository { url } provider { id } } } }";
        let data: Data = self.execute("CliProject", DOCUMENT, json!({ "slug": slug })).await?;
        Ok(data.project.map(|project| (project.id, project.services)))
    }

    /// Creates a project; `None` when its short name is taken.
    ///
    /// # Errors
    /// As for every operation.
    pub async fn create_project(&self, slug: &str, name: &str, about: &str) -> Result<Option<String>, ClientError> {
        const DOCUMENT: &str = "mutation CliCreateProject($input: CreateProjectInput!) { done: createProject(input: $input) { \
                                thing: project { id } userErrors { message code path } } }";
        let input = json!({ "input": { "slug": slug, "displayName": name, "description": about } });
        let done: Done<Id> = self.execute("CliCreateProject", DOCUMENT, input).await?;
        Ok(done.unless_taken()?.map(|project| project.id))
    }

    /// Creates a build service; `None` when its short name is taken.
    ///
    /// # Errors
    /// As for every operation.
    pub async fn create_service(&self, service: &NewService) -> Result<Option<ServiceView>, ClientError> {
        const DOCUMENT: &str = "mutation CliCreateService($input: CreateBuildServiceInput!) { done: createBuildService(input: \
                                $input) { thing: service { id slug repository { url } provider { id } } userErrors { message \
                                code path } } }";
        let done: Done<ServiceView> = self.execute("CliCreateService", DOCUMENT, json!({ "input": service })).await?;
        done.unless_taken()
    }

    /// The inputs that builds of a build service take; `None` when the provider cannot say.
    ///
    /// # Errors
    /// As for every operation.
    pub async fn parameters(&self, service: &str) -> Result<Option<Vec<ParameterView>>, ClientError> {
        #[derive(Deserialize)]
        struct Service {
            parameters: Option<Vec<ParameterView>>,
        }
        #[derive(Deserialize)]
        struct Data {
            node: Option<Service>,
        }
        const DOCUMENT: &str = "query CliParameters($id: ID!) { node(id: $id) { ... on BuildService { parameters { name kind \
                                required } } } }";
        let data: Data = self.execute("CliParameters", DOCUMENT, json!({ "id": service })).await?;
        Ok(data.node.and_then(|service| service.parameters))
    }

    /// Starts a build. Safe to call again with the same request when no answer came. One that lacks an account is there all the
    /// same, and says what it waits for.
    ///
    /// # Errors
    /// As for every operation.
    pub async fn start(&self, request: &StartRequest) -> Result<Started, ClientError> {
        const DOCUMENT: &str = "mutation CliStart($input: StartBuildInput!) { done: startBuild(input: $input) { thing: build { \
                                id number waitsFor { message environment { displayName url } } } userErrors { message code \
                                path } } }";
        let mut done: Done<Started> = self.execute("CliStart", DOCUMENT, json!({ "input": request })).await?;
        // A build that is held is a build: it says itself what it waits for.
        if done.done.thing.is_some() {
            done.done.user_errors.retain(|error| error.code != "CREDENTIAL_NEEDED");
        }
        done.thing()
    }

    /// Asks a build to stop. Safe to call again.
    ///
    /// # Errors
    /// As for every operation.
    pub async fn cancel(&self, build: &str, reason: &str) -> Result<(), ClientError> {
        const DOCUMENT: &str = "mutation CliCancel($input: CancelBuildInput!) { done: cancelBuild(input: $input) { thing: build \
                                { id } userErrors { message code path } } }";
        let input = json!({ "input": { "buildId": build, "reason": reason } });
        let done: Done<Id> = self.execute("CliCancel", DOCUMENT, input).await?;
        done.thing().map(|_| ())
    }

    /// The inputs that an approval asks for.
    ///
    /// # Errors
    /// As for every operation; [`ClientError::Rejected`] where there is no such approval.
    pub async fn approval_parameters(&self, approval: &str) -> Result<Vec<ParameterView>, ClientError> {
        #[derive(Deserialize)]
        struct Approval {
            parameters: Vec<ParameterView>,
        }
        #[derive(Deserialize)]
        struct Data {
            node: Option<Approval>,
        }
        const DOCUMENT: &str = "query CliApproval($id: ID!) { node(id: $id) { ... on Approval { parameters { name kind \
                                required } } } }";
        let data: Data = self.execute("CliApproval", DOCUMENT, json!({ "id": approval })).await?;
        data.node.map(|approval| approval.parameters).ok_or_else(|| {
            ClientError::Rejected(format!(
                "there is no approval {}: copy the id that the build printed",
                alm_domain::shorten(approval)
            ))
        })
    }

    /// Answers an approval: its status afterwards.
    ///
    /// # Errors
    /// As for every operation.
    pub async fn decide(
        &self,
        approval: &str,
        verdict: &str,
        comment: Option<&str>,
        inputs: &[Input],
    ) -> Result<String, ClientError> {
        #[derive(Deserialize)]
        struct Approval {
            status: String,
        }
        const DOCUMENT: &str = "mutation CliDecide($input: DecideApprovalInput!) { done: decideApproval(input: $input) { thing: \
                                approval { status } userErrors { message code path } } }";
        let input = json!({ "input": {
            "approvalId": approval, "verdict": verdict, "comment": comment, "parameters": inputs
        } });
        let done: Done<Approval> = self.execute("CliDecide", DOCUMENT, input).await?;
        done.thing().map(|approval| approval.status)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::client::testing::FakeServer;

    /// Every operation once; the fake server checks each against the schema.
    #[tokio::test]
    async fn every_operation_is_understood_and_read() {
        let server = FakeServer::start(
            |operation, _| match operation {
                "CliParameters" => {
                    json!({ "data": { "node": { "parameters": [{ "name": "n", "kind": "INTEGER", "required": true }] } } })
                }
                "CliApproval" => json!({ "data": { "node": { "parameters": [] } } }),
                "CliDecide" => json!({ "data": { "done": { "thing": { "status": "APPROVED" }, "userErrors": [] } } }),
                "CliProviders" => json!({ "data": { "providers": null } }),
                "CliProject" => json!({ "data": { "project": null } }),
                other => panic!("unexpected {other}"),
            },
            [],
        )
        .await;
        let client = server.client();
        assert!(client.providers().await.unwrap().is_empty());
        assert!(client.project("cli").await.unwrap().is_none());
        assert_eq!(client.parameters("svc_1").await.unwrap().unwrap().len(), 1);
        assert!(client.approval_parameters("apr_1").await.unwrap().is_empty());
        let inputs = [Input { name: "n".into(), value: json!({ "integer": 1 }) }];
        assert_eq!(client.decide("apr_1", "APPROVE", Some("yes"), &inputs).await.unwrap(), "APPROVED");
    }
}

//! Build configurations at engines that are called with people's tokens.

use alm_build_spi::conformance::fake::Script;
use alm_domain::{Principal, ProjectRole};
use serde_json::{Value, json};

use super::support::me;
use crate::support::{Accounts, Setup, TestApp};

const ERRORS: &str =
    "service { id } userErrors { __typename code message ... on CredentialError { environment { name } } }";

async fn create(app: &TestApp, project: &str, slug: &str) -> Value {
    let query =
        format!("mutation($input: CreateBuildServiceInput!) {{ createBuildService(input: $input) {{ {ERRORS} }} }}");
    let input = json!({
        "projectId": project, "providerId": app.provider, "slug": slug, "displayName": slug,
        "repository": {"url": "https://git.example.org/web.git", "ref": "main"},
    });
    app.graphql(&query, json!({"input": input})).await["createBuildService"].clone()
}

async fn update(app: &TestApp, service: &str) -> Value {
    let query =
        format!("mutation($input: UpdateBuildServiceInput!) {{ updateBuildService(input: $input) {{ {ERRORS} }} }}");
    let input = json!({"serviceId": service, "displayName": "Renamed"});
    app.graphql(&query, json!({"input": input})).await["updateBuildService"].clone()
}

#[tokio::test]
async fn a_build_configuration_is_made_with_the_account_of_whoever_makes_it() {
    let accounts = Accounts::default();
    let app = Setup::fake(Script::new()).needing_token().accounts(&accounts).start().await;
    app.engine.accept_tokens(Some(vec!["t-first".into()]));
    let project = app.project("shop").await;

    let too_early = json!({
        "providerId": app.provider, "slug": "web", "displayName": "web", "validateOnly": true,
        "repository": {"url": "https://git.example.org/web.git", "ref": "main"},
    });
    let too_early = app.mutate("createBuildService", "service { id }", too_early).await;
    assert_eq!(too_early["userErrors"][0]["code"], "WRONG_STATE", "{too_early}");
    assert!(
        too_early["userErrors"][0]["message"].as_str().unwrap().contains("create the project first"),
        "{too_early}"
    );

    let nowhere = create(&app, &project, "web").await;
    assert_eq!(nowhere["userErrors"][0]["code"], "WRONG_STATE", "{nowhere}");
    assert!(nowhere["userErrors"][0]["message"].as_str().unwrap().contains("role BUILD"), "{nowhere}");

    app.environment(&project, "cluster", "BUILD").await;
    let needed = json!([{"code": "CREDENTIAL_NEEDED", "environment": {"name": "cluster"}}]);
    let brief = |reply: &Value| {
        let error = &reply["userErrors"][0];
        json!([{"code": error["code"], "environment": error["environment"]}])
    };
    let missing = create(&app, &project, "web").await;
    assert_eq!(brief(&missing), needed, "{missing}");

    accounts.connect(me(), "cluster", "t-first");
    let made = create(&app, &project, "web").await;
    assert_eq!(made["userErrors"], json!([]), "{made}");
    let service = made["service"]["id"].as_str().unwrap();
    assert_eq!(update(&app, service).await["userErrors"], json!([]));

    // Withdrawn over there: said at once, and of whose account.
    app.engine.accept_tokens(Some(vec!["t-second".into()]));
    let refused = update(&app, service).await;
    assert_eq!(brief(&refused), needed, "{refused}");
    assert_eq!(accounts.unauthorized().last(), Some(&(me(), "cluster".to_owned())));
}

#[tokio::test]
async fn nobody_works_on_an_engine_with_another_persons_account() {
    let accounts = Accounts::default();
    let app = Setup::fake(Script::new()).needing_token().accounts(&accounts).start().await;
    app.engine.accept_tokens(Some(vec!["t-first".into()]));
    accounts.connect(me(), "cluster", "t-first");
    let project = app.project("shop").await;
    app.environment(&project, "cluster", "BUILD").await;
    let made = create(&app, &project, "web").await;
    let service = made["service"]["id"].as_str().unwrap().parse().unwrap();

    let mia: Principal = app.member("mia", true, "shop", ProjectRole::Owner).await;
    let changes = alm::app::UpdateService { display_name: Some("Mine".to_owned()), ..Default::default() };
    let refused = app.app().update_service(&mia, service, changes, None).await.unwrap_err();
    assert!(matches!(refused, alm::app::AppError::CredentialNeeded(_)), "{refused}");
}

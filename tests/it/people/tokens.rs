//! Members and personal access tokens, over HTTP.

use alm::http::{AuthError, Authenticate};
use alm::sign_in::Entrance;
use alm_domain::{Clock, SystemClock};
use chrono::TimeDelta;
use serde_json::{Value, json};
use std::sync::Arc;

use crate::support::TestApp;

fn in_days(days: i64) -> String {
    (SystemClock.now() + TimeDelta::days(days)).to_rfc3339_opts(chrono::SecondsFormat::Millis, true)
}

async fn token(app: &TestApp, input: Value) -> Value {
    app.mutate("createPersonalToken", "token personalToken { id name scopes projectIds lastUsedAt }", input).await
}

#[tokio::test]
async fn a_personal_token_opens_what_it_was_made_for_until_it_is_taken_back() {
    let app = TestApp::fake(alm_build_spi::conformance::fake::Script::new()).await;
    let (one, two) = (app.project("one").await, app.project("two").await);
    let input = json!({"name": "ci", "scopes": ["WRITE"], "projectIds": [one], "expiresAt": in_days(30)});
    let made = token(&app, input).await;
    let secret = made["token"].as_str().unwrap();
    assert!(secret.starts_with("alm_pat_") && secret.len() == 8 + 43, "{secret}");
    let own = "the-token-of-the-stories-0123456789";
    let entrance = Entrance::new(app.app().clone(), Arc::new(SystemClock) as Arc<dyn Clock>)
        .own_token(alm::http::Token::new(own).unwrap());
    let bearer = entrance.authenticate(Some(secret)).await.unwrap();
    let seen = app.app().store().projects(&bearer, &[one.parse().unwrap(), two.parse().unwrap()]).await.unwrap();
    assert_eq!(seen.iter().map(|p| p.id.to_string()).collect::<Vec<_>>(), [one]);
    assert!(!bearer.may_administer() && !bearer.is_signed_in());

    let document = "{ viewer { personalTokens { id name scopes lastUsedAt } } }";
    let listed = app.graphql(document, json!({})).await["viewer"]["personalTokens"].clone();
    assert_eq!((listed[0]["name"].as_str(), listed.as_array().map(Vec::len)), (Some("ci"), Some(1)));
    assert!(listed[0]["lastUsedAt"].is_string(), "{listed}");
    assert!(!listed.to_string().contains(secret));

    let revoke = json!({"personalTokenId": made["personalToken"]["id"]});
    app.done("revokePersonalToken", "personalToken { id }", revoke).await;
    assert_eq!(entrance.authenticate(Some(secret)).await, Err(AuthError::Invalid));
    // Where people sign in, tokens of the one user of single-user mode end with its own.
    let again = token(&app, json!({"name": "x", "scopes": ["ADMIN"], "expiresAt": in_days(1)})).await;
    let secret = again["token"].as_str().unwrap();
    assert!(entrance.authenticate(Some(secret)).await.unwrap().may_administer());
    let others = Entrance::new(app.app().clone(), Arc::new(SystemClock));
    for closed in [secret, own, "", "alm_pat_", &format!("alm_pat_{}", "A".repeat(43))] {
        assert_eq!(others.authenticate(Some(closed)).await, Err(AuthError::Invalid), "{closed}");
    }
}

#[tokio::test]
async fn what_is_wrong_with_a_token_or_a_member_is_said() {
    let app = TestApp::fake(alm_build_spi::conformance::fake::Script::new()).await;
    let project = app.project("shop").await;
    for (input, path, words) in [
        (json!({"name": "x", "scopes": [], "expiresAt": in_days(1)}), "scopes", "at least READ"),
        (json!({"name": " ", "scopes": ["READ"], "expiresAt": in_days(1)}), "name", "1 to 200"),
        (json!({"name": "x", "scopes": ["READ"], "expiresAt": in_days(-1)}), "expiresAt", "future"),
        (json!({"name": "x", "scopes": ["READ"], "expiresAt": in_days(367)}), "expiresAt", "a year"),
        (json!({"name": "x", "scopes": ["READ"], "projectIds": [], "expiresAt": in_days(1)}), "projectIds", "1 to 100"),
        (
            json!({"name": "x", "scopes": ["ADMIN"], "projectIds": [project], "expiresAt": in_days(1)}),
            "projectIds",
            "ADMIN",
        ),
    ] {
        let payload = token(&app, input).await;
        assert_eq!(payload["userErrors"][0]["path"][0], path, "{payload}");
        assert!(payload["userErrors"][0]["message"].as_str().unwrap().contains(words), "{payload}");
        assert!(payload["token"].is_null());
    }
    let mia = app.person("mia", false).await.user().unwrap().to_string();
    let add = async |who: Value| {
        let mut input = json!({"projectId": project, "role": "DEVELOPER"});
        input.as_object_mut().unwrap().extend(who.as_object().unwrap().clone());
        app.mutate("addMember", "member { user { login } role } project { members { user { id } role } }", input).await
    };
    for (who, path) in [
        (json!({"login": "nobody"}), "login"),
        (json!({}), "login"),
        (json!({"login": "mia", "userId": mia}), "login"),
        (json!({"userId": "usr_00000000000000000000000000000000"}), "userId"),
    ] {
        let payload = add(who).await;
        assert_eq!(payload["userErrors"][0]["path"][0], path, "{payload}");
    }
    let added = add(json!({"login": "mia"})).await;
    assert_eq!(added["member"], json!({"user": {"login": "mia"}, "role": "DEVELOPER"}));
    assert_eq!(added["project"]["members"].as_array().map(Vec::len), Some(2));
    assert_eq!(add(json!({"userId": mia})).await["userErrors"][0]["code"], "TAKEN");
    let found = app.graphql("{ users(search: \"mi\") { id login } }", json!({})).await;
    assert_eq!(found["users"], json!([{"id": mia, "login": "mia"}]));
    let admin = app.graphql("{ viewer { user { id } } }", json!({})).await["viewer"]["user"]["id"].clone();
    let last = app.mutate("removeMember", "member { role }", json!({"projectId": project, "userId": admin})).await;
    assert_eq!(last["userErrors"][0]["code"], "WRONG_STATE", "{last}");
}

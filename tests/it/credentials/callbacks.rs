//! Whoever brings a callback that is not his own, not whole, not new or not of the server that was asked gets nothing.

use serde_json::{Value, json};

use super::accounts::{Stage, begin, complete, connect, mutate};
use crate::{recovery::support::Api, support::Callback};

/// Nothing was connected, and the caller is told why.
fn refused(payload: &Value) {
    assert!(payload["connection"].is_null(), "accepted: {payload}");
    let code = payload["userErrors"][0]["code"].as_str().unwrap_or_else(|| panic!("no reason: {payload}"));
    assert!(["STATE_MISMATCH", "WRONG_STATE", "INVALID"].contains(&code), "{payload}");
}

async fn status(api: &Api, environment: &str) -> Value {
    let query = "query($id: ID!) { node(id: $id) { ... on Environment { connection { status account } } } }";
    api.ask(query, json!({ "id": environment })).await["node"]["connection"].clone()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn replays_other_peoples_callbacks_and_mixed_up_issuers_are_not_taken() {
    let Some(stage) = Stage::set(&[]).await else { return };
    let (alice, bob) = (stage.person("alice").await, stage.person("bob").await);
    let staging = stage.environment("staging", "TARGET", &stage.steady).await;
    let live = stage.environment("live", "TARGET", &stage.fleeting).await;
    let mut attempts = 0;

    // The whole of it works once, and then never again.
    let callback = stage.steady.approve(&begin(&alice, &staging).await, "alice").await;
    let connected = complete(&alice, &callback).await;
    assert_eq!(
        (&connected["connection"]["status"], &connected["returnTo"]),
        (&json!("CONNECTED"), &json!("/projects/shop"))
    );
    let calls = stage.steady.count("token").await;
    for who in [&alice, &bob] {
        refused(&complete(who, &callback).await);
        attempts += 1;
    }
    // The used code with a state that is new; and the used state with a code that is new.
    let fresh = stage.steady.approve(&begin(&alice, &staging).await, "alice").await;
    let stale = Callback { state: callback.state.clone(), ..fresh.clone() };
    refused(&complete(&alice, &stale).await);
    assert_eq!(stage.steady.count("token").await, calls, "nobody was asked");
    refused(&complete(&alice, &Callback { code: callback.code.clone(), ..fresh.clone() }).await);
    attempts += 2;

    // Somebody else's callback, with a code of his own or with hers; she has not lost what she had.
    for code in [None, Some("a-code-of-his-own")] {
        let hers = stage.steady.approve(&begin(&alice, &staging).await, "alice").await;
        let calls = stage.steady.count("token").await;
        let code = code.map_or(hers.code.clone(), str::to_owned);
        refused(&complete(&bob, &Callback { code, ..hers }).await);
        assert_eq!(stage.steady.count("token").await, calls, "nobody was asked");
        attempts += 1;
    }
    assert_ne!(status(&bob, &staging).await["status"], "CONNECTED");

    // Another issuer's answer, under its own name, under a wrong one, and under none.
    let own = stage.fleeting.approve(&begin(&alice, &live).await, "alice").await;
    for iss in [stage.fleeting.address.as_str(), "https://evil.example", ""] {
        let asked = stage.steady.approve(&begin(&alice, &staging).await, "alice").await;
        let calls = (stage.steady.count("token").await, stage.fleeting.count("token").await);
        let mixed = Callback { code: own.code.clone(), iss: iss.to_owned(), ..asked };
        refused(&complete(&alice, &mixed).await);
        assert_eq!((stage.steady.count("token").await, stage.fleeting.count("token").await), calls, "nobody was asked");
        attempts += 1;
    }
    let asked = begin(&alice, &staging).await;
    let state = asked.split("state=").nth(1).unwrap().split('&').next().unwrap().to_owned();
    let without = json!({ "code": own.code, "state": state, "iss": null });
    refused(&mutate(&alice, "completeOAuthConnection", "connection { status }", without).await);
    // Forged states.
    for state in ["", "x", &"a".repeat(43), &"a".repeat(10_000)] {
        refused(&complete(&alice, &Callback { state: state.to_owned(), ..own.clone() }).await);
        attempts += 1;
    }
    println!("{} callbacks that nobody should take: 0 accepted", attempts + 1);

    // All that has not hurt who comes with her own.
    connect(&bob, &staging, &stage.steady, "bob").await;
    assert_eq!(status(&bob, &staging).await, json!({ "status": "CONNECTED", "account": "bob" }));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn five_hundred_return_addresses_lead_nowhere() {
    let Some(stage) = Stage::set(&[]).await else { return };
    let alice = stage.person("alice").await;
    let staging = stage.environment("staging", "TARGET", &stage.steady).await;
    let hosts = [
        "evil.example",
        "evil.example:443/x",
        "user@evil.example",
        "[::1]",
        "127.0.0.1",
        "%65vil.example",
        "ｅvil.example",
        "evil。example",
    ];
    let before = [
        "https://",
        "http://",
        "//",
        "///",
        "////",
        "/\\",
        "\\\\",
        "\\/",
        "/\t/",
        "/\n/",
        "/\r//",
        "\t//",
        " //",
        "/ /",
        "//\\",
        "javascript:",
        "JaVaScRiPt:",
        "data:text/html,",
        "vbscript:",
        "blob:",
        "about:",
        "mailto:",
        "ftp://",
        "file:///",
        "ws://",
        "//%2f",
        "/%2f/",
        "/%2F",
        "/%5c",
        "/%5C",
        "/%09/",
        "/%0d%0a",
        "https:",
        "https:/",
        "http:\\\\",
        "/./",
        "/../",
        "/.//",
        "/..//",
        "/%2e/",
        "/%2e%2e/",
        "/a//",
        "/a/../..//",
        "/\u{0}",
        "/\u{7f}",
        "/\u{a0}",
        "/\u{2028}",
        "/\u{ff0f}",
        "\u{ff0f}\u{ff0f}",
        "/\u{202e}",
        "?next=//",
        "#//",
        "@",
        ":",
        ".",
        "",
        "/\\/",
        "/<",
        "/\"",
        "/`",
        "/{",
        "/|",
        "/^",
        "\u{feff}//",
        "/ä//",
        "wss://",
        "//user:pass@",
        "/;//",
        "/?//",
    ];
    let mut refused = 0;
    for (begin, host) in before.iter().flat_map(|begin| hosts.iter().map(move |host| (begin, host))) {
        let input = json!({ "environmentId": staging, "returnTo": format!("{begin}{host}") });
        let payload = mutate(&alice, "startOAuthConnection", "authorizationUrl", input).await;
        assert!(payload["authorizationUrl"].is_null(), "{begin:?}{host}");
        assert_eq!(payload["userErrors"][0]["path"], json!(["returnTo"]), "{payload}");
        refused += 1;
    }
    assert!(refused >= 500, "{refused}");
    assert_eq!(stage.steady.count("authorize").await, 0);
    println!("{refused} return addresses: 0 accepted");
}

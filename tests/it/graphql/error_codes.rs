//! The table of error codes is complete.

use std::collections::BTreeSet;

use alm::http::Code;
use alm_build_spi::conformance::fake::Script;
use serde_json::{Value, json};

use crate::support::TestApp;

#[tokio::test]
async fn every_code_of_the_schema_and_of_the_transport_is_explained() {
    let app = TestApp::fake(Script::new().succeed()).await;
    let query = "{ __type(name: \"ErrorCode\") { enumValues { name } }
        serverInfo { errorCodes { code meaning retryable } } }";
    let data = app.graphql(query, json!({})).await;
    let names = |list: &Value, field: &str| -> BTreeSet<String> {
        list.as_array().unwrap().iter().map(|entry| entry[field].as_str().unwrap().to_owned()).collect()
    };
    let declared = names(&data["__type"]["enumValues"], "name");
    let explained = names(&data["serverInfo"]["errorCodes"], "code");
    assert_eq!(declared, explained);
    assert_eq!(explained.len(), data["serverInfo"]["errorCodes"].as_array().unwrap().len(), "each once");
    for code in Code::ALL {
        assert!(explained.contains(code.as_str()), "{} of the transport is not in the table", code.as_str());
    }
    let meanings = names(&data["serverInfo"]["errorCodes"], "meaning");
    assert!(meanings.iter().all(|meaning| meaning.ends_with('.') && meaning.len() > 20), "{meanings:?}");
}

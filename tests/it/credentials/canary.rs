//! Nothing secret of accounts is anywhere but in the vault's ciphertext. The search is shown to find what was planted.

use std::{
    fs,
    path::{Path, PathBuf},
};

use alm_testkit::Database;
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};
use sqlx::{Connection, PgConnection};

use super::accounts::{Stage, begin, complete, connect, mutate};
use crate::recovery::support::{Api, Socket, eventually, repository};

/// Told to the server on purpose, where anybody may read it.
const PLANTED: &str = "canary-4c1e-planted";
/// A build service's own secret.
const OF_THE_SERVICE: &str = "canary-77d2-of-the-service";

/// Something that must not be found, in every shape in which it may lie about.
struct Needle {
    what: String,
    shapes: Vec<Vec<u8>>,
}

impl Needle {
    fn new(what: &str, text: &str) -> Self {
        let hex = text.bytes().map(|byte| format!("{byte:02x}")).collect::<String>();
        // Two bytes at either end depend on what stands beside them.
        let encoded = |skip: usize| {
            let text = STANDARD.encode(&text.as_bytes()[skip..]);
            text.trim_end_matches('=').as_bytes()[..text.trim_end_matches('=').len() - 2].to_vec()
        };
        let reversed = text.chars().rev().collect::<String>();
        let shapes = [text.to_owned(), hex, reversed].map(String::into_bytes);
        Self { what: what.to_owned(), shapes: shapes.into_iter().chain([encoded(0), encoded(1), encoded(2)]).collect() }
    }

    fn is_in(&self, bytes: &[u8]) -> bool {
        self.shapes.iter().any(|shape| bytes.windows(shape.len()).any(|window| window == shape))
    }
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return vec![] };
    let below = entries.flatten().flat_map(|entry| match entry.file_type() {
        Ok(kind) if kind.is_dir() => files(&entry.path()),
        Ok(kind) if kind.is_file() => vec![entry.path()],
        _ => vec![],
    });
    below.collect()
}

/// Every row of a database, as text; bytes as hexadecimal digits.
async fn dump(url: &str) -> Vec<u8> {
    let mut db = PgConnection::connect(url).await.unwrap();
    let tables: Vec<String> = sqlx::query_scalar("SELECT tablename::text FROM pg_tables WHERE schemaname = 'public'")
        .fetch_all(&mut db)
        .await
        .unwrap();
    let mut all = String::new();
    for table in tables {
        let statement = format!("SELECT coalesce(string_agg(t::text, E'\\n'), '') FROM \"{table}\" t");
        let rows: String = sqlx::query_scalar(sqlx::AssertSqlSafe(statement)).fetch_one(&mut db).await.unwrap();
        all.push_str(&rows);
    }
    all.into_bytes()
}

/// All that the server has said.
#[derive(Default)]
struct Heard(String);

impl Heard {
    async fn ask(&mut self, api: &Api, query: &str, variables: Value) -> Value {
        let reply = api.reply(query, variables).await.unwrap();
        self.0.push_str(&reply.to_string());
        reply
    }

    fn note(&mut self, payload: &Value) -> Value {
        self.0.push_str(&payload.to_string());
        payload.clone()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_of_an_account_is_found_on_sqlite() {
    no_secret_is_found(None).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_secret_of_an_account_is_found_on_postgresql() {
    if let Some(database) = tokio::task::spawn_blocking(Database::postgres).await.unwrap() {
        no_secret_is_found(Some(database)).await;
    }
}

/// A build service whose builds show the tokens of two environments that are used with the sign-in of their starter: as it is, and
/// exchanged.
async fn own_sign_in(stage: &Stage, starter: &Api) -> String {
    let made = stage.done("createProject", "project { id }", json!({ "slug": "own", "displayName": "Own" })).await;
    let project = made["project"]["id"].as_str().unwrap();
    stage.home.add_client("builds", "http://127.0.0.1:9/").await;
    let client = json!({
        "origin": stage.home.cluster, "clientId": "builds", "clientSecret": stage.home.client_secret,
        "issuer": stage.home.address, "tokenHosts": [stage.home.address.trim_start_matches("http://")],
        "ownToken": ["SAME_TOKEN", "EXCHANGE"], "audience": "urn:cluster", "forwardTokensForUs": true,
    });
    stage.done("registerOAuthClient", "client { id }", client).await;
    for (name, mode) in [("same", "SAME_TOKEN"), ("traded", "EXCHANGE")] {
        let input = json!({
            "projectId": project, "endpoint": { "url": stage.home.cluster, "name": name }, "displayName": name,
            "role": "TARGET", "tokenMode": mode,
        });
        let added = mutate(starter, "addEnvironment", "environment { connection { status } }", input).await;
        assert_eq!(added["environment"]["connection"]["status"], "CONNECTED", "{added}");
    }
    let folder = stage.world.folder().join("own");
    let stages = ["same", "traded"].map(|name| {
        let file = format!("ALM_TOKEN_{}_FILE", name.to_uppercase());
        format!("  - name: {name}\n    environment: {name}\n    run: cat ${file}; base64 -w0 ${file}; env\n")
    });
    repository(&folder, &format!("stages:\n{}", stages.concat()));
    let providers = starter.ask("{ providers(first: 1) { nodes { id } } }", json!({})).await;
    let input = json!({
        "projectId": project, "providerId": providers["providers"]["nodes"][0]["id"], "slug": "own", "displayName": "own",
        "repository": { "url": folder, "ref": "main" },
    });
    let made = stage.done("createBuildService", "service { id }", input).await;
    made["service"]["id"].as_str().unwrap().to_owned()
}

async fn no_secret_is_found(database: Option<Database>) {
    let mut variables = vec![("ALM_LOG_FILTER", "trace")];
    variables.extend(database.as_ref().map(|database| ("DATABASE_URL", database.url())));
    let Some(stage) = Stage::set(&variables).await else { return };
    let mut heard = Heard::default();
    let admin = stage.world.api();
    let (alice, bob) = (stage.person("alice").await, stage.person("bob").await);
    let mut socket = Socket::connect(&alice.address, &alice.token).await.unwrap();
    let events =
        "subscription { viewerUpdates { __typename ... on ConnectionChanged { connection { status account } } } }";
    socket.subscribe("1", events, json!({})).await.unwrap();
    heard.note(&socket.payload().await);

    // A whole life of connections: made, renewed, refused, echoed, given back.
    let staging = stage.environment("staging", "TARGET", &stage.steady).await;
    let live = stage.environment("live", "TARGET", &stage.fleeting).await;
    let first = heard.note(&connect(&alice, &staging, &stage.steady, "alice").await);
    heard.note(&connect(&bob, &staging, &stage.steady, "bob").await);
    let second = heard.note(&connect(&alice, &live, &stage.fleeting, "alice").await);
    let renew = async |connection: &Value| {
        mutate(
            &alice,
            "renewOAuthConnection",
            "connection { status account }",
            json!({ "connectionId": connection["id"] }),
        )
        .await
    };
    heard.note(&renew(&first).await);
    for issuer in [&stage.steady, &stage.fleeting] {
        issuer.command("trouble", json!({ "token": "echo", "cluster": "echo" })).await;
    }
    heard.note(&renew(&first).await);
    heard.note(&renew(&second).await);
    let echoed = stage.fleeting.approve(&begin(&alice, &live).await, "alice").await;
    heard.note(&complete(&alice, &echoed).await);
    for issuer in [&stage.steady, &stage.fleeting] {
        issuer.command("trouble", json!({ "token": null, "cluster": null })).await;
    }
    heard.note(&complete(&alice, &echoed).await);
    heard.note(&connect(&alice, &live, &stage.fleeting, "alice").await);
    let disconnect = json!({ "connectionId": second["id"] });
    heard.note(&mutate(&alice, "disconnectOAuthConnection", "leftBehind connection { status }", disconnect).await);
    heard.note(&socket.payload().await);

    // A build service with a secret, a wrong request with one, and a word that anybody may read.
    let service = stage.world.service("canary", "run: echo hello").await;
    let set =
        "mutation($s: ID!, $v: SecretString!) { setSecret(input: {serviceId: $s, secret: {name: \"KEY\", value: $v}}) {
        service { secrets { name } } userErrors { message } } }";
    heard.ask(&admin, set, json!({ "s": service, "v": OF_THE_SERVICE })).await;
    heard.ask(&admin, set, json!({ "s": service, "v": [OF_THE_SERVICE] })).await;
    let wrong = format!(
        "mutation {{ setSecret(input: {{serviceId: \"{service}\", secret: \"{OF_THE_SERVICE}\"}}) {{ service {{ id }} }} }}"
    );
    heard.ask(&admin, &wrong, json!({})).await;
    let plant = json!({ "slug": "plant", "displayName": "Plant", "description": PLANTED });
    let planted = mutate(&admin, "createProject", "project { id description }", plant).await;
    heard.note(&planted);
    let everything = "{ projects(first: 20) { nodes { id displayName environments { name url connection { status statusReason account } } } }
        oauthClients { origin clientId hasSecret scopes } viewer { connections { status statusReason account } } }";
    for who in [&admin, &alice, &bob] {
        heard.ask(who, everything, json!({})).await;
    }

    let own = own_sign_in(&stage, &alice).await;
    for (who, service) in [(&admin, &service), (&alice, &own)] {
        let build = who.start(service, "one").await;
        let ended = eventually("the build is over", async || {
            let state = admin.build(&build).await.unwrap();
            (state["log"]["isComplete"] == true).then_some(state)
        })
        .await;
        assert_eq!(ended["status"], "SUCCEEDED", "{}", heard.note(&ended));
    }

    let mut needles = vec![
        Needle::new("the secret of the OAuth clients", &stage.steady.client_secret),
        Needle::new("the secret of the build service", OF_THE_SERVICE),
        Needle::new("the bearer of Alice", &alice.token),
        Needle::new("the bearer of Bob", &bob.token),
    ];
    for issuer in [&stage.home, &stage.steady, &stage.fleeting] {
        let given = issuer.command("given", json!({})).await;
        for (kind, texts) in given.as_object().unwrap() {
            needles.extend(texts.as_array().unwrap().iter().map(|text| Needle::new(kind, text.as_str().unwrap())));
        }
    }
    let count = |kind: &str| needles.iter().filter(|needle| needle.what == kind).count();
    assert!(
        count("access") >= 6
            && count("subject") >= 1
            && count("refresh") >= 3
            && count("code") >= 5
            && count("verifier") >= 4
    );
    let ring = fs::read_to_string(stage.world.data().join("vault.keys")).unwrap();
    let key = ring.lines().find_map(|line| line.strip_prefix("key-1:")).unwrap();
    needles.push(Needle::new("the key of the vault", key));

    let mut places = vec![
        ("what the server logs".to_owned(), stage.world.server_log().into_bytes()),
        ("what the server answers".to_owned(), heard.0.into_bytes()),
    ];
    let own = stage.world.data().join("vault.keys");
    let kept = files(&stage.world.data()).into_iter().filter(|path| *path != own);
    places.extend(kept.map(|path| (path.display().to_string(), fs::read(&path).unwrap_or_default())));
    if let Some(database) = &database {
        places.push(("the database".to_owned(), dump(database.url()).await));
    }

    let planted = Needle::new("planted", PLANTED);
    let in_place = |part: &str| places.iter().any(|(place, bytes)| place.contains(part) && planted.is_in(bytes));
    assert!(
        in_place(if database.is_some() { "the database" } else { "/db" }),
        "the search does not find what was planted"
    );
    assert!(in_place("answers"), "nor where it was answered");
    assert!(places[0].1.len() > 100_000, "the server logs at TRACE");
    let found_in = |needle: &Needle| -> Vec<String> {
        let holding = places.iter().filter(|(_, bytes)| needle.is_in(bytes));
        holding.map(|(place, _)| format!("{} is in {place}", needle.what)).collect()
    };
    let found: Vec<String> = needles.iter().flat_map(found_in).collect();
    assert!(found.is_empty(), "{found:#?}");
    let size: usize = places.iter().map(|(_, bytes)| bytes.len()).sum();
    println!("{} secrets in {} places of {size} bytes: 0 found", needles.len(), places.len());
}

//! Rubbish in every input meets a clear error, and the server still answers.

use std::collections::{BTreeMap, BTreeSet};

use alm_build_spi::conformance::fake::Script;
use serde_json::{Map, Value, json};

use super::introspection::Schema;
use crate::support::TestApp;

/// What one leaf of an input is replaced by.
fn rubbish() -> Vec<Value> {
    let texts = [
        "",
        " ",
        "\u{0}",
        "a\u{0}b",
        "\u{1b}[2J\u{7}\r\n",
        "🐌",
        "\u{202e}gpj",
        "../../etc/passwd",
        "%00%2e",
        "-",
        "--upload-pack=true",
        "'; DROP TABLE build; --",
        "bld_",
        "bld_zzzzzzzz",
        "prj_01900000000070008000000000000001",
        "bld_01900000000070008000000000000001",
        "AQEBogLpmRpz04OP6BP9pvqRAAAAAAAAAAK1CW9n",
        "http://[::1",
        "file:///etc/shadow",
        "NaN",
    ];
    let mut all: Vec<Value> = texts.iter().map(|text| json!(text)).collect();
    all.push(json!("x".repeat(100_000)));
    all.push(json!("ü".repeat(5_000)));
    all.extend([json!(0), json!(-1), json!(i32::MAX), json!(i32::MIN), json!(1e300), json!(u64::MAX)]);
    all.extend([json!(true), json!(null), json!([]), json!({}), json!([[[["x"]]]]), json!({"plain": {"a": 1}})]);
    all
}

/// Inputs that could be right, built after the schema.
struct Samples<'a> {
    schema: &'a Schema,
    /// Which of several alternatives to take.
    turn: usize,
    /// Ids that are really there, by the name of the field that takes them.
    known: BTreeMap<&'static str, String>,
}

impl Samples<'_> {
    fn of(&self, name: &str, wrapped: &Value) -> Value {
        match wrapped["kind"].as_str().unwrap() {
            "NON_NULL" => self.of(name, &wrapped["ofType"]),
            "LIST" => json!([self.of(name, &wrapped["ofType"])]),
            "ENUM" => self.schema.type_of(wrapped["name"].as_str().unwrap())["enumValues"][0]["name"].clone(),
            "INPUT_OBJECT" => {
                let fields = self.schema.type_of(wrapped["name"].as_str().unwrap())["inputFields"].as_array().unwrap();
                let alternatives = fields.iter().all(|f| f["type"]["kind"] != "NON_NULL") && fields.len() < 5;
                let chosen: Vec<_> =
                    if alternatives { vec![&fields[self.turn % fields.len()]] } else { fields.iter().collect() };
                let sample = |field: &&Value| {
                    let name = field["name"].as_str().unwrap();
                    (name.to_owned(), self.of(name, &field["type"]))
                };
                Value::Object(chosen.iter().map(sample).collect::<Map<_, _>>())
            }
            _ => match (name, wrapped["name"].as_str().unwrap()) {
                (name, "ID") => {
                    json!(self.known.get(name).map_or("bld_01900000000070008000000000000001", String::as_str))
                }
                (_, "Int" | "Int53") => json!(1),
                (_, "Duration") => json!(100),
                (name, "Boolean") => json!(name != "archived" && name != "mine"),
                ("slug", _) => json!("sample"),
                _ => json!("sample"),
            },
        }
    }
}

/// Where the leaves of a value are.
fn leaves(value: &Value, at: &str, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| leaves(value, &format!("{at}/{name}"), found)),
        Value::Array(values) => {
            values.iter().enumerate().for_each(|(i, value)| leaves(value, &format!("{at}/{i}"), found))
        }
        _ => found.push(at.to_owned()),
    }
}

/// Everything that is wrong with a reply of the server, whatever was asked.
fn judge(reply: &Value, codes: &BTreeSet<String>) -> Result<(), String> {
    if reply.to_string().len() > 20_000 {
        return Err("it is far too long".to_owned());
    }
    for error in reply["errors"].as_array().into_iter().flatten() {
        let code = error["extensions"]["code"].as_str().unwrap_or_default();
        if code == "INTERNAL" || !codes.contains(code) {
            return Err(format!("the code {code:?}"));
        }
        if error["message"].as_str().is_none_or(str::is_empty) {
            return Err("an error without a word".to_owned());
        }
    }
    if reply["errors"].is_null() && reply["data"].is_null() {
        return Err("neither data nor errors".to_owned());
    }
    Ok(())
}

#[tokio::test]
async fn rubbish_in_any_input_is_answered_with_a_clear_error() {
    let app = TestApp::fake(Script::new().stage("a").ask("go", "Go on?")).await;
    let project = app.project("shop").await;
    let service = app.service_in(&project, "web", "https://git.example.org/web.git").await;
    let build = app.start_build(&service).await;
    let build = app.follow_until(&build, |build| build["status"] == "WAITING_FOR_APPROVAL").await;
    let id = |value: &Value| value["id"].as_str().unwrap().to_owned();
    let known = BTreeMap::from([
        ("projectId", project),
        ("providerId", app.provider.clone()),
        ("serviceId", service),
        ("buildId", build.id().to_owned()),
        ("id", build.id().to_owned()),
        ("ids", build.id().to_owned()),
        ("approvalId", id(build.approval())),
        ("stageId", id(build.stage("a"))),
    ]);
    let schema = Schema::of(&app.graphql(Schema::query(), json!({})).await);
    let table = app.graphql("{ serverInfo { errorCodes { code } } }", json!({})).await;
    let codes: BTreeSet<String> = table["serverInfo"]["errorCodes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["code"].as_str().unwrap().to_owned())
        .collect();
    let mut tried = 0;
    for (root, operation) in [("Query", "query"), ("Mutation", "mutation")] {
        for field in schema.fields(root) {
            let name = field["name"].as_str().unwrap();
            let args = field["args"].as_array().unwrap();
            let declared: Vec<_> = args
                .iter()
                .map(|arg| format!("${}: {}", arg["name"].as_str().unwrap(), spelled(&arg["type"])))
                .collect();
            let passed: Vec<_> = args.iter().map(|arg| format!("{0}: ${0}", arg["name"].as_str().unwrap())).collect();
            if args.is_empty() {
                continue;
            }
            let document =
                format!("{operation}({}) {{ {name}({}) {{ __typename }} }}", declared.join(", "), passed.join(", "));
            let mut seen = BTreeSet::new();
            for turn in 0..4 {
                let known = if name.starts_with("remove") { BTreeMap::new() } else { known.clone() };
                let samples = Samples { schema: &schema, turn, known };
                let sample: Map<_, _> = args
                    .iter()
                    .map(|arg| {
                        (
                            arg["name"].as_str().unwrap().to_owned(),
                            samples.of(arg["name"].as_str().unwrap(), &arg["type"]),
                        )
                    })
                    .collect();
                let sample = Value::Object(sample);
                let mut places = Vec::new();
                leaves(&sample, "", &mut places);
                for place in places.into_iter().filter(|place| seen.insert(place.clone())) {
                    for junk in rubbish() {
                        let mut variables = sample.clone();
                        *variables.pointer_mut(&place).unwrap() = junk.clone();
                        let reply = app.reply(&document, variables).await;
                        let junk: String = junk.to_string().chars().take(60).collect();
                        judge(&reply, &codes).unwrap_or_else(|why| panic!("{name}{place} = {junk}: {why}: {reply}"));
                        tried += 1;
                    }
                }
            }
        }
    }
    assert!(tried > 1_500, "only {tried} tries: the walk over the schema is broken");
    assert_eq!(app.build(build.id()).await.id(), build.id(), "it still answers");
}

/// A type as it is written in a document.
fn spelled(wrapped: &Value) -> String {
    match wrapped["kind"].as_str().unwrap() {
        "NON_NULL" => format!("{}!", spelled(&wrapped["ofType"])),
        "LIST" => format!("[{}]", spelled(&wrapped["ofType"])),
        _ => wrapped["name"].as_str().unwrap().to_owned(),
    }
}

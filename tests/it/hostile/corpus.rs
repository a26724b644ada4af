//! What the requests are.

use serde_json::{Value, json};

/// One request, as bytes.
pub(super) struct Hostile {
    pub(super) name: &'static str,
    pub(super) bytes: Vec<u8>,
    /// The statuses with which it may be refused. 200 stands for a request that is executed, and refused by a field.
    pub(super) statuses: &'static [u16],
}

/// `levels` fragments, each of which spreads the next `wide` times; the last one has this inside.
pub(super) fn doubling(wide: usize, levels: usize, inside: &str) -> String {
    let mut document = format!("{{ ...f0 }} fragment f{levels} on Query {{ {inside} }}");
    for level in 0..levels {
        let spreads = format!("...f{} ", level + 1).repeat(wide);
        document += &format!(" fragment f{level} on Query {{ {spreads}}}");
    }
    document
}

fn numbered(count: usize, each: impl Fn(usize) -> String) -> String {
    (0..count).map(each).collect()
}

/// The whole of it.
pub(super) fn corpus(token: &str) -> Vec<Hostile> {
    let mut all = Vec::new();
    for (name, document) in documents() {
        all.push(post(token, name, &json!({ "query": document }).to_string(), &[400]));
    }
    for (name, query, variables, statuses) in variables() {
        all.push(post(token, name, &json!({ "query": query, "variables": variables }).to_string(), statuses));
    }
    for (name, body) in bodies() {
        all.push(post(token, name, &body, &[400]));
    }
    all.extend(rude(token));
    all
}

fn documents() -> Vec<(&'static str, String)> {
    let nested_lists = "{ projects(first: 100) { nodes { buildServices(first: 100) { nodes { builds(first: 100) { nodes { stages { \
                        dependsOn { id name } } } } } } } } }";
    let circles = numbered(300, |n| format!("fragment f{n} on Query {{ ...f{} }} ", (n + 1) % 300));
    let deep_introspection = format!(
        "{{ __schema {{ types {{ {} name {} }} }} }}",
        "fields { type { ofType { ".repeat(4),
        "} } } ".repeat(4)
    );
    vec![
        ("1,000 aliases", format!("{{ {}}}", numbered(1_000, |n| format!("a{n}: __typename ")))),
        (
            "60 aliases of a dear list",
            format!("{{ {}}}", numbered(60, |n| format!("a{n}: projects(first: 100) {{ nodes {{ id }} }} "))),
        ),
        ("a field repeated 4,000 times", format!("{{ viewer {{ {}}} }}", "id ".repeat(4_000))),
        ("a field repeated 100,000 times", format!("{{ {}}}", "__typename ".repeat(90_000))),
        ("5,000 fields that are not there", format!("{{ {}}}", numbered(2_400, |n| format!("x{n} ")))),
        ("600 directives on a field", format!("{{ __typename {}}}", "@include(if: true) ".repeat(600))),
        ("50,000 directives on a field", format!("{{ __typename {}}}", "@include(if: true) ".repeat(50_000))),
        ("fragments that double, 20 deep", doubling(2, 19, "viewer { __typename }")),
        ("fragments that double, 24 deep", doubling(2, 24, "viewer { __typename }")),
        ("fragments that grow tenfold around nothing", doubling(10, 19, "...nowhere")),
        ("fragments that grow tenfold around a field", doubling(10, 19, "viewer { __typename }")),
        ("a fragment of itself", "{ ...a } fragment a on Query { viewer { __typename } ...a }".to_owned()),
        ("300 fragments in a circle", format!("{{ ...f0 }} {circles}")),
        (
            "500 fragments in a chain",
            format!("{{ ...f0 }} {}", numbered(500, |n| format!("fragment f{n} on Query {{ ...f{} }} ", n + 1))),
        ),
        ("a width of 2,000 fields", format!("{{ projects {{ nodes {{ {}}} }} }}", "id ".repeat(2_001))),
        ("lists within lists", nested_lists.to_owned()),
        ("introspection within introspection", deep_introspection),
        (
            "interfaces of types of interfaces",
            format!(
                "{{ __type(name: \"Node\") {{ {} name {} }} }}",
                "possibleTypes { interfaces { ".repeat(9),
                "} } ".repeat(9)
            ),
        ),
        ("100,000 braces", "{".repeat(100_000)),
        ("100,000 brackets", format!("{{ node(id: {}", "[".repeat(100_000))),
        ("100,000 parentheses", format!("{{ node{}", "(".repeat(100_000))),
        (
            "a list type 5,000 deep",
            format!("query($a: {}Int{}) {{ __typename }}", "[".repeat(5_000), "]".repeat(5_000)),
        ),
        ("a string of 1 MB", format!("{{ node(id: \"{}\") {{ id }} }}", "x".repeat(1_000_000))),
        ("a string of 16 KB that has no end", format!("{{ node(id: \"{}", "x".repeat(16_000))),
        ("5,000 block strings", format!("{{ node(id: {}", "\"\"\"a\"\"\" ".repeat(5_000))),
        ("1 MB of comments", "# nothing\n".repeat(90_000)),
        ("1 MB of commas", ",".repeat(1_000_000)),
        ("1,000 operations", numbered(1_000, |n| format!("query q{n} {{ __typename }} "))),
        (
            "300 variables with values",
            format!("query({}) {{ __typename }}", numbered(300, |n| format!("$v{n}: [Int!] = [1, 2, 3, 4] "))),
        ),
        ("a name of 16 KB", format!("{{ {} }}", "y".repeat(16_000))),
        ("all of Unicode's oddities", "\u{feff}\u{202e}\u{0}💥\u{fffd}".repeat(1_000)),
    ]
}

fn variables() -> Vec<(&'static str, &'static str, Value, &'static [u16])> {
    let node = "query($v: ID!) { node(id: $v) { id } }";
    let nodes = "query($v: [ID!]!) { nodes(ids: $v) { id } }";
    let deep = (0..120).fold(json!(1), |inner, _| json!([inner]));
    vec![
        ("an id of 1 MB", node, json!({ "v": "x".repeat(1_000_000) }), &[200]),
        ("9,000 ids", nodes, json!({ "v": vec!["bld_0"; 9_000] }), &[200, 400]),
        ("100,000 values", nodes, json!({ "v": vec!["a"; 100_000] }), &[400]),
        ("variables 120 deep", node, json!({ "v": deep }), &[400]),
        (
            "a page of two thousand million",
            "query($v: Int) { projects(first: $v) { nodes { id } } }",
            json!({ "v": 2_000_000_000 }),
            &[200, 400],
        ),
        (
            "a cursor of 1 MB",
            "query($v: String) { projects(after: $v) { nodes { id } } }",
            json!({ "v": "A".repeat(1_000_000) }),
            &[200],
        ),
    ]
}

fn bodies() -> Vec<(&'static str, String)> {
    let one = r#"{"query":"{__typename}"}"#;
    vec![
        ("a batch of 5,000", format!("[{}{one}]", format!("{one},").repeat(4_999))),
        ("JSON 500,000 deep", "[".repeat(500_000)),
        ("variables 200,000 deep", format!(r#"{{"query":"{{__typename}}","variables":{}"#, "{\"a\":".repeat(200_000))),
        ("a key given 50,000 times", format!("{{{}\"query\":\"{{a}}\"}}", r#""query":"{a}","#.repeat(50_000))),
        ("1 MB of white space", " ".repeat(1_000_000)),
        (
            "an operation's name of 1 MB",
            json!({"query": "query a { __typename } query b { __typename }", "operationName": "n".repeat(1_000_000)})
                .to_string(),
        ),
        ("1 MB of escapes", format!(r#"{{"query":"{}"}}"#, "\\u0041".repeat(170_000))),
    ]
}

fn post(token: &str, name: &'static str, body: &str, statuses: &'static [u16]) -> Hostile {
    let head = format!(
        "POST /graphql HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\nauthorization: Bearer {token}\r\naccept: \
         application/graphql-response+json\r\ncontent-type: application/json\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    Hostile { name, bytes: [head.as_bytes(), body.as_bytes()].concat(), statuses }
}

/// What is wrong before GraphQL is reached.
fn rude(token: &str) -> Vec<Hostile> {
    let signed_in = format!("host: localhost\r\nconnection: close\r\nauthorization: Bearer {token}\r\n");
    let json = format!("{signed_in}content-type: application/json\r\n");
    let large = "x".repeat(100 << 20);
    let text = |name, text: String, statuses| Hostile { name, bytes: text.into_bytes(), statuses };
    vec![
        text(
            "a body of 100 MB",
            format!("POST /graphql HTTP/1.1\r\n{json}content-length: {}\r\n\r\n{large}", large.len()),
            &[413],
        ),
        text(
            "a body of 100 MB that is not announced",
            format!(
                "POST /graphql HTTP/1.1\r\n{json}transfer-encoding: chunked\r\n\r\n{:x}\r\n{large}\r\n0\r\n\r\n",
                large.len()
            ),
            &[413],
        ),
        text(
            "1 MB of headers",
            format!("GET /healthz HTTP/1.1\r\n{signed_in}{}\r\n", "x-a: b\r\n".repeat(125_000)),
            &[431],
        ),
        text(
            "an address of 1 MB",
            format!("GET /graphql?query={} HTTP/1.1\r\n{signed_in}\r\n", "a".repeat(1 << 20)),
            &[414, 431],
        ),
        text(
            "10,000 parameters in the address",
            format!(
                "GET /graphql?query=%7Ba%7D{} HTTP/1.1\r\n{signed_in}accept: application/graphql-response+json\r\n\r\n",
                "&a=b".repeat(10_000)
            ),
            &[400],
        ),
        Hostile {
            name: "a body that is not UTF-8",
            bytes: [
                format!("POST /graphql HTTP/1.1\r\n{json}content-length: 1000000\r\n\r\n").as_bytes(),
                &[0xff; 1_000_000],
            ]
            .concat(),
            statuses: &[400],
        },
        text(
            "multipart that would run a subscription",
            format!(
                "POST /graphql HTTP/1.1\r\n{signed_in}accept: multipart/mixed\r\ncontent-type: multipart/form-data; boundary=x\r\ncontent-length: 0\r\n\r\n"
            ),
            &[406, 415],
        ),
    ]
}

//! The token and the server's secrets are where they belong and nowhere else. The search is shown to find what was planted.

use std::{
    fs,
    io::{BufRead, BufReader, Read},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    thread::JoinHandle,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

/// In the server's own environment.
const OF_THE_SERVER: &str = "canary-7f3a-environment";
/// Told to the server on purpose.
const PLANTED: &str = "canary-91bd-planted";
const LONGEST: Duration = Duration::from_secs(120);

struct Server {
    process: Child,
    address: String,
    token: String,
    said: Option<JoinHandle<String>>,
}

impl Server {
    fn start(data: &Path) -> Self {
        let mut program = Command::new(env!("CARGO_BIN_EXE_alm"));
        crate::recovery::support::without_settings(&mut program);
        let mut process = program
            .arg("serve")
            .env("ALM_DATA_DIR", data)
            .env("ALM_SERVER_BIND", "127.0.0.1:0")
            .env("ALM_LOG_FILTER", "trace")
            .env("SOME_SECRET_OF_THE_SERVER", OF_THE_SERVER)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stderr = process.stderr.take().unwrap();
        let said = std::thread::spawn(move || {
            let mut said = Vec::new();
            let _ = stderr.read_to_end(&mut said);
            String::from_utf8_lossy(&said).into_owned()
        });
        let lines = BufReader::new(process.stdout.take().unwrap()).lines();
        let announced = lines
            .map_while(Result::ok)
            .find_map(|line| line.trim().split_once("/#token=").map(|(a, t)| (a.to_owned(), t.to_owned())));
        let (address, token) = announced.expect("the server printed no address");
        Self { process, address, token, said: Some(said) }
    }

    async fn ask(&self, client: &reqwest::Client, query: &str, variables: Value) -> String {
        let reply = client
            .post(format!("{}/graphql", self.address))
            .bearer_auth(&self.token)
            .json(&json!({ "query": query, "variables": variables }))
            .send()
            .await
            .unwrap();
        reply.text().await.unwrap()
    }

    /// Stops the server; what it logged.
    fn stop(mut self) -> String {
        let _ = self.process.kill();
        let _ = self.process.wait();
        self.said.take().unwrap().join().unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return vec![] };
    entries
        .flatten()
        .flat_map(|entry| match entry.file_type() {
            Ok(kind) if kind.is_dir() => files(&entry.path()),
            Ok(kind) if kind.is_file() => vec![entry.path()],
            _ => vec![],
        })
        .collect()
}

/// The files below a folder that hold a text.
fn holding(folder: &Path, needle: &str) -> Vec<PathBuf> {
    let holds = |path: &PathBuf| {
        fs::read(path).is_ok_and(|bytes| bytes.windows(needle.len()).any(|window| window == needle.as_bytes()))
    };
    files(folder).into_iter().filter(holds).collect()
}

fn repository(folder: &Path, script: &str) {
    fs::create_dir_all(folder.join(".alm")).unwrap();
    let definition = json!({ "run": script });
    fs::write(folder.join(".alm/pipeline.yaml"), definition.to_string()).unwrap();
    let git = "git init -q -b main . && git add . && git -c user.name=a -c user.email=a@b commit -qm first";
    assert!(Command::new("sh").args(["-ec", git]).current_dir(folder).status().unwrap().success());
}

#[tokio::test]
async fn no_secret_of_the_server_is_found_where_it_does_not_belong() {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let folder = tempfile::tempdir().unwrap();
    let (data, source) = (folder.path().join("data"), folder.path().join("source"));
    let script = format!(
        "env; cat /proc/self/environ /proc/$PPID/environ; ls -l /proc/self/fd; echo {PLANTED}; \
         ls -la \"$HOME\"; for fd in /proc/self/fd/*; do readlink \"$fd\"; done"
    );
    repository(&source, &script);
    let server = Server::start(&data);
    #[expect(clippy::disallowed_methods, reason = "a client of the test")]
    let client = reqwest::Client::new();

    let mut replies = String::new();
    let project = server
        .ask(
            &client,
            "mutation($d: String) { createProject(input: {slug: \"c\", displayName: \"c\", description: $d}) { project { id } } }",
            json!({ "d": PLANTED }),
        )
        .await;
    let project: Value = serde_json::from_str(&project).unwrap();
    let provider = server.ask(&client, "{ providers { edges { node { id } } } }", json!({})).await;
    let provider: Value = serde_json::from_str(&provider).unwrap();
    let service = server
        .ask(
            &client,
            "mutation($p: ID!, $v: ID!, $u: String!) { createBuildService(input: {projectId: $p, providerId: $v, slug: \"s\",
               displayName: \"s\", repository: {url: $u, ref: \"main\"}}) { service { id } userErrors { message } } }",
            json!({
                "p": project["data"]["createProject"]["project"]["id"],
                "v": provider["data"]["providers"]["edges"][0]["node"]["id"],
                "u": source.to_str().unwrap(),
            }),
        )
        .await;
    let service: Value = serde_json::from_str(&service).unwrap();
    let started = server
        .ask(
            &client,
            "mutation($s: ID!) { startBuild(input: {serviceId: $s}) { build { id } userErrors { message } } }",
            json!({ "s": service["data"]["createBuildService"]["service"]["id"] }),
        )
        .await;
    let started: Value = serde_json::from_str(&started).unwrap();
    let build = started["data"]["startBuild"]["build"]["id"].as_str().expect("a build").to_owned();
    let begun = Instant::now();
    loop {
        let state = server
            .ask(&client, "query($b: ID!) { build(by: {id: $b}) { status log { isComplete } } }", json!({ "b": build }))
            .await;
        replies.push_str(&state);
        if state.contains("\"isComplete\":true") {
            break;
        }
        assert!(begun.elapsed() < LONGEST, "the build does not end: {state}");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    // Requests that fail are told, too, in replies and logs.
    for wrong in [server.token.to_uppercase(), format!("{}x", server.token), String::new()] {
        let reply = client.get(format!("{}/metrics", server.address)).bearer_auth(wrong).send().await.unwrap();
        replies.push_str(&reply.text().await.unwrap());
    }
    let rubbish = format!("{{ viewer(token: \"{}\") {{ id }} }}", server.token);
    replies.push_str(&server.ask(&client, &rubbish, json!({})).await);
    let log = client.get(format!("{}/builds/{build}/log", server.address)).bearer_auth(&server.token);
    let log = log.send().await.unwrap().text().await.unwrap();
    let address = server.address.clone();
    let token = server.token.clone();
    let said = server.stop();

    // The search finds what was planted: in the database, in the log of the build; and the server did say something.
    assert!(log.contains(PLANTED), "{log}");
    assert!(!holding(&data, PLANTED).is_empty(), "the search does not find what was planted");
    assert!(said.contains("serving") && said.len() > 1_000, "the server logged nothing at {address}: {said}");

    let found: Vec<_> = holding(&data, &token).into_iter().filter(|path| *path != data.join("token")).collect();
    assert_eq!(found, Vec::<PathBuf>::new(), "files with the token, besides its own");
    for (place, text) in [("the replies", &replies), ("the log of the build", &log), ("what the server logs", &said)] {
        assert!(!text.contains(&token), "the token is in {place}");
        assert!(!text.contains(OF_THE_SERVER), "the server's environment is in {place}");
    }
    assert_eq!(holding(&data, OF_THE_SERVER), Vec::<PathBuf>::new(), "files with the server's environment");
    // No descriptor of the server is open in a step: neither its database nor its lock.
    assert!(!log.contains(data.join("db").to_str().unwrap()) && !log.contains("socket:"), "{log}");
}

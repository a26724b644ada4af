//! Branches and tags: a cluster is told commits, so that what a reference stands for is asked of the repository.

use alm_build_spi::{Finding, ProviderError, RerunBuild, RunRef, StartBuild};
use alm_cluster_sim::{GitServer, Role};
use alm_domain::{Commit, RerunFrom, RunStatus};
use base64::{Engine, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use crate::support::{PROJECT, Rig, Service, name_of};

const MAIN: &str = "1111111111111111111111111111111111111111";
const FEATURE: &str = "2222222222222222222222222222222222222222";
const TAG: &str = "3333333333333333333333333333333333333333";
const TAGGED: &str = "4444444444444444444444444444444444444444";
const PASSWORD: &str = "canary-of-a-repository-5c1e";

async fn git() -> GitServer {
    let git = GitServer::start().await;
    for (name, commit) in [
        ("HEAD", MAIN),
        ("refs/heads/main", MAIN),
        ("refs/heads/feature/x", FEATURE),
        ("refs/heads/both", FEATURE),
        ("refs/tags/both", MAIN),
        ("refs/tags/v1.0", TAG),
        ("refs/tags/v1.0^{}", TAGGED),
        ("refs/pull/7/head", FEATURE),
    ] {
        git.set(name, commit);
    }
    git
}

fn docker() -> Vec<(&'static str, Value)> {
    vec![("strategy", json!("Docker")), ("dockerfile", json!("echo x"))]
}

/// With this source secret.
fn with_secret(rig: &Rig, pairs: &[(&str, &str)]) -> Vec<(&'static str, Value)> {
    let data: serde_json::Map<_, _> =
        pairs.iter().map(|(key, value)| ((*key).to_owned(), json!(STANDARD.encode(value)))).collect();
    rig.cluster.put("secrets", PROJECT, "of-git", json!({ "type": "kubernetes.io/basic-auth", "data": data }));
    docker().into_iter().chain([("source.secret", json!("of-git"))]).collect()
}

fn request(service: &Service, reference: &str) -> StartBuild {
    StartBuild { reference: reference.to_owned(), ..service.request() }
}

async fn refused(rig: &Rig, service: &Service, reference: &str) -> String {
    let error = rig.provider().start(&rig.access(), request(service, reference)).await.unwrap_err();
    let ProviderError::Invalid(findings) = &error else { panic!("{error:?}") };
    let [Finding { path, message }] = &findings[..] else { panic!("{findings:?}") };
    assert_eq!((path.join("/").as_str(), message.contains("by its full hash")), ("reference", true), "{message}");
    message.clone()
}

#[tokio::test]
async fn a_branch_or_a_tag_is_built_at_the_commit_that_it_stands_for() {
    let (rig, git) = (Rig::new().await, git().await);
    let service = rig.service_of(&git.url(), &docker()).await;
    for (reference, commit) in [
        ("feature/x", FEATURE),
        ("v1.0", TAGGED),
        ("both", FEATURE),
        ("refs/tags/both", MAIN),
        ("refs/pull/7/head", FEATURE),
        ("HEAD", MAIN),
        ("", MAIN),
    ] {
        let run = rig.provider().start(&rig.access(), request(&service, reference)).await.unwrap();
        let mut told = rig.follow(&run);
        told.finish().await;
        let end = told.run_states().pop().unwrap().clone();
        assert_eq!((end.status, end.commit.unwrap().sha.as_str()), (RunStatus::Succeeded, commit), "{reference:?}");
        let build = rig.build(&told.name);
        assert_eq!(build["spec"]["revision"]["git"]["commit"], commit);
        let by = build["spec"]["triggeredBy"][0]["message"].as_str().unwrap();
        assert!(by.ends_with(&format!("as #1, of {reference}")), "{by}");
    }
    assert_eq!(git.logins().len(), 7);
    // What the configuration builds by itself its builder finds out, and notes; and a commit needs nobody.
    for reference in ["main", FEATURE] {
        rig.provider().start(&rig.access(), request(&service, reference)).await.unwrap();
    }
    assert_eq!(git.logins().len(), 7);
}

#[tokio::test]
async fn the_jenkinsfile_of_a_branch_is_that_of_its_commit() {
    let (rig, git) = (Rig::new().await, git().await);
    let service = rig.service_of(&git.url(), &[("jenkinsfile.path", json!("ci/Jenkinsfile"))]).await;
    rig.cluster.script(PROJECT, &service.name, "stage Build\necho x");
    let run = rig.provider().start(&rig.access(), request(&service, "feature/x")).await.unwrap();
    let mut told = rig.follow(&run);
    told.finish().await;
    assert_eq!(told.status(), Some(RunStatus::Succeeded));
    assert_eq!(
        rig.build(&told.name)["spec"]["revision"],
        json!({ "type": "Git", "git": { "commit": FEATURE, "committer": {} } })
    );
}

/// The commit that a run is of, if that is known.
async fn commit_of(rig: &Rig, run: &RunRef) -> Option<Commit> {
    rig.provider().get(&rig.access(), run).await.unwrap().run.commit
}

#[tokio::test]
async fn a_pipeline_of_the_branch_of_its_configuration_is_of_a_commit_and_so_is_its_repetition() {
    let (rig, git) = (Rig::new().await, git().await);
    for own in [("jenkinsfile.path", json!("Jenkinsfile")), ("jenkinsfile", json!("stage Build\necho x"))] {
        git.set("refs/heads/main", MAIN);
        let service = rig.service_of(&git.url(), &[own]).await;
        rig.cluster.script(PROJECT, &service.name, "stage Build\necho x");
        let asked = service.request();
        let first = rig.provider().start(&rig.access(), asked.clone()).await.unwrap();
        rig.follow(&first).finish().await;
        let commit = commit_of(&rig, &first).await;
        assert_eq!(commit.as_ref().map(|commit| commit.sha.as_str()), Some(MAIN));
        git.set("refs/heads/main", FEATURE);
        let again = RerunBuild {
            start: service.request(),
            of: first,
            of_build: asked.build,
            commit,
            from: RerunFrom::Beginning,
            stages: Vec::new(),
            artifacts: Vec::new(),
        };
        let again = rig.provider().rerun(&rig.access(), again).await.unwrap();
        assert_eq!(rig.build(&name_of(&again))["spec"]["revision"]["git"]["commit"], MAIN);
        let fresh = rig.provider().start(&rig.access(), service.request()).await.unwrap();
        assert_eq!(commit_of(&rig, &fresh).await.map(|commit| commit.sha).as_deref(), Some(FEATURE));
        rig.provider().delete_config(&rig.access(), &service.config).await.unwrap();
    }
}

#[tokio::test]
async fn a_pipeline_whose_repository_is_out_of_reach_from_here_begins_without_a_commit() {
    let (rig, git) = (Rig::new().await, git().await);
    let service = rig.service_of(&git.url(), &[("jenkinsfile", json!("echo x"))]).await;
    let begins = async |rig: &Rig, service: &Service| {
        let run = rig.provider().start(&rig.access(), service.request()).await.unwrap();
        assert_eq!(commit_of(rig, &run).await, None);
        assert!(rig.build(&name_of(&run))["spec"]["revision"].is_null());
        // What the cluster cannot find by itself must be found.
        assert!(rig.provider().start(&rig.access(), request(service, "feature/x")).await.is_err());
    };
    let faults = git.faults();
    let troubles: [&dyn Fn(); 3] = [&|| faults.refuse(), &|| faults.server_error(), &|| faults.lose_answers()];
    for trouble in troubles {
        trouble();
        begins(&rig, &service).await;
        faults.heal();
    }
    git.ask_for("deployer", PASSWORD);
    begins(&rig, &service).await;
    let rig = Rig::new().await;
    let ssh = rig.service_of("git@git.example.test:demo/app.git", &[("jenkinsfile", json!("echo x"))]).await;
    begins(&rig, &ssh).await;
}

#[tokio::test]
async fn a_start_that_is_repeated_while_a_branch_moves_is_one_build() {
    let (rig, git) = (Rig::new().await, git().await);
    let service = rig.service_of(&git.url(), &docker()).await;
    let asked = request(&service, "feature/x");
    let first = rig.provider().start(&rig.access(), asked.clone()).await.unwrap();
    git.set("refs/heads/feature/x", MAIN);
    assert_eq!(rig.provider().start(&rig.access(), asked).await.unwrap(), first);
    assert_eq!(rig.build(&name_of(&first))["spec"]["revision"]["git"]["commit"], FEATURE);
}

#[tokio::test]
async fn a_repository_is_shown_the_secret_that_the_cluster_fetches_it_by() {
    let (rig, git) = (Rig::new().await, git().await);
    for (pairs, login) in [
        (&[("username", "deployer\n"), ("password", PASSWORD)][..], ("deployer", PASSWORD)),
        (&[("password", PASSWORD)], ("builder", PASSWORD)),
        (&[("token", PASSWORD)], ("builder", PASSWORD)),
    ] {
        let own = with_secret(&rig, pairs);
        git.ask_for(login.0, login.1);
        let service = rig.service_of(&git.url(), &own).await;
        let run = rig.provider().start(&rig.access(), request(&service, "feature/x")).await.unwrap();
        assert_eq!(git.logins().pop().flatten(), Some(format!("{}:{}", login.0, login.1)));
        let build = rig.build(&name_of(&run)).to_string();
        assert!(build.contains(FEATURE) && !build.contains(PASSWORD));
        rig.provider().delete_config(&rig.access(), &service.config).await.unwrap();
    }
    let wrong = with_secret(&rig, &[("password", "another")]);
    let service = rig.service_of(&git.url(), &wrong).await;
    let why = refused(&rig, &service, "feature/x").await;
    assert!(why.contains("does not show it to whoever the source secret of-git is of (401"), "{why}");
    // Whoever may not read the Secret is told so, and builds what the configuration names.
    rig.cluster.grant("vera", PROJECT, Role::Edit);
    rig.cluster.hide("vera", "secrets");
    let vera = alm_build_spi::Access { token: Some(rig.cluster.token("vera").into()) };
    let error = rig.provider().start(&vera, request(&service, "feature/x")).await.unwrap_err();
    assert!(error.to_string().contains("there is no source secret of-git that the account may read"), "{error}");
    assert_eq!(git.logins().pop(), Some(None), "nobody's secret was shown");
    rig.provider().start(&vera, request(&service, "main")).await.unwrap();
}

#[tokio::test]
async fn a_secret_is_shown_to_no_other_host() {
    let (rig, git, other) = (Rig::new().await, git().await, git().await);
    let own = with_secret(&rig, &[("password", PASSWORD)]);
    let service = rig.service_of(&git.url(), &own).await;
    for status in [301, 302, 307, 308] {
        git.answer(status, &[("location", &format!("{}/info/refs?service=git-upload-pack", other.url()))], b"");
        let why = refused(&rig, &service, "feature/x").await;
        assert!(why.contains("give the address that the repository has now"), "{why}");
    }
    assert!(other.logins().is_empty());
    // A server that repeats what it was shown is not repeated.
    let told = format!("ERR who is {PASSWORD}?\n");
    git.advertise(format!("001e# service=git-upload-pack\n0000{:04x}{told}", told.len() + 4).as_bytes());
    let why = refused(&rig, &service, "feature/x").await;
    assert!(why.contains("it answers: who is ***?") && !why.contains(PASSWORD), "{why}");
}

#[tokio::test]
async fn what_cannot_be_looked_up_says_why_and_what_can_be_done() {
    let (rig, git) = (Rig::new().await, git().await);
    let service = rig.service_of(&git.url(), &docker()).await;
    for none in ["nosuch", "MAIN", "0123456", "heads/main", "refs/heads", "feature", "main\n"] {
        let why = refused(&rig, &service, none).await;
        assert!(why.contains("neither a branch nor a tag of this name"), "{why}");
    }
    for (status, kind, body, part) in [
        (404, "text/plain", "", "names no secret of the repository (source.secret)"),
        (200, "text/html", "<html>", "does not speak git's smart protocol"),
        (200, "text/plain", "1111\trefs/heads/main", "does not speak git's smart protocol"),
        (200, "application/x-git-upload-pack-advertisement", "<html>", "not what git's smart protocol has"),
        (200, "application/x-git-upload-pack-advertisement", "001e# service=git-upload-pack\n0000", "breaks off"),
        (418, "text/plain", "", "answers 418"),
    ] {
        git.answer(status, &[("content-type", kind)], body.as_bytes());
        let why = refused(&rig, &service, "feature/x").await;
        assert!(why.contains(part), "{why}");
    }
    for url in
        ["git@git.example.test:demo/app.git", "ssh://git@git.example.test/demo/app.git", "git://git.example.test/x"]
    {
        let rig = Rig::new().await;
        let service = rig.service_of(url, &docker()).await;
        let why = refused(&rig, &service, "feature/x").await;
        assert!(why.contains("references are asked for over https alone"), "{why}");
        rig.provider().start(&rig.access(), request(&service, FEATURE)).await.unwrap();
    }
    // Where this service may not go it does not go.
    let rig = Rig::new().await;
    let service = rig.service_of("https://10.0.0.1/demo/app.git", &docker()).await;
    assert!(refused(&rig, &service, "feature/x").await.contains("only the loopback is reached from here"));
    assert!(rig.cluster.objects("builds.build.openshift.io", PROJECT).is_empty());
}

#[tokio::test]
async fn a_repository_that_does_not_answer_now_is_asked_again_later() {
    let (rig, git) = (Rig::new().await, git().await);
    let service = rig.service_of(&git.url(), &docker()).await;
    let faults = git.faults();
    let troubles: [&dyn Fn(); 4] = [&|| faults.refuse(), &|| faults.server_error(), &|| faults.lose_answers(), &|| {
        faults.too_many_requests(std::time::Duration::from_secs(1))
    }];
    for trouble in troubles {
        trouble();
        let error = rig.provider().start(&rig.access(), request(&service, "feature/x")).await.unwrap_err();
        assert!(error.is_transient() && error.to_string().contains("127.0.0.1"), "{error:?}");
        faults.heal();
    }
    assert!(rig.cluster.objects("builds.build.openshift.io", PROJECT).is_empty());
    rig.provider().start(&rig.access(), request(&service, "feature/x")).await.unwrap();
}

/// Runs git in a folder; what it says.
fn run_git(folder: &std::path::Path, arguments: &[&str]) -> Vec<u8> {
    let mut command = std::process::Command::new("git");
    command.current_dir(folder).args(["-c", "user.name=x", "-c", "user.email=x@example.test"]).args(arguments);
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
    let output = command.output().unwrap();
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

#[tokio::test]
async fn what_git_itself_advertises_is_understood() {
    let (rig, git) = (Rig::new().await, GitServer::start().await);
    let service = rig.service_of(&git.url(), &docker()).await;
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    run_git(folder, &["init", "--quiet", "--initial-branch=trunk"]);
    run_git(folder, &["commit", "--quiet", "--allow-empty", "-m", "one"]);
    run_git(folder, &["tag", "-a", "v1", "-m", "the first"]);
    run_git(folder, &["commit", "--quiet", "--allow-empty", "-m", "two"]);
    run_git(folder, &["branch", "feature/x", "HEAD^"]);
    run_git(folder, &["tag", "light"]);
    for protocol in ["version=0", "version=1"] {
        let told = std::process::Command::new("git")
            .args(["upload-pack", "--strict", "--http-backend-info-refs"])
            .arg(folder.join(".git"))
            .env("GIT_PROTOCOL", protocol)
            .output()
            .unwrap();
        assert!(told.status.success(), "{told:?}");
        // The program leaves the beginning to the web server.
        git.advertise(&[b"001e# service=git-upload-pack\n0000".as_slice(), &told.stdout].concat());
        for reference in ["trunk", "feature/x", "v1", "light", "HEAD", "refs/tags/v1"] {
            let run = rig.provider().start(&rig.access(), request(&service, reference)).await.unwrap();
            let commit = run_git(folder, &["rev-parse", &format!("{reference}^{{commit}}")]);
            let built = rig.build(&name_of(&run))["spec"]["revision"]["git"]["commit"].clone();
            assert_eq!(built, String::from_utf8(commit).unwrap().trim(), "{reference}, {protocol}");
        }
    }
}

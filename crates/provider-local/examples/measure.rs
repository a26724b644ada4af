//! Measures what a long log costs: `cargo run --release -p alm-provider-local --example measure [LINES]`.
#![expect(clippy::print_stdout, clippy::unwrap_used, reason = "a program for people who measure")]

use std::{env, ffi::OsString, fs, path::Path, process::Command, process::ExitCode, sync::Arc, time::Instant};

use alm_build_spi::{
    Access, BuildConfigSpec, BuildProvider, CancellationToken, ConfigRef, Decision, LogPosition, RunRef, StartBuild,
};
use alm_domain::{
    ApprovalKey, BuildId, IdSource, Observation, RepositoryRef, ServiceId, Settings, SystemClock, SystemIds, Verdict,
    effective_configuration,
};
use alm_provider_local::{LocalConfig, LocalProvider, descriptor, supervise};
use futures::StreamExt;

fn main() -> ExitCode {
    if env::args().nth(1).as_deref() == Some("supervise") {
        return supervise(env::args_os().skip(2));
    }
    let lines = env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(100_000);
    tokio::runtime::Runtime::new().unwrap().block_on(measure(lines));
    ExitCode::SUCCESS
}

async fn measure(lines: u64) {
    let home = tempfile::tempdir().unwrap();
    let script = format!("run: |\n  seq -f 'a line of an ordinary length, number %.0f' {lines}\n  sleep 600\n");
    let repository = home.path().join("repository");
    fs::create_dir_all(repository.join(".alm")).unwrap();
    fs::write(repository.join(".alm/pipeline.yaml"), script).unwrap();
    for arguments in [&["init", "-q", "-b", "main"][..], &["add", "."], &["commit", "-q", "-m", "One"]] {
        let author = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"];
        assert!(Command::new("git").current_dir(&repository).args(author).args(arguments).status().unwrap().success());
    }
    let provider = open(home.path());
    let access = Access::default();
    let spec = BuildConfigSpec {
        service: ServiceId::generate(&SystemIds),
        name: "shop/web".to_owned(),
        repository: RepositoryRef {
            url: repository.to_str().unwrap().to_owned(),
            reference: "main".to_owned(),
            directory: None,
        },
        settings: effective_configuration(&descriptor().settings, &Settings::new(), None),
    };
    let request = StartBuild {
        build: BuildId::from_uuid(SystemIds.next_uuid()),
        number: 1,
        config: ConfigRef(spec.service.to_string()),
        spec,
        reference: "main".to_owned(),
        parameters: Vec::new(),
        secrets: Vec::new(),
        withheld: Vec::new(),
    };
    let begin = Instant::now();
    let run = provider.start(&access, request).await.unwrap();
    follow(&provider, &run, lines).await;
    report("follow a build at work", begin, Some(lines));
    let begin = Instant::now();
    follow(&provider, &run, lines).await;
    report("follow what lies in the spool", begin, Some(lines));
    let begin = Instant::now();
    let log = provider.logs(&access, &run, LogPosition(0));
    assert!(log.count().await as u64 >= lines);
    report("read the log", begin, Some(lines));
    let begin = Instant::now();
    assert!(provider.logs(&access, &run, LogPosition(lines)).count().await < 10);
    report("read the log's last line", begin, None);
    let begin = Instant::now();
    provider.get(&access, &run).await.unwrap();
    report("get", begin, None);
    let decision = Decision {
        approval: ApprovalKey::from("none"),
        verdict: Verdict::Approve,
        parameters: Vec::new(),
        decided_by: "ada".to_owned(),
        comment: None,
    };
    let begin = Instant::now();
    provider.decide(&access, &run, &decision).await.unwrap_err();
    report("decide", begin, None);
    let begin = Instant::now();
    provider.cancel(&access, &run).await.unwrap();
    report("cancel", begin, None);
    follow(&provider, &run, u64::MAX).await;
    let begin = Instant::now();
    drop(open(home.path()));
    report("open", begin, None);
}

fn open(home: &Path) -> Arc<LocalProvider> {
    let at = |name: &str| home.join(name);
    let config = LocalConfig {
        spool: at("spool"),
        work: at("work"),
        artifacts: at("artifacts"),
        configs: at("configs"),
        git: at("git"),
        supervisor: vec![OsString::from(env::current_exe().unwrap()), "supervise".into()],
        allow_local_repositories: true,
        hide: Vec::new(),
    };
    LocalProvider::open(config, &Settings::new(), Arc::new(SystemClock)).unwrap()
}

/// Follows from the beginning until so many lines were told, or to the end.
async fn follow(provider: &LocalProvider, run: &RunRef, enough: u64) {
    let mut stream = provider.follow(&Access::default(), run, None, CancellationToken::new());
    let mut seen = 0;
    while let Some(item) = stream.next().await {
        for observation in item.unwrap().observations {
            if let Observation::Lines(lines) = observation {
                seen += lines.len() as u64;
            }
        }
        if seen >= enough {
            return;
        }
    }
}

fn report(what: &str, begin: Instant, lines: Option<u64>) {
    let took = begin.elapsed();
    #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
    let rate = lines.map(|lines| format!(", {:.0} lines/s", lines as f64 / took.as_secs_f64()));
    println!("{what}: {:.1} ms{}", took.as_secs_f64() * 1e3, rate.unwrap_or_default());
}

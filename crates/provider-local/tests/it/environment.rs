//! What a step can see.

use alm_domain::{LogStream, RunStatus};
use serde_json::json;

use crate::support::{Rig, secret};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_sees_its_own_variables_and_none_of_the_server() {
    let rig = Rig::new(
        "parameters:
  - {name: COUNT, type: integer, default: 3}
env: {COLOUR: red, SIZE: big}
stages:
  look:
    environment: staging
    env: {COLOUR: green}
    run:
      - name: all
        run: env | sort
        env: {TASTE: sweet}
",
    );
    let run = rig.start().await;
    let told = rig.told(&run).await;
    let lines = told.output();
    let value = |name: &str| {
        lines
            .iter()
            .find_map(|line| line.strip_prefix(&format!("{name}=")))
            .unwrap_or_else(|| panic!("{name}: {lines:#?}"))
    };
    assert_eq!((value("COLOUR"), value("SIZE"), value("TASTE"), value("COUNT")), ("green", "big", "sweet", "3"));
    assert_eq!((value("CI"), value("ALM"), value("ALM_STAGE"), value("ALM_ATTEMPT")), ("true", "true", "look", "1"));
    assert_eq!((value("ALM_BUILD_ID"), value("ALM_BUILD_NUMBER")), (run.0.as_str(), "7"));
    assert_eq!((value("ALM_REF"), value("ALM_SERVICE"), value("ALM_ENVIRONMENT")), ("main", "shop/web", "staging"));
    assert_eq!(value("ALM_COMMIT").len(), 40);
    assert_eq!(value("ALM_VERSION"), format!("main-7-{}", &value("ALM_COMMIT")[..8]));
    let known = [
        "ALM",
        "ALM_ATTEMPT",
        "ALM_BUILD_ID",
        "ALM_BUILD_NUMBER",
        "ALM_COMMIT",
        "ALM_ENVIRONMENT",
        "ALM_REF",
        "ALM_SERVICE",
        "ALM_STAGE",
        "ALM_VERSION",
        "CI",
        "COLOUR",
        "COUNT",
        "HOME",
        "LANG",
        "PATH",
        "PWD",
        "SHLVL",
        "SIZE",
        "TASTE",
        "TERM",
        "TMPDIR",
        "_",
        "OLDPWD",
    ];
    for line in &lines {
        let name = line.split('=').next().unwrap();
        assert!(known.contains(&name), "{line}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_step_inherits_no_descriptor_and_reads_nothing() {
    let rig = Rig::new("run: 'ls /proc/self/fd | tr \"\\n\" \" \"; wc -c </dev/stdin'\n");
    let told = rig.build().await;
    // 3 is the folder that ls itself has open.
    assert_eq!(told.output(), ["0 1 2 3 0"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn secrets_are_files_and_never_in_the_log_or_the_spool() {
    let rig = Rig::new(
        "run: |
  stat -c %a $ALM_SECRET_TOKEN_FILE
  cat $ALM_SECRET_TOKEN_FILE; echo
  printf hun; sleep 0.2; printf 'ter2-canary\\n'
  printf 'u:%s' $(cat $ALM_SECRET_TOKEN_FILE) | base64
  cat $ALM_SECRET_TOKEN_FILE >&2
",
    );
    let mut request = rig.request();
    request.secrets = vec![secret("token", "hunter2-canary"), secret("pin", "12")];
    assert!(!format!("{request:?}").contains("canary"));
    let run = rig.start_request(request).await;
    let told = rig.told(&run).await;
    assert_eq!(told.status(), RunStatus::Succeeded, "{told:#?}");
    let written: Vec<_> =
        told.lines.iter().filter(|l| l.stream == LogStream::Stdout).map(|l| l.text.as_str()).collect();
    assert_eq!(written[..3], ["400", "***", "***"]);
    // What is left of the base64 are its ends, which tell of the neighbours too.
    assert!(written[3].starts_with("dTp***") && written[3].len() <= 9, "{written:?}");
    assert!(told.warnings.iter().any(|warning| warning.code == "SECRET_NOT_MASKED"));
    let directory = rig.path("spool").join(&run.0);
    for file in ["spool", "request.json", "supervisor.log"] {
        let content = std::fs::read(directory.join(file)).unwrap();
        assert!(!String::from_utf8_lossy(&content).contains("canary"), "{file}");
    }
    assert!(!directory.join("secrets").exists());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn limits_hold_for_what_a_step_starts() {
    let rig = Rig::with(
        "run: |\n  ulimit -f; ulimit -t\n  sh -c 'ulimit -t'\n",
        &[("limits.file_size", json!(1_048_576)), ("limits.cpu_seconds", json!(77))],
    );
    let told = rig.build().await;
    assert_eq!(told.output(), ["2048", "77", "77"], "{told:#?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_sandbox_hides_the_data_and_the_processes() {
    let rig = Rig::with("run: echo\n", &[("isolation", json!("SANDBOX"))]);
    let spool = rig.path("spool");
    let pipeline = format!(
        "env: {{SPOOL: '{}'}}\nstages:\n  a:\n    run: |\n      ls $SPOOL\n      [ $(ls /proc | grep -c '^[0-9]') -lt 12 ] && echo alone\n      touch inside $HOME/x $TMPDIR/y && echo writable\n      touch /etc/canary 2>/dev/null || echo read-only\n      git log -1 --format=%s\n",
        spool.display()
    );
    rig.commit(&[(".alm/pipeline.yaml", &pipeline)]);
    let told = rig.build().await;
    if told.system().contains("bubblewrap") || told.output().iter().any(|line| line.starts_with("bwrap:")) {
        eprintln!("SKIPPED: bubblewrap does not work here: {:?}", told.output());
        return;
    }
    assert_eq!(told.output(), ["alone", "writable", "read-only", "A change"], "{told:#?}");
}

//! Whatever is written into a build's request: nothing of it is run, and nothing panics.

use alm_build_spi::{Access, BuildProvider, ProviderError, StartBuild};
use alm_domain::{BuildId, IdSource, SystemIds};
use serde_json::json;

use crate::support::Rig;

/// Texts that leave a mark if they are run, or taken for an option or for a path that leads elsewhere.
fn texts(canary: &str) -> Vec<String> {
    let touch = format!("touch {canary}");
    let spaced = format!("touch${{IFS}}{canary}");
    let mut texts: Vec<String> = [
        "",
        " ",
        ".",
        "..",
        "../x",
        "/",
        "/etc/passwd",
        "a/../../b",
        "~",
        "~root/x",
        "\u{0}",
        "a\nb",
        "-",
        "--",
        "@{-1}",
        "HEAD^{/x}",
        ":(top)x",
        "\u{202e}x",
        "a b",
        "*",
        "refs/heads/..",
        ".git",
        ".git/config",
        "a.lock",
        "con:",
        "\u{feff}",
    ]
    .map(str::to_owned)
    .to_vec();
    texts.push("x".repeat(100_000));
    for run in [
        format!("$({touch})"),
        format!("`{touch}`"),
        format!(";{touch}"),
        format!("|{touch}"),
        format!("\n{touch}\n"),
        spaced.clone(),
        format!("%0a{touch}"),
        format!("'; {touch} #"),
    ] {
        for around in ["{}", "/nowhere/{}", "main{}", "https://h/{}", "{}@h:a", "ssh://{}/a"] {
            texts.push(around.replace("{}", &run));
        }
    }
    for option in
        ["upload-pack", "exec", "config", "output", "template", "u", "c", "o", "receive-pack", "server-option"]
    {
        texts.push(format!("--{option}={touch}"));
        texts.push(format!("-{option} {touch}"));
        texts.push(format!("-{option}{spaced}"));
    }
    for helper in ["ext", "fd", "transport", "remote-ext"] {
        texts.push(format!("{helper}::sh -c '{touch}'"));
    }
    for host in ["127.0.0.1:1", "[::1]:1", "0x7f.1:1", "user@127.0.0.1:1"] {
        texts.push(format!("https://{host}/{spaced}"));
        texts.push(format!("ssh://-oProxyCommand={spaced}@{host}/a"));
    }
    texts
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hundreds_of_hostile_requests_run_nothing() {
    let rig = Rig::new("run: echo never\n");
    let canary = rig.path("canary");
    let texts = texts(canary.to_str().unwrap());
    let access = Access::default();
    let (mut asked, mut refused) = (0, 0);
    let mut runs = Vec::new();
    for text in &texts {
        let plain = rig.spec(&[]);
        let mut address = plain.clone();
        address.repository.url.clone_from(text);
        let mut reference = plain.clone();
        reference.repository.reference.clone_from(text);
        let mut directory = plain.clone();
        directory.repository.directory = Some(text.clone());
        let path = rig.spec(&[("pipeline.path", json!(text))]);
        for (part, spec) in
            [("repository", address), ("reference", reference), ("directory", directory), ("pipeline.path", path)]
        {
            asked += 1;
            let good = match rig.provider().validate(&access, &spec).await {
                Ok(()) => true,
                Err(ProviderError::Invalid(findings)) => {
                    assert!(
                        findings.iter().all(|f| !f.path.is_empty() && f.message.len() < 1000),
                        "{part} {text:?}: {findings:?}"
                    );
                    false
                }
                Err(other) => panic!("{part} {text:?}: {other:?}"),
            };
            let request = StartBuild {
                build: BuildId::from_uuid(SystemIds.next_uuid()),
                reference: spec.repository.reference.clone(),
                spec,
                ..rig.request()
            };
            match rig.provider().start(&access, request).await {
                Ok(run) if good => runs.push(run),
                Err(ProviderError::Invalid(_)) => refused += 1,
                other => panic!("{part} {text:?}, validated {good}: {other:?}"),
            }
        }
    }
    assert!(asked >= 4 * 100 && refused > asked / 2, "{refused} of {asked} were refused");
    // What may exist is looked for; a part of it is enough.
    for (index, run) in runs.iter().enumerate() {
        if index % 8 != 0 {
            rig.provider().cancel(&access, run).await.unwrap();
        }
    }
    for run in &runs {
        rig.told(run).await;
    }
    eprintln!("{asked} requests, {refused} refused, {} looked for", runs.len());
    assert!(!canary.exists(), "something was run");
}

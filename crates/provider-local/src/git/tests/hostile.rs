//! Whatever is written into an address, a reference or a repository: no program of its choice is run.

use std::{fs, os::unix::fs::PermissionsExt, time::Duration};

use proptest::prelude::*;

use super::{super::reference::is_full_sha, *};

/// Addresses that would leave a mark if any part of them were run or taken for an option.
fn addresses(canary: &str) -> Vec<String> {
    let touch = format!("touch {canary}");
    let spaced = format!("touch${{IFS}}{canary}");
    let mut found = Vec::new();
    for helper in ["ext", "fd", "transport", "x", "EXT", "file", "http", "ssh", "remote-ext", "a+b"] {
        found.push(format!("{helper}::sh -c '{touch}'"));
        found.push(format!("{helper}::{touch}"));
        found.push(format!("{helper}::https://h/a"));
    }
    for option in
        ["upload-pack", "exec", "config", "c", "template", "receive-pack", "server-option", "u", "output", "o"]
    {
        found.push(format!("--{option}={touch}"));
        found.push(format!("-{option} {touch}"));
        found.push(format!("-{option}{spaced}"));
    }
    for command in [
        format!("$({touch})"),
        format!("`{touch}`"),
        format!(";{touch};"),
        format!("|{touch}"),
        format!("&& {touch}"),
        format!("\n{touch}\n"),
        spaced.clone(),
        format!("%0a{touch}"),
    ] {
        for pattern in [
            "https://{}/a.git",
            "https://h/{}",
            "ssh://{}/a",
            "ssh://{}@h/a",
            "ssh://h/{}",
            "{}@h:a",
            "h:{}",
            "git@{}:a",
            "/nowhere/{}",
            "file:///nowhere/{}",
            "{}",
        ] {
            found.push(pattern.replace("{}", &command));
        }
    }
    for dashed in [
        format!("-oProxyCommand={spaced}"),
        format!("-oProxyCommand={touch}"),
        "-F/dev/null".to_owned(),
        "--help".to_owned(),
    ] {
        for pattern in
            ["ssh://{}/a", "ssh://{}@h/a", "ssh://x@{}/a", "ssh://h/{}", "{}:a", "x@{}:a", "h:{}", "https://{}/a", "{}"]
        {
            found.push(pattern.replace("{}", &dashed));
        }
    }
    found.extend(
        [
            "",
            "-",
            "--",
            ":",
            "::",
            "://",
            "https://",
            "ssh://",
            "file://",
            "file://host/a",
            "git://h/a",
            "ftp://h/a",
            "\0",
            "a\0b",
            "https://h/a\r\nX: y",
            "C:\\a",
            "../a",
            "./a",
            "~/a",
            "owner/repo",
        ]
        .map(str::to_owned),
    );
    found
}

#[test]
fn the_canary_is_seen_where_nothing_protects() {
    let (bench, origin) = (Bench::new(), Origin::with_one_commit());
    let plain = |arguments: &[&str]| {
        let git = std::process::Command::new("git").current_dir(origin.path()).args(arguments).output().unwrap();
        assert!(!git.status.success(), "{git:?}");
    };
    for name in ["by-transport", "by-option"] {
        let canary = bench.path(name);
        let touch = format!("touch {}", canary.display());
        match name {
            "by-transport" => plain(&["-c", "protocol.ext.allow=always", "ls-remote", &format!("ext::{touch}")]),
            _ => plain(&["fetch", ".", &format!("--upload-pack={touch}")]),
        }
        assert!(canary.exists(), "{name}: the test would not notice");
    }
}

#[tokio::test]
async fn two_hundred_hostile_addresses_run_nothing_with_and_without_the_check() {
    let bench = Bench::new();
    let canary = bench.path("canary");
    let addresses = addresses(canary.to_str().unwrap());
    assert!(addresses.len() >= 200, "{}", addresses.len());
    let git = bench.git.with_timeout(Duration::from_secs(20));
    let mut refused = 0;
    for address in &addresses {
        let checked = RepositoryUrl::parse(address, &OPEN);
        refused += usize::from(checked.is_err());
        // The layers behind the check must hold by themselves: all of these go to git, local ones where nothing is.
        if address.contains('\0') || checked.is_ok_and(|url| !url.is_local()) {
            continue;
        }
        let url = RepositoryUrl::unchecked(address);
        assert!(git.resolve(&url, "main").await.is_err(), "{address:?}");
        assert!(!canary.exists(), "{address:?} ran a program");
    }
    assert!(refused * 10 >= addresses.len() * 7, "only {refused} of {} were refused", addresses.len());
}

#[tokio::test]
async fn what_the_check_lets_through_to_ssh_runs_nothing() {
    let bench = Bench::new();
    let canary = bench.path("canary");
    let ssh = bench.path("ssh");
    // In place of ssh: shows what reaches it, and that a shell between git and it takes no part of an address for a command.
    fs::write(&ssh, "#!/bin/sh\nexit 255\n").unwrap();
    fs::set_permissions(&ssh, fs::Permissions::from_mode(0o755)).unwrap();
    let mut settings = bench.git.settings().clone();
    settings.search_path = format!("{}:/usr/bin:/bin", bench.dir.path().display()).into();
    let git = Git::new(settings).unwrap();
    let passed = addresses(canary.to_str().unwrap()).into_iter().filter_map(|a| RepositoryUrl::parse(&a, &OPEN).ok());
    for url in passed.filter(|url| url.transport() == super::super::url::Transport::Ssh) {
        assert!(git.resolve(&url, "main").await.is_err(), "{url}");
        assert!(!canary.exists(), "{url} ran a program");
    }
}

#[tokio::test]
async fn hostile_references_are_refused_and_run_nothing() {
    let (bench, origin) = (Bench::new(), Origin::with_one_commit());
    let canary = bench.path("canary");
    let touch = format!("touch {}", canary.display());
    let mut references: Vec<String> = [
        "", "-", "--", "@", "@{-1}", "main@{1}", "a..b", "a b", "a~1", "a^", "a:b", "a?", "a*", "a[b", "a\\b", "/a",
        "a/", "a//b", ".a", "a/.b", "a.lock", "a.", "a\0b", "a\nb", "a\u{7f}",
    ]
    .map(str::to_owned)
    .into();
    for option in ["upload-pack", "exec", "output", "c", "config", "u"] {
        references.push(format!("--{option}={touch}"));
        references.push(format!("-{option}"));
        references.push(format!("--{option}={}", touch.replace(' ', "${IFS}")));
    }
    for reference in &references {
        let error = bench.fetch(&origin, reference).await.unwrap_err();
        assert_eq!(error.kind, GitErrorKind::Refused, "{reference:?}: {error}");
        assert!(!canary.exists(), "{reference:?} ran a program");
    }
    // Odd, but names as git has them: not found, and not run.
    for reference in ["$(touch x)".replace(' ', "$IFS"), "`id`".to_owned(), ";id".to_owned(), "|id".to_owned()] {
        let error = bench.fetch(&origin, &reference).await.unwrap_err();
        assert_eq!(error.kind, GitErrorKind::ReferenceNotFound, "{reference:?}: {error}");
    }
}

#[tokio::test]
async fn neither_hooks_nor_filters_nor_submodules_nor_settings_of_a_repository_are_run() {
    let (bench, origin) = (Bench::new(), Origin::empty());
    let canary = bench.path("canary");
    let script = format!("#!/bin/sh\ntouch {}\n", canary.display());
    let program = origin.path().join("evil.sh");
    let evil = program.to_str().unwrap().to_owned();
    origin.write("evil.sh", &script);
    origin.write("file.bin", "content\n");
    origin.write(".gitattributes", "*.bin filter=evil diff=evil merge=evil\n*.lfs filter=lfs\n");
    origin.write("big.lfs", "version https://git-lfs.github.com/spec/v1\n");
    origin.write(".gitconfig", &format!("[core]\n\tfsmonitor = {evil}\n"));
    origin.write(
        ".gitmodules",
        &format!("[submodule \"s\"]\n\tpath = s\n\turl = ext::sh -c {evil}\n\tupdate = !{evil}\n"),
    );
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    origin.commit_all("Traps");
    for hook in ["post-checkout", "post-merge", "pre-auto-gc", "reference-transaction", "post-update", "pre-receive"] {
        let hook = origin.path().join(".git/hooks").join(hook);
        fs::create_dir_all(hook.parent().unwrap()).unwrap();
        fs::write(&hook, &script).unwrap();
        fs::set_permissions(&hook, fs::Permissions::from_mode(0o755)).unwrap();
    }
    for (key, value) in [
        ("filter.evil.smudge", evil.clone()),
        ("filter.evil.required", "true".to_owned()),
        ("core.fsmonitor", evil.clone()),
        ("core.sshCommand", evil.clone()),
        ("core.alternateRefsCommand", evil.clone()),
        ("uploadpack.packObjectsHook", evil.clone()),
        ("core.pager", evil.clone()),
        ("alias.ls-remote", format!("!{evil}")),
        ("credential.helper", format!("!{evil}")),
    ] {
        origin.git(["config", key, &value]);
    }
    let fetched = bench.fetch(&origin, "main").await.unwrap();
    let tree = bench.checkout(&fetched, "tree").await;
    bench.git.commit_info(&fetched.mirror, &fetched.sha).await.unwrap();
    assert_eq!(read(&tree, "file.bin"), "content\n");
    assert!(!canary.exists(), "the repository ran a program");
}

#[tokio::test]
async fn nothing_of_our_environment_reaches_git() {
    let bench = Bench::new();
    let fake = bench.path("fake-git");
    fs::write(&fake, "#!/bin/sh\nenv >&2\nexit 1\n").unwrap();
    fs::set_permissions(&fake, fs::Permissions::from_mode(0o755)).unwrap();
    let mut settings = bench.git.settings().clone();
    settings.program = fake;
    settings.search_path = "/usr/bin:/bin".into();
    let git = Git::new(settings).unwrap();
    let url = RepositoryUrl::parse("/nowhere", &OPEN).unwrap();
    let words = git.resolve(&url, "main").await.unwrap_err().message;
    for inherited in ["CARGO", "USER=", "SSH_AUTH_SOCK", "http_proxy"] {
        assert!(!words.contains(inherited), "{words}");
    }
}

#[tokio::test]
async fn a_git_that_hangs_is_killed_with_all_that_it_started() {
    let bench = Bench::new();
    let fake = bench.path("hanging-git");
    let pid = bench.path("pid");
    fs::write(&fake, format!("#!/bin/sh\nsleep 600 &\necho $! > {}\nwait\n", pid.display())).unwrap();
    fs::set_permissions(&fake, fs::Permissions::from_mode(0o755)).unwrap();
    let mut settings = bench.git.settings().clone();
    settings.program = fake;
    let git = Git::new(settings).unwrap().with_timeout(Duration::from_secs(2));
    let url = RepositoryUrl::parse("/nowhere", &OPEN).unwrap();
    let error = git.resolve(&url, "main").await.unwrap_err();
    assert_eq!(error.kind, GitErrorKind::TimedOut);
    let child = fs::read_to_string(&pid).unwrap();
    let gone = || fs::read_to_string(format!("/proc/{}/stat", child.trim())).map_or(true, |stat| stat.contains(") Z "));
    for _ in 0..200 {
        if gone() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("process {child} lives on");
}

#[tokio::test]
async fn an_endless_answer_is_cut_off() {
    let bench = Bench::new();
    let fake = bench.path("endless-git");
    fs::write(&fake, "#!/bin/sh\nyes 'fatal: no' | head -c 2000000 >&2\nyes '0123456789012345678901234567890123456789\trefs/heads/x'\n").unwrap();
    fs::set_permissions(&fake, fs::Permissions::from_mode(0o755)).unwrap();
    let mut settings = bench.git.settings().clone();
    settings.program = fake;
    let git = Git::new(settings).unwrap();
    let url = RepositoryUrl::parse("/nowhere", &OPEN).unwrap();
    let error = git.resolve(&url, "main").await.unwrap_err();
    assert_eq!(error.kind, GitErrorKind::ReferenceNotFound, "{error}");
}

#[tokio::test]
async fn credentials_are_for_their_host_only_and_stay_in_their_file() {
    let bench = Bench::new();
    let file = bench.path("credentials");
    fs::write(&file, "https://me:hunter2-canary@git.example.org\nhttps://me:other-canary@other.example.org\n").unwrap();
    let mut settings = bench.git.settings().clone();
    settings.credentials = Some(HostCredentials { host: "git.example.org".into(), file: file.clone() });
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(Git::new(settings.clone()).unwrap_err().message.contains("0600"));
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let git = Git::new(settings).unwrap();
    let ask = async |action: &str, host: &str| {
        let mut command = git.command();
        command.args(["credential", action]);
        let question = format!("protocol=https\nhost={host}\nusername=me\npassword=hunter2-canary\n\n");
        let question = if action == "fill" { format!("protocol=https\nhost={host}\n\n") } else { question };
        let input = command::Input::Bytes(question.as_bytes());
        let output = git.run("asking for credentials", &mut command, input, 4096).await.unwrap();
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    assert!(ask("fill", "git.example.org").await.contains("hunter2-canary"));
    assert!(!ask("fill", "other.example.org").await.contains("canary"));
    ask("reject", "git.example.org").await;
    assert!(fs::read_to_string(&file).unwrap().contains("hunter2-canary"), "git emptied the file");
    assert!(!format!("{git:?}").contains("canary"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]
    #[test]
    fn no_text_panics_and_what_passes_is_harmless(text in "(https://|ssh://|file://|/|git@)?\\PC{0,40}", raw in any::<String>()) {
        for text in [&text, &raw] {
            if let Ok(url) = RepositoryUrl::parse(text, &OPEN) {
                prop_assert!(!url.as_str().starts_with('-') && !url.as_str().chars().any(char::is_control));
                prop_assert!(!url.as_str().split('/').next().unwrap_or_default().contains("::"));
            }
            let _ = (check_directory(text), check_path(text));
            if check_reference(text).is_ok() {
                prop_assert!(!text.starts_with('-') && !text.contains(".."));
            }
            prop_assert!(!is_full_sha(text) || check_reference(text).is_ok());
        }
    }
}

//! Commits and files, without a work tree.

use std::os::unix::fs::symlink;

use super::*;

#[tokio::test]
async fn a_commit_tells_its_title_and_author() {
    let (bench, origin) = (Bench::new(), Origin::empty());
    let sha = origin.commit("a", "a", "Title ünï \u{1b}[31m\n\nBody\n");
    let fetched = bench.fetch(&origin, "main").await.unwrap();
    let commit = bench.git.commit_info(&fetched.mirror, &sha).await.unwrap();
    assert_eq!(commit.sha, sha);
    assert_eq!(commit.title.as_deref(), Some("Title ünï \u{fffd}[31m"));
    assert_eq!(commit.author.as_deref(), Some("Ada L. <ada@example.org>"));
}

#[tokio::test]
async fn a_commit_without_a_message_and_one_that_is_not_utf8_are_read() {
    let (bench, origin) = (Bench::new(), Origin::empty());
    origin.git(["commit", "--quiet", "--allow-empty", "--allow-empty-message", "-m", ""]);
    let fetched = bench.fetch(&origin, "main").await.unwrap();
    assert_eq!(bench.git.commit_info(&fetched.mirror, &fetched.sha).await.unwrap().title, None);
    std::fs::write(origin.path().join("message"), b"caf\xe9\n").unwrap();
    origin.git(["commit", "--quiet", "--allow-empty", "-F", "message"]);
    let fetched = bench.fetch(&origin, "main").await.unwrap();
    let title = bench.git.commit_info(&fetched.mirror, &fetched.sha).await.unwrap().title.unwrap();
    assert!(title.starts_with("caf"), "{title:?}");
}

#[tokio::test]
async fn files_are_read_within_their_bounds() {
    let (bench, origin) = (Bench::new(), Origin::with_one_commit());
    origin.write(".alm/pipeline.yaml", "run: make\n");
    origin.write("odd name\t\"ü\"/-x", "odd");
    symlink("../.alm/pipeline.yaml", origin.path().join("odd name\t\"ü\"/link")).unwrap();
    symlink("/etc/passwd", origin.path().join("outside")).unwrap();
    symlink("nowhere", origin.path().join("dangling")).unwrap();
    let sha = origin.commit_all("Files");
    let Fetched { mirror, .. } = bench.fetch(&origin, "main").await.unwrap();
    let read = |path: &'static str, max| bench.git.read_file(&mirror, &sha, path, max);
    assert_eq!(read(".alm/pipeline.yaml", 100).await.unwrap().as_deref(), Some(&b"run: make\n"[..]));
    assert_eq!(read(".alm/pipeline.yaml", 10).await.unwrap().as_deref(), Some(&b"run: make\n"[..]));
    assert_eq!(read(".alm/pipeline.yaml", 9).await.unwrap_err().kind, GitErrorKind::TooLarge);
    for missing in ["no", ".alm/no", "a.txt/x", "dangling"] {
        assert_eq!(read(missing, 100).await.unwrap(), None, "{missing}");
    }
    for refused in ["outside", ".alm", "../a.txt", "/etc/passwd", "a\nb", ".git/config", "-a", ""] {
        assert_eq!(read(refused, 100).await.unwrap_err().kind, GitErrorKind::Refused, "{refused:?}");
    }
}

#[tokio::test]
async fn a_link_inside_of_the_repository_is_followed() {
    let (bench, origin) = (Bench::new(), Origin::with_one_commit());
    std::fs::create_dir(origin.path().join("deep")).unwrap();
    symlink("../a.txt", origin.path().join("deep/link")).unwrap();
    let sha = origin.commit_all("Link");
    let Fetched { mirror, .. } = bench.fetch(&origin, "main").await.unwrap();
    let content = bench.git.read_file(&mirror, &sha, "deep/link", 100).await.unwrap();
    assert_eq!(content.as_deref(), Some(&b"one\n"[..]));
}

#[tokio::test]
async fn the_version_shows_that_git_is_there_and_its_absence_names_the_remedy() {
    let bench = Bench::new();
    assert!(bench.git.version().await.unwrap().starts_with(|c: char| c.is_ascii_digit()));
    let mut settings = bench.git.settings().clone();
    settings.program = "no-such-git".into();
    let error = Git::new(settings).unwrap().version().await.unwrap_err();
    assert_eq!(error.kind, GitErrorKind::ProgramMissing);
    assert!(error.message.contains("install git"), "{error}");
}

//! From names to commits.

use super::*;

#[tokio::test]
async fn branches_tags_and_commits_are_found() {
    let (bench, origin) = (Bench::new(), Origin::with_one_commit());
    let first = origin.git(["rev-parse", "HEAD"]);
    origin.git(["tag", "-a", "v1", "-m", "annotated"]);
    let second = origin.commit("a.txt", "two\n", "Second");
    origin.git(["branch", "feature/x"]);
    for (reference, sha) in [
        ("main", &second),
        ("HEAD", &second),
        ("feature/x", &second),
        ("refs/heads/main", &second),
        ("heads/main", &second),
        ("v1", &first),
        ("refs/tags/v1", &first),
        (first.as_str(), &first),
        (&first[..8], &first),
        (&first.to_uppercase(), &first),
    ] {
        let fetched = bench.fetch(&origin, reference).await.unwrap_or_else(|e| panic!("{reference}: {e}"));
        assert_eq!(&fetched.sha, sha, "{reference}");
        if reference.len() != 8 {
            assert_eq!(&bench.git.resolve(&bench.url(&origin), reference).await.unwrap(), sha, "{reference}");
        }
    }
}

#[tokio::test]
async fn a_branch_wins_over_a_tag_of_the_same_name() {
    let (bench, origin) = (Bench::new(), Origin::with_one_commit());
    origin.git(["tag", "same"]);
    origin.git(["checkout", "--quiet", "-b", "same"]);
    let tip = origin.commit("a.txt", "two\n", "Second");
    assert_eq!(bench.fetch(&origin, "same").await.unwrap().sha, tip);
}

#[tokio::test]
async fn an_unknown_name_is_answered_with_names_like_it() {
    let (bench, origin) = (Bench::new(), Origin::with_one_commit());
    for number in 0..20 {
        origin.git(["branch", &format!("release/{number}")]);
    }
    let error = bench.fetch(&origin, "relaese/7").await.unwrap_err();
    assert_eq!(error.kind, GitErrorKind::ReferenceNotFound);
    assert!(error.message.contains("it has release/7, ") && error.message.contains("(and 11 more)"), "{error}");
}

#[tokio::test]
async fn an_empty_repository_and_one_that_is_not_there_say_so() {
    let (bench, origin) = (Bench::new(), Origin::empty());
    let error = bench.fetch(&origin, "main").await.unwrap_err();
    assert!(error.message.contains("the repository is empty"), "{error}");
    let nowhere = RepositoryUrl::parse("/nowhere/at/all.git", &OPEN).unwrap();
    let error = bench.git.fetch(&bench.cache(), &nowhere, "main").await.unwrap_err();
    assert_eq!(error.kind, GitErrorKind::RepositoryNotFound, "{error}");
}

#[tokio::test]
async fn a_hash_that_is_not_there_is_told_as_such() {
    let (bench, origin) = (Bench::new(), Origin::with_one_commit());
    for reference in ["0123456789012345678901234567890123456789", "01234567"] {
        let error = bench.fetch(&origin, reference).await.unwrap_err();
        assert_eq!(error.kind, GitErrorKind::ReferenceNotFound, "{error}");
    }
}

#[tokio::test]
async fn a_commit_that_was_fetched_stays_when_its_branch_is_deleted_and_its_origin_is_gone() {
    let (bench, origin) = (Bench::new(), Origin::with_one_commit());
    origin.git(["checkout", "--quiet", "-b", "short-lived"]);
    let sha = origin.commit("b.txt", "b\n", "Gone soon");
    bench.fetch(&origin, "short-lived").await.unwrap();
    origin.git(["checkout", "--quiet", "main"]);
    origin.git(["branch", "-D", "short-lived"]);
    bench.fetch(&origin, "main").await.unwrap();
    let url = bench.url(&origin);
    drop(origin);
    let fetched = bench.git.fetch(&bench.cache(), &url, &sha).await.unwrap();
    assert_eq!(read(&bench.checkout(&fetched, "tree").await, "b.txt"), "b\n");
}

#[tokio::test]
async fn a_rewritten_branch_is_followed() {
    let (bench, origin) = (Bench::new(), Origin::with_one_commit());
    bench.fetch(&origin, "main").await.unwrap();
    origin.git(["commit", "--quiet", "--amend", "-m", "Rewritten"]);
    let sha = origin.git(["rev-parse", "HEAD"]);
    let fetched = bench.fetch(&origin, "main").await.unwrap();
    assert_eq!(fetched.sha, sha);
    let commit = bench.git.commit_info(&fetched.mirror, &sha).await.unwrap();
    assert_eq!(commit.title.as_deref(), Some("Rewritten"));
}

#[tokio::test]
async fn a_hash_outside_of_the_tips_is_found_by_its_first_digits() {
    let (bench, origin) = (Bench::new(), Origin::with_one_commit());
    let first = origin.git(["rev-parse", "HEAD"]);
    for number in 0..5 {
        origin.commit("a.txt", &format!("{number}\n"), "More");
    }
    bench.fetch(&origin, "main").await.unwrap(); // a cache that holds only the tip must reach further back now
    assert_eq!(bench.fetch(&origin, &first[..10]).await.unwrap().sha, first);
    assert_eq!(bench.fetch(&origin, "main").await.unwrap().sha, origin.git(["rev-parse", "main"]));
}

#[tokio::test]
async fn a_shallow_origin_and_one_with_sha256_can_be_built() {
    let (bench, origin) = (Bench::new(), Origin::with_one_commit());
    let tip = origin.commit("a.txt", "two\n", "Second");
    let shallow = bench.path("shallow");
    let from = format!("file://{}", origin.path().display());
    origin::run(bench.dir.path(), ["clone", "--quiet", "--depth=1", &from, shallow.to_str().unwrap()]);
    let url = RepositoryUrl::parse(shallow.to_str().unwrap(), &OPEN).unwrap();
    for reference in ["main", &tip, &tip[..9]] {
        assert_eq!(bench.git.fetch(&bench.cache(), &url, reference).await.unwrap().sha, tip, "{reference}");
    }
    let other = bench.path("sha256");
    origin::run(bench.dir.path(), ["init", "--quiet", "-b", "main", "--object-format=sha256", other.to_str().unwrap()]);
    origin::run(&other, ["commit", "--quiet", "--allow-empty", "-m", "x"]);
    let url = RepositoryUrl::parse(other.to_str().unwrap(), &OPEN).unwrap();
    let fetched = bench.git.fetch(&bench.cache(), &url, "main").await.unwrap();
    assert_eq!(fetched.sha.len(), 64);
    bench.checkout(&fetched, "tree256").await;
}

#[tokio::test]
async fn what_a_killed_git_left_locked_does_not_stop_the_next() {
    let (bench, origin) = (Bench::new(), Origin::with_one_commit());
    let fetched = bench.fetch(&origin, "main").await.unwrap();
    let tip = origin.commit("a.txt", "two\n", "Second");
    let kept = format!("refs/alm/builds/{tip}.lock");
    for stale in ["shallow.lock", "packed-refs.lock", "refs/alm/arrival.lock", &kept] {
        std::fs::write(fetched.mirror.dir().join(stale), "").unwrap();
    }
    assert_eq!(bench.fetch(&origin, "main").await.unwrap().sha, tip);
}

#[tokio::test]
async fn a_cache_that_is_packed_anew_forgets_old_commits_and_keeps_what_is_being_built() {
    let (bench, origin) = (Bench::new(), Origin::with_one_commit());
    let fetched = bench.fetch(&origin, "main").await.unwrap();
    let commands: String = (0..400).map(|n| format!("create refs/alm/builds/old-{n} {}\n", fetched.sha)).collect();
    let mut command = bench.git.in_repository(fetched.mirror.dir().as_os_str());
    command.args(["update-ref", "--stdin"]);
    bench.git.run("a test", &mut command, command::Input::Bytes(commands.as_bytes()), 4096).await.unwrap();
    let lock = lock::Lock::take(&bench.path("lock"), std::time::Duration::from_secs(60)).await.unwrap();
    bench.git.pack_anew(&fetched.mirror, &lock).await.unwrap();
    let left = origin::run(fetched.mirror.dir(), ["for-each-ref", "refs/alm/builds"]);
    assert_eq!(left.lines().count(), 300);
    let again = bench.fetch(&origin, &fetched.sha).await.unwrap();
    assert_eq!(read(&bench.checkout(&again, "tree").await, "a.txt"), "one\n");
}

#[tokio::test]
async fn a_local_repository_of_another_account_is_read() {
    let (bench, origin) = (Bench::new(), Origin::with_one_commit());
    let owned_by_another = [origin.path(), origin.path().join(".git")]
        .iter()
        .all(|path| std::os::unix::fs::chown(path, Some(12345), Some(12345)).is_ok());
    // Only root can make such a repository; for others the same call shows at least that nothing is refused.
    let fetched = bench.fetch(&origin, "main").await;
    assert!(fetched.is_ok(), "owned by another: {owned_by_another}: {fetched:?}");
}

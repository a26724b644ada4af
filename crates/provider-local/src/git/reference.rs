//! References and paths inside a repository.

use alm_domain::shorten;

use super::SourceProblem;

/// Whether a text can name a branch, a tag or a commit: git's own rules for names (`git check-ref-format`), or a commit hash
/// of 4 to 64 digits, or `HEAD`. Never begins with `-`.
///
/// # Errors
/// [`SourceProblem`] that says what is wrong and what would be right.
pub fn check_reference(reference: &str) -> Result<(), SourceProblem> {
    let problem = |message: &str| Err(SourceProblem::new(format!("{:?} {message}", shorten(reference))));
    if reference.is_empty() {
        return Err(SourceProblem::new("is empty: give a branch, a tag or a commit"));
    }
    if reference.len() > 250 {
        return problem("is longer than 250 bytes: give a branch, a tag or a commit");
    }
    if reference.starts_with('-') {
        return problem("begins with `-`: give a branch, a tag or a commit, not an option");
    }
    if reference.chars().any(|c| c.is_control() || " ~^:?*[\\".contains(c)) {
        return problem(
            "holds a character that no branch or tag can have (a space, or one of ~ ^ : ? * [ \\): give a plain name",
        );
    }
    let bad_part = |part: &str| part.is_empty() || part.starts_with('.') || part.ends_with(".lock");
    if reference.split('/').any(bad_part)
        || reference.ends_with('.')
        || reference.contains("..")
        || reference.contains("@{")
    {
        return problem(
            "cannot be the name of a branch or tag: no part is empty, begins with `.` or ends with `.lock`, and there is no `..` or `@{`",
        );
    }
    if reference == "@" {
        return problem("is git's short word for HEAD: write HEAD");
    }
    Ok(())
}

/// Whether a text can name a folder inside a repository.
///
/// # Errors
/// [`SourceProblem`] that says what is wrong and what would be right.
pub fn check_directory(directory: &str) -> Result<(), SourceProblem> {
    check_path(directory.strip_suffix('/').unwrap_or(directory))
}

/// Whether a text can name a file inside a repository: relative, `/` between its parts, without `.`, `..` and `.git`.
///
/// # Errors
/// [`SourceProblem`] that says what is wrong and what would be right.
pub fn check_path(path: &str) -> Result<(), SourceProblem> {
    let problem = |message: &str| Err(SourceProblem::new(format!("{:?} {message}", shorten(path))));
    if path.is_empty() {
        return Err(SourceProblem::new("is empty: give a path inside the repository"));
    }
    if path.len() > 1024 {
        return problem("is longer than 1024 bytes: give a path inside the repository");
    }
    if path.chars().any(char::is_control) {
        return problem("holds a control character: remove it");
    }
    if path.starts_with('/') || path.contains('\\') {
        return problem(
            "is not relative to the repository: take the leading `/` away, and write `/` between its parts",
        );
    }
    if path.starts_with('-') {
        return problem("begins with `-`: write it as a path, not an option");
    }
    for part in path.split('/') {
        if matches!(part, "" | "." | "..") {
            return problem("has an empty part, `.` or `..`: write the plain path from the root of the repository");
        }
        if part.eq_ignore_ascii_case(".git") {
            return problem("leads into git's own folder: give a path of the source");
        }
    }
    Ok(())
}

/// Whether a text is a full commit hash.
pub(super) fn is_full_sha(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|b| b.is_ascii_hexdigit())
}

/// Whether a text may be a shortened commit hash.
pub(super) fn is_short_sha(text: &str) -> bool {
    (4..64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use std::process::{Command, Stdio};

    use super::*;

    #[test]
    fn names_of_branches_tags_and_commits_pass() {
        for good in ["main", "feature/x-1", "v1.0", "HEAD", "refs/heads/main", "ünï", "a@b", "c00e791", &"a".repeat(40)]
        {
            assert_eq!(check_reference(good), Ok(()), "{good}");
        }
    }

    #[test]
    fn folders_stay_inside_the_repository() {
        for good in ["a", "a/b", "a/b/", "a b/ü", ".alm"] {
            assert_eq!(check_directory(good), Ok(()), "{good}");
        }
        for bad in ["", "/", "/a", "..", "a/../b", "./a", "a//b", "a\\b", "a\nb", "-a", ".git/hooks", "a/.GIT", "a\0"] {
            assert!(check_directory(bad).is_err(), "{bad:?}");
        }
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
        #[test]
        fn what_we_take_as_a_branch_git_takes_too(name in "[-a.@{~^:?*\\[\\\\/ lock\u{7f}]{1,8}(\\.lock)?") {
            let git = Command::new("git").args(["check-ref-format", &format!("refs/heads/{name}")]).stderr(Stdio::null()).status();
            if check_reference(&name).is_ok() {
                proptest::prop_assert!(git.unwrap().success(), "{name:?}");
            }
        }
    }
}

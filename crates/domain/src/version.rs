//! What people call that which a build made.

/// The most characters of a branch or tag in a label.
const LONGEST_NAME: usize = 60;
const SHORT_SHA: usize = 8;

/// What the version that a build made is called: branch or tag, number of the build, beginning of the commit's hash, such as
/// `main-42-5ca1ab1e` or `v1.2.0-43-c0ffee11`. Unique within a build service, of the characters that a tag of a container image
/// may have, and at most 100 of them. A build of a bare commit, or of an engine without commits, leaves out what it has not.
#[must_use]
pub fn version_label(reference: Option<&str>, number: u32, sha: Option<&str>) -> String {
    let name = reference.unwrap_or_default();
    let name = ["refs/heads/", "refs/tags/"].iter().find_map(|prefix| name.strip_prefix(prefix)).unwrap_or(name);
    let is_commit = name.len() >= 7 && sha.is_some_and(|sha| sha.starts_with(&name.to_ascii_lowercase()));
    let plain = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '.' | '_') { c } else { '-' };
    let name: String = name.chars().take(LONGEST_NAME).map(plain).collect();
    let name = name.trim_matches(['-', '.']);
    let sha: String = sha.unwrap_or_default().chars().take(SHORT_SHA).collect();
    let parts = [if is_commit { "" } else { name }, &number.to_string(), &sha];
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-")
}

#[cfg(test)]
mod tests {
    use super::version_label;

    #[test]
    fn a_label_says_branch_number_and_commit() {
        let sha = "5ca1ab1e5ca1ab1e5ca1ab1e5ca1ab1e5ca1ab1e";
        for (reference, label) in [
            (Some("main"), "main-42-5ca1ab1e"),
            (Some("refs/tags/v1.2.0"), "v1.2.0-42-5ca1ab1e"),
            (Some("feature/größer"), "feature-gr--er-42-5ca1ab1e"),
            (Some(sha), "42-5ca1ab1e"),
            (Some("5CA1AB1E5"), "42-5ca1ab1e"),
            (Some("..."), "42-5ca1ab1e"),
            (None, "42-5ca1ab1e"),
        ] {
            assert_eq!(version_label(reference, 42, Some(sha)), label, "{reference:?}");
        }
        assert_eq!(version_label(Some("main"), 7, None), "main-7");
    }

    #[test]
    fn a_label_fits_a_tag_of_an_image_however_long_the_branch() {
        let label = version_label(Some(&"ü/".repeat(5000)), u32::MAX, Some(&"f".repeat(64)));
        assert!(label.len() <= 100, "{label}");
        assert!(label.starts_with(|c: char| c.is_ascii_alphanumeric()), "{label}");
    }
}

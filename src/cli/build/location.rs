//! From what the user typed to an address that a server can clone.

use std::path::Path;

use alm_domain::shorten;
use reqwest::Url;

use crate::cli::CliError;

/// Where the source is, and what to call it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::cli) struct Location {
    /// Clone address.
    pub url: String,
    /// A short name made from it.
    pub slug: String,
}

/// A repository of this machine as a `file://` address; an address as it is.
///
/// # Errors
/// When it is a path, and there is no repository.
pub(in crate::cli) fn locate(typed: &str, from: &Path) -> Result<Location, CliError> {
    let path = from.join(typed);
    let address = typed.contains("://") || (typed.contains(':') && !path.exists());
    if address {
        return Ok(Location { url: typed.to_owned(), slug: slug(typed) });
    }
    let no = |problem: &str| {
        CliError::Usage(format!("{}: {problem}; give the folder of a git repository, or an address", shorten(typed)))
    };
    let folder = path.canonicalize().map_err(|error| no(&error.to_string()))?;
    let root = folder
        .ancestors()
        .find(|folder| folder.join(".git").exists())
        .or_else(|| Some(folder.as_path()).filter(|bare| bare.join("HEAD").is_file() && bare.join("objects").is_dir()))
        .ok_or_else(|| no("is not in a git repository (`git init` makes one)"))?;
    let url = Url::from_file_path(root).map_err(|()| no("has no absolute path"))?;
    Ok(Location { url: url.into(), slug: slug(&root.to_string_lossy()) })
}

/// The last part of an address, as a short name.
fn slug(address: &str) -> String {
    let last = address.trim_end_matches('/').rsplit(['/', ':']).next().unwrap_or_default();
    let mut slug = String::new();
    for c in last.trim_end_matches(".git").chars().take(200) {
        match c.to_ascii_lowercase() {
            c @ ('a'..='z' | '0'..='9') => slug.push(c),
            _ if slug.ends_with('-') || slug.is_empty() => {}
            _ => slug.push('-'),
        }
    }
    // Leaves room for a number behind it.
    slug.truncate(58);
    let slug = slug.trim_end_matches('-');
    if slug.is_empty() { "repository".to_owned() } else { slug.to_owned() }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_folder_inside_a_repository_stands_for_the_repository() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("My Repo");
        std::fs::create_dir_all(root.join(".git")).unwrap();
        std::fs::create_dir_all(root.join("src/deep")).unwrap();
        let found = locate("My Repo/src/deep", dir.path()).unwrap();
        assert!(found.url.starts_with("file:///") && found.url.ends_with("/My%20Repo"), "{}", found.url);
        assert_eq!(found.slug, "my-repo");
    }

    #[test]
    fn addresses_are_taken_as_they_are() {
        for (address, slug) in [
            ("https://example.org/team/web.git", "web"),
            ("ssh://git@example.org/~ada/Über_Web/", "ber-web"),
            ("git@example.org:web", "web"),
            ("https://example.org/", "example-org"),
        ] {
            let found = locate(address, Path::new("/")).unwrap();
            assert_eq!((found.url.as_str(), found.slug.as_str()), (address, slug));
        }
    }

    #[test]
    fn what_is_no_repository_is_refused_with_the_remedy() {
        let dir = tempfile::tempdir().unwrap();
        for typed in [".", "nowhere"] {
            let refused = locate(typed, dir.path()).unwrap_err().to_string();
            assert!(refused.contains("give the folder of a git repository"), "{refused}");
        }
    }

    proptest! {
        #[test]
        fn every_address_has_a_short_name(address in any::<String>()) {
            prop_assert!(slug(&address).parse::<alm_domain::Slug>().is_ok());
        }
    }
}

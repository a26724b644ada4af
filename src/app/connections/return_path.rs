//! Where people go on after they have connected an account: our own pages only.

use crate::app::AppError;

const LONGEST: usize = 500;

/// The path, if it leads to a page of ours: it begins with exactly one `/`, and holds nothing that a browser could read as a host.
pub(super) fn checked(text: &str) -> Result<String, AppError> {
    let plain = |c: char| c.is_ascii_graphic() && !matches!(c, '\\' | '"' | '<' | '>' | '`' | '{' | '}' | '|' | '^');
    let is_ours = text.starts_with('/')
        && !text.starts_with("//")
        && text.len() <= LONGEST
        && text.chars().all(plain)
        // What a browser resolves may become another path than the one that was looked at.
        && !text.contains("/../")
        && !text.contains("/./")
        && !["%2f", "%5c", "%0", "%1", "%2e"].iter().any(|hidden| text.to_ascii_lowercase().contains(hidden))
        && !text.contains("//");
    if is_ours {
        return Ok(text.to_owned());
    }
    Err(AppError::invalid(
        ["returnTo"],
        format!(
            "{:?} is not a path of this site: it begins with one `/`, and has at most {LONGEST} letters, digits and signs of \
             an address",
            alm_domain::shorten(text)
        ),
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_our_own_are_taken() {
        for good in ["/", "/projects/shop", "/projects/shop?tab=environments&x=1#staging", "/a-b_c~d.e"] {
            assert_eq!(checked(good).unwrap(), good);
        }
        // That none of some five hundred others is, is told by the story of the callbacks.
        for bad in ["https://evil.example", "//evil.example", "/\\evil.example", "/a//evil.example", "/%2e%2e/", ""] {
            assert!(checked(bad).is_err(), "{bad:?}");
        }
        assert!(checked(&format!("/{}", "a".repeat(LONGEST))).is_err());
    }
}

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
        let hosts = [
            "evil.example",
            "evil.example/path",
            "evil.example:443",
            "user@evil.example",
            "[::1]",
            "127.0.0.1",
            "%65vil.example",
        ];
        let before = [
            "https://",
            "http://",
            "//",
            "///",
            "////",
            "/\\",
            "\\\\",
            "\\/",
            "/\t/",
            "/\n/",
            "/\r//",
            "\t//",
            " //",
            "/ /",
            "javascript:",
            "JaVaScRiPt:",
            "data:text/html,",
            "vbscript:",
            "//%2f",
            "/%2f/",
            "/%2F",
            "/%5c",
            "/%5C",
            "/%09/",
            "/%0d%0a",
            "https:",
            "https:/",
            "http:\\\\",
            "/./",
            "/../",
            "/.//",
            "/..//",
            "/%2e/",
            "/%2e%2e/",
            "/a//",
            "/a/../..//",
            "ftp://",
            "file:///",
            "blob:",
            "about:",
            "/\u{0}",
            "/\u{7f}",
            "/\u{a0}",
            "/\u{2028}",
            "/\u{ff0f}",
            "\u{ff0f}\u{ff0f}",
            "/\u{202e}",
            "?next=//",
            "#//",
            "@",
            ":",
            ".",
            "",
            "mailto:",
            "//\\",
            "/\\/",
            "/<",
            "/\"",
            "/`",
            "/{",
            "/|",
            "/^",
            "\u{feff}//",
            "/ä//",
            "ws://",
            "wss://",
            "//user:pass@",
            "/;//",
            "/?//",
        ];
        let mut refused = 0;
        for begin in before {
            for host in hosts {
                let path = format!("{begin}{host}");
                assert!(checked(&path).is_err(), "{path:?}");
                refused += 1;
            }
        }
        assert!(checked(&format!("/{}", "a".repeat(LONGEST))).is_err());
        assert!(refused >= 450, "{refused}");
    }
}

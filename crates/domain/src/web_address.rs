//! Addresses of pages.

/// Longest address.
const LONGEST: usize = 1_000;

/// Whether people can be sent to this address: http or https, a host, nobody's name or password, at most 1,000 bytes, nothing that is
/// not seen.
#[must_use]
pub fn is_web_address(text: &str) -> bool {
    let Some(rest) = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://")) else { return false };
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    text.len() <= LONGEST
        && !authority.is_empty()
        && !authority.contains('@')
        && !authority.starts_with(':')
        && text.chars().all(|c| !c.is_whitespace() && !c.is_control() && c != '\\' && !is_unseen(c))
}

/// Characters that change how the others are shown.
const fn is_unseen(c: char) -> bool {
    matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_pages_that_people_can_be_sent_to_are_addresses() {
        for good in
            ["https://shop.example.org", "http://127.0.0.1:8080/x?y#z", "https://[::1]/", "https://bücher.example/"]
        {
            assert!(is_web_address(good), "{good}");
        }
        let long = format!("https://example.org/{}", "x".repeat(1_000));
        for bad in [
            "",
            "shop.example.org",
            "javascript:alert(1)",
            "ftp://example.org",
            "https://",
            "https:///x",
            "https://:80/",
            "https://me:secret@example.org/",
            "https://example.org\\@evil.example",
            "https://example.org/a b",
            "https://example.org/\n",
            "https://example.org/\u{202e}gro",
            &long,
        ] {
            assert!(!is_web_address(bad), "{bad:?}");
        }
    }
}

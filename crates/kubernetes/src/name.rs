//! Names of the cluster's kind.

/// The longest name of an object.
const LONGEST_NAME: usize = 253;
/// The longest label value, and the longest name of a namespace.
const LONGEST_LABEL: usize = 63;

/// Whether an object may be called this (a DNS subdomain): so that it cannot lead elsewhere when it stands in a path.
#[must_use]
pub fn is_name(text: &str) -> bool {
    text.len() <= LONGEST_NAME && text.split('.').all(is_part)
}

/// Whether a namespace may be called this (a DNS label).
#[must_use]
pub fn is_namespace(text: &str) -> bool {
    text.len() <= LONGEST_LABEL && is_part(text)
}

/// Whether a label may have this value.
#[must_use]
pub fn is_label_value(text: &str) -> bool {
    let ends = |c: Option<char>| c.is_none_or(|c| c.is_ascii_alphanumeric());
    text.len() <= LONGEST_LABEL
        && ends(text.chars().next())
        && ends(text.chars().next_back())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

fn is_part(text: &str) -> bool {
    let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
    let (Some(first), Some(last)) = (text.bytes().next(), text.bytes().next_back()) else { return false };
    plain(first) && plain(last) && text.bytes().all(|b| plain(b) || b == b'-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_lead_elsewhere_is_no_name() {
        for name in ["a", "pipe-1", "a.b-c.d", &"a".repeat(253)] {
            assert!(is_name(name), "{name:?}");
        }
        for name in ["", ".", "..", "a/b", "a?b", "a#b", "a%2fb", "A", "-a", "a-", "a..b", "ä", "a b", &"a".repeat(254)]
        {
            assert!(!is_name(name), "{name:?}");
        }
        assert!(is_namespace("demo") && !is_namespace("demo.x") && !is_namespace(&"a".repeat(64)));
        assert!(
            is_label_value("bld_0199-a.b") && is_label_value("") && !is_label_value("_a") && !is_label_value("a b")
        );
    }
}

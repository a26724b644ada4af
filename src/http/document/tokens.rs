//! A count of the tokens, before the parser sees the document.

use super::{DocumentLimits, Problem};

/// Refuses a document with too many tokens or too deep brackets, in one pass and without memory. Knows just enough of the
/// lexical grammar to tell brackets in strings and comments from real ones; whether the rest is GraphQL is the parser's to say.
pub(super) fn check(document: &str, limits: &DocumentLimits) -> Result<(), Problem> {
    let bytes = document.as_bytes();
    let (mut at, mut tokens, mut nesting) = (0, 0_usize, 0_usize);
    while let Some(&byte) = bytes.get(at) {
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' | b',' => {
                at += 1;
                continue;
            }
            b'#' => {
                at = skip(bytes, at, |b| b != b'\n' && b != b'\r');
                continue;
            }
            b'"' => at = end_of_string(bytes, at),
            b'{' | b'[' | b'(' => {
                nesting += 1;
                at += 1;
            }
            b'}' | b']' | b')' => {
                nesting = nesting.saturating_sub(1);
                at += 1;
            }
            b if is_word(b) => at = skip(bytes, at, is_word),
            _ => at += 1,
        }
        tokens += 1;
        if tokens > limits.tokens {
            return Err(Problem::excess("tokens", limits.tokens));
        }
        if nesting > limits.nesting {
            return Err(Problem::excess("brackets within each other", limits.nesting));
        }
    }
    Ok(())
}

const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

fn skip(bytes: &[u8], from: usize, while_: impl Fn(u8) -> bool) -> usize {
    bytes[from..].iter().position(|&b| !while_(b)).map_or(bytes.len(), |length| from + length)
}

/// The place behind the string that begins here. One that has no end goes to the end of the line, or of the document.
fn end_of_string(bytes: &[u8], from: usize) -> usize {
    let block = bytes[from..].starts_with(b"\"\"\"");
    let mut at = from + if block { 3 } else { 1 };
    while let Some(&byte) = bytes.get(at) {
        at += match byte {
            b'"' if !block => return at + 1,
            b'"' if bytes[at..].starts_with(b"\"\"\"") => return at + 3,
            b'\\' if block && bytes[at + 1..].starts_with(b"\"\"\"") => 4,
            b'\\' if !block => 2,
            b'\n' | b'\r' if !block => return at,
            _ => 1,
        };
    }
    bytes.len()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn limits(tokens: usize, nesting: usize) -> DocumentLimits {
        DocumentLimits { tokens, nesting, ..DocumentLimits::default() }
    }

    #[test]
    fn what_stands_in_strings_and_comments_is_one_token_or_none() {
        let document = "{ a(b: \"{{{\\\"{{{\", c: \"\"\"{{ \\\"\"\" {{\"\"\") # {{{{{{\n }";
        assert!(check(document, &limits(11, 2)).is_ok());
        assert!(check(document, &limits(10, 2)).is_err());
        assert!(check(document, &limits(11, 1)).is_err());
    }

    #[test]
    fn a_hundred_thousand_braces_are_refused() {
        let refused = check(&"{".repeat(100_000), &DocumentLimits::default()).unwrap_err();
        assert_eq!(refused.code, crate::http::Code::QueryTooCostly);
    }

    proptest! {
        #[test]
        fn any_text_is_either_within_the_limits_or_refused(text in "\\PC*") {
            let _ = check(&text, &limits(20, 3));
        }

        #[test]
        fn quotes_and_brackets_in_any_order_do_no_harm(text in "[\"\\\\{}a#\n]{0,200}") {
            prop_assert!(check(&text, &limits(1000, 1000)).is_ok());
        }

        #[test]
        fn words_are_counted(words in prop::collection::vec("[a-z]{1,8}", 0..50)) {
            let document = words.join(" ");
            prop_assert!(check(&document, &limits(words.len(), 1)).is_ok());
            if !words.is_empty() {
                prop_assert!(check(&document, &limits(words.len() - 1, 1)).is_err());
            }
        }
    }
}

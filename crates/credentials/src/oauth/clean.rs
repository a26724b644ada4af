//! Foreign words, without what was entrusted to their speaker.

use secrecy::{ExposeSecret, SecretString};

/// Shortest piece of a secret that counts as the secret.
const PIECE: usize = 6;
/// A run of so many characters without a blank is no word: it may be a secret in an encoding that nobody has thought of.
const LONGEST_WORD: usize = 24;

/// What a server said, with every word taken out that holds a piece of a secret or is too long to be a word; shortened.
pub(super) fn clean(text: &str, secrets: &[&SecretString]) -> String {
    let words = text.split_whitespace().take(100).map(|word| if is_suspect(word, secrets) { "…" } else { word });
    shorten_to(&words.collect::<Vec<_>>().join(" "))
}

fn is_suspect(word: &str, secrets: &[&SecretString]) -> bool {
    word.chars().nth(LONGEST_WORD).is_some() || secrets.iter().any(|secret| holds_piece(word, secret.expose_secret()))
}

/// Whether a word holds a piece of a secret, in any case of its letters; of a secret that is shorter than a piece, the whole.
fn holds_piece(word: &str, secret: &str) -> bool {
    if secret.is_empty() {
        return false;
    }
    let (word, secret) = (word.to_lowercase(), secret.to_lowercase());
    let word = word.as_bytes();
    let piece = PIECE.min(secret.len());
    secret.as_bytes().windows(piece).any(|piece| word.windows(piece.len()).any(|part| part == piece))
}

fn shorten_to(text: &str) -> String {
    const MOST: usize = 200;
    match text.char_indices().nth(MOST) {
        Some((at, _)) => format!("{}…", printable(&text[..at])),
        None => printable(text),
    }
}

fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }).collect()
}

/// The name of an error: one of those that are registered, never a text of the server's own making.
pub(super) fn known_error(name: &str) -> &'static str {
    const KNOWN: [&str; 17] = [
        "invalid_request",
        "invalid_client",
        "invalid_grant",
        "unauthorized_client",
        "unsupported_grant_type",
        "invalid_scope",
        "access_denied",
        "server_error",
        "temporarily_unavailable",
        "invalid_target",
        "unsupported_token_type",
        "interaction_required",
        "login_required",
        "consent_required",
        "account_selection_required",
        "unsupported_response_type",
        "invalid_token",
    ];
    KNOWN.into_iter().find(|known| *known == name).unwrap_or("an unknown error")
}

#[cfg(test)]
mod tests {
    use base64::{Engine, engine::general_purpose::STANDARD};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn plain_words_stay_and_secrets_go() {
        let code = SecretString::from("c0de-canary-0123456789");
        let short = SecretString::from("pw1");
        let said = format!(
            "the code c0de-canary-0123456789 (C0DE-CANARY) of {} pw1! is not known",
            STANDARD.encode("c0de-canary-0123456789")
        );
        assert_eq!(clean(&said, &[&code, &short]), "the code … … of … … is not known");
        assert!(clean(&"word ".repeat(1000), &[]).chars().count() <= 201);
        assert_eq!(known_error("invalid_grant"), "invalid_grant");
        assert_eq!(known_error("c0de-canary"), "an unknown error");
    }

    proptest! {
        #[test]
        fn no_piece_of_a_secret_is_left(
            before in "[a-z ]{0,30}", after in "[ a-z]{0,30}", secret in "[A-Za-z0-9_~-]{6,60}", from in 0usize..20, length in 6usize..40,
        ) {
            let from = from.min(secret.len() - 6);
            let piece = &secret[from..(from + length).min(secret.len())];
            let cleaned = clean(&format!("{before}{piece}{after}"), &[&SecretString::from(secret.as_str())]);
            prop_assert!(!cleaned.contains(piece), "{cleaned}");
        }
    }
}

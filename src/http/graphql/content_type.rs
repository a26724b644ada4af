//! Which bodies are read.

use axum::http::{HeaderMap, header::CONTENT_TYPE};

use super::accept::is_utf8;
use crate::http::{Code, Refusal};

/// Refuses every body but JSON in UTF-8. A page of a foreign origin cannot send this type without asking first, so that
/// forms and plain text from elsewhere do nothing.
pub(super) fn check(headers: &HeaderMap) -> Result<(), Refusal> {
    let mut values = headers.get_all(CONTENT_TYPE).iter();
    let known = match (values.next(), values.next()) {
        (Some(value), None) => value.to_str().is_ok_and(is_json),
        _ => false,
    };
    if known {
        return Ok(());
    }
    Err(Refusal::new(
        Code::UnsupportedMediaType,
        "send the body with the header `Content-Type: application/json`, in utf-8",
    ))
}

fn is_json(value: &str) -> bool {
    let mut parts = value.split(';').map(str::trim);
    let media = parts.next().unwrap_or_default();
    let json = media.eq_ignore_ascii_case("application/json") || media.eq_ignore_ascii_case("application/graphql+json");
    json && parts.all(|part| match part.split_once('=') {
        Some((name, charset)) if name.trim().eq_ignore_ascii_case("charset") => {
            is_utf8(charset.trim().trim_matches('"'))
        }
        _ => true,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_json_in_utf8_is_read() {
        for good in
            ["application/json", "Application/JSON; Charset=\"UTF-8\"", "application/graphql+json;charset=utf-8"]
        {
            assert!(is_json(good), "{good}");
        }
        for bad in ["", "text/plain", "application/json; charset=utf-16", "application/jsonp", "application/graphql"] {
            assert!(!is_json(bad), "{bad}");
        }
    }
}

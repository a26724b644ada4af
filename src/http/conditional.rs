//! Replies to clients that have the content already (RFC 9110, section 13).

use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

/// What the tag of a content ends with where it is compressed: its bytes are others then.
const COMPRESSED: &str = "-gzip";

/// Identifies the bytes of a content: a strong validator.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Tag(String);

impl Tag {
    /// The tag of the content that these together identify.
    pub(super) fn of(parts: &[&str]) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update(part.len().to_be_bytes());
            hash.update(part.as_bytes());
        }
        Self(URL_SAFE_NO_PAD.encode(&hash.finalize()[..18]))
    }

    /// Says it in the headers of the content.
    pub(super) fn put(&self, headers: &mut HeaderMap) {
        put(headers, &self.0);
    }

    /// The reply to a client that has the content, plain or compressed: that it is the same still.
    pub(super) fn not_modified(&self, asked: &HeaderMap) -> Option<Response> {
        let compressed = format!("{}{COMPRESSED}", self.0);
        let has = |tag: &str| {
            let known = |known: &str| known == "*" || opaque(known.strip_prefix("W/").unwrap_or(known)) == Some(tag);
            let values = asked.get_all(header::IF_NONE_MATCH).iter().filter_map(|value| value.to_str().ok());
            values.flat_map(|value| value.split(',')).any(|value| known(value.trim()))
        };
        let tag = [&self.0, &compressed].into_iter().find(|tag| has(tag))?;
        let mut response = StatusCode::NOT_MODIFIED.into_response();
        put(response.headers_mut(), tag);
        Some(response)
    }

    /// Whether a part may be sent of the content: not where the client holds other parts of another one.
    pub(super) fn allows_range(&self, asked: &HeaderMap) -> bool {
        asked.get(header::IF_RANGE).is_none_or(|tag| tag.to_str().ok().and_then(opaque) == Some(&self.0))
    }
}

/// A reply was compressed on its way: its tag must say so.
pub(super) fn now_compressed(headers: &mut HeaderMap) {
    if let Some(tag) = headers.get(header::ETAG).and_then(|tag| opaque(tag.to_str().ok()?)) {
        let compressed = format!("{tag}{COMPRESSED}");
        put(headers, &compressed);
    }
}

fn put(headers: &mut HeaderMap, tag: &str) {
    if let Ok(tag) = HeaderValue::try_from(format!("\"{tag}\"")) {
        headers.insert(header::ETAG, tag);
    }
}

/// What stands between the quotes of a strong tag.
fn opaque(tag: &str) -> Option<&str> {
    tag.strip_prefix('"')?.strip_suffix('"')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: header::HeaderName, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(name, HeaderValue::from_str(value).unwrap())])
    }

    fn quoted(tag: &Tag) -> String {
        format!("\"{}\"", tag.0)
    }

    #[test]
    fn other_parts_make_another_tag() {
        let parts: [&[&str]; 5] = [&["ab", "c"], &["a", "bc"], &["abc"], &["abc", ""], &[]];
        for (n, one) in parts.iter().enumerate() {
            for (m, other) in parts.iter().enumerate() {
                assert_eq!(Tag::of(one) == Tag::of(other), n == m, "{one:?} {other:?}");
            }
        }
    }

    #[test]
    fn whoever_has_the_content_in_either_form_is_told_with_the_tag_of_that_form() {
        let tag = Tag::of(&["x"]);
        let plain = quoted(&tag);
        let compressed = plain.trim_end_matches('"').to_owned() + "-gzip\"";
        for (known, expected) in [
            (plain.clone(), Some(&plain)),
            (format!("W/{plain}"), Some(&plain)),
            (compressed.clone(), Some(&compressed)),
            (format!("\"other\" ,W/\"more\",{compressed}"), Some(&compressed)),
            ("*".to_owned(), Some(&plain)),
            ("\"other\"".to_owned(), None),
            (tag.0.clone(), None),
            (String::new(), None),
        ] {
            let reply = tag.not_modified(&with(header::IF_NONE_MATCH, &known));
            let told = reply.as_ref().map(|reply| (reply.status(), reply.headers()[header::ETAG].to_str().unwrap()));
            assert_eq!(told, expected.map(|tag| (StatusCode::NOT_MODIFIED, tag.as_str())), "{known}");
        }
        assert!(tag.not_modified(&HeaderMap::new()).is_none());
    }

    #[test]
    fn a_part_is_sent_only_of_the_content_that_the_client_has_parts_of() {
        let tag = Tag::of(&["x"]);
        let plain = quoted(&tag);
        assert!(tag.allows_range(&HeaderMap::new()));
        assert!(tag.allows_range(&with(header::IF_RANGE, &plain)));
        for other in [&format!("W/{plain}"), "\"other\"", "Wed, 21 Oct 2015 07:28:00 GMT", &tag.0] {
            assert!(!tag.allows_range(&with(header::IF_RANGE, other)), "{other}");
        }
    }
}

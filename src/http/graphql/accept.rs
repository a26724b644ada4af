//! In which media type to answer.

use axum::http::{HeaderMap, header::ACCEPT};

use crate::http::{Code, Refusal};

/// A media type of replies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Media {
    /// `application/graphql-response+json`: the status tells whether the request was executed.
    Response,
    /// `application/json`: a well-formed request is always answered with 200.
    Json,
}

impl Media {
    pub(super) const fn content_type(self) -> &'static str {
        match self {
            Self::Response => "application/graphql-response+json; charset=utf-8",
            Self::Json => "application/json; charset=utf-8",
        }
    }
}

/// The best of what the client accepts; without a wish `application/json`.
pub(super) fn negotiate(headers: &HeaderMap) -> Result<Media, Refusal> {
    let mut best: Option<(f32, Media)> = None;
    let mut asked = false;
    for value in headers.get_all(ACCEPT) {
        for range in value.to_str().unwrap_or_default().split(',').filter(|range| !range.trim().is_empty()) {
            asked = true;
            if let Some((quality, media)) = offer(range)
                && quality > best.map_or(0.0, |(best, _)| best)
            {
                best = Some((quality, media));
            }
        }
    }
    match best {
        Some((_, media)) => Ok(media),
        None if !asked => Ok(Media::Json),
        None => Err(Refusal::new(
            Code::NotAcceptable,
            "`Accept` must allow application/graphql-response+json or application/json, in utf-8",
        )),
    }
}

fn offer(range: &str) -> Option<(f32, Media)> {
    let mut parts = range.split(';').map(str::trim);
    let media = match parts.next()?.to_ascii_lowercase().as_str() {
        "application/graphql-response+json" => Media::Response,
        "application/json" | "application/*" | "*/*" => Media::Json,
        _ => return None,
    };
    let mut quality = 1.0;
    for part in parts {
        match part.split_once('=').map(|(name, value)| (name.trim(), value.trim().trim_matches('"'))) {
            Some((name, value)) if name.eq_ignore_ascii_case("q") => quality = value.parse().ok()?,
            Some((name, value)) if name.eq_ignore_ascii_case("charset") && !is_utf8(value) => return None,
            _ => {}
        }
    }
    Some((quality, media))
}

pub(super) fn is_utf8(charset: &str) -> bool {
    charset.eq_ignore_ascii_case("utf-8") || charset.eq_ignore_ascii_case("utf8")
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn chosen(accept: &'static str) -> Option<Media> {
        negotiate(&HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(accept))])).ok()
    }

    #[test]
    fn the_best_acceptable_type_is_chosen() {
        assert_eq!(negotiate(&HeaderMap::new()).ok(), Some(Media::Json));
        for (accept, expected) in [
            ("", Some(Media::Json)),
            ("*/*", Some(Media::Json)),
            ("application/*", Some(Media::Json)),
            ("Application/GraphQL-Response+JSON; charset=UTF-8", Some(Media::Response)),
            ("application/json;q=0.5, application/graphql-response+json", Some(Media::Response)),
            ("application/graphql-response+json;q=0.4, application/json;q=0.9", Some(Media::Json)),
            ("text/html, application/xhtml+xml, */*;q=0.8", Some(Media::Json)),
            ("application/json; charset=utf-16", None),
            ("application/json;q=0", None),
            ("application/json;q=rubbish", None),
            ("text/event-stream", None),
            ("multipart/mixed", None),
        ] {
            assert_eq!(chosen(accept), expected, "{accept}");
        }
    }
}

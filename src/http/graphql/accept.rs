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

/// What the client accepts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Accepted {
    /// The best media type of a single reply. Refusals are written in it, also those to a client that takes only events.
    pub(super) media: Media,
    /// When to answer by server-sent events instead.
    pub(super) events: Events,
}

/// When a client takes server-sent events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Events {
    Never,
    /// Where nothing else would do.
    ForStreams,
    Always,
}

/// The best of what the client accepts; without a wish `application/json`. Server-sent events are sent only to those who name
/// them.
pub(super) fn negotiate(headers: &HeaderMap) -> Result<Accepted, Refusal> {
    let mut single: Option<(f32, Media)> = None;
    let mut events: Option<f32> = None;
    let mut asked = false;
    for value in headers.get_all(ACCEPT) {
        for range in value.to_str().unwrap_or_default().split(',').filter(|range| !range.trim().is_empty()) {
            asked = true;
            match offer(range) {
                Some((quality, Some(media))) if quality > single.map_or(0.0, |(best, _)| best) => {
                    single = Some((quality, media));
                }
                Some((quality, None)) if quality > 0.0 => events = Some(quality),
                _ => {}
            }
        }
    }
    match (single, events) {
        (None, None) if asked => Err(Refusal::new(
            Code::NotAcceptable,
            "`Accept` must allow application/graphql-response+json, application/json or text/event-stream, in utf-8",
        )),
        (None, None) => Ok(Accepted { media: Media::Json, events: Events::Never }),
        (None, Some(_)) => Ok(Accepted { media: Media::Json, events: Events::Always }),
        (Some((_, media)), None) => Ok(Accepted { media, events: Events::Never }),
        (Some((most, media)), Some(quality)) => {
            Ok(Accepted { media, events: if quality > most { Events::Always } else { Events::ForStreams } })
        }
    }
}

/// What a range of `Accept` allows, and how much it is wanted; server-sent events have no [`Media`].
fn offer(range: &str) -> Option<(f32, Option<Media>)> {
    let mut parts = range.split(';').map(str::trim);
    let media = match parts.next()?.to_ascii_lowercase().as_str() {
        "application/graphql-response+json" => Some(Media::Response),
        "application/json" | "application/*" | "*/*" => Some(Media::Json),
        "text/event-stream" => None,
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

    fn chosen(accept: &'static str) -> Option<(Media, Events)> {
        let headers = HeaderMap::from_iter([(ACCEPT, HeaderValue::from_static(accept))]);
        negotiate(&headers).ok().map(|accepted| (accepted.media, accepted.events))
    }

    #[test]
    fn the_best_acceptable_type_is_chosen() {
        let nothing = negotiate(&HeaderMap::new()).ok();
        assert_eq!(nothing, Some(Accepted { media: Media::Json, events: Events::Never }));
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
            ("text/event-stream;q=0", None),
            ("text/event-stream; charset=utf-16", None),
            ("text/*", None),
            ("multipart/mixed", None),
        ] {
            assert_eq!(chosen(accept), expected.map(|media| (media, Events::Never)), "{accept}");
        }
    }

    #[test]
    fn events_are_for_those_who_name_them_and_for_all_that_they_prefer_them_for() {
        for (accept, media, events) in [
            ("text/event-stream", Media::Json, Events::Always),
            ("Text/Event-Stream; charset=utf-8", Media::Json, Events::Always),
            ("text/event-stream, multipart/mixed", Media::Json, Events::Always),
            ("text/event-stream, application/json;q=0.5", Media::Json, Events::Always),
            ("application/graphql-response+json, text/event-stream", Media::Response, Events::ForStreams),
            ("text/event-stream;q=0.5, */*", Media::Json, Events::ForStreams),
        ] {
            assert_eq!(chosen(accept), Some((media, events)), "{accept}");
        }
    }
}

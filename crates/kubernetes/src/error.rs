//! What a cluster's errors mean.

use std::time::Duration;

use alm_build_spi::{Finding, ProviderError};
use alm_domain::clean_text;
use kube::core::{Status, response::reason};

/// The longest message of a cluster that is passed on, in characters.
const LONGEST: usize = 600;
/// The longest pause that a cluster may ask for.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// How many findings of one answer are passed on.
const MOST_FINDINGS: usize = 50;

/// Why a request got no answer of the cluster. Names the host only.
#[derive(Debug, thiserror::Error)]
pub enum TransportError {
    /// Nothing answers there, or the connection broke.
    #[error("{0}")]
    Unreachable(String),
    /// No answer in time.
    #[error("{host} did not answer in time")]
    TimedOut {
        /// The host.
        host: String,
    },
    /// It asks to be left alone for a while.
    #[error("{host} is overloaded")]
    Overloaded {
        /// The host.
        host: String,
        /// How long.
        retry_after: Option<Duration>,
    },
    /// It answers that somebody else should be asked, who might be given the token.
    #[error("{host} answers with a redirect, which is not followed: check the address of the cluster's API")]
    Redirected {
        /// The host.
        host: String,
    },
    /// The answer is longer than what is read.
    #[error("the answer of {host} is longer than {longest} bytes")]
    TooLong {
        /// The host.
        host: String,
        /// Longest answer that is read.
        longest: u64,
    },
    /// Something that a request cannot be made of.
    #[error("the request cannot be sent: {0}")]
    Unsendable(String),
}

/// What the caller should do about an error of a cluster. The token is taken out of answers before they come here.
#[must_use]
pub fn provider_error(host: &str, error: kube::Error) -> ProviderError {
    match error {
        kube::Error::Api(status) => of_status(host, &status),
        kube::Error::Service(cause) => match cause.downcast::<TransportError>() {
            Ok(cause) => of_transport(*cause),
            Err(cause) => unavailable(format!("{host} cannot be asked: {}", shown(&cause.to_string())), None),
        },
        // What the cluster said may stand in the cause, which is therefore left out.
        kube::Error::SerdeError(_) | kube::Error::FromUtf8(_) => {
            let message = format!("{host} answers with something that is not an answer of a cluster's API");
            ProviderError::Internal { message, cause: None }
        }
        kube::Error::HyperError(_) | kube::Error::ReadEvents(_) => {
            unavailable(format!("the connection with {host} broke"), None)
        }
        other => ProviderError::internal(format!("{host} cannot be asked"), other),
    }
}

/// Whether the answer was longer than what is read.
#[must_use]
pub fn is_too_long(error: &ProviderError) -> bool {
    let ProviderError::Internal { cause: Some(cause), .. } = error else { return false };
    matches!(cause.downcast_ref(), Some(TransportError::TooLong { .. }))
}

fn of_transport(error: TransportError) -> ProviderError {
    let message = error.to_string();
    match error {
        TransportError::Overloaded { retry_after, .. } => unavailable(message, retry_after),
        TransportError::Unreachable(_) | TransportError::TimedOut { .. } => ProviderError::unavailable(message, error),
        TransportError::Redirected { .. } | TransportError::TooLong { .. } | TransportError::Unsendable(_) => {
            ProviderError::internal(message, error)
        }
    }
}

fn of_status(host: &str, status: &Status) -> ProviderError {
    let message = shown(&status.message);
    match status.code {
        401 => ProviderError::Unauthorized(format!("{host} does not accept it: connect the account again")),
        403 => ProviderError::Forbidden(format!("{host}: {message}")),
        404 if names_what_is_missing(status) => ProviderError::NotFound(format!("{host}: {message}")),
        404 => unavailable(
            format!(
                "{host} answers 404 without naming an object, as a proxy does, or a cluster that lacks the kind: {message}"
            ),
            None,
        ),
        409 if is_about_the_object(status) => ProviderError::Conflict(format!("{host}: {message}")),
        400 | 405 | 413 | 415 | 422 => ProviderError::Invalid(findings(status, message)),
        500 if is_too_large(&status.message) => {
            let message = "it is larger than what is stored of an object: make it smaller".to_owned();
            ProviderError::Invalid(findings(status, message))
        }
        408 | 409 | 410 | 429 | 500..=599 => {
            let seconds = status.details.as_ref().map_or(0, |details| details.retry_after_seconds);
            let retry_after = (seconds > 0).then(|| Duration::from_secs(seconds.into()));
            unavailable(format!("{host} answers {}: {message}", status.code), retry_after)
        }
        code => ProviderError::Internal { message: format!("{host} answers {code}: {message}"), cause: None },
    }
}

/// Whether it is an object that is missing. Everything else that is not found says nothing about objects: a proxy in front of the
/// cluster does not know it, or the kind is not served, perhaps only for a moment.
fn names_what_is_missing(status: &Status) -> bool {
    status.reason == reason::NOT_FOUND && status.details.as_ref().is_some_and(|details| !details.name.is_empty())
}

/// Whether the object is there already, or another one than was seen. A quota that several requests count at once is a conflict too,
/// and then nothing was done.
fn is_about_the_object(status: &Status) -> bool {
    let is_quota = status.details.as_ref().is_some_and(|details| details.kind == "resourcequotas");
    [reason::ALREADY_EXISTS, reason::CONFLICT].contains(&status.reason.as_str()) && !is_quota
}

/// Whether the store of the cluster has refused an object for its size, which does not become less by trying again: the API server
/// passes its words on as an error of its own, and so it does those of its client for the store, which sends no more than 2 MiB.
fn is_too_large(message: &str) -> bool {
    message.ends_with("etcdserver: request is too large") || message.contains("trying to send message larger than max")
}

/// The cluster's causes, field by field; the message as a whole where there are none.
fn findings(status: &Status, message: String) -> Vec<Finding> {
    let causes = status.details.iter().flat_map(|details| &details.causes).take(MOST_FINDINGS);
    let named = causes.filter(|cause| !cause.message.is_empty()).map(|cause| {
        let path: Vec<String> = cause.field.split('.').filter(|part| !part.is_empty()).map(shown).collect();
        let path = if path.is_empty() { vec!["cluster".to_owned()] } else { path };
        Finding { path, message: format!("the cluster refuses it: {}", shown(&cause.message)) }
    });
    let mut findings: Vec<Finding> = named.collect();
    if findings.is_empty() {
        let message = if message.is_empty() { "without a reason".to_owned() } else { message };
        findings.push(Finding::new(["cluster"], format!("the cluster refuses it: {message}")));
    }
    findings
}

/// A cluster that asks for hours is well again long before: it is asked within half a minute.
fn unavailable(message: String, retry_after: Option<Duration>) -> ProviderError {
    let retry_after = retry_after.map(|asked| asked.min(LONGEST_PAUSE));
    ProviderError::Unavailable { message, retry_after, cause: None }
}

/// A foreign text for people: one line, no control characters, not too long.
fn shown(text: &str) -> String {
    let text = clean_text(text.replace(['\n', '\r', '\t'], " "));
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(body: &str) -> ProviderError {
        let status: Status = serde_json::from_str(body).unwrap();
        provider_error("api.example.test", kube::Error::Api(Box::new(status)))
    }

    fn status(code: u16, message: &str) -> ProviderError {
        let body = serde_json::json!({ "kind": "Status", "status": "Failure", "code": code, "message": message });
        told(&body.to_string())
    }

    #[test]
    fn each_status_says_what_to_do() {
        assert!(matches!(status(401, "Unauthorized"), ProviderError::Unauthorized(_)));
        assert!(matches!(status(403, "no"), ProviderError::Forbidden(m) if m.contains("no")));
        assert!(matches!(status(400, "paused"), ProviderError::Invalid(f) if f[0].message.contains("paused")));
        for code in [429, 500, 503, 504] {
            assert!(status(code, "later").is_transient(), "{code}");
        }
    }

    #[test]
    fn what_the_store_does_not_take_is_not_sent_again() {
        let words = [
            "etcdserver: request is too large",
            "rpc error: code = ResourceExhausted desc = trying to send message larger than max (2600271 vs. 2097152)",
        ];
        for words in words {
            let ProviderError::Invalid(findings) = status(500, words) else { panic!("{words}") };
            assert!(findings[0].message.contains("make it smaller"), "{findings:?}");
        }
        assert!(status(500, "etcdserver: request timed out").is_transient());
    }

    #[test]
    fn only_an_object_that_is_named_is_missing() {
        let gone = told(r#"{"code":404,"message":"no","reason":"NotFound","details":{"name":"web","kind":"builds"}}"#);
        assert!(matches!(gone, ProviderError::NotFound(_)), "{gone}");
        // As the client's library tells of an answer that is none of a cluster's API.
        let text = kube::Error::Api(
            Status::failure("404 page not found", "Failed to parse error data").with_code(404).boxed(),
        );
        let text = provider_error("api.example.test", text);
        assert!(text.is_transient() && text.to_string().contains("404 page not found"), "{text}");
        let path = told(r#"{"code":404,"message":"the server could not find it","reason":"NotFound","details":{}}"#);
        assert!(path.is_transient(), "{path}");
    }

    #[test]
    fn a_conflict_about_a_quota_is_none_about_the_object() {
        for reason in ["AlreadyExists", "Conflict"] {
            let details = r#"{"name":"web","kind":"secrets"}"#;
            let known = told(&format!(r#"{{"code":409,"message":"no","reason":"{reason}","details":{details}}}"#));
            assert!(matches!(known, ProviderError::Conflict(_)), "{known}");
        }
        let quota =
            r#"{"code":409,"message":"modified","reason":"Conflict","details":{"name":"q","kind":"resourcequotas"}}"#;
        assert!(told(quota).is_transient());
        assert!(status(409, "whoever says this is no cluster").is_transient());
    }

    #[test]
    fn a_422_is_told_field_by_field() {
        let error = told(
            r#"{"kind":"Status","code":422,"message":"BuildConfig is invalid","details":{"causes":[
            {"reason":"FieldValueInvalid","message":"Invalid value: must be one","field":"spec.strategy.jenkinsPipelineStrategy"},
            {"message":"required","field":""}]}}"#,
        );
        let ProviderError::Invalid(findings) = error else { panic!("{error}") };
        assert_eq!(findings[0].path, ["spec", "strategy", "jenkinsPipelineStrategy"]);
        assert_eq!(findings[1].path, ["cluster"]);
        assert!(findings[0].message.contains("must be one"));
    }

    #[test]
    fn an_overloaded_cluster_says_for_how_long() {
        let error = told(r#"{"code":429,"message":"slow down","details":{"retryAfterSeconds":7}}"#);
        assert!(matches!(error, ProviderError::Unavailable { retry_after: Some(after), .. } if after.as_secs() == 7));
    }

    #[test]
    fn a_cluster_that_asks_for_hours_is_asked_again_within_half_a_minute() {
        let error = told(r#"{"code":429,"message":"slow down","details":{"retryAfterSeconds":86400}}"#);
        assert!(matches!(error, ProviderError::Unavailable { retry_after: Some(after), .. } if after.as_secs() == 30));
    }

    #[test]
    fn foreign_words_stay_short_and_plain() {
        let ProviderError::Forbidden(message) = status(403, &format!("a\u{1b}]0;x\u{7}\nb{}", "c".repeat(9_000)))
        else {
            panic!()
        };
        assert!(message.chars().count() < 700 && !message.chars().any(char::is_control), "{message}");
    }
}

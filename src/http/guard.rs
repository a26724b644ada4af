//! Which hosts are served, and which pages may ask.

use std::sync::Arc;

use alm_domain::shorten;
use axum::{
    extract::{Request, State},
    http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::{Code, HttpConfig, Refusal};

/// Stands before every route: a request with a foreign `Host` (DNS rebinding) or `Origin` (a foreign page) goes no further,
/// websockets included.
pub(super) async fn check(State(config): State<Arc<HttpConfig>>, request: Request, next: Next) -> Response {
    let verdict = host(&request).and_then(|host| {
        allow_host(&config, host)?;
        allow_origin(&config, host, request.headers())
    });
    let foreign = match verdict {
        Ok(foreign) => foreign,
        Err(refusal) => return refusal.into_response(),
    };
    if foreign.is_some() && request.method() == Method::OPTIONS {
        return cors(StatusCode::NO_CONTENT.into_response(), foreign);
    }
    cors(next.run(request).await, foreign)
}

fn host(request: &Request) -> Result<&str, Refusal> {
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let host = match (hosts.next(), hosts.next()) {
        (Some(host), None) => host.to_str().ok(),
        (None, _) => request.uri().authority().map(|authority| authority.as_str()),
        (Some(_), Some(_)) => None,
    };
    host.filter(|host| !host.is_empty())
        .ok_or_else(|| Refusal::new(Code::BadRequest, "the request must have exactly one readable `Host` header"))
}

fn allow_host(config: &HttpConfig, host: &str) -> Result<(), Refusal> {
    let name = without_port(host);
    if config.allowed_hosts.iter().any(|a| a.eq_ignore_ascii_case(host) || a.eq_ignore_ascii_case(name)) {
        return Ok(());
    }
    let message = format!(
        "the host {:?} is not served here: open the address that the server printed, or add the host to the setting `allowed_hosts`",
        shorten(host)
    );
    Err(Refusal::new(Code::HostNotAllowed, message))
}

/// The origin, if there is one and it is not the server's own.
fn allow_origin(config: &HttpConfig, host: &str, headers: &HeaderMap) -> Result<Option<HeaderValue>, Refusal> {
    let mut origins = headers.get_all(header::ORIGIN).iter();
    let origin = match (origins.next(), origins.next()) {
        (None, _) => return Ok(None),
        (Some(origin), None) => origin,
        (Some(_), Some(_)) => return Err(Refusal::new(Code::BadRequest, "the request has more than one `Origin`")),
    };
    let text = origin.to_str().unwrap_or_default();
    let own = text.strip_prefix("http://").or_else(|| text.strip_prefix("https://"));
    if own.is_some_and(|own| own.eq_ignore_ascii_case(host)) {
        return Ok(None);
    }
    if config.allowed_origins.iter().any(|allowed| allowed.eq_ignore_ascii_case(text)) {
        return Ok(Some(origin.clone()));
    }
    let message = format!(
        "pages of the origin {:?} may not call this server: add the origin to the setting `allowed_origins` if you trust it",
        shorten(text)
    );
    Err(Refusal::new(Code::OriginNotAllowed, message))
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if !port.is_empty() && port.bytes().all(|b| b.is_ascii_digit()) => name,
        _ => host,
    }
}

fn cors(mut response: Response, foreign: Option<HeaderValue>) -> Response {
    const ANSWERS: [(HeaderName, &str); 5] = [
        (header::ACCESS_CONTROL_ALLOW_METHODS, "GET, POST"),
        (header::ACCESS_CONTROL_ALLOW_HEADERS, "authorization, content-type"),
        (header::ACCESS_CONTROL_EXPOSE_HEADERS, "x-request-id"),
        (header::ACCESS_CONTROL_MAX_AGE, "600"),
        (header::VARY, "origin"),
    ];
    if let Some(origin) = foreign {
        let headers = response.headers_mut();
        headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin);
        for (name, value) in ANSWERS {
            headers.append(name, HeaderValue::from_static(value));
        }
    }
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config() -> HttpConfig {
        HttpConfig {
            allowed_hosts: vec!["localhost".into(), "[::1]".into(), "build.example:8443".into()],
            allowed_origins: vec!["https://ui.example".into()],
            ..HttpConfig::default()
        }
    }

    #[test]
    fn a_host_without_a_port_in_the_list_stands_for_every_port() {
        let config = config();
        for good in ["localhost", "LOCALHOST:8080", "[::1]:9", "[::1]", "build.example:8443"] {
            assert!(allow_host(&config, good).is_ok(), "{good}");
        }
        for bad in ["build.example", "build.example:80", "localhost.evil", "evil", "localhost:x", "localhost:", "::1"] {
            assert!(allow_host(&config, bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn the_own_origin_and_listed_ones_may_ask() {
        let ask = |origin: &'static str| {
            let headers = HeaderMap::from_iter([(header::ORIGIN, HeaderValue::from_static(origin))]);
            allow_origin(&config(), "localhost:8080", &headers)
        };
        assert!(matches!(ask("http://localhost:8080"), Ok(None)));
        assert!(matches!(ask("https://ui.example"), Ok(Some(_))));
        for bad in [
            "null",
            "",
            "http://localhost",
            "http://localhost:8081",
            "https://ui.example.evil",
            "file://",
            "http://evil",
        ] {
            assert!(ask(bad).is_err(), "{bad}");
        }
    }
}

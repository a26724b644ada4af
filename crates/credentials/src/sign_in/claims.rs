//! What a token says, once its signature has been checked.

use alm_domain::{Timestamp, shorten};
use chrono::{DateTime, TimeDelta};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::{Identity, IssuerSettings, SignInError, name};

/// How far clocks may be apart.
const LEEWAY: TimeDelta = TimeDelta::seconds(30);
/// No more groups are looked at.
const MOST_GROUPS: usize = 500;
/// No more audiences are kept.
const MOST_AUDIENCES: usize = 50;

#[derive(Deserialize)]
struct Claims {
    iss: Option<String>,
    sub: Option<String>,
    aud: Option<Audience>,
    exp: Option<f64>,
    nbf: Option<f64>,
    iat: Option<f64>,
    name: Option<String>,
    #[serde(flatten)]
    others: Map<String, Value>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

impl Audience {
    fn all(self) -> Vec<String> {
        match self {
            Self::One(one) => vec![one],
            Self::Many(many) => many,
        }
    }
}

/// Whom the claims stand for, if they are for us and at this time.
pub(super) fn check(claims: &[u8], settings: &IssuerSettings, now: Timestamp) -> Result<Identity, SignInError> {
    let invalid = SignInError::Invalid;
    let claims: Claims = serde_json::from_slice(claims).map_err(|_| invalid("its claims cannot be read"))?;
    if claims.iss.as_deref() != Some(settings.issuer_name()) {
        return Err(invalid("it is of another issuer"));
    }
    let mut audiences = claims.aud.map(Audience::all).unwrap_or_default();
    if !audiences.contains(&settings.audience) {
        return Err(invalid("it is for another audience"));
    }
    audiences.truncate(MOST_AUDIENCES);
    let expires_at = claims.exp.and_then(instant).ok_or(invalid("it does not say when it expires"))?;
    if now >= expires_at + LEEWAY {
        return Err(SignInError::Expired);
    }
    for begin in [claims.nbf, claims.iat].into_iter().flatten() {
        if instant(begin).is_none_or(|begin| begin > now + LEEWAY) {
            return Err(invalid("it is not valid yet"));
        }
    }
    let subject = claims.sub.as_deref().and_then(name).ok_or(invalid("it has no subject"))?;
    let login = match settings.login_claim.as_str() {
        "sub" => Some(subject),
        "name" => claims.name.as_deref(),
        other => claims.others.get(other).and_then(Value::as_str),
    };
    let login = login.and_then(name).unwrap_or(subject);
    let groups: Vec<String> = match claims.others.get(&settings.groups_claim) {
        Some(Value::Array(groups)) => {
            groups.iter().filter_map(Value::as_str).take(MOST_GROUPS).map(str::to_owned).collect()
        }
        Some(Value::String(group)) => vec![group.clone()],
        _ => Vec::new(),
    };
    Ok(Identity {
        issuer: settings.issuer_name().to_owned(),
        subject: subject.to_owned(),
        login: login.to_owned(),
        display_name: shorten(claims.name.as_deref().and_then(name).unwrap_or(login)),
        is_admin: settings.admission.of(&[subject], &groups)?,
        issued_at: claims.iat.and_then(instant),
        expires_at: Some(expires_at),
        audiences,
    })
}

/// The instant of a number of seconds, which may have a fraction.
fn instant(seconds: f64) -> Option<Timestamp> {
    // Anything beyond what a clock can show is cut to the largest number, and is none then.
    #[expect(clippy::cast_possible_truncation, reason = "a conversion of floats saturates")]
    DateTime::from_timestamp(seconds as i64, 0).filter(|_| seconds.is_finite())
}

//! Scalars of the API.

use alm_domain::Timestamp;
use async_graphql::{InputValueError, InputValueResult, Scalar, ScalarType, Value};
use chrono::{DateTime, SecondsFormat, Utc};
use secrecy::SecretString;

/// Instant in UTC, RFC 3339 with millisecond precision.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Instant(pub(crate) Timestamp);

/// Instant in UTC, RFC 3339 with millisecond precision.
#[Scalar(name = "DateTime", specified_by_url = "https://datatracker.ietf.org/doc/html/rfc3339")]
impl ScalarType for Instant {
    fn parse(value: Value) -> InputValueResult<Self> {
        let Value::String(text) = &value else { return Err(InputValueError::expected_type(value)) };
        DateTime::parse_from_rfc3339(text)
            .map(|at| Self(at.with_timezone(&Utc)))
            .map_err(|_| InputValueError::custom("is not an RFC 3339 instant such as 2026-01-31T12:00:00.000Z"))
    }

    fn to_value(&self) -> Value {
        Value::String(self.0.to_rfc3339_opts(SecondsFormat::Millis, true))
    }
}

impl From<Timestamp> for Instant {
    fn from(at: Timestamp) -> Self {
        Self(at)
    }
}

/// A secret on its way in. No field of the API has this type, and no error repeats it.
#[derive(Debug, Clone)]
pub(crate) struct SecretText(pub(crate) SecretString);

/// A secret on its way in. No field of the API has this type, and no error repeats it.
#[Scalar(name = "SecretString")]
impl ScalarType for SecretText {
    fn parse(value: Value) -> InputValueResult<Self> {
        match value {
            Value::String(text) => Ok(Self(text.into())),
            // What was given is not named: it may be the secret in another shape.
            _ => Err(InputValueError::custom("is not a text: write the secret as a string")),
        }
    }

    fn to_value(&self) -> Value {
        Value::Null
    }
}

/// Length of time in whole milliseconds, a JSON number (never above 2^53 - 1).
#[derive(Debug, Clone, Copy)]
pub(crate) struct Millis(pub(crate) i64);

/// Length of time in whole milliseconds, a JSON number (never above 2^53 - 1).
#[Scalar(name = "Duration")]
impl ScalarType for Millis {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::Number(number) if number.as_i64().is_some_and(|n| n >= 0) => {
                Ok(Self(number.as_i64().unwrap_or_default()))
            }
            _ => Err(InputValueError::custom("is not a whole number of milliseconds")),
        }
    }

    fn to_value(&self) -> Value {
        self.0.into()
    }
}

/// Whole number from 0 to 2^53 - 1: byte counts, log line numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Int53(pub(crate) u64);

const LARGEST: u64 = (1 << 53) - 1;

/// Whole number from 0 to 2^53 - 1: byte counts, log line numbers.
#[Scalar(name = "Int53")]
impl ScalarType for Int53 {
    fn parse(value: Value) -> InputValueResult<Self> {
        match &value {
            Value::Number(number) => number
                .as_u64()
                .filter(|n| *n <= LARGEST)
                .map(Self)
                .ok_or_else(|| InputValueError::custom("is not a whole number from 0 to 2^53 - 1")),
            _ => Err(InputValueError::expected_type(value)),
        }
    }

    fn to_value(&self) -> Value {
        self.0.min(LARGEST).into()
    }
}

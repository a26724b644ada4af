//! The cluster's times, as ours.

use alm_domain::Timestamp;
use chrono::{DateTime, TimeZone, Utc};
use k8s_openapi::apimachinery::pkg::apis::meta::v1::Time;

/// A time of the cluster's API.
#[must_use]
pub fn timestamp(time: &Time) -> Option<Timestamp> {
    let nanos = u32::try_from(time.0.subsec_nanosecond()).ok()?;
    DateTime::from_timestamp(time.0.as_second(), nanos)
}

/// Milliseconds since 1970; `None` for what is no time, and for 0 and less, by which engines say that they do not know.
#[must_use]
pub fn millis(millis: i64) -> Option<Timestamp> {
    if millis <= 0 { None } else { Utc.timestamp_millis_opt(millis).single() }
}

//! Values as columns: instants, counters, documents, texts.

use alm_domain::{RunStatus, Timestamp};
use chrono::DateTime;
use serde::{Serialize, de::DeserializeOwned};

use crate::StoreError;

/// Milliseconds since 1970.
pub(crate) const fn millis(at: Timestamp) -> i64 {
    at.timestamp_millis()
}

/// The instant of a column.
pub(crate) fn instant(millis: i64) -> Result<Timestamp, StoreError> {
    DateTime::from_timestamp_millis(millis)
        .ok_or_else(|| StoreError::corrupt("an instant", format!("{millis} ms is out of range")))
}

/// The instant of a column that may be empty.
pub(crate) fn maybe_instant(millis: Option<i64>) -> Result<Option<Timestamp>, StoreError> {
    millis.map(instant).transpose()
}

/// A counter as a column. Counters never come near the limit: counting to it takes longer than the hardware lasts.
pub(crate) fn column(counter: u64) -> i64 {
    i64::try_from(counter).unwrap_or(i64::MAX)
}

/// The counter of a column.
pub(crate) fn counter<T: TryFrom<i64>>(column: i64) -> Result<T, StoreError> {
    T::try_from(column).map_err(|_| StoreError::corrupt("a counter", format!("{column} is out of range")))
}

/// The document of a row.
pub(crate) fn write_json(value: &impl Serialize) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(StoreError::internal)
}

/// What the document of a row says.
pub(crate) fn read_json<T: DeserializeOwned>(what: &str, text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|e| StoreError::corrupt(what, e))
}

/// The state that a column names.
pub(crate) fn status(name: &str) -> Result<RunStatus, StoreError> {
    RunStatus::ALL
        .into_iter()
        .find(|status| status.name() == name)
        .ok_or_else(|| StoreError::corrupt("the state of a build", format!("{:?}", alm_domain::shorten(name))))
}

/// Refuses what PostgreSQL's text cannot hold.
pub(crate) fn storable(field: &'static str, text: &str) -> Result<(), StoreError> {
    if text.contains('\0') {
        return Err(StoreError::Invalid { field, problem: "holds a NUL character: remove it".to_owned() });
    }
    Ok(())
}

/// The pattern of LIKE (with `\` as escape) that finds this text anywhere.
pub(crate) fn containing(text: &str) -> String {
    let mut pattern = String::with_capacity(text.len() + 2);
    pattern.push('%');
    for c in text.chars() {
        if matches!(c, '%' | '_' | '\\') {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern.push('%');
    pattern
}

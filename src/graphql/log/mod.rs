//! Build logs.

mod query;
mod search;
mod subscription;
mod types;

pub(crate) use query::LogQuery;
pub(crate) use search::LogSearchQuery;
pub(crate) use subscription::{LogBatch, LogGap, LogSubscription};
pub(crate) use types::{LogInfo, LogLine, LogRange};

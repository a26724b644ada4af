//! Tags of the image streams beside a run.

use alm_domain::Timestamp;
use alm_kubernetes::Session;
use chrono::DateTime;
use kube::api::ListParams;
use serde_json::Value;

use crate::kinds;

/// How many image streams are looked at, and how many tags of them.
const MOST_STREAMS: u32 = 200;
const MOST_TAGS: usize = 1_000;
/// Longest name of a tag that can be that of an environment.
const LONGEST: usize = 40;

/// A tag, and since when it stands for what it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tagged {
    pub(crate) tag: String,
    pub(crate) at: Timestamp,
}

/// The tags of the image streams of a namespace. None where the account may not know them, or they cannot be known now: they only tell
/// more about stages than Jenkins does.
pub(crate) async fn tagged(session: &Session, namespace: &str) -> Vec<Tagged> {
    let streams = session.api(namespace, &kinds::image_streams());
    let listed = match session.call(streams.list(&ListParams::default().limit(MOST_STREAMS))).await {
        Ok(listed) => listed.items,
        Err(error) => {
            tracing::debug!(%error, "the tags beside a run are not known");
            return Vec::new();
        }
    };
    let tags = listed.iter().filter_map(|stream| stream.data.pointer("/status/tags").and_then(Value::as_array));
    tags.flatten().filter_map(of).take(MOST_TAGS).collect()
}

fn of(tag: &Value) -> Option<Tagged> {
    let name = tag.get("tag")?.as_str().filter(|name| name.len() <= LONGEST)?;
    let at = tag.pointer("/items/0/created")?.as_str()?;
    Some(Tagged { tag: name.to_owned(), at: DateTime::parse_from_rfc3339(at).ok()?.to_utc() })
}

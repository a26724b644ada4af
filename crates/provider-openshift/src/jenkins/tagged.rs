//! Tags of the image streams beside a run.

use alm_domain::Timestamp;
use alm_kubernetes::Session;
use chrono::DateTime;
use kube::{api::ListParams, core::DynamicObject};
use serde_json::Value;

use crate::{deploy::Image, kinds};

/// How many image streams are looked at, and how many tags of them.
const MOST_STREAMS: u32 = 200;
const MOST_TAGS: usize = 1_000;
/// Longest name of a tag that can be that of an environment.
const LONGEST: usize = 40;

/// A tag, and since when it stands for what it does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Tagged {
    pub(crate) stream: String,
    pub(crate) tag: String,
    pub(crate) at: Timestamp,
    /// What it stands for, where that is known by a digest.
    pub(crate) image: Option<Image>,
}

/// The tags of the image streams of a namespace. None where the account may not know them, or they cannot be known now: they only tell
/// more about stages than Jenkins does.
pub(crate) async fn tagged(session: &Session, namespace: &str) -> Vec<Tagged> {
    let streams = session.api(namespace, &kinds::image_streams());
    match session.call(streams.list(&ListParams::default().limit(MOST_STREAMS))).await {
        Ok(listed) => listed.items.iter().flat_map(|stream| of(stream, namespace)).take(MOST_TAGS).collect(),
        Err(error) => {
            tracing::debug!(%error, "the tags beside a run are not known");
            Vec::new()
        }
    }
}

fn of(stream: &DynamicObject, namespace: &str) -> Vec<Tagged> {
    let (Some(name), Some(Value::Array(tags))) = (&stream.metadata.name, stream.data.pointer("/status/tags")) else {
        return Vec::new();
    };
    let one = |tag: &Value| {
        let (newest, called) = (tag.pointer("/items/0")?, tag.get("tag")?.as_str()?);
        let at = DateTime::parse_from_rfc3339(newest.get("created")?.as_str()?).ok()?.to_utc();
        let image = newest.get("image").and_then(Value::as_str);
        let image = image.and_then(|digest| Image::in_stream(namespace, name, digest));
        (called.len() <= LONGEST).then(|| Tagged { stream: name.clone(), tag: called.to_owned(), at, image })
    };
    tags.iter().filter_map(one).take(MOST_TAGS).collect()
}

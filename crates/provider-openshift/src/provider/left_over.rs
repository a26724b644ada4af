//! What starts of pipelines have left that broke off for good: Secrets that go with a BuildConfig, since no Build ever came of them.

use std::collections::BTreeMap;

use alm_build_spi::ProviderError;
use alm_domain::{BuildId, Timestamp};
use alm_kubernetes::{Place, RUN_LABEL, Session, is_name};
use chrono::TimeDelta;
use http::Method;
use serde::Deserialize;
use serde_json::json;

use super::start::find;

/// The label of a Secret whose Build is not made yet: when it was given, in seconds.
pub(super) const STARTING: &str = "alm.build/starting";
/// After how long a build that never came to be is one whose start broke off.
pub(super) const LEFT_OVER: TimeDelta = TimeDelta::hours(1);
/// How many are looked at at a time.
const MOST: usize = 200;

/// Only what is told of a Secret: what it holds is not kept.
#[derive(Deserialize)]
struct Found {
    metadata: Meta,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Meta {
    name: String,
    uid: String,
    #[serde(default)]
    labels: BTreeMap<String, String>,
    #[serde(default)]
    owner_references: Vec<Owner>,
}

#[derive(Deserialize)]
struct Owner {
    uid: String,
}

#[derive(Deserialize)]
struct List {
    #[serde(default)]
    items: Vec<Found>,
}

/// Removes what was given a good while ago in the namespace of this BuildConfig to builds that never came to be.
///
/// # Errors
/// Those of the cluster.
pub(super) async fn clear(session: &Session, config: &Place, now: Timestamp) -> Result<(), ProviderError> {
    for Found { metadata } in list(session, config).await? {
        let given = metadata.labels.get(STARTING).and_then(|seconds| seconds.parse::<i64>().ok());
        if given.is_none_or(|given| now.timestamp() - given <= LEFT_OVER.num_seconds()) {
            continue;
        }
        let build: Option<BuildId> = metadata.labels.get(RUN_LABEL).and_then(|id| id.parse().ok());
        let came_to_be = match build {
            Some(build) => find(session, config, build).await?.is_some(),
            None => false,
        };
        if !came_to_be {
            remove(session, config, &metadata).await?;
        }
    }
    Ok(())
}

/// Removes what starts of this BuildConfig have left, whenever that was: it is about to go, and nothing of it runs.
///
/// # Errors
/// Those of the cluster.
pub(super) async fn clear_all(session: &Session, config: &Place) -> Result<(), ProviderError> {
    for Found { metadata } in list(session, config).await? {
        if metadata.owner_references.iter().any(|owner| owner.uid == config.uid) {
            remove(session, config, &metadata).await?;
        }
    }
    Ok(())
}

async fn list(session: &Session, config: &Place) -> Result<Vec<Found>, ProviderError> {
    let path = format!("{}?labelSelector={STARTING}&limit={MOST}", folder(config));
    let text = session.raw(Method::GET, &path, None).await?;
    let list: List = serde_json::from_str(&text).map_err(|_| ProviderError::Internal {
        message: format!("{} lists Secrets in a way that is not understood", session.host()),
        cause: None,
    })?;
    Ok(list.items.into_iter().filter(|found| is_name(&found.metadata.name)).collect())
}

async fn remove(session: &Session, config: &Place, found: &Meta) -> Result<(), ProviderError> {
    session.remove(&format!("{}/{}", folder(config), found.name), &json!({ "uid": found.uid })).await
}

fn folder(config: &Place) -> String {
    format!("/api/v1/namespaces/{}/secrets", config.namespace)
}

//! Lists of builds.

use std::collections::BTreeSet;

use alm_build_spi::{Access, ConfigRef, Finding, ProviderError, RunPage, RunRef, RunSnapshot, RunSummary};
use alm_kubernetes::Place;
use kube::api::ListParams;

use super::{
    configs::config_at,
    openshift::{Inner, build_at},
};
use crate::{
    build::{Build, Picture, ended_stages},
    jenkins::tagged,
    kinds::builds,
    name::as_label,
};

/// How many builds a page holds.
const PAGE: usize = 50;
/// How many objects are fetched at a time, and how many of a configuration are looked at.
const FETCH: u32 = 100;
const MOST: usize = 5_000;

/// The builds of a configuration, newest first: by their number, and not by any clock.
///
/// # Errors
/// [`ProviderError::NotFound`] for a configuration, [`ProviderError::Invalid`] for a page that is none.
pub(super) async fn list(
    inner: &Inner,
    access: &Access,
    config: &ConfigRef,
    page: Option<&str>,
) -> Result<RunPage, ProviderError> {
    let (_, session) = inner.session(access)?;
    let place = Place::of_config(config)?;
    let below: u64 = match page {
        None => u64::MAX,
        Some(text) => text.parse().map_err(|_| {
            let message = "is no page of this list: pass the `next` of the page before, or nothing for the first page";
            ProviderError::Invalid(vec![Finding::new(["page"], message)])
        })?,
    };
    config_at(&session, &place).await?;
    let api = session.api(&place.namespace, &builds());
    // Labels are cut: the name has to be looked at too.
    let selector = format!("buildconfig={}", as_label(&place.name));
    let mut params = ListParams::default().labels(&selector).limit(FETCH);
    let mut found: Vec<(u64, RunSummary)> = Vec::new();
    let mut seen = 0;
    loop {
        let part = session.call(api.list(&params)).await?;
        seen += part.items.len();
        let ours =
            part.items.into_iter().filter_map(Build::of).filter(|build| build.config.as_ref() == Some(&place.name));
        found.extend(ours.filter(|build| build.number < below).map(|build| (build.number, summary(build))));
        match part.metadata.continue_.filter(|next| !next.is_empty()) {
            Some(next) if seen < MOST => params.continue_token = Some(next),
            _ => break,
        }
    }
    found.sort_by(|(one, _), (other, _)| other.cmp(one));
    // A clone that somebody made at the cluster has inherited the mark of our build: the first one is ours.
    let mut known = BTreeSet::new();
    for (_, run) in found.iter_mut().rev() {
        run.build = run.build.filter(|build| known.insert(*build));
    }
    let next = (found.len() > PAGE).then(|| found[PAGE - 1].0.to_string());
    Ok(RunPage { runs: found.into_iter().take(PAGE).map(|(_, run)| run).collect(), next })
}

fn summary(build: Build) -> RunSummary {
    let (id, created_at) = (build.build_id(), build.created_at.unwrap_or_default());
    let state = Picture::default().snapshot(&build).run;
    RunSummary { run: RunRef(build.place.to_string()), build: id, state, created_at }
}

/// A build as it stands.
///
/// # Errors
/// [`ProviderError::NotFound`].
pub(super) async fn get(inner: &Inner, access: &Access, place: &Place) -> Result<RunSnapshot, ProviderError> {
    let (_, session) = inner.session(access)?;
    let build = build_at(&session, place).await?;
    let mut picture = Picture::default();
    if ended_stages(&build) > 0 {
        picture.tagged(tagged(&session, &place.namespace).await);
    }
    Ok(picture.snapshot(&build))
}

//! Lists of runs.

use std::{fs, sync::Arc};

use alm_build_spi::{ConfigRef, Finding, ProviderError, RunPage, RunRef, RunSummary};
use alm_domain::BuildId;

use super::{
    build_provider::{unknown_config, unless_gone},
    configs,
    local::{Inner, blocking},
};

const PAGE: usize = 50;

/// Where a page begins: behind the run that was asked for then.
type Place = (u64, BuildId);

/// The runs of a configuration that are not released, newest first.
///
/// # Errors
/// [`ProviderError::NotFound`] for a configuration, [`ProviderError::Invalid`] for a page that there is not.
pub(super) async fn list(inner: &Arc<Inner>, config: &ConfigRef, page: Option<&str>) -> Result<RunPage, ProviderError> {
    let from = match page {
        None => None,
        Some(text) => Some(parse(text).ok_or_else(|| {
            let message = "is no page of this list: pass the `next` of the page before, or nothing for the first page";
            ProviderError::Invalid(vec![Finding::new(["page"], message)])
        })?),
    };
    let (shared, wanted) = (Arc::clone(inner), config.clone());
    let page = blocking("list the runs", move || {
        if configs::read(&shared.config.configs, &wanted)?.is_none() {
            return Ok(None);
        }
        let mut places = Vec::new();
        for entry in fs::read_dir(&shared.config.spool)? {
            let Ok(build) = entry?.file_name().to_string_lossy().parse::<BuildId>() else { continue };
            let Some(request) = unless_gone(shared.dir(build).request())? else { continue };
            let place = (request.ordinal, build);
            if request.config == wanted && from.is_none_or(|from| place < from) {
                places.push((place, request.created_at));
            }
        }
        places.sort_unstable_by(|a, b| b.cmp(a));
        let next = (places.len() > PAGE).then(|| format!("{}.{}", places[PAGE - 1].0.0, places[PAGE - 1].0.1));
        let mut runs = Vec::new();
        for ((_, build), created_at) in places.into_iter().take(PAGE) {
            let Some(folded) = unless_gone(shared.dir(build).fold())? else { continue };
            runs.push(RunSummary { run: RunRef(build.to_string()), build: Some(build), state: folded.run, created_at });
        }
        Ok(Some(RunPage { runs, next }))
    });
    page.await?.ok_or_else(|| unknown_config(config))
}

fn parse(page: &str) -> Option<Place> {
    let (ordinal, build) = page.split_once('.')?;
    Some((ordinal.parse().ok()?, build.parse().ok()?))
}

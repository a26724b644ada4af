//! Runs: one, and lists of them.

use alm_build_spi::{Access, ConfigRef, Finding, ProviderError, RunPage, RunRef, RunSnapshot, RunSummary};
use alm_domain::BuildId;
use kube::{api::ListParams, core::DynamicObject};

use super::{
    configs::config_at,
    objects::{NUMBER_LABEL, SERVICE_LABEL, Version, build_of, each, has_gate, parts_of, run_at, without},
    tekton::Inner,
};
use crate::{child::Parts, options::Options, picture::Picture};
use alm_kubernetes::{Place, timestamp};

/// How many runs a page holds.
const PAGE: usize = 50;

/// Where a run is in a list, the newest one being the greatest: by when it was asked for, in milliseconds. Of builds of ours that is
/// told by their id, whatever the cluster's clock says.
type Rank = (i64, u32, String);

/// The runs of a configuration, newest first: its own, and those of its pipeline that nobody's build service has started.
///
/// # Errors
/// [`ProviderError::NotFound`] for a configuration, [`ProviderError::Invalid`] for a page that is none.
pub(super) async fn list(
    inner: &Inner,
    access: &Access,
    config: &ConfigRef,
    page: Option<&str>,
) -> Result<RunPage, ProviderError> {
    let session = inner.session(access)?;
    let place = Place::of_config(config)?;
    let below = page.map(read_page).transpose()?;
    let (spec, _) = config_at(&session, &place).await?;
    let version = Version::of(&session).await?;
    let service = spec.service.to_string();
    let mut chosen = vec![format!("{SERVICE_LABEL}={service}")];
    let pipeline = Options::of(&spec).ok().and_then(|options| options.name);
    if let Some(pipeline) = pipeline.filter(|name| alm_kubernetes::is_label_value(name)) {
        chosen.push(format!("tekton.dev/pipeline={pipeline},!{SERVICE_LABEL}"));
    }
    let mut runs: Vec<(Rank, RunSummary)> = Vec::new();
    for labels in chosen {
        let params = ListParams::default().labels(&labels);
        // A run holds its whole pipeline: what is not listed of it is not kept.
        let keep = |run: DynamicObject| {
            let found = summary(&run).ok();
            runs.extend(found.filter(|(rank, _)| below.as_ref().is_none_or(|below| rank < below)));
        };
        each(&session, &place.namespace, &version.runs(), params, keep).await?;
    }
    runs.sort_by(|(one, _), (other, _)| other.cmp(one));
    let next = (runs.len() > PAGE).then(|| write_page(&runs[PAGE - 1].0));
    Ok(RunPage { runs: runs.into_iter().take(PAGE).map(|(_, run)| run).collect(), next })
}

fn summary(run: &DynamicObject) -> Result<(Rank, RunSummary), ProviderError> {
    let place = Place::of(run)?;
    let label = |name: &str| run.metadata.labels.as_ref().and_then(|labels| labels.get(name));
    let created_at = run.metadata.creation_timestamp.as_ref().and_then(timestamp).unwrap_or_default();
    let number = label(NUMBER_LABEL).and_then(|number| number.parse().ok()).unwrap_or(0);
    let build = build_of(run);
    let asked = build.and_then(|id| asked_at(&id)).unwrap_or_else(|| created_at.timestamp_millis());
    let state = Picture::of(run, &Parts::new()).run;
    let rank = (asked, number, place.name.clone());
    Ok((rank, RunSummary { run: RunRef(place.to_string()), build, state, created_at }))
}

/// When a build was asked for: its id begins with it, as every UUID of version 7 does.
fn asked_at(build: &BuildId) -> Option<i64> {
    let id = build.to_string();
    let hex: String = id.split_once('_')?.1.chars().filter(char::is_ascii_hexdigit).take(12).collect();
    i64::from_str_radix(&hex, 16).ok()
}

fn write_page((at, number, name): &Rank) -> String {
    format!("{at}/{number}/{name}")
}

fn read_page(text: &str) -> Result<Rank, ProviderError> {
    let parts: Vec<&str> = text.splitn(3, '/').collect();
    let read = || {
        let [at, number, name] = parts[..] else { return None };
        Some((at.parse().ok()?, number.parse().ok()?, name.to_owned()))
    };
    read().ok_or_else(|| {
        let message = "is no page of this list: pass the `next` of the page before, or nothing for the first page";
        ProviderError::Invalid(vec![Finding::new(["page"], message)])
    })
}

/// A run as it stands.
///
/// # Errors
/// [`ProviderError::NotFound`].
pub(super) async fn get(inner: &Inner, access: &Access, run: &RunRef) -> Result<RunSnapshot, ProviderError> {
    let session = inner.session(access)?;
    let place = Place::of_run(run)?;
    let version = Version::of(&session).await?;
    // The run first: a task run that it names is there by then.
    let found = run_at(&session, version, &place).await?;
    let parts = parts_of(&session, version, &place, &found).await?;
    let notes = without(&found, has_gate(&session).await?);
    Ok(Picture::of(&found, &parts).snapshot(notes))
}

//! Lists of runs.

use std::collections::BTreeSet;

use crate::{
    ProviderError, RunRef,
    conformance::{
        Scenario,
        stand::{Must, Service, Stand, Stop, Verdict, ensure, fail},
    },
};

const MOST_PAGES: usize = 100;

/// All pages of the list; each page is one vector.
pub(super) async fn pages(stand: &Stand<'_>, service: &Service) -> Result<Vec<Vec<RunRef>>, Stop> {
    let mut pages = Vec::new();
    let mut next: Option<String> = None;
    for _ in 0..MOST_PAGES {
        let page = stand.provider.list(&stand.access, &service.config, next.as_deref()).await.must("list")?;
        pages.push(page.runs.into_iter().map(|run| run.run).collect());
        next = page.next;
        if next.is_none() {
            return Ok(pages);
        }
    }
    fail(format!("a list of a few runs has more than {MOST_PAGES} pages"))
}

/// Starts so many builds one after another, each after the end of the one before.
pub(super) async fn several(stand: &Stand<'_>, count: usize) -> Result<(Service, Vec<RunRef>), Stop> {
    let service = stand.service(Scenario::PlainSuccess).await?;
    let mut runs = Vec::new();
    for _ in 0..count {
        let started = stand.start_of(&service, Vec::new()).await?;
        stand.follow(&started.run).finish().await?;
        runs.push(started.run);
    }
    Ok((service, runs))
}

pub(super) async fn list_gives_every_run_once(stand: &Stand<'_>) -> Verdict {
    let (service, started) = several(stand, 7).await?;
    let listed: Vec<_> = pages(stand, &service).await?.into_iter().flatten().collect();
    let (all, once): (BTreeSet<_>, BTreeSet<_>) =
        (started.iter().map(|run| &run.0).collect(), listed.iter().map(|run| &run.0).collect());
    ensure(listed.len() == once.len(), || format!("a run is listed twice: {listed:?}"))?;
    ensure(all == once, || format!("{started:?} were started, {listed:?} are listed"))
}

pub(super) async fn list_is_newest_first(stand: &Stand<'_>) -> Verdict {
    let (service, mut started) = several(stand, 3).await?;
    started.reverse();
    let first = pages(stand, &service).await?.swap_remove(0);
    let in_order = started.iter().zip(&first).all(|(expected, listed)| expected == listed);
    ensure(in_order && !first.is_empty(), || format!("the list is {first:?}; newest first it is {started:?}"))
}

pub(super) async fn wrong_pages_are_refused(stand: &Stand<'_>) -> Verdict {
    let service = stand.service(Scenario::PlainSuccess).await?;
    match stand.provider.list(&stand.access, &service.config, Some("\u{0}no such page")).await {
        Err(ProviderError::Invalid(findings)) => {
            ensure(!findings.is_empty(), || "it is invalid, with no finding".to_owned())
        }
        Err(error) => fail(format!("it answers: {error}")),
        Ok(page) => fail(format!("it answers with a page of {} runs", page.runs.len())),
    }
}

//! The controller: carries every pipeline run out.

use std::{collections::BTreeSet, sync::Arc};

use super::{condition::is_over, run};
use crate::{
    shared::Shared,
    world::{World, resource_of, text},
};

/// Carries out every pipeline run that comes to be, until the cluster is stopped.
pub(crate) async fn controller(shared: Arc<Shared>) {
    let Some(kind) = resource_of("pipelineruns.tekton.dev") else { return };
    let mut taken: BTreeSet<String> = BTreeSet::new();
    loop {
        let found = shared.until(|world: &World| {
            let fresh = world.all(kind, None).map(|(_, run)| run).filter(|run| {
                !taken.contains(run["metadata"]["uid"].as_str().unwrap_or_default())
                    && !is_over(run)
                    && run["spec"]["status"] != "PipelineRunPending"
            });
            let found: Vec<_> = fresh
                .map(|run| {
                    let metadata = &run["metadata"];
                    (text(&metadata["uid"]), text(&metadata["namespace"]), text(&metadata["name"]))
                })
                .collect();
            (!found.is_empty()).then_some(found)
        });
        let Some(found) = found.await else { return };
        for (uid, namespace, name) in found {
            taken.insert(uid);
            tokio::spawn(run::carry_out(shared.clone(), namespace, name));
        }
    }
}

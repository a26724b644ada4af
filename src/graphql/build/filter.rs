//! Which builds to list.

use alm_domain::Principal;
use async_graphql::{ID, InputObject, Result};

use super::RunStatus;
use crate::graphql::{error::bad_argument, ids};

const SHORTEST_SHA: usize = 7;
const MOST_VALUES: usize = 100;

/// Which builds to list; all conditions must hold.
#[derive(InputObject, Default)]
pub(crate) struct BuildFilter {
    /// Only these states.
    statuses: Option<Vec<RunStatus>>,
    /// Only this branch or tag.
    #[graphql(name = "ref")]
    reference: Option<String>,
    /// Only this commit, full or first seven or more characters.
    sha: Option<String>,
    /// Only these build services.
    service_ids: Option<Vec<ID>>,
    /// Only builds set off by the caller.
    #[graphql(default = false, directive = crate::graphql::live::depends_on_viewer::apply())]
    mine: bool,
}

impl BuildFilter {
    /// The filter for the store.
    pub(crate) fn to_store(filter: Option<Self>, principal: &Principal) -> Result<alm_store::BuildFilter> {
        let filter = filter.unwrap_or_default();
        if let Some(sha) = &filter.sha
            && (sha.len() < SHORTEST_SHA || sha.len() > 64 || !sha.bytes().all(|b| b.is_ascii_hexdigit()))
        {
            return Err(bad_argument("filter.sha", "is not a commit: give 7 to 64 hexadecimal digits"));
        }
        let services = filter.service_ids.unwrap_or_default();
        if services.len() > MOST_VALUES {
            return Err(bad_argument("filter.serviceIds", &format!("has more than {MOST_VALUES} ids")));
        }
        Ok(alm_store::BuildFilter {
            project: None,
            services: services.iter().map(|id| ids::argument(id, "filter.serviceIds")).collect::<Result<_>>()?,
            statuses: filter.statuses.unwrap_or_default().into_iter().map(Into::into).collect(),
            reference: filter.reference,
            sha_prefix: filter.sha.map(|sha| sha.to_ascii_lowercase()),
            actor_key: filter.mine.then(|| principal.key()),
        })
    }
}

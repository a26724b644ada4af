//! What a token may do.

use std::collections::BTreeMap;

use alm_build_spi::{ConfigRef, Denial, ProviderError, Verb};
use alm_domain::shorten;
use futures::future::try_join_all;
use k8s_openapi::api::authorization::v1::{ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec};
use kube::{Api, api::PostParams};

use crate::{Place, Session};

/// Something that a cluster may allow in a namespace.
#[derive(Debug, Clone, Copy)]
pub struct Deed<'a> {
    /// The cluster's verb.
    pub verb: &'a str,
    /// The group of the resource; empty for the core's.
    pub group: &'a str,
    /// The resource, perhaps with a subresource: `buildconfigs/instantiate`.
    pub resource: &'a str,
    /// The one object that it is about: rights may be limited to names. `None` for any.
    pub name: Option<&'a str>,
}

/// What the cluster has to allow for a verb, in the namespace of a configuration: its own verb, a group and a resource.
pub type Need = (Verb, &'static str, &'static str, &'static str);

impl Session {
    /// What the token's owner may not do with these configurations, in their order. The cluster is asked about each namespace once.
    ///
    /// # Errors
    /// As [`call`](Session::call).
    pub async fn denials(&self, configs: &[ConfigRef], needs: &[Need]) -> Result<Vec<Vec<Denial>>, ProviderError> {
        let namespace = |config: &ConfigRef| Place::of_config(config).ok().map(|place| place.namespace);
        let mut known: BTreeMap<String, Vec<Denial>> =
            configs.iter().filter_map(namespace).map(|name| (name, Vec::new())).collect();
        for (name, denied) in &mut known {
            let asked = needs.iter().map(async |(verb, word, group, resource)| {
                let denial = self.denial(&Deed { verb: word, group, resource, name: None }, name).await?;
                Ok::<_, ProviderError>(denial.map(|reason| Denial { verb: *verb, reason }))
            });
            *denied = try_join_all(asked).await?.into_iter().flatten().collect();
        }
        let of = |config| namespace(config).and_then(|name| known.get(&name).cloned()).unwrap_or_default();
        Ok(configs.iter().map(of).collect())
    }

    /// Fails where the token's owner may not do all of this in a namespace, and says each. A cluster that does not let itself be asked
    /// about rights forbids nothing by that: the deed itself will show.
    ///
    /// # Errors
    /// [`ProviderError::Forbidden`] with the cluster's words; else as [`call`](Session::call).
    pub async fn require(&self, deeds: &[Deed<'_>], namespace: &str) -> Result<(), ProviderError> {
        let asked = deeds.iter().map(async |deed| match self.denial(deed, namespace).await {
            Err(ProviderError::Forbidden(_)) => Ok(None),
            other => other,
        });
        let denied: Vec<String> = try_join_all(asked).await?.into_iter().flatten().collect();
        if denied.is_empty() { Ok(()) } else { Err(ProviderError::Forbidden(denied.join("; "))) }
    }

    /// Why the token's owner may not do this in a namespace, as a sentence that names the cluster; `None` where it is allowed.
    ///
    /// # Errors
    /// As [`call`](Session::call).
    async fn denial(&self, deed: &Deed<'_>, namespace: &str) -> Result<Option<String>, ProviderError> {
        let Deed { verb, group, resource: whole, name } = *deed;
        let (resource, subresource) = match whole.split_once('/') {
            Some((resource, subresource)) => (resource, Some(subresource.to_owned())),
            None => (whole, None),
        };
        let review = SelfSubjectAccessReview {
            spec: SelfSubjectAccessReviewSpec {
                resource_attributes: Some(ResourceAttributes {
                    verb: Some(verb.to_owned()),
                    group: Some(group.to_owned()),
                    resource: Some(resource.to_owned()),
                    subresource,
                    namespace: Some(namespace.to_owned()),
                    name: name.map(str::to_owned),
                    ..ResourceAttributes::default()
                }),
                ..SelfSubjectAccessReviewSpec::default()
            },
            ..SelfSubjectAccessReview::default()
        };
        let reviews: Api<SelfSubjectAccessReview> = Api::all(self.client().clone());
        let answer = self.call(reviews.create(&PostParams::default(), &review)).await?;
        let status = answer.status.unwrap_or_default();
        if status.allowed {
            return Ok(None);
        }
        // Most clusters say nothing beyond the no.
        let words = status.reason.filter(|words| !words.is_empty()).map(|words| format!(": {}", shorten(&words)));
        let (host, name) = (self.host(), name.map(|name| format!(" {}", shorten(name))).unwrap_or_default());
        Ok(Some(format!(
            "{host}: the account may not {verb} {whole}{name} in {namespace}{}",
            words.unwrap_or_default()
        )))
    }
}

//! What a token may do.

use std::collections::BTreeMap;

use alm_build_spi::{ConfigRef, Denial, ProviderError, Verb};
use alm_domain::shorten;
use futures::future::try_join_all;
use k8s_openapi::api::authorization::v1::{ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec};
use kube::{Api, api::PostParams};

use crate::{Place, Session};

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
                let denial = self.denial(word, group, resource, name).await?;
                Ok::<_, ProviderError>(denial.map(|reason| Denial { verb: *verb, reason }))
            });
            *denied = try_join_all(asked).await?.into_iter().flatten().collect();
        }
        let of = |config| namespace(config).and_then(|name| known.get(&name).cloned()).unwrap_or_default();
        Ok(configs.iter().map(of).collect())
    }

    /// Why the token's owner may not do this in a namespace, as a sentence that names the cluster; `None` where it is allowed.
    /// `resource` may name a subresource: `buildconfigs/instantiate`.
    ///
    /// # Errors
    /// As [`call`](Session::call).
    pub async fn denial(
        &self,
        verb: &str,
        group: &str,
        resource: &str,
        namespace: &str,
    ) -> Result<Option<String>, ProviderError> {
        let whole = resource;
        let (resource, subresource) = match resource.split_once('/') {
            Some((resource, subresource)) => (resource, Some(subresource.to_owned())),
            None => (resource, None),
        };
        let review = SelfSubjectAccessReview {
            spec: SelfSubjectAccessReviewSpec {
                resource_attributes: Some(ResourceAttributes {
                    verb: Some(verb.to_owned()),
                    group: Some(group.to_owned()),
                    resource: Some(resource.to_owned()),
                    subresource,
                    namespace: Some(namespace.to_owned()),
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
        let host = self.host();
        Ok(Some(format!("{host}: the account may not {verb} {whole} in {namespace}{}", words.unwrap_or_default())))
    }
}

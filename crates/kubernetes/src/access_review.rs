//! What a token may do.

use alm_build_spi::ProviderError;
use alm_domain::shorten;
use k8s_openapi::api::authorization::v1::{ResourceAttributes, SelfSubjectAccessReview, SelfSubjectAccessReviewSpec};
use kube::{Api, api::PostParams};

use crate::Session;

impl Session {
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

//! What a deployment needs to be allowed at its target.

use alm_build_spi::ProviderError;
use alm_kubernetes::{Deed, Session};

use super::{Record, image::Place, tag, workload::Kind};

const IMAGES: &str = "image.openshift.io";

/// Fails where the account may not do what the deployment will do, the way back to what runs now included: whoever may only look there is
/// told before anything is begun, and not in the middle.
///
/// # Errors
/// [`ProviderError::Forbidden`] with all that is missing, in the cluster's words; those of the target.
pub(crate) async fn review(target: &Session, record: &Record) -> Result<(), ProviderError> {
    let (tag, namespace) = (record.environment_tag(), &record.to.namespace);
    let is_there = tag::digest_of(target, namespace, &tag).await?.is_some();
    let workload = record.workload.resource();
    let mut deeds = vec![
        Deed { verb: "patch", group: &workload.group, resource: &workload.plural, name: Some(&record.workload.name) },
        Deed { verb: "get", group: IMAGES, resource: "imagestreams", name: Some(record.stream()) },
    ];
    if record.workload.kind == Kind::Config {
        deeds.push(Deed { verb: "get", group: "", resource: "replicationcontrollers", name: None });
    }
    let on_tag = |verb| Deed { verb, group: IMAGES, resource: "imagestreamtags", name: Some(&tag) };
    deeds.push(on_tag(if is_there { "update" } else { "delete" }));
    if record.needs_fetching() {
        deeds.push(Deed { verb: "create", group: IMAGES, resource: "imagestreamimports", name: None });
        if record.pull_secret.is_some() {
            deeds.push(Deed { verb: "create", group: "", resource: "secrets", name: None });
        }
    } else if !is_there {
        deeds.push(on_tag("update"));
        // What is not there yet has no name by which it could be allowed.
        deeds.push(Deed { verb: "create", group: IMAGES, resource: "imagestreamtags", name: None });
    }
    target.require(&deeds, namespace).await?;
    match &record.image.place {
        Place::Stream { namespace: of, name } if !record.needs_fetching() && of != namespace => {
            let fetch = Deed { verb: "get", group: IMAGES, resource: "imagestreams/layers", name: Some(name) };
            target.require(&[fetch], of).await
        }
        _ => Ok(()),
    }
}

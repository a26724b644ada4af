//! The address of a cluster, as an administrator gives it.

use alm_build_spi::{Finding, ProviderError};
use alm_domain::shorten;
use url::Url;

use crate::Way;

/// The address of a cluster's API that may be connected to.
///
/// # Errors
/// [`ProviderError::Invalid`] at `endpoint`, where it is missing, no address, or not allowed.
pub fn endpoint(text: Option<&str>, way: &dyn Way) -> Result<Url, ProviderError> {
    let wrong = |message: String| ProviderError::Invalid(vec![Finding::new(["endpoint"], message)]);
    let text = text.filter(|text| !text.is_empty());
    let text = text.ok_or_else(|| {
        wrong("is missing: give the address of the cluster's API, such as https://api.example.com:6443".to_owned())
    })?;
    let url: Url = text
        .parse()
        .map_err(|_| wrong(format!("{:?} is no address: write it as https://api.example.com:6443", shorten(text))))?;
    way.vet(&url).map_err(wrong)?;
    Ok(url)
}

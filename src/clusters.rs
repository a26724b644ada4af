//! How the providers of clusters get out: by the guarded way, as everything that goes to an address that people give.

use alm_credentials::outbound::{CaBundle, Outbound};
use alm_kubernetes::Way;
use url::Url;

/// The guarded way out, for providers of clusters.
#[derive(Debug, Clone)]
pub struct ClusterWay(pub Outbound);

impl Way for ClusterWay {
    fn vet(&self, url: &Url) -> Result<(), String> {
        self.0.vet(url).map_err(|refused| refused.to_string())
    }

    fn client(&self, ca: Option<&str>) -> Result<reqwest::Client, String> {
        let bundle = ca.map(CaBundle::parse).transpose().map_err(|wrong| wrong.to_string())?;
        self.0.streaming(bundle.as_ref()).map_err(|none| none.to_string())
    }

    fn explain(&self, host: &str, error: &reqwest::Error) -> String {
        Outbound::explain(host, error).to_string()
    }
}

//! Where a workload can be visited.

use alm_build_spi::ProviderError;
use alm_kubernetes::Session;
use kube::{api::ListParams, core::DynamicObject};
use serde_json::Value;
use url::Url;

use crate::kinds;

/// How many Routes and Services are looked at.
const MOST: u32 = 200;

/// The address of the Route that leads to the pods of a workload, the first by name where there are several. `None` where there is
/// none, or where the account may not know.
///
/// # Errors
/// [`ProviderError::Unavailable`]: it is to be asked again.
pub(super) async fn address(
    session: &Session,
    namespace: &str,
    workload: &Value,
) -> Result<Option<String>, ProviderError> {
    let list = async |kind: &kube::core::ApiResource| {
        let listed = session.call(session.api(namespace, kind).list(&ListParams::default().limit(MOST))).await;
        match listed {
            Ok(listed) => Ok(listed.items),
            Err(error) if error.is_transient() => Err(error),
            // It is no part of the deployment.
            Err(_) => Ok(Vec::new()),
        }
    };
    let routes = list(&kinds::routes()).await?;
    if routes.is_empty() {
        return Ok(None);
    }
    Ok(leading_to(workload, routes, &list(&kinds::services()).await?))
}

fn leading_to(workload: &Value, mut routes: Vec<DynamicObject>, services: &[DynamicObject]) -> Option<String> {
    routes.sort_by(|one, other| one.metadata.name.cmp(&other.metadata.name));
    let labels = workload.pointer("/spec/template/metadata/labels").unwrap_or(&Value::Null);
    let leads_to = |name: &str| {
        let service = services.iter().find(|service| service.metadata.name.as_deref() == Some(name));
        service.is_some_and(|service| selects(service.data.pointer("/spec/selector"), labels))
    };
    let found =
        routes.iter().find(|route| route.data.pointer("/spec/to/name").and_then(Value::as_str).is_some_and(leads_to));
    found.and_then(|route| page(&route.data))
}

/// Whether a selector, which must not be empty, takes in pods with these labels.
fn selects(selector: Option<&Value>, labels: &Value) -> bool {
    let wanted = selector.and_then(Value::as_object).filter(|wanted| !wanted.is_empty());
    wanted.is_some_and(|wanted| wanted.iter().all(|(key, value)| labels.get(key) == Some(value)))
}

/// The address of a Route. What a cluster says is data: it is put together as an address, or not at all.
fn page(route: &Value) -> Option<String> {
    let text = |path: &str| route.pointer(path).and_then(Value::as_str).filter(|text| !text.is_empty());
    let host = text("/status/ingress/0/host").or_else(|| text("/spec/host"))?;
    let scheme = if route.pointer("/spec/tls").is_some_and(Value::is_object) { "https" } else { "http" };
    let mut url = Url::parse(&format!("{scheme}://placeholder.invalid/")).ok()?;
    let plain = host.len() <= 253 && host.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'.' | b'-'));
    if !plain || url.set_host(Some(host)).is_err() {
        return None;
    }
    url.set_path(text("/spec/path").unwrap_or_default());
    Some(url.to_string()).filter(|url| url.len() <= 2048)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_route_is_an_address_or_nothing() {
        let route = |host: &str, more: Value| json!({ "spec": { "host": host, "tls": more } });
        assert_eq!(page(&route("web.apps.test", json!({}))), Some("https://web.apps.test/".to_owned()));
        assert_eq!(page(&route("web.apps.test", Value::Null)), Some("http://web.apps.test/".to_owned()));
        for host in ["", "a b", "a/b", "user@host", "javascript:alert(1)", "x\ny", "a:80"] {
            assert_eq!(page(&route(host, Value::Null)), None, "{host:?}");
        }
    }

    #[test]
    fn the_route_of_a_real_deployment_config_is_found() {
        let all = |name| serde_json::from_value(crate::recorded::answer(name)["items"].take()).unwrap();
        let (routes, services): (Vec<DynamicObject>, Vec<_>) = (all("fabric8-routes"), all("fabric8-services"));
        let mut workload = crate::recorded::answer("fabric8-deploymentconfig");
        let found = leading_to(&workload, routes.clone(), &services);
        assert_eq!(found.as_deref(), Some("http://mydeploy-my-run.example.com/"));
        workload["spec"]["template"]["metadata"]["labels"]["app"] = json!("other");
        assert_eq!(leading_to(&workload, routes, &services), None);
    }

    #[test]
    fn a_service_without_a_selector_leads_nowhere() {
        let labels = json!({ "app": "web", "tier": "front" });
        assert!(selects(Some(&json!({ "app": "web" })), &labels));
        assert!(!selects(Some(&json!({ "app": "api" })), &labels) && !selects(Some(&json!({})), &labels));
        assert!(!selects(None, &labels));
    }
}

//! Names that this provider gives to objects of the cluster.

/// A name for a build configuration, made of the service's: what a cluster does not take becomes `-`. Short enough for the names
/// that the cluster derives from it.
pub(crate) fn config_name(service: &str) -> String {
    let mut name = String::new();
    for c in service.chars() {
        match c.to_ascii_lowercase() {
            c if c.is_ascii_lowercase() || c.is_ascii_digit() => name.push(c),
            _ if name.ends_with('-') || name.is_empty() => {}
            _ => name.push('-'),
        }
        if name.len() == 100 {
            break;
        }
    }
    let name = name.trim_end_matches('-');
    if name.is_empty() { "build-service".to_owned() } else { name.to_owned() }
}

/// The value of a label that the cluster makes of a name: cut, so that the name itself has to be compared too.
pub(crate) fn as_label(name: &str) -> &str {
    name.get(..63).unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use alm_kubernetes::is_name;

    use super::*;

    #[test]
    fn every_service_gets_a_name_that_a_cluster_takes() {
        for (service, name) in [("Shop/Web App", "shop-web-app"), ("--ä//", "build-service"), ("a/b", "a-b")] {
            assert_eq!(config_name(service), name);
        }
        let long = config_name(&"x-".repeat(200));
        assert!(long.len() <= 100 && is_name(&long), "{long}");
    }
}

//! Where metadata is found.

use url::Url;

/// The addresses at which the metadata of an issuer or of a cluster may be, in the order in which they are asked: RFC 8414 with the
/// path at the end, OpenID Connect with the path in front, and RFC 8414's form of the latter.
pub(super) fn addresses(of: &Url) -> Vec<Url> {
    let path = of.path().trim_end_matches('/').to_owned();
    let at = |path: String| {
        let mut url = of.clone();
        url.set_path(&path);
        url.set_query(None);
        url.set_fragment(None);
        url
    };
    let mut all = vec![
        at(format!("/.well-known/oauth-authorization-server{path}")),
        at(format!("{path}/.well-known/openid-configuration")),
    ];
    if !path.is_empty() {
        all.push(at(format!("/.well-known/openid-configuration{path}")));
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_of_an_issuer_is_inserted_and_appended() {
        let texts = |of: &str| addresses(&of.parse().unwrap()).into_iter().map(String::from).collect::<Vec<_>>();
        assert_eq!(
            texts("https://api.cluster:6443"),
            [
                "https://api.cluster:6443/.well-known/oauth-authorization-server",
                "https://api.cluster:6443/.well-known/openid-configuration"
            ]
        );
        assert_eq!(
            texts("https://sso.example/realms/a/?x#y"),
            [
                "https://sso.example/.well-known/oauth-authorization-server/realms/a",
                "https://sso.example/realms/a/.well-known/openid-configuration",
                "https://sso.example/.well-known/openid-configuration/realms/a"
            ]
        );
    }
}

//! Which scripts the screen at an address needs: a browser that is told with the page gets them all at once, and has not to find them
//! one behind the other.

use axum::http::HeaderValue;
use serde::Deserialize;

/// What the build of the pages says of a screen.
#[derive(Deserialize)]
struct Screen {
    /// Its address below `/ui`; names after a colon stand for anything.
    path: String,
    /// Its scripts, in the order in which they are wanted.
    scripts: Vec<String>,
}

/// A `Link` header that names the scripts of the screen at this address; `None` where no screen is known there, or nothing is to be
/// named.
pub(super) fn link(screens: &[u8], address: &str) -> Option<HeaderValue> {
    let screens: Vec<Screen> = serde_json::from_slice(screens).ok()?;
    let screen = screens.iter().find(|screen| screen.is_at(address.trim_matches('/')))?;
    let links: Vec<_> = screen.scripts.iter().map(|name| format!("</ui/{name}>; rel=modulepreload")).collect();
    if links.is_empty() { None } else { HeaderValue::try_from(links.join(", ")).ok() }
}

impl Screen {
    fn is_at(&self, address: &str) -> bool {
        let (wanted, given) = (self.path.split('/'), address.split('/'));
        wanted.clone().count() == given.clone().count()
            && wanted.zip(given).all(|(wanted, given)| wanted.starts_with(':') || wanted == given)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCREENS: &str = r#"[
        {"path": "", "scripts": ["first.js"]},
        {"path": "providers/register", "scripts": ["form.js", "parts.js"]},
        {"path": "providers/:provider", "scripts": ["one.js"]},
        {"path": "bare", "scripts": []}
    ]"#;

    #[test]
    fn the_first_screen_that_fits_is_named() {
        let of = |address| link(SCREENS.as_bytes(), address).map(|value| value.to_str().unwrap().to_owned());
        for (address, expected) in [
            ("", Some("</ui/first.js>; rel=modulepreload")),
            ("/", Some("</ui/first.js>; rel=modulepreload")),
            ("providers/register", Some("</ui/form.js>; rel=modulepreload, </ui/parts.js>; rel=modulepreload")),
            ("providers/local/", Some("</ui/one.js>; rel=modulepreload")),
            ("providers/local/more", None),
            ("providers", None),
            ("bare", None),
        ] {
            assert_eq!(of(address).as_deref(), expected, "{address}");
        }
        assert_eq!(link(b"rubbish", ""), None);
    }
}

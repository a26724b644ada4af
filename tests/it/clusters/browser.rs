//! A browser at the sign-in pages of a cluster.

use std::collections::BTreeMap;

use reqwest::{Client, Response, header};
use url::Url;

use crate::support::Callback;

/// The password of everybody.
pub(super) const PASSWORD: &str = "correct horse";

/// Goes from page to page as a person with a browser does who signs in and consents, until the cluster sends it back to a page below
/// `home`; what that page is told.
pub(super) async fn consent(begin: &str, user: &str, home: &str) -> Callback {
    let client = Client::builder().redirect(reqwest::redirect::Policy::none()).no_proxy().build().unwrap();
    let mut cookie = String::new();
    let mut at: Url = begin.parse().unwrap();
    for _ in 0..10 {
        if at.as_str().starts_with(home) {
            let told: BTreeMap<String, String> = at.query_pairs().into_owned().collect();
            let field = |name: &str| told.get(name).cloned().unwrap_or_default();
            return Callback { code: field("code"), state: field("state"), iss: field("iss"), error: field("error") };
        }
        let form: Option<Vec<(String, String)>> = match at.path() {
            "/login" => {
                Some(vec![("username".to_owned(), user.to_owned()), ("password".to_owned(), PASSWORD.to_owned())])
            }
            "/oauth/authorize/approve" => Some(vec![("approve".to_owned(), "Allow".to_owned())]),
            _ => None,
        };
        let answer = match form {
            // The page's hidden fields are those of its address.
            Some(own) => {
                let form: Vec<_> = at.query_pairs().into_owned().chain(own).collect();
                let mut to = at.clone();
                to.set_query(None);
                client.post(to).header(header::COOKIE, &cookie).form(&form).send().await
            }
            None => client.get(at.clone()).header(header::COOKIE, &cookie).send().await,
        };
        let answer = answer.unwrap();
        if let Some(set) = of(&answer, header::SET_COOKIE) {
            cookie = set.split(';').next().unwrap_or_default().to_owned();
        }
        let next = of(&answer, header::LOCATION).unwrap_or_else(|| panic!("{at} leads nowhere: {}", answer.status()));
        at = at.join(&next).unwrap();
    }
    panic!("the sign-in pages go round in circles: {at}")
}

fn of(answer: &Response, name: header::HeaderName) -> Option<String> {
    answer.headers().get(name).map(|value| value.to_str().unwrap().to_owned())
}

//! What the guard lets through, against servers that count who comes.

mod hostile;
mod server;

use std::{
    io,
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use futures::future::BoxFuture;
use server::{Counting, Scheme};

use super::*;

fn allowing(list: &[&str]) -> Policy {
    Policy::allowing(list.iter().map(|text| text.parse().unwrap()).collect())
}

fn url(text: &str) -> Url {
    text.parse().unwrap()
}

/// Answers each question with the next of its answers.
struct Rebinding {
    answers: Vec<IpAddr>,
    asked: Arc<AtomicUsize>,
}

impl Lookup for Rebinding {
    fn lookup(&self, _: &str) -> BoxFuture<'static, io::Result<Vec<IpAddr>>> {
        let nth = self.asked.fetch_add(1, Ordering::SeqCst);
        let answer = self.answers[nth.min(self.answers.len() - 1)];
        Box::pin(async move { Ok(vec![answer]) })
    }
}

#[tokio::test]
async fn what_was_checked_is_what_is_connected_to() {
    let server = Counting::start(Scheme::Https, "200 OK", "{}").await;
    let asked = Arc::new(AtomicUsize::new(0));
    let answers = vec!["127.0.0.1".parse().unwrap(), "127.0.0.2".parse().unwrap()];
    let lookup = Rebinding { answers, asked: Arc::clone(&asked) };
    let outbound = Outbound::with_lookup(allowing(&["127.0.0.1"]), Arc::new(lookup));
    let ca = CaBundle::parse(server::AUTHORITY).unwrap();
    let address = url(&format!("https://localhost:{}/", server.port));

    let reply = outbound.send(Request::get(address.clone()), Some(&ca)).await.unwrap();
    assert_eq!((reply.status().as_u16(), reply.body()), (200, &b"{}"[..]));
    assert_eq!(asked.load(Ordering::SeqCst), 1, "no second look-up between the check and the connection");

    // The server closes each connection, so the next one is made anew: by now the name leads elsewhere.
    let refused = outbound.send(Request::get(address), Some(&ca)).await.unwrap_err();
    assert!(matches!(refused, OutboundError::Refused { .. }), "{refused:?}");
    assert_eq!(server.connections(), 1);
}

#[tokio::test]
async fn a_redirect_is_a_reply_and_nothing_more() {
    let target = Counting::start(Scheme::Http, "200 OK", "{}").await;
    let location = format!("302 Found\r\nlocation: http://127.0.0.1:{}/", target.port);
    let server = Counting::start(Scheme::Http, &location, "").await;
    let outbound = Outbound::new(allowing(&["127.0.0.0/8"]));
    let reply = outbound.send(Request::get(url(&format!("http://127.0.0.1:{}/", server.port))), None).await.unwrap();
    assert_eq!(reply.status().as_u16(), 302);
    assert_eq!((server.connections(), target.connections()), (1, 0));
}

#[tokio::test]
async fn a_certificate_that_is_not_trusted_is_named_with_the_remedy() {
    let server = Counting::start(Scheme::Https, "200 OK", "{}").await;
    let outbound = Outbound::new(allowing(&["127.0.0.1"]));
    let address = url(&format!("https://127.0.0.1:{}/", server.port));
    let refused = outbound.send(Request::get(address.clone()), None).await.unwrap_err();
    assert!(matches!(refused, OutboundError::Untrusted { .. }), "{refused:?}");
    assert!(refused.to_string().contains("CA bundle"), "{refused}");
    let ca = CaBundle::parse(server::AUTHORITY).unwrap();
    assert!(outbound.send(Request::get(address), Some(&ca)).await.is_ok());
}

#[tokio::test]
async fn a_reply_without_end_is_cut_off() {
    let server = Counting::start(Scheme::Http, "200 OK", &"x".repeat(LONGEST_REPLY + 1)).await;
    let outbound = Outbound::new(allowing(&["127.0.0.1"]));
    let refused =
        outbound.send(Request::get(url(&format!("http://127.0.0.1:{}/", server.port))), None).await.unwrap_err();
    assert!(matches!(refused, OutboundError::TooLong { .. }), "{refused:?}");
}

#[tokio::test]
async fn a_host_that_nobody_serves_is_unreachable_and_its_error_shows_no_part_of_the_request() {
    let outbound = Outbound::new(allowing(&["127.0.0.1"]));
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let address = url(&format!("http://127.0.0.1:{free}/callback?code=canary-code"));
    let request = Request::get(address).bearer(&"canary-token".into());
    assert!(!format!("{request:?}").contains("canary"));
    let error = outbound.send(request, None).await.unwrap_err();
    assert!(error.is_transient(), "{error:?}");
    assert!(!format!("{error:?} {error}").contains("canary"), "{error:?}");
}

#[test]
fn exceptions_are_read_and_shown() {
    for text in ["10.0.0.0/8", "192.168.1.7", "fd00::/8", "gitlab.intern", "*.intern.example", "localhost"] {
        assert_eq!(text.parse::<Exception>().unwrap().to_string(), text);
    }
    for text in ["", "*", "*.", "10.0.0.0/33", "a b", "http://x", "0x7f.1", "x..y", "127.1", "a/b", &"x".repeat(300)] {
        let refused = text.parse::<Exception>().unwrap_err().to_string();
        assert!(refused.contains("10.0.0.0/8") && refused.len() < 300, "{refused}");
    }
}

#[test]
fn a_listed_name_does_not_open_the_door_to_a_clouds_metadata() {
    let policy = allowing(&["build.intern", "*.apps.intern"]);
    let private = "10.1.2.3".parse().unwrap();
    for (host, fits) in [
        ("build.intern", true),
        ("BUILD.intern.", true),
        ("x.build.intern", false),
        ("a.apps.intern", true),
        ("a.b.apps.intern", true),
        ("apps.intern", false),
        ("eviapps.intern", false),
        (".apps.intern", false),
    ] {
        assert_eq!(policy.check(host, private).is_ok(), fits, "{host}");
        for metadata in ["169.254.169.254", "fd00:ec2::254", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe"] {
            assert!(policy.check(host, metadata.parse().unwrap()).is_err(), "{host} {metadata}");
        }
    }
    assert!(allowing(&["169.254.169.254"]).check("x", "169.254.169.254".parse().unwrap()).is_ok());
}

#[test]
fn a_wrong_ca_bundle_is_refused_with_its_problem() {
    assert!(matches!(CaBundle::parse(""), Err(CaError::Empty)));
    assert!(matches!(CaBundle::parse("rubbish"), Err(CaError::Empty)));
    let broken = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    assert!(matches!(CaBundle::parse(broken), Err(CaError::Malformed)));
    assert!(matches!(CaBundle::parse(server::KEY), Err(CaError::PrivateKey)));
    assert!(matches!(CaBundle::parse(&server::AUTHORITY.repeat(500)), Err(CaError::TooLong)));
    assert!(CaBundle::parse(server::AUTHORITY).is_ok());
}

//! The pages that people open.

use super::support::{Request, serve};

#[tokio::test]
async fn every_reply_has_the_security_headers_and_pages_run_only_our_scripts() {
    let server = serve().await;
    for path in [
        "/",
        "/start",
        "/start/start.js",
        "/sign-in/callback",
        "/sign-in/ways",
        "/graphiql",
        "/ui",
        "/ui/projects/shop",
        "/healthz",
        "/nothing",
        "/graphql?query=%7Bhello%7D",
    ] {
        let reply = Request::new("GET", path).send(&server).await;
        assert_eq!(reply.header("x-content-type-options"), Some("nosniff"), "{path}");
        assert_eq!(reply.header("x-frame-options"), Some("DENY"), "{path}");
        assert_eq!(reply.header("referrer-policy"), Some("no-referrer"), "{path}");
        let policy = reply.header("content-security-policy").unwrap();
        assert!(policy.starts_with("default-src 'none'"), "{path}");
        let scripts = policy.split(';').find(|part| part.trim().starts_with("script-src")).unwrap_or_default();
        assert!(!scripts.contains("unsafe"), "{path}");
        assert_eq!(reply.header("set-cookie"), None, "{path}");
    }
}

#[tokio::test]
async fn the_start_page_says_what_this_is_and_where_to_go_on() {
    let server = serve().await;
    let page = Request::new("GET", "/start").send(&server).await;
    assert_eq!((page.status, page.header("content-type")), (200, Some("text/html; charset=utf-8")));
    for needed in ["ALM Build Service", "href=\"/graphiql\"", "Authorization: Bearer", "connection_init"] {
        assert!(page.body.contains(needed), "{needed}");
    }
    assert!(!page.body.contains("http://") && !page.body.contains("https://"), "nothing comes from elsewhere");
    let again = Request::new("GET", "/start").with("if-none-match", page.header("etag").unwrap()).send(&server).await;
    assert_eq!((again.status, again.body.as_str()), (304, ""));
    let other = Request::new("GET", "/start/sign-in.js").with("if-none-match", page.header("etag").unwrap());
    assert_eq!(other.send(&server).await.status, 200);
    assert_eq!(Request::new("GET", "/start/../Cargo.toml").send(&server).await.status, 404);
}

#[tokio::test]
async fn people_begin_at_the_pages_or_where_they_are_not_built_at_the_start_page() {
    let server = serve().await;
    let first = Request::new("GET", "/").send(&server).await;
    let is_built = Request::new("GET", "/ui").send(&server).await.status == 200;
    assert_eq!((first.status, first.header("location")), (303, Some(if is_built { "/ui" } else { "/start" })));
}

#[tokio::test]
async fn every_screen_has_an_address_of_its_own() {
    let server = serve().await;
    let first = Request::new("GET", "/ui").send(&server).await;
    assert_eq!(first.header("content-type"), Some("text/html; charset=utf-8"));
    match first.status {
        200 => assert!(first.body.contains("<alm-root>"), "{}", first.body),
        404 => assert!(first.body.contains("make ui"), "{}", first.body),
        other => panic!("{other}"),
    }
    let deep = Request::new("GET", "/ui/projects/shop/web/builds/7").send(&server).await;
    assert_eq!((deep.status, &deep.body), (first.status, &first.body));
    // A slash at the end names the same screen.
    for slashed in ["/ui/", "/ui/projects/shop/", "/ui/projects/shop/web/builds/7/"] {
        let page = Request::new("GET", slashed).send(&server).await;
        assert_eq!((page.status, &page.body), (first.status, &first.body), "{slashed}");
    }
    for path in ["/ui", "/ui/", "/ui/projects/shop"] {
        let head = Request::new("HEAD", path).send(&server).await;
        assert_eq!((head.status, head.body.as_str()), (first.status, ""), "{path}");
        assert_eq!(head.header("content-type"), Some("text/html; charset=utf-8"), "{path}");
    }
    for missing in ["/ui/nothing.js", "/ui/projects/nothing.css", "/ui/assets/../../Cargo.toml"] {
        assert_eq!(Request::new("GET", missing).send(&server).await.status, 404, "{missing}");
    }
}

#[tokio::test]
async fn the_scripts_of_a_screen_are_named_with_its_page_and_kept_by_browsers() {
    let server = serve().await;
    let page = Request::new("GET", "/ui/projects/shop/web/builds/7").send(&server).await;
    if page.status == 404 {
        println!("SKIPPED: needs `make ui`");
        return;
    }
    let links = page.header("link").unwrap();
    let named: Vec<_> =
        links.split(", ").filter_map(|link| link.strip_prefix('<')?.split_once(">; rel=modulepreload")).collect();
    assert!(!named.is_empty() && named.len() == links.split(", ").count(), "{links}");
    assert!(page.body.contains(named[0].0), "the one that stands in the page is wanted first: {links}");
    for (address, _) in named {
        let plain = Request::new("GET", address).send(&server).await;
        assert_eq!(
            (plain.status, plain.header("content-type")),
            (200, Some("text/javascript; charset=utf-8")),
            "{address}"
        );
        assert!(plain.header("cache-control").unwrap().ends_with("immutable"), "{address}");
    }
    let other = Request::new("GET", "/ui/nowhere/at/all").send(&server).await;
    assert_eq!((other.status, other.header("link")), (200, None));
    assert_eq!(other.header("cache-control"), Some("no-cache"), "its address names another version tomorrow");
}

#[tokio::test]
async fn the_styles_and_scripts_of_the_pages_come_as_they_are_asked_for() {
    let server = serve().await;
    let page = Request::new("GET", "/ui").send(&server).await;
    if page.status == 404 {
        println!("SKIPPED: needs `make ui`");
        return;
    }
    for start in ["/ui/styles-", "/ui/main-"] {
        let at = page.body.find(start).unwrap();
        let address = page.body[at..].split('"').next().unwrap();
        let script = Request::new("GET", address);
        for (accepted, coding) in [
            ("gzip, deflate, br, zstd", Some("br")),
            ("br;q=0.1", Some("br")),
            ("br;q=0, gzip", Some("gzip")),
            ("gzip", Some("gzip")),
            ("identity", None),
        ] {
            let reply = script.clone().with("accept-encoding", accepted).send(&server).await;
            assert_eq!((reply.status, reply.header("content-encoding")), (200, coding), "{address}, {accepted}");
            assert!(reply.header("vary").is_some_and(|vary| vary.contains("accept-encoding")), "{address}, {accepted}");
        }
    }
}

#[tokio::test]
async fn graphiql_is_there_or_says_how_to_build_it() {
    let server = serve().await;
    let page = Request::new("GET", "/graphiql").send(&server).await;
    assert_eq!(page.header("content-type"), Some("text/html; charset=utf-8"));
    match page.status {
        200 => assert!(page.body.contains("/graphiql/graphiql.js"), "{}", page.body),
        404 => assert!(page.body.contains("make graphiql"), "{}", page.body),
        other => panic!("{other}"),
    }
    assert_eq!(Request::new("GET", "/graphiql/nothing.js").send(&server).await.status, 404);
    assert_eq!(Request::new("GET", "/graphiql/../../Cargo.toml").send(&server).await.status, 404);
}

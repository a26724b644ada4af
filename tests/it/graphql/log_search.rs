//! `logSearch`, and the windows onto what it finds.

use alm_build_spi::conformance::fake::Script;
use serde_json::{Value, json};

use crate::support::{BuildView, TestApp, on_each_database, within};

const SEARCH: &str = "query($id: ID!, $search: LogSearchInput!) {
    logSearch(buildId: $id, search: $search) { matches total truncated searchedTo } }";
const WINDOW: &str = "query($id: ID!, $window: LogWindowInput!) {
    log(buildId: $id, window: $window, limit: 10) { firstSeq lastSeq lines { seq text stageId } } }";

async fn search(app: &TestApp, build: &BuildView, search: Value) -> Value {
    app.graphql(SEARCH, json!({"id": build.id(), "search": search})).await["logSearch"].clone()
}

async fn window(app: &TestApp, build: &BuildView, window: Value) -> Value {
    app.graphql(WINDOW, json!({"id": build.id(), "window": window})).await["log"].clone()
}

#[tokio::test]
async fn lines_are_found_by_text_expression_stage_and_level() {
    on_each_database(|setup| async move {
        let script = Script::new()
            .stage("compile")
            .line("begin")
            .line("\u{1b}[1;31merror\u{1b}[0m: cannot find x")
            .line("[WARN] mind the gap")
            .gap("an error of the engine: its log was rotated")
            .stage("test")
            .line("ERROR: it broke (a.b)")
            .line("0 errors, axb")
            .succeed();
        let app = setup.scripted(script).start().await;
        let service = app.service("web").await;
        let build = app.start_build(&service).await;
        let build = app.follow(&build).await;
        let test = build.stage("test")["id"].clone();
        for (asked, matches) in [
            // Colours stand between the letters that a reader sees side by side.
            (json!({"pattern": "error: cannot"}), json!([2])),
            (json!({"pattern": "error"}), json!([2, 4, 5, 6])),
            (json!({"pattern": "ERROR", "caseSensitive": true}), json!([5])),
            (json!({"pattern": "a.b"}), json!([5])),
            (json!({"pattern": "a.b", "regex": true}), json!([5, 6])),
            (json!({"pattern": "^(begin|0)", "regex": true}), json!([1, 6])),
            (json!({"pattern": "error", "stageId": test}), json!([5, 6])),
            (json!({"pattern": "", "level": "ERROR"}), json!([2, 5])),
            (json!({"pattern": "", "level": "WARNING", "fromSeq": 2}), json!([3, 5])),
            (json!({"pattern": "nowhere"}), json!([])),
            (json!({"pattern": "", "fromSeq": 6}), json!([])),
            (json!({"pattern": ""}), json!([1, 2, 3, 4, 5, 6])),
        ] {
            let found = search(&app, &build, asked.clone()).await;
            assert_eq!(found["matches"], matches, "{asked}");
            assert_eq!(found["total"], matches.as_array().unwrap().len(), "{asked}");
            assert_eq!((&found["truncated"], &found["searchedTo"]), (&json!(false), &json!(6)), "{asked}");
        }
        // What is found is what a window shows.
        let around = window(&app, &build, json!({"around": 5})).await;
        assert_eq!(around["lines"][4], json!({"seq": 5, "text": "ERROR: it broke (a.b)", "stageId": test}));
        let own = window(&app, &build, json!({"stageId": test})).await;
        assert_eq!(own["lines"].as_array().unwrap().len(), 2);
    })
    .await;
}

#[tokio::test]
async fn a_log_that_grows_is_searched_on_from_where_the_last_search_ended() {
    let app = TestApp::fake(Script::new().stage("a").lines(30).wait().lines(25)).await;
    let service = app.service("web").await;
    let build = app.start_build(&service).await;
    within(app.engine.held(build.key())).await;
    app.build_log(&build, None).await.until(|event| event["lastSeq"] == 30).await;
    let first = search(&app, &build, json!({"pattern": "line 2"})).await;
    assert_eq!((&first["total"], &first["searchedTo"]), (&json!(11), &json!(30)));
    app.engine.release(build.key());
    app.follow(&build).await;
    let second = search(&app, &build, json!({"pattern": "line 2", "fromSeq": first["searchedTo"]})).await;
    assert_eq!(second["matches"], json!([32, 50, 51, 52, 53, 54, 55]));
}

#[tokio::test]
async fn more_matches_than_a_reply_names_are_counted_and_come_with_the_next() {
    let app = TestApp::fake(Script::new().stage("a").lines(10_400).succeed()).await;
    let service = app.service("web").await;
    let build = app.start_build(&service).await;
    app.follow(&build).await;
    let first = search(&app, &build, json!({"pattern": "LINE"})).await;
    assert_eq!(first["matches"].as_array().unwrap().len(), 10_000);
    assert_eq!((&first["total"], &first["truncated"]), (&json!(10_400), &json!(true)));
    assert_eq!(first["searchedTo"], 10_000);
    let rest = search(&app, &build, json!({"pattern": "LINE", "fromSeq": first["searchedTo"]})).await;
    assert_eq!(rest["matches"].as_array().unwrap().len(), 400);
    assert_eq!((&rest["total"], &rest["truncated"], &rest["searchedTo"]), (&json!(400), &json!(false), &json!(10_400)));
}

#[tokio::test]
async fn what_cannot_be_searched_is_named_with_the_remedy() {
    let app = TestApp::fake(Script::new().stage("a").line("hello").succeed()).await;
    let service = app.service("web").await;
    let build = app.start_build(&service).await;
    let build = app.follow(&build).await;
    let other = app.follow(&app.start_build(&service).await).await;
    for (asked, argument, words) in [
        (json!({"pattern": "a(b", "regex": true}), "search.pattern", "unclosed group, at character 2"),
        (json!({"pattern": r"(\w{500}){500}", "regex": true}), "search.pattern", "too costly"),
        (json!({"pattern": r"(a)\1", "regex": true}), "search.pattern", "backreferences are not supported"),
        (json!({"pattern": "x".repeat(1_001)}), "search.pattern", "1001 bytes long"),
        (json!({"pattern": "x", "stageId": other.stage("a")["id"]}), "search.stageId", "not a stage of this build"),
        (json!({"pattern": "x", "stageId": "stage"}), "search.stageId", ""),
    ] {
        let reply = app.reply(SEARCH, json!({"id": build.id(), "search": asked})).await;
        let error = &reply["errors"][0];
        assert_eq!(error["extensions"]["code"], "BAD_ARGUMENT", "{asked}: {reply}");
        assert_eq!(error["extensions"]["argument"], argument, "{asked}: {reply}");
        assert!(error["message"].as_str().unwrap().contains(words), "{asked}: {reply}");
    }
    let unknown = "bld_01900000000070008000000000000001";
    let reply = app.reply(SEARCH, json!({"id": unknown, "search": {"pattern": "x"}})).await;
    assert_eq!(reply, json!({"data": {"logSearch": null}}));
}

#[tokio::test]
async fn a_document_may_ask_for_a_few_searches_and_no_more() {
    let app = TestApp::fake(Script::new().line("hello").succeed()).await;
    let service = app.service("web").await;
    let build = app.start_build(&service).await;
    app.follow(&build).await;
    let document = |count: usize| {
        let search =
            |n| format!("a{n}: logSearch(buildId: \"{}\", search: {{pattern: \"ell\"}}) {{ matches }} ", build.id());
        format!("{{ {} }}", (0..count).map(search).collect::<String>())
    };
    let few = app.graphql(&document(9), json!({})).await;
    assert_eq!(few["a8"]["matches"], json!([1]));
    let many = app.reply(&document(10), json!({})).await;
    assert_eq!(many["errors"][0]["extensions"]["code"], "QUERY_TOO_COSTLY", "{many}");
}

#[tokio::test]
async fn a_window_onto_an_empty_log_has_no_first_line() {
    let app = TestApp::fake(Script::new().stage("a").wait().line("hello")).await;
    let service = app.service("web").await;
    let build = app.start_build(&service).await;
    within(app.engine.held(build.key())).await;
    assert_eq!(window(&app, &build, json!({"from": 1})).await, json!({"firstSeq": 0, "lastSeq": 0, "lines": []}));
    let found = search(&app, &build, json!({"pattern": ""})).await;
    assert_eq!(found, json!({"matches": [], "total": 0, "truncated": false, "searchedTo": 0}));
    app.engine.release(build.key());
    app.follow(&build).await;
    let told = window(&app, &build, json!({"tail": 5})).await;
    assert_eq!((&told["firstSeq"], &told["lastSeq"]), (&json!(1), &json!(1)));
}

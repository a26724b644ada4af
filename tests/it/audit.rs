//! The audit trail: who did what, when, from where, and what came of it.

use std::{collections::BTreeSet, time::Duration};

use alm_build_spi::conformance::fake::Script;
use serde_json::{Value, json};

use crate::support::{Events, Setup, TestApp, on_each_database};

const EVENT: &str = "
    id at verb subjectId projectId summary outcome requestId address details
    actor { __typename ... on User { login } ... on SystemActor { component } }
    subject { __typename id }";

async fn trail(app: &TestApp, filter: Value) -> Vec<Value> {
    let query = format!(
        "query($filter: AuditFilter, $after: String) {{ auditEvents(first: 7, after: $after, filter: $filter) {{
            totalCount nodes {{ {EVENT} }} pageInfo {{ endCursor hasNextPage }} }} }}"
    );
    let (mut found, mut after) = (Vec::new(), Value::Null);
    loop {
        let page = app.graphql(&query, json!({"filter": filter, "after": after})).await["auditEvents"].clone();
        found.extend(page["nodes"].as_array().unwrap().iter().cloned());
        after = page["pageInfo"]["endCursor"].clone();
        if page["pageInfo"]["hasNextPage"] == false {
            assert_eq!(page["totalCount"], found.len());
            found.reverse();
            return found;
        }
    }
}

fn verbs(trail: &[Value]) -> Vec<&str> {
    trail.iter().map(|event| event["verb"].as_str().unwrap()).collect()
}

async fn live(app: &TestApp, project: Option<&str>, after: Option<&str>) -> Events {
    let query = format!(
        "subscription($project: ID, $after: String) {{ auditEventAdded(projectId: $project, after: $after) {{
            __typename ... on StreamEvent {{ cursor }}
            ... on AuditEventRecorded {{ edge {{ cursor node {{ {EVENT} }} }} }} }} }}"
    );
    app.subscribe(&query, json!({"project": project, "after": after})).await
}

#[tokio::test]
async fn whatever_is_done_is_recorded_once_with_who_when_and_from_where() {
    on_each_database(|setup: Setup| async move {
        let app = setup.scripted(Script::new().stage("a").ask("go", "Go on?").stage("b").succeed()).start().await;
        let before = trail(&app, json!({})).await.len();
        let project = app.project("shop").await;
        app.done("updateProject", "project { id }", json!({"projectId": project, "displayName": "Anew"})).await;
        let service = app.service_in(&project, "web", "https://git.example.org/web.git").await;
        app.done("updateBuildService", "service { id }", json!({"serviceId": service, "displayName": "Web"})).await;
        let build = app.start_build(&service).await;
        app.follow_until(&build, |build| build["status"] == "WAITING_FOR_APPROVAL").await;
        app.decide(&build, "APPROVE", json!([])).await;
        let build = app.follow(&build).await;
        let again = app.rerun(&build, json!({"beginning": true})).await;
        app.cancel(&again).await;
        // Asked for twice, done once.
        app.cancel(&again).await;
        app.follow(&again).await;
        app.done("removeBuildService", "removedServiceId", json!({"serviceId": service})).await;
        app.done("updateProvider", "provider { id }", json!({"providerId": app.provider, "displayName": "E"})).await;

        let trail = trail(&app, json!({})).await.split_off(before);
        assert_eq!(
            verbs(&trail),
            [
                "project.create",
                "project.update",
                "buildService.create",
                "buildService.update",
                "build.start",
                "approval.decide",
                "build.rerun",
                "build.cancel",
                "buildService.remove",
                "provider.update",
            ]
        );
        let ids: BTreeSet<&str> = trail.iter().map(|event| event["id"].as_str().unwrap()).collect();
        assert_eq!(ids.len(), trail.len());
        for event in &trail {
            assert_eq!(event["outcome"], "DONE", "{event}");
            assert_eq!(event["actor"], json!({"__typename": "User", "login": "admin"}));
            assert_eq!(event["address"], "127.0.0.1");
            assert!(event["requestId"].as_str().unwrap().starts_with("req_"), "{event}");
            assert_eq!(event["subject"]["id"], event["subjectId"], "{event}");
            let of_project = event["verb"] != "provider.update";
            assert_eq!(event["projectId"], if of_project { json!(project) } else { json!(null) }, "{event}");
        }
        assert_eq!(trail[4]["subjectId"], build.id());

        // The trail of the project, narrowed.
        let query = "query($id: ID!, $filter: AuditFilter) {
            auditEvents(projectId: $id, filter: $filter) { nodes { verb subjectId } } }";
        let filter = json!({"verbPrefix": "build.", "subjectId": build.id()});
        let found = app.graphql(query, json!({"id": project, "filter": filter})).await;
        let found = found["auditEvents"]["nodes"].clone();
        assert_eq!(found, json!([{"verb": "build.start", "subjectId": build.id()}]));
        let node = "query($id: ID!) { node(id: $id) { ... on AuditEvent { verb } } }";
        let found = app.graphql(node, json!({"id": trail[4]["id"]})).await;
        assert_eq!(found["node"]["verb"], "build.start");
    })
    .await;
}

#[tokio::test]
async fn what_is_refused_is_recorded_and_what_is_mistyped_is_not() {
    let app = TestApp::fake(Script::new().stage("a").succeed()).await;
    let nobodys = "svc_00000000000070008000000000000001";
    app.mutate("startBuild", "build { id }", json!({"serviceId": nobodys})).await;
    app.mutate("createProject", "project { id }", json!({"slug": "Not A Slug", "displayName": "x"})).await;
    let refused = trail(&app, json!({"outcome": "DENIED"})).await;
    assert_eq!(verbs(&refused), ["build.start"]);
    assert_eq!((&refused[0]["subjectId"], &refused[0]["subject"]), (&json!(nobodys), &json!(null)));
    assert_eq!(refused[0]["projectId"], json!(null));
    assert!(trail(&app, json!({"verbPrefix": "project."})).await.is_empty());
}

#[tokio::test]
async fn the_trail_is_told_live_and_a_reader_that_is_cut_off_everywhere_misses_nothing() {
    on_each_database(|setup: Setup| async move {
        const PROJECTS: usize = 12;
        let app = setup.scripted(Script::new().succeed()).heartbeat(Duration::from_millis(100)).start().await;
        let watched = app.project("watched").await;
        let mut all = live(&app, None, None).await;
        let mut one = live(&app, Some(&watched), None).await;
        let rename = |name: String| json!({"projectId": watched, "displayName": name});
        let mut cursor: Option<String> = None;
        let mut told = Vec::new();
        // Whoever listens is there before anything happens: the first sign of life says so.
        let heartbeat = |event: &Value| event["__typename"] == "Heartbeat";
        all.until(heartbeat).await;
        one.until(heartbeat).await;
        for n in 0..PROJECTS {
            app.project(&format!("other-{n}")).await;
            app.done("updateProject", "project { id }", rename(format!("n{n}"))).await;
            let recorded = |event: &Value| event["__typename"] == "AuditEventRecorded";
            for _ in 0..2 {
                let event = all.until(recorded).await;
                told.push(event["edge"]["node"]["verb"].as_str().unwrap().to_owned());
                cursor = all.cursor.clone();
                drop(all);
                all = live(&app, None, cursor.as_deref()).await;
            }
            let event = one.until(recorded).await;
            assert_eq!(event["edge"]["node"]["projectId"], json!(watched));
        }
        let expected: Vec<String> =
            (0..PROJECTS).flat_map(|_| ["project.create".to_owned(), "project.update".to_owned()]).collect();
        assert_eq!(told, expected);
        assert!(cursor.is_some());
        let mut wrong = live(&app, Some(&watched), cursor.as_deref()).await;
        assert_eq!(wrong.refusal().await["extensions"]["argument"], "after");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn acts_that_race_are_numbered_without_holes() {
    on_each_database(|setup: Setup| async move {
        const RACERS: usize = 40;
        let app = std::sync::Arc::new(setup.scripted(Script::new().succeed()).start().await);
        let mut racing = tokio::task::JoinSet::new();
        for n in 0..RACERS {
            let app = std::sync::Arc::clone(&app);
            racing.spawn(async move { app.project(&format!("p{n}")).await });
        }
        let projects: BTreeSet<String> = racing.join_all().await.into_iter().collect();
        let trail = trail(&app, json!({"verbPrefix": "project.create"})).await;
        let recorded: BTreeSet<String> =
            trail.iter().map(|event| event["subjectId"].as_str().unwrap().to_owned()).collect();
        assert_eq!((trail.len(), recorded), (RACERS, projects));
    })
    .await;
}

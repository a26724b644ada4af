//! Files that builds keep.

use sha2::{Digest, Sha256};

use crate::support::TestApp;

#[tokio::test]
async fn what_a_build_keeps_can_be_downloaded_whole_and_in_parts() {
    let app = TestApp::local().await;
    let pipeline = "
stages:
  build:
    run: |
      mkdir -p dist/deep
      seq 1 50000 > dist/numbers.txt
      printf 'ä b' > 'dist/deep/ä b.txt'
    artifacts: [dist/]
";
    let service = app.pipeline("files", pipeline).await;
    let build = app.start_build(&service).await;
    let build = app.follow(&build).await;
    assert_eq!(build.status(), "SUCCEEDED", "{}", build.reason());
    let expected: String = (1..=50_000).map(|n| format!("{n}\n")).collect();
    let artifact = |path: &str| build.each("artifacts").find(|a| a["path"] == path).cloned().unwrap();
    let numbers = artifact("dist/numbers.txt");
    assert_eq!(numbers["size"].as_u64().unwrap() as usize, expected.len());
    let hash: String = Sha256::digest(expected.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(numbers["sha256"], hash);
    assert_eq!(numbers["stageId"], build.stage("build")["id"]);

    let path = numbers["downloadPath"].as_str().unwrap();
    let whole = app.get(path).await;
    assert_eq!((whole.status, whole.text() == expected), (200, true));
    let part = app.get_with(path, &[("range", "bytes=100-199")]).await;
    assert_eq!((part.status, part.text()), (206, &expected[100..200]));
    assert_eq!(part.header("content-range"), format!("bytes 100-199/{}", expected.len()));

    let tag = whole.header("etag");
    assert_eq!(part.header("etag"), tag);
    let known = app.get_with(path, &[("if-none-match", tag), ("range", "bytes=100-199")]).await;
    assert_eq!((known.status, known.body.len(), known.header("etag")), (304, 0, tag));
    let rest = app.get_with(path, &[("if-range", tag), ("range", "bytes=100-199")]).await;
    assert_eq!((rest.status, rest.text()), (206, &expected[100..200]));
    let another = app.get_with(path, &[("if-range", "\"another\""), ("range", "bytes=100-199")]).await;
    assert_eq!((another.status, another.text() == expected), (200, true));
    let packed = app.get_with(path, &[("accept-encoding", "gzip")]).await;
    assert_eq!((packed.header("content-encoding"), packed.header("etag")), ("", tag), "files go as they are");

    let odd = artifact("dist/deep/ä b.txt");
    assert_eq!(app.get(odd["downloadPath"].as_str().unwrap()).await.text(), "ä b");
    let missing = app.get(&format!("{}x", path)).await;
    assert_eq!(missing.status, 404, "{}", missing.text());
    let outside = app.get(&format!("/builds/{}/artifacts/..%2f..%2fetc%2fpasswd", build.id())).await;
    assert_eq!(outside.status, 404, "{}", outside.text());
}

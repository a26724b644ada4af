//! The log.

use alm_build_spi::{Access, BuildProvider, LogPosition};
use alm_domain::LogStream;
use futures::StreamExt;
use serde_json::json;

use crate::support::Rig;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn odd_output_becomes_clean_lines() {
    let rig = Rig::new(
        "run: |
  printf 'bad \\377\\376 bytes\\n'
  printf '10%%\\r50%%\\r100%%\\n'
  printf '\\033[31mred\\033[0m \\033]0;title\\007\\033[2Kend\\n'
  head -c 200000 /dev/zero | tr '\\0' x; echo
  printf 'no newline'
",
    );
    let told = rig.build().await;
    let lines: Vec<_> = told.lines.iter().filter(|l| l.stream == LogStream::Stdout).collect();
    let texts: Vec<_> = lines.iter().map(|l| l.text.as_str()).collect();
    assert_eq!(texts[..3], ["bad \u{fffd}\u{fffd} bytes", "100%", "\u{1b}[31mred\u{1b}[0m end"]);
    let long = &lines[3..lines.len() - 1];
    assert_eq!(long.iter().map(|l| l.text.len()).sum::<usize>(), 200_000);
    assert_eq!(long.iter().map(|l| l.continued).collect::<Vec<_>>(), [false, true, true, true]);
    assert_eq!(texts.last(), Some(&"no newline"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_question_without_a_line_break_is_seen_before_it_is_answered() {
    let rig = Rig::new(
        "run: |
  printf 'sure? '
  n=0; until [ -e $TMPDIR/../../../go ]; do sleep 0.05; n=$((n+1)); [ $n -lt 1200 ]; done
  echo yes
",
    );
    let run = rig.start().await;
    let told = rig.follow(&run, None, |told| !told.output().is_empty()).await;
    assert_eq!(told.output(), ["sure? "]);
    std::fs::write(rig.path("go"), "").unwrap();
    let told = rig.told(&run).await;
    let seen: Vec<_> =
        told.lines.iter().filter(|l| l.stream == LogStream::Stdout).map(|l| (l.text.as_str(), l.continued)).collect();
    assert_eq!(seen, [("sure? ", false), ("yes", true)]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_over_the_cap_is_dropped_and_the_build_goes_on() {
    let rig = Rig::with(
        "stages:\n  a:\n    run: yes | head -c 5000000\n  b:\n    needs: a\n    run: echo b\n",
        &[("log.max_bytes", json!(100_000))],
    );
    let told = rig.build().await;
    assert_eq!(told.stage("b").status, alm_domain::RunStatus::Succeeded);
    assert!(told.output().iter().map(|text| text.len() + 1).sum::<usize>() <= 100_000);
    assert_eq!(told.warnings.iter().filter(|w| w.code == "LOG_TRUNCATED").count(), 1, "{:?}", told.warnings);
    assert_eq!(told.system().matches("log.max_bytes").count(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_without_line_breaks_is_split_and_complete() {
    let rig = Rig::new("run: head -c 40000000 /dev/zero | tr '\\0' x\n");
    let told = rig.build().await;
    let bytes: usize = told.output().iter().map(|text| text.len()).sum();
    assert_eq!(bytes, 40_000_000);
    assert!(told.output().iter().all(|text| text.len() <= 64 * 1024));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_log_can_be_read_from_every_position() {
    let rig = Rig::new("run: i=0; while [ $i -lt 3000 ]; do echo line $i; i=$((i+1)); done\n");
    let run = rig.start().await;
    let told = rig.told(&run).await;
    let count = told.lines.len() as u64;
    assert!(count > 3000);
    for from in [0, 1, 499, 500, 501, 1234, count - 1, count, count + 5] {
        let stream = rig.provider().logs(&Access::default(), &run, LogPosition(from));
        let read: Vec<_> = stream.map(Result::unwrap).collect().await;
        let skipped = usize::try_from(from.min(count)).unwrap();
        assert_eq!(read.len(), told.lines.len() - skipped, "{from}");
        for (index, line) in read.iter().enumerate() {
            assert_eq!(line.next, LogPosition(from + index as u64 + 1));
            assert_eq!(line.line, told.lines[skipped + index]);
        }
    }
}

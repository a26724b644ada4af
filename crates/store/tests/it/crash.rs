//! Killed in the middle: nothing that was acknowledged is lost.

use std::{
    env,
    io::{BufRead, BufReader, Write},
    process::{Command, Stdio},
};

use alm_domain::{BuildId, LineNo, ResumeToken};
use alm_store::{Append, Fence};

use crate::support::{World, line};

stories! { what_was_acknowledged_before_a_kill_is_there }

const URL: &str = "ALM_STORE_CRASH_URL";
const BUILD: &str = "ALM_STORE_CRASH_BUILD";

async fn what_was_acknowledged_before_a_kill_is_there(world: &World) {
    let World { store, me, database, .. } = world;
    let build = world.build().await.id;
    for round in 1..=5u64 {
        let mut child = Command::new(env::current_exe().unwrap())
            .args(["crash::a_writer_that_will_be_killed", "--exact", "--ignored", "--nocapture"])
            .env(URL, database.url())
            .env(BUILD, build.to_string())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let wanted = 40 + round * 17;
        let mut acknowledged = 0;
        let mut reader = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut seen = 0;
        while seen < wanted {
            let Some(Ok(text)) = reader.next() else { panic!("the writer ended by itself") };
            if let Some(head) = text.strip_prefix("acknowledged ") {
                acknowledged = head.parse().unwrap();
                seen += 1;
            }
        }
        child.kill().unwrap();
        child.wait().unwrap();
        // What was still in the pipe was acknowledged as well.
        for text in reader.map_while(Result::ok) {
            if let Some(head) = text.strip_prefix("acknowledged ").and_then(|head| head.parse().ok()) {
                acknowledged = head;
            }
        }
        // Claiming waits for the dead writer's last transaction, whichever way it ends.
        store.claim(me, build).await.unwrap();
        let heads = store.heads(me, build).await.unwrap().unwrap();
        assert!(heads.line.0 >= acknowledged, "{} < {acknowledged}", heads.line);
        let resume = store.run_record(me, build).await.unwrap().unwrap().resume;
        assert_eq!(resume, Some(ResumeToken(heads.line.to_string())));
        let mut next = LineNo::ZERO;
        while next < heads.line {
            let page = store.read_log(me, build, next, 10_000, None).await.unwrap();
            for line in page.lines {
                assert_eq!(line.no, next.next());
                assert_eq!(line.line.text, format!("line {} {}", line.no, "x".repeat((line.no.0 % 300) as usize)));
                next = line.no;
            }
        }
    }
}

#[test]
#[ignore = "the other half of the test above, in a process of its own"]
fn a_writer_that_will_be_killed() {
    let (Ok(url), Ok(build)) = (env::var(URL), env::var(BUILD)) else { return };
    crate::support::runtime().block_on(write_for_ever(&url, build.parse().unwrap()));
}

async fn write_for_ever(url: &str, build: BuildId) {
    use std::sync::Arc;
    let clock = Arc::new(alm_domain::SystemClock);
    let store = alm_store::Store::connect(url, clock, Arc::new(alm_domain::SystemIds)).await.unwrap();
    let me = alm_domain::Principal::system("crash");
    let epoch = store.claim(&me, build).await.unwrap();
    let mut head = store.heads(&me, build).await.unwrap().unwrap().line.0;
    loop {
        let count = 1 + head % 97;
        let lines = (head + 1..=head + count)
            .map(|no| line(format!("line {no} {}", "x".repeat((no % 300) as usize)), Some("one")))
            .collect();
        head += count;
        let append = Append { lines, resume: Some(ResumeToken(head.to_string())), ..Append::default() };
        let committed = store.append_lines(&me, build, Fence::Follower(epoch), append).await.unwrap();
        assert_eq!(committed.heads.line, LineNo(head));
        let mut out = std::io::stdout().lock();
        writeln!(out, "acknowledged {head}").unwrap();
        out.flush().unwrap();
    }
}

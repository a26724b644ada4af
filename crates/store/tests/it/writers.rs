//! Writers that share a commit, fail and go away.

use std::time::Duration;

use alm_domain::{EventSeq, LineNo};
use alm_store::{Append, Epoch, Fence};
use futures::future::join_all;

use crate::support::{World, line};

stories! { a_writer_that_goes_away_takes_nothing_with_it, one_refused_writer_does_not_undo_the_others, readers_see_one_moment }

async fn a_writer_that_goes_away_takes_nothing_with_it(world: &World) {
    let World { store, me, .. } = world;
    let build = world.build().await.id;
    // Each is dropped after a few more polls than the one before: at every point of a transaction.
    for polls in 0..60 {
        let append = Append { lines: vec![line(format!("dropped after {polls}"), None)], ..Append::default() };
        let write = store.append_lines(me, build, Fence::Bystander, append);
        let mut write = std::pin::pin!(write);
        let mut left = polls;
        std::future::poll_fn(|context| {
            left -= 1;
            if left < 0 {
                return std::task::Poll::Ready(());
            }
            write.as_mut().poll(context).map(|_| ())
        })
        .await;
    }
    let append = Append { lines: vec![line("stays", None)], ..Append::default() };
    let committed =
        tokio::time::timeout(Duration::from_secs(60), store.append_lines(me, build, Fence::Bystander, append))
            .await
            .expect("a writer that went away must not hold up the others")
            .unwrap();
    let read = store.read_log(me, build, LineNo::ZERO, 1000, None).await.unwrap();
    assert_eq!(read.lines.len() as u64, committed.heads.line.0);
    assert!(read.lines.iter().zip(1..).all(|(line, no)| line.no == LineNo(no)));
    assert_eq!(read.lines.last().unwrap().line.text, "stays");
}

async fn one_refused_writer_does_not_undo_the_others(world: &World) {
    let World { store, me, .. } = world;
    let build = world.build().await.id;
    let epoch = store.claim(me, build).await.unwrap();
    let writers = (0..60).map(|n| {
        let (store, me) = (store.clone(), me.clone());
        let fence = Fence::Follower(if n % 3 == 0 { Epoch(epoch.0 + 9) } else { epoch });
        let append = Append { lines: vec![line(n.to_string(), None)], ..Append::default() };
        tokio::spawn(async move { store.append_lines(&me, build, fence, append).await })
    });
    let outcomes: Vec<_> = join_all(writers).await.into_iter().map(Result::unwrap).collect();
    assert_eq!(outcomes.iter().filter(|outcome| outcome.is_err()).count(), 20);
    let mut written: Vec<_> = outcomes.into_iter().flatten().flat_map(|committed| committed.lines).collect();
    written.sort_by_key(|line| line.no);
    assert_eq!(store.read_log(me, build, LineNo::ZERO, 100, None).await.unwrap().lines, written);
}

async fn readers_see_one_moment(world: &World) {
    let World { store, me, .. } = world;
    let build = world.build().await.id;
    let writer = {
        let (store, me) = (store.clone(), me.clone());
        tokio::spawn(async move {
            for n in 0..100 {
                store
                    .update_build(&me, build, Fence::Bystander, Append::default(), |state| {
                        state.build.external_url = Some(n.to_string());
                    })
                    .await
                    .unwrap();
            }
        })
    };
    while !writer.is_finished() {
        let (state, heads) = store.build_state(me, build).await.unwrap().unwrap();
        assert_eq!(state.build.revision, heads.event);
    }
    writer.await.unwrap();
    assert_eq!(store.heads(me, build).await.unwrap().unwrap().event, EventSeq(101));
}

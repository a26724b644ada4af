//! Following.

use alm_build_spi::{Access, BuildProvider, CancellationToken, ProviderError, ResumeToken, RunRef};
use alm_domain::Observation;
use futures::StreamExt;

use crate::support::Rig;

const PIPELINE: &str = "stages:
  a:
    run: i=0; while [ $i -lt 2000 ]; do echo a $i; i=$((i+1)); done
  b:
    needs: a
    run: i=0; while [ $i -lt 200 ]; do echo b $i; i=$((i+1)); done
";

fn flat(observations: &[Observation]) -> Vec<Observation> {
    let mut flat = Vec::new();
    for observation in observations {
        match observation {
            Observation::Lines(lines) => flat.extend(lines.iter().map(|l| Observation::Lines(vec![l.clone()]))),
            other => flat.push(other.clone()),
        }
    }
    flat
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn from_every_token_the_rest_is_the_same() {
    let rig = Rig::new(PIPELINE);
    let run = rig.start().await;
    let live = rig.told(&run).await;
    let whole = rig.told(&run).await;
    assert_eq!(flat(&live.observations), flat(&whole.observations));
    assert!(live.tokens.len() > 2);
    let behind_the_end = live.tokens.last().cloned();
    let mut nothing = rig.provider().follow(&Access::default(), &run, behind_the_end, CancellationToken::new());
    assert!(nothing.next().await.is_none(), "behind the end there is nothing");
    for token in &live.tokens[..live.tokens.len() - 1] {
        let rest = flat(&rig.follow(&run, Some(token.clone()), |_| false).await.observations);
        let all = flat(&whole.observations);
        assert_eq!(rest, all[all.len() - rest.len()..]);
    }
    // The heads that go with the rests: what was heard up to each token, and what follows it, is everything.
    let mut heard = 0;
    let mut stream = rig.provider().follow(&Access::default(), &run, None, CancellationToken::new());
    while let Some(item) = stream.next().await {
        let item = item.unwrap();
        heard += flat(&item.observations).len();
        if item.observations.last() != Some(&Observation::Complete) {
            let rest = rig.follow(&run, Some(item.resume), |_| false).await;
            assert_eq!(heard + flat(&rest.observations).len(), flat(&whole.observations).len());
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn foreign_tokens_and_unknown_runs_are_refused() {
    let rig = Rig::new(PIPELINE);
    let (one, two) = (rig.start().await, rig.start().await);
    let told = rig.told(&one).await;
    rig.told(&two).await;
    let mine = &told.tokens[1].0;
    let parts: Vec<&str> = mine.split('.').collect();
    let shifted = format!("{}.{}.{}.{}", parts[0], parts[1].parse::<u64>().unwrap() + 1, parts[2], parts[3]);
    let more = format!("{}.{}.{}.{}", parts[0], parts[1], parts[2].parse::<u64>().unwrap() + 1, parts[3]);
    for wrong in [
        "",
        "x",
        "l1.0.0",
        "l1.-1.0.0",
        "l1.99999999999999999999.0.0",
        "l1.18446744073709551615.0.00000000",
        &shifted,
        &more,
        &format!("{mine}x"),
    ] {
        let token = Some(ResumeToken(wrong.to_owned()));
        let mut stream = rig.provider().follow(&Access::default(), &one, token, CancellationToken::new());
        let first = stream.next().await.unwrap();
        assert!(matches!(first, Err(ProviderError::Invalid(_))), "{wrong}: {first:?}");
        assert!(stream.next().await.is_none());
    }
    let foreign = told.tokens.last().cloned();
    let mut stream = rig.provider().follow(&Access::default(), &two, foreign, CancellationToken::new());
    let first = tokio::time::timeout(crate::support::PATIENCE, stream.next()).await.unwrap();
    assert!(matches!(first, Some(Err(ProviderError::Invalid(_)))), "{first:?}");
    for unknown in ["", "../x", "bld_00000000000000000000000000000000"] {
        let run = RunRef(unknown.to_owned());
        let first = rig.provider().follow(&Access::default(), &run, None, CancellationToken::new()).next().await;
        assert!(matches!(first, Some(Err(ProviderError::NotFound(_)))), "{first:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_stopped_follower_ends_quietly() {
    let rig = Rig::new("run: sleep 654325\n");
    let run = rig.start().await;
    let stop = CancellationToken::new();
    let mut stream = rig.provider().follow(&Access::default(), &run, None, stop.clone());
    stream.next().await.unwrap().unwrap();
    stop.cancel();
    let rest: Vec<_> = stream.collect().await;
    assert!(rest.iter().all(Result::is_ok));
    rig.provider().cancel(&Access::default(), &run).await.unwrap();
    rig.told(&run).await;
}

//! What surprises about logs.

use alm_domain::{LogStream, RunStatus};
use chrono::TimeDelta;

use crate::support::{PROJECT, Rig};

#[tokio::test]
async fn init_containers_are_told_too_in_their_order() {
    let rig = Rig::new().await;
    let service = rig.docker("[git-clone] echo cloning\n[manage-dockerfile] echo managing\necho building").await;
    let mut told = rig.start(&service).await;
    told.finish().await;
    assert_eq!(told.texts(), ["cloning", "managing", "building"]);
    assert!(told.lines().iter().all(|line| line.at.is_some()));
}

#[tokio::test]
async fn a_rotated_log_is_a_gap_and_not_silence() {
    let rig = Rig::new().await;
    let service = rig.docker("echo kept\nawait go\nflood 10\nrotate 11\necho end").await;
    let mut told = rig.start(&service).await;
    told.until("its line", |told| told.has_line("kept")).await;
    rig.cluster.faults().refuse();
    rig.cluster.open_gate("go");
    rig.build_until(&told.name.clone(), |build| build["status"]["phase"] == "Complete").await;
    rig.cluster.faults().heal();
    told.finish().await;
    let lines = told.lines();
    let kinds: Vec<_> = lines.iter().map(|line| line.stream).collect();
    assert_eq!(kinds, [LogStream::Stdout, LogStream::Gap, LogStream::Stdout], "{lines:?}");
    assert_eq!((lines[0].text.as_str(), lines[2].text.as_str()), ("kept", "end"));
}

#[tokio::test]
async fn a_stream_that_is_cut_in_the_middle_of_a_line_doubles_and_loses_nothing() {
    let rig = Rig::new().await;
    let service = rig.docker("flood 40\nawait one\nflood 40\nawait two\necho end").await;
    let mut told = rig.start(&service).await;
    for (gate, count) in [("one", 40), ("two", 80)] {
        told.until("its lines", |told| told.lines().len() == count).await;
        rig.cluster.faults().cut_streams();
        rig.cluster.skew(TimeDelta::minutes(-30));
        rig.cluster.open_gate(gate);
    }
    told.finish().await;
    let expected: Vec<_> = (1..=40).chain(1..=40).map(|n| format!("line {n}")).chain(["end".to_owned()]).collect();
    assert_eq!(told.texts(), expected);
}

#[tokio::test]
async fn what_the_pod_takes_with_it_is_a_gap() {
    let rig = Rig::new().await;
    let service = rig.docker("echo before\nhang").await;
    let mut told = rig.start(&service).await;
    told.until("its line", |told| told.has_line("before")).await;
    rig.cluster.lose_pod(PROJECT, &format!("{}-build", told.name));
    told.finish().await;
    assert_eq!(told.status(), Some(RunStatus::Errored));
    assert_eq!(told.lines()[0].text, "before");
    assert_eq!(told.lines().last().map(|line| line.stream), Some(LogStream::Gap));
}

#[tokio::test]
async fn a_build_that_never_had_a_pod_has_no_log_and_no_gap() {
    let rig = Rig::new().await;
    let service = rig.docker("echo x\nawait first").await;
    let mut first = rig.start(&service).await;
    first.until("its line", |told| told.has_line("x")).await;
    let mut second = rig.start(&service).await;
    second.until("its state", |told| told.status() == Some(RunStatus::Queued)).await;
    alm_build_spi::BuildProvider::cancel(&*rig.provider(), &rig.access(), &second.run).await.unwrap();
    second.finish().await;
    assert_eq!((second.status(), second.lines().len()), (Some(RunStatus::Cancelled), 0));
    rig.cluster.open_gate("first");
}

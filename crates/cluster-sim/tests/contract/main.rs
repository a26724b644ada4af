//! The simulator answers as real servers did: what was recorded is sent to it again, and the answers are compared whole, apart from
//! times, uids, versions and secrets.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail as tests do")]

mod compare;
mod deviations;
mod excluded;
mod player;
mod recording;
mod rig;
mod story;

use std::collections::BTreeMap;

use player::{Deviation, Player};

async fn play(deviation: Option<Deviation>) -> BTreeMap<String, Vec<String>> {
    let mut player = Player::new(deviation).await;
    story::demo(&mut player).await;
    story::oauth(&mut player).await;
    story::controller(&mut player).await;
    story::tekton(&mut player).await;
    player.played
}

fn wrong(played: &BTreeMap<String, Vec<String>>) -> Vec<String> {
    let wrong = played.iter().filter_map(|(name, found)| {
        let found: Vec<&str> = found.iter().map(String::as_str).filter(|found| !excluded::is(name, found)).collect();
        (!found.is_empty()).then(|| format!("{name}\n    {}", found.join("\n    ")))
    });
    wrong.collect()
}

#[tokio::test]
async fn the_simulator_answers_as_real_servers_did() {
    let played = play(None).await;
    let wrong = wrong(&played);
    println!("{} played, {} differ", played.len(), wrong.len());
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), played.len(), wrong.join("\n"));
}

#[tokio::test]
async fn every_recording_is_played_or_excluded_with_a_reason() {
    let played = play(None).await;
    let excluded = excluded::all();
    let all = recording::all();
    let forgotten: Vec<&String> =
        all.keys().filter(|name| !played.contains_key(*name) && !excluded.contains_key(name.as_str())).collect();
    assert!(forgotten.is_empty(), "neither played nor excluded: {forgotten:?}");
    let needless: Vec<&&str> = excluded
        .keys()
        .filter(|name| played.get(**name).is_some_and(Vec::is_empty) || !all.contains_key(**name))
        .collect();
    assert!(needless.is_empty(), "excluded although they pass, or unknown: {needless:?}");
}

#[tokio::test]
async fn planted_deviations_are_caught() {
    for (what, deviation) in deviations::ALL {
        let wrong = wrong(&play(Some(*deviation)).await);
        assert!(!wrong.is_empty(), "nobody notices that {what}");
    }
}

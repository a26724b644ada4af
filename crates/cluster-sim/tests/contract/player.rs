//! Sends what was recorded and keeps what differs.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::{
    compare::{Answer, Masks, differences},
    recording::{Recording, all},
    rig::Rig,
};

/// A deviation of the simulator, planted: how it would answer.
pub(crate) type Deviation = fn(&Recording, &mut Answer);

pub(crate) struct Player {
    pub(crate) rig: Rig,
    pub(crate) last: Answer,
    recordings: BTreeMap<String, Recording>,
    masks: Masks,
    deviation: Option<Deviation>,
    /// What differs, by recording; empty where nothing does.
    pub(crate) played: BTreeMap<String, Vec<String>>,
}

impl Player {
    pub(crate) async fn new(deviation: Option<Deviation>) -> Self {
        let last = Answer { status: 0, location: None, body: Value::Null };
        let rig = Rig::new(alm_cluster_sim::Options::default()).await;
        Self { rig, last, recordings: all(), masks: Masks::new(), deviation, played: BTreeMap::new() }
    }

    pub(crate) async fn play(&mut self, names: &[&str]) {
        for name in names {
            let recording = self.recordings.get(*name).unwrap_or_else(|| panic!("{name} was not recorded")).clone();
            self.exchange(&recording).await;
        }
    }

    async fn exchange(&mut self, recording: &Recording) {
        let mut given = self.rig.send(recording).await;
        self.last = given.clone();
        if let Some(deviate) = self.deviation {
            deviate(recording, &mut given);
        }
        let location = recording.headers.get("location").cloned();
        let recorded = Answer { status: recording.status, location, body: recording.answer.clone() };
        let subset = recording.name.contains("discovery-ap");
        let found = differences(&self.masks.answer(&recorded), &self.masks.answer(&given), subset);
        self.played.entry(recording.name.clone()).or_default().extend(found);
    }

    /// As [`play`](Self::play), where the body carries the version of an object.
    pub(crate) async fn with_version_of(&mut self, object: &Value, name: &str) {
        let mut recording = self.recordings[name].clone();
        recording.body["metadata"]["resourceVersion"] = object["metadata"]["resourceVersion"].clone();
        recording.body["metadata"]["uid"] = object["metadata"]["uid"].clone();
        self.exchange(&recording).await;
    }

    /// A watch from a version.
    pub(crate) async fn play_from(&mut self, version: u64, name: &str) {
        let mut recording = self.recordings[name].clone();
        recording.path = recording.path.replace("resourceVersion=575", &format!("resourceVersion={version}"));
        self.exchange(&recording).await;
    }

    /// Starts a build that was not recorded.
    pub(crate) async fn instantiate(&self, project: &str, config: &str) {
        let address = format!(
            "{}/apis/build.openshift.io/v1/namespaces/{project}/buildconfigs/{config}/instantiate",
            self.rig.cluster.url()
        );
        let body = json!({"kind": "BuildRequest", "apiVersion": "build.openshift.io/v1", "metadata": {"name": config}});
        let client = reqwest::Client::builder().build().unwrap();
        let made =
            client.post(address).bearer_auth(&self.rig.values["<ALICE_TOKEN>"]).json(&body).send().await.unwrap();
        assert_eq!(made.status(), 201);
    }
}

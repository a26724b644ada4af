//! Recorded exchanges with real servers.

use serde::Deserialize;
use serde_json::Value;
use std::collections::BTreeMap;

/// One exchange. Tokens, codes and the like are placeholders in it.
#[derive(Debug, Clone, Deserialize)]
pub(crate) struct Recording {
    pub(crate) name: String,
    #[serde(default)]
    pub(crate) who: String,
    pub(crate) authorization: Option<String>,
    pub(crate) method: String,
    pub(crate) path: String,
    pub(crate) accept: Option<String>,
    #[serde(rename = "type")]
    pub(crate) media: Option<String>,
    pub(crate) csrf: Option<String>,
    #[serde(default)]
    pub(crate) cookie: bool,
    #[serde(default)]
    pub(crate) body: Value,
    pub(crate) status: u16,
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
    #[serde(default)]
    pub(crate) answer: Value,
}

/// All of them, by name.
pub(crate) fn all() -> BTreeMap<String, Recording> {
    let files = [
        include_str!("../recordings/cluster.jsonl"),
        include_str!("../recordings/fabric8.jsonl"),
        include_str!("../recordings/tekton.jsonl"),
    ];
    let lines = files.iter().flat_map(|file| file.lines());
    let read = lines.map(|line| serde_json::from_str::<Recording>(line).unwrap());
    read.map(|recording| (recording.name.clone(), recording)).collect()
}

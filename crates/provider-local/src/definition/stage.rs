//! One stage, before its needs are resolved.

use std::time::Duration;

use alm_domain::{StageKey, StageKind, is_web_address, shorten};

use super::{
    condition::when,
    duration::duration,
    fields::Fields,
    frames::{self, Around, DEEPEST},
    keys,
    model::{Input, Retry, StageDefinition, When, WhenResult},
    node::{Mark, Node, Value},
    parameter::parameters,
    problem::{Path, Problems},
    text::{boolean, items, line},
    work,
};

/// A stage, the names that it needs, and what is inside it.
#[derive(Debug)]
pub(super) struct Raw {
    /// Complete but for `needs` and `parent`.
    pub(super) definition: StageDefinition,
    /// Where its key stands.
    pub(super) at: Mark,
    /// Its path in the file.
    pub(super) path: String,
    /// What is written under `needs`; `None` where there is no such key.
    pub(super) needs: Option<Vec<RawNeed>>,
    /// What is inside a frame.
    pub(super) inside: Vec<Raw>,
}

/// A name under `needs`.
#[derive(Debug)]
pub(super) struct RawNeed {
    pub(super) text: String,
    pub(super) at: Mark,
    pub(super) path: String,
}

/// A question has at most this many inputs.
const MOST_INPUTS: usize = 50;
const MOST_NEEDS: usize = 200;
const MOST_RETRIES: i64 = 10;

/// Reads a stage. What could not be read is left out and has been told; the stage itself stays, so that others may need it.
#[expect(clippy::too_many_arguments, reason = "the place of a stage is told in full, once")]
pub(super) fn stage(
    key: &str,
    at: Mark,
    node: &Node,
    fields: Option<&Fields<'_>>,
    path: &Path<'_>,
    around: &Around<'_>,
    count: &mut usize,
    problems: &mut Problems,
) -> Raw {
    let mut raw = Raw { definition: blank(key, around), at, path: path.to_string(), needs: None, inside: Vec::new() };
    let Some(fields) = fields else { return raw };
    let stage = &mut raw.definition;
    if let Some(name) = fields.get("name").and_then(|node| line(node, 200, &path.key("name"), problems)) {
        stage.name = name;
    }
    raw.needs = fields.get("needs").map(|node| needs(node, &path.key("needs"), problems));
    let frame = fields.entry("parallel").or_else(|| fields.entry("stages"));
    if let Some(frame) = frame {
        stage.kind = if frame.key == "parallel" { StageKind::Parallel } else { StageKind::Sequence };
        if let (Some(_), Some(second)) = (fields.entry("parallel"), fields.entry("stages")) {
            problems.add(
                second.at,
                &path.key("stages"),
                "stands together with `parallel`: a frame is one of the two, so put one inside the other",
            );
        }
        for entry in fields.iter().filter(|entry| !keys::OF_FRAMES.contains(&entry.key.as_str())) {
            let message =
                format!("does not belong to a frame, which only holds `{}`: write it at the stages inside", frame.key);
            problems.add(entry.at, &path.key(&entry.key), message);
        }
        stage.when = condition(fields, WhenResult::Success, path, around, problems);
        let mut env = around.env.clone();
        env.extend(fields.get("env").map(|node| work::env(node, &path.key("env"), problems)).unwrap_or_default());
        let within =
            Around { prefix: format!("{}{key}/", around.prefix), depth: around.depth + 1, env, ..around.clone() };
        let path = path.key(&frame.key);
        if within.depth > DEEPEST {
            problems.add(frame.at, &path, format!("is inside {DEEPEST} other frames: nest them less"));
        } else {
            raw.inside = frames::stages(&frame.node, &path, &within, count, problems);
        }
        return raw;
    }
    leaf(stage, node, fields, path, around, problems);
    raw
}

fn blank(key: &str, around: &Around<'_>) -> StageDefinition {
    StageDefinition {
        key: StageKey::from(format!("{}{key}", around.prefix)),
        name: key.to_owned(),
        kind: StageKind::Work,
        parent: None,
        needs: Vec::new(),
        when: None,
        input: None,
        work: None,
        timeout: None,
        retry: Retry::default(),
        allow_failure: false,
        environment: None,
        url: None,
    }
}

fn leaf(
    stage: &mut StageDefinition,
    node: &Node,
    fields: &Fields<'_>,
    path: &Path<'_>,
    around: &Around<'_>,
    problems: &mut Problems,
) {
    let mut flag =
        |key: &str| fields.get(key).and_then(|node| boolean(node, &path.key(key), problems)).unwrap_or(false);
    let finally = flag("finally");
    stage.allow_failure = flag("allow-failure");
    let usual = if finally { WhenResult::Always } else { WhenResult::Success };
    stage.when = condition(fields, usual, path, around, problems);
    stage.input = fields.get("input").and_then(|node| input(node, &path.key("input"), problems));
    stage.timeout = fields.get("timeout").and_then(|node| duration(node, false, &path.key("timeout"), problems));
    stage.retry = fields.get("retry").map(|node| retry(node, &path.key("retry"), problems)).unwrap_or_default();
    stage.environment =
        fields.get("environment").and_then(|node| environment(node, &path.key("environment"), problems));
    stage.url = fields.get("url").and_then(|node| url(node, &path.key("url"), problems));
    if let (Some(entry), None) = (fields.entry("url"), fields.entry("environment")) {
        let message = "means nothing for a stage that deploys nowhere: give the stage `environment`, or take it out";
        problems.add(entry.at, &path.key("url"), message);
    }
    if fields.get("run").is_some() {
        let mut work = work::work(fields, path, problems);
        work.env.clone_from(&around.env);
        work.env.extend(fields.get("env").map(|node| work::env(node, &path.key("env"), problems)).unwrap_or_default());
        stage.work = Some(work);
    } else {
        stage.kind = StageKind::Approval;
        if fields.get("input").is_none() && !fields.had_strangers {
            problems.add(node.at, path, "does nothing: give it `run`, `input`, `parallel` or `stages`");
        }
        for key in keys::OF_WORK {
            if let Some(entry) = fields.entry(key) {
                let remedy =
                    if *key == "timeout" { "write it inside `input`" } else { "give the stage `run`, or take it out" };
                problems.add(entry.at, &path.key(key), format!("means nothing for a stage that only asks: {remedy}"));
            }
        }
    }
    if finally {
        stage.kind = StageKind::Finally;
        stage.when.get_or_insert_with(|| When { result: WhenResult::Always, ..When::default() });
        if let (true, Some(entry)) = (around.depth > 0, fields.entry("finally")) {
            problems.add(
                entry.at,
                &path.key("finally"),
                "stands inside a frame: move the stage out of it, it runs at the end of the whole build",
            );
        }
    }
}

fn condition(
    fields: &Fields<'_>,
    usual: WhenResult,
    path: &Path<'_>,
    around: &Around<'_>,
    problems: &mut Problems,
) -> Option<When> {
    fields.get("when").and_then(|node| when(node, usual, around.parameters, &path.key("when"), problems))
}

fn needs(node: &Node, path: &Path<'_>, problems: &mut Problems) -> Vec<RawNeed> {
    if matches!(node.value, Value::Map(_)) {
        problems.add(node.at, path, "is a map: write the key of a stage, or a list of keys");
        return Vec::new();
    }
    let list = items(node);
    if list.len() > MOST_NEEDS {
        problems.add(
            node.at,
            path,
            format!(
                "has {} names, and at most {MOST_NEEDS} are taken: put stages into a frame, and need that",
                list.len()
            ),
        );
    }
    let is_list = matches!(node.value, Value::List(_));
    let mut needs: Vec<RawNeed> = Vec::new();
    for (index, item) in list.iter().enumerate().take(MOST_NEEDS) {
        let indexed = path.index(index);
        let path = if is_list { &indexed } else { path };
        let Some(text) = item.scalar() else {
            problems.add(item.at, path, format!("is {}: write the key of a stage", item.kind()));
            continue;
        };
        if needs.iter().any(|earlier| earlier.text == text) {
            problems.add(item.at, path, format!("{:?} is there twice: keep one", shorten(text)));
        } else {
            needs.push(RawNeed { text: text.to_owned(), at: item.at, path: path.to_string() });
        }
    }
    needs
}

fn retry(node: &Node, path: &Path<'_>, problems: &mut Problems) -> Retry {
    let times = |node: &Node, path: &Path<'_>, problems: &mut Problems| match &node.value {
        Value::Integer(value @ 0..=MOST_RETRIES, _) => u32::try_from(*value).unwrap_or_default(),
        _ => {
            let given = node.scalar().map_or_else(|| node.kind().to_owned(), shorten);
            problems.add(node.at, path, format!("{given} is not a number of retries: write 0 to {MOST_RETRIES}"));
            0
        }
    };
    if !matches!(node.value, Value::Map(_)) {
        return Retry { max: times(node, path, problems), delay: Duration::ZERO };
    }
    let Some(fields) = Fields::read(node, &keys::RETRY, path, problems) else { return Retry::default() };
    let delay =
        fields.get("delay").and_then(|node| duration(node, true, &path.key("delay"), problems)).unwrap_or_default();
    let Some(max) = fields.get("max") else {
        problems.add(node.at, path, "does not say how often: give it `max`");
        return Retry::default();
    };
    Retry { max: times(max, &path.key("max"), problems), delay }
}

fn input(node: &Node, path: &Path<'_>, problems: &mut Problems) -> Option<Input> {
    let proceed_label = "Proceed".to_owned();
    if !matches!(node.value, Value::Map(_)) {
        let message = line(node, 500, path, problems)?;
        return Some(Input { message, proceed_label, parameters: Vec::new(), timeout: None });
    }
    let fields = Fields::read(node, &keys::INPUT, path, problems)?;
    if let (Some(_), Some(second)) = (fields.entry("proceed"), fields.entry("ok")) {
        problems.add(second.at, &path.key("ok"), "stands together with `proceed`, which means the same: keep one");
    }
    let label = fields.entry("proceed").or_else(|| fields.entry("ok"));
    let label = label.and_then(|entry| line(&entry.node, 60, &path.key(&entry.key), problems));
    let parameters = fields
        .get("parameters")
        .map(|node| parameters(node, MOST_INPUTS, &path.key("parameters"), problems))
        .unwrap_or_default();
    let timeout = fields.get("timeout").and_then(|node| duration(node, false, &path.key("timeout"), problems));
    let Some(message) = fields.get("message") else {
        problems.add(node.at, path, "asks nothing: give it `message` with the question");
        return None;
    };
    let message = line(message, 500, &path.key("message"), problems)?;
    Some(Input { message, proceed_label: label.unwrap_or(proceed_label), parameters, timeout })
}

fn environment(node: &Node, path: &Path<'_>, problems: &mut Problems) -> Option<String> {
    if matches!(node.value, Value::Map(_)) {
        problems.add(node.at, path, "is a map: write the name of the target as text; variables belong under `env`");
        return None;
    }
    line(node, 63, path, problems)
}

fn url(node: &Node, path: &Path<'_>, problems: &mut Problems) -> Option<String> {
    let text = line(node, 1_000, path, problems)?;
    if !is_web_address(&text) {
        problems.add(node.at, path, "is no address of a page: write one such as https://staging.example.org");
        return None;
    }
    Some(text)
}

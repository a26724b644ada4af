//! Needs made into edges, and the proof that they can all be met.

use std::collections::HashMap;

use alm_domain::{StageKind, shorten};

use super::{
    model::StageDefinition,
    problem::Problems,
    stage::{Raw, RawNeed},
    text::did_you_mean,
};

/// What a stage waits for is told to clients in one list.
const MOST_EDGES: usize = 200;

/// A stage in display order, with what is needed to resolve it.
struct Flat<'a> {
    raw: &'a Raw,
    parent: Option<usize>,
    /// The one before it in its frame.
    before: Option<usize>,
}

/// Stages in display order with their needs resolved.
pub(super) fn resolve(raw: &[Raw], problems: &mut Problems) -> Vec<StageDefinition> {
    let mut flat = Vec::new();
    flatten(raw, None, &mut flat);
    let index: HashMap<&str, usize> =
        flat.iter().enumerate().map(|(at, stage)| (stage.raw.definition.key.as_str(), at)).collect();
    let mut edges: Vec<Vec<usize>> = Vec::with_capacity(flat.len());
    for (at, stage) in flat.iter().enumerate() {
        // A frame comes before what is inside it, so its own edges are there already.
        let mut own = stage.parent.map(|parent| edges[parent].clone()).unwrap_or_default();
        let stated = match &stage.raw.needs {
            Some(needs) => needs.iter().filter_map(|need| target(at, need, &flat, &index, problems)).collect(),
            None => in_sequence(stage, &flat),
        };
        for need in stated {
            if !own.contains(&need) {
                own.push(need);
            }
        }
        if own.len() > MOST_EDGES {
            let message = format!(
                "waits for {} stages with those of its frames, and at most {MOST_EDGES} are taken: need a frame instead",
                own.len()
            );
            problems.add_at(stage.raw.at, stage.raw.path.clone(), message);
        }
        edges.push(own);
    }
    report_cycles(&flat, &edges, problems);
    wait_for_the_rest(&flat, &mut edges);
    let key = |at: &usize| flat[*at].raw.definition.key.clone();
    flat.iter()
        .zip(&edges)
        .map(|(stage, needs)| StageDefinition {
            parent: stage.parent.as_ref().map(key),
            needs: needs.iter().map(key).collect(),
            ..stage.raw.definition.clone()
        })
        .collect()
}

fn flatten<'a>(stages: &'a [Raw], parent: Option<usize>, flat: &mut Vec<Flat<'a>>) {
    let mut before = None;
    for raw in stages {
        let at = flat.len();
        flat.push(Flat { raw, parent, before });
        before = Some(at);
        flatten(&raw.inside, Some(at), flat);
    }
}

fn in_sequence(stage: &Flat<'_>, flat: &[Flat<'_>]) -> Vec<usize> {
    match stage.parent {
        Some(parent) if flat[parent].raw.definition.kind == StageKind::Sequence => stage.before.into_iter().collect(),
        _ => Vec::new(),
    }
}

/// The stage that a need names: a sibling first, then any by its full key.
fn target(
    at: usize,
    need: &RawNeed,
    flat: &[Flat<'_>],
    index: &HashMap<&str, usize>,
    problems: &mut Problems,
) -> Option<usize> {
    let key = flat[at].raw.definition.key.as_str();
    let prefix = &key[..key.rfind('/').map_or(0, |slash| slash + 1)];
    let shown = shorten(&need.text);
    let mut refuse = |message: String| {
        problems.add_at(need.at, need.path.clone(), message);
        None
    };
    let found = index.get(format!("{prefix}{}", need.text).as_str()).or_else(|| index.get(need.text.as_str()));
    let Some(&found) = found else {
        let keys = || flat.iter().map(|stage| stage.raw.definition.key.as_str()).filter(|other| *other != key);
        let siblings = keys().filter_map(|other| other.strip_prefix(prefix)).filter(|rest| !rest.contains('/'));
        let inside = keys().find(|other| other.rsplit('/').next() == Some(&need.text));
        let remedy = match inside.or_else(|| did_you_mean(&need.text, siblings.chain(keys()))) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => "name a stage of this file by its key".to_owned(),
        };
        return refuse(format!("there is no stage {shown:?}: {remedy}"));
    };
    if found == at {
        return refuse(format!("{shown:?} is the stage itself, which cannot wait for its own end: take it out"));
    }
    let mut around = flat[at].parent;
    while let Some(frame) = around {
        if frame == found {
            return refuse(format!("{shown:?} is a frame around this stage, and ends only after it: take it out"));
        }
        around = flat[frame].parent;
    }
    if flat[found].raw.definition.key.as_str().strip_prefix(key).is_some_and(|rest| rest.starts_with('/')) {
        return refuse(format!("{shown:?} is inside this frame, and starts only when the frame does: take it out"));
    }
    let is_finally = |at: usize| flat[at].raw.definition.kind == StageKind::Finally;
    if is_finally(found) && !is_finally(at) {
        return refuse(format!(
            "{shown:?} runs at the end, after all others (`finally`): take it out, or make this stage `finally` too"
        ));
    }
    Some(found)
}

/// Nothing waits for itself: a stage waits for what it needs, and a frame ends when all inside it have.
fn report_cycles(flat: &[Flat<'_>], edges: &[Vec<usize>], problems: &mut Problems) {
    let mut waits: Vec<Vec<usize>> = edges.to_vec();
    for (at, stage) in flat.iter().enumerate() {
        if let Some(parent) = stage.parent {
            waits[parent].push(at);
        }
    }
    #[derive(Clone, Copy, PartialEq)]
    enum Seen {
        Not,
        OnTheWay,
        Done,
    }
    let mut seen = vec![Seen::Not; flat.len()];
    for start in 0..flat.len() {
        if seen[start] != Seen::Not {
            continue;
        }
        seen[start] = Seen::OnTheWay;
        let mut way = vec![(start, 0)];
        while let Some((at, next)) = way.last_mut() {
            let (here, follow) = (*at, waits[*at].get(*next).copied());
            *next += 1;
            match follow {
                None => {
                    seen[here] = Seen::Done;
                    way.pop();
                }
                Some(to) if seen[to] == Seen::Not => {
                    seen[to] = Seen::OnTheWay;
                    way.push((to, 0));
                }
                Some(to) if seen[to] == Seen::OnTheWay => {
                    let from = way.iter().position(|(at, _)| *at == to).unwrap_or(0);
                    let circle: Vec<usize> = way[from..].iter().map(|(at, _)| *at).collect();
                    report(&circle, flat, problems);
                }
                Some(_) => {}
            }
        }
    }
}

fn report(circle: &[usize], flat: &[Flat<'_>], problems: &mut Problems) {
    // The problem stands where somebody wrote `needs`, if anybody of the circle did.
    let Some(&first) = circle.iter().find(|at| flat[**at].raw.needs.is_some()).or_else(|| circle.first()) else {
        return;
    };
    let turned = circle.iter().position(|at| *at == first).unwrap_or(0);
    let mut keys: Vec<&str> = circle
        .iter()
        .cycle()
        .skip(turned)
        .take(circle.len().min(8))
        .map(|at| flat[*at].raw.definition.key.as_str())
        .collect();
    if circle.len() > 8 {
        keys.push("…");
    }
    keys.push(flat[first].raw.definition.key.as_str());
    let stage = flat[first].raw;
    let at = stage.needs.as_ref().and_then(|needs| needs.first()).map_or(stage.at, |need| need.at);
    let message = format!("these wait for each other in a circle, {}: take one of the needs out", keys.join(" → "));
    problems.add_at(at, format!("{}.needs", stage.path), message);
}

/// A `finally` stage is drawn behind everything that nothing else waits for. (It waits for all others in any case.)
fn wait_for_the_rest(flat: &[Flat<'_>], edges: &mut [Vec<usize>]) {
    let is_finally = |at: usize| flat[at].raw.definition.kind == StageKind::Finally;
    let mut awaited = vec![false; flat.len()];
    for (_, needs) in edges.iter().enumerate().filter(|(at, _)| !is_finally(*at)) {
        needs.iter().for_each(|need| awaited[*need] = true);
    }
    let last: Vec<usize> =
        (0..flat.len()).filter(|at| flat[*at].parent.is_none() && !is_finally(*at) && !awaited[*at]).collect();
    for at in (0..flat.len()).filter(|at| is_finally(*at)) {
        let missing: Vec<usize> = last.iter().copied().filter(|need| !edges[at].contains(need)).collect();
        if edges[at].len() + missing.len() <= MOST_EDGES {
            edges[at].extend(missing);
        }
    }
}

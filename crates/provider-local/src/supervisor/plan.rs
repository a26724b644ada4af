//! Which stage runs when: decisions from the definition and from how other stages ended.

use std::collections::HashMap;

use alm_domain::{ParameterValue, ReasonCode, RunStatus, StageKey, StageKind, StatusReason};

use super::board::is_frame;
use crate::definition::{Globs, StageDefinition, WhenResult};

/// What a stage is to do now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Turn {
    /// Something that it needs has not ended.
    Wait,
    /// It is its turn.
    Go,
    /// It is left out, for this reason.
    Skip(StatusReason),
}

/// How a stage ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Ended {
    pub(crate) status: RunStatus,
    pub(crate) reason: Option<StatusReason>,
    /// Whether what needs it may go on.
    pub(crate) is_good: bool,
}

impl Ended {
    pub(crate) fn new(status: RunStatus, reason: Option<StatusReason>) -> Self {
        let is_good = status.lets_others_go_on(reason.as_ref());
        Self { status, reason, is_good }
    }
}

/// What conditions are about.
#[derive(Debug, Clone, Default)]
pub(crate) struct Context {
    /// The branch or tag that is built.
    pub(crate) branch: String,
    pub(crate) parameters: Vec<ParameterValue>,
}

/// The graph of the stages that do something; frames are resolved into what is inside them.
#[derive(Debug)]
pub(crate) struct Plan {
    pub(crate) stages: Vec<StageDefinition>,
    /// For each stage, frames too, the stages that it needs, by place.
    needs: Vec<Vec<usize>>,
    /// The same without what its frame needs: what its own condition is about.
    own_needs: Vec<Vec<usize>>,
    /// For each stage the frames around it, outermost first.
    around: Vec<Vec<usize>>,
}

impl Plan {
    pub(crate) fn new(stages: Vec<StageDefinition>) -> Self {
        let index: HashMap<&StageKey, usize> = stages.iter().enumerate().map(|(i, s)| (&s.key, i)).collect();
        let parent_of = |at: usize| stages[at].parent.as_ref().and_then(|key| index.get(key)).copied();
        let around: Vec<Vec<usize>> = (0..stages.len())
            .map(|at| {
                let mut frames: Vec<usize> = std::iter::successors(parent_of(at), |frame| parent_of(*frame)).collect();
                frames.reverse();
                frames
            })
            .collect();
        let inside = |frame: usize| -> Vec<usize> {
            (0..stages.len()).filter(|at| !is_frame(stages[*at].kind) && around[*at].contains(&frame)).collect()
        };
        let resolve = |keys: &mut dyn Iterator<Item = &StageKey>| -> Vec<usize> {
            let mut needs: Vec<usize> = keys
                .filter_map(|key| index.get(key).copied())
                .flat_map(|at| if is_frame(stages[at].kind) { inside(at) } else { vec![at] })
                .collect();
            needs.sort_unstable();
            needs.dedup();
            needs
        };
        let needs = stages.iter().map(|stage| resolve(&mut stage.needs.iter())).collect();
        let own_needs = (0..stages.len())
            .map(|at| {
                let of_frame = parent_of(at).map(|frame| stages[frame].needs.as_slice()).unwrap_or_default();
                resolve(&mut stages[at].needs.iter().filter(|key| !of_frame.contains(key)))
            })
            .collect();
        Self { stages, needs, own_needs, around }
    }

    /// The stages that do something.
    pub(crate) fn leaves(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.stages.len()).filter(|at| !is_frame(self.stages[*at].kind))
    }

    /// Everything that a stage builds on: what it needs, what that needs, and so on.
    pub(crate) fn before(&self, at: usize) -> Vec<usize> {
        self.closure(&self.needs[at])
    }

    fn closure(&self, of: &[usize]) -> Vec<usize> {
        let mut seen = of.to_vec();
        let mut next = 0;
        while next < seen.len() {
            for need in &self.needs[seen[next]] {
                if !seen.contains(need) {
                    seen.push(*need);
                }
            }
            next += 1;
        }
        seen.sort_unstable();
        seen
    }

    /// Makes the stages that stay, and the frames around them, wait for one another as they did by way of the others.
    pub(crate) fn bridge(&mut self, stay: &[usize]) {
        let among = |plan: &Self, needs: &[usize]| -> Vec<usize> {
            let mut all = plan.closure(needs);
            all.retain(|need| stay.contains(need) || needs.contains(need));
            all
        };
        let touched: Vec<usize> = stay.iter().copied().chain(self.frames_around(stay)).collect();
        let new: Vec<_> =
            touched.iter().map(|at| (among(self, &self.needs[*at]), among(self, &self.own_needs[*at]))).collect();
        for (at, (needs, own_needs)) in touched.into_iter().zip(new) {
            self.needs[at] = needs;
            self.own_needs[at] = own_needs;
        }
    }

    /// The frames around these stages, in display order.
    pub(crate) fn frames_around(&self, stages: &[usize]) -> Vec<usize> {
        let mut frames: Vec<usize> = stages.iter().flat_map(|at| self.around[*at].iter().copied()).collect();
        frames.sort_unstable();
        frames.dedup();
        frames
    }

    /// Those of these stages that a stage waits for, without those that one of them waits for itself.
    pub(crate) fn direct(&self, at: usize, among: &[usize]) -> Vec<usize> {
        let needs: Vec<usize> = self.needs[at].iter().copied().filter(|need| among.contains(need)).collect();
        let is_before_another = |need: &usize| needs.iter().any(|other| self.before(*other).contains(need));
        needs.iter().copied().filter(|need| !is_before_another(need)).collect()
    }

    /// What this stage is to do, when these have ended (by place): the frames around it are decided first, from the outermost
    /// on, each by what it needs itself, and then the stage by what it needs beyond that.
    pub(crate) fn turn(&self, at: usize, ended: &HashMap<usize, Ended>, context: &Context) -> Turn {
        for frame in &self.around[at] {
            match self.decide(*frame, &self.own_needs[*frame], ended, context) {
                Turn::Go => {}
                Turn::Wait => return Turn::Wait,
                Turn::Skip(reason) => {
                    let message = format!("the frame {:?} is left out: {}", self.stages[*frame].name, reason.message);
                    return Turn::Skip(StatusReason::new(reason.code, message));
                }
            }
        }
        if self.stages[at].kind == StageKind::Finally {
            let others = self.leaves().filter(|other| self.stages[*other].kind != StageKind::Finally);
            let all: Vec<usize> = others.chain(self.needs[at].iter().copied()).collect();
            return self.decide(at, &all, ended, context);
        }
        self.decide(at, &self.own_needs[at], ended, context)
    }

    fn decide(&self, at: usize, waits_for: &[usize], ended: &HashMap<usize, Ended>, context: &Context) -> Turn {
        let stage = &self.stages[at];
        let mut bad = None;
        for need in waits_for {
            match ended.get(need) {
                None => return Turn::Wait,
                Some(end) if !end.is_good => bad = bad.or(Some(*need)),
                Some(_) => {}
            }
        }
        let not_met = |message: String| Turn::Skip(StatusReason::new(ReasonCode::ConditionNotMet, message));
        let result = match &stage.when {
            Some(when) => when.result,
            None if stage.kind == StageKind::Finally => WhenResult::Always,
            None => WhenResult::Success,
        };
        match (result, bad) {
            (WhenResult::Success, Some(bad)) => {
                let message = format!("stage {:?} did not succeed", self.stages[bad].name);
                return Turn::Skip(StatusReason::new(ReasonCode::DependencyFailed, message));
            }
            (WhenResult::Failure, None) => {
                return not_met("it runs only when something before it failed, and nothing did".to_owned());
            }
            _ => {}
        }
        let Some(when) = &stage.when else { return Turn::Go };
        if !when.branch.is_empty() && !Globs::new(&when.branch).is_ok_and(|globs| globs.fits(&context.branch)) {
            return not_met(format!("it runs for {}, and this is {}", when.branch.join(", "), context.branch));
        }
        for (name, allowed) in &when.parameters {
            let value = context.parameters.iter().find(|p| p.name == *name).map(|p| &p.value);
            if !value.is_some_and(|value| allowed.contains(value)) {
                return not_met(format!("the parameter {name} has none of the values that it runs for"));
            }
        }
        Turn::Go
    }
}

#[cfg(test)]
#[path = "plan_tests.rs"]
mod tests;

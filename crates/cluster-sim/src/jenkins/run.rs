//! A run of a pipeline.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use serde_json::{Value, json};

use super::{Input, Run, Stage, credential, sync};
use crate::{
    build::{builds, environment, is_over, set_phase},
    script::{self, Act, fill},
    shared::Shared,
    world::{World, text},
};

/// Why a run does not go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Aborted,
    Gone,
}

/// What becomes of a build that waits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Turn {
    Run,
    Overtaken,
    Leave,
}

struct Runner {
    shared: Arc<Shared>,
    path: String,
    values: BTreeMap<String, String>,
}

/// Runs a pipeline build to its end.
pub(crate) async fn carry_out(shared: Arc<Shared>, build: Value) {
    let (namespace, name) = (text(&build["metadata"]["namespace"]), text(&build["metadata"]["name"]));
    let config = text(&build["status"]["config"]["name"]);
    let number = name.rsplit('-').next().unwrap_or("1").to_owned();
    let path = format!("job/{namespace}/job/{namespace}-{config}/{number}");
    // A serial pipeline waits for the one before, as the plugin makes it (`JenkinsUtils.triggerJob`).
    let turn = shared.until(|world| {
        let kind = builds()?;
        let Some(build) = world.get(kind, &namespace, &name) else { return Some(Turn::Leave) };
        if is_over(build) {
            return Some(Turn::Leave);
        }
        let policy = &build["metadata"]["labels"]["openshift.io/build.start-policy"];
        let mine: u64 = number.parse().unwrap_or(0);
        let busy = world.jenkins.runs.values().any(|run| {
            run.namespace == namespace
                && run.build.strip_suffix(&run.number).and_then(|name| name.strip_suffix('-')) == Some(config.as_str())
                && !run.over
                && run.number.parse().unwrap_or(0) < mine
        });
        let is_newer = |other: &Value| {
            let number = text(&other["metadata"]["name"]).rsplit('-').next().and_then(|number| number.parse().ok());
            let is_wanted = other["status"]["phase"] != "Cancelled" && other["status"]["cancelled"] != true;
            is_wanted && other["status"]["config"]["name"] == *config && number > Some(mine)
        };
        if build["status"]["cancelled"] == true || policy == "Parallel" {
            return Some(Turn::Run);
        }
        let is_overtaken = policy == "SerialLatestOnly" && world.in_namespace(kind, &namespace).any(is_newer);
        (!busy).then_some(if is_overtaken { Turn::Overtaken } else { Turn::Run })
    });
    match turn.await {
        Some(Turn::Run) => {}
        // The plugin neither asks the cluster to cancel it nor gives a reason (`JenkinsUtils.handleBuildList`).
        Some(Turn::Overtaken) => {
            return shared.change(|world| set_phase(world, &namespace, &name, "Cancelled", &json!({})));
        }
        Some(Turn::Leave) | None => return,
    }
    let mut values = environment(&build["spec"]);
    values.insert("BUILD_NUMBER".to_owned(), number.clone());
    let script = shared.read(|world| {
        let own = || text(&build["spec"]["strategy"]["jenkinsPipelineStrategy"]["jenkinsfile"]);
        world.scripts.get(&(namespace.clone(), config.clone())).cloned().unwrap_or_else(own)
    });
    let runner = Runner { shared, path, values };
    runner.change(|run, now| {
        *run = Run { namespace, build: name, number, status: "IN_PROGRESS", began_ms: now, ..Run::default() };
        run.log.push_str("Started by the OpenShift sync plugin\n");
    });
    let ended = runner.act(script::parse(&script)).await;
    runner.change(|run, now| {
        run.over = true;
        run.ended_ms = now;
        for input in run.inputs.iter_mut().filter(|input| input.settled.is_none()) {
            input.settled = Some((false, BTreeMap::new()));
        }
        run.status = ended;
        finish_stage(run, now, if ended == "NOT_BUILT" { "ABORTED" } else { ended });
        run.log.push_str(&format!("Finished: {}\n", if ended == "FAILED" { "FAILURE" } else { ended }));
    });
}

fn finish_stage(run: &mut Run, now: i64, status: &'static str) {
    if let Some(stage) = run.stages.last_mut().filter(|stage| stage.ended_ms.is_none()) {
        stage.ended_ms = Some(now);
        stage.status = status;
        if status == "FAILED" {
            stage.error = Some("script returned exit code 1".to_owned());
        }
    }
}

impl Runner {
    fn change(&self, change: impl FnOnce(&mut Run, i64)) {
        self.shared.change(|world| {
            let now = world.clock.now().timestamp_millis();
            let mut run = world.jenkins.runs.remove(&self.path).unwrap_or_default();
            change(&mut run, now);
            world.jenkins.runs.insert(self.path.clone(), run);
            sync::tell(world, &self.path);
        });
    }

    fn ended(&self, world: &World) -> Option<End> {
        let run = world.jenkins.runs.get(&self.path)?;
        let build = builds().and_then(|kind| world.get(kind, &run.namespace, &run.build));
        match build {
            None => Some(End::Gone),
            Some(build) if run.stopped || build["status"]["cancelled"] == true => Some(End::Aborted),
            Some(_) => None,
        }
    }

    /// Nothing happens while Jenkins is idle.
    async fn until<T>(&self, mut look: impl FnMut(&World) -> Option<T>) -> Result<T, End> {
        let found = self.shared.until(|world| {
            if world.jenkins.idle {
                return None;
            }
            self.ended(world).map(Err).or_else(|| look(world).map(Ok))
        });
        found.await.unwrap_or(Err(End::Gone))
    }

    async fn act(&self, acts: Vec<Act>) -> &'static str {
        for act in acts {
            match self.step(act).await {
                Ok(None) => {}
                Ok(Some(ended)) => return ended,
                Err(End::Aborted | End::Gone) => return "ABORTED",
            }
        }
        "SUCCESS"
    }

    async fn step(&self, act: Act) -> Result<Option<&'static str>, End> {
        self.until(|_| Some(())).await?;
        match act {
            Act::Echo(line) => {
                let line = fill(&line, &self.values);
                self.change(|run, _| run.log.push_str(&format!("{line}\n")));
            }
            Act::Flood(lines) => self.change(|run, _| {
                for n in 1..=lines {
                    run.log.push_str(&format!("line {n}\n"));
                }
            }),
            Act::Stage(name) => self.change(|run, now| {
                finish_stage(run, now, "SUCCESS");
                run.log.push_str(&format!("[Pipeline] {{ ({name})\n"));
                run.stages.push(Stage {
                    name,
                    status: "IN_PROGRESS",
                    began_ms: now,
                    ended_ms: None,
                    paused_ms: 0,
                    paused_since: None,
                    error: None,
                });
            }),
            Act::Environment(namespace, name, service, version, url) => {
                let yaml = format!(
                    "---\nenvironmentName: \"{name}\"\nserviceUrls:\n  {service}: \"{url}\"\ndeploymentVersions:\n  {service}: \"{version}\"\n"
                );
                let yaml = fill(&yaml, &self.values);
                self.change(|run, _| {
                    run.environments.insert(namespace, yaml);
                });
            }
            Act::Credential(binding, id, line) => {
                let id = fill(&id, &self.values);
                let bound = self.shared.read(|world| {
                    let namespace = world.jenkins.runs.get(&self.path).map(|run| run.namespace.clone())?;
                    Some(credential::bound(world, &namespace, &binding, &id))
                });
                return Ok(match bound {
                    Some(Ok(found)) => {
                        let parts = [("USER".to_owned(), found.user), ("SECRET".to_owned(), found.secret)];
                        self.change(|run, _| run.log.push_str(&format!("{}\n", fill(&line, &parts.into()))));
                        None
                    }
                    Some(Err(why)) => {
                        self.change(|run, _| run.log.push_str(&format!("{why}\n")));
                        Some("FAILED")
                    }
                    None => Some("ABORTED"),
                });
            }
            Act::Annotate(garbage) => self.change(|run, _| run.garbage = Some(garbage)),
            Act::Forget => self.change(|run, _| run.silent = true),
            Act::Await(gate) => {
                let gate = fill(&gate, &self.values);
                self.until(|world| world.gates.contains(&gate).then_some(())).await?;
            }
            Act::Sleep(ms) => {
                let end = self.until::<()>(|_| None);
                if let Ok(Err(end)) = tokio::time::timeout(Duration::from_millis(ms), end).await {
                    return Err(end);
                }
            }
            Act::Hang => {
                self.until::<()>(|_| None).await?;
            }
            Act::Input(id, question, parameters, submitter) => {
                let input = Input { id, question, parameters, submitter, settled: None };
                return self.ask(input).await;
            }
            Act::End(result) => return Ok(Some(result)),
            Act::Exit(0) => return Ok(Some("SUCCESS")),
            Act::Exit(_) | Act::Fail(..) => return Ok(Some("FAILED")),
            _ => {}
        }
        Ok(None)
    }

    async fn ask(&self, input: Input) -> Result<Option<&'static str>, End> {
        let mut asked_at = 0;
        let id = input.id.clone();
        self.change(|run, now| {
            asked_at = now;
            run.status = "PAUSED_PENDING_INPUT";
            if let Some(stage) = run.stages.last_mut() {
                stage.status = "PAUSED_PENDING_INPUT";
                stage.paused_since = Some(now);
            }
            run.log.push_str(&format!("{}\nProceed or Abort\n", input.question));
            run.inputs.push(input);
        });
        let settled = self
            .until(|world| {
                let run = world.jenkins.runs.get(&self.path)?;
                run.inputs.iter().rfind(|input| input.id == id)?.settled.clone()
            })
            .await?;
        self.change(|run, now| {
            run.status = "IN_PROGRESS";
            run.paused_ms += now - asked_at;
            if let Some(stage) = run.stages.last_mut() {
                stage.status = "IN_PROGRESS";
                // Nobody answers in no time.
                stage.paused_ms += (now - asked_at).max(1);
                stage.paused_since = None;
            }
            for (name, value) in &settled.1 {
                run.log.push_str(&format!("{name}={value}\n"));
            }
            run.log.push_str(if settled.0 { "Approved\n" } else { "Rejected\n" });
        });
        Ok(if settled.0 { None } else { Some("ABORTED") })
    }
}

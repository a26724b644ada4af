//! Stages of a script.

use alm_domain::{RunStatus, StageKey, StageKind, StageObservation};

/// A stage as a script plans it.
#[derive(Debug, Clone)]
pub struct StageSpec {
    pub(crate) key: StageKey,
    pub(crate) kind: StageKind,
    pub(crate) parent: Option<StageKey>,
    pub(crate) depends_on: Vec<StageKey>,
    pub(crate) late: bool,
    pub(crate) environment: Option<String>,
    pub(crate) url: Option<String>,
}

impl StageSpec {
    /// A stage of work with this key, which is its name too; it depends on nothing, and is planned from the beginning.
    #[must_use]
    pub fn new(key: &str) -> Self {
        Self {
            key: key.into(),
            kind: StageKind::Work,
            parent: None,
            depends_on: Vec::new(),
            late: false,
            environment: None,
            url: None,
        }
    }

    /// Of this kind.
    #[must_use]
    pub const fn kind(mut self, kind: StageKind) -> Self {
        self.kind = kind;
        self
    }

    /// Drawn inside this stage.
    #[must_use]
    pub fn inside(mut self, parent: &str) -> Self {
        self.parent = Some(parent.into());
        self
    }

    /// Runs after these stages.
    #[must_use]
    pub fn after<'a>(mut self, stages: impl IntoIterator<Item = &'a str>) -> Self {
        self.depends_on.extend(stages.into_iter().map(StageKey::from));
        self
    }

    /// Not known before it starts.
    #[must_use]
    pub const fn late(mut self) -> Self {
        self.late = true;
        self
    }

    /// Deploys to the target with this name.
    #[must_use]
    pub fn environment(mut self, name: &str) -> Self {
        self.environment = Some(name.to_owned());
        self
    }

    /// What it deploys can be visited there.
    #[must_use]
    pub fn url(mut self, url: &str) -> Self {
        self.url = Some(url.to_owned());
        self
    }

    pub(crate) fn planned(&self, position: usize) -> StageObservation {
        StageObservation {
            key: self.key.clone(),
            name: self.key.to_string(),
            kind: self.kind,
            status: RunStatus::Planned,
            reason: None,
            parent: self.parent.clone(),
            depends_on: self.depends_on.clone(),
            position: u32::try_from(position).unwrap_or(u32::MAX),
            queued_at: None,
            started_at: None,
            finished_at: None,
            paused: None,
            attempts: Vec::new(),
            environment: self.environment.clone(),
            namespace: None,
            url: self.url.clone(),
            agent: None,
        }
    }
}

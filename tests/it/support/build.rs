//! A build, as the API tells it.

use alm_domain::BuildId;
use serde_json::Value;

/// A build, as the API tells it. Reads like the build itself.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct BuildView(pub(crate) Value);

impl BuildView {
    pub(crate) fn id(&self) -> &str {
        self.text("id")
    }

    /// The id, for talks with the engine.
    pub(crate) fn key(&self) -> BuildId {
        self.id().parse().unwrap()
    }

    pub(crate) fn status(&self) -> &str {
        self.text("status")
    }

    /// Why it is in its state, as a code.
    pub(crate) fn why(&self) -> &str {
        self.text("statusReasonCode")
    }

    /// Why it is in its state, in words.
    pub(crate) fn reason(&self) -> &str {
        self.text("statusReason")
    }

    fn text(&self, field: &str) -> &str {
        self.0[field].as_str().unwrap_or_default()
    }

    /// The stages as `key status`, in order.
    pub(crate) fn stages(&self) -> Vec<String> {
        let said = |stage: &Value, field: &str| stage[field].as_str().unwrap().to_owned();
        self.each("stages").map(|stage| format!("{} {}", said(stage, "key"), said(stage, "status"))).collect()
    }

    pub(crate) fn stage(&self, key: &str) -> &Value {
        self.each("stages").find(|stage| stage["key"] == key).unwrap_or_else(|| panic!("no stage {key}: {:?}", self.0))
    }

    /// The one approval.
    pub(crate) fn approval(&self) -> &Value {
        let approvals: Vec<_> = self.each("approvals").collect();
        assert_eq!(approvals.len(), 1, "{approvals:?}");
        approvals[0]
    }

    /// Whether the API says that this may be done with the build now.
    pub(crate) fn allows(&self, action: &str) -> bool {
        allowed(&self.0, action)
    }

    pub(crate) fn each(&self, list: &str) -> impl Iterator<Item = &Value> {
        self.0[list].as_array().unwrap_or_else(|| panic!("no {list}: {:?}", self.0)).iter()
    }
}

/// What `actions` of an entity says about a verb.
pub(crate) fn allowed(entity: &Value, action: &str) -> bool {
    let actions = entity["actions"].as_array().unwrap();
    let state =
        actions.iter().find(|state| state["action"] == action).unwrap_or_else(|| panic!("{action}: {actions:?}"));
    assert_eq!(state["allowed"].as_bool().unwrap(), state["reason"].is_null(), "a block has a reason: {state}");
    state["allowed"].as_bool().unwrap()
}

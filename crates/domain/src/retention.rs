//! How long builds are kept.

use chrono::TimeDelta;
use serde_json::Value;

use crate::{ConfigurationEntry, SettingDefinition, SettingKind, SettingScope, Settings, Timestamp};

const MAX_BUILDS: &str = "retention.max_builds";
const MAX_DAYS: &str = "retention.max_days";
const MAX_MEBIBYTES: &str = "retention.max_mebibytes";

/// How long the builds of a build service are kept: for ever, unless a limit says otherwise. Only builds that are complete go;
/// the newest one always stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Retention {
    /// At most so many builds.
    pub max_builds: Option<u64>,
    /// At most so many days after their end.
    pub max_days: Option<u32>,
    /// At most so much text of logs and so many bytes of artifacts, taken together.
    pub max_bytes: Option<u64>,
}

impl Retention {
    /// The settings by which it is configured: the service's own, beside those of every provider.
    #[must_use]
    pub fn settings() -> Vec<SettingDefinition> {
        let limit = |key: &str, title: &str, description: &str, max| {
            let description = format!(
                "{description} Builds are kept for ever where no such limit is set; the newest stays in any case."
            );
            let kind = SettingKind::Integer { min: 1, max };
            SettingDefinition::new(key, title, &description, kind, SettingScope::Overridable, None)
        };
        vec![
            limit(MAX_BUILDS, "Builds to keep", "How many builds of a build service are kept.", 1_000_000),
            limit(MAX_DAYS, "Days to keep", "For how many days after its end a build is kept.", 36_500),
            limit(
                MAX_MEBIBYTES,
                "Mebibytes to keep",
                "How many mebibytes the logs and artifacts of a build service's builds may take; the oldest go first.",
                1 << 30,
            ),
        ]
    }

    /// What these effective settings say.
    #[must_use]
    pub fn of(entries: &[ConfigurationEntry]) -> Self {
        let limit = |key: &str| entries.iter().find(|e| e.key == key)?.value.as_ref().and_then(Value::as_u64);
        Self {
            max_builds: limit(MAX_BUILDS),
            max_days: limit(MAX_DAYS).and_then(|days| u32::try_from(days).ok()),
            max_bytes: limit(MAX_MEBIBYTES).map(|mebibytes| mebibytes.saturating_mul(1 << 20)),
        }
    }

    /// Whether nothing ever goes.
    #[must_use]
    pub fn is_for_ever(&self) -> bool {
        *self == Self::default()
    }

    /// The settings without those that are about retention: what a provider is given.
    #[must_use]
    pub fn strip(mut settings: Settings) -> Settings {
        for key in [MAX_BUILDS, MAX_DAYS, MAX_MEBIBYTES] {
            settings.remove(key);
        }
        settings
    }

    /// Whether a build goes: the one before which `newer` newer ones are kept, with which the kept ones come to `bytes`, and which
    /// ended at this time.
    #[must_use]
    pub fn expires(&self, newer: u64, bytes: u64, finished_at: Timestamp, now: Timestamp) -> bool {
        newer > 0
            && (self.max_builds.is_some_and(|max| newer >= max)
                || self.max_bytes.is_some_and(|max| bytes > max)
                || self.max_days.is_some_and(|max| now - finished_at > TimeDelta::days(i64::from(max))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_goes_without_a_limit_and_the_newest_never_does() {
        let (long_ago, now) = (Timestamp::UNIX_EPOCH, Timestamp::UNIX_EPOCH + TimeDelta::days(10_000));
        assert!(!Retention::default().expires(1_000_000, u64::MAX, long_ago, now));
        let strict = Retention { max_builds: Some(1), max_days: Some(1), max_bytes: Some(1) };
        assert!(!strict.expires(0, u64::MAX, long_ago, now));
        assert!(strict.expires(1, 0, now, now));
    }

    #[test]
    fn each_limit_counts_by_itself() {
        let now = Timestamp::UNIX_EPOCH + TimeDelta::days(100);
        let by_age = Retention { max_days: Some(10), ..Retention::default() };
        assert!(by_age.expires(1, 0, now - TimeDelta::days(11), now));
        assert!(!by_age.expires(1, 0, now - TimeDelta::days(10), now));
        let by_count = Retention { max_builds: Some(3), ..Retention::default() };
        assert!(by_count.expires(3, 0, now, now) && !by_count.expires(2, 0, now, now));
        let by_size = Retention { max_bytes: Some(10), ..Retention::default() };
        assert!(by_size.expires(1, 11, now, now) && !by_size.expires(1, 10, now, now));
    }
}

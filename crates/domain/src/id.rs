//! Typed ids: a prefix that says what it names, and a UUIDv7.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::{ApprovalKey, IdSource, StageKey, shorten};

/// Why a text is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{value:?} is not an id of this kind: expected `{prefix}_` and 32 hexadecimal digits")]
pub struct IdError {
    /// What the id should begin with, without the underscore.
    pub prefix: &'static str,
    /// What was given, shortened.
    pub value: String,
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
            pub struct $name(Uuid);

            impl $name {
                /// What every id of this kind begins with.
                pub const PREFIX: &'static str = $prefix;

                /// A new id; ids of one source sort by the time at which they were made.
                #[must_use]
                pub fn generate(ids: &dyn IdSource) -> Self {
                    Self(ids.next_uuid())
                }

                /// The id around this UUID.
                #[must_use]
                pub const fn from_uuid(uuid: Uuid) -> Self {
                    Self(uuid)
                }

                /// The UUID inside.
                #[must_use]
                pub const fn as_uuid(self) -> Uuid {
                    self.0
                }
            }

            impl fmt::Display for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    write!(f, concat!($prefix, "_{}"), self.0.as_simple())
                }
            }

            impl fmt::Debug for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    fmt::Display::fmt(self, f)
                }
            }

            impl FromStr for $name {
                type Err = IdError;

                fn from_str(text: &str) -> Result<Self, IdError> {
                    parse($prefix, text).map(Self)
                }
            }

            impl Serialize for $name {
                fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                    serializer.collect_str(self)
                }
            }

            impl<'de> Deserialize<'de> for $name {
                fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                    let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                    text.parse().map_err(de::Error::custom)
                }
            }
        )*

        /// An id of any kind, for lookups of any entity.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum AnyId {
            $(
                #[doc = concat!("A `", $prefix, "_…` id.")]
                $name($name),
            )*
        }

        impl FromStr for AnyId {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                match text.split_once('_').map(|(prefix, _)| prefix) {
                    $(Some($prefix) => text.parse().map(Self::$name),)*
                    _ => Err(IdError { prefix: "a known prefix", value: shorten(text) }),
                }
            }
        }
    };
}

ids! {
    /// Names a project.
    ProjectId = "prj";
    /// Names a registered provider.
    ProviderId = "prv";
    /// Names a build service.
    ServiceId = "svc";
    /// Names a build.
    BuildId = "bld";
    /// Names a stage of one build.
    StageId = "stg";
    /// Names an approval of one build.
    ApprovalId = "apr";
    /// Names a person.
    UserId = "usr";
    /// Names an environment of a project.
    EnvironmentId = "env";
    /// Names a personal access token.
    PersonalTokenId = "tok";
    /// Names what one person was granted in one environment.
    GrantId = "grt";
    /// Names this service as an OAuth client.
    OAuthClientId = "oac";
    /// Names a record of the audit trail.
    AuditEventId = "aud";
    /// Names a deployment to one environment.
    DeploymentId = "dep";
}

impl StageId {
    /// The id of the stage with this key in this build: always the same one, so that folding an observation twice makes
    /// no second stage.
    #[must_use]
    pub fn of(build: BuildId, key: &StageKey) -> Self {
        Self(derived(build.0, "stage", key.as_str().as_bytes()))
    }
}

impl DeploymentId {
    /// The id of the deployment to this environment that this build carries out: always the same one.
    #[must_use]
    pub fn of(by: BuildId, environment: EnvironmentId) -> Self {
        Self(derived(by.as_uuid(), "deployment", environment.as_uuid().as_bytes()))
    }
}

impl ApprovalId {
    /// The id of the approval with this key in this build: always the same one.
    #[must_use]
    pub fn of(build: BuildId, key: &ApprovalKey) -> Self {
        Self(derived(build.0, "approval", key.as_str().as_bytes()))
    }
}

impl GrantId {
    /// The id of what this person has in this environment: always the same one, also before anything was granted.
    #[must_use]
    pub fn of(environment: EnvironmentId, user: UserId) -> Self {
        Self(derived(environment.0, "grant", user.0.as_bytes()))
    }
}

/// A UUIDv7 with the time of its owner's id and a hash in place of randomness.
fn derived(owner: Uuid, what: &str, key: &[u8]) -> Uuid {
    let mut hash = Sha256::new();
    hash.update(owner.as_bytes());
    hash.update(what.as_bytes());
    hash.update([0]);
    hash.update(key);
    let hash = hash.finalize();
    let mut bytes = [0; 16];
    bytes[..6].copy_from_slice(&owner.as_bytes()[..6]);
    bytes[6..].copy_from_slice(&hash[..10]);
    bytes[6] = (bytes[6] & 0x0f) | 0x70;
    bytes[8] = (bytes[8] & 0x3f) | 0x80;
    Uuid::from_bytes(bytes)
}

fn parse(prefix: &'static str, text: &str) -> Result<Uuid, IdError> {
    text.strip_prefix(prefix)
        .and_then(|rest| rest.strip_prefix('_'))
        .filter(|hex| hex.len() == 32 && hex.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b)))
        .and_then(|hex| Uuid::try_parse(hex).ok())
        .ok_or_else(|| IdError { prefix, value: shorten(text) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{SequentialIds, SystemIds};

    #[test]
    fn an_id_reads_back_as_it_was_written() {
        let id = BuildId::generate(&SystemIds);
        assert_eq!(id.to_string().parse::<BuildId>(), Ok(id));
        assert_eq!(id.to_string().parse::<AnyId>(), Ok(AnyId::BuildId(id)));
    }

    #[test]
    fn an_id_of_another_kind_is_refused_with_the_expected_prefix() {
        let id = BuildId::generate(&SequentialIds::new(1));
        let refused = id.to_string().parse::<StageId>().unwrap_err();
        assert_eq!(refused.prefix, "stg");
    }

    #[test]
    fn rubbish_is_refused_and_echoed_only_in_part() {
        for rubbish in ["", "bld", "bld_", "bld_xyz", "bld_ABCDEF00000000000000000000000000", &"a".repeat(10_000)] {
            let refused = rubbish.parse::<BuildId>().unwrap_err();
            assert!(refused.value.len() < 100, "{refused}");
            assert!(rubbish.parse::<AnyId>().is_err());
        }
    }

    #[test]
    fn derived_ids_are_stable_distinct_and_well_formed() {
        let build = BuildId::generate(&SystemIds);
        let one = StageId::of(build, &StageKey::from("one"));
        assert_eq!(one, StageId::of(build, &StageKey::from("one")));
        assert_ne!(one, StageId::of(build, &StageKey::from("two")));
        assert_eq!(one.as_uuid().get_version_num(), 7);
    }
}

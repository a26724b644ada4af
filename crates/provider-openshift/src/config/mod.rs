//! Build configurations: what of the service's settings becomes what of a BuildConfig, and back.

mod drift;
mod dropped;
mod image;
mod mount;
mod options;
mod place;
mod read_back;
mod refusal;
mod render;
mod secret_kinds;

pub(crate) use drift::Drift;
pub(crate) use dropped::dropped;
pub(crate) use mount::Mount;
pub(crate) use options::{Options, Strategy, variable_problem};
pub(crate) use read_back::read_back;
pub(crate) use refusal::at_settings;
pub(crate) use render::{ADOPTED, REPOSITORY, SERVICE_LABEL, SETTINGS, annotation, apply, marks};
pub(crate) use secret_kinds::SecretKinds;

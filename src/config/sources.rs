//! Where settings are read from: one layer of figment per file and per variable, so that each value knows its origin.

use std::{
    io::Read,
    path::{Path, PathBuf},
};

use figment::{
    Figment, Metadata, Profile, Provider, Source,
    providers::{Format, Toml},
    value::{Dict, Map, Value},
};

use super::{Environment, Key, Origin, Problem, closest};

/// Variables beginning with `ALM_` that are no settings: read elsewhere, or set for the steps of builds.
const OTHER_VARIABLES: [&str; 13] = [
    "ALM_CONFIG",
    "ALM_URL",
    "ALM_TOKEN",
    "ALM_REQUIRE_POSTGRES",
    "ALM_BUILD_ID",
    "ALM_BUILD_NUMBER",
    "ALM_SERVICE",
    "ALM_STAGE",
    "ALM_ATTEMPT",
    "ALM_COMMIT",
    "ALM_REF",
    "ALM_ENVIRONMENT",
    "ALM_VERSION",
];
const LARGEST_FILE: u64 = 1 << 20;

struct Layer {
    values: Dict,
    name: &'static str,
    source: Source,
}

impl Provider for Layer {
    fn metadata(&self) -> Metadata {
        Metadata::from(self.name, self.source.clone())
    }

    fn data(&self) -> figment::Result<Map<Profile, Dict>> {
        Ok(Profile::Default.collect(self.values.clone()))
    }
}

/// All layers, the strongest last. What is unknown or unreadable is noted in `problems`.
pub(super) fn layers(
    environment: &Environment,
    chosen: Option<&Path>,
    keys: &[Key],
    problems: &mut Vec<Problem>,
) -> Figment {
    let mut figment = Figment::new();
    match file(environment, chosen) {
        Ok(Some((path, values))) => {
            unknown_keys(&path, &values, keys, problems);
            figment = figment.merge(Layer { values, name: "file", source: Source::File(path) });
        }
        Ok(None) => {}
        Err(problem) => problems.push(problem),
    }
    for (name, key) in variables(environment, keys, problems) {
        if let Some(value) = environment.get(&name) {
            match value.to_str() {
                Some(text) => {
                    let value = Dict::from([(key.name.to_owned(), Value::from(text))]);
                    let values = Dict::from([(key.section.to_owned(), Value::from(value))]);
                    figment = figment.merge(Layer { values, name: "variable", source: Source::Custom(name) });
                }
                None => problems.push(Problem(format!("the environment variable {name} is not UTF-8: write it anew"))),
            }
        }
    }
    figment
}

/// The origin that figment kept for a key.
pub(super) fn origin(figment: &Figment, key: &str) -> Origin {
    match figment.find_metadata(key).and_then(|metadata| metadata.source.clone()) {
        Some(Source::File(path)) => Origin::File(path),
        Some(Source::Custom(name)) => Origin::Variable(name),
        _ => Origin::Default,
    }
}

/// The variables that set something, the weaker first.
fn variables<'k>(environment: &Environment, keys: &'k [Key], problems: &mut Vec<Problem>) -> Vec<(String, &'k Key)> {
    let known: Vec<(String, &Key)> = keys.iter().map(|key| (key.variable(), key)).collect();
    for name in environment.iter().map(|(name, _)| name.to_string_lossy()) {
        let foreign = !name.starts_with("ALM_") || name.starts_with("ALM_TEST_");
        if foreign || OTHER_VARIABLES.contains(&&*name) || known.iter().any(|(variable, _)| *variable == name) {
            continue;
        }
        let names = known.iter().map(|(variable, _)| variable.as_str()).chain(["ALM_CONFIG", "ALM_URL", "ALM_TOKEN"]);
        problems.push(Problem(format!(
            "there is no setting for the environment variable {}: {}",
            alm_domain::shorten(&name),
            remedy(closest(&name, names), "unset it")
        )));
    }
    let everywhere = keys.iter().find(|key| key.dotted() == "database.url").map(|key| ("DATABASE_URL".to_owned(), key));
    everywhere.into_iter().chain(known).collect()
}

fn unknown_keys(path: &Path, values: &Dict, keys: &[Key], problems: &mut Vec<Problem>) {
    let dotted: Vec<String> = keys.iter().map(Key::dotted).collect();
    for (section, content) in values {
        let names = match content {
            Value::Dict(_, names) if keys.iter().any(|key| key.section == section) => names,
            Value::Dict(_, names) if !names.is_empty() => {
                // A misspelt section is reported through its keys, since those are what the user looks for.
                names
            }
            _ => {
                problems.push(unknown(path, section, &dotted));
                continue;
            }
        };
        for name in names.keys() {
            let key = format!("{section}.{name}");
            if !dotted.contains(&key) {
                problems.push(unknown(path, &key, &dotted));
            }
        }
    }
}

fn unknown(path: &Path, key: &str, known: &[String]) -> Problem {
    let suggestion = closest(key, known.iter().map(String::as_str));
    let key = alm_domain::shorten(key);
    Problem(format!("there is no setting {key} (in {}): {}", path.display(), remedy(suggestion, "remove it")))
}

fn remedy(suggestion: Option<&str>, otherwise: &str) -> String {
    suggestion
        .map_or_else(|| format!("{otherwise}; `alm config` lists the settings"), |name| format!("did you mean {name}?"))
}

fn file(environment: &Environment, chosen: Option<&Path>) -> Result<Option<(PathBuf, Dict)>, Problem> {
    let (path, wanted_by) = match (chosen, environment.get("ALM_CONFIG")) {
        (Some(path), _) => (path.to_owned(), Some("--config")),
        (None, Some(path)) => (PathBuf::from(path), Some("ALM_CONFIG")),
        (None, None) => {
            let base = environment
                .path("XDG_CONFIG_HOME")
                .or_else(|| environment.path("HOME").map(|home| home.join(".config")));
            match base {
                Some(base) => (base.join("alm/config.toml"), None),
                None => return Ok(None),
            }
        }
    };
    let mut text = String::new();
    let read = std::fs::File::open(&path).and_then(|file| file.take(LARGEST_FILE + 1).read_to_string(&mut text));
    match read {
        Ok(_) if text.len() as u64 > LARGEST_FILE => {
            return Err(Problem(format!("{} is larger than 1 MiB: it is no configuration file", path.display())));
        }
        Ok(_) => {}
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && wanted_by.is_none() => return Ok(None),
        Err(error) => {
            let from = wanted_by.map(|name| format!(", named by {name},")).unwrap_or_default();
            return Err(Problem(format!(
                "the file {}{from} cannot be read ({error}): name one that can",
                path.display()
            )));
        }
    }
    let mut profiles = Toml::string(&text).data().map_err(|error| {
        Problem(format!("the file {} is not TOML: {}", path.display(), error.to_string().trim_end()))
    })?;
    Ok(Some((path, profiles.remove(&Profile::Default).unwrap_or_default())))
}

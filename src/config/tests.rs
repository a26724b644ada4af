//! Stories about configuration.

use std::{fs, path::Path};

use proptest::prelude::*;

use super::{Config, ConfigError, Environment, Origin, closest, reference};

fn load(variables: &[(&str, &str)], file: &str) -> Result<Config, ConfigError> {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("alm.toml");
    fs::write(&path, file).unwrap();
    let home = [("HOME", "/home/ada")];
    Config::load(&Environment::of(home.iter().chain(variables).copied()), Some(&path))
}

fn refused(variables: &[(&str, &str)], file: &str) -> String {
    let text = load(variables, file).unwrap_err().to_string();
    // The folder is another one in every run.
    text.split("/").filter(|part| !part.starts_with(".tmp")).collect::<Vec<_>>().join("/")
}

fn origin(config: &Config, key: &str) -> Origin {
    config.effective().iter().find(|setting| setting.key.dotted() == key).unwrap().origin.clone()
}

#[test]
fn with_nothing_set_the_defaults_hold() {
    let config = Config::load(&Environment::of([("HOME", "/home/ada")]), None).unwrap();
    assert_eq!(config.server.bind.to_string(), "127.0.0.1:8080");
    assert_eq!(config.data.dir, Path::new("/home/ada/.local/share/alm"));
    assert_eq!(config.database_url().expose(), "sqlite:///home/ada/.local/share/alm/db?mode=rwc");
    assert!(config.allow_local_repositories());
    assert_eq!(config.limits.body.get(), 1 << 20);
    assert!(config.effective().iter().all(|setting| setting.origin == Origin::Default));
}

#[test]
fn the_environment_stands_over_the_file_and_the_file_over_the_defaults() {
    let file = "[server]\nbind = '127.0.0.1:1'\n[limits]\nconnections = 7\n";
    let config = load(&[("ALM_SERVER_BIND", "[::1]:2")], file).unwrap();
    assert_eq!(config.server.bind.address(), ("::1", 2));
    assert_eq!(origin(&config, "server.bind"), Origin::Variable("ALM_SERVER_BIND".into()));
    assert_eq!(config.limits.connections.get(), 7);
    assert!(matches!(origin(&config, "limits.connections"), Origin::File(_)));
}

#[test]
fn xdg_folders_are_used_where_they_are_set() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join("alm")).unwrap();
    fs::write(dir.path().join("alm/config.toml"), "[log]\nformat = 'json'\n").unwrap();
    let config = Config::load(
        &Environment::of([("XDG_CONFIG_HOME", dir.path().to_str().unwrap()), ("XDG_DATA_HOME", "/xdg")]),
        None,
    )
    .unwrap();
    assert!(matches!(origin(&config, "log.format"), Origin::File(_)));
    assert_eq!(config.data.dir, Path::new("/xdg/alm"));
}

#[test]
fn without_a_home_the_remedy_is_named() {
    let refused = Config::load(&Environment::default(), None).unwrap_err().to_string();
    assert!(refused.contains("data.dir") && refused.contains("ALM_DATA_DIR"), "{refused}");
}

#[test]
fn a_wrong_key_is_answered_with_the_right_one() {
    let refused = refused(&[("ALM_BIND", "x"), ("ALM_LOG_FORMT", "json")], "[servr]\nbind = 1\n[limits]\nboddy = 1\n");
    for part in [
        "there is no setting for the environment variable ALM_BIND: did you mean ALM_SERVER_BIND?",
        "ALM_LOG_FORMT: did you mean ALM_LOG_FORMAT?",
        "there is no setting servr.bind (in ",
        "did you mean server.bind?",
        "there is no setting limits.boddy",
        "did you mean limits.body?",
    ] {
        assert!(refused.contains(part), "{part} in {refused}");
    }
}

#[test]
fn a_wrong_value_names_key_problem_origin_and_remedy() {
    for (variables, file, expected) in [
        (
            &[("ALM_SERVER_BIND", "8080")][..],
            "",
            "server.bind is \"8080\", which is not an address and a port: write one such as 127.0.0.1:8080 (from: \
             environment variable ALM_SERVER_BIND; set server.bind)",
        ),
        (&[], "limits.connections = 0", "limits.connections is \"0\": write a whole number from 1 to 1000000 (from: "),
        (&[], "[limits]\nbody = '1 PiB'", "limits.body is \"1 PiB\": write a size with its unit, such as 1 MiB"),
        (&[("ALM_LOG_FILTER", "loud")], "", "log.filter is \"loud\": write levels such as info"),
        (&[("ALM_DATA_DIR", "data")], "", "data.dir is \"data\", which is not an absolute path"),
        (&[], "server = 5", "there is no setting server"),
        (&[], "[server]\nbind = ['a']", "server.bind is a table or a list, where one value is expected"),
        (&[], "[[", "is not TOML"),
        (
            &[("ALM_SERVER_ALLOWED_HOSTS", "http://x")],
            "",
            "server.allowed_hosts has \"http://x\", which is no host name",
        ),
        (&[("ALM_SERVER_ALLOWED_ORIGINS", "https://x/y")], "", "server.allowed_origins has \"https://x/y\""),
        (&[("ALM_OUTBOUND_ALLOWED", "10.0.0.0/8,http://x")], "", "outbound.allowed has \"http://x\", which is none"),
        (&[("ALM_VAULT_KEYS", "hunter2")], "", "vault.keys is no key ring: key 1 of the key ring cannot be read"),
        (&[("ALM_DOCUMENTS_ONLY_FOR", "guest")], "", "documents.only_for has \"guest\", which is no role: write admin"),
    ] {
        let refused = refused(variables, file);
        assert!(refused.contains(expected), "{expected}\n in {refused}");
    }
}

#[test]
fn a_file_that_was_asked_for_must_be_there() {
    let refused =
        Config::load(&Environment::of([("HOME", "/h"), ("ALM_CONFIG", "/nowhere/alm.toml")]), None).unwrap_err();
    assert!(refused.to_string().contains("/nowhere/alm.toml, named by ALM_CONFIG, cannot be read"), "{refused}");
}

#[test]
fn a_server_that_others_can_reach_must_know_its_names() {
    let refused = refused(&[("ALM_SERVER_BIND", "0.0.0.0:80")], "");
    assert!(refused.contains("server.allowed_hosts (ALM_SERVER_ALLOWED_HOSTS)"), "{refused}");
    let named = [("ALM_SERVER_BIND", "0.0.0.0:80"), ("ALM_SERVER_ALLOWED_HOSTS", "Builds.example.org, 10.0.0.1:80")];
    let config = load(&named, "").unwrap();
    let hosts: Vec<_> = config.server.allowed_hosts.iter().map(super::HostName::as_str).collect();
    assert_eq!(hosts, ["builds.example.org", "10.0.0.1:80"]);
    assert!(!config.allow_local_repositories(), "only on loopback unless it is set");
}

#[test]
fn the_host_of_the_public_address_need_not_be_listed() {
    let variables =
        [("ALM_SERVER_BIND", "0.0.0.0:80"), ("ALM_SERVER_PUBLIC_URL", "https://builds.example.org:8443/alm")];
    let server = load(&variables, "").unwrap().server;
    assert_eq!(server.hosts(), ["localhost", "127.0.0.1", "[::1]", "builds.example.org"]);
    assert_eq!(server.origins(), ["https://builds.example.org:8443"]);
}

#[test]
fn a_sign_in_that_would_let_in_whom_nobody_meant_is_refused_with_the_remedy() {
    let issuer = ("ALM_SIGN_IN_ISSUER", "https://sso.example.org");
    let audience = ("ALM_SIGN_IN_AUDIENCE", "alm");
    for (variables, expected) in [
        (vec![issuer], "set sign_in.audience (ALM_SIGN_IN_AUDIENCE)"),
        (
            vec![issuer, audience, ("ALM_SIGN_IN_ALGORITHMS", "none")],
            "which is no algorithm with a private key: use RS256",
        ),
        (vec![issuer, audience, ("ALM_SIGN_IN_ALGORITHMS", "RS256,HS256")], "has \"HS256\""),
        (vec![("ALM_SIGN_IN_ISSUER", "http://sso.example.org"), audience], "use https"),
        (vec![("ALM_SIGN_IN_CLUSTER", "http://10.0.0.1:6443")], "use https"),
        (
            vec![("ALM_SIGN_IN_ISSUER", "https://accounts.google.com"), audience],
            "set sign_in.groups (ALM_SIGN_IN_GROUPS)",
        ),
        (vec![("ALM_SIGN_IN_ADMINS", "boss")], "nobody can sign in: set sign_in.issuer"),
        (
            vec![("ALM_SIGN_IN_CLUSTER", "https://api.cluster.example:6443"), ("ALM_SIGN_IN_CLIENT_ID", "alm-ui")],
            "the pages sign in at an issuer only",
        ),
        (vec![issuer, audience, ("ALM_SIGN_IN_AUDIENCE_PARAMETER", "scope")], "write resource or audience"),
        (
            vec![issuer, audience, ("ALM_SIGN_IN_AUDIENCE_PARAMETER", "audience")],
            "set sign_in.client_id (ALM_SIGN_IN_CLIENT_ID)",
        ),
        (
            vec![issuer, audience, ("ALM_SIGN_IN_CLIENT_ID", "alm-ui"), ("ALM_SIGN_IN_AUDIENCE_PARAMETER", "resource")],
            "sign_in.audience is not an address",
        ),
        (vec![("ALM_SIGN_IN_KEEP_TOKEN", "true")], "nobody can sign in: set sign_in.issuer"),
    ] {
        let problem = refused(&variables, "");
        assert!(problem.contains(expected), "{variables:?}: {problem}");
    }
    let problem = refused(&[issuer, audience], "[sign_in]\nalgorithms = []");
    assert!(problem.contains("sign_in.algorithms is empty"), "{problem}");
    assert!(!load(&[], "").unwrap().sign_in.is_on());
    let config = load(&[("ALM_SIGN_IN_ISSUER", "http://127.0.0.1:9000/realm"), audience], "").unwrap();
    assert!(config.sign_in.is_on() && !config.sign_in.keep_token);
    assert_eq!(config.sign_in.issuer.unwrap().as_str(), "http://127.0.0.1:9000/realm", "kept as it was written");
    assert!(load(&[("ALM_SIGN_IN_CLUSTER", "https://api.cluster.example:6443")], "").unwrap().sign_in.is_on());
}

#[test]
fn a_password_is_never_shown() {
    for url in ["postgres://ada:hunter2@db/alm?password=hunter2", "postgres:hunter2", "mysql://ada:hunter2@db/alm"] {
        for variable in ["DATABASE_URL", "ALM_DATABASE_URL"] {
            let said = match load(&[(variable, url)], "") {
                Ok(config) => {
                    assert_eq!(config.database_url().expose(), url);
                    assert_eq!(origin(&config, "database.url"), Origin::Variable(variable.into()));
                    format!("{config:?} {}", config.database_url())
                }
                Err(error) => format!("{error} {error:?}"),
            };
            assert!(!said.contains("hunter2"), "{said}");
        }
    }
}

#[test]
fn our_own_variable_stands_over_the_common_one() {
    let both = [("DATABASE_URL", "postgres://a/b"), ("ALM_DATABASE_URL", "postgres://c/d")];
    assert_eq!(load(&both, "").unwrap().database_url().expose(), "postgres://c/d");
}

#[test]
fn variables_of_build_steps_are_no_settings() {
    assert!(load(&[("ALM_BUILD_ID", "bld_1"), ("ALM_TOKEN", "x"), ("ALM_TEST_DATABASE_URL", "x")], "").is_ok());
}

#[test]
fn the_committed_reference_is_what_the_declarations_say() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/configuration.md");
    if std::env::var_os("UPDATE").is_some() {
        fs::write(&path, reference()).unwrap();
    }
    let committed = fs::read_to_string(&path).unwrap_or_default();
    assert!(committed == reference(), "docs/configuration.md is out of date: run `make reference` and commit it");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn rubbish_meets_an_error_of_bounded_length(file in any::<String>(), value in "[^\0]*", name in "[A-Z_]{0,300}") {
        let name = format!("ALM_{name}");
        if let Err(error) = load(&[(&name, &value)], &file) {
            prop_assert!(error.to_string().len() < 4096, "{}", error);
        }
        let _ = closest(&file, [name.as_str()]);
    }
}

//! The written contract lists the checks as they are.

use std::fmt::Write as _;

use alm_build_spi::conformance::Check;
use alm_domain::Capability;

const PAGE: &str = include_str!("../../../docs/build-spi.md");

#[test]
fn the_page_lists_every_check_with_its_promise() {
    let mut table = "\n\n| check | what it holds the provider to |\n|---|---|\n".to_owned();
    for check in Check::ALL {
        let _ = writeln!(table, "| `{check}` | {} |", check.promise());
    }
    table.push('\n');
    let from = "<!-- checks: kept true by a test -->";
    let written = PAGE.split_once(from).and_then(|(_, rest)| rest.split_once("<!-- /checks -->")).map(|(t, _)| t);
    let same = written.is_some_and(|written| written.trim() == table.trim());
    assert!(same, "docs/build-spi.md: the list of checks should be\n{from}{table}<!-- /checks -->");
}

#[test]
fn the_page_lists_every_capability() {
    for capability in Capability::ALL {
        let name = serde_json::to_value(capability).ok().and_then(|name| name.as_str().map(str::to_owned));
        let row = format!("| `{}` |", name.unwrap_or_default());
        assert!(PAGE.contains(&row), "docs/build-spi.md has no row {row}");
    }
}

//! The reference of all settings, made from their declarations.

use std::fmt::Write;

use super::{Fallback, load::SECTIONS};

const HEAD: &str = "\
# Configuration

Made from the declarations in `src/config/`; a test keeps it in step (`make reference` writes it anew).

Settings come from the environment, over a file, over defaults. The file is TOML: the one that `--config` names, else the one
that `ALM_CONFIG` names, else `$XDG_CONFIG_HOME/alm/config.toml` (`~/.config/alm/config.toml`) if it is there. A key or an
`ALM_` variable that is not in this list is an error that suggests the right one. `alm config` prints what holds, and where
each value came from; secrets are masked. A variable that is empty counts as not set.

```toml
[server]
bind = \"127.0.0.1:9000\"

[limits]
request_timeout = \"20 s\"
```

Read by the commands that talk to a server (`alm build`, `alm decide`): `ALM_URL`, its address, and `ALM_TOKEN`.
";

/// The reference as Markdown.
#[must_use]
pub fn reference() -> String {
    let mut text = HEAD.to_owned();
    for (about, keys) in SECTIONS {
        let section = keys.first().map_or("", |key| key.section);
        let _ = write!(text, "\n## `[{section}]`\n\n{}\n", paragraph(about));
        for key in keys {
            let default = match key.fallback {
                Fallback::Text(text) => format!("`{text}`"),
                Fallback::Unset(words) | Fallback::Computed { words, .. } => words.to_owned(),
            };
            let _ = write!(
                text,
                "\n### `{}`\n\n{}\n\n- Variable: `{}`\n- Value: {}\n- Default: {default}\n",
                key.dotted(),
                paragraph(key.doc),
                key.variable(),
                key.kind,
            );
        }
    }
    text
}

fn paragraph(doc: &str) -> String {
    doc.lines().map(str::trim).collect::<Vec<_>>().join("\n").trim().to_owned()
}

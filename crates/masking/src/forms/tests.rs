//! Each form against an encoder that is not ours.

use std::{
    io::Write as _,
    process::{Command, Stdio},
};

use base64::{
    Engine,
    engine::general_purpose::{STANDARD, URL_SAFE},
};
use proptest::prelude::*;

use crate::Masks;

/// A secret with all that encoders care about.
const SECRET: &str = "p/a+s s'w=o\"r$d\\<&>`~%#é\t!";

fn masked(secret: &str, text: &str) -> String {
    let (masks, gaps) = Masks::of([("secret", secret.as_bytes())]);
    assert_eq!(gaps, []);
    masks.mask(text)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn base64_is_found_wherever_the_secret_stands(
        before in proptest::collection::vec(any::<u8>(), 0..7),
        secret in "[ -~é]{6}[!-~]{4,40}[!-~]{4}",
        after in proptest::collection::vec(any::<u8>(), 0..7),
    ) {
        let whole = [&before, secret.trim().as_bytes(), &after].concat();
        let (masks, _) = Masks::of([("secret", secret.as_bytes())]);
        for encoded in [STANDARD.encode(&whole), URL_SAFE.encode(&whole)] {
            let masked = masks.mask(&encoded);
            // What is left are the characters that also tell of the neighbours, at most one at each end.
            let neighbours = (before.len() + after.len()) * 4 / 3 + 2 + 2 * 2 + "***".len();
            prop_assert!(masked.contains("***") && masked.len() <= neighbours, "{encoded} {masked}");
        }
    }

    #[test]
    fn json_hex_and_forms_are_found_as_libraries_write_them(secret in "[ -~éß😀\t\n]{0,20}[!-~]{8}[ -~é]{0,20}") {
        let secret = secret.trim();
        let (masks, _) = Masks::of([("secret", secret.as_bytes())]);
        let json = serde_json::to_string(&format!("<{secret}>")).unwrap();
        prop_assert_eq!(masks.mask(&json), "\"<***>\"");
        let form: String = url::form_urlencoded::byte_serialize(secret.as_bytes()).collect();
        prop_assert_eq!(masks.mask(&format!("a={form}&b=c")), "a=***&b=c");
        let hex: String = secret.bytes().map(|byte| format!("{byte:02X}")).collect();
        prop_assert_eq!(masks.mask(&format!("0x{hex}.")), "0x***.");
    }
}

/// What a program prints when it is given the secret on its standard input; none where it is not there.
fn printed(program: &str, arguments: &[&str], secret: &str) -> Option<String> {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let Ok(mut child) = command.spawn() else {
        println!("SKIPPED: there is no {program}");
        return None;
    };
    child.stdin.take().unwrap().write_all(secret.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}");
    Some(said)
}

#[test]
fn what_shells_print_is_found() {
    for script in [
        r#"s=$(cat); printf '<%q>' "$s""#,
        r#"s=$(cat); printf '<%s>' "${s@Q}""#,
        r#"s=$(cat); set -x; : "<$s>""#,
        r#"s=$(cat); declare -p s"#,
    ] {
        let Some(said) = printed("bash", &["-c", script], SECRET) else { return };
        let masked = masked(SECRET, &said);
        assert!(masked.contains("***") && masked.len() <= 24, "{script}: {masked}");
    }
}

#[test]
fn what_python_prints_is_found() {
    for expression in [
        "json.dumps(s)",
        "json.dumps(s, ensure_ascii=False)",
        "urllib.parse.quote(s)",
        "urllib.parse.quote_plus(s)",
        "urllib.parse.quote(s, safe='')",
        "shlex.quote(s)",
        "base64.b64encode(b'user:' + s.encode()).decode()",
        "s.encode().hex()",
    ] {
        let program =
            format!("import base64, json, shlex, sys, urllib.parse\ns = sys.stdin.read()\nprint({expression})");
        let Some(said) = printed("python3", &["-c", &program], SECRET) else { return };
        let masked = masked(SECRET, said.trim());
        assert!(masked.contains("***") && masked.len() <= 14, "{expression}: {said} {masked}");
    }
}

#[test]
fn a_key_of_several_lines_is_found_as_tools_break_it() {
    let key: String =
        (0..24).map(|n| format!("{n:02}AbCdEfGhIjKlMnOpQrStUvWxYz+/0123456789abcdefghijklmnopqrstu\n")).collect();
    for (program, arguments) in [
        ("cat", &[][..]),
        ("base64", &[]),
        ("base64", &["--wrap=0"]),
        ("base64", &["--wrap=64"]),
        ("xxd", &["-p"]),
        ("sed", &["s/^/    /"]),
        ("sort", &["--reverse"]),
        ("sed", &["s/$/\\r/"]),
    ] {
        let Some(said) = printed(program, arguments, &key) else { continue };
        let masked = masked(&key, &said);
        let left: String = masked.replace("***", "").split_whitespace().collect();
        // The last group of base64, which holds the line break that is no part of the secret.
        assert!(masked.contains("***") && left.len() <= 4, "{program} {arguments:?}: {masked}");
    }
}

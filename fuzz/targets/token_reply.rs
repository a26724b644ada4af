//! Token replies: whatever is taken fits into a header, and no error repeats a secret.
#![no_main]

use secrecy::ExposeSecret;

const SECRET: &str = "canary-secret-0123456789";

libfuzzer_sys::fuzz_target!(|reply: &[u8]| {
    match alm_credentials::oauth::read_reply(reply, &SECRET.into(), chrono::DateTime::UNIX_EPOCH) {
        Ok(tokens) => {
            let token = tokens.access.expose_secret();
            assert!(!token.is_empty() && token.bytes().all(|b| b.is_ascii_graphic()));
        }
        Err(error) => assert!(!format!("{error} {error:?}").contains("canary-secret")),
    }
});

//! Envelopes of sealed secrets: whatever is taken reads back as it was, and opens only if it was sealed here.
#![no_main]

use std::sync::LazyLock;

use alm_credentials::vault::{Binding, KeyRing, Sealed, SecretKind, Vault};

static VAULT: LazyLock<Option<Vault>> =
    LazyLock::new(|| KeyRing::generate(&mut rand::rng()).ok().map(Vault::with));

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(sealed) = Sealed::parse(bytes.to_vec()) {
        assert_eq!(sealed.as_bytes(), bytes);
        let binding = Binding::new("usr_a", "env_a", SecretKind::AccessToken);
        assert!(VAULT.as_ref().is_none_or(|vault| vault.open(&binding, &sealed).is_err()));
    }
});

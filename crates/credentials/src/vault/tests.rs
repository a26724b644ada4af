use std::os::unix::fs::PermissionsExt;

use proptest::prelude::*;

use super::*;

fn vault() -> Vault {
    Vault::with(KeyRing::generate(&mut rand::rng()).unwrap())
}

fn token() -> Binding {
    Binding::new("usr_a", "env_a", SecretKind::AccessToken)
}

#[test]
fn a_secret_opens_for_what_it_was_sealed_for_and_nothing_else() {
    let vault = vault();
    let sealed = vault.seal(&token(), &"s3cr3t-t0k3n".into()).unwrap();
    assert_eq!(vault.open(&token(), &sealed).unwrap().expose_secret(), "s3cr3t-t0k3n");
    for other in [
        Binding::new("usr_b", "env_a", SecretKind::AccessToken),
        Binding::new("usr_a", "env_b", SecretKind::AccessToken),
        Binding::new("usr_a", "env_a", SecretKind::RefreshToken),
    ] {
        assert!(matches!(vault.open(&other, &sealed), Err(VaultError::Broken { .. })), "{other:?}");
    }
}

#[test]
fn swapped_rows_fail_every_time() {
    let vault = vault();
    let bindings = (0..100).map(|n| Binding::new(format!("usr_{n}"), "env_a", SecretKind::AccessToken));
    let rows = bindings.map(|b| (vault.seal(&b, &"secret".into()).unwrap(), b)).collect::<Vec<_>>();
    let mut refused = 0;
    for (sealed, own) in &rows {
        for (_, other) in rows.iter().filter(|(_, other)| other != own) {
            assert!(vault.open(other, sealed).is_err());
            refused += 1;
        }
    }
    assert_eq!(refused, 100 * 99);
}

#[test]
fn a_change_of_any_byte_is_noticed() {
    let vault = vault();
    let sealed = vault.seal(&token(), &"secret".into()).unwrap();
    for at in 0..sealed.as_bytes().len() {
        for bit in 0..8 {
            let mut bytes = sealed.as_bytes().to_vec();
            bytes[at] ^= 1 << bit;
            let opened = Sealed::parse(bytes).map_err(VaultError::from).and_then(|s| vault.open(&token(), &s));
            assert!(opened.is_err(), "byte {at}, bit {bit}");
        }
    }
}

#[test]
fn the_same_secret_is_never_sealed_alike() {
    let vault = vault();
    let one = vault.seal(&token(), &"secret".into()).unwrap();
    let other = vault.seal(&token(), &"secret".into()).unwrap();
    assert_ne!(one.as_bytes(), other.as_bytes());
    assert_ne!(one.nonce(), other.nonce());
}

#[test]
fn a_new_key_seals_and_the_old_one_still_opens_until_it_is_gone() {
    let old = KeyRing::generate(&mut rand::rng()).unwrap();
    let sealed = Vault::with(old.clone()).seal(&token(), &"secret".into()).unwrap();
    let both = old.with_new_key(&mut rand::rng()).unwrap();
    assert_eq!(both.ids().collect::<Vec<_>>(), ["key-2", "key-1"]);
    let vault = Vault::with(both.clone());
    assert!(vault.needs_rotation(&sealed).unwrap());
    let secret = vault.open(&token(), &sealed).unwrap();
    let again = vault.seal(&token(), &secret).unwrap();
    assert!(!vault.needs_rotation(&again).unwrap());

    let new = Vault::with(both.without("key-1").unwrap());
    assert_eq!(new.open(&token(), &again).unwrap().expose_secret(), "secret");
    let refused = new.open(&token(), &sealed).unwrap_err();
    assert!(refused.to_string().contains("\"key-1\""), "{refused}");
    assert!(both.without("key-2").is_none(), "the active key stays");
}

#[test]
fn a_ring_with_another_key_of_the_same_name_opens_nothing() {
    let sealed = vault().seal(&token(), &"secret".into()).unwrap();
    assert!(matches!(vault().open(&token(), &sealed), Err(VaultError::Broken { .. })));
}

#[test]
fn a_ring_is_made_once_kept_and_seen_to_change() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vault.keys");
    let vault = Vault::in_file(&path, &mut rand::rng()).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no draft is left behind");
    let sealed = vault.seal(&token(), &"secret".into()).unwrap();

    let mut file = RingFile::load(&path).unwrap();
    let both = file.current().unwrap().with_new_key(&mut rand::rng()).unwrap();
    file.replace(&both).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    assert!(vault.needs_rotation(&sealed).unwrap(), "a running server sees the new key");
    assert_eq!(vault.seal(&token(), &"secret".into()).unwrap().key_id(), "key-2");
    let started_again = Vault::in_file(&path, &mut rand::rng()).unwrap();
    assert_eq!(started_again.open(&token(), &sealed).unwrap().expose_secret(), "secret");
}

#[test]
fn a_ring_that_others_can_read_is_refused_with_the_remedy() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("vault.keys");
    let vault = Vault::in_file(&path, &mut rand::rng()).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
    let refused = Vault::in_file(&path, &mut rand::rng()).unwrap_err();
    assert!(refused.to_string().contains("chmod 600"), "{refused}");
    assert!(vault.seal(&token(), &"secret".into()).is_err(), "a running server does not go on with it either");
}

#[test]
fn a_wrong_ring_is_refused_with_its_place_and_without_a_part_of_a_key() {
    let good = KeyRing::generate(&mut rand::rng()).unwrap().write();
    let good = good.expose_secret().trim();
    let (_, key) = good.split_once(':').unwrap();
    for (text, part) in [
        (String::new(), "empty"),
        ("# nothing\n".to_owned(), "empty"),
        (format!("{good}\n{good}"), "two keys named"),
        (format!("{good},{key}"), "key 2"),
        (format!("{good} BIG:{key}"), "key 2"),
        (format!("short:{}", &key[..20]), "32 bytes"),
        (format!("odd:{key}!"), "base64url"),
    ] {
        let refused = KeyRing::parse(&text).unwrap_err().to_string();
        assert!(refused.contains(part), "{refused}");
        assert!(!refused.contains(&key[..8]), "{refused}");
    }
    assert_eq!(KeyRing::parse(&format!("{good}, other:{key}  # two")).unwrap().ids().count(), 2);
}

#[test]
fn nothing_prints() {
    let vault = vault();
    let ring = vault.ring().unwrap();
    let text = ring.write();
    let (_, key) = text.expose_secret().trim().split_once(':').unwrap();
    let sealed = vault.seal(&token(), &"canary-in-the-vault".into()).unwrap();
    let printed = format!("{vault:?} {ring:?} {sealed:?} {:?} {:?}", ring.active(), vault.open(&token(), &sealed));
    assert!(!printed.contains(key) && !printed.contains("canary"), "{printed}");
}

proptest! {
    #[test]
    fn whatever_is_sealed_opens_as_it_was(secret in ".{0,300}", owner in ".{0,40}", subject in ".{0,40}") {
        let vault = vault();
        let binding = Binding::new(&owner, &subject, SecretKind::ServiceSecret);
        let sealed = vault.seal(&binding, &secret.as_str().into()).unwrap();
        let stored = Sealed::parse(sealed.as_bytes().to_vec()).unwrap();
        let opened = vault.open(&binding, &stored).unwrap();
        prop_assert_eq!(opened.expose_secret(), secret.as_str());
    }
}

#[test]
fn too_long_is_said_so() {
    let refused = vault().seal(&token(), &"x".repeat(Sealed::LONGEST_SECRET + 1).into()).unwrap_err();
    assert!(refused.to_string().contains("65536"), "{refused}");
}

//! Section `vault`.

use super::{Fallback, Keys, macros::section};

section! {
    /// How secrets are sealed in the database: tokens of users, secrets of OAuth clients and of build services.
    pub struct Vault in "vault" {
        /// The key ring: keys of the form `id:key`, the key being 32 random bytes in base64url (`alm vault new-key` prints one). The
        /// first key seals, all of them open. Give it where the disk of the server must not hold it; the file is not used then.
        /// Whoever loses the keys loses every secret; whoever has them and the database knows every secret.
        pub keys: Option<Keys> =
            Fallback::Unset("the file `vault.keys` in the data directory, which is made with one key at the first start");
    }
}

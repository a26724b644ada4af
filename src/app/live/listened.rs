//! What is listened to, for as long as somebody does.

use std::{
    collections::HashMap,
    hash::Hash,
    sync::{Arc, Mutex, Weak},
};

use tokio::sync::watch;

use super::locked;

/// What listeners of each key share. A key that nobody listens to costs nothing.
#[derive(Debug)]
pub(super) struct Listened<K, V>(Mutex<HashMap<K, Weak<V>>>);

impl<K, V> Default for Listened<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Eq + Hash, V: Default> Listened<K, V> {
    /// What the listeners of this key share; `None` where nobody listens.
    pub(super) fn heard(&self, key: &K) -> Option<Arc<V>> {
        locked(&self.0).get(key).and_then(Weak::upgrade)
    }

    /// Listens to this key for as long as the result is held.
    pub(super) fn listen(&self, key: K) -> Arc<V> {
        let mut listened = locked(&self.0);
        if let Some(shared) = listened.get(&key).and_then(Weak::upgrade) {
            return shared;
        }
        listened.retain(|_, shared| shared.strong_count() > 0);
        let shared = Arc::new(V::default());
        listened.insert(key, Arc::downgrade(&shared));
        shared
    }
}

/// Wakes whoever waits for it; how often it was rung in between makes no difference.
#[derive(Debug, Default)]
pub(super) struct Bell(watch::Sender<u64>);

impl Bell {
    pub(super) fn ring(&self) {
        self.0.send_modify(|rung| *rung = rung.wrapping_add(1));
    }

    pub(super) fn subscribe(&self) -> watch::Receiver<u64> {
        self.0.subscribe()
    }
}

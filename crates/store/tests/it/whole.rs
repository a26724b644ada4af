//! Opening, migrating, locking, closing.

use alm_store::StoreError;

use crate::support::{World, line};

stories! { migrating_twice_is_once, only_one_server_holds_the_lock, what_is_acknowledged_is_there_after_opening_anew }

async fn migrating_twice_is_once(world: &World) {
    assert_eq!(world.store.pending_migrations().await.unwrap(), 0);
    world.store.migrate().await.unwrap();
    world.store.ping().await.unwrap();
}

async fn only_one_server_holds_the_lock(world: &World) {
    world.store.lock_exclusive().await.unwrap();
    world.store.lock_exclusive().await.unwrap();
    let other = world.open_again().await;
    if world.database.is_postgres() {
        assert!(matches!(other.lock_exclusive().await, Err(StoreError::Locked)));
        world.store.ping().await.unwrap();
    }
    world.store.close().await.unwrap();
    other.lock_exclusive().await.unwrap();
    other.close().await.unwrap();
}

async fn what_is_acknowledged_is_there_after_opening_anew(world: &World) {
    let build = world.build().await.id;
    let heads = world.append(build, vec![line("kept", None)]).await.heads;
    world.store.close().await.unwrap();
    let late = world.store.claim(&world.me, build).await.unwrap_err();
    assert!(late.is_transient(), "{late:?}");
    let again = world.open_again().await;
    assert_eq!(again.heads(&world.me, build).await.unwrap(), Some(heads));
    again.close().await.unwrap();
}

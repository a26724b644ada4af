//! Sealed secrets: kept, replaced, rotated, and gone with their owner.

use alm_domain::{Binding, ProjectEventKind, ProjectRole, Sealed, SecretKind};
use alm_store::{StoreError, UsedKey};

use crate::support::World;

stories! {
    a_secret_of_a_service_is_set_replaced_and_removed,
    a_service_keeps_so_many_secrets_and_no_more,
    the_secrets_of_a_service_go_with_it,
    developers_set_secrets_and_viewers_see_their_names,
    rotation_visits_every_secret_once_and_overwrites_nothing_newer,
}

/// An envelope that nobody can open: the store does not need to.
fn sealed(key: &str, content: u8) -> Sealed {
    Sealed::new(key, &[content; Sealed::NONCE], &[content; 40]).unwrap()
}

async fn a_secret_of_a_service_is_set_replaced_and_removed(world: &World) {
    let World { store, me, service, project, .. } = world;
    let events = store.project_head(me, project.id).await.unwrap().unwrap();
    store.set_service_secret(me, service.id, "B_TOKEN", &sealed("k", 1), 100).await.unwrap();
    let set = store.set_service_secret(me, service.id, "A_TOKEN", &sealed("k", 2), 100).await.unwrap();
    store.set_service_secret(me, service.id, "B_TOKEN", &sealed("k", 3), 100).await.unwrap();

    let known = store.service_secrets(me, &[service.id]).await.unwrap().remove(&service.id).unwrap();
    assert_eq!(known.iter().map(|secret| secret.name.as_str()).collect::<Vec<_>>(), ["A_TOKEN", "B_TOKEN"]);
    assert_eq!((&known[0], &known[0].updated_by), (&set, &me.actor));
    let envelopes = store.sealed_service_secrets(me, service.id).await.unwrap();
    assert_eq!(envelopes[1], (Binding::new(service.id, "B_TOKEN", SecretKind::ServiceSecret), sealed("k", 3)));

    store.remove_service_secret(me, service.id, "B_TOKEN").await.unwrap();
    let again = store.remove_service_secret(me, service.id, "B_TOKEN").await.unwrap_err();
    assert!(matches!(again, StoreError::NotFound), "{again:?}");
    assert_eq!(store.service_secrets(me, &[service.id]).await.unwrap()[&service.id].len(), 1);
    let journal = store.project_journal(me, project.id, events, 100).await.unwrap();
    assert_eq!(journal.len(), 4, "each change is news of the project");
    assert!(journal.iter().all(|event| event.kind == ProjectEventKind::ServiceChanged(service.id)));
}

async fn a_service_keeps_so_many_secrets_and_no_more(world: &World) {
    let World { store, me, service, .. } = world;
    for name in ["ONE", "TWO", "TWO"] {
        store.set_service_secret(me, service.id, name, &sealed("k", 1), 2).await.unwrap();
    }
    let refused = store.set_service_secret(me, service.id, "THREE", &sealed("k", 1), 2).await.unwrap_err();
    assert!(matches!(&refused, StoreError::WrongState(why) if why.contains("remove one")), "{refused:?}");
    let other = world.another_service("other").await;
    store.set_service_secret(me, other.id, "THREE", &sealed("k", 1), 2).await.unwrap();
}

async fn the_secrets_of_a_service_go_with_it(world: &World) {
    let World { store, me, service, .. } = world;
    store.set_service_secret(me, service.id, "ONE", &sealed("k", 1), 100).await.unwrap();
    store.remove_service(me, service.id, None).await.unwrap();
    assert_eq!(store.used_keys().await.unwrap(), []);
    let refused = store.set_service_secret(me, service.id, "ONE", &sealed("k", 1), 100).await.unwrap_err();
    assert!(matches!(refused, StoreError::WrongState(_)), "{refused:?}");
}

async fn developers_set_secrets_and_viewers_see_their_names(world: &World) {
    let World { store, service, .. } = world;
    let developer = world.member("dora", ProjectRole::Developer).await;
    let viewer = world.member("vera", ProjectRole::Viewer).await;
    let stranger = world.person("sven").await;
    store.set_service_secret(&developer, service.id, "ONE", &sealed("k", 1), 100).await.unwrap();
    for (who, found) in [(&viewer, true), (&stranger, false)] {
        let refused = [
            store.set_service_secret(who, service.id, "ONE", &sealed("k", 2), 100).await.map(drop),
            store.remove_service_secret(who, service.id, "ONE").await,
        ];
        for refused in refused {
            let fits = match refused {
                Err(StoreError::Forbidden(_)) => found,
                Err(StoreError::NotFound) => !found,
                _ => false,
            };
            assert!(fits, "{who:?}");
        }
        assert_eq!(store.service_secrets(who, &[service.id]).await.unwrap().contains_key(&service.id), found);
    }
    assert!(matches!(store.sealed_service_secrets(&stranger, service.id).await, Err(StoreError::NotFound)));
    assert_eq!(store.sealed_service_secrets(&developer, service.id).await.unwrap()[0].1, sealed("k", 1));
}

async fn rotation_visits_every_secret_once_and_overwrites_nothing_newer(world: &World) {
    let World { store, me, service, .. } = world;
    let name = |n: u8| format!("SECRET_{n:02}");
    for n in 0..25 {
        store.set_service_secret(me, service.id, &name(n), &sealed("old", n), 100).await.unwrap();
    }
    let (mut after, mut visited) = (None, 0);
    loop {
        let page = store.sealed_under_other_keys("new", after.as_ref(), 10).await.unwrap();
        let Some((last, _)) = page.last() else { break };
        after = Some(last.clone());
        for (n, (binding, old)) in (visited..).zip(page) {
            assert_eq!((binding.subject.as_str(), &old), (name(n).as_str(), &sealed("old", n)));
            visited += 1;
            if n == 7 {
                // Somebody is faster.
                store.set_service_secret(me, service.id, &name(n), &sealed("new", 200), 100).await.unwrap();
            }
            assert_eq!(store.reseal(&binding, &old, &sealed("new", n)).await.unwrap(), n != 7);
        }
    }
    assert_eq!(visited, 25);
    assert_eq!(store.used_keys().await.unwrap(), [UsedKey { id: "new".into(), secrets: 25 }]);
    let kept = store.sealed(&Binding::new(service.id, name(7), SecretKind::ServiceSecret)).await.unwrap();
    assert_eq!(kept, Some(sealed("new", 200)));
    let known = store.service_secrets(me, &[service.id]).await.unwrap();
    assert_eq!(known[&service.id][8].updated_by, me.actor, "who has set it stays");
}

//! Who signs in, who works on what, and what each may do.

use alm_domain::{Ceiling, Principal, ProjectRole, TokenScope};
use alm_store::{Fence, PageRequest, ProjectFilter, ProjectOrder, ProjectPatch, SignIn, StoreError};

use crate::support::{World, new_build, new_project, new_service};

stories! {
    a_person_is_known_by_the_subject_and_a_login_belongs_to_one,
    each_role_may_do_its_own_and_strangers_find_nothing,
    whoever_creates_a_project_owns_it,
    a_project_keeps_an_owner,
    a_token_is_a_ceiling_over_its_owner,
}

fn seen(subject: &str, login: &str) -> SignIn {
    SignIn {
        issuer: "https://issuer.example".into(),
        subject: subject.into(),
        login: login.into(),
        display_name: "Somebody".into(),
        is_admin: false,
    }
}

async fn a_person_is_known_by_the_subject_and_a_login_belongs_to_one(world: &World) {
    let World { store, me, .. } = world;
    let mia = store.sign_in(&seen("1", "mia")).await.unwrap();
    assert_eq!(store.sign_in(&seen("1", "mia")).await.unwrap(), mia);
    let other = store.sign_in(&seen("2", "mia")).await.unwrap();
    assert!(other.id != mia.id && other.login.starts_with("mia-") && other.login.len() == 10, "{}", other.login);
    let elsewhere = SignIn { issuer: "https://other.example".into(), ..seen("1", "mia") };
    assert_ne!(store.sign_in(&elsewhere).await.unwrap().id, mia.id, "another issuer's subject is another person");
    // Nobody takes the name of another by changing his own, nor that of the one user of single-user mode.
    assert_eq!(store.sign_in(&seen("2", "admin")).await.unwrap().login, other.login);
    let renamed = store.sign_in(&seen("1", "mia.b")).await.unwrap();
    assert_eq!((renamed.id, renamed.login.as_str()), (mia.id, "mia.b"));
    let found = store.search_users(me, "mia.", 10).await.unwrap();
    assert_eq!(found.iter().map(|user| user.id).collect::<Vec<_>>(), [mia.id]);
    assert_eq!(store.user_by_login(me, "mia.b").await.unwrap().map(|user| user.id), Some(mia.id));
    assert!(store.search_users(me, "%", 10).await.unwrap().is_empty());
}

/// What came of a try.
fn outcome<T: std::fmt::Debug>(tried: Result<T, StoreError>) -> &'static str {
    match tried {
        Ok(_) => "done",
        Err(StoreError::NotFound) => "not found",
        Err(StoreError::Forbidden(_)) => "forbidden",
        Err(other) => panic!("{other:?}"),
    }
}

async fn each_role_may_do_its_own_and_strangers_find_nothing(world: &World) {
    let World { store, project, service, provider, .. } = world;
    let build = world.build().await;
    let members = [
        (world.person("stranger").await, ["not found"; 5]),
        (world.member("viewer", ProjectRole::Viewer).await, ["forbidden"; 5]),
        (world.member("dev", ProjectRole::Developer).await, ["done", "done", "forbidden", "forbidden", "forbidden"]),
        (world.member("owner", ProjectRole::Owner).await, ["done"; 5]),
    ];
    let somebody = world.person("somebody").await.user().unwrap();
    for (who, expected) in &members {
        let slug = format!("by-{}", who.user().unwrap().as_uuid().as_simple());
        let tried = [
            outcome(store.start_build(who, new_build(service.id), None).await),
            outcome(store.update_build(who, build.id, Fence::Bystander, Default::default(), |_| ()).await),
            outcome(store.update_project(who, project.id, ProjectPatch::default(), None).await),
            outcome(store.create_service(who, new_service(project, provider, &slug)).await),
            outcome(store.add_member(who, project.id, somebody, ProjectRole::Viewer).await),
        ];
        assert_eq!(&tried, expected, "{who:?}");
        let sees = expected[0] != "not found";
        assert_eq!(store.projects(who, &[project.id]).await.unwrap().len(), usize::from(sees));
        assert_eq!(store.builds(who, &[build.id]).await.unwrap().len(), usize::from(sees));
        assert_eq!(store.build_state(who, build.id).await.unwrap().is_some(), sees);
        assert_eq!(store.run_record(who, build.id).await.unwrap().is_some(), sees);
        let all = store.list_projects(who, &ProjectFilter::default(), ProjectOrder::Name, &PageRequest::first(9)).await;
        assert_eq!(all.unwrap().items.len(), usize::from(sees));
    }
}

async fn whoever_creates_a_project_owns_it(world: &World) {
    let World { store, .. } = world;
    let mia = world.person("mia").await;
    let own = store.create_project(&mia, new_project("mine", "Mine")).await.unwrap();
    let members = store.members_of_projects(&mia, &[own.id]).await.unwrap();
    assert_eq!(
        members.iter().map(|m| (m.user, m.role)).collect::<Vec<_>>(),
        [(mia.user().unwrap(), ProjectRole::Owner)]
    );
    assert!(store.members_of_projects(&world.person("ben").await, &[own.id]).await.unwrap().is_empty());
    let system = Principal::system("test");
    let nobodys = store.create_project(&system, new_project("nobodys", "Nobody's")).await.unwrap();
    assert!(store.members_of_projects(&system, &[nobodys.id]).await.unwrap().is_empty());
}

async fn a_project_keeps_an_owner(world: &World) {
    let World { store, project, me, .. } = world;
    let (first, mia) = (me.user().unwrap(), world.member("mia", ProjectRole::Viewer).await);
    let second = mia.user().unwrap();
    for refused in [
        store.remove_member(me, project.id, first).await.unwrap_err(),
        store.change_member(me, project.id, first, ProjectRole::Developer).await.unwrap_err(),
    ] {
        assert!(matches!(&refused, StoreError::WrongState(why) if why.contains("last owner")), "{refused:?}");
    }
    let (changed, _) = store.change_member(me, project.id, second, ProjectRole::Owner).await.unwrap();
    assert!(changed.revision > project.revision, "whoever follows the project is told");
    store.remove_member(me, project.id, first).await.unwrap();
    assert!(matches!(store.remove_member(&mia, project.id, first).await, Err(StoreError::NotFound)));
    assert!(matches!(store.remove_member(&mia, project.id, second).await, Err(StoreError::WrongState(_))));
    let twice = store.add_member(&mia, project.id, second, ProjectRole::Viewer).await;
    assert!(matches!(twice, Err(StoreError::Taken { .. })), "{twice:?}");
}

async fn a_token_is_a_ceiling_over_its_owner(world: &World) {
    let World { store, project, service, .. } = world;
    let other = store.create_project(&world.me, new_project("other", "Other")).await.unwrap();
    let reader = world.me.clone().with_ceiling(Ceiling::of(&[TokenScope::Read], Some(vec![project.id])));
    assert_eq!(outcome(store.start_build(&reader, new_build(service.id), None).await), "forbidden");
    assert_eq!(store.projects(&reader, &[project.id, other.id]).await.unwrap().len(), 1);
    let viewer =
        world.member("viewer", ProjectRole::Viewer).await.with_ceiling(Ceiling::of(&[TokenScope::Admin], None));
    assert_eq!(outcome(store.start_build(&viewer, new_build(service.id), None).await), "forbidden");
    assert!(matches!(store.remove_provider(&viewer, world.provider.id, None).await, Err(StoreError::Forbidden(_))));
    let writer = world.me.clone().with_ceiling(Ceiling::of(&[TokenScope::Write], None));
    assert_eq!(outcome(store.start_build(&writer, new_build(service.id), None).await), "done");
    assert_eq!(outcome(store.create_project(&writer, new_project("no", "No")).await), "forbidden");
}

//! What administrators read, a page at a time: `lanyard_auth::records`.

use std::time::Duration;

use lanyard_auth::audit::By;
use lanyard_auth::records::{Page, Records, SessionPlace, UserPlace};
use lanyard_auth::store::{EndReason, NewUser, Store, User, UserId};
use uuid::Uuid;

use super::{
    ABSOLUTE, Harness, MILLISECOND, SETTLE, START, new_user, rotation, row, seen, session, sid, user,
};

/// Makes a user of this name and address, a different one for each `n`.
async fn person(store: &dyn Store, n: u8, name: &str, email: &str) -> User {
    let new = NewUser { name: name.into(), email: email.into(), ..new_user(n) };
    store.create_user(&new, &By::default()).await.unwrap()
}

/// The whole list, read in pages of so many; also how many pages that were.
async fn read(records: &dyn Records, search: Option<&str>, most: u32) -> (Vec<User>, usize) {
    let (mut people, mut pages, mut after) = (Vec::new(), 0, None);
    loop {
        let Page { rows, next } = records.users(search, after.as_ref(), most).await.unwrap();
        assert!(rows.len() <= most as usize, "{rows:?}");
        people.extend(rows);
        pages += 1;
        match next {
            Some(_) => after = next,
            None => return (people, pages),
        }
    }
}

/// The names of those whom a search finds.
async fn names(db: &impl Harness, search: &str) -> Vec<String> {
    let (people, _) = read(&*db.records(), Some(search), 2).await;
    people.into_iter().map(|user| user.name).collect()
}

pub async fn one_person_is_read_by_id_and_address(db: impl Harness) {
    let (store, records) = (db.store(), db.records());
    let ada = user(&*store, 1).await;
    user(&*store, 2).await;
    assert_eq!(records.user(ada.id).await.unwrap(), Some(ada.clone()));
    assert_eq!(records.user_by_email(&ada.email).await.unwrap(), Some(ada.clone()));
    assert_eq!(records.user(UserId(Uuid::nil())).await.unwrap(), None);
    for nobody in ["", "user1", "user1@example.com\0", "\0", "nobody@example.com"] {
        assert_eq!(records.user_by_email(nobody).await.unwrap(), None);
    }
    store.disable_user(ada.id, &By::default()).await.unwrap();
    assert_eq!(records.user(ada.id).await.unwrap().unwrap().disabled_at, Some(START));
}

pub async fn people_are_listed_newest_first_a_page_at_a_time(db: impl Harness) {
    let (store, records) = (db.store(), db.records());
    assert_eq!(read(&*records, None, 3).await, (Vec::new(), 1));
    let mut made = Vec::new();
    for n in 1..=7 {
        made.push(user(&*store, n).await);
        // Two at a time have one moment.
        if n % 2 == 0 {
            db.pass(MILLISECOND).await;
        }
    }
    made.sort_by_key(|user| std::cmp::Reverse((user.created_at, user.id)));
    for (most, pages) in [(1, 7), (2, 4), (3, 3), (6, 2), (7, 1), (200, 1)] {
        assert_eq!(read(&*records, None, most).await, (made.clone(), pages), "{most} a page");
    }

    let first = records.users(None, None, 3).await.unwrap();
    assert_eq!(first.next, Some(UserPlace::Made { at: made[2].created_at, id: made[2].id }));
    // Whoever comes meanwhile is before the first page: nobody is skipped or repeated.
    db.pass(MILLISECOND).await;
    user(&*store, 8).await;
    let second = records.users(None, first.next.as_ref(), 3).await.unwrap();
    assert_eq!(second.rows, made[3..6]);
}

pub async fn people_are_found_by_how_a_word_begins(db: impl Harness) {
    let store = db.store();
    person(&*store, 1, "Ada Lovelace", "ada@example.com").await;
    person(&*store, 2, "Grace Hopper", "grace@navy.example").await;
    person(&*store, 3, "Zoë O'Hara-Ádám", "zoe%_\\'@example.com").await;
    person(&*store, 4, "Adam", "first@example.com").await;

    for (search, found) in [
        ("ada", &["Ada Lovelace", "Adam"][..]),
        ("ada@", &["Ada Lovelace"]),
        ("adam", &["Adam"]),
        ("lov", &["Ada Lovelace"]),
        ("ada lovelace", &["Ada Lovelace"]),
        ("ada l", &["Ada Lovelace"]),
        ("zoë o'hara-ádám", &["Zoë O'Hara-Ádám"]),
        ("grace@navy.example", &["Grace Hopper"]),
        ("navy.example", &["Grace Hopper"]),
        ("zoë", &["Zoë O'Hara-Ádám"]),
        ("o'hara-á", &["Zoë O'Hara-Ádám"]),
        ("zoe%_\\'@", &["Zoë O'Hara-Ádám"]),
    ] {
        assert_eq!(names(&db, search).await, found, "{search}");
    }
    // Neither in the middle of a word, nor by a pattern, nor by what can't be a word at all.
    for nothing in [
        "da",
        "ovelace",
        "a lovelace",
        "ada  lovelace",
        "lovelace ada",
        "ada lovelacee",
        "a%",
        "a_a",
        "%",
        "_",
        "*",
        "z*",
        "\0",
        "ada\0",
        "Ada",
        "zz",
    ] {
        assert_eq!(names(&db, nothing).await, [""; 0], "{nothing:?}");
    }
    assert_eq!(names(&db, &"a".repeat(2_000)).await, [""; 0]);
}

pub async fn a_person_is_found_once_and_in_one_order(db: impl Harness) {
    let (store, records) = (db.store(), db.records());
    // Each of them by several words, and all of them by one.
    for (n, name) in
        ["Eve Example", "Eve Ebenezer", "Bob Evening", "Example Eve", "Eve"].into_iter().enumerate()
    {
        let n = u8::try_from(n).unwrap();
        person(&*store, n, name, &format!("eve{n}@example.com")).await;
    }
    for search in ["e", "ev", "eve", "eve e", "ex", "example", "example.com"] {
        let (all, _) = read(&*records, Some(search), 200).await;
        let mut ids: Vec<_> = all.iter().map(|user| user.id).collect();
        ids.sort();
        ids.dedup();
        assert_eq!(ids.len(), all.len(), "{search}: nobody twice");
        for most in 1..=6 {
            assert_eq!(read(&*records, Some(search), most).await.0, all, "{search}, {most} a page");
        }
    }
    let everybody: Vec<_> = (0..5).map(|n| new_user(n).id).collect();
    let found = |people: Vec<User>| people.into_iter().map(|user| user.id).collect::<Vec<_>>();
    assert_eq!(
        found(read(&*records, Some("example.com"), 2).await.0),
        everybody,
        "by one word, in one order"
    );
    // One by "ebenezer", before all who are found by "eve".
    let by_e = names(&db, "e").await;
    assert_eq!(by_e[0], "Eve Ebenezer");
    assert_eq!(by_e.len(), 5);
    assert_eq!(names(&db, "eve e").await, ["Eve Ebenezer", "Eve Example"], "by two words");

    let first = records.users(Some("example.com"), None, 2).await.unwrap();
    let place = UserPlace::Found { word: "example.com".into(), id: everybody[1] };
    assert_eq!(first.next, Some(place));
}

pub async fn a_renamed_person_is_found_by_the_new_name_alone(db: impl Harness) {
    let store = db.store();
    let ada = person(&*store, 1, "Ada Byron", "ada@example.com").await;
    person(&*store, 2, "Grace Byron", "grace@example.com").await;
    store.rename_user(ada.id, "Countess LOVELACE", &By::default()).await.unwrap();
    assert_eq!(names(&db, "byron").await, ["Grace Byron"]);
    for word in ["countess", "countess love", "lovelace", "ada@", "ada"] {
        assert_eq!(names(&db, word).await, ["Countess LOVELACE"], "{word}");
    }
}

/// Those who had their accounts while only single words of a name were kept are found like everybody; `put_back` makes
/// the database one of that time.
pub async fn assert_people_of_before_are_found<H: Harness>(db: H, put_back: impl AsyncFnOnce(&H)) {
    let store = db.store();
    person(&*store, 1, "Ada Lovelace", "ada@adam.example").await;
    person(&*store, 2, "  ADAM  Ada\tadam ", "ada.adam@adam.example").await;
    person(&*store, 3, "%_' Émile", "b@b.example").await;
    drop(store);
    // Of the migration, the moment is told too.
    let dump = async |db: &H| {
        db.dump()
            .await
            .into_iter()
            .filter(|row| !row.contains("names") && !row.contains("addresses"))
            .collect::<Vec<_>>()
    };
    let before = dump(&db).await;
    put_back(&db).await;
    assert_eq!(names(&db, "ada lovelace").await, [""; 0], "as it was");
    let db = db.reopen().await;
    assert_eq!(dump(&db).await, before);
    assert_eq!(names(&db, "%_' é").await, ["%_' Émile"]);
}

/// However many they are.
pub async fn assert_a_crowd_of_before_is_found<H: Harness>(db: H, make_2001: impl AsyncFnOnce(&H)) {
    make_2001(&db).await;
    let db = db.reopen().await;
    for search in ["crowd", "of peop", "people.example"] {
        assert_eq!(read(&*db.records(), Some(search), 200).await.0.len(), 2_001, "{search}");
    }
}

pub async fn live_sessions_are_listed_newest_first_a_page_at_a_time(db: impl Harness) {
    let (store, records) = (db.store(), db.records());
    let (ada, grace) = (user(&*store, 1).await, user(&*store, 2).await);
    let nobodys = records.live_sessions(None, ABSOLUTE, None, 5).await.unwrap();
    assert_eq!((nobodys.row.rows.len(), nobodys.row.next, nobodys.now), (0, None, START));
    for n in 1..=9 {
        session(&*store, if n % 3 == 0 { &grace } else { &ada }, n).await;
        if n % 2 == 0 {
            db.pass(MILLISECOND).await;
        }
    }
    store.end_sessions(&[sid(4), sid(6)], EndReason::SignedOut, &By::default()).await.unwrap();

    // Two of one moment in the order of their ids.
    for (whose, expected) in [
        (None, &[9, 8, 7, 5, 3, 2, 1][..]),
        (Some(ada.id), &[8, 7, 5, 2, 1]),
        (Some(grace.id), &[9, 3]),
        (Some(UserId(Uuid::nil())), &[]),
    ] {
        let expected: Vec<_> = expected.iter().map(|n| sid(*n)).collect();
        for most in [1, 2, 3, 7, 200] {
            let (mut listed, mut after) = (Vec::new(), None);
            loop {
                let page = records.live_sessions(whose, ABSOLUTE, after, most).await.unwrap().row;
                assert!(page.rows.len() <= most as usize);
                listed.extend(page.rows.iter().map(|session| session.sid));
                let Some(next) = page.next else { break };
                after = Some(next);
            }
            assert_eq!(listed, expected, "{most} a page");
        }
    }
    let first = records.live_sessions(None, ABSOLUTE, None, 1).await.unwrap().row;
    let alone = row(&*store, sid(9)).await;
    assert_eq!(format!("{:?}", first.rows[0]), format!("{alone:?}"), "as it is read alone");
    assert_eq!(first.next, Some(SessionPlace { at: alone.created_at, sid: alone.sid }));

    // Those of the first moment have reached their absolute limit.
    db.set_time(START.after(ABSOLUTE)).await;
    let left = records.live_sessions(None, 2 * ABSOLUTE, None, 200).await.unwrap().row;
    assert_eq!(left.rows.iter().map(|session| session.sid).collect::<Vec<_>>(), [9, 8, 7, 5, 3].map(sid));
}

/// However many have gone idle, a page is as full as it can be without them: the limit is in the question.
pub async fn an_idle_session_is_on_no_page(db: impl Harness) {
    let (store, records) = (db.store(), db.records());
    let ada = user(&*store, 1).await;
    let old = session(&*store, &ada, 1).await;
    for n in 2..=40 {
        session(&*store, &ada, n).await;
    }
    db.pass(SETTLE).await;
    store.rotate(&rotation(seen(old, 0, true), 41)).await.unwrap().unwrap();
    for whose in [None, Some(ada.id)] {
        for most in [1, 5, 200] {
            let page = records.live_sessions(whose, SETTLE, None, most).await.unwrap().row;
            assert_eq!(page.rows.iter().map(|it| it.sid).collect::<Vec<_>>(), [old], "{most} a page");
            assert_eq!(page.next, None);
        }
        let before = records.live_sessions(whose, SETTLE + MILLISECOND, None, 200).await.unwrap().row;
        assert_eq!(before.rows.len(), 40, "one moment before they are idle");
    }
    for forever in [Duration::MAX, 100 * 365 * ABSOLUTE] {
        assert_eq!(records.live_sessions(None, forever, None, 200).await.unwrap().row.rows.len(), 40);
    }
}

/// Somebody with an address that was kept before there was one form, a different one for each `n`.
async fn of_before(db: &impl Harness, n: u8, email: &str) -> User {
    db.pass(MILLISECOND).await;
    person(&*db.store(), n, "Ada", email).await
}

/// Addresses of before are brought into the one form; `put_back` makes the database one of that time.
pub async fn assert_addresses_of_before_are_brought_up<H: Harness>(db: H, put_back: impl AsyncFnOnce(&H)) {
    let kept = [
        // The oldest of those that come to the same has it, unless somebody has it already.
        (1, "zoe\u{308}@example.com", "zo\u{eb}@example.com"),
        (2, "zo\u{eb}\u{200b}@example.com", "zo\u{eb}\u{200b}@example.com"),
        (3, "ada@b\u{fc}cher.example", "ada@b\u{fc}cher.example"),
        (4, "ada@xn--bcher-kva.example", "ada@xn--bcher-kva.example"),
        (5, "\u{202e}moc.elpmaxe@eve", "moc.elpmaxe@eve"),
        // No address any more, and nobody loses an account for that.
        (6, "\"quoted one\"@example.com", "\"quoted one\"@example.com"),
        (7, "bob@[192.0.2.1]", "bob@[192.0.2.1]"),
        (8, "grace@example.com", "grace@example.com"),
    ];
    for (n, email, _) in kept {
        of_before(&db, n, email).await;
    }
    put_back(&db).await;
    let db = db.reopen().await;
    let records = db.records();
    for (n, _, email) in kept {
        let user = records.user(new_user(n).id).await.unwrap().unwrap();
        assert_eq!(user.email, email);
        assert_eq!(
            db.store().credentials(email).await.unwrap().unwrap().password_hash,
            new_user(n).password_hash
        );
    }
    let left = records.old_addresses(200).await.unwrap();
    assert_eq!(left.iter().map(|user| user.id).collect::<Vec<_>>(), [2, 3, 6, 7].map(|n| new_user(n).id));
    assert_eq!(records.old_addresses(1).await.unwrap().len(), 1);
    assert_eq!(names(&db, "b\u{fc}cher").await, ["Ada", "Ada"], "found by the domain as it is read");
    assert_eq!(names(&db, "zo\u{eb}@").await, ["Ada", "Ada"]);
    // Once more changes nothing.
    let before = db.dump().await;
    let db = db.reopen().await;
    assert_eq!(db.dump().await, before);
}

/// However many they are.
pub async fn assert_a_crowd_of_addresses_is_brought_up<H: Harness>(db: H, make_2001: impl AsyncFnOnce(&H)) {
    make_2001(&db).await;
    let db = db.reopen().await;
    assert_eq!(read(&*db.records(), Some("xn--bcher-kva"), 200).await.0.len(), 2_001);
    assert_eq!(db.records().old_addresses(1).await.unwrap(), []);
}

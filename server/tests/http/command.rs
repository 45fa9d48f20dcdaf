//! The command line, with the real binary, beside a server that runs.

use std::process::Output;
use std::time::Duration;

use serde_json::{Value, json};

use crate::answer::send;
use crate::person::{PASSWORD, administrator, credentials, me, refresh, register, sign_in};
use crate::server::{Server, lanyard};

/// What a command that went well has printed.
#[track_caller]
fn printed(done: &Output) -> String {
    assert!(done.status.success() && done.stderr.is_empty(), "{done:?}");
    String::from_utf8(done.stdout.clone()).unwrap()
}

#[track_caller]
fn json_of(done: &Output) -> Value {
    serde_json::from_str(&printed(done)).unwrap()
}

/// What one that failed has said: one sentence.
#[track_caller]
fn refused(done: &Output) -> String {
    assert_eq!((done.status.code(), done.stdout.len()), (Some(1), 0), "{done:?}");
    let said = String::from_utf8(done.stderr.clone()).unwrap();
    assert!(said.starts_with("lanyard: ") && said.lines().count() == 1, "{said}");
    said
}

fn run(server: &Server, line: &str) -> Output {
    server.command(&line.split(' ').collect::<Vec<_>>(), "")
}

/// The server looks for what others have done once a second.
async fn soon_over(server: &Server, access: &str, reason: &str) {
    for _ in 0..100 {
        let answer = me(server, access).await;
        if answer.status == 401 {
            answer.assert_error(401, "session_revoked");
            assert_eq!(answer.field("reason"), reason);
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("still good after 5 s");
}

#[tokio::test]
async fn an_account_is_made_listed_closed_and_opened() {
    let server = Server::start();
    let ada = register(&server).await;
    let create = ["user", "create", "Alan O'T", "Alan@people.example", "--password-stdin"];
    let made = server.command(&create, &format!("{PASSWORD}\r\n"));
    assert_eq!(printed(&made), "The account was made: Alan O'T <alan@people.example>, user\n");
    let login = json!({"email": "alan@people.example", "password": PASSWORD});
    assert_eq!(send(server.post("/auth/login").json(&login)).await.status, 200);
    assert!(refused(&server.command(&create, PASSWORD)).contains("has an account already"));
    let weak = ["user", "create", "Eve", "eve@people.example", "--password-stdin"];
    assert!(refused(&server.command(&weak, "password1")).contains("easy to guess"));
    assert!(refused(&server.command(&weak, "")).contains("at least 8 characters"));
    assert!(
        refused(&server.command(&weak[..4], "")).contains("--password-stdin"),
        "there is no terminal here"
    );

    let people = json_of(&run(&server, "user list --json"));
    let emails: Vec<_> = people.as_array().unwrap().iter().map(|it| it["email"].as_str().unwrap()).collect();
    assert_eq!(emails, ["alan@people.example", "ada@people.example"]);
    let found = json_of(&run(&server, "user list --json --search ADA@"));
    assert_eq!(found.as_array().unwrap().len(), 1);
    let table = printed(&run(&server, "user list"));
    let lines: Vec<_> = table.lines().collect();
    assert!(lines.len() == 3 && lines[0].starts_with("ADDRESS ") && lines[1].contains("Alan O'T"), "{table}");

    let closed = json_of(&run(&server, "user disable ada@people.example --json"));
    assert!(closed["disabled_at"].is_i64(), "{closed}");
    soon_over(&server, &ada.access, "account_disabled").await;
    send(server.post("/auth/login").json(&credentials())).await.assert_error(403, "account_disabled");
    // By the id too, and once more does no harm.
    let id = closed["id"].as_str().unwrap();
    for _ in 0..2 {
        let opened = json_of(&run(&server, &format!("user enable {id} --json")));
        assert_eq!(opened["disabled_at"], Value::Null);
    }
    assert_eq!(send(server.post("/auth/login").json(&credentials())).await.status, 200);
}

#[tokio::test]
async fn a_role_is_changed_and_the_last_administrator_stays() {
    let server = Server::start();
    let (ada, _) = (register(&server).await, administrator(&server).await);
    for line in ["user role grace@people.example user", "user disable grace@people.example"] {
        assert!(refused(&run(&server, line)).contains("the last administrator"));
    }
    let told = printed(&run(&server, "user role ada@people.example admin"));
    assert_eq!(told, "The role is set: Ada <ada@people.example>, admin\n");
    // He is not signed out: his badge is renewed.
    let mut status = 200;
    for _ in 0..100 {
        let answer = me(&server, &ada.access).await;
        status = answer.status;
        if status == 401 {
            answer.assert_error(401, "token_expired");
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(status, 401);
    let renewed = refresh(&server, &ada.cookies()).await.field("access_token");
    assert_eq!(me(&server, &renewed).await.field("scope"), "user admin");
    printed(&run(&server, "user role grace@people.example user"));
    assert!(server.events(ada.session).await.len() == 1, "a role is the person's, not a session's");
}

#[tokio::test]
async fn sessions_are_listed_and_ended() {
    let server = Server::start();
    let (ada, grace) = (register(&server).await, administrator(&server).await);
    let others = [sign_in(&server).await, sign_in(&server).await];
    let count = |line: &str| json_of(&run(&server, line)).as_array().unwrap().len();
    assert_eq!(count("sessions list --json"), 4);
    assert_eq!(count("sessions list --json --user ada@people.example"), 3);
    let table = printed(&run(&server, "sessions list --user grace@people.example"));
    assert!(table.contains(&grace.session.to_string()) && table.contains("unknown on unknown"), "{table}");

    let one = others[0].session;
    assert_eq!(printed(&run(&server, &format!("sessions end {one} {one}"))), "1 session has ended\n");
    soon_over(&server, &others[0].access, "kicked_out").await;
    assert_eq!(json_of(&run(&server, &format!("sessions end {one} --json"))), json!({"ended": 0}));
    // None of them, if one is unknown.
    let unknown = format!("sessions end {} 00000000-0000-0000-0000-000000000000", others[1].session);
    assert!(refused(&run(&server, &unknown)).contains("nothing was ended"));
    assert_eq!(me(&server, &others[1].access).await.status, 200);

    assert_eq!(json_of(&run(&server, "user kick ada@people.example --json")), json!({"ended": 2}));
    soon_over(&server, &ada.access, "kicked_out").await;
    let again = sign_in(&server).await;
    assert_eq!(json_of(&run(&server, "sessions end --user ada@people.example --json")), json!({"ended": 1}));
    soon_over(&server, &again.access, "kicked_out").await;

    let last = sign_in(&server).await;
    assert_eq!(printed(&run(&server, "sessions end --all")), "2 sessions have ended\n");
    for held in [&last, &grace] {
        soon_over(&server, &held.access, "kicked_out").await;
        refresh(&server, &held.cookies()).await.assert_error(401, "session_revoked");
    }
    assert_eq!(count("sessions list --json"), 0);
    let told = server.events(last.session).await;
    // All that came from there before had been kicked out.
    assert_eq!(told, ["authn_login_success new_browser", "authn_token_revoked kicked_out"]);
}

#[tokio::test]
async fn nobody_and_nonsense_are_refused() {
    let server = Server::start();
    register(&server).await;
    let keys = || {
        std::fs::read_dir(server.data()).unwrap().map(|file| file.unwrap().file_name()).collect::<Vec<_>>()
    };
    let before = keys();
    for person in ["nobody@people.example", "00000000-0000-0000-0000-000000000000", "'", "%"] {
        for line in
            ["user disable", "user enable", "user kick", "sessions list --user", "sessions end --user"]
        {
            assert!(refused(&run(&server, &format!("{line} {person}"))).contains(person));
        }
    }
    for line in [
        "user",
        "sessions",
        "user list x",
        "user role ada@people.example",
        "user role ada@people.example root",
        "sessions end",
        "sessions end x",
        "sessions end --all --user ada@people.example",
        "user kick",
        "user remove x",
        "sessions end --all 00000000-0000-0000-0000-000000000000",
        "user create Eve eve@people.example --password hunter22",
    ] {
        let done = run(&server, line);
        assert_eq!((done.status.code(), done.stdout.len()), (Some(2), 0), "{line}: {done:?}");
    }
    assert_eq!(keys(), before, "no key was made");
}

#[test]
fn a_database_that_is_not_there_is_not_made() {
    let folder = tempfile::tempdir().unwrap();
    for line in [
        "user list",
        "user kick ada",
        "sessions list",
        "sessions end --all",
        "user create A a@b --password-stdin",
    ] {
        for place in
            [&["--data-dir", "data"][..], &["--database-url", "sqlite:other.db"], &["--data-dir", "."]]
        {
            let mut command = lanyard();
            let done = command.current_dir(folder.path()).args(line.split(' ')).args(place).output().unwrap();
            assert!(refused(&done).contains("there is no database at"), "{line}");
        }
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    let url = "postgres://ada:hunter2@127.0.0.1:1/lanyard";
    let done = lanyard().args(["user", "list", "--database-url", url]).output().unwrap();
    assert!(!refused(&done).contains("hunter2"));
}

#[tokio::test]
async fn a_database_that_is_not_up_to_date_is_left_as_it_is() {
    let server = Server::start();
    register(&server).await;
    for (change, said) in [
        ("DELETE FROM _sqlx_migrations WHERE version = 7", "`lanyard migrate` brings it up to date"),
        ("INSERT INTO _sqlx_migrations VALUES (9999, 'later', 0, TRUE, x'', 0)", "a newer Lanyard"),
    ] {
        server.run(change).await;
        for line in ["user list", "user kick ada@people.example", "sessions list", "sessions end --all"] {
            assert!(refused(&run(&server, line)).contains(said), "{line}");
        }
        server.run("DELETE FROM _sqlx_migrations WHERE version = 9999").await;
    }
    // For whoever can't have a server on the network yet.
    assert!(run(&server, "migrate").status.success());
    assert_eq!(json_of(&run(&server, "user list --json")).as_array().unwrap().len(), 1);
    assert_eq!(json_of(&run(&server, "sessions end --all --json")), json!({"ended": 1}), "none was before");
}

/// An address that another account's comes to stays as it was, and is told at each look.
#[tokio::test]
async fn addresses_of_before_are_told_and_name_their_owners() {
    let mut server = Server::start();
    register(&server).await;
    let create = ["user", "create", "Zo\u{eb}", "zo\u{eb}@b\u{fc}cher.example", "--password-stdin"];
    let made = printed(&server.command(&create, PASSWORD));
    assert_eq!(made, "The account was made: Zo\u{eb} <zo\u{eb}@xn--bcher-kva.example>, user\n");
    assert_eq!(printed(&run(&server, "migrate")), "The database is up to date\n");
    let named = "user kick zoe\u{308}@B\u{fc}cher.example";
    assert_eq!(printed(&run(&server, named)), "0 sessions have ended\n");
    let pasted = refused(&run(&server, "user kick zo\u{eb}\u{200b}@b\u{fc}cher.example"));
    assert!(pasted.contains("invisible character"), "{pasted}");

    // As a server of before had made them.
    server.run("UPDATE users SET email = 'zo\u{eb}@b\u{fc}cher.example' WHERE email LIKE 'zo%'").await;
    server.run("UPDATE users SET email = 'zoe\u{308}@xn--bcher-kva.example' WHERE email LIKE 'ada%'").await;
    server.run("DELETE FROM _sqlx_migrations WHERE version = 8").await;
    server.run("DROP TABLE old_addresses").await;
    server.restart();
    for _ in 0..2 {
        let told = printed(&run(&server, "migrate"));
        assert!(told.starts_with("The database is up to date\nThese addresses stay as they are"), "{told}");
        assert!(told.lines().count() == 4 && told.contains("\nzo\u{eb}@b\u{fc}cher.example  "), "{told}");
    }
    assert!(server.log().contains("some addresses are kept as they were"));
    // Each is named, and signs in, by its own.
    let emails = ["zo\u{eb}@b\u{fc}cher.example", "zo\u{eb}@xn--bcher-kva.example"];
    for (email, name) in emails.into_iter().zip(["Zo\u{eb}", "Ada"]) {
        let login = json!({"email": email, "password": PASSWORD});
        let signed_in = send(server.post("/auth/login").json(&login)).await;
        assert!(signed_in.json()["user"]["name"].as_str().unwrap().starts_with(name), "{signed_in:?}");
        let told = json_of(&run(&server, &format!("user enable {email} --json")));
        assert!(told["name"].as_str().unwrap().starts_with(name), "{told}");
    }
}

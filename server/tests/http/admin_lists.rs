//! The lists that administrators read, a page at a time, and what a query may say.

use std::time::Duration;

use serde_json::{Value, json};

use crate::answer::{Answer, send};
use crate::person::{Held, PASSWORD, administrator, bearer, browser, credentials, me, register, sign_in};
use crate::server::Server;

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0";
const CHROME: &str =
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36";

async fn get(server: &Server, held: &Held, path: &str) -> Answer {
    send(bearer(server.get(path), &held.access)).await
}

/// The whole list, read in pages of so many.
async fn pages(server: &Server, held: &Held, path: &str, rows: &str, limit: usize) -> Vec<Value> {
    let (mut all, mut after) = (Vec::new(), String::new());
    loop {
        let answer = get(server, held, &format!("{path}limit={limit}{after}")).await;
        assert_eq!(answer.status, 200, "{answer:?}");
        let page = answer.json();
        let keys: Vec<_> = page.as_object().unwrap().keys().collect();
        assert!(keys.len() == 2 && page[rows].as_array().unwrap().len() <= limit, "{page}");
        all.extend(page[rows].as_array().unwrap().iter().cloned());
        match page["next"].as_str() {
            Some(next) => after = format!("&after={next}"),
            None => return all,
        }
    }
}

fn texts(rows: &[Value], field: &str) -> Vec<String> {
    rows.iter().map(|row| row[field].as_str().unwrap().to_owned()).collect()
}

async fn make(server: &Server, admin: &Held, name: &str, email: &str) {
    let fields = json!({"name": name, "email": email, "password": PASSWORD});
    let made = send(bearer(server.post("/api/admin/users"), &admin.access).json(&fields)).await;
    assert_eq!(made.status, 200, "{made:?}");
}

#[tokio::test]
async fn people_are_listed_and_found() {
    let server = Server::start();
    let grace = administrator(&server).await;
    for n in 0..4 {
        make(&server, &grace, &format!("Ada Number{n}"), &format!("ada{n}@people.example")).await;
    }
    let everybody = [
        "ada3@people.example",
        "ada2@people.example",
        "ada1@people.example",
        "ada0@people.example",
        "grace@people.example",
    ];
    for limit in [1, 2, 5, 200] {
        let listed = pages(&server, &grace, "/api/admin/users?", "users", limit).await;
        let emails = texts(&listed, "email");
        assert_eq!(emails.last().map(String::as_str), Some("grace@people.example"));
        assert!(
            emails.len() == 5 && everybody.iter().all(|one| emails.iter().any(|it| it == one)),
            "{emails:?}"
        );

        let found = pages(&server, &grace, "/api/admin/users?search=%20ADA&", "users", limit).await;
        assert_eq!(found.len(), 4);
        let all = pages(&server, &grace, "/api/admin/users?search=people.example&", "users", limit).await;
        assert_eq!(all.len(), 5);
        let one = pages(&server, &grace, "/api/admin/users?search=ada%20%20NUMBER2&", "users", limit).await;
        assert_eq!(texts(&one, "email"), ["ada2@people.example"]);
        assert_eq!(
            pages(&server, &grace, "/api/admin/users?search=%25&", "users", limit).await,
            [Value::Null; 0]
        );
    }
    assert_eq!(pages(&server, &grace, "/api/admin/users?search=%20&", "users", 200).await.len(), 5);
}

#[tokio::test]
async fn everybodys_sessions_are_listed() {
    let server = Server::start();
    let (ada, grace) = (register(&server).await, administrator(&server).await);
    let second = sign_in(&server).await;
    let ada_id = me(&server, &ada.access).await.field("id");
    server.age(second.session, Duration::from_secs(300)).await;
    for limit in [1, 2, 200] {
        let all = pages(&server, &grace, "/api/admin/sessions?", "sessions", limit).await;
        assert_eq!(all.len(), 3);
        let adas =
            pages(&server, &grace, &format!("/api/admin/sessions?user={ada_id}&"), "sessions", limit).await;
        let mut ids = texts(&adas, "id");
        ids.sort();
        let mut expected = [ada.session.to_string(), second.session.to_string()];
        expected.sort();
        assert_eq!(ids, expected);
        assert!(adas.iter().all(|session| session["user"]["id"] == *ada_id), "{adas:?}");
        let current = all.iter().filter(|session| session["current"] == true).collect::<Vec<_>>();
        assert!(matches!(&current[..], [one] if one["id"] == grace.session.to_string()), "{all:?}");
        let keys: Vec<_> = adas[0].as_object().unwrap().keys().map(String::as_str).collect();
        let expected = [
            "browser",
            "created_at",
            "current",
            "expires_at",
            "id",
            "last_seen_at",
            "name",
            "network",
            "system",
            "user",
        ];
        assert_eq!(keys, expected);
    }
    // One that nobody renewed for seven days is over, though nobody has ended it; pages are full without it.
    server.age(second.session, Duration::from_secs(7 * 24 * 3600)).await;
    for limit in [1, 2, 200] {
        let left = pages(&server, &grace, "/api/admin/sessions?", "sessions", limit).await;
        assert!(left.len() == 2 && !texts(&left, "id").contains(&second.session.to_string()), "{left:?}");
    }
    for limit in 1..=2 {
        let path = format!("/api/admin/sessions?user={ada_id}&limit={limit}");
        let page = get(&server, &grace, &path).await.json();
        assert_eq!((page["sessions"].as_array().unwrap().len(), &page["next"]), (1, &Value::Null), "{page}");
    }
}

/// A thief who holds an administrator's tokens must not learn when the administrator has renewed.
#[tokio::test]
async fn no_list_tells_a_session_of_its_own_renewals() {
    let server = Server::start();
    administrator(&server).await;
    let fields = json!({"email": "grace@people.example", "password": PASSWORD});
    let login = server.post("/auth/login").header("user-agent", CHROME).json(&fields);
    let grace = Held::from_cookies(&send(login).await);
    let look = async || {
        let mut seen = Vec::new();
        for list in ["sessions?", "audit?", "users?"] {
            let rows = list.trim_end_matches('?').replace("audit", "entries");
            for limit in [1, 2, 200] {
                let path = format!("/api/admin/{list}");
                seen.push(json!(pages(&server, &grace, &path, &rows, limit).await).to_string());
                seen.push(get(&server, &grace, &format!("{path}limit={limit}")).await.body);
            }
        }
        for path in ["/api/notices", "/api/sessions"] {
            seen.push(get(&server, &grace, path).await.body);
        }
        seen
    };
    let before = look().await;
    // From where the session never was, so that it is told to others; and far too often.
    server.age(grace.session, Duration::from_secs(121)).await;
    let refresh = || browser(&server, "/auth/refresh", &grace.cookies()).header("user-agent", FIREFOX);
    let renewed = send(refresh()).await;
    assert_eq!(renewed.set_cookies().len(), 2, "it was rotated: {renewed:?}");
    for _ in 0..61 {
        send(refresh()).await;
    }
    let told = ["session_renewed new_browser", "excess_rate_limit_exceeded"];
    assert_eq!(server.events(grace.session).await[1..], told);
    assert_eq!(look().await, before);
}

#[tokio::test]
async fn the_log_is_read_by_person_event_and_time() {
    let server = Server::start();
    let (ada, grace) = (register(&server).await, administrator(&server).await);
    let ada_id = me(&server, &ada.access).await.field("id");
    for _ in 0..3 {
        let wrong = json!({"email": "ada@people.example", "password": "wrong, wrong"});
        let guess = server.post("/auth/login").header("user-agent", FIREFOX).json(&wrong);
        send(guess).await.assert_error(401, "invalid_credentials");
    }
    let nobody = json!({"email": "nobody@people.example", "password": "wrong, wrong"});
    send(server.post("/auth/login").json(&nobody)).await.assert_error(401, "invalid_credentials");

    for limit in [1, 3, 200] {
        let of = async |query: &str| {
            pages(&server, &grace, &format!("/api/admin/audit?{query}"), "entries", limit).await
        };
        let failures = of("event=authn_login_fail&").await;
        assert_eq!(failures.len(), 4);
        assert_eq!((&failures[0]["user"], &failures[0]["network"]), (&Value::Null, &json!("127.0.0.*")));
        assert_eq!((&failures[1]["browser"], &failures[1]["system"]), (&json!("Firefox"), &json!("Linux")));
        assert_eq!(of(&format!("event=authn_login_fail&user={ada_id}&")).await.len(), 3);
        let adas = of(&format!("user={ada_id}&")).await;
        let events = texts(&adas, "event");
        assert_eq!(events[3..], ["authn_login_success", "user_created"], "the newest first: {events:?}");
        let at = adas[0]["at"].as_i64().unwrap();
        assert_eq!(of(&format!("user={ada_id}&from={}&until={}&", at - 100, at + 100)).await.len(), 5);
        for none in [format!("until={}&", at - 100), format!("from={}&", at + 100)] {
            assert_eq!(of(&none).await, [Value::Null; 0]);
        }
    }
    // Nothing that anybody typed is in it.
    let all = get(&server, &grace, "/api/admin/audit?limit=200").await.body;
    assert!(!all.contains("nobody@") && !all.contains("wrong, wrong") && !all.contains("Gecko"), "{all}");
}

#[tokio::test]
async fn the_log_tells_which_device_a_session_is_on() {
    let server = Server::start();
    register(&server).await;
    let grace = administrator(&server).await;
    let login = server.post("/auth/login").header("user-agent", CHROME).json(&credentials());
    let ada = Held::from_cookies(&send(login).await);
    let kick = server.request("DELETE", &format!("/api/admin/sessions/{}", ada.session));
    let kick = bearer(kick, &grace.access).header("user-agent", FIREFOX);
    assert_eq!(send(kick).await.status, 204);
    let devices = async |event: &str| {
        let found = get(&server, &grace, &format!("/api/admin/audit?event={event}")).await.json();
        let entry = &found["entries"][0];
        let of = |name: &str| [&entry[name], &entry[format!("session_{name}")]].map(Clone::clone);
        ["browser", "system", "network"].map(of)
    };
    let here = json!("127.0.0.*");
    let told = devices("authn_token_revoked").await;
    assert_eq!(told[0], [json!("Firefox"), json!("Chrome")]);
    assert!(told[1][1].is_string() && told[2] == [here.clone(), here.clone()], "{told:?}");
    // Of itself a session is told nothing that a rotation writes.
    server.run("DELETE FROM audit WHERE event = 'authn_login_success' AND browser IS NOT NULL").await;
    assert_eq!(devices("authn_login_success").await[2], [here.clone(), Value::Null]);
    // Nor is there anything to tell of one that is forgotten.
    server.run("DELETE FROM sessions WHERE ended_at IS NOT NULL").await;
    assert_eq!(devices("authn_token_revoked").await[2], [here, Value::Null]);
}

#[tokio::test]
async fn what_was_done_of_late_is_counted() {
    let server = Server::start();
    let (ada, grace) = (register(&server).await, administrator(&server).await);
    send(server.get("/api/me")).await.assert_error(401, "token_missing");
    server.age(ada.session, Duration::from_secs(121)).await;
    for _ in 0..2 {
        assert_eq!(send(browser(&server, "/auth/refresh", &ada.cookies())).await.status, 200);
    }
    server.confirm(ada.session).await;
    server.age(ada.session, Duration::from_secs(121)).await;
    send(browser(&server, "/auth/refresh", &ada.cookies())).await.assert_error(401, "token_reused");

    let answer = get(&server, &grace, "/api/admin/activity").await;
    let told = answer.json();
    let sum = |series: &str| {
        let numbers = told[series].as_array().unwrap();
        assert_eq!(numbers.len(), 60, "{told}");
        numbers.iter().map(|number| number.as_u64().unwrap()).sum::<u64>()
    };
    assert_eq!((sum("sign_ins"), sum("renewals"), sum("unauthorized"), sum("reuse")), (2, 2, 2, 1), "{told}");
    assert_eq!((&told["step"], told["until"].as_i64().unwrap() % 10), (&json!(10), 0));
}

#[tokio::test]
async fn a_query_that_can_not_be_understood_is_refused() {
    let server = Server::start();
    let grace = administrator(&server).await;
    make(&server, &grace, "Ada", "ada@people.example").await;
    let next = get(&server, &grace, "/api/admin/users?limit=1").await.field("next");
    let found = get(&server, &grace, "/api/admin/users?limit=1&search=people").await.field("next");
    let long = format!("search={}", "x".repeat(255));
    let of_all = format!("search=ada&after={next}");
    let of_search = format!("after={found}");
    for list in ["users", "sessions", "audit"] {
        for query in [
            "limit=0",
            "limit=201",
            "limit=-1",
            "limit=x",
            "limit=",
            "limit=4294967296",
            "limit=1&limit=2",
            "after=",
            "after=x",
            "after=%00",
            "after=e30",
            "after=bnVsbA",
            "after=W10",
            "offset=5",
            "x",
            "=",
            "after=%FF",
        ] {
            let answer = get(&server, &grace, &format!("/api/admin/{list}?{query}")).await;
            answer.assert_error(400, "invalid_request");
        }
    }
    for query in [
        "users?search=a&search=b",
        &format!("users?{long}"),
        &format!("users?{of_all}"),
        &format!("users?{of_search}"),
        &format!("sessions?after={next}"),
        &format!("audit?after={found}"),
        "sessions?user=x",
        "sessions?search=x",
        "audit?event=x",
        "audit?event=",
        "audit?from=x",
        "audit?until=1.5",
        "audit?from=99999999999999999999",
        "audit?user=x",
        "users/x",
    ] {
        get(&server, &grace, &format!("/api/admin/{query}")).await.assert_error(400, "invalid_request");
    }
    for extreme in
        ["from=-9223372036854775808", "until=9223372036854775807", "from=0&until=9223372036854775807"]
    {
        assert_eq!(get(&server, &grace, &format!("/api/admin/audit?{extreme}")).await.status, 200);
    }
    assert!(!server.log().contains("panicked"));
}

#[tokio::test]
async fn an_audit_log_that_ends_before_it_begins_is_refused_with_the_reason() {
    let server = Server::start();
    let grace = administrator(&server).await;
    let answer = get(&server, &grace, "/api/admin/audit?from=1800000000&until=1799999999").await;
    answer.assert_error(400, "invalid_request");
    assert_eq!(answer.field("message"), "`from` is later than `until`.");
    for good in ["from=1800000000&until=1800000000", "from=-5&until=5", "until=0", "from=0"] {
        assert_eq!(get(&server, &grace, &format!("/api/admin/audit?{good}")).await.status, 200, "{good}");
    }
}

/// Names of before there were rules lie in the database; nobody is told a lie.
#[tokio::test]
async fn a_name_of_before_is_told_as_far_as_it_can_be_read() {
    let server = Server::start();
    let grace = administrator(&server).await;
    make(&server, &grace, "One", "one@people.example").await;
    make(&server, &grace, "Two", "two@people.example").await;
    make(&server, &grace, "Three", "three@people.example").await;
    server.run("UPDATE users SET name = char(0x202e) || 'moc.elpmaxe@ada' WHERE name = 'One'").await;
    server.run("UPDATE users SET name = char(0x200b, 0x3164, 0x200d) WHERE name = 'Two'").await;
    server.run("UPDATE users SET email = char(0x202e) || email WHERE name = 'Three'").await;
    let people = get(&server, &grace, "/api/admin/users").await.json();
    let told =
        |row: &Value| (row["name"].as_str().unwrap().to_owned(), row["email"].as_str().unwrap().to_owned());
    let people: Vec<_> = people["users"].as_array().unwrap().iter().map(told).collect();
    for (name, email) in [
        ("moc.elpmaxe@ada", "one@people.example"),
        ("two@people.example", "two@people.example"),
        ("Three", "\\u{202e}three@people.example"),
    ] {
        assert!(people.contains(&(name.to_owned(), email.to_owned())), "{people:?}");
    }
}

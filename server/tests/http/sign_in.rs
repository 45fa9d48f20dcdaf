//! Register and login: whole answers, cookies to the letter, deliveries, and what came along.

use lanyard_auth::random::Random;
use lanyard_auth::refresh::MasterKeys;
use lanyard_auth::store::SessionId;
use reqwest::header::{COOKIE, ORIGIN};
use serde_json::json;

use crate::answer::{Answer, send};
use crate::person::{
    HINT, Held, PASSWORD, REFRESH, bearer, browser, credentials, me, refresh, register, register_without_jar,
    sign_in,
};
use crate::server::{Server, generation};

/// 30 days to the absolute limit and 7 days more; the second may just have begun.
const MAX_AGES: [&str; 2] = ["Max-Age=3196800", "Max-Age=3196799"];

const SIGNED_IN: &str = r#"200
cache-control: no-store
content-type: application/json
cross-origin-opener-policy: same-origin
cross-origin-resource-policy: same-origin
permissions-policy: camera=(), geolocation=(), microphone=()
referrer-policy: same-origin
set-cookie: __Secure-lanyard-refresh=REFRESH; HttpOnly; SameSite=Strict; Secure; Path=/auth; MAX-AGE
set-cookie: __Host-lanyard-hint=HINT; SameSite=Lax; Secure; Path=/; MAX-AGE
x-content-type-options: nosniff

{"access_token":"ACCESS","token_type":"Bearer","expires_in":900,"session_id":"SESSION","session_expires_at":EXPIRES,"user":{"id":"USER","email":"ada@people.example","name":"Ada","role":"user"}}"#;

const SIGNED_IN_WITHOUT_JAR: &str = r#"200
cache-control: no-store
content-type: application/json
cross-origin-opener-policy: same-origin
cross-origin-resource-policy: same-origin
permissions-policy: camera=(), geolocation=(), microphone=()
referrer-policy: same-origin
x-content-type-options: nosniff

{"access_token":"ACCESS","token_type":"Bearer","expires_in":900,"session_id":"SESSION","session_expires_at":EXPIRES,"user":{"id":"USER","email":"ada@people.example","name":"Ada","role":"user"},"refresh_token":"REFRESH"}"#;

fn text(answer: &Answer, held: &Held) -> String {
    let json = answer.json();
    let (session, expires) = (held.session.to_string(), json["session_expires_at"].to_string());
    let mut names = vec![
        (held.access.as_str(), "ACCESS"),
        (&held.refresh, "REFRESH"),
        (&session, "SESSION"),
        (&expires, "EXPIRES"),
        (json["user"]["id"].as_str().unwrap(), "USER"),
        (MAX_AGES[0], "MAX-AGE"),
        (MAX_AGES[1], "MAX-AGE"),
    ];
    if !held.hint.is_empty() {
        names.push((&held.hint, "HINT"));
    }
    answer.text(&names)
}

#[tokio::test]
async fn register_and_login_answer_to_the_letter() {
    let server = Server::start();
    let fields = json!({"name": "Ada", "email": " Ada@People.example ", "password": PASSWORD});
    let registered = send(server.post("/auth/register").json(&fields)).await;
    assert_eq!(text(&registered, &Held::from_cookies(&registered)), SIGNED_IN);

    let signed_in = send(server.post("/auth/login").form(&credentials())).await;
    let held = Held::from_cookies(&signed_in);
    assert_eq!(text(&signed_in, &held), SIGNED_IN);
    assert_eq!((held.refresh.len(), generation(&held.refresh)), (5 + 96, 0));
    let (session, number) = held.hint.split_once('.').unwrap();
    assert_eq!((session.len(), number), (11, "0"));
}

#[tokio::test]
async fn a_client_without_a_jar_gets_the_token_in_the_body_and_no_cookie() {
    let server = Server::start();
    let fields =
        json!({"name": "Ada", "email": "ada@people.example", "password": PASSWORD, "token_delivery": "body"});
    let registered = send(server.post("/auth/register").json(&fields)).await;
    assert_eq!(text(&registered, &Held::from_body(&registered)), SIGNED_IN_WITHOUT_JAR);
    let fields = json!({"email": "ada@people.example", "password": PASSWORD, "token_delivery": "body"});
    let signed_in = send(server.post("/auth/login").form(&fields)).await;
    assert_eq!(text(&signed_in, &Held::from_body(&signed_in)), SIGNED_IN_WITHOUT_JAR);
}

#[tokio::test]
async fn nobody_with_a_cookie_or_an_origin_gets_a_token_in_a_body() {
    let server = Server::start();
    register(&server).await;
    for path in ["/auth/login", "/auth/register"] {
        let fields = json!({
            "name": "Grace", "email": "ada@people.example", "password": PASSWORD, "token_delivery": "body",
        });
        let request = || server.post(path).json(&fields);
        let with_origin = request().header(ORIGIN, server.origin());
        send(with_origin).await.assert_error(400, "invalid_request");
        let with_cookie = request().header(COOKIE, "theme=dark").header("sec-fetch-site", "same-origin");
        send(with_cookie).await.assert_error(400, "invalid_request");
        let unknown = json!({
            "name": "Grace", "email": "g@example.com", "password": PASSWORD, "token_delivery": "pigeon",
        });
        send(server.post(path).json(&unknown)).await.assert_error(400, "invalid_request");
    }
    // As a cookie it may be asked for by anybody.
    let cookie = json!({"email": "ada@people.example", "password": PASSWORD, "token_delivery": "cookie"});
    let answer = send(server.post("/auth/login").header(ORIGIN, server.origin()).json(&cookie)).await;
    assert_eq!(answer.set_cookies().len(), 2);
    assert!(answer.json().get("refresh_token").is_none());
}

#[tokio::test]
async fn signing_in_ends_the_sessions_whose_genuine_tokens_came_along() {
    let server = Server::start();
    let first = register(&server).await;
    server.age(first.session, std::time::Duration::from_secs(121)).await;
    // Any generation will do: here the one before.
    let newer = Held::from_cookies(&refresh(&server, &first.cookies()).await);
    let other = sign_in(&server).await;
    let cookies = format!("{}; {REFRESH}={}", first.cookies(), other.refresh);
    let second = send(browser(&server, "/auth/login", &cookies).json(&credentials())).await;
    assert_eq!(second.status, 200);
    for ended in [&newer, &other] {
        me(&server, &ended.access).await.assert_error(401, "session_revoked");
        let answer = refresh(&server, &ended.cookies()).await;
        answer.assert_error(401, "session_revoked");
        assert_eq!(answer.field("reason"), "replaced");
    }
    assert_eq!(me(&server, &Held::from_cookies(&second).access).await.status, 200);

    // A client without a jar shows its token as Bearer.
    let held = Held::from_cookies(&second);
    let third = send(bearer(server.post("/auth/login").json(&credentials()), &held.refresh)).await;
    assert_eq!(third.status, 200);
    me(&server, &held.access).await.assert_error(401, "session_revoked");
    // A failed sign-in ends nothing.
    let held = Held::from_cookies(&third);
    let wrong = json!({"email": "ada@people.example", "password": "not this one"});
    let failed = send(browser(&server, "/auth/login", &held.cookies()).json(&wrong)).await;
    failed.assert_error(401, "invalid_credentials");
    assert_eq!(me(&server, &held.access).await.status, 200);
}

#[tokio::test]
async fn a_token_of_an_unknown_key_blocks_nobody_and_ends_nothing() {
    let server = Server::start();
    let held = register(&server).await;
    let foreign = MasterKeys::new(&[7; 32], &[]).first(SessionId(held.session), &Random::System).unwrap();
    let foreign = foreign.text().reveal().to_owned();

    let named = format!("{REFRESH}={foreign}; {HINT}={}", held.hint);
    // Its session is there, so that another server may know better.
    refresh(&server, &named).await.assert_error(503, "unavailable");
    let answer = send(browser(&server, "/auth/login", &named).json(&credentials())).await;
    assert_eq!((answer.status, answer.set_cookies().len()), (200, 2));
    let answer = send(browser(&server, "/auth/logout", &named)).await;
    assert_eq!((answer.status, answer.set_cookies().len()), (204, 2));
    assert_eq!(me(&server, &held.access).await.status, 200, "whoever made it up ends nothing by it");

    // Beside the genuine one it blocks nothing: renewal, sign-in and sign-out find that.
    let both = format!("{REFRESH}={foreign}; {REFRESH}={}; {HINT}={}", held.refresh, held.hint);
    assert_eq!(refresh(&server, &both).await.status, 200);
    assert_eq!(send(browser(&server, "/auth/logout", &both)).await.status, 204);
    refresh(&server, &held.cookies()).await.assert_error(401, "session_revoked");
    let held = sign_in(&server).await;

    let planted = format!("{REFRESH}={foreign}");
    let answer = send(browser(&server, "/auth/login", &planted).json(&credentials())).await;
    assert_eq!(answer.status, 200);
    assert_eq!(send(browser(&server, "/auth/logout", &planted)).await.status, 204);
    assert_eq!(me(&server, &held.access).await.status, 200, "nobody was signed out");
}

/// That both cost one argon2 run can't be seen from outside without a look at the clock; `auth::password`
/// tests it.
#[tokio::test]
async fn a_wrong_password_and_an_unknown_user_look_the_same() {
    let server = Server::start();
    register(&server).await;
    let attempt = async |email: &str| {
        let answer = send(
            server.post("/auth/login").json(&json!({"email": email, "password": "wrong horse battery"})),
        )
        .await;
        answer.assert_error(401, "invalid_credentials");
        answer.text(&[])
    };
    let wrong_password = attempt("ada@people.example").await;
    assert_eq!(attempt("nobody@example.com").await, wrong_password);
    assert_eq!(attempt("").await, wrong_password);
    assert_eq!(attempt("no address").await, wrong_password);
}

#[tokio::test]
async fn an_address_has_one_account() {
    let server = Server::start();
    let held = register_without_jar(&server).await;
    let again = json!({"name": "Eve", "email": "ADA@people.example", "password": "another password"});
    let answer = send(browser(&server, "/auth/register", &held.cookies()).json(&again)).await;
    answer.assert_error(409, "email_taken");
    assert_eq!(me(&server, &held.access).await.status, 200, "a failed registration ends nothing");
}

#[tokio::test]
async fn what_no_account_may_be_is_said_in_a_sentence() {
    let server = Server::start();
    for (name, email, password, sentence) in [
        ("", "a@example.com", PASSWORD, "A name has 1 to 100 characters."),
        ("Ada", "ada", PASSWORD, "This is not an email address."),
        ("Ada", "a@example.com", "seven77", "A password has 8 to 128 characters."),
        ("Ada", "a@example.com", &"x".repeat(129), "A password has 8 to 128 characters."),
    ] {
        let fields = json!({"name": name, "email": email, "password": password});
        let answer = send(server.post("/auth/register").json(&fields)).await;
        answer.assert_error(400, "invalid_request");
        assert_eq!(answer.field("message"), sentence);
    }
    let easy = json!({"name": "Ada", "email": "a@example.com", "password": "password1"});
    let answer = send(server.post("/auth/register").json(&easy)).await;
    answer.assert_error(400, "weak_password");
    assert!(answer.field("message").starts_with("This password is easy to guess."), "{answer:?}");

    let longest = "seven doors, one desk ".repeat(6);
    let longest: String = longest.chars().take(127).chain(['ü']).collect();
    let longest = json!({"name": "Ada", "email": "a@example.com", "password": longest});
    assert_eq!(send(server.post("/auth/register").json(&longest)).await.status, 200);
}

#[tokio::test]
async fn a_credential_of_another_day_is_no_reason_against_the_right_password() {
    let server = Server::start();
    let first = register(&server).await;
    let login = || server.post("/auth/login").json(&credentials());
    let register_as = |n: u32| {
        let email = format!("user{n}@people.example");
        server.post("/auth/register").json(&json!({"name": "U", "email": email, "password": PASSWORD}))
    };
    let stale = [
        format!("Bearer {}", first.access),
        format!("Bearer {}", first.refresh),
        "Bearer nonsense".to_owned(),
        "Bearer".to_owned(),
        "Bearer lrt2_x".to_owned(),
        "Basic YTpi".to_owned(),
    ];
    for (n, stale) in (0..).zip(stale) {
        for (name, value) in
            [("user-agent", "a program"), ("origin", &server.origin()), ("sec-fetch-site", "same-origin")]
        {
            let request = login().header("authorization", &stale).header(name, value);
            let answer = send(request).await;
            assert_eq!(answer.status, 200, "{stale:.20} {name}: {answer:?}");
            assert_eq!(answer.set_cookies().len(), 2);
        }
        let request = register_as(n).header("authorization", &stale).header("origin", server.origin());
        assert_eq!(send(request.header("cookie", "a=b")).await.status, 200, "{stale:.20}");
    }
    let twice = login().header("authorization", "Bearer a").header("authorization", "Bearer b");
    assert_eq!(send(twice).await.status, 200);
    // As Bearer, alone, it is still the session that the new one replaces.
    assert_eq!(server.row(first.session).await.2.as_deref(), Some("replaced"));
    // A wrong password stays wrong.
    let wrong = json!({"email": "ada@people.example", "password": "wrong, wrong"});
    let request = server.post("/auth/login").json(&wrong).header("authorization", "Bearer nonsense");
    send(request).await.assert_error(401, "invalid_credentials");
}

/// Typed on whichever system, an address is one account's and a password one password.
#[tokio::test]
async fn one_person_has_one_account_from_every_keyboard() {
    let server = Server::start();
    let (composed, in_parts) = ("\u{e9}t\u{e9} \u{e0} Paris", "e\u{301}te\u{301} a\u{300}\u{a0}Paris");
    let fields =
        json!({"name": "Zoe\u{308}", "email": "Zoe\u{308}@B\u{fc}cher.example", "password": in_parts});
    let made = send(server.post("/auth/register").json(&fields)).await;
    assert_eq!(made.json()["user"]["email"], "zo\u{eb}@xn--bcher-kva.example");
    assert_eq!(made.json()["user"]["name"], "Zo\u{eb}");
    for (email, password) in [
        ("zo\u{eb}@b\u{fc}cher.example", composed),
        ("ZOE\u{308}@XN--BCHER-KVA.example", in_parts),
        (" zo\u{eb}@bu\u{308}cher\u{3002}example\n", composed),
    ] {
        let login = json!({"email": email, "password": password});
        assert_eq!(send(server.post("/auth/login").json(&login)).await.status, 200, "{email:?}");
        let form = server.post("/auth/login").form(&[("email", email), ("password", password)]);
        assert_eq!(send(form).await.status, 200, "{email:?}");
        let again = json!({"name": "Eve", "email": email, "password": "another password"});
        send(server.post("/auth/register").json(&again)).await.assert_error(409, "email_taken");
    }
    let ete = "e\u{301}t\u{e9}".repeat(2);
    let short = json!({"name": "Zoe", "email": "z@example.com", "password": ete});
    let answer = send(server.post("/auth/register").json(&short)).await;
    assert_eq!(answer.field("message"), "A password has 8 to 128 characters.", "six, once composed");
}

#[tokio::test]
async fn what_can_not_be_seen_is_said_so_at_sign_in_too() {
    let server = Server::start();
    register(&server).await;
    let sentence = "The address holds an invisible character, perhaps from pasting. Type it again.";
    for email in ["ada@people.example\u{200b}", "\u{202e}elpmaxe.elpoep@ada", "no\u{ad}body@example.com"] {
        for path in ["/auth/login", "/auth/register"] {
            let fields = json!({"name": "Ada", "email": email, "password": PASSWORD});
            let answer = send(server.post(path).json(&fields)).await;
            answer.assert_error(400, "invalid_request");
            assert_eq!(answer.field("message"), sentence, "{email:?}");
        }
    }
    for (name, said) in [
        ("Ada\u{200b}", "invisible"),
        ("\u{202e}ada", "invisible"),
        (&format!("A{}da", "\u{335}".repeat(60)), "accents"),
        ("\u{3164}", "invisible"),
    ] {
        let fields = json!({"name": name, "email": "eve@example.com", "password": PASSWORD});
        let answer = send(server.post("/auth/register").json(&fields)).await;
        answer.assert_error(400, "invalid_request");
        assert!(answer.field("message").contains(said), "{name:?}: {answer:?}");
    }
}

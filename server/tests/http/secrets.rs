//! Nothing secret is written down: not in the log at its most talkative, not in the data folder.

use std::time::Duration;

use reqwest::header::{ACCEPT, COOKIE, ORIGIN, REFERER};
use serde_json::json;

use crate::answer::send;
use crate::person::{
    Held, PASSWORD, bearer, browser, credentials, me, refresh, refresh_bearer, register, sign_in,
};
use crate::server::Server;

#[tokio::test]
async fn no_token_and_no_password_is_logged_or_stored() {
    let server = Server::start();
    let mut secrets = vec![PASSWORD.to_owned(), PASSWORD.replace(' ', "+"), PASSWORD.replace(' ', "%20")];
    let keep = |held: &Held, secrets: &mut Vec<String>| {
        secrets.extend([held.access.clone(), held.refresh.clone()]);
        // Tokens are also searched for by their parts: signature and secret.
        secrets.push(held.access.rsplit('.').next().unwrap().to_owned());
        secrets.push(held.refresh[40..80].to_owned());
    };
    let first = register(&server).await;
    keep(&first, &mut secrets);
    server.age(first.session, Duration::from_secs(121)).await;
    let second = Held::from_cookies(&refresh(&server, &first.cookies()).await);
    keep(&second, &mut secrets);
    assert_eq!(me(&server, &second.access).await.status, 200);
    let body = json!({"email": "ada@people.example", "password": PASSWORD, "token_delivery": "body"});
    let third = Held::from_body(&send(server.post("/auth/login").form(&body)).await);
    keep(&third, &mut secrets);
    assert_eq!(refresh_bearer(&server, &third.refresh).await.status, 200);

    // Mistakes are where servers talk too much.
    let wrong = "another wrong password";
    secrets.push(wrong.to_owned());
    let failed =
        send(server.post("/auth/login").json(&json!({"email": "ada@people.example", "password": wrong})));
    failed.await.assert_error(401, "invalid_credentials");
    for body in [
        format!("{{\"email\":\"ada@people.example\",\"password\":\"{PASSWORD}"),
        format!("{{\"email\":\"ada@people.example\",\"password\":[\"{PASSWORD}\"]}}"),
        format!("email=a&token_delivery={PASSWORD}&password={PASSWORD}"),
        format!("email=a&password={PASSWORD}&password={PASSWORD}"),
    ] {
        let answer = send(server.post("/auth/login").body(body)).await;
        answer.assert_error(400, "invalid_request");
        assert!(!answer.body.contains(PASSWORD));
    }
    send(bearer(browser(&server, "/auth/refresh", &second.cookies()), &third.refresh)).await;
    send(server.get("/").header(COOKIE, second.cookies())).await;
    send(server.get(&format!("/dashboard?token={}", third.access))).await;
    let form = server.post("/auth/login").header(ORIGIN, server.origin()).header(ACCEPT, "text/html");
    let form = form.header(COOKIE, "__Host-lanyard-probe=kept").form(&credentials());
    assert_eq!(send(form.header(REFERER, format!("/sign-in?next={}", third.refresh))).await.status, 303);
    send(bearer(server.get("/api/me"), &format!("{}x", second.access))).await;
    // Theft, and then the end.
    server.age(first.session, Duration::from_secs(121)).await;
    server.confirm(first.session).await;
    refresh(&server, &first.cookies()).await.assert_error(401, "token_reused");
    let last = sign_in(&server).await;
    keep(&last, &mut secrets);
    assert_eq!(send(browser(&server, "/auth/logout", &last.cookies())).await.status, 204);

    let log = server.log();
    assert!(log.contains("TRACE") && log.contains("/auth/login"), "the log was talkative");
    for secret in &secrets {
        assert!(!log.contains(secret.as_str()), "the log holds {secret}");
    }
    let mut searched = 0;
    for file in std::fs::read_dir(server.data()).unwrap() {
        let path = file.unwrap().path();
        let content = std::fs::read(&path).unwrap();
        searched += content.len();
        for secret in &secrets {
            let found = content.windows(secret.len()).any(|window| window == secret.as_bytes());
            assert!(!found, "{path:?} holds {secret}");
        }
    }
    assert!(searched > 10_000, "there was something to search");
}

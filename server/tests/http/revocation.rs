//! How soon an ended session's access tokens are refused: here, by another server, and where that is not asked for.

use std::net::{Ipv4Addr, TcpListener};
use std::time::Duration;

use serde_json::json;

use crate::answer::send;
use crate::person::{Held, bearer, browser, me, refresh, register, sign_in};
use crate::server::Server;

/// So long another server may take; it looks every second.
const SOON: Duration = Duration::from_secs(10);

async fn sign_out(server: &Server, held: &Held) {
    assert_eq!(send(browser(server, "/auth/logout", &held.cookies())).await.status, 204);
}

#[tokio::test]
async fn another_server_refuses_what_was_ended_here_soon() {
    let here = Server::start();
    let there = here.beside(&[]);
    let [over, kept] = [register(&here).await, sign_in(&here).await];
    assert_eq!(me(&there, &over.access).await.status, 200);
    sign_out(&here, &over).await;
    me(&here, &over.access).await.assert_error(401, "session_revoked");
    let refused = async {
        while me(&there, &over.access).await.status == 200 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(SOON, refused).await.expect("it goes on and on there");
    let answer = me(&there, &over.access).await;
    answer.assert_error(401, "session_revoked");
    assert_eq!(answer.field("reason"), "signed_out");
    assert_eq!(me(&there, &kept.access).await.status, 200);
}

#[tokio::test]
async fn a_stateless_server_says_so_and_lets_access_tokens_run_to_their_expiry() {
    let server = Server::start_with(&["--revocation", "stateless"]);
    assert!(server.log().contains("those of an ended session go on for up to 15m"), "{}", server.log());
    let held = register(&server).await;
    sign_out(&server, &held).await;
    let stamp = bearer(server.post("/api/stamp"), &held.access).json(&json!({"message": "hello"}));
    assert_eq!(send(stamp).await.status, 200);
    // What asks the database all the same knows better.
    me(&server, &held.access).await.assert_error(401, "session_revoked");
    refresh(&server, &held.cookies()).await.assert_error(401, "session_revoked");

    // Whose badge merely has not expired signs nobody else out, and sees nothing.
    let again = sign_in(&server).await;
    for (method, path) in
        [("DELETE", "/api/sessions/others"), ("DELETE", "/api/sessions"), ("GET", "/api/sessions")]
    {
        let answer = send(bearer(server.request(method, path), &held.access)).await;
        answer.assert_error(401, "session_revoked");
    }
    assert_eq!(me(&server, &again.access).await.status, 200);
}

#[tokio::test]
async fn metrics_are_served_at_their_own_address_and_nowhere_else() {
    let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
    let server = Server::start_with(&["--metrics-addr", &format!("127.0.0.1:{port}")]);
    let held = register(&server).await;
    sign_out(&server, &held).await;
    let figures = send(reqwest::Client::new().get(format!("http://127.0.0.1:{port}/metrics"))).await;
    assert_eq!(figures.status, 200);
    for figure in [
        "lanyard_revocations 1",
        "lanyard_sign_ins_total 1",
        "lanyard_renewals_total 0",
        "lanyard_unauthorized_total 0",
        "lanyard_reuse_total 0",
    ] {
        assert!(figures.text(&[]).contains(&format!("\n{figure}\n")), "{figure}: {figures:?}");
    }
    assert_eq!(send(server.get("/metrics")).await.status, 404);
}

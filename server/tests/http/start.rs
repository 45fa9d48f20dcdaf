//! Starting: folders and files, keys that outlive a restart, and every algorithm.

use serde_json::json;

use crate::answer::send;
use crate::person::{Held, me, refresh, register};
use crate::server::Server;

#[cfg(unix)]
#[tokio::test]
async fn the_folder_and_what_is_in_it_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;

    let server = Server::start_with(&["--demo"]);
    let mode = |path: &std::path::Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&server.data()), 0o700);
    let mut names = Vec::new();
    for file in std::fs::read_dir(server.data()).unwrap() {
        let file = file.unwrap();
        assert_eq!(mode(&file.path()), 0o600, "{file:?}");
        names.push(file.file_name().into_string().unwrap());
    }
    for expected in ["lanyard.db", "master.keys", "signing-eddsa.pem"] {
        assert!(names.iter().any(|name| name == expected), "{names:?}");
    }
}

#[tokio::test]
async fn one_demo_account_is_an_administrators_and_what_became_of_it_stays() {
    let mut server = Server::start_with(&["--demo"]);
    let roles = |server: &Server| {
        let list = server.command(&["user", "list", "--json"], "");
        let people: Vec<serde_json::Value> = serde_json::from_slice(&list.stdout).unwrap();
        let mut roles: Vec<_> = people.iter().map(|it| format!("{} {}", it["email"], it["role"])).collect();
        roles.sort();
        roles
    };
    assert_eq!(roles(&server), [r#""ada@example.com" "admin""#, r#""grace@example.com" "user""#]);
    server.command(&["user", "role", "grace@example.com", "admin"], "");
    server.command(&["user", "role", "ada@example.com", "user"], "");
    server.restart();
    assert_eq!(roles(&server), [r#""ada@example.com" "user""#, r#""grace@example.com" "admin""#]);
}

#[tokio::test]
async fn tokens_stay_good_over_a_restart() {
    let mut server = Server::start();
    let held = register(&server).await;
    let keys = send(server.get("/.well-known/jwks.json")).await.json();
    server.restart();
    assert_eq!(send(server.get("/.well-known/jwks.json")).await.json(), keys);
    assert_eq!(me(&server, &held.access).await.status, 200);
    server.age(held.session, std::time::Duration::from_secs(121)).await;
    let rotated = refresh_from(&server, &held).await;
    server.restart();
    let again = refresh_from(&server, &held).await;
    assert_eq!(again.refresh, rotated.refresh, "the same successor, derived by another process");
}

async fn refresh_from(server: &Server, held: &Held) -> Held {
    Held::from_cookies(&refresh(server, &held.cookies()).await)
}

#[tokio::test]
async fn every_algorithm_signs_and_publishes_its_public_key() {
    for (algorithm, key_type, fields) in [
        ("EdDSA", "OKP", &["crv", "x"][..]),
        ("RS256", "RSA", &["n", "e"]),
        ("ES256", "EC", &["crv", "x", "y"]),
    ] {
        let mut server = Server::start_with(&["--signing-alg", algorithm]);
        let held = register(&server).await;
        assert_eq!(me(&server, &held.access).await.status, 200, "{algorithm}");

        let answer = send(server.get("/.well-known/jwks.json")).await;
        assert_eq!(answer.header("cache-control"), "public, max-age=300");
        assert_eq!(answer.header("content-type"), "application/json");
        let keys = answer.json();
        assert_eq!(keys["keys"].as_array().unwrap().len(), 1);
        let key = keys["keys"][0].as_object().unwrap();
        assert_eq!(
            (&key["kty"], &key["alg"], &key["use"]),
            (&json!(key_type), &json!(algorithm), &json!("sig"))
        );
        let mut names: Vec<_> = key.keys().map(String::as_str).collect();
        names.retain(|name| !["kty", "alg", "use", "kid"].contains(name));
        names.sort_unstable();
        let mut expected = fields.to_vec();
        expected.sort_unstable();
        assert_eq!(names, expected, "public parts only");

        // A change of algorithm is a change of key: what was signed before is renewed, not honoured.
        if algorithm == "ES256" {
            server.restart_with(&[]);
            me(&server, &held.access).await.assert_error(401, "token_invalid");
            assert_eq!(refresh(&server, &held.cookies()).await.status, 200);
        }
    }
}

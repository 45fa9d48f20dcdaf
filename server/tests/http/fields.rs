//! What a request says, field by field: forms and JSON alike, nothing guessed, and a refusal that names the field and never
//! what it held.

use reqwest::RequestBuilder;
use serde_json::{Value, json};

use crate::answer::send;
use crate::person::{Held, PASSWORD, administrator, bearer, credentials, me, register, sign_in};
use crate::server::Server;

/// A method, a path, and what may be sent there.
type Endpoint = (&'static str, String, Vec<(&'static str, &'static str)>);

/// Every endpoint with a body, and fields that it takes.
fn bodies(ada: &str, session: &str) -> Vec<Endpoint> {
    let path = str::to_owned;
    vec![
        (
            "POST",
            path("/auth/register"),
            vec![("name", "Eve"), ("email", "eve@people.example"), ("password", PASSWORD)],
        ),
        ("POST", path("/auth/login"), vec![("email", "eve@people.example"), ("password", PASSWORD)]),
        ("POST", path("/api/stamp"), vec![("message", "hello")]),
        ("POST", path("/api/account/name"), vec![("name", "Ada L")]),
        ("PATCH", format!("/api/sessions/{session}"), vec![("name", "Old laptop")]),
        ("POST", path("/api/notices/seen"), vec![("up_to", "7")]),
        (
            "POST",
            path("/api/admin/users"),
            vec![
                ("name", "Joan"),
                ("email", "joan@people.example"),
                ("password", PASSWORD),
                ("role", "user"),
            ],
        ),
        (
            "POST",
            path("/api/account/password"),
            vec![("current_password", PASSWORD), ("new_password", "staple battery horse")],
        ),
        // Then the access token is to be renewed.
        ("PATCH", format!("/api/admin/users/{ada}"), vec![("role", "admin"), ("disabled", "false")]),
    ]
}

fn request(server: &Server, (method, path): (&str, &str), ada: &Held, grace: &Held) -> RequestBuilder {
    let request = server.request(method, path);
    match path {
        _ if path.starts_with("/auth/") => request,
        _ if path.starts_with("/api/admin/") => bearer(request, &grace.access),
        _ => bearer(request, &ada.access),
    }
}

async fn two(server: &Server) -> (Held, Held, String) {
    let (ada, grace) = (register(server).await, administrator(server).await);
    let id = me(server, &ada.access).await.field("id");
    (ada, grace, id)
}

#[tokio::test]
async fn a_form_says_the_same_as_json() {
    for as_form in [true, false] {
        let server = Server::start();
        let (ada, grace, id) = two(&server).await;
        for (method, path, fields) in bodies(&id, &ada.session.to_string()) {
            let request = request(&server, (method, &path), &ada, &grace);
            let request = if as_form {
                request.form(&fields)
            } else {
                let value = |text: &str| match text {
                    "7" => json!(7),
                    "false" => json!(false),
                    text => json!(text),
                };
                let object: serde_json::Map<_, _> =
                    fields.iter().map(|(name, text)| ((*name).to_owned(), value(text))).collect();
                // Whatever it calls itself.
                request.header("content-type", "text/plain").body(Value::from(object).to_string())
            };
            let answer = send(request).await;
            assert!(matches!(answer.status, 200 | 204), "{method} {path}: {answer:?}");
        }
        let changed = send(bearer(server.get(&format!("/api/admin/users/{id}")), &grace.access)).await.json();
        assert_eq!((&changed["name"], &changed["role"]), (&json!("Ada L"), &json!("admin")));
    }
}

/// One byte that is no text, in each field of each form.
#[tokio::test]
async fn bytes_that_are_no_text_are_refused_in_every_field() {
    let server = Server::start();
    let (ada, grace, id) = two(&server).await;
    for (method, path, fields) in bodies(&id, &ada.session.to_string()) {
        for (bad, _) in &fields {
            for bytes in [
                &b"seven doors %E9"[..],
                b"seven doors \xe9",
                b"seven doors %",
                b"seven doors %zz",
                b"%ED%A0%80abcdef",
            ] {
                let mut body = Vec::new();
                for (name, value) in &fields {
                    body.extend_from_slice(format!("&{name}=").as_bytes());
                    body.extend_from_slice(if name == bad { bytes } else { value.as_bytes() });
                }
                let answer = send(request(&server, (method, &path), &ada, &grace).body(body)).await;
                answer.assert_error(400, "invalid_request");
                assert_eq!(answer.field("field"), *bad, "{method} {path}: {answer:?}");
            }
            let raw = [b"{\"", bad.as_bytes(), b"\":\"\xe9\"}"].concat();
            let lone = [b"{\"", bad.as_bytes(), b"\":\"\\ud800\"}"].concat();
            for body in [raw, lone] {
                let answer = send(request(&server, (method, &path), &ada, &grace).body(body)).await;
                answer.assert_error(400, "invalid_request");
            }
        }
    }
    for query in [
        "users?search=%E9",
        "users?search=a%",
        "users?search=%00",
        "audit?event=%ff",
        "sessions?user=%zz",
        "audit?%ff=1",
    ] {
        let answer = send(bearer(server.get(&format!("/api/admin/{query}")), &grace.access)).await;
        answer.assert_error(400, "invalid_request");
    }
    assert_eq!(me(&server, &ada.access).await.status, 200);
}

#[tokio::test]
async fn a_refusal_names_the_field_and_never_what_it_held() {
    let server = Server::start();
    let (ada, grace, id) = two(&server).await;
    let secret = "hunter2-hunter2";
    let blamed = async |method: &str, path: &str, body: String| {
        let answer = send(request(&server, (method, path), &ada, &grace).body(body)).await;
        answer.assert_error(400, "invalid_request");
        assert!(!answer.body.contains(secret), "{answer:?}");
        (answer.json()["field"].as_str().unwrap_or_default().to_owned(), answer.field("message"))
    };
    for (method, path, fields) in bodies(&id, &ada.session.to_string()) {
        for (name, _) in &fields {
            // Twice, then as another kind.
            let (field, told) = blamed(method, &path, format!("{name}={secret}&{name}={secret}")).await;
            let wanted = if matches!(*name, "up_to" | "role" | "disabled") {
                "can't be understood"
            } else {
                "more than once"
            };
            assert_eq!((field.as_str(), told.contains(wanted)), (*name, true), "{method} {path}: {told}");
            let object = json!({ *name: [secret] }).to_string();
            let (field, told) = blamed(method, &path, object).await;
            assert_eq!(
                (field.as_str(), told.contains("can't be understood")),
                (*name, true),
                "{path}: {told}"
            );
        }
        if fields.iter().all(|(name, _)| matches!(*name, "role" | "disabled")) || method == "PATCH" {
            continue;
        }
        for (missing, _) in fields.iter().filter(|(name, _)| *name != "role") {
            let rest: Vec<_> = fields.iter().filter(|(name, _)| name != missing).collect();
            let form = serde_urlencoded::to_string(rest).unwrap();
            let (field, told) = blamed(method, &path, form).await;
            assert_eq!((field.as_str(), told), (*missing, format!("`{missing}` is missing.")), "{path}");
        }
    }
    for (path, body, field) in [
        ("/auth/register", json!({"name": "", "email": "e@x.example", "password": PASSWORD}), "name"),
        ("/auth/register", json!({"name": "E", "email": "hunter2-hunter2", "password": PASSWORD}), "email"),
        ("/auth/register", json!({"name": "E", "email": "e@x.example", "password": "short"}), "password"),
        ("/api/account/name", json!({"name": "x".repeat(101)}), "name"),
        ("/api/account/name", json!({"name": "hunter2-hunter2\0"}), "name"),
        ("/api/stamp", json!({"message": "x".repeat(1001)}), "message"),
        (
            "/api/account/password",
            json!({"current_password": PASSWORD, "new_password": "short"}),
            "new_password",
        ),
        (
            "/api/account/password",
            json!({"current_password": PASSWORD, "new_password": PASSWORD}),
            "new_password",
        ),
        ("/api/admin/users", json!({"name": "E", "email": "e", "password": PASSWORD}), "email"),
    ] {
        assert_eq!(blamed("POST", path, body.to_string()).await.0, field, "{path}");
    }
    for (query, field) in [
        ("users?limit=0", "limit"),
        ("users?limit=1&limit=2", "limit"),
        ("users?after=hunter2-hunter2", "after"),
        ("sessions?user=hunter2-hunter2", "user"),
        ("audit?from=hunter2-hunter2", "from"),
        ("audit?event=hunter2-hunter2", "event"),
        ("audit?hunter2-hunter2=1", ""),
    ] {
        assert_eq!(blamed("GET", &format!("/api/admin/{query}"), String::new()).await.0, field, "{query}");
    }
    let weak = json!({"current_password": PASSWORD, "new_password": "password1"});
    let weak = send(bearer(server.post("/api/account/password"), &ada.access).json(&weak)).await;
    assert_eq!(
        (weak.field("error").as_str(), weak.field("field").as_str()),
        ("weak_password", "new_password")
    );
}

/// U+FFFD in place of a byte would make one password of many.
#[tokio::test]
async fn no_password_is_opened_by_another_ones_bytes() {
    let server = Server::start();
    let form = |password: &str| {
        let body = format!("name=Ada&email=ada%40people.example&password={password}");
        server.post("/auth/register").body(body)
    };
    send(form("seven+doors+%E9%E8")).await.assert_error(400, "invalid_request");
    assert_eq!(send(form("seven+doors+%EF%BF%BD%EF%BF%BD")).await.status, 200);
    let login = |password: &str| {
        server.post("/auth/login").body(format!("email=ada%40people.example&password={password}"))
    };
    for other in ["seven+doors+%E9%E8", "seven+doors+%FF%FF", "seven+doors+\u{80}%"] {
        send(login(other)).await.assert_error(400, "invalid_request");
    }
    assert_eq!(send(login("seven+doors+%EF%BF%BD%EF%BF%BD")).await.status, 200);
}

#[tokio::test]
async fn a_closed_account_is_told_to_who_knows_the_password() {
    let server = Server::start();
    let (ada, grace, id) = two(&server).await;
    let close = bearer(server.request("PATCH", &format!("/api/admin/users/{id}")), &grace.access);
    assert_eq!(send(close.form(&[("disabled", "true")])).await.status, 200);
    let told = send(server.post("/auth/login").json(&credentials())).await;
    told.assert_error(403, "account_disabled");
    assert!(told.field("message").contains("closed"), "{told:?}");
    let wrong = async |email: &str| {
        let fields = json!({"email": email, "password": "wrong horse"});
        send(server.post("/auth/login").json(&fields)).await
    };
    let (known, unknown) = (wrong("ada@people.example").await, wrong("nobody@people.example").await);
    assert_eq!(known.text(&[]), unknown.text(&[]));
    known.assert_error(401, "invalid_credentials");
    me(&server, &ada.access).await.assert_error(401, "session_revoked");
}

#[tokio::test]
async fn a_new_password_is_another_one() {
    let server = Server::start();
    let (held, second) = (register(&server).await, sign_in(&server).await);
    let change = |current: &str, new: &str| {
        let asked = json!({"current_password": current, "new_password": new});
        bearer(server.post("/api/account/password"), &held.access).json(&asked)
    };
    let told = send(change(PASSWORD, PASSWORD)).await;
    told.assert_error(400, "invalid_request");
    assert_eq!(told.field("message"), "This is the current password. Choose another one.");
    assert_eq!(me(&server, &second.access).await.status, 200, "nothing has changed");
    send(change("wrong horse battery", "wrong horse battery")).await.assert_error(403, "invalid_credentials");
}

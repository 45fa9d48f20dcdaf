//! Plain forms, without WASM: onwards or back, nowhere else, and nothing secret in between.

use reqwest::RequestBuilder;
use reqwest::header::{ACCEPT, COOKIE, ORIGIN, REFERER};

use crate::answer::{Answer, send};
use crate::person::{HINT, PASSWORD, REFRESH, me, refresh, register};
use crate::server::Server;

const BROWSER_ACCEPTS: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8";

/// What a browser shows that keeps cookies.
const KEPT: &str = "__Host-lanyard-probe=kept";

/// A form as a browser posts it from this page, which keeps cookies and has shown it.
fn form(server: &Server, path: &str, page: &str) -> RequestBuilder {
    bare_form(server, path, page).header(COOKIE, KEPT)
}

/// A form as a browser posts it that has no cookie of ours.
fn bare_form(server: &Server, path: &str, page: &str) -> RequestBuilder {
    server
        .post(path)
        .header(ACCEPT, BROWSER_ACCEPTS)
        .header(ORIGIN, server.origin())
        .header("sec-fetch-site", "same-origin")
        .header(REFERER, page)
}

fn login(server: &Server, page: &str, password: &str) -> RequestBuilder {
    form(server, "/auth/login", page).form(&[("email", "ada@people.example"), ("password", password)])
}

#[track_caller]
fn assert_leads_to(answer: &Answer, to: &str) {
    assert_eq!((answer.status, answer.header("location"), answer.body.as_str()), (303, to, ""), "{answer:?}");
    assert_eq!(answer.header("cache-control"), "no-store");
    assert!(!answer.headers.contains_key("content-type"), "{answer:?}");
}

#[tokio::test]
async fn register_sign_in_and_sign_out_work_without_wasm() {
    let server = Server::start();
    let page = |path: &str| format!("{}{path}", server.origin());
    let registered = send(form(&server, "/auth/register", &page("/register")).form(&[
        ("name", "Ada"),
        ("email", "ada@people.example"),
        ("password", PASSWORD),
    ]))
    .await;
    assert_leads_to(&registered, "/dashboard");
    assert_eq!(registered.set_cookies().len(), 2);

    let signed_in = send(login(&server, &page("/sign-in?next=%2Fdashboard%3Ftab%3D2"), PASSWORD)).await;
    assert_leads_to(&signed_in, "/dashboard?tab=2");
    let cookies = format!("{REFRESH}={}; {HINT}={}", signed_in.cookie(REFRESH), signed_in.cookie(HINT));
    let renewed = refresh(&server, &cookies).await;
    assert_eq!(renewed.status, 200);

    let signed_out =
        send(bare_form(&server, "/auth/logout", &page("/dashboard")).header(COOKIE, &cookies)).await;
    assert_leads_to(&signed_out, "/");
    assert_eq!(signed_out.set_cookies().len(), 2);
    me(&server, &renewed.field("access_token")).await.assert_error(401, "session_revoked");
}

#[tokio::test]
async fn what_went_wrong_is_told_by_name_on_the_forms_page() {
    let server = Server::start();
    register(&server).await;
    let page = |path: &str| format!("{}{path}", server.origin());
    let wrong = send(login(&server, &page("/sign-in?next=%2Fdashboard"), "wrong horse")).await;
    assert_leads_to(&wrong, "/sign-in?error=invalid_credentials&next=%2Fdashboard");
    assert!(wrong.set_cookies().is_empty());
    let taken = send(form(&server, "/auth/register", &page("/register")).form(&[
        ("name", "Ada"),
        ("email", "ada@people.example"),
        ("password", PASSWORD),
    ]))
    .await;
    assert_leads_to(&taken, "/register?error=email_taken");
    let unreadable = send(form(&server, "/auth/login", &page("/sign-in")).body("{")).await;
    assert_leads_to(&unreadable, "/sign-in?error=invalid_request");
    let long = send(login(&server, &page("/sign-in"), &"x".repeat(100_000))).await;
    assert_leads_to(&long, "/sign-in?error=payload_too_large");
    let cross_site = server
        .post("/auth/login")
        .header(ACCEPT, BROWSER_ACCEPTS)
        .header(ORIGIN, "https://evil.example")
        .form(&[("email", "ada@people.example"), ("password", PASSWORD)]);
    let answer = send(cross_site).await;
    assert_leads_to(&answer, "/sign-in?error=cross_site");
    assert!(answer.set_cookies().is_empty());
}

#[tokio::test]
async fn no_address_leads_away_from_here() {
    for hostile in [
        "https://evil.example/",
        "//evil.example",
        "/\\evil.example",
        "\\\\evil.example",
        "/\t/evil.example",
        "/\r\nset-cookie: a=b",
        "javascript:alert(1)",
        "",
        "dashboard",
        "/.//evil.example",
        "/..//evil.example",
        "/%2e//evil.example",
        "/dashboard/..//evil.example",
        // None of these is a page that one could have wanted.
        "/auth/logout",
        "/x/../api/me",
        "/sign-in?next=%2Fdevices",
        "/register",
        "/favicon.svg",
    ] {
        // So many attempts at one server would be too many.
        let server = Server::start();
        register(&server).await;
        let query = serde_urlencoded::to_string([("next", hostile)]).unwrap();
        for page in [format!("{}/sign-in?{query}", server.origin()), format!("https://evil.example/?{query}")]
        {
            let answer = send(login(&server, &page, PASSWORD)).await;
            assert_leads_to(&answer, "/dashboard");
            assert_eq!(answer.set_cookies().len(), 2);
        }
        // Carried back to the form as data, and judged again there.
        let wrong =
            send(login(&server, &format!("{}/sign-in?{query}", server.origin()), "wrong horse")).await;
        let back = format!(
            "/sign-in?{}",
            serde_urlencoded::to_string([("error", "invalid_credentials"), ("next", hostile)]).unwrap()
        );
        assert_leads_to(&wrong, &back);
    }
    let server = Server::start();
    register(&server).await;
    for referer in ["https://evil.example/dashboard", "about:blank", "%", "/sign-in"] {
        assert_leads_to(&send(login(&server, referer, PASSWORD)).await, "/dashboard");
    }
    // Where it leads to counts, and of two the first, as on the page itself.
    for (query, leads_to) in [
        ("next=%2Fa%2F..%2Fdevices", "/devices"),
        ("next=%2Fdevices&next=%2Faccount", "/devices"),
        (
            "next=%2Fadmin%2Fusers%3Fsearch%3Da%2526b%253Dc%2523d%23top",
            "/admin/users?search=a%26b%3Dc%23d#top",
        ),
        ("next=%2Fadmin%2Fusers%3Fsearch%3Dpercent%2B%252541", "/admin/users?search=percent+%2541"),
    ] {
        let page = format!("{}/sign-in?{query}", server.origin());
        assert_leads_to(&send(login(&server, &page, PASSWORD)).await, leads_to);
    }
    // A path in another script arrives as browsers write addresses.
    let page = format!("{}/sign-in?next=%2Fcaf%C3%A9", server.origin());
    assert_leads_to(&send(login(&server, &page, PASSWORD)).await, "/caf%C3%A9");
}

#[tokio::test]
async fn a_redirect_holds_nothing_secret() {
    let server = Server::start();
    register(&server).await;
    let answer = send(login(&server, &format!("{}/sign-in", server.origin()), PASSWORD)).await;
    let held = (answer.cookie(REFRESH), answer.cookie(HINT));
    let text = answer.text(&[(&held.0, "REFRESH"), (&held.1, "HINT")]);
    assert!(!text.contains("eyJ") && !text.contains("lrt1_") && !text.contains(PASSWORD), "{text}");
}

#[tokio::test]
async fn a_browser_that_keeps_no_cookie_is_told_before_a_session_is_made() {
    let server = Server::start();
    let held = register(&server).await;
    for (path, page, fields) in [
        ("/auth/login", "/sign-in", [("name", ""), ("email", "ada@people.example"), ("password", PASSWORD)]),
        (
            "/auth/register",
            "/register",
            [("name", "Bea"), ("email", "bea@people.example"), ("password", PASSWORD)],
        ),
    ] {
        let here = format!("{}{page}?next=%2Fdevices", server.origin());
        let fields: Vec<_> = fields.into_iter().filter(|(_, value)| !value.is_empty()).collect();
        let asked = send(bare_form(&server, path, &here).form(&fields)).await;
        let again = format!("{path}?cookies=asked");
        assert_eq!((asked.status, asked.header("location"), asked.body.as_str()), (307, again.as_str(), ""));
        assert_eq!(asked.header("cache-control"), "no-store");
        assert_eq!(
            asked.set_cookies(),
            ["__Host-lanyard-probe=kept; HttpOnly; SameSite=Strict; Secure; Path=/; Max-Age=60"]
        );
        // It did not come along.
        let refused = send(bare_form(&server, &again, &here).form(&fields)).await;
        assert_leads_to(&refused, &format!("{page}?error=cookies_refused&next=%2Fdevices"));
        assert!(refused.set_cookies().is_empty());
        let page = send(server.get(refused.header("location"))).await;
        assert!(page.body.contains("this browser does not keep the cookie"), "it says why");
        assert_eq!(server.sessions().await, 1, "but for the first, which has nothing to do with it");
    }
    assert_eq!(me(&server, &held.access).await.status, 200);

    // It came along, or another one of ours has shown as much before.
    let here = format!("{}/sign-in", server.origin());
    for (path, cookies) in
        [("/auth/login?cookies=asked", KEPT.to_owned()), ("/auth/login", format!("{HINT}={}", held.hint))]
    {
        let form = bare_form(&server, path, &here).header(COOKIE, cookies);
        let answer = send(form.form(&[("email", "ada@people.example"), ("password", PASSWORD)])).await;
        assert_leads_to(&answer, "/dashboard");
        assert_eq!(answer.set_cookies().len(), 2);
    }
    // Another site learns nothing by it.
    let cross_site =
        server.post("/auth/login").header(ACCEPT, BROWSER_ACCEPTS).header(ORIGIN, "https://evil.example");
    assert_leads_to(
        &send(cross_site.form(&[("email", "a"), ("password", "b")])).await,
        "/sign-in?error=cross_site",
    );
}

//! What stands in the data folder before a start: keys that can't be right, files that others can read, and odd folders.

use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use crate::answer::send;
use crate::person::register;
use crate::server::{Server, lanyard};

/// Starts with this data folder and expects an end; returns what was said.
#[track_caller]
fn refusal(data: &Path, flags: &[&str]) -> String {
    let mut command = lanyard();
    command.arg("--data-dir").arg(data).args(flags).args(["--addr", "127.0.0.1:0"]);
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    // A server that starts after all would not end by itself.
    let ended = (0..1000).any(|_| {
        std::thread::sleep(Duration::from_millis(10));
        child.try_wait().unwrap().is_some()
    });
    let _ = child.kill();
    let Output { status, stderr, .. } = child.wait_with_output().unwrap();
    let said = String::from_utf8(stderr).unwrap();
    assert!(ended && !status.success(), "it was not refused: {said}");
    said
}

macro_rules! key {
    ($name:literal) => {
        include_str!(concat!("../../../crates/auth/src/access/key_file/keys/", $name, ".pem"))
    };
}

#[test]
fn a_signing_key_that_can_not_serve_is_refused_with_the_reason_and_the_files_name() {
    for (algorithm, text, reason) in [
        ("RS256", key!("rsa-1024"), "1024 bits, which is too short: RFC 7518"),
        ("RS256", key!("rsa-4104"), "4104 bits"),
        ("RS256", key!("rsa-2048-encrypted"), "it is encrypted"),
        ("RS256", key!("rsa-2048-public"), "a public key"),
        ("EdDSA", key!("p256"), "a key of the curve P-256"),
        ("ES256", key!("p384"), "another curve than P-256"),
        ("EdDSA", "", "there is nothing in it"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join(format!("signing-{}.pem", algorithm.to_lowercase()));
        std::fs::write(&file, text).unwrap();
        let said = refusal(folder.path(), &["--signing-alg", algorithm]);
        assert!(said.contains(reason) && said.contains(file.to_str().unwrap()), "{said}");
        assert_eq!(std::fs::read_to_string(&file).unwrap(), text, "it is left as it is");
        assert!(text.lines().all(|line| line.is_empty() || !said.contains(line)), "{said}");
    }
}

#[test]
fn master_keys_that_are_none_are_refused_with_the_files_name() {
    for (text, reason) in [
        ("", "there is no key in it"),
        ("\n \n", "there is no key in it"),
        ("too short\n", "line 1"),
        ("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\nhunter2\n", "line 2"),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("master.keys");
        std::fs::write(&file, text).unwrap();
        let said = refusal(folder.path(), &[]);
        assert!(said.contains(reason) && said.contains(file.to_str().unwrap()), "{said}");
        assert!(!said.contains("hunter2") && !said.contains("AAAA"), "{said}");
    }
}

#[tokio::test]
async fn an_rsa_key_of_somebody_elses_making_serves() {
    let mut server = Server::start_with(&["--signing-alg", "RS256"]);
    let file = server.data().join("signing-rs256.pem");
    for key in [key!("rsa-2048"), key!("rsa-2048-pkcs1"), key!("rsa-4096")] {
        std::fs::write(&file, key).unwrap();
        server.restart();
        let held = if key == key!("rsa-2048") {
            register(&server).await
        } else {
            crate::person::sign_in(&server).await
        };
        assert_eq!(crate::person::me(&server, &held.access).await.status, 200);
    }
}

#[cfg(unix)]
#[tokio::test]
async fn what_others_can_read_is_told_at_start() {
    use std::os::unix::fs::PermissionsExt as _;

    let mut server = Server::start();
    assert!(!server.log().contains("others on this machine"), "{}", server.log());
    let set =
        |path: &Path, mode| std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    let data = server.data();
    let exposed = [("master.keys", 0o644), ("signing-eddsa.pem", 0o640), ("lanyard.db", 0o606)];
    for (name, mode) in exposed {
        set(&data.join(name), mode);
    }
    set(&data, 0o755);
    server.restart();
    let log = server.log();
    for (name, mode) in exposed {
        let told = format!("{} (mode {mode:o})", data.join(name).display());
        assert_eq!(log.matches(&told).count(), 1, "{told}: {log}");
    }
    assert_eq!(log.matches(&format!("{} (mode 755)", data.display())).count(), 1, "{log}");
}

#[tokio::test]
async fn a_data_folder_is_a_path_and_everything_is_in_it() {
    let folder = tempfile::tempdir().unwrap();
    let slashes = format!("/{}/srv", folder.path().display());
    let names = ["a?b=c", "#", "100%", "a b", "größe", "sqlite:x", "deep/er", "./dot/", "-dash"];
    let paths = names.iter().map(|name| folder.path().join(name)).chain([slashes.clone().into()]);
    for data in paths {
        let mut command = lanyard();
        command.current_dir(folder.path()).arg("--data-dir").arg(&data).stderr(Stdio::null());
        let (mut child, address) = lanyard_testbed::server::start(&mut command).expect("it did not start");
        let ready = reqwest::get(format!("http://{address}/health/ready")).await.unwrap();
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(ready.status(), 200, "{}", data.display());
        for file in ["lanyard.db", "master.keys", "signing-eddsa.pem"] {
            assert!(data.join(file).is_file(), "{file} in {}", data.display());
        }
        // The commands beside it find the same.
        let listed = lanyard().args(["user", "list", "--data-dir"]).arg(&data).output().unwrap();
        assert!(listed.status.success(), "{listed:?}");
    }
    assert!(folder.path().join("srv/lanyard.db").is_file(), "two slashes are one");
    // Below the current folder.
    let mut command = lanyard();
    command.current_dir(folder.path()).args(["--data-dir", "here?"]).stderr(Stdio::null());
    let (mut child, _) = lanyard_testbed::server::start(&mut command).expect("it did not start");
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(folder.path().join("here?/lanyard.db").is_file());
}

#[test]
fn a_folder_that_can_not_be_one_is_told_as_it_was_given() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "x").unwrap();
    for path in [file.clone(), file.join("below")] {
        let said = refusal(&path, &[]);
        assert!(said.contains("data folder") && said.contains(path.to_str().unwrap()), "{said}");
        assert!(!said.contains("URL"), "{said}");
    }
    #[cfg(unix)]
    {
        use std::os::unix::ffi::OsStrExt as _;
        let odd = folder.path().join(std::ffi::OsStr::from_bytes(b"caf\xe9"));
        let said = refusal(&odd, &[]);
        assert!(said.contains("UTF-8") && !said.contains("URL"), "{said}");
    }
    let said = refusal(&folder.path().join("data"), &["--database-url", "sqlite:/srv/a?b/lanyard.db"]);
    assert!(said.contains("SQLite URL") && said.contains('?'), "{said}");
}

#[tokio::test]
async fn variables_that_are_empty_count_as_unset() {
    let names = [
        "LANYARD_PUBLIC_URL",
        "DATABASE_URL",
        "LANYARD_ACCESS_TTL",
        "LANYARD_IDLE_TTL",
        "LANYARD_ABSOLUTE_TTL",
        "LANYARD_RETRY_WINDOW",
        "LANYARD_SETTLE",
        "LANYARD_SIGNING_ALG",
        "LANYARD_CLIENT_IP",
        "LANYARD_REVOCATION",
        "LANYARD_AUDIT_TTL",
        "LANYARD_METRICS_ADDR",
        "LANYARD_DEMO",
        "LANYARD_ADDR",
        "LANYARD_DATA_DIR",
    ];
    let folder = tempfile::tempdir().unwrap();
    for line in [&[][..], &["serve"]] {
        let mut command = lanyard();
        command
            .current_dir(folder.path())
            .args(line)
            .envs(names.map(|name| (name, "")))
            .stderr(Stdio::null());
        let (mut child, address) = lanyard_testbed::server::start(&mut command).expect("it did not start");
        assert!(reqwest::get(format!("http://{address}/health/live")).await.unwrap().status().is_success());
        child.kill().unwrap();
        child.wait().unwrap();
    }
    assert!(folder.path().join("data/lanyard.db").is_file());
    for line in [&["user", "list"][..], &["sessions", "list", "--json"], &["migrate"]] {
        let mut command = lanyard();
        let done = command.current_dir(folder.path()).args(line).envs(names.map(|name| (name, ""))).output();
        let done = done.unwrap();
        assert!(done.status.success(), "{line:?}: {done:?}");
    }
    // What is set is read as ever.
    let server = Server::start();
    assert_eq!(send(server.get("/health/live")).await.status, 204);
    let done = lanyard().env("DATABASE_URL", "mysql://").args(["user", "list"]).output().unwrap();
    assert!(!done.status.success());
}

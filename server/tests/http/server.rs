//! One running server: started by a test, ended when the test drops it.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lanyard_auth::refresh::{MasterKeys, RefreshToken};
use reqwest::{Method, RequestBuilder};
use sqlx::SqlitePool;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions};
use tempfile::TempDir;
use uuid::Uuid;

/// A server, the folder it keeps its data in, and a client that follows and keeps nothing by itself.
pub struct Server {
    child: Child,
    client: reqwest::Client,
    port: u16,
    /// As browsers write it. It stays the same over a restart, though the port does not.
    origin: String,
    folder: Arc<TempDir>,
    flags: Vec<String>,
    around: Around,
}

/// What a server runs in: a line of the shell before it, and where its standard error goes.
struct Around {
    shell: String,
    stderr: Box<dyn Fn(&Path) -> Stdio>,
}

impl Default for Around {
    fn default() -> Self {
        Self { shell: ":".to_owned(), stderr: Box::new(|folder| log(folder).into()) }
    }
}

/// The command, with nothing of this process's environment that could configure it.
pub fn lanyard() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_lanyard"));
    command.env_clear().stdin(Stdio::null());
    command
}

impl Server {
    /// A server with the usual durations.
    pub fn start() -> Self {
        Self::start_with(&[])
    }

    /// A server with these flags.
    pub fn start_with(flags: &[&str]) -> Self {
        Self::start_around(Around::default(), flags)
    }

    /// A server after this line of the shell, such as `ulimit -n 64`.
    pub fn start_after(shell: &str, flags: &[&str]) -> Self {
        Self::start_around(Around { shell: shell.to_owned(), ..Around::default() }, flags)
    }

    /// A server whose standard error goes there.
    pub fn start_logging_to(stderr: impl Fn() -> Stdio + 'static, flags: &[&str]) -> Self {
        Self::start_around(Around { stderr: Box::new(move |_| stderr()), ..Around::default() }, flags)
    }

    fn start_around(around: Around, flags: &[&str]) -> Self {
        Self::start_in(Arc::new(tempfile::tempdir().unwrap()), flags, None, around)
    }

    /// Another server with the same keys and database, at the same origin.
    pub fn beside(&self, flags: &[&str]) -> Self {
        Self::start_in(Arc::clone(&self.folder), flags, Some(&self.origin), Around::default())
    }

    fn start_in(folder: Arc<TempDir>, flags: &[&str], origin: Option<&str>, around: Around) -> Self {
        let flags: Vec<_> = flags.iter().map(|&flag| flag.to_owned()).collect();
        // A free port may be taken by somebody else before the server has it, so there are several tries.
        let (child, port) = (0..5)
            .find_map(|_| spawn(folder.path(), &flags, origin, &around))
            .expect("the server did not start");
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(Duration::from_secs(40))
            .build()
            .unwrap();
        let origin = origin.map_or_else(|| local(port), str::to_owned);
        Self { child, client, port, origin, folder, flags, around }
    }

    /// Kills the server, as a power cut would, and starts it again over the same folder with other flags.
    pub fn restart_with(&mut self, flags: &[&str]) {
        self.flags = flags.iter().map(|&flag| flag.to_owned()).collect();
        self.restart();
    }

    /// Kills the server, as a power cut would, and starts it again.
    pub fn restart(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        (self.child, self.port) = (0..5)
            .find_map(|_| spawn(self.folder.path(), &self.flags, Some(&self.origin), &self.around))
            .expect("the server did not start again");
    }

    /// Loses a file of its data folder, or the whole folder, and starts again over what is left.
    pub fn restart_without(&mut self, lost: &str) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        let path = self.data().join(lost);
        if path.is_dir() { std::fs::remove_dir_all(path) } else { std::fs::remove_file(path) }.unwrap();
        self.restart();
    }

    /// Runs another command on its database, with this on standard input.
    pub fn command(&self, arguments: &[&str], input: &str) -> Output {
        let mut command = lanyard();
        command.args(arguments).arg("--data-dir").arg(self.data());
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        child.wait_with_output().unwrap()
    }

    /// The folder with its keys and its database.
    pub fn data(&self) -> std::path::PathBuf {
        self.folder.path().join("data")
    }

    /// Everything that it has logged and printed.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap()
    }

    /// Where it listens.
    pub fn address(&self) -> (&'static str, u16) {
        ("127.0.0.1", self.port)
    }

    /// Its process.
    pub fn child(&mut self) -> &mut Child {
        &mut self.child
    }

    /// Its public URL.
    pub fn origin(&self) -> String {
        self.origin.clone()
    }

    pub fn request(&self, method: &str, path: &str) -> RequestBuilder {
        let method = Method::from_bytes(method.as_bytes()).unwrap();
        self.client.request(method, format!("http://127.0.0.1:{}{path}", self.port))
    }

    pub fn get(&self, path: &str) -> RequestBuilder {
        self.request("GET", path)
    }

    pub fn post(&self, path: &str) -> RequestBuilder {
        self.request("POST", path)
    }

    /// Sends these bytes as they are and returns what comes back until the server closes.
    pub async fn raw(&self, request: Vec<u8>) -> String {
        let port = self.port;
        tokio::task::spawn_blocking(move || {
            let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
            stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
            // The server may answer and close before it has read everything.
            let _ = stream.write_all(&request);
            let mut answer = Vec::new();
            let _ = stream.read_to_end(&mut answer);
            String::from_utf8_lossy(&answer).into_owned()
        })
        .await
        .unwrap()
    }

    /// Moves a session's last rotation into the past, which is what waiting would do.
    pub async fn age(&self, session: Uuid, by: Duration) {
        let by = i64::try_from(by.as_millis()).unwrap();
        self.update("UPDATE sessions SET rotated_at = rotated_at - ? WHERE sid = ?", by, session).await;
    }

    /// Moves a session's absolute limit nearer.
    pub async fn shorten(&self, session: Uuid, by: Duration) {
        let by = i64::try_from(by.as_millis()).unwrap();
        self.update("UPDATE sessions SET expires_at = expires_at - ? WHERE sid = ?", by, session).await;
    }

    /// Marks a session's newest generation as confirmed.
    pub async fn confirm(&self, session: Uuid) {
        self.update("UPDATE sessions SET confirmed = ? WHERE sid = ?", 1, session).await;
    }

    async fn update(&self, sql: &'static str, value: i64, session: Uuid) {
        let done = sqlx::query(sql)
            .bind(value)
            .bind(session.as_bytes().to_vec())
            .execute(&self.database().await)
            .await
            .unwrap();
        assert_eq!(done.rows_affected(), 1, "no such session");
    }

    /// `(generation, confirmed, end_reason)` of a session.
    pub async fn row(&self, session: Uuid) -> (i64, bool, Option<String>) {
        sqlx::query_as("SELECT generation, confirmed, end_reason FROM sessions WHERE sid = ?")
            .bind(session.as_bytes().to_vec())
            .fetch_one(&self.database().await)
            .await
            .unwrap()
    }

    /// How many sessions there are, live or not.
    pub async fn sessions(&self) -> i64 {
        sqlx::query_scalar("SELECT count(*) FROM sessions").fetch_one(&self.database().await).await.unwrap()
    }

    /// What the audit log tells of a session, in order: events and their details.
    pub async fn events(&self, session: Uuid) -> Vec<String> {
        sqlx::query_scalar(
            "SELECT trim(event || ' ' || coalesce(detail, '')) FROM audit WHERE session_id = ? ORDER BY id",
        )
        .bind(session.as_bytes().to_vec())
        .fetch_all(&self.database().await)
        .await
        .unwrap()
    }

    /// Runs a statement on its database.
    pub async fn run(&self, sql: &'static str) {
        sqlx::query(sql).execute(&self.database().await).await.unwrap();
    }

    async fn database(&self) -> SqlitePool {
        let options = SqliteConnectOptions::new().filename(self.data().join("lanyard.db"));
        SqlitePoolOptions::new().max_connections(1).connect_with(options).await.unwrap()
    }

    /// The server's own master key, to make tokens that are genuine.
    pub fn master_keys(&self) -> MasterKeys {
        let text = std::fs::read_to_string(self.data().join("master.keys")).unwrap();
        let key = STANDARD.decode(text.trim()).unwrap();
        MasterKeys::new(&key.try_into().unwrap(), &[])
    }
}

/// The number of a refresh token.
pub fn generation(token: &str) -> u32 {
    RefreshToken::parse(token).unwrap().generation
}

fn local(port: u16) -> String {
    format!("http://localhost:{port}")
}

fn log(folder: &Path) -> File {
    File::options().create(true).append(true).open(folder.join("log")).unwrap()
}

fn spawn(folder: &Path, flags: &[String], origin: Option<&str>, around: &Around) -> Option<(Child, u16)> {
    let mut command = Command::new("/bin/sh");
    command.env_clear().stdin(Stdio::null());
    command.args(["-c", &format!("{}; exec \"$0\" \"$@\"", around.shell), env!("CARGO_BIN_EXE_lanyard")]);
    command.arg("--data-dir").arg(folder.join("data")).args(flags);
    command.env("RUST_LOG", "trace").stderr((around.stderr)(folder));
    // A flag among `flags` goes before this.
    command.envs(origin.map(|origin| ("LANYARD_PUBLIC_URL", origin)));
    let (child, address) = lanyard_testbed::server::start(&mut command)?;
    Some((child, address.port()))
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

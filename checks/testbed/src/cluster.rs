//! Postgres servers for one process: made in a temporary folder, reached by a socket in it, and gone when the
//! process is, however that ends.
//!
//! All tests share one, or the one that `TEST_DATABASE_URL` names, whose user may create databases. A [`Cluster`]
//! of one's own can be killed and started again.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::LazyLock;
use std::time::Duration;

use lanyard_auth::random::Random;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, PgConnection};

/// Who runs the server when root runs the tests: Postgres refuses to be root. `nobody`, everywhere on Linux.
const NOBODY: u32 = 65534;

/// Started at the first use, and never dropped: the end of the process closes its standard input.
static SHARED: LazyLock<Shared> = LazyLock::new(Shared::find);

/// Does what is said on its standard input, and says `done` after each; once nobody holds the other end, it
/// stops the server and takes the folder away. A Ctrl-C is for the tests: they end, and then this, though nobody
/// hears it any more.
///
/// The server is this shell's own child, so that it is really gone when it was killed: what is left of an
/// orphan counts as alive for whoever starts the next one.
const KEEPER: &str = r#"
    trap '' INT TERM HUP PIPE
    binaries=$1 folder=$2; shift 2
    trap 'rm -rf "$folder"' EXIT
    start() {
        "$binaries/postgres" -D "$folder" -c unix_socket_directories="$folder" -c listen_addresses= "$@" \
            </dev/null >>"$folder/log" 2>&1 &
        server=$!
        # What a crashed one left behind names another process.
        until grep -qx "$server" "$folder/postmaster.pid" && grep -q '^ready' "$folder/postmaster.pid"; do
            kill -0 "$server" || { cat "$folder/log"; exit 1; }
            sleep 0.01
        done
    }
    state() {
        sed -n 's/^State:[[:space:]]*\(.\).*/\1/p' "/proc/$1/status"
    }
    crash() {
        # Stopped first: it could start another child meanwhile.
        kill -STOP "$server"
        until [ "$(state "$server")" = T ]; do sleep 0.01; done
        children=$(cat "/proc/$server/task/$server/children")
        kill -KILL "$server" $children
        wait "$server"
        # Nobody starts where one of them still has the shared memory; a zombie has let go of it.
        for child in $children; do
            while [ -n "$(state "$child" | tr -d Z)" ]; do sleep 0.01; done
        done
    }
    while read -r order; do
        case $order in
            start) start "$@" ;;
            crash) crash ;;
        esac 2>/dev/null
        echo "done"
    done
    kill -QUIT "$server"
    wait "$server"
"#;

/// For tests: many connections, and no waiting for the disk.
const THROW_AWAY: [&str; 3] = ["max_connections=400", "fsync=off", "full_page_writes=off"];

/// As an operator runs it, but slow: each commit lies in memory for 5 ms before it is on the disk, so that a crash
/// often falls into one.
const DURABLE: [&str; 6] = [
    "fsync=on",
    "full_page_writes=on",
    "synchronous_commit=on",
    "commit_delay=5000",
    "commit_siblings=0",
    // A start after a crash writes everything out first, here by one call.
    "recovery_init_sync_method=syncfs",
];

/// A Postgres server of this process's own. It stops, and takes its data away, when this is dropped.
#[derive(Debug)]
pub struct Cluster {
    folder: PathBuf,
    keeper: Child,
    told: BufReader<ChildStdout>,
}

impl Cluster {
    /// A server that loses nothing it has acknowledged; `None` where there is none to start.
    pub fn durable() -> Option<Self> {
        Self::start(&DURABLE)
    }

    /// A server that does not wait for the disk; `None` where there is none to start.
    pub fn throw_away() -> Option<Self> {
        Self::start(&THROW_AWAY)
    }

    /// The folder with its socket, which a URL names as `host`.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Whether it takes writes from now on; connections are kept, as those to an old primary are.
    pub async fn read_only(&self, read_only: bool) {
        let onoff = if read_only { "on" } else { "off" };
        run_on(&self.url(), format!("ALTER SYSTEM SET default_transaction_read_only = {onoff}")).await;
        let mut server = self.url().parse::<PgConnectOptions>().unwrap().connect().await.unwrap();
        sqlx::raw_sql("SELECT pg_reload_conf()").execute(&mut server).await.unwrap();
        // Each process reads it when it gets to it.
        for _ in 0..1_000 {
            let shown = sqlx::query_scalar::<_, String>("SHOW default_transaction_read_only");
            if shown.fetch_one(&mut server).await.unwrap() == onoff {
                return;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("it never is {onoff}");
    }

    fn start(settings: &[&str]) -> Option<Self> {
        let binaries = binaries()?;
        let folder = tempfile::Builder::new().prefix("lanyard-pg-").tempdir().unwrap().keep();
        let as_root = folder.metadata().unwrap().uid() == 0;
        if as_root {
            chown(&folder, Some(NOBODY), Some(NOBODY)).unwrap();
        }
        let unprivileged = |program: &Path| {
            let mut command = Command::new(program);
            command.current_dir(&folder);
            if as_root {
                command.uid(NOBODY).gid(NOBODY);
            }
            command
        };
        let initdb = unprivileged(&binaries.join("initdb"))
            .args(["--username=lanyard", "--auth=trust", "--encoding=UTF8"])
            .args(["--no-locale", "--no-sync", "--pgdata"])
            .arg(&folder)
            .output()
            .unwrap();
        assert!(initdb.status.success(), "initdb: {}", String::from_utf8_lossy(&initdb.stderr));

        let mut keeper = unprivileged(Path::new("sh"));
        keeper.args(["-c", KEEPER, "keeper"]).arg(&binaries).arg(&folder);
        keeper.args(settings.iter().flat_map(|setting| ["-c", setting]));
        let mut keeper = keeper.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let told = BufReader::new(keeper.stdout.take().unwrap());
        let mut cluster = Self { folder, keeper, told };
        cluster.order("start");
        Some(cluster)
    }

    /// Kills the server and all its processes at once, by SIGKILL.
    pub fn crash(&mut self) {
        self.order("crash");
    }

    /// Starts it again after a crash, and returns once it answers.
    pub fn restart(&mut self) {
        self.order("start");
    }

    /// Makes an empty database; returns what `lanyard_store::open` takes.
    pub async fn database(&self, name: &str) -> String {
        let server = self.url();
        run_on(&server, format!("CREATE DATABASE {name} TEMPLATE template0")).await;
        beside(&server, name)
    }

    fn url(&self) -> String {
        format!("postgres://lanyard@localhost/postgres?host={}", self.folder.display())
    }

    fn order(&mut self, order: &str) {
        writeln!(self.keeper.stdin.as_mut().unwrap(), "{order}").unwrap();
        let mut line = String::new();
        self.told.read_line(&mut line).unwrap();
        if line.trim() != "done" {
            self.told.read_to_string(&mut line).unwrap();
            panic!("Postgres did not {order}: {line}");
        }
    }
}

impl Drop for Cluster {
    fn drop(&mut self) {
        // Closes its standard input first.
        let _ = self.keeper.wait();
    }
}

/// The server that all tests of this process share.
struct Shared {
    url: String,
    _cluster: Option<Cluster>,
}

impl Shared {
    fn find() -> Self {
        if let Ok(url) = std::env::var("TEST_DATABASE_URL") {
            return Self { url, _cluster: None };
        }
        let cluster = Cluster::start(&THROW_AWAY).expect(
            "no Postgres server was found to test with: `apt-get install -y postgresql` (Debian) installs one, \
             or set TEST_DATABASE_URL to a database whose user may create others",
        );
        Self { url: cluster.url(), _cluster: Some(cluster) }
    }
}

/// The URL of another database on the same server.
fn beside(url: &str, name: &str) -> String {
    let (server, parameters) = url.split_once('?').unwrap_or((url, ""));
    let path = server.find("://").unwrap() + 3;
    let path = server[path..].find('/').map_or(server.len(), |slash| path + slash);
    format!("{}/{name}?{parameters}", &server[..path])
}

/// Where `initdb` and `postgres` are. Debian puts them on nobody's PATH.
fn binaries() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let config = Command::new("pg_config").arg("--bindir").output().ok();
    let config = config.map(|output| PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
    let mut debian: Vec<_> =
        std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().collect();
    debian.sort_by_key(|version| version.file_name().to_string_lossy().parse::<u32>().unwrap_or(0));
    let debian = debian.into_iter().rev().map(|version| version.path().join("bin"));
    let mut folders = std::env::split_paths(&path).chain(config).chain(debian);
    folders.find(|folder| folder.join("initdb").is_file() && folder.join("postgres").is_file())
}

/// An empty database of its own.
#[derive(Debug)]
pub struct Fresh {
    name: String,
}

impl Fresh {
    /// Makes it, and before that the server, if this is the process's first.
    pub async fn make() -> Self {
        let id = Random::System.bytes::<8>().unwrap();
        let name = format!("lanyard_test_{:016x}", u64::from_le_bytes(id));
        run(format!("CREATE DATABASE {name} TEMPLATE template0")).await;
        Self { name }
    }

    /// Its name on the server.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What `lanyard_store::open` takes.
    pub fn url(&self) -> String {
        beside(&SHARED.url, &self.name)
    }

    /// A connection that is not the store's.
    pub async fn connect(&self) -> PgConnection {
        self.url().parse::<PgConnectOptions>().unwrap().connect().await.unwrap()
    }
}

impl Drop for Fresh {
    fn drop(&mut self) {
        let drop = format!("DROP DATABASE {} WITH (FORCE)", self.name);
        // On a thread, since the test's own runtime can't be waited for from within.
        let dropping = std::thread::spawn(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(run(drop));
        });
        assert!(dropping.join().is_ok() || std::thread::panicking());
    }
}

/// Runs statements beside every test's database.
pub async fn run(sql: String) {
    run_on(&SHARED.url, sql).await;
}

async fn run_on(url: &str, sql: String) {
    let mut server = url.parse::<PgConnectOptions>().unwrap().connect().await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut server).await.unwrap();
}

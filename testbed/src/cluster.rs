//! A Postgres server for one test process: made in a temporary folder, reached by a socket in it, and gone
//! when the process is, however that ends.
//!
//! `TEST_DATABASE_URL` names one that is there already, whose user may create databases.

use std::io::{BufRead as _, BufReader, Read as _};
use std::os::unix::fs::{MetadataExt as _, chown};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;

use lanyard_auth::random::Random;
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, ConnectOptions as _, PgConnection};

/// Who runs the server when root runs the tests: Postgres refuses to be root. `nobody`, everywhere on Linux.
const NOBODY: u32 = 65534;

/// Started at the first use, and never dropped: the end of the process closes its standard input.
static CLUSTER: LazyLock<Cluster> = LazyLock::new(Cluster::start);

/// Starts a server, says so, and stops it once nobody holds the other end of its standard input.
///
/// It is for tests, so it doesn't wait for the disk. A Ctrl-C is for the tests: they end, and then this.
const KEEPER: &str = r#"
    trap '' INT TERM HUP
    "$1/pg_ctl" --silent --wait --pgdata="$2" --log="$2/log" \
        --options="-c unix_socket_directories=$2 -c listen_addresses= -c max_connections=400 -c fsync=off -c full_page_writes=off" \
        start || { cat "$2/log"; exit 1; }
    echo started
    read -r _
    "$1/pg_ctl" --silent --wait --mode=immediate --pgdata="$2" stop
    rm -rf "$2"
"#;

struct Cluster {
    url: String,
    _keeper: Option<Child>,
}

impl Cluster {
    fn start() -> Self {
        if let Ok(url) = std::env::var("TEST_DATABASE_URL") {
            return Self { url, _keeper: None };
        }
        let binaries = binaries().expect(
            "no Postgres server was found to test with: `apt-get install -y postgresql` (Debian) installs one, \
             or set TEST_DATABASE_URL to a database whose user may create others",
        );
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
            .args([
                "--username=lanyard",
                "--auth=trust",
                "--encoding=UTF8",
                "--no-locale",
                "--no-sync",
                "--pgdata",
            ])
            .arg(&folder)
            .output()
            .unwrap();
        assert!(initdb.status.success(), "initdb: {}", String::from_utf8_lossy(&initdb.stderr));

        let mut keeper = unprivileged(Path::new("sh"));
        keeper.args(["-c", KEEPER, "keeper"]).arg(&binaries).arg(&folder);
        let mut keeper = keeper.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let mut told = BufReader::new(keeper.stdout.take().unwrap());
        let mut line = String::new();
        told.read_line(&mut line).unwrap();
        if line.trim() != "started" {
            told.read_to_string(&mut line).unwrap();
            panic!("Postgres did not start: {line}");
        }
        let url = format!("postgres://lanyard@localhost/postgres?host={}", folder.display());
        Self { url, _keeper: Some(keeper) }
    }
}

/// Where `initdb` and `pg_ctl` are. Debian puts them on nobody's PATH.
fn binaries() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let config = Command::new("pg_config").arg("--bindir").output().ok();
    let config = config.map(|output| PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()));
    let mut debian: Vec<_> =
        std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten().collect();
    debian.sort_by_key(|version| version.file_name().to_string_lossy().parse::<u32>().unwrap_or(0));
    let debian = debian.into_iter().rev().map(|version| version.path().join("bin"));
    let mut folders = std::env::split_paths(&path).chain(config).chain(debian);
    folders.find(|folder| folder.join("initdb").is_file() && folder.join("pg_ctl").is_file())
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
        let (server, parameters) = CLUSTER.url.split_once('?').unwrap_or((&CLUSTER.url, ""));
        let path = server.find("://").unwrap() + 3;
        let path = server[path..].find('/').map_or(server.len(), |slash| path + slash);
        format!("{}/{}?{parameters}", &server[..path], self.name)
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
    let mut server = CLUSTER.url.parse::<PgConnectOptions>().unwrap().connect().await.unwrap();
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(&mut server).await.unwrap();
}

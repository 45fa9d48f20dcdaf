//! Connections with real sockets, and time-outs of a fraction of a second.

use axum::middleware::{Next, from_fn};
use axum::routing::{get, post};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::*;

/// All that is waited for in a test is over long before.
const SOON: Duration = Duration::from_secs(20);

const SHORT: Duration = Duration::from_millis(200);

fn patient() -> Patience {
    let long = Duration::from_secs(60);
    Patience {
        fresh: SHORT,
        idle: long,
        head: long,
        body: long,
        part: long,
        answer: long,
        refused: long,
        grace: long,
        places: 16,
    }
}

struct Served {
    addr: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    serving: JoinHandle<()>,
}

async fn served(patience: Patience) -> Served {
    async fn broken(_: Request, _: Next) {
        panic!("in a layer")
    }
    let router = Router::new()
        .route("/layer", get(async || "hello"))
        .layer(from_fn(broken))
        .route("/handler", get(async || -> () { panic!("in a handler") }))
        .route("/", get(async || "hello"))
        .route("/late", get(async || sleep(3 * SHORT).await))
        .route("/never", get(async || std::future::pending::<()>().await))
        .route("/echo", post(async |body: String| body))
        .route("/long", get(async || vec![b'x'; 64 * 1024 * 1024]));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let (stop, stopped) = oneshot::channel();
    let serving = tokio::spawn(serve(Arc::new(listener), router, patience, async { drop(stopped.await) }));
    Served { addr, stop: Some(stop), serving }
}

impl Served {
    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.addr).await.unwrap()
    }

    async fn send(&self, text: impl AsRef<[u8]>) -> TcpStream {
        let mut stream = self.connect().await;
        stream.write_all(text.as_ref()).await.unwrap();
        stream
    }

    /// What comes back until the server closes.
    async fn answer(&self, request: impl AsRef<[u8]>) -> String {
        rest(&mut self.send(request).await).await
    }

    async fn hello(&self) {
        let answer = self.answer("GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n").await;
        assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("hello"), "{answer}");
    }

    fn stop(&mut self) {
        self.stop.take();
    }
}

async fn rest(stream: &mut TcpStream) -> String {
    let mut answer = Vec::new();
    let read = timeout(SOON, stream.read_to_end(&mut answer)).await.expect("it is still open");
    let answer = String::from_utf8_lossy(&answer).into_owned();
    if let Err(error) = read {
        return format!("{answer}<{error}>");
    }
    answer
}

/// Reads one answer and leaves the connection open.
async fn one(stream: &mut TcpStream) -> String {
    let mut answer = vec![0; 4096];
    let length = timeout(SOON, stream.read(&mut answer)).await.unwrap().unwrap();
    String::from_utf8_lossy(&answer[..length]).into_owned()
}

#[tokio::test]
async fn whoever_sends_nothing_or_only_a_part_of_a_head_is_not_waited_for() {
    let served = served(Patience { idle: SHORT, head: SHORT, ..patient() }).await;
    assert_eq!(served.answer("").await, "");
    assert_eq!(served.answer("GET / HTTP/1.1\r\nhost:").await, "");
    let mut dripping = served.connect().await;
    let dripped = async {
        for byte in b"GET / HTTP/1.1\r\nhost: x\r\nx-long: ".iter().chain(std::iter::repeat(&b'x')) {
            if dripping.write_all(&[*byte]).await.is_err() {
                break;
            }
            sleep(SHORT / 10).await;
        }
    };
    timeout(SOON, dripped).await.expect("each byte is no news");
    served.hello().await;
}

#[tokio::test]
async fn an_idle_connection_is_closed_and_one_that_waits_for_us_is_not() {
    let served = served(Patience { idle: SHORT, head: SHORT, body: SHORT, ..patient() }).await;
    let mut kept = served.send("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
    assert!(one(&mut kept).await.ends_with("hello"));
    kept.write_all(b"GET /late HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    assert!(one(&mut kept).await.starts_with("HTTP/1.1 200 "));
    kept.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    assert!(rest(&mut kept).await.ends_with("hello"), "answered, then closed");
}

#[tokio::test]
async fn a_body_that_does_not_come_is_not_waited_for() {
    let served = served(Patience { body: SHORT, ..patient() }).await;
    for begun in ["", "a"] {
        let head = "POST /echo HTTP/1.1\r\nhost: x\r\ncontent-length: 2\r\n\r\n";
        assert_eq!(served.answer(format!("{head}{begun}")).await, "");
    }
    let whole = "POST /echo HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 2\r\n\r\nab";
    assert!(served.answer(whole).await.ends_with("ab"));
}

#[tokio::test]
async fn an_answer_that_is_not_taken_is_given_up() {
    let long = "GET /long HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";
    let length = async |mut stream: TcpStream, pause: Duration| {
        let (mut length, mut part) = (0, vec![0; 256 * 1024]);
        loop {
            sleep(pause).await;
            match timeout(SOON, stream.read(&mut part)).await.unwrap() {
                Ok(0) | Err(_) => return length,
                Ok(read) => length += read,
            }
        }
    };
    let all = 64 * 1024 * 1024;
    // Not a part of it.
    let served_parts = served(Patience { part: SHORT, ..patient() }).await;
    let stalled = served_parts.send(long).await;
    sleep(4 * SHORT).await;
    assert!(length(stalled, Duration::ZERO).await < all);
    // Parts, but for too long.
    let served_whole = served(Patience { answer: SHORT, ..patient() }).await;
    assert!(length(served_whole.send(long).await, SHORT / 10).await < all);
    // Slowly, and yet in time.
    let served = served(Patience { part: 10 * SHORT, ..patient() }).await;
    assert!(length(served.send(long).await, Duration::ZERO).await > all);
}

#[tokio::test]
async fn who_keeps_us_waiting_makes_room_and_who_waits_for_us_does_not() {
    let served = served(Patience { places: 4, ..patient() }).await;
    let mut working = served.send("GET /late HTTP/1.1\r\nhost: x\r\n\r\n").await;
    let mut silent = Vec::new();
    for n in 0..20 {
        silent.push(served.send(if n % 2 == 0 { "" } else { "GET / HT" }).await);
    }
    served.hello().await;
    assert!(one(&mut working).await.starts_with("HTTP/1.1 200 "));
    assert_eq!(
        rest(&mut silent[0]).await.trim_start_matches('<').split(' ').next(),
        Some(""),
        "the first went"
    );
}

#[tokio::test]
async fn places_that_are_all_at_work_are_waited_for() {
    let served = served(Patience { places: 2, ..patient() }).await;
    // Kept open by their clients: they have to make room once they are answered.
    let mut working = Vec::new();
    for _ in 0..2 {
        working.push(served.send("GET /late HTTP/1.1\r\nhost: x\r\n\r\n").await);
    }
    served.hello().await;
    for mut stream in working {
        assert!(one(&mut stream).await.starts_with("HTTP/1.1 200 "));
    }
}

#[tokio::test]
async fn what_is_no_request_is_refused_in_our_shape() {
    let served = served(patient()).await;
    let many = "x: y\r\n".repeat(150);
    for (status, request) in [
        (431, format!("GET / HTTP/1.1\r\nhost: x\r\n{many}\r\n")),
        (431, format!("GET / HTTP/1.1\r\nhost: x\r\nx: {}\r\n\r\n", "y".repeat(1_000_000))),
        (414, format!("GET /{} HTTP/1.1\r\nhost: x\r\n\r\n", "y".repeat(70_000))),
        (400, "GET / HTTP/1.1\r\nno header\r\n\r\n".to_owned()),
        (400, "GET /\u{1} HTTP/1.1\r\nhost: x\r\n\r\n".to_owned()),
        (400, "nonsense\r\n\r\n".to_owned()),
        // What follows must not take the answer along.
        (431, format!("POST / HTTP/1.1\r\nhost: x\r\n{many}\r\n{}", "z".repeat(3_000_000))),
    ] {
        let start: String = request.chars().take(60).collect();
        let mut stream = served.connect().await;
        stream.write_all(request.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        let answer = rest(&mut stream).await;
        let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{start}: {answer}"));
        assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{start}: {head}");
        for header in ["content-type: application/json", "cache-control: no-store", "connection: close"] {
            assert!(head.lines().any(|line| line == header), "{start}: {head}");
        }
        let body: serde_json::Value = serde_json::from_str(body).unwrap();
        assert_eq!(body["error"], "invalid_request", "{start}");
        assert!(body["message"].as_str().is_some_and(|it| !it.is_empty()), "{start}");
    }
    let hundred = "x: y\r\n".repeat(98);
    let answer =
        served.answer(format!("GET / HTTP/1.1\r\nhost: x\r\nconnection: close\r\n{hundred}\r\n")).await;
    assert!(answer.ends_with("hello"), "{answer}");
}

#[tokio::test]
async fn a_panic_anywhere_is_one_answer() {
    let served = served(patient()).await;
    let mut stream = served.connect().await;
    for path in ["/layer", "/handler"] {
        stream.write_all(format!("GET {path} HTTP/1.1\r\nhost: x\r\n\r\n").as_bytes()).await.unwrap();
        let answer = one(&mut stream).await;
        assert!(answer.starts_with("HTTP/1.1 500 ") && answer.contains(r#"{"error":"internal""#), "{answer}");
    }
    stream.write_all(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    assert!(one(&mut stream).await.ends_with("hello"), "the connection goes on");
}

#[tokio::test]
async fn whoever_is_being_served_is_served_to_the_end_and_nobody_else() {
    let mut served = served(patient()).await;
    let mut idle = served.connect().await;
    let mut kept = served.send("GET / HTTP/1.1\r\nhost: x\r\n\r\n").await;
    one(&mut kept).await;
    let mut late = served.send("GET /late HTTP/1.1\r\nhost: x\r\n\r\n").await;
    sleep(SHORT).await;
    served.stop();
    assert_eq!((rest(&mut idle).await, rest(&mut kept).await), (String::new(), String::new()));
    assert!(rest(&mut late).await.starts_with("HTTP/1.1 200 "));
    timeout(SOON, &mut served.serving).await.unwrap().unwrap();
    assert!(TcpStream::connect(served.addr).await.is_err());
}

#[tokio::test]
async fn what_takes_too_long_is_dropped_in_the_end() {
    let mut served = served(Patience { grace: SHORT, ..patient() }).await;
    let mut never = served.send("GET /never HTTP/1.1\r\nhost: x\r\n\r\n").await;
    sleep(SHORT).await;
    served.stop();
    timeout(SOON, &mut served.serving).await.unwrap().unwrap();
    assert!(!rest(&mut never).await.starts_with("HTTP"));
}

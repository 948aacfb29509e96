//! Tokenizers from a hub: a server of our own, on this machine, serves the fixtures.

use comptok::{Hub, Special, Tokenizer, load::LoadError};
use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::{TcpListener, TcpStream},
    path::PathBuf,
    process::Command,
    sync::{Arc, Mutex},
    thread,
};

const COMMIT: &str = "0123456789abcdef0123456789abcdef01234567";
const TINY: &[u8] = include_bytes!("fixtures/tiny.json");

/// Serves until the process ends, and notes what was asked for.
struct Server {
    endpoint: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Server {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let endpoint = format!("http://{}", listener.local_addr().expect("an address"));
        let asked = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&asked);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let log = Arc::clone(&log);
                thread::spawn(move || answer(stream, &log));
            }
        });
        Self { endpoint, asked }
    }

    fn asked(&self) -> Vec<String> {
        std::mem::take(&mut *self.asked.lock().expect("no panic"))
    }
}

fn answer(mut stream: TcpStream, log: &Mutex<Vec<String>>) {
    let mut reader = BufReader::new(stream.try_clone().expect("a second handle"));
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        if line.trim().is_empty() {
            break;
        }
        lines.push(line.trim().to_owned());
    }
    let path = lines[0].split(' ').nth(1).unwrap_or_default().to_owned();
    let header = |name: &str| {
        let line = lines.iter().find(|line| line.to_ascii_lowercase().starts_with(name));
        line.and_then(|line| line.split_once(':')).map(|(_, value)| value.trim().to_owned())
    };
    log.lock().expect("no panic").push(path.clone());
    let allowed = header("authorization").is_some_and(|token| token == "Bearer secret");
    let (status, body): (u16, &[u8]) = match &*path {
        "/org/tiny/resolve/main/tokenizer.json" => (200, TINY),
        "/org/tiny/resolve/v2/tokenizer.json" => (200, TINY),
        "/org/broken/resolve/main/tokenizer.json" => {
            (200, b"{\"version\": \"1.0\", \"added_tokens\": [], \"model\": 3}")
        }
        "/org/words/resolve/main/vocab.txt" => (200, b"[UNK]\nthe\nto\n##kens\n"),
        "/org/gated/resolve/main/tokenizer.json" if allowed => (200, TINY),
        path if path.starts_with("/org/gated/") => (401, b""),
        path if path.starts_with("/org/failing/") => (500, b""),
        _ => (404, b""),
    };
    let range = header("range").and_then(|range| {
        let (from, to) = range.strip_prefix("bytes=")?.split_once('-')?;
        let last = body.len().checked_sub(1)?;
        Some((from.parse().ok()?, to.parse().unwrap_or(last).min(last)))
    });
    let (status, part, place) = match range {
        Some((from, to)) if status == 200 => {
            let place = format!("Content-Range: bytes {from}-{to}/{}\r\n", body.len());
            (206, &body[from..=to], place)
        }
        _ => (status, body, String::new()),
    };
    let head = format!(
        "HTTP/1.1 {status} it\r\nContent-Length: {}\r\nETag: \"{}\"\r\nx-repo-commit: {COMMIT}\r\n\
         {place}Connection: close\r\n\r\n",
        part.len(),
        path.replace('/', "-"),
    );
    let _ = stream.write_all(head.as_bytes());
    let _ = stream.write_all(part);
}

/// A folder that is gone when it is dropped.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> Self {
        let folder =
            std::env::temp_dir().join(format!("comptok-hub-{name}-{}", std::process::id()));
        let _ = std::fs::remove_dir_all(&folder);
        std::fs::create_dir_all(&folder).expect("a folder");
        Self(folder)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

fn works(tokenizer: &Tokenizer) {
    let wanted = Tokenizer::from_bytes(TINY).expect("a tokenizer");
    let ids = wanted.encode("the tokens", Special::All);
    assert_eq!(tokenizer.encode("the tokens", Special::All), ids);
}

fn message(result: Result<Tokenizer, LoadError>) -> String {
    result.err().map(|error| error.to_string()).expect("an error")
}

#[test]
fn downloads_once_and_keeps() {
    let (server, folder) = (Server::start(), Folder::new("once"));
    let hub = Hub::from_env().endpoint(&*server.endpoint).cache(&*folder.0).token(None);
    works(&hub.load("org/tiny", None).expect("a tokenizer"));
    assert!(!server.asked().is_empty());
    works(&hub.load("org/tiny", None).expect("a tokenizer"));
    works(&hub.clone().offline(true).load("org/tiny", None).expect("a tokenizer"));
    assert_eq!(server.asked(), [""; 0]);
    works(&hub.load("org/tiny", Some("v2")).expect("a tokenizer"));
    assert!(server.asked().iter().all(|path| path == "/org/tiny/resolve/v2/tokenizer.json"));
    // Another kind of file, where there is no tokenizer.json.
    let words = hub.load("org/words", None).expect("a tokenizer");
    assert_eq!(words.encode("tokens", Special::All), Ok(vec![2, 3]));
}

#[test]
fn errors_say_what_and_where() {
    let (server, folder) = (Server::start(), Folder::new("errors"));
    let hub = Hub::from_env().endpoint(&*server.endpoint).cache(&*folder.0).token(None);
    let at = format!("{}/org/", server.endpoint);
    let missing = message(hub.load("org/missing", None));
    assert!(missing.starts_with("org/missing (main): none of tokenizer.json, "), "{missing}");
    assert!(missing.contains(&at), "{missing}");
    let gated = message(hub.load("org/gated", None));
    assert!(gated.contains(&at) && gated.contains("status 401"), "{gated}");
    works(&hub.clone().token(Some("secret")).load("org/gated", None).expect("a tokenizer"));
    let failing = message(hub.load("org/failing", Some("main")));
    assert!(failing.contains("status 500"), "{failing}");
    let broken = message(hub.load("org/broken", None));
    assert!(broken.contains("tokenizer.json:1:") && broken.contains("model"), "{broken}");
    let offline = message(hub.clone().offline(true).load("org/other", None));
    assert!(offline.contains("offline") && offline.contains("comptok-hub-errors"), "{offline}");
    server.asked();
    for name in ["", "a/b/c", "../x", "org/", "org/a b", "org/..", "org/ü", "a?b"] {
        assert!(message(hub.load(name, None)).contains("no name of a repository"), "{name}");
    }
    for revision in ["", "a b", "a?b", "../x", "a\n"] {
        assert!(message(hub.load("org/tiny", Some(revision))).contains("no name of a branch"));
    }
    assert_eq!(server.asked(), [""; 0]);
    // Nobody listens there.
    let nobody = message(hub.endpoint("http://127.0.0.1:1").load("org/tiny", Some("v3")));
    assert!(nobody.contains("http://127.0.0.1:1/org/tiny"), "{nobody}");
    let ftp = Hub::from_env().cache(&*folder.0).endpoint("ftp://x");
    assert!(message(ftp.load("org/tiny", Some("v4"))).contains("ftp://x"));
}

/// What the test below runs in a process of its own, with an environment of its own.
#[test]
#[ignore = "part of another test"]
fn child() {
    if std::env::var_os("COMPTOK_CHILD").is_some() {
        match Tokenizer::from_pretrained("org/tiny", None, None) {
            Ok(tokenizer) => works(&tokenizer),
            Err(error) => panic!("{error}"),
        }
    }
}

#[test]
fn the_environment_counts() {
    let (server, folder) = (Server::start(), Folder::new("environment"));
    let run = |offline: &str| {
        Command::new(std::env::current_exe().expect("this test"))
            .args(["--exact", "child", "--ignored", "--nocapture"])
            .env("COMPTOK_CHILD", "1")
            .env("HF_ENDPOINT", &server.endpoint)
            .env("HF_HOME", &folder.0)
            .env("HF_HUB_OFFLINE", offline)
            .env_remove("HF_TOKEN")
            .output()
            .expect("it runs")
    };
    let first = run("1");
    assert!(!first.status.success());
    assert!(String::from_utf8_lossy(&first.stderr).contains("offline"));
    assert_eq!(server.asked(), [""; 0]);
    assert!(run("0").status.success());
    assert!(!server.asked().is_empty());
    assert!(run("ON").status.success());
    assert_eq!(server.asked(), [""; 0]);
    assert!(folder.0.join("hub/models--org--tiny").is_dir());
}

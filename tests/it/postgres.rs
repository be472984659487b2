//! A destination that is really slow: PostgreSQL through `psql`, on a cluster of the test's own.
//!
//! What arrives is held against Python's `csv`; the server is stopped for a while, and killed.

use std::fs;
use std::os::unix::fs::chown;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU16, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crate::harness::{AtEnd, Place, Run, has, skipped};

const COPY: &str = r"\copy raw(doc) from stdin with (format csv, quote e'\x01', delimiter e'\x02')";

/// A server with a database, gone with this, or with this process.
pub(crate) struct Server {
    pub(crate) bin: PathBuf,
    dir: PathBuf,
    pub(crate) port: u16,
    user: u32,
    _stop: AtEnd,
}

/// Ends the leader of a cluster, which ends all of its processes, and waits for that.
const STOP: &str = r#"
    leader=$(head -n 1 "$1/data/postmaster.pid") && [ "$leader" -gt 1 ] || exit 0
    all="$leader $(ps -o pid= --ppid "$leader")"
    kill -CONT $all
    kill -QUIT "$leader"
    for i in $(seq 100); do kill -0 "$leader" || exit 0; sleep 0.1; done
    kill -KILL $all
"#;

impl Server {
    pub(crate) fn start(place: &Place) -> Option<Server> {
        let what = "PostgreSQL";
        if !has("python3", what) || !has("bash", what) {
            return None;
        }
        let mut versions: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
            .map(|all| all.map(|entry| entry.unwrap().path().join("bin")).collect())
            .unwrap_or_default();
        versions.sort();
        let Some(bin) = versions.pop().filter(|bin| bin.join("initdb").exists()) else {
            skipped(&format!("{what} is not installed"));
            return None;
        };
        let id = Command::new("id").args(["-u", "postgres"]).output().unwrap();
        let Ok(user) = String::from_utf8_lossy(&id.stdout).trim().parse() else {
            skipped(&format!("{what}: there is no user postgres"));
            return None;
        };
        let dir = place.path("cluster");
        fs::create_dir(&dir).unwrap();
        if chown(&dir, Some(user), Some(user)).is_err() {
            skipped(&format!("{what}: its server does not run as root, and nobody else can become its user"));
            return None;
        }
        chown(place.dir(), Some(user), Some(user)).unwrap();
        static N_STARTED: AtomicU16 = AtomicU16::new(0);
        let n = N_STARTED.fetch_add(1, Ordering::Relaxed);
        let port = 20_000 + (std::process::id() % 20_000) as u16 + n;
        let _stop = AtEnd::new(STOP, &dir);
        let server = Server { bin, dir, port, user, _stop };
        let data = server.dir.join("data");
        server.tool("initdb").arg("-D").arg(&data).args(["-A", "trust", "-U", "postgres"]).quietly();
        let options = format!(
            "-p {port} -c listen_addresses=127.0.0.1 -c fsync=off -c max_wal_size=4GB -k {}",
            server.dir.display()
        );
        server
            .tool("pg_ctl")
            .arg("-D")
            .arg(&data)
            .args(["-w", "-o", &options, "-l", "/dev/null", "start"])
            .quietly();
        server.sql("create table raw (doc jsonb)");
        Some(server)
    }

    fn tool(&self, name: &str) -> Tool {
        use std::os::unix::process::CommandExt;
        let mut command = Command::new(self.bin.join(name));
        command.current_dir(&self.dir).uid(self.user).gid(self.user);
        Tool(command)
    }

    /// The arguments with which psql finds it.
    fn psql(&self) -> String {
        format!("{}/psql -X -q -h 127.0.0.1 -p {} -U postgres", self.bin.display(), self.port)
    }

    /// A folder where it may write.
    pub(crate) fn dir(&self) -> &Path {
        &self.dir
    }

    pub(crate) fn sql(&self, sql: &str) -> String {
        let output = Command::new("sh")
            .args(["-c", &format!("{} -At -c \"$SQL\"", self.psql())])
            .env("SQL", sql)
            .output()
            .unwrap();
        assert!(output.status.success(), "{sql}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    /// Waits until so many bytes have arrived, committed or not.
    fn until_it_holds(&self, n_bytes: u64) {
        let size = || self.sql("select pg_relation_size('raw')").parse::<u64>().expect("a number");
        while size() < n_bytes {
            thread::sleep(Duration::from_millis(10));
        }
    }

    fn signal_all(&self, signal: &str) {
        let leader = fs::read_to_string(self.dir.join("data/postmaster.pid")).unwrap();
        let leader = leader.lines().next().unwrap().to_owned();
        let script = format!("kill -{signal} {leader} $(ps -o pid= --ppid {leader})");
        let _ = Command::new("sh").args(["-c", &script]).stderr(Stdio::null()).status();
    }
}

struct Tool(Command);

impl Tool {
    fn arg(mut self, arg: impl AsRef<std::ffi::OsStr>) -> Tool {
        self.0.arg(arg);
        self
    }

    fn args<const N: usize>(mut self, args: [&str; N]) -> Tool {
        self.0.args(args);
        self
    }

    fn quietly(mut self) {
        let output =
            self.0.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

/// `rowmill | psql`, with rowmill's peak and both statuses written beside.
fn load(place: &Place, server: &Server, input: &Path) -> Run {
    let script = format!(
        "set +e; \"$ROWMILL\" -q --stats stats.json \"{}\" | {} -c \"$COPY\"; echo ${{PIPESTATUS[@]}}",
        input.display(),
        server.psql()
    );
    let run = Run::program("bash").dir(place.dir()).args(["-c", &script]);
    run.env("ROWMILL", env!("CARGO_BIN_EXE_rowmill")).env("COPY", COPY)
}

fn peak(place: &Place) -> u64 {
    let stats: serde_json::Value = serde_json::from_slice(&place.read("stats.json")).unwrap();
    stats["peak_memory_bytes"].as_u64().unwrap()
}

const COMPARE: &str = "
import csv, sys
given, got = (csv.reader(open(name, newline='', encoding='utf-8')) for name in sys.argv[1:])
n = 0
for n, (a, b) in enumerate(zip(given, got, strict=True)):
    a = [field.strip() for field in a]
    assert a == b, (n, a, b)
print(n)
";

#[test]
fn a_million_rows_arrive_as_they_are_and_a_server_at_rest_is_waited_for() {
    let place = Place::new();
    let Some(server) = Server::start(&place) else { return };
    let input = place.people("in.csv", 111_000_000);
    assert!(input.n_records >= 1_000_000, "{}", input.n_records);
    load(&place, &server, &input.path).out().expect_status(0).expect_stdout("0 0\n");
    let undisturbed = peak(&place);
    assert_eq!(server.sql("select count(*) from raw"), input.n_records.to_string());
    let names = "id,name,email,age,street,city,since,score";
    let columns: Vec<String> = names.split(',').map(|name| format!("doc->>'{name}' as {name}")).collect();
    let out = place.path("out.csv");
    server.sql(&format!(
        r"\copy (select {} from raw) to '{}' with (format csv, header)",
        columns.join(", "),
        out.display()
    ));
    let compared = Command::new("python3").args(["-c", COMPARE]).arg(&input.path).arg(&out).output().unwrap();
    assert!(compared.status.success(), "{}", String::from_utf8_lossy(&compared.stderr));
    assert_eq!(String::from_utf8_lossy(&compared.stdout).trim(), input.n_records.to_string());

    // Again, with the server asleep for five seconds half-way.
    server.sql("truncate raw");
    let mut running = load(&place, &server, &input.path).start();
    server.until_it_holds(20 << 20);
    server.signal_all("STOP");
    thread::sleep(Duration::from_secs(5));
    assert!(!running.is_done(), "it waits");
    server.signal_all("CONT");
    running.finish().expect_status(0).expect_stdout("0 0\n");
    assert_eq!(server.sql("select count(*) from raw"), input.n_records.to_string());
    assert!(peak(&place) <= undisturbed + (1 << 20), "{} bytes, {undisturbed} undisturbed", peak(&place));

    // And with the server killed: the pipe is closed, which ends it as it ends `cat`.
    server.sql("truncate raw");
    let mut running = load(&place, &server, &input.path).start();
    server.until_it_holds(20 << 20);
    let begun = Instant::now();
    server.signal_all("KILL");
    running.ends_within(Duration::from_secs(5));
    let output = running.finish();
    let statuses = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(statuses.starts_with("141 "), "{statuses} after {:?}", begun.elapsed());
}

/// A server that a failed test leaves behind would be there until somebody ends it.
#[test]
fn a_server_ends_with_its_test_even_if_that_panics() {
    let place = Place::new();
    let Some(server) = Server::start(&place) else { return };
    let leader = fs::read_to_string(server.dir.join("data/postmaster.pid")).unwrap();
    let leader = PathBuf::from("/proc").join(leader.lines().next().unwrap());
    assert!(leader.exists());
    let failed = thread::spawn(move || {
        server.signal_all("STOP");
        let _server = server;
        panic!("as a test that fails");
    });
    assert!(failed.join().is_err());
    assert!(!leader.exists(), "it is still there");
}

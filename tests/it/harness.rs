//! Runs the program as a user would and says what differs when it doesn't do what a test wants.
//!
//! It knows processes, files and bytes, nothing of CSV or JSON beyond `--stats`. Every run is
//! killed after [`PATIENCE`], so that a deadlock is a failed test and no hung suite. Put here only
//! what two test files need.

use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;
use std::fs;
use std::io::{Read, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

/// How long a run may take. Far more than any test needs on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(240);

/// How often a child's high-water mark is read. The kernel keeps the mark, so only what is touched
/// within this time of the exit can be missed.
const PEAK_EVERY: Duration = Duration::from_millis(1);

/// A directory of a test's own, gone when the test ends.
pub(crate) struct Place {
    dir: tempfile::TempDir,
}

impl Place {
    pub(crate) fn new() -> Place {
        Place {
            dir: tempfile::Builder::new()
                .prefix("rowmill-it-")
                .tempdir()
                .expect("a directory for temporary files"),
        }
    }

    pub(crate) fn dir(&self) -> &Path {
        self.dir.path()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path(name);
        fs::write(&path, bytes).expect("the test's own directory takes a file");
        path
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        let path = self.path(name);
        fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
    }

    /// What lies in it, sorted: for tests that nothing is left behind.
    pub(crate) fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(self.dir())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    /// A run of the program with this place as its working directory.
    pub(crate) fn rowmill(&self) -> Run {
        Run::rowmill().dir(self.dir())
    }

    /// A line of shell in this place; it knows the program as `$ROWMILL`.
    pub(crate) fn shell(&self, script: &str) -> Run {
        let rowmill = env!("CARGO_BIN_EXE_rowmill");
        Run::program("sh").args(["-c", script]).env("ROWMILL", rowmill).dir(self.dir())
    }

    /// A file of whole [`people`] that ends with the first at or behind `n_bytes`.
    pub(crate) fn people(&self, name: &str, n_bytes: u64) -> People {
        let path = self.path(name);
        let mut file = fs::File::create(&path).unwrap();
        file.write_all(PEOPLE_HEADER).unwrap();
        // Kept small, so that little of the test's own memory goes into it.
        let block = people(10_000);
        let mut people = People { path, n_bytes: PEOPLE_HEADER.len() as u64, n_records: 0 };
        while people.n_bytes < n_bytes {
            file.write_all(&block).unwrap();
            people.n_bytes += block.len() as u64;
            people.n_records += 10_000;
        }
        people
    }
}

/// A file of people.
pub(crate) struct People {
    pub(crate) path: PathBuf,
    pub(crate) n_bytes: u64,
    pub(crate) n_records: u64,
}

/// The header of [`people`].
pub(crate) const PEOPLE_HEADER: &[u8] = b"id,name,email,age,street,city,since,score\n";

/// Records of 8 columns and about 95 bytes, as a dump of customers has; now and then one is quoted.
pub(crate) fn people(n_records: usize) -> Vec<u8> {
    let mut text = String::new();
    for i in 0..n_records {
        let (age, house, score) = (18 + i % 70, i % 300, i * 7919 % 100_000);
        let city = if i % 16 == 0 { "\"Stratford, \"\"upon\"\" Avon\"" } else { "Stratford-upon-Avon" };
        let _ = writeln!(
            text,
            "{i:08},Ada Lovelace the {i}th,ada.{i}@example.org,{age},{house} Bridge Street,{city},2024-02-29,{score}"
        );
    }
    text.into_bytes()
}

/// A program about to be run. Without [`Run::stdin`] it reads from `/dev/null`.
pub(crate) struct Run {
    program: OsString,
    args: Vec<OsString>,
    envs: Vec<(OsString, OsString)>,
    dir: Option<PathBuf>,
    stdin: Option<Vec<u8>>,
    stats: Option<tempfile::TempDir>,
    user: Option<u32>,
    columns: Option<u16>,
    nonblocking: bool,
}

impl Run {
    /// The program under test. `ROWMILL_ISA` of the test's own environment is not handed down, so
    /// that a run means the same wherever the suite is started.
    pub(crate) fn rowmill() -> Run {
        Run::program(env!("CARGO_BIN_EXE_rowmill"))
    }

    pub(crate) fn program(program: impl AsRef<OsStr>) -> Run {
        Run {
            program: program.as_ref().to_owned(),
            args: Vec::new(),
            envs: Vec::new(),
            dir: None,
            stdin: None,
            stats: None,
            user: None,
            columns: None,
            nonblocking: false,
        }
    }

    pub(crate) fn arg(mut self, arg: impl AsRef<OsStr>) -> Run {
        self.args.push(arg.as_ref().to_owned());
        self
    }

    pub(crate) fn args<A: AsRef<OsStr>>(mut self, args: impl IntoIterator<Item = A>) -> Run {
        self.args.extend(args.into_iter().map(|a| a.as_ref().to_owned()));
        self
    }

    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Run {
        self.envs.push((name.into(), value.as_ref().to_owned()));
        self
    }

    pub(crate) fn dir(mut self, dir: impl Into<PathBuf>) -> Run {
        self.dir = Some(dir.into());
        self
    }

    /// Bytes for its standard input, through a pipe.
    pub(crate) fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Run {
        self.stdin = Some(bytes.into());
        self
    }

    /// Asks for `--stats` as well; [`Output::stats`] then has them.
    pub(crate) fn with_stats(mut self) -> Run {
        let dir = tempfile::tempdir().expect("a directory for --stats");
        self.args.push("--stats".into());
        self.args.push(dir.path().join("stats.json").into());
        self.stats = Some(dir);
        self
    }

    /// Runs it as another user, which takes root.
    pub(crate) fn user(mut self, user: u32) -> Run {
        self.user = Some(user);
        self
    }

    /// Gives it a terminal of that many columns for its standard error.
    pub(crate) fn terminal(mut self, columns: u16) -> Run {
        self.columns = Some(columns);
        self
    }

    /// Has [`Run::start`] give it pipes that don't block, as some parents do.
    pub(crate) fn nonblocking(mut self) -> Run {
        self.nonblocking = true;
        self
    }

    /// Runs it to its end.
    pub(crate) fn out(self) -> Output {
        self.spawn_with(false).finish()
    }

    /// Runs it to its end and says the most memory it had resident (VmHWM), in bytes.
    pub(crate) fn out_and_peak(self) -> (Output, u64) {
        let mut running = self.spawn_with(true);
        let peak = running.peak.take().expect("was asked for");
        let output = running.finish();
        (output, peak.join().expect("the reading thread"))
    }

    /// Starts it with stdin and stdout in the test's hands, for what happens between start and end.
    pub(crate) fn start(self) -> Running {
        let command_line = self.command_line();
        let mut command = self.command();
        let (its_stdin, stdin) = std::io::pipe().expect("a pipe");
        let (stdout, its_stdout) = std::io::pipe().expect("a pipe");
        if self.nonblocking {
            rustix::io::ioctl_fionbio(&its_stdin, true).unwrap();
            rustix::io::ioctl_fionbio(&its_stdout, true).unwrap();
        }
        command.stdin(its_stdin).stdout(its_stdout);
        let mut running = Running::of(command, command_line, self.stats, self.columns, false);
        running.child.stdin = Some(OwnedFd::from(stdin).into());
        running.child.stdout = Some(OwnedFd::from(stdout).into());
        running
    }

    fn spawn_with(mut self, peak: bool) -> Running {
        let command_line = self.command_line();
        let mut command = self.command();
        command.stdout(Stdio::piped());
        let input = self.stdin.take();
        command.stdin(if input.is_some() { Stdio::piped() } else { Stdio::null() });
        let mut running = Running::of(command, command_line, self.stats, self.columns, peak);
        if let (Some(bytes), Some(mut pipe)) = (input, running.child.stdin.take()) {
            // A program that stops reading early closes the pipe: that is its right.
            thread::spawn(move || {
                let _ = pipe.write_all(&bytes);
            });
        }
        running
    }

    fn command(&self) -> Command {
        reset_interrupt();
        let mut command = Command::new(&self.program);
        command.args(&self.args);
        command.env_remove("ROWMILL_ISA");
        if self.columns.is_some() && std::env::var_os("TERM").is_none() {
            command.env("TERM", "xterm");
        }
        command.envs(self.envs.iter().map(|(k, v)| (k, v)));
        if let Some(dir) = &self.dir {
            command.current_dir(dir);
        }
        if let Some(user) = self.user {
            command.uid(user).gid(user);
        }
        command
    }

    /// What one would type to see the same.
    fn command_line(&self) -> String {
        let mut line = String::new();
        for (name, value) in &self.envs {
            let _ = write!(line, "{}={} ", name.to_string_lossy(), shell_word(&value.to_string_lossy()));
        }
        line += &shell_word(&self.program.to_string_lossy());
        for arg in &self.args {
            line.push(' ');
            line += &shell_word(&arg.to_string_lossy());
        }
        if let Some(bytes) = &self.stdin {
            let _ = write!(line, "    ({} bytes on stdin)", bytes.len());
        }
        line
    }
}

/// Has children start with SIGINT's default. In a background job it is ignored, and a child inherits
/// that; what is caught here is the default there.
fn reset_interrupt() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        let always = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(true));
        let set = signal_hook::flag::register_conditional_default(signal_hook::consts::SIGINT, always);
        set.expect("SIGINT can be caught");
    });
}

fn shell_word(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./=:,{}@%+".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

/// A program that runs.
pub(crate) struct Running {
    child: Child,
    command_line: String,
    stats: Option<tempfile::TempDir>,
    stderr: JoinHandle<Vec<u8>>,
    peak: Option<JoinHandle<u64>>,
    /// Dropped when the child is gone, which calls the watchdog off.
    _watchdog: mpsc::Sender<()>,
}

impl Running {
    fn of(
        mut command: Command,
        command_line: String,
        stats: Option<tempfile::TempDir>,
        columns: Option<u16>,
        peak: bool,
    ) -> Running {
        let terminal = columns.map(|columns| {
            let (ours, its) = terminal(columns);
            command.stderr(its);
            ours
        });
        if terminal.is_none() {
            command.stderr(Stdio::piped());
        }
        let mut child = command.spawn().unwrap_or_else(|e| panic!("{command_line}: {e}"));
        // With it goes our end of the child's terminal, so that we see when the child closes its
        // own.
        drop(command);
        let pid = Pid::from_child(&child);
        let mut pipe: Box<dyn Read + Send> = match terminal {
            Some(ours) => Box::new(fs::File::from(ours)),
            None => Box::new(child.stderr.take().expect("stderr is piped")),
        };
        let stderr = thread::spawn(move || {
            let mut bytes = Vec::new();
            let _ = pipe.read_to_end(&mut bytes);
            bytes
        });
        // spawn() comes back after exec, so these are never the test's own pages.
        let peak = peak.then(|| thread::spawn(move || watch_peak(pid)));
        let (watchdog, called_off) = mpsc::channel::<()>();
        let line = command_line.clone();
        thread::spawn(move || {
            if called_off.recv_timeout(PATIENCE) == Err(mpsc::RecvTimeoutError::Timeout) {
                eprintln!("killed after {PATIENCE:?}: {line}");
                let _ = kill_process(pid, Signal::KILL);
            }
        });
        Running { child, command_line, stats, stderr, peak, _watchdog: watchdog }
    }

    /// Its standard input; the program sees the end when this is dropped.
    pub(crate) fn stdin(&mut self) -> ChildStdin {
        self.child.stdin.take().expect("stdin not taken yet")
    }

    /// Its standard output, to be read at the test's own pace.
    pub(crate) fn stdout(&mut self) -> ChildStdout {
        self.child.stdout.take().expect("stdout not taken yet")
    }

    /// The same, left with the run.
    pub(crate) fn stdin_ref(&mut self) -> &mut ChildStdin {
        self.child.stdin.as_mut().expect("stdin not taken yet")
    }

    /// The same, left with the run.
    pub(crate) fn stdout_ref(&mut self) -> &mut ChildStdout {
        self.child.stdout.as_mut().expect("stdout not taken yet")
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill_process(Pid::from_child(&self.child), signal).expect("the child is there");
    }

    pub(crate) fn is_done(&mut self) -> bool {
        self.child.try_wait().expect("a child of ours").is_some()
    }

    /// The time until it has ended, which it must within `limit`.
    #[track_caller]
    pub(crate) fn ends_within(&mut self, limit: Duration) -> Duration {
        let begun = Instant::now();
        while !self.is_done() {
            assert!(begun.elapsed() < limit, "still there after {limit:?}: {}", self.command_line);
            thread::sleep(Duration::from_micros(500));
        }
        begun.elapsed()
    }

    /// Waits until it has begun to wait itself: it uses no processor for a while.
    pub(crate) fn until_it_waits(&mut self) {
        let mut before = self.cpu_time();
        let mut still = 0;
        while still < 5 && !self.is_done() {
            thread::sleep(Duration::from_millis(20));
            let now = self.cpu_time();
            still = if now == before && now.is_some() { still + 1 } else { 0 };
            before = now;
        }
    }

    /// Waits until it has asked for a signal, or is gone: on a busy machine that may take long.
    pub(crate) fn until_it_catches(&mut self, signal: Signal) {
        let catches = |status: String| {
            let mask = status.lines().find_map(|line| line.strip_prefix("SigCgt:"))?;
            Some(u64::from_str_radix(mask.trim(), 16).ok()? >> (signal.as_raw() - 1) & 1 == 1)
        };
        let path = format!("/proc/{}/status", self.child.id());
        while !self.is_done() && fs::read_to_string(&path).ok().and_then(catches) != Some(true) {
            thread::sleep(Duration::from_micros(200));
        }
    }

    /// The processor time it has used so far, in whole ticks of 10 ms; None once it is gone.
    pub(crate) fn cpu_time(&self) -> Option<Duration> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.child.id())).ok()?;
        // The second field is the name in brackets, which may hold blanks.
        let (_, fields) = stat.rsplit_once(')')?;
        let ticks = |n: usize| fields.split_whitespace().nth(n)?.parse::<u64>().ok();
        Some(Duration::from_millis(10 * (ticks(11)? + ticks(12)?)))
    }

    /// The most memory it has had resident so far; None once it is gone.
    pub(crate) fn peak_so_far(&self) -> Option<u64> {
        peak_of(Pid::from_child(&self.child))
    }

    /// What the system tells of each of its threads.
    pub(crate) fn task_statuses(&self) -> Vec<String> {
        let tasks = fs::read_dir(format!("/proc/{}/task", self.child.id())).expect("it is there");
        tasks.map(|task| fs::read_to_string(task.unwrap().path().join("status")).unwrap()).collect()
    }

    /// The bytes that it has read so far by system calls (not through a map).
    pub(crate) fn bytes_read(&self) -> Option<u64> {
        let io = fs::read_to_string(format!("/proc/{}/io", self.child.id())).ok()?;
        let line = io.lines().find_map(|l| l.strip_prefix("rchar: "))?;
        line.trim().parse().ok()
    }

    /// Waits for its end. What was not taken of its stdin is closed, of its stdout read.
    pub(crate) fn finish(mut self) -> Output {
        drop(self.child.stdin.take());
        let mut stdout = Vec::new();
        if let Some(mut pipe) = self.child.stdout.take() {
            let _ = pipe.read_to_end(&mut stdout);
        }
        let status = self.child.wait().expect("a child of ours");
        let stderr = self.stderr.join().expect("the reading thread");
        let stats = self.stats.and_then(|dir| {
            let text = fs::read(dir.path().join("stats.json")).ok()?;
            Some(serde_json::from_slice(&text).expect("--stats writes JSON"))
        });
        Output {
            command_line: self.command_line,
            status,
            stdout,
            stderr: String::from_utf8_lossy(&stderr).into_owned(),
            stats,
        }
    }
}

/// Both ends of a new terminal: ours, and the one that a program writes to.
fn terminal(columns: u16) -> (OwnedFd, OwnedFd) {
    use rustix::fs::{Mode, OFlags};
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).expect("a terminal");
    grantpt(&ours).unwrap();
    unlockpt(&ours).unwrap();
    let name = ptsname(&ours, Vec::new()).unwrap();
    let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
    let its = rustix::fs::open(&name, flags, Mode::empty()).unwrap();
    let size = rustix::termios::Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
    rustix::termios::tcsetwinsize(&its, size).unwrap();
    (ours, its)
}

/// Reads a process's high-water mark until it is gone.
fn watch_peak(pid: Pid) -> u64 {
    let mut peak = 0;
    while let Some(now) = peak_of(pid) {
        peak = now;
        thread::sleep(PEAK_EVERY);
    }
    peak
}

/// VmHWM in bytes. A process that has exited has no such line.
fn peak_of(pid: Pid) -> Option<u64> {
    let path = format!("/proc/{}/status", pid.as_raw_nonzero());
    let status = fs::read_to_string(path).ok()?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"))?;
    let kib: u64 = line.trim().strip_suffix(" kB")?.trim().parse().ok()?;
    Some(kib * 1024)
}

/// What a run came to. The `expect_` methods panic with the command line and both sides.
pub(crate) struct Output {
    pub(crate) command_line: String,
    pub(crate) status: ExitStatus,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
    stats: Option<Value>,
}

impl Output {
    #[track_caller]
    pub(crate) fn expect_status(&self, code: i32) -> &Output {
        self.ok_or_panic(self.status_is(code))
    }

    /// That a signal ended it, not an exit status.
    #[track_caller]
    pub(crate) fn expect_signal(&self, signal: Signal) -> &Output {
        let as_told = |end: ExitStatus| match end.signal() {
            Some(signal) => format!("killed by signal {signal}"),
            None => format!("{end}"),
        };
        let expected = format!("killed by signal {}", signal.as_raw());
        let got = as_told(self.status);
        if got != expected {
            self.ok_or_panic(Err(self.tell("end", &expected, &format!("{got}\nstderr: {}", self.stderr))));
        }
        self
    }

    #[track_caller]
    pub(crate) fn expect_stdout(&self, expected: impl AsRef<[u8]>) -> &Output {
        self.ok_or_panic(self.stdout_is(expected.as_ref()))
    }

    #[track_caller]
    pub(crate) fn expect_stderr(&self, part: &str) -> &Output {
        self.ok_or_panic(self.stderr_has(part))
    }

    /// One clear line: what an error must be.
    #[track_caller]
    pub(crate) fn expect_one_line(&self, part: &str) -> &Output {
        self.expect_stderr(part);
        // Remarks on the input come before.
        let lines = self.stderr.trim_end().lines().filter(|line| !line.starts_with("rowmill: note: "));
        if lines.count() != 1 {
            self.ok_or_panic(Err(self.tell("stderr", "one line", &self.stderr)));
        }
        self
    }

    /// What `--stats` said; see [`Run::with_stats`].
    #[track_caller]
    pub(crate) fn stats(&self) -> &Value {
        self.stats
            .as_ref()
            .unwrap_or_else(|| panic!("no --stats from: {}\n{}", self.command_line, self.stderr))
    }

    /// A number of `--stats`.
    #[track_caller]
    pub(crate) fn stat(&self, key: &str) -> u64 {
        self.stats()[key].as_u64().unwrap_or_else(|| panic!("no number {key:?} in {}", self.stats()))
    }

    pub(crate) fn status_is(&self, code: i32) -> Result<(), String> {
        if self.status.code() == Some(code) {
            return Ok(());
        }
        let got = match (self.status.code(), self.status.signal()) {
            (Some(code), _) => format!("exit status {code}"),
            (None, signal) => format!("killed by signal {signal:?}"),
        };
        let got = format!("{got}\nstderr: {}", self.stderr);
        Err(self.tell("end", &format!("exit status {code}"), &got))
    }

    pub(crate) fn stdout_is(&self, expected: &[u8]) -> Result<(), String> {
        if self.stdout == expected {
            return Ok(());
        }
        let at = first_difference(expected, &self.stdout);
        let line = 1 + expected[..at].iter().filter(|&&b| b == b'\n').count();
        let side = |bytes: &[u8]| {
            let end = bytes.len().min(at + 160);
            let start = at.saturating_sub(80).min(end);
            let text = bytes[start..end].escape_ascii();
            let more = if end < bytes.len() { "…" } else { "<end>" };
            format!("({} bytes) …{text}{more}", bytes.len())
        };
        Err(self.tell(
            &format!("stdout, first at byte {at}, line {line}"),
            &side(expected),
            &format!("{}\nstderr: {}", side(&self.stdout), self.stderr),
        ))
    }

    pub(crate) fn stderr_has(&self, part: &str) -> Result<(), String> {
        if self.stderr.contains(part) {
            return Ok(());
        }
        Err(self.tell("stderr", part, &self.stderr))
    }

    pub(crate) fn tell(&self, what: &str, expected: &str, got: &str) -> String {
        format!("{what} differs\n$ {}\nexpected: {expected}\ngot:      {got}", self.command_line)
    }

    #[track_caller]
    fn ok_or_panic(&self, result: Result<(), String>) -> &Output {
        match result {
            Ok(()) => self,
            Err(told) => panic!("{told}"),
        }
    }
}

fn first_difference(a: &[u8], b: &[u8]) -> usize {
    let same = a.iter().zip(b).take_while(|(x, y)| x == y).count();
    same.min(a.len())
}

pub(crate) use crate::library::skipped;

/// The folder of the fixtures.
pub(crate) fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}

/// The instruction sets that this machine can be told to use. Those it lacks are named aloud once.
pub(crate) fn isas() -> &'static [&'static str] {
    static ISAS: std::sync::OnceLock<Vec<&str>> = std::sync::OnceLock::new();
    ISAS.get_or_init(|| {
        let mut there = vec!["portable"];
        for isa in ["avx2", "avx512"] {
            let run = Run::rowmill().arg("-q").arg("-").env("ROWMILL_ISA", isa);
            let output = run.stdin("a\n1\n").out();
            match output.status.code() {
                Some(0) => there.push(isa),
                Some(2) => skipped(&format!("{isa}: {}", output.stderr.trim())),
                _ => panic!("{}", output.status_is(0).unwrap_err()),
            }
        }
        there
    })
}

/// Whether the long tests are wanted: more trials, larger files.
pub(crate) fn large() -> bool {
    std::env::var_os("ROWMILL_LARGE").is_some_and(|v| v == "1")
}

/// Whether a program is there; says aloud that `what` is not tested where it isn't.
pub(crate) fn has(program: &str, what: &str) -> bool {
    let there = Command::new(program).arg("--version").output().is_ok();
    if !there {
        skipped(&format!("{what}: {program} is not installed"));
    }
    there
}

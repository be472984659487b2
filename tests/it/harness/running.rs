//! A program that runs: what is done to it meanwhile, and what is waited for.

use std::fs;
use std::io::Read;
use std::os::fd::OwnedFd;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, mpsc};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use super::output::Output;

/// How long a run may take. Far more than any test needs on a loaded machine.
const PATIENCE: Duration = Duration::from_secs(240);

/// How often a child's high-water mark is read. The kernel keeps the mark, so only what is touched
/// within this time of the exit can be missed.
const PEAK_EVERY: Duration = Duration::from_millis(1);

/// A program that runs.
pub(crate) struct Running {
    pub(super) child: Child,
    command_line: String,
    stats: Option<tempfile::TempDir>,
    stderr: JoinHandle<()>,
    said: Arc<Mutex<Vec<u8>>>,
    pub(super) peak: Option<JoinHandle<u64>>,
    /// Dropped when the child is gone, which calls the watchdog off.
    _watchdog: mpsc::Sender<()>,
}

impl Running {
    pub(super) fn of(
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
        let said = Arc::new(Mutex::new(Vec::new()));
        let heard = Arc::clone(&said);
        let stderr = thread::spawn(move || {
            let mut some = [0; 4096];
            while let Ok(n @ 1..) = pipe.read(&mut some) {
                heard.lock().unwrap().extend_from_slice(&some[..n]);
            }
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
        Running { child, command_line, stats, stderr, said, peak, _watchdog: watchdog }
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
        self.io("rchar: ")
    }

    /// The bytes that it has written so far, to files and pipes alike.
    pub(crate) fn bytes_written(&self) -> Option<u64> {
        self.io("wchar: ")
    }

    /// A line of `/proc/PID/io`.
    fn io(&self, name: &str) -> Option<u64> {
        let io = fs::read_to_string(format!("/proc/{}/io", self.child.id())).ok()?;
        io.lines().find_map(|l| l.strip_prefix(name))?.trim().parse().ok()
    }

    /// Waits until it has written so many bytes; false if it ended before.
    pub(crate) fn until_it_wrote(&mut self, n_bytes: u64) -> bool {
        self.until(|running| running.bytes_written().is_some_and(|written| written >= n_bytes))
    }

    /// Waits until its standard error has `part`; false if it ended before.
    pub(crate) fn until_it_says(&mut self, part: &str) -> bool {
        self.until(|running| String::from_utf8_lossy(&running.said.lock().unwrap()).contains(part))
    }

    /// Waits until something holds; false if the run ended before.
    pub(crate) fn until(&mut self, holds: impl Fn(&Running) -> bool) -> bool {
        while !holds(self) {
            if self.is_done() {
                return false;
            }
            thread::sleep(Duration::from_micros(200));
        }
        !self.is_done()
    }

    /// Waits for its end. What was not taken of its stdin is closed, of its stdout read.
    pub(crate) fn finish(mut self) -> Output {
        drop(self.child.stdin.take());
        let mut stdout = Vec::new();
        if let Some(mut pipe) = self.child.stdout.take() {
            let _ = pipe.read_to_end(&mut stdout);
        }
        let status = self.child.wait().expect("a child of ours");
        self.stderr.join().expect("the reading thread");
        let stderr = std::mem::take(&mut *self.said.lock().unwrap());
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
    let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY;
    #[cfg(target_os = "linux")]
    let flags = flags | OpenptFlags::CLOEXEC;
    let ours = openpt(flags).expect("a terminal");
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

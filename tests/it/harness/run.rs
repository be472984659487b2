//! A program about to be run.

use std::ffi::{OsStr, OsString};
use std::fmt::Write as _;
use std::io::Write as _;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::thread;

use super::output::Output;
use super::running::Running;

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
    /// that a run means the same wherever the suite is started. `ROWMILL_RUNNER` is what runs
    /// `ROWMILL_PROGRAM`, one that is built for another processor.
    pub(crate) fn rowmill() -> Run {
        match std::env::var_os("ROWMILL_RUNNER").zip(std::env::var_os("ROWMILL_PROGRAM")) {
            Some((runner, program)) => Run::program(runner).arg(program),
            None => Run::program(env!("CARGO_BIN_EXE_rowmill")),
        }
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
        reset_signals();
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

/// Has children start with the defaults of SIGINT and SIGHUP. A background job ignores the one,
/// what `nohup` starts the other, and a child inherits that; what is caught here is the default
/// there.
fn reset_signals() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        for signal in [signal_hook::consts::SIGINT, signal_hook::consts::SIGHUP] {
            let always = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(true));
            let set = signal_hook::flag::register_conditional_default(signal, always);
            set.expect("it can be caught");
        }
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

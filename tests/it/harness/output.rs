//! What a run came to.

use std::os::unix::process::ExitStatusExt;
use std::process::ExitStatus;

use rustix::process::Signal;
use serde_json::Value;

/// What a run came to. The `expect_` methods panic with the command line and both sides.
pub(crate) struct Output {
    pub(crate) command_line: String,
    pub(crate) status: ExitStatus,
    pub(crate) stdout: Vec<u8>,
    pub(crate) stderr: String,
    pub(super) stats: Option<Value>,
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

    /// That it was refused: the status, one line that holds `part`, and nothing on stdout.
    #[track_caller]
    pub(crate) fn expect_refusal(&self, status: i32, part: &str) -> &Output {
        self.expect_status(status).expect_one_line(part).expect_stdout("")
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

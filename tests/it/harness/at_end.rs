//! What is done when a test is over, however it ends: also if it panics, or its process is killed.

use std::path::Path;
use std::process::{Child, Command, Stdio};

/// A shell script that runs when this is dropped, or this process ends.
pub(crate) struct AtEnd(Child);

impl AtEnd {
    /// It waits for the end of its standard input, which this process alone can close. `$1` in it
    /// is `path`.
    pub(crate) fn new(script: &str, path: &Path) -> AtEnd {
        let script = format!("trap '' INT TERM HUP; cat >/dev/null; {script}");
        let mut command = Command::new("sh");
        command.args(["-c", &script, "at-end"]).arg(path);
        command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
        AtEnd(command.spawn().expect("sh"))
    }
}

impl Drop for AtEnd {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

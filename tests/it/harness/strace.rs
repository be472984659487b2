//! Calls to the system watched, failed, or answered by a kill, by `strace`.

use super::place::Place;
use super::run::Run;

/// A run under `strace`, all its threads with it.
pub(crate) struct Strace<'a> {
    place: &'a Place,
    options: Vec<String>,
    traces: bool,
}

impl<'a> Strace<'a> {
    pub(crate) fn of(place: &'a Place) -> Strace<'a> {
        Strace { place, options: Vec::new(), traces: false }
    }

    /// Writes the calls that it watches into the place; [`Strace::trace`] reads them.
    pub(crate) fn watch(mut self, calls: &str) -> Strace<'a> {
        self.options.extend(["-e".to_owned(), format!("trace={calls}")]);
        self.traces = true;
        self
    }

    /// Has the trace show the path of each descriptor.
    pub(crate) fn with_paths(mut self) -> Strace<'a> {
        self.options.push("-y".to_owned());
        self
    }

    /// Has the `n`-th of `calls` meet its `fault`: `error=EIO`, `signal=KILL`.
    pub(crate) fn inject(mut self, calls: &str, fault: &str, n: usize) -> Strace<'a> {
        self.options.extend(["-e".to_owned(), format!("inject={calls}:{fault}:when={n}")]);
        self
    }

    /// The program under test so run, in the place.
    pub(crate) fn rowmill(self) -> Run {
        let to = if self.traces { "trace" } else { "/dev/null" };
        let run = Run::program("strace").dir(self.place.dir()).args(["-f", "-qq", "-o", to]);
        run.args(self.options).arg(env!("CARGO_BIN_EXE_rowmill"))
    }

    /// What the last run in the place wrote of its calls.
    pub(crate) fn trace(place: &Place) -> String {
        let text = String::from_utf8_lossy(&place.read("trace")).into_owned();
        std::fs::remove_file(place.path("trace")).unwrap();
        text
    }
}

//! A place whose files a run may not touch.

use super::output::Output;
use super::place::Place;

/// A small input.
pub(crate) const INPUT: &str = "name,email\nAda,ada@example.org\nBob,bob@example.org\n";
/// What becomes of it.
pub(crate) const RESULT: &str =
    "{\"name\":\"Ada\",\"email\":\"ada@example.org\"}\n{\"name\":\"Bob\",\"email\":\"bob@example.org\"}\n";
/// What was under the output's name before.
pub(crate) const EARLIER: &str = "an earlier result\n";

/// A place with an input, `in.csv`, and an earlier result, `out.jsonl`.
pub(crate) struct Case {
    pub(crate) place: Place,
    pub(crate) before: Vec<String>,
}

impl Case {
    pub(crate) fn new() -> Case {
        let place = Place::new();
        place.write("in.csv", INPUT);
        place.write("out.jsonl", EARLIER);
        Case::of(place)
    }

    /// The place as it is now is how it must be left.
    pub(crate) fn of(place: Place) -> Case {
        let before = place.names();
        Case { place, before }
    }

    pub(crate) fn run<const N: usize>(&self, args: [&str; N]) -> Output {
        self.place.rowmill().args(args).out()
    }

    /// The run must fail with one line that holds `part`.
    #[track_caller]
    pub(crate) fn refused<const N: usize>(&self, status: i32, part: &str, args: [&str; N]) {
        self.is_refusal(&self.run(args), status, part);
    }

    #[track_caller]
    pub(crate) fn is_refusal(&self, output: &Output, status: i32, part: &str) {
        output.expect_refusal(status, part);
        assert!(output.stderr.starts_with("rowmill: "), "{}", output.stderr);
        self.expect_untouched();
    }

    #[track_caller]
    pub(crate) fn expect_untouched(&self) {
        assert_eq!(self.place.names(), self.before, "what lies in the folder");
        assert_eq!(self.place.read("in.csv"), INPUT.as_bytes());
        assert_eq!(self.place.read("out.jsonl"), EARLIER.as_bytes());
    }
}

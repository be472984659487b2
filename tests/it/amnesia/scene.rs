//! A run on a disk that forgets, and what is looked at behind each of its calls.

use std::fs;
use std::os::unix::fs::symlink;

use super::disk::{Disk, History};
use super::manners::Manners;
use super::mount::Mounted;
use super::served::Fault;
use crate::harness::{AtEnd, Numbers, Output, Place, large, skipped};

/// A place with a disk that forgets, at `disk`.
pub(crate) struct Stage {
    // Goes first: where something is mounted, nothing can be removed.
    mounted: Option<Mounted>,
    pub(crate) place: Place,
    pub(crate) manners: Manners,
    n_mounts: usize,
    _unmount: AtEnd,
}

/// For a process that is killed: what it mounted stays, and answers nobody.
const UNMOUNT: &str = "for disk in \"$1\"/disk-?; do
        umount -l \"$disk\" || fusermount3 -uz \"$disk\" || fusermount -uz \"$disk\"
    done
    rm -rf \"$1\"";

impl Stage {
    pub(crate) fn new() -> Stage {
        Stage::with(Manners::default())
    }

    /// With a disk of these manners.
    pub(crate) fn with(manners: Manners) -> Stage {
        let place = Place::new();
        let _unmount = AtEnd::new(UNMOUNT, place.dir());
        Stage { place, mounted: None, manners, n_mounts: 0, _unmount }
    }

    /// Runs a line of shell on a disk with this history, and with a fault.
    /// Says how it went, and the history at its end; `None` if nothing can be mounted here.
    pub(crate) fn run(&mut self, script: &str, history: History, fault: Fault) -> Option<(Output, History)> {
        // The new disk is mounted before the old one goes, so that it has another number, as a disk
        // may have after a start of the system.
        let at = format!("disk-{}", self.n_mounts % 2);
        self.n_mounts += 1;
        fs::create_dir_all(self.place.path(&at)).unwrap();
        let mounted = match Mounted::new(history, fault, self.manners, &self.place.path(&at)) {
            Ok(mounted) => mounted,
            Err(error) => {
                skipped(&format!("a disk that forgets: {error}"));
                return None;
            }
        };
        symlink(&at, self.place.path("new")).unwrap();
        fs::rename(self.place.path("new"), self.place.path("disk")).unwrap();
        self.mounted = None;
        let output = self.place.shell(script).out();
        mounted.until_closed();
        let history = mounted.history();
        self.mounted = Some(mounted);
        Some((output, history))
    }

    /// Whether the late error of the last run, or its change from elsewhere, came about.
    pub(crate) fn came(&self) -> bool {
        self.mounted.as_ref().is_some_and(Mounted::came)
    }
}

/// What is looked at: what a power failure left, what the program saw before, and whether it had
/// ended well.
pub(crate) struct Left<'l> {
    pub(crate) disk: &'l Disk,
    pub(crate) seen: &'l Disk,
    pub(crate) ended: bool,
}

/// Says what is wrong with what a power failure left.
pub(crate) type Check<'c> = &'c dyn Fn(&Left<'_>) -> Result<(), String>;

/// A run, and what must hold of it.
pub(crate) struct Scene<'s> {
    pub(crate) name: &'s str,
    pub(crate) script: &'s str,
    pub(crate) before: Disk,
    /// Of what any power failure leaves.
    pub(crate) holds: Check<'s>,
    /// Of what is there when the same command was run again to its end. Without it, it isn't.
    pub(crate) again: Option<Check<'s>>,
}

/// How many crashes there were, and how many runs on what they left.
#[derive(Default)]
struct Crashes {
    n: usize,
    again: usize,
}

impl Scene<'_> {
    /// Plays it, with a power failure behind each call; in ordinary tests behind some of them.
    pub(crate) fn play(&self, stage: &mut Stage) -> Option<()> {
        let (output, history) = stage.run(self.script, History::new(self.before.clone()), Fault::Nothing)?;
        output.expect_status(0);
        let n_calls = history.changes.len();
        assert!(n_calls > 0, "{}: {n_calls} calls", self.name);
        let mut numbers = Numbers::from_seed(n_calls as u64);
        let mut crashes = Crashes::default();
        // To look costs little, to run again some hundredths of a second.
        let n_seeds = if large() { 100 } else { 12 };
        for n in 0..=n_calls {
            for seed in 0..n_seeds {
                self.look(&history, n, seed, n == n_calls);
                crashes.n += 1;
            }
        }
        if let Some(again) = self.again {
            let each = if large() { 1 } else { n_calls.div_ceil(12) };
            for n in (numbers.below(each)..=n_calls).step_by(each) {
                for _ in 0..if large() { 12 } else { 1 } {
                    let seed = numbers.below(1 << 30) as u64 % [2, 4, 1 << 30][numbers.below(3)];
                    self.go_on(stage, again, (&history, n, seed), &mut numbers, &mut crashes)?;
                }
            }
        }
        self.fail(stage, n_calls, &mut numbers, &mut crashes)?;
        println!("{}: {n_calls} calls, {} crashes, {} runs on them", self.name, crashes.n, crashes.again);
        Some(())
    }

    /// Looks at what a power failure behind the `n`-th call left.
    fn look(&self, history: &History, n: usize, seed: u64, ended: bool) -> Disk {
        let disk = history.lost(n, seed);
        let left = Left { disk: &disk, seen: &history.seen(n), ended };
        if let Err(wrong) = (self.holds)(&left) {
            panic!("{}: behind call {n}, seed {seed}: {wrong}\n{}", self.name, told(history, n, &disk));
        }
        disk
    }

    /// Runs the command again on what a crash left, perhaps with further ones, until it ends.
    fn go_on(
        &self,
        stage: &mut Stage,
        again: Check<'_>,
        (history, n, seed): (&History, usize, u64),
        numbers: &mut Numbers,
        crashes: &mut Crashes,
    ) -> Option<()> {
        let mut path = told(history, n, &history.lost(n, seed));
        let mut start = History::new(self.look(history, n, seed, n == history.changes.len()));
        for depth in 0.. {
            // A kill now and then keeps what is not synced; the next power failure may take it.
            let killed = depth == 0 && numbers.below(4) == 0;
            if killed {
                start = history.until(n);
            }
            let (output, later) = stage.run(self.script, start, Fault::Nothing)?;
            (crashes.n, crashes.again) = (crashes.n + 1, crashes.again + 1);
            let end = later.changes.len();
            let seen = later.seen(end);
            let left = Left { disk: &seen, seen: &seen, ended: true };
            let wrong = output.status_is(0).map(drop).and_then(|()| again(&left));
            if let Err(wrong) = wrong {
                panic!("{}: behind call {n}, seed {seed}, killed: {killed}: {wrong}\n{path}", self.name);
            }
            for seed in 0..4 {
                self.look(&later, end, seed, true);
            }
            if depth == 2 || numbers.below(2) == 0 {
                break;
            }
            let (n, seed) = (numbers.below(end + 1), numbers.below(1 << 30) as u64);
            start = History::new(self.look(&later, n, seed, n == end));
            path += &told(&later, n, &start.before);
        }
        Some(())
    }

    /// The same with the program alive: from some call on it meets errors only, or one error. If it
    /// says that it ended well nevertheless, all is there.
    fn fail(
        &self,
        stage: &mut Stage,
        n_calls: usize,
        numbers: &mut Numbers,
        crashes: &mut Crashes,
    ) -> Option<()> {
        let each = if large() { 1 } else { n_calls.div_ceil(6) };
        for n in (1 + numbers.below(each)..=n_calls).step_by(each) {
            for fault in [Fault::Behind(n - 1), Fault::At(n)] {
                let (output, history) = stage.run(self.script, History::new(self.before.clone()), fault)?;
                let end = history.changes.len();
                for seed in 0..if large() { 24 } else { 12 } {
                    // Where it goes on, power fails somewhere behind the error.
                    let at = if seed < 8 {
                        end
                    } else {
                        (n - 1 + numbers.below((end + 2).saturating_sub(n).max(1))).min(end)
                    };
                    self.look(&history, at, seed, at == end && output.status.success());
                    crashes.n += 1;
                }
            }
        }
        Some(())
    }
}

/// The calls before a crash, and what it left.
fn told(history: &History, n: usize, disk: &Disk) -> String {
    let calls: Vec<String> = history.changes[..n].iter().map(|change| format!("    {change:?}\n")).collect();
    let calls = calls[calls.len().saturating_sub(25)..].concat();
    format!("  these calls, and a power failure:\n{calls}  left {:?}\n", disk.names(""))
}

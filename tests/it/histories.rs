//! Histories, not steps: whatever happens to a conversion in whatever order, a name shows a whole
//! result, and who does what the messages say gets the right one.
//!
//! Each history is a random list of deeds: runs that end, are killed, interrupted, or meet a full
//! disk or an error at some call; power failures; inputs that change between runs and during them;
//! files that are damaged. They happen on a disk that forgets (`amnesia`). After each deed a model
//! that knows none of the program looks at what is there. A history that fails is made shorter.
//!
//! - A run of the suite takes as many as fit into some seconds; `ROWMILL_LARGE=1` takes 20,000, and
//!   `PROPTEST_CASES=4000` so many of each kind.
//! - `ROWMILL_FUZZ_SEED=7` begins elsewhere.
//!
//! [`world`] is what they happen to, [`results`] the model of a file or parts by `--resume` or
//! `--sync`, [`ranges`] that of workers and `verify`.

mod deeds;
mod ranges;
mod results;
mod world;

use std::cell::RefCell;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::{RngAlgorithm, TestCaseError, TestRng, TestRunner};

use crate::harness::large;
use deeds::{Deed, deeds};
use ranges::Ranges;
use results::{Kind, Results};
use world::World;

/// How long the histories of a kind take in an ordinary run.
const ENOUGH: Duration = Duration::from_secs(4);
/// All histories of a long run, of all kinds.
const MANY: usize = 20_000;

/// A kind of conversion, and what must hold of it.
trait Model {
    /// Does it, and looks at what came of it.
    fn deed(&mut self, world: &mut World, deed: &Deed) -> Result<(), String>;
    /// Runs it, and does what the messages say, until the right result is there.
    fn finish(&mut self, world: &mut World) -> Result<(), String>;
}

/// Plays as many histories as are wanted of the kinds that `make` gives, one after another.
fn play(share: usize, n_kinds: usize, make: impl Fn(usize, &mut World) -> Box<dyn Model>) {
    let set = |name: &str| std::env::var(name).ok();
    let seed = set("ROWMILL_FUZZ_SEED").map_or(1, |n| n.parse::<u64>().expect("ROWMILL_FUZZ_SEED: a number"));
    let wanted = match set("PROPTEST_CASES") {
        Some(n) => Some(n.parse().expect("PROPTEST_CASES: a number")),
        None => large().then_some(MANY * share / 100),
    };
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let config = ProptestConfig { failure_persistence: None, max_shrink_iters: 400, ..Default::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
    let Some(world) = World::new() else { return };
    let world = RefCell::new(world);
    let begun = Instant::now();
    let (mut n, mut n_deeds) = (0, 0);
    while wanted.map_or(n < 2 * n_kinds || begun.elapsed() < ENOUGH, |wanted| n < wanted) {
        let tree = (0..2usize, deeds()).new_tree(&mut runner).unwrap();
        n_deeds += tree.current().1.len();
        let one = |(input, deeds): (usize, Vec<Deed>)| {
            let world = &mut world.borrow_mut();
            world.begin(input);
            let mut model = make(n % n_kinds, world);
            let mut told = String::new();
            for deed in &deeds {
                told += &format!("  {deed:?}\n");
                model.deed(world, deed).map_err(|wrong| failed(&told, &wrong, world))?;
            }
            model.finish(world).map_err(|wrong| failed(&told, &format!("at the end: {wrong}"), world))
        };
        if let Err(error) = runner.run_one(tree, one) {
            panic!("history {n} of seed {seed}, kind {}: {error}", n % n_kinds);
        }
        n += 1;
    }
    println!("{n} histories of {n_deeds} deeds, {} runs", world.borrow().n_runs);
}

fn failed(told: &str, wrong: &str, world: &World) -> TestCaseError {
    let log = world.log.join("\n  ");
    TestCaseError::fail(format!("{wrong}\n{told}  {log}\n  left: {:?}", world.files()))
}

#[test]
fn a_file_by_resume_comes_right_whatever_happens() {
    let kinds = [
        Kind::File { sync: false, rejects: false },
        Kind::File { sync: true, rejects: false },
        Kind::File { sync: true, rejects: true },
    ];
    play(34, kinds.len(), |i, _| Box::new(Results::new(kinds[i])));
}

#[test]
fn parts_and_their_manifest_come_right_whatever_happens() {
    let kinds = [Kind::Parts { resume: true }, Kind::Parts { resume: true }, Kind::Parts { resume: false }];
    play(33, kinds.len(), |i, _| Box::new(Results::new(kinds[i])));
}

#[test]
fn workers_and_verify_come_right_whatever_happens() {
    play(33, 1, |_, world| Box::new(Ranges::new(world)));
}

//! `--resume` of what is not one plain file: compressed, in parts, or both.

use std::fs;

use rustix::process::Signal;
use serde_json::Value;

use crate::harness::{Numbers, Place, Run, Strace, has, large, odd, people, unpacked};

/// A conversion to what is not the plain text: compressed, in parts, or both.
struct Shaped {
    place: Place,
    name: &'static str,
    args: Vec<&'static str>,
    whole: Vec<u8>,
    /// The bytes of an undisturbed result, as it is written.
    n_bytes: u64,
}

impl Shaped {
    fn new(make: impl FnOnce(&Place), name: &'static str, args: &[&'static str]) -> Shaped {
        let place = Place::new();
        make(&place);
        let inputs: Vec<&str> = args.iter().copied().take_while(|arg| !arg.starts_with("--split")).collect();
        let plain = place.rowmill().arg("-q").args(inputs).out();
        plain.expect_status(0);
        let mut case = Shaped { place, name, args: args.to_vec(), whole: plain.stdout, n_bytes: 0 };
        case.run().out().expect_status(0);
        let made = case.place.everything().into_iter().filter(|(name, _)| name.starts_with("out"));
        case.n_bytes = made.map(|(_, bytes)| bytes.len() as u64).sum();
        case.expect_whole();
        case
    }

    fn run(&self) -> Run {
        let run = self.place.rowmill().arg("-q").args(&self.args);
        run.args(["-o", self.name, "--resume", "--checkpoint-every", "1M"])
    }

    fn has_checkpoint(&self) -> bool {
        self.place.path(&format!(".{}.rowmill-checkpoint", self.name)).exists()
    }

    fn is_done(&self) -> bool {
        [self.name, "out.manifest.json"].iter().any(|name| self.place.path(name).exists())
    }

    /// What was written, as text; a resumed run may frame it otherwise.
    fn text(&self, name: &str) -> Vec<u8> {
        unpacked(&self.place.path(name))
    }

    /// Starts it and kills it once it wrote `share` thousandths of the result; false if it ended
    /// before.
    fn cut_off(&self, share: usize) -> bool {
        let mut running = self.run().start();
        if !running.until_it_wrote(self.n_bytes * share as u64 / 1000) {
            running.finish().expect_status(0);
            return false;
        }
        running.signal(Signal::KILL);
        running.finish();
        true
    }

    /// That all is there once, and nothing else; begins anew for the next.
    fn expect_whole(&self) {
        let mut made = vec![self.name.to_owned()];
        if self.place.path("out.manifest.json").exists() {
            let manifest: Value = serde_json::from_slice(&self.place.read("out.manifest.json")).unwrap();
            let (mut n_records, mut n_bytes) = (0, 0);
            made.clear();
            for (i, part) in manifest["parts"].as_array().unwrap().iter().enumerate() {
                let name = part["name"].as_str().unwrap();
                assert_eq!(name, self.name.replace("out", &format!("out-{i:05}")));
                let text = self.text(name);
                let n_lines = text.iter().filter(|&&byte| byte == b'\n').count() as u64;
                assert_eq!(
                    (part["records"].as_u64(), part["bytes"].as_u64()),
                    (Some(n_lines), Some(self.place.read(name).len() as u64))
                );
                n_records += n_lines;
                n_bytes += part["bytes"].as_u64().unwrap();
                made.push(name.to_owned());
            }
            assert_eq!(
                (manifest["records"].as_u64(), manifest["bytes"].as_u64()),
                (Some(n_records), Some(n_bytes))
            );
        }
        let text: Vec<u8> = made.iter().flat_map(|name| self.text(name)).collect();
        assert!(text == self.whole, "{} parts of {} bytes, not {}", made.len(), text.len(), self.whole.len());
        for name in &made {
            fs::remove_file(self.place.path(name)).unwrap();
        }
        let _ = fs::remove_file(self.place.path("out.manifest.json"));
        let left: Vec<String> = self.place.names();
        assert!(left.iter().all(|name| !name.starts_with('.') && !name.starts_with("out")), "{left:?}");
    }

    fn hold(&self, trials: usize, seed: u64) {
        let mut numbers = Numbers(seed);
        let (mut n_cut, mut n_gone_on) = (0, 0);
        while n_cut < trials {
            if !self.cut_off(numbers.below(1100)) || self.is_done() && !self.has_checkpoint() {
                self.expect_whole();
                continue;
            }
            n_cut += 1;
            n_gone_on += usize::from(self.has_checkpoint());
            if numbers.below(3) > 0 {
                self.run().out().expect_status(0);
                self.expect_whole();
            }
        }
        self.run().out().expect_status(0);
        self.expect_whole();
        println!("{} {:?}: cut off {n_cut} times, {n_gone_on} with a checkpoint", self.name, self.args);
        assert!(n_gone_on > trials / 4, "{n_gone_on} of {n_cut} had a checkpoint");
    }
}

#[test]
fn compressed_and_in_parts_it_goes_on_too() {
    if !has("zstd", "going on with compressed output") {
        return;
    }
    let table = |place: &Place| drop(place.people("in.csv", 24 << 20));
    let mixed = |place: &Place| {
        place.write("1.csv", odd(20_000));
        place.write("2.csv", [&b"a,b,c\n"[..], &people(60_000)].concat());
    };
    let trials = if large() { 150 } else { 20 };
    Shaped::new(table, "out.jsonl.zst", &["in.csv", "-j", "2"]).hold(trials, 11);
    Shaped::new(table, "out.jsonl", &["in.csv", "-j", "2", "--split-size", "777K"]).hold(trials, 12);
    Shaped::new(mixed, "out.jsonl", &["1.csv", "2.csv", "--split-records", "999", "--split-size", "1M"])
        .hold(trials, 13);
    Shaped::new(mixed, "out.jsonl.zst", &["1.csv", "2.csv", "--split-records", "5000"]).hold(trials, 14);
    Shaped::new(table, "out.jsonl.zst", &["in.csv", "--split-size", "300K"]).hold(trials, 15);
}

/// Plain parts are those of an undisturbed run to the byte.
#[test]
fn parts_are_cut_where_an_undisturbed_run_cuts_them() {
    let people = |place: &Place| drop(place.people("in.csv", 12 << 20));
    let case = Shaped::new(people, "out.jsonl", &["in.csv", "-j", "2", "--split-size", "500K"]);
    case.run().out().expect_status(0);
    let undisturbed = case.place.everything();
    case.expect_whole();
    let mut n_cut = 0;
    for share in 2..12 {
        case.cut_off(share * 77);
        n_cut += usize::from(case.has_checkpoint());
        case.run().out().expect_status(0);
        assert!(case.place.everything() == undisturbed, "other parts");
        case.expect_whole();
    }
    assert!(n_cut > 2, "{n_cut}");
}

/// Killed at each call that names, moves or keeps something, over an earlier result of more parts.
#[test]
fn killed_while_parts_get_their_names() {
    if !has("strace", "a kill at each call that names a part") {
        return;
    }
    let make = |place: &Place| drop(place.write("in.csv", odd(3000)));
    for (name, args) in [
        ("out.jsonl", &["in.csv", "--split-records", "400"][..]),
        ("out.jsonl.zst", &["in.csv", "--split-records", "900", "--split-size", "100K"]),
    ] {
        let case = Shaped::new(make, name, args);
        let mut n_killed = 0;
        for call in
            ["rename,renameat2", "unlink,unlinkat,rmdir", "fsync", "ftruncate", "openat", "flock,mkdir"]
        {
            for n in 1.. {
                // An earlier result of eleven parts.
                let earlier =
                    case.place.rowmill().args(["-q", "in.csv", "-o", name, "--split-records", "280"]);
                if n % 2 == 0 {
                    earlier.out().expect_status(0);
                }
                let killed = Strace::of(&case.place).inject(call, "signal=KILL", n).rowmill();
                // Small windows: how many checkpoints come must not hang on the pace of the
                // machine.
                let kept = ["--resume", "--checkpoint-every", "50K", "--window", "16K"];
                let output = killed.args(&case.args).args(["-q", "-o", name]).args(kept).out();
                if output.status.success() {
                    case.expect_whole();
                    break;
                }
                n_killed += 1;
                let output = case.run().out();
                output.expect_status(0);
                case.expect_whole();
            }
        }
        println!("{name}: killed {n_killed} times");
        assert!(n_killed > 40, "{n_killed}");
    }
}

/// Who tidied up hidden files by hand is told, and gets no manifest of parts that are not there.
#[test]
fn a_part_that_was_taken_away_is_missed() {
    let people = |place: &Place| drop(place.people("in.csv", 12 << 20));
    let case = Shaped::new(people, "out.jsonl", &["in.csv", "-j", "2", "--split-size", "500K"]);
    let folder = case.place.path(".out.jsonl.rowmill-parts");
    let first = folder.join("out-00000.jsonl");
    for harm in [&|part: &std::path::Path| fs::remove_file(part).unwrap(), &|part: &std::path::Path| {
        fs::write(part, "another text").unwrap();
    }] as [&dyn Fn(&std::path::Path); 2]
    {
        // The checkpoint may be of a time when the first part was not whole.
        while !(case.cut_off(500) && case.has_checkpoint() && folder.join("out-00004.jsonl").exists()) {
            case.run().out().expect_status(0);
            case.expect_whole();
        }
        harm(&first);
        let output = case.run().out();
        output.expect_status(1).expect_one_line("cannot go on: its unfinished parts are gone, or others");
        assert!(!case.is_done());
        // As the message says.
        fs::remove_file(case.place.path(".out.jsonl.rowmill-checkpoint")).unwrap();
        case.run().out().expect_status(0);
        case.expect_whole();
    }
}

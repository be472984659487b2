//! Random inputs for a given time, each converted in many ways (`ways.rs`): what `fuzz/` does
//! without being guided by coverage, and with stable Rust alone.
//!
//! The fixtures and the foreign cases of `conformance` are the seeds. By default it takes two
//! seconds on one thread and is the same each time; these variables change that:
//!
//! - `ROWMILL_FUZZ_SECONDS=60` is the time, taken on every core;
//! - `ROWMILL_FUZZ_SEED=7` begins elsewhere;
//! - `ROWMILL_FUZZ_INPUT=0060000022…` replays the input of a failure, which prints it, and does
//!   nothing else.

use std::fs;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::Value;

use crate::harness::{Numbers, fixtures, kernels};
use crate::head::N_HEAD;
use crate::ways;

/// One input takes some milliseconds, so this is a deadlock.
const PATIENCE: Duration = Duration::from_secs(60);

/// The longest input: windows and blocks are shorter, and a short one says more.
const LONGEST: usize = 2048;

/// What matters to some dialect, and pieces of characters.
const PIECES: [&[u8]; 82] = [
    b"\"",
    b"\"",
    b"\"",
    b"\"\"",
    b"\",\"",
    b"\"\n",
    b"\n\"",
    b",\"",
    b",",
    b",",
    b"\n",
    b"\n",
    b"\r",
    b"\r\n",
    b"\n\n",
    b"\r\r\n",
    b";",
    b"\t",
    b" ",
    b"|",
    b"'",
    b"\\",
    b"\\\"",
    b"\\n",
    b"\\t\\Z",
    b"\\N",
    b"\\x4",
    b"\\xe9",
    b"\\0",
    b"\\351\\",
    b"\n\\.\n",
    b"#",
    b"\n#",
    b"\n#\"",
    b"\0",
    b"\x1e",
    b"\x1f",
    b"\xa7",
    b"\xef\xbb\xbf",
    b"\xc2\xa0",
    b"\xe3\x80\x80",
    b"\xc3\xa9",
    b"\xe2\x82\xac",
    b"\xf0\x9f\x98\x80",
    b"\xe2\x80",
    b"\xf0\x9f\x98",
    b"\xed\xa0\x80",
    b"\xff",
    b"007",
    b"-0.5",
    b"1e5",
    b"12",
    b",3.25,",
    b"+1",
    b".5",
    b"-",
    b"true",
    b",null,",
    b"NA",
    b",NA,",
    b"@",
    b"ada@x.org",
    b",b@y,",
    b"\"{\"\"a\"\":1}\"",
    b"\"12\"",
    b",,",
    b"\n1,2,3",
    b"99999999999999999999",
    b"1.234,5",
    b"\"1.234,50 \xe2\x82\xac\"",
    b"1 234",
    b"-$1,234.5",
    b"12.5-",
    b",EUR 5,",
    b"12%",
    b"05.03.2026",
    b",31.12.1999,",
    b",2026-02-29,",
    b",2026-03-05T10:20:30Z,",
    b"2026-03-05 10:20:30.5",
    b"+49 171 5550142",
    b"Ada@X.org",
];

/// A run that held fewer inputs against the models shows nothing.
const LEAST: u64 = 50;

/// What a worker is at.
struct Trial {
    n_inputs: u64,
    input: Vec<u8>,
    begun: Instant,
}

#[test]
fn every_way_gives_the_same() {
    let set = |name: &str| std::env::var(name).ok();
    if let Some(hex) = set("ROWMILL_FUZZ_INPUT") {
        assert!(ways::hold(&bytes_of(&hex)), "the input's head has no meaning");
        return;
    }
    let asked = set("ROWMILL_FUZZ_SECONDS").map(|n| n.parse().expect("ROWMILL_FUZZ_SECONDS: a number"));
    let seed = set("ROWMILL_FUZZ_SEED").map_or(1, |n| n.parse().expect("ROWMILL_FUZZ_SEED: a number"));
    let n_workers = asked.and_then(|_| thread::available_parallelism().ok()).map_or(1, usize::from);
    let until = Instant::now() + Duration::from_secs(asked.unwrap_or(2));
    // Says aloud which instruction sets are not tested.
    kernels();
    let seeds = Arc::new(seeds());
    let workers: Vec<_> = (0..n_workers)
        .map(|i| {
            let trial = Arc::new(Mutex::new(Trial { n_inputs: 0, input: Vec::new(), begun: Instant::now() }));
            let (seeds, shown) = (Arc::clone(&seeds), Arc::clone(&trial));
            let random = Numbers::from_seed(seed ^ (i as u64) << 32);
            (trial, thread::spawn(move || work(random, &seeds, &shown, until)))
        })
        .collect();
    let mut n_inputs = 0;
    for (trial, worker) in workers {
        let replay = || {
            let hex = hex_of(&trial.lock().unwrap().input);
            format!("ROWMILL_FUZZ_INPUT={hex} cargo test --test it -- differential (seed {seed})")
        };
        while !worker.is_finished() {
            thread::sleep(Duration::from_millis(10));
            let stuck = trial.lock().unwrap().begun.elapsed() > PATIENCE;
            assert!(!stuck, "no end after {PATIENCE:?}; to see it again:\n{}", replay());
        }
        if worker.join().is_err() {
            panic!("what differs stands above; to see it again:\n{}", replay());
        }
        n_inputs += trial.lock().unwrap().n_inputs;
    }
    let n_compared = ways::N_COMPARED.load(Ordering::Relaxed);
    let n_modelled = ways::N_MODELLED.load(Ordering::Relaxed);
    println!(
        "{n_inputs} random inputs with their dialect and rules, {n_modelled} held against the model, {n_compared} conversions compared, seed {seed}"
    );
    assert!(n_inputs > LEAST && n_compared > n_inputs, "{n_inputs} inputs, {n_compared} conversions");
}

fn work(mut random: Numbers, seeds: &[Vec<u8>], trial: &Mutex<Trial>, until: Instant) {
    // On a busy machine longer, until there are some.
    while Instant::now() < until || trial.lock().unwrap().n_inputs <= LEAST {
        let input = mutated(&mut random, seeds);
        {
            let mut trial = trial.lock().unwrap();
            trial.input.clone_from(&input);
            trial.begun = Instant::now();
        }
        if ways::hold(&input) {
            trial.lock().unwrap().n_inputs += 1;
        }
    }
}

/// Small fixtures and the foreign cases, each behind the heads under which it is worth reading, as
/// `fuzz/seeds.py` has them.
fn seeds() -> Vec<Vec<u8>> {
    let heads: Value = serde_json::from_str(include_str!("heads.json")).expect("JSON");
    let heads = heads["shapes"].as_object().expect("heads by name");
    let padded = |head: &Value| {
        let mut bytes = bytes_of(head.as_str().expect("hex"));
        bytes.resize(N_HEAD, 0);
        bytes
    };
    let heads: Vec<Vec<u8>> = heads.values().map(padded).collect();
    let cases = fs::read_to_string(fixtures().join("conformance/cases.jsonl")).unwrap();
    let mut inputs: Vec<Vec<u8>> = cases
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("a line of JSON"))
        .map(|case| BASE64.decode(case["csv_base64"].as_str().expect("a string")).expect("base64"))
        .collect();
    for folder in fs::read_dir(fixtures()).unwrap().map(|entry| entry.unwrap().path()) {
        if !folder.is_dir() {
            continue;
        }
        for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            let delimited = path.extension().is_some_and(|name| name.as_encoded_bytes().ends_with(b"sv"));
            if delimited && fs::metadata(&path).unwrap().len() <= 1024 {
                inputs.push(fs::read(path).unwrap());
            }
        }
    }
    // A folder is read in any order.
    inputs.sort();
    assert!(inputs.len() > 150, "{} inputs to begin with", inputs.len());
    inputs.iter().flat_map(|input| heads.iter().map(|head| [&head[..], input].concat())).collect()
}

/// A seed, a few times changed.
fn mutated(random: &mut Numbers, seeds: &[Vec<u8>]) -> Vec<u8> {
    let mut input = random.of(seeds).clone();
    // In another way each time.
    input[3] = random.byte();
    // Half of them by some rules.
    if random.below(2) == 0 {
        for _ in 0..1 + random.below(3) {
            input[4 + random.below(4)] = random.byte();
        }
    }
    for _ in 0..random.below(6) {
        let n = input.len();
        let at = N_HEAD + random.below(n - N_HEAD + 1);
        let end = (at + 1 + random.below(24)).min(n);
        match random.below(10) {
            0 if at < n => input[at] ^= 1 << random.below(8),
            1 if at < n => drop(input.drain(at..end)),
            2 => drop(input.splice(at..at, input[at..end].repeat(1 + random.below(4)))),
            // So that the edge of a block or a window lies anywhere.
            3 => drop(input.splice(at..at, vec![b'x'; random.below(130)])),
            // So that regular records follow one another, as fast ways want them.
            9 => {
                let line = input[N_HEAD..].split_inclusive(|byte| *byte == b'\n').nth(random.below(4));
                if let Some(line) = line.map(|line| line.repeat(1 + random.below(20))) {
                    input.extend_from_slice(&line);
                }
            }
            4 => {
                let other = random.of(seeds);
                let from = N_HEAD + random.below(other.len() - N_HEAD + 1);
                input.truncate(at);
                input.extend_from_slice(&other[from..]);
            }
            // Seeds are mostly of commas; few heads are.
            5 => {
                let (old, new) = (random.of(&PIECES)[0], random.of(&PIECES)[0]);
                input[N_HEAD..].iter_mut().filter(|byte| **byte == old).for_each(|byte| *byte = new);
            }
            6 => input[random.below(N_HEAD)] = random.byte(),
            _ => drop(input.splice(at..at, random.of(&PIECES).to_vec())),
        }
    }
    input.truncate(LONGEST);
    input
}

fn hex_of(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn bytes_of(hex: &str) -> Vec<u8> {
    let digits = hex.as_bytes().chunks(2).map(|pair| std::str::from_utf8(pair).expect("hex"));
    digits.map(|pair| u8::from_str_radix(pair, 16).expect("hex")).collect()
}

//! A rate that the output is held to: never above it, and not far below.

use std::io::Read;
use std::time::{Duration, Instant};

use crate::alone;
use crate::harness::{Output, Place, Run, people};

fn limited(run: Run, rate: u64) -> Output {
    let begun = Instant::now();
    let output = run.args(["--limit-rate", &rate.to_string()]).with_stats().out();
    output.expect_status(0);
    let (n, took) = (output.stat("bytes_out"), begun.elapsed().as_secs_f64());
    let told = n as f64 / output.stats()["seconds"].as_f64().unwrap();
    println!("{n} bytes in {took:.2} s: {told:.0} a second of {rate}");
    // A machine that is busy with other things may be slower, never faster.
    let share = told / rate as f64;
    assert!((0.5..1.05).contains(&share), "{told:.0} bytes a second, not {rate}");
    assert_eq!(output.stats()["bound_by"], "rate-limit");
    output
}

#[test]
fn a_limited_rate_is_kept() {
    let _alone = alone();
    let place = Place::new();
    place.write("in.csv", [&b"a,b\n"[..], &people(150_000)].concat());
    let plain = place.rowmill().args(["-q", "in.csv"]).out().stdout;
    let rate = plain.len() as u64 / 3;
    let output = limited(place.rowmill().args(["in.csv", "-j", "2"]), rate);
    assert!(output.stdout == plain);
    limited(place.rowmill().args(["in.csv", "-j", "2", "-o", "out.jsonl"]), rate);
    assert!(place.read("out.jsonl") == plain);
    // Of what is written, not of what is made.
    place.rowmill().args(["-q", "in.csv", "-o", "out.gz"]).out().expect_status(0);
    let n = place.read("out.gz").len() as u64;
    limited(place.rowmill().args(["in.csv", "-j", "2", "-o", "out.gz"]), n / 3);
}

/// A reader at the other end of a pipe sees no more than a tenth of a second's worth at once.
#[test]
fn a_limited_rate_has_no_bursts() {
    let _alone = alone();
    let place = Place::new();
    place.write("in.csv", [&b"a,b\n"[..], &people(100_000)].concat());
    let rate = 4_000_000u64;
    let args = ["-q", "in.csv", "--limit-rate", "4000000"];
    let mut running = place.rowmill().args(args).start();
    let mut stdout = running.stdout();
    let (begun, mut n, mut buffer) = (Instant::now(), 0u64, vec![0; 1 << 16]);
    while begun.elapsed() < Duration::from_millis(1500) {
        n += stdout.read(&mut buffer).unwrap() as u64;
        let most = (begun.elapsed().as_secs_f64() + 0.1) * rate as f64;
        assert!((n as f64) <= most + 65536.0, "{n} bytes after {:?}", begun.elapsed());
    }
    assert!(n as f64 > rate as f64 * 1.2, "{n}");
    // A signal ends it at once, asleep or not.
    running.signal(rustix::process::Signal::TERM);
    running.ends_within(Duration::from_secs(10));
    drop(stdout);
    assert_eq!(running.finish().status.code(), Some(143));
}

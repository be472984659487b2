//! A consumer that is slow, asleep or gone: the reading keeps its pace, the memory stays, the
//! processor rests, and a closed pipe ends the program as it ends `cat`.
//!
//! How far the input was read is counted from outside: by the kernel for `read(2)` on a file
//! (`/proc/PID/io`), by the test for a pipe that it fills itself.

use std::io::{Read, Write};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use crate::alone;
use crate::harness::{Place, Running, large, people};

const MIB: u64 = 1 << 20;

/// What may be read ahead of the consumer: two windows, two buffers and the pipes between.
const IN_FLIGHT: u64 = 4 * MIB;

/// 5 MB/s, a hundred times a second.
const SIP: usize = 50_000;
const PAUSE: Duration = Duration::from_millis(10);

/// Takes 5 MB/s for `time`; `look` is told how much was taken after each sip.
fn sip(mut from: impl Read, time: Duration, mut look: impl FnMut(u64)) {
    let mut cup = vec![0; SIP];
    let begun = Instant::now();
    let mut n_sips = 0;
    while begun.elapsed() < time {
        from.read_exact(&mut cup).expect("there is more");
        n_sips += 1;
        look(n_sips * SIP as u64);
        thread::sleep((PAUSE * n_sips as u32).saturating_sub(begun.elapsed()));
    }
}

#[test]
fn a_slow_consumer_slows_the_reading_of_a_file() {
    let _alone = alone();
    let place = Place::new();
    let input = place.people("in.csv", 128 * MIB);
    for (io, threads) in [("read", "2"), ("read", "8"), ("mmap", "2"), ("mmap", "8")] {
        let args = ["-q", "-j", threads, "--io", io];
        let fast = place.rowmill().args(args).arg(&input.path).args(["-o", "/dev/null"]);
        let (_, fast_peak) = fast.out_and_peak();
        let mut running = place.rowmill().args(args).arg(&input.path).start();
        let stdout = running.stdout();
        let mut peak = 0;
        sip(stdout, Duration::from_millis(1500), |taken| {
            peak = running.peak_so_far().expect("it runs");
            if io == "read" {
                let read = running.bytes_read().expect("it runs");
                assert!(read <= taken + IN_FLIGHT, "-j {threads}: {read} bytes read, {taken} taken");
            }
        });
        assert!(peak <= fast_peak + MIB, "--io {io} -j {threads}: {peak} bytes, {fast_peak} at full speed");
        // The consumer went away, without a word.
        let output = running.finish();
        output.expect_signal(Signal::PIPE);
        assert_eq!(output.stderr, "");
    }
}

#[test]
fn a_slow_consumer_slows_the_producer_before_us() {
    let _alone = alone();
    let place = Place::new();
    let mut running = place.rowmill().args(["-q", "-j", "2", "-"]).start();
    let (mut stdin, stdout) = (running.stdin(), running.stdout());
    let fed = Arc::new(AtomicU64::new(0));
    let counter = Arc::clone(&fed);
    thread::spawn(move || {
        let block = people(1000);
        // Until the program has gone.
        while stdin.write_all(&block).is_ok() {
            counter.fetch_add(block.len() as u64, Ordering::SeqCst);
        }
    });
    let mut peak = 0;
    sip(stdout, Duration::from_secs(2), |taken| {
        let fed = fed.load(Ordering::SeqCst);
        assert!(fed <= taken + IN_FLIGHT, "{fed} bytes fed, {taken} taken");
        peak = running.peak_so_far().expect("it runs");
    });
    assert!(peak <= 16 * MIB, "{peak} bytes");
    running.finish().expect_signal(Signal::PIPE);
}

/// A run that waits uses no processor: under 2 % over three seconds.
#[test]
fn waiting_for_either_side_costs_no_processor() {
    let _alone = alone();
    const TIME: Duration = Duration::from_secs(3);
    let place = Place::new();
    let input = place.people("in.csv", 32 * MIB);
    let mut waiting = Vec::new();
    for threads in ["1", "2", "8"] {
        let mut for_output = place.rowmill().args(["-q", "-j", threads]).arg(&input.path).start();
        for_output.stdout_ref().read_exact(&mut vec![0; 100_000]).unwrap();
        let args = ["-q", "-j", threads, "-", "-o", "/dev/null"];
        let mut for_input = place.rowmill().args(args).start();
        for_input.stdin_ref().write_all(&people(5000)).unwrap();
        waiting.push((format!("-j {threads}, for its output"), for_output));
        waiting.push((format!("-j {threads}, for its input"), for_input));
    }
    waiting.iter_mut().for_each(|(_, running)| running.until_it_waits());
    let used = |running: &Running| running.cpu_time().expect("it waits");
    let before: Vec<Duration> = waiting.iter().map(|(_, running)| used(running)).collect();
    thread::sleep(TIME);
    for ((what, running), before) in waiting.iter().zip(before) {
        let used = used(running) - before;
        assert!(used < TIME / 50, "{what}: {used:?} in {TIME:?}");
    }
}

#[test]
fn a_consumer_that_goes_away_ends_it_at_once_without_a_word() {
    let _alone = alone();
    let place = Place::new();
    let input = place.people("in.csv", 64 * MIB);
    let mut times = Vec::new();
    for threads in ["1", "2", "8"] {
        let mut running = place.rowmill().args(["-j", threads]).arg(&input.path).start();
        let mut stdout = running.stdout();
        stdout.read_exact(&mut vec![0; 100_000]).unwrap();
        drop(stdout);
        times.push(running.ends_within(Duration::from_secs(2)));
        let output = running.finish();
        output.expect_signal(Signal::PIPE);
        assert_eq!(output.stderr, "");
    }
    // One of them may have met a busy machine.
    let best = times.iter().min().unwrap();
    assert!(*best < Duration::from_millis(100), "{times:?}");
}

#[test]
fn head_ends_it_with_141_as_it_ends_cat() {
    let _alone = alone();
    let place = Place::new();
    place.people("in.csv", 8 * MIB);
    for program in ["cat", "\"$ROWMILL\""] {
        let script = format!("{{ {program} in.csv; echo $? > status; }} | head -1 > first");
        let output = place.shell(&script).out();
        output.expect_status(0);
        assert_eq!(output.stderr, "");
        assert_eq!(place.read("status"), b"141\n", "{program}");
    }
    assert!(place.read("first").starts_with(b"{\"id\":\"00000000\",\"name\":\"Ada Lovelace"));
}

/// Pipes that some parents hand down don't block; they are waited for and lose nothing.
#[test]
fn pipes_that_do_not_block_lose_nothing() {
    let _alone = alone();
    let place = Place::new();
    let input = place.people("in.csv", 4 * MIB);
    let expected = place.rowmill().arg("-q").arg(&input.path).out();
    let mut running = place.rowmill().args(["-q", "-"]).nonblocking().start();
    let (mut stdin, mut stdout) = (running.stdin(), running.stdout());
    let bytes = std::fs::read(&input.path).unwrap();
    thread::spawn(move || {
        for piece in bytes.chunks(300_000) {
            thread::sleep(Duration::from_millis(5));
            stdin.write_all(piece).unwrap();
        }
    });
    let mut result = Vec::new();
    let mut cup = vec![0; 1 << 20];
    loop {
        let n = stdout.read(&mut cup).unwrap();
        if n == 0 {
            break;
        }
        result.extend_from_slice(&cup[..n]);
        thread::sleep(Duration::from_micros(500));
    }
    running.finish().expect_status(0);
    assert!(result == expected.stdout, "{} bytes, {} expected", result.len(), expected.stdout.len());
}

#[test]
fn a_consumer_that_sleeps_and_goes_on_gets_everything() {
    let _alone = alone();
    let place = Place::new();
    let input = place.people("in.csv", 32 * MIB);
    let (whole, fast_peak) = place.rowmill().args(["-q", "-j", "2"]).arg(&input.path).out_and_peak();
    let mut running = place.rowmill().args(["-q", "-j", "2"]).arg(&input.path).start();
    let mut stdout = running.stdout();
    let mut result = vec![0; 3_000_000];
    stdout.read_exact(&mut result).unwrap();
    running.until_it_waits();
    let before = running.cpu_time().expect("it waits");
    let sleep = Duration::from_secs(if large() { 20 } else { 2 });
    thread::sleep(sleep);
    assert!(running.cpu_time().expect("it waits") - before < sleep / 50);
    let peak = running.peak_so_far().expect("it waits");
    stdout.read_to_end(&mut result).unwrap();
    running.finish().expect_status(0);
    assert!(result == whole.stdout, "{} bytes", result.len());
    assert!(peak <= fast_peak + MIB, "{peak} bytes, {fast_peak} at full speed");
}

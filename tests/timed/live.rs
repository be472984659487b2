//! A live pipe: how long a record takes, and what waiting costs.

use std::io::{BufRead, BufReader, Write};
use std::thread;
use std::time::{Duration, Instant};

use crate::alone;
use crate::harness::Run;

/// The median of many, because any one may wait for a busy processor.
#[test]
fn a_record_comes_within_fifty_milliseconds() {
    let _alone = alone();
    for pause in [Duration::from_millis(1), Duration::from_millis(8), Duration::from_millis(40)] {
        let mut running = Run::rowmill().arg("-q").start();
        let (mut stdin, mut stdout) = (running.stdin(), BufReader::new(running.stdout()));
        let written = thread::spawn(move || {
            stdin.write_all(b"n,text\n").unwrap();
            thread::sleep(Duration::from_millis(100));
            let times = (0..50).map(|i| {
                thread::sleep(pause);
                let now = Instant::now();
                stdin.write_all(format!("{i},some text\n").as_bytes()).unwrap();
                now
            });
            times.collect::<Vec<_>>()
        });
        let (mut line, mut read) = (String::new(), Vec::new());
        while stdout.read_line(&mut line).unwrap() > 0 {
            read.push(Instant::now());
            line.clear();
        }
        let mut took: Vec<_> =
            read.iter().zip(written.join().unwrap()).map(|(read, written)| *read - written).collect();
        assert_eq!(took.len(), 50);
        took.sort();
        println!("a record each {pause:?}: median {:?}, worst {:?}", took[25], took[49]);
        assert!(took[25] < Duration::from_millis(50), "{pause:?}: {took:?}");
        running.finish().expect_status(0);
    }
}

#[test]
fn waiting_takes_no_processor() {
    let _alone = alone();
    let mut running = Run::rowmill().args(["-q", "-j", "4"]).start();
    let mut stdin = running.stdin();
    stdin.write_all(b"a,b\n1,2\n3,").unwrap();
    running.until_it_waits();
    let before = running.cpu_time().unwrap();
    thread::sleep(Duration::from_secs(1));
    let used = running.cpu_time().unwrap() - before;
    assert!(used <= Duration::from_millis(10), "{used:?} in a second of waiting");
    drop(stdin);
    running.finish().expect_status(0);
}

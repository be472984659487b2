//! Spark itself hands out the ranges of a plan, to executors that are processes of their own, and
//! one of them is killed half-way.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use crate::harness::{Place, Run, has, large, skipped};
use crate::worker::values;

fn has_spark() -> bool {
    let what = "a cluster of Spark";
    // `java` knows no `--version` before 9, and Spark no such Java.
    if !has("java", what) || !has("python3", what) {
        return false;
    }
    let import = Command::new("python3").args(["-c", "import pyspark"]).output();
    let there = import.is_ok_and(|output| output.status.success());
    if !there {
        skipped(&format!("{what}: Python has no pyspark"));
    }
    there
}

/// A file of about so many bytes, full of newlines in quotes, of which a cut by lines would make
/// nonsense.
fn dump(place: &Place, n_bytes: u64) -> PathBuf {
    let path = place.path("dump.csv");
    let mut file = std::io::BufWriter::new(fs::File::create(&path).unwrap());
    file.write_all(b"id,text,n\n").unwrap();
    let (mut at, mut i) = (0, 0u64);
    while at < n_bytes {
        let line = format!("{i},\"said \"\"{i}\"\",\r\n7,8,9\n\n\",{}\n", i * 7919 % 1_000_003);
        file.write_all(line.as_bytes()).unwrap();
        at += line.len() as u64;
        i += 1;
    }
    file.flush().unwrap();
    path
}

/// The processes that came of one, with what they were started as.
fn below(ancestor: u32) -> Vec<(u32, String)> {
    let mut all = Vec::new();
    for entry in fs::read_dir("/proc").unwrap().flatten() {
        let Ok(id) = entry.file_name().to_string_lossy().parse::<u32>() else { continue };
        // One that is gone by now has no parent.
        let Ok(stat) = fs::read_to_string(entry.path().join("stat")) else { continue };
        let Some((_, fields)) = stat.rsplit_once(')') else { continue };
        let parent: u32 = fields.split_whitespace().nth(1).and_then(|id| id.parse().ok()).unwrap_or(0);
        let line = fs::read(entry.path().join("cmdline")).unwrap_or_default();
        all.push((id, parent, String::from_utf8_lossy(&line).into_owned()));
    }
    let mut found = vec![(ancestor, String::new())];
    let mut next = 0;
    while next < found.len() {
        let parent = found[next].0;
        found.extend(all.iter().filter(|(_, of, _)| *of == parent).map(|(id, _, line)| (*id, line.clone())));
        next += 1;
    }
    found
}

/// The receipts that stand in a folder.
fn n_receipts(folder: &Path) -> usize {
    let names = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.file_name());
    names.filter(|name| name.to_string_lossy().ends_with(".receipt.json")).count()
}

#[test]
fn an_executor_that_is_killed_costs_nothing_but_time() {
    if !has_spark() {
        return;
    }
    const N: usize = 8;
    let place = Place::new();
    let dump = dump(&place, if large() { 300 << 20 } else { 24 << 20 });
    let (parts, root) = (place.path("parts"), Path::new(env!("CARGO_MANIFEST_DIR")));
    // Slow enough that there is a half-way.
    let rate = if large() { "--limit-rate 30M" } else { "--limit-rate 4M" };
    let run = Run::program("python3").arg(root.join("tests/it/spark.py")).dir(place.dir());
    let run = run.arg(root.join("benches/spark/convert.py")).args([&dump, &parts]);
    let run = run.args([&N.to_string(), rate]).env("ROWMILL", env!("CARGO_BIN_EXE_rowmill"));
    let submit = "--master local-cluster[2,1,1024] --driver-memory 1g --conf spark.ui.enabled=false \
        --conf spark.executor.memory=512m pyspark-shell";
    // A host's own name may lead nowhere.
    let run = run.env("PYSPARK_SUBMIT_ARGS", submit).env("SPARK_LOCAL_IP", "127.0.0.1");
    let begun = Instant::now();
    let mut running = run.start();
    while n_receipts(&parts) < 3 && !running.is_done() {
        thread::sleep(Duration::from_millis(20));
    }
    let n_done = n_receipts(&parts);
    let executors: Vec<u32> = below(running.id())
        .into_iter()
        .filter(|(_, line)| line.contains("CoarseGrainedExecutorBackend"))
        .map(|(id, _)| id)
        .collect();
    if let Some(&id) = executors.last() {
        kill_process(Pid::from_raw(id as i32).unwrap(), Signal::KILL).unwrap();
    }
    let output = running.finish();
    output.expect_status(0).expect_stderr("8 parts, ").expect_stderr("all there, each once; marked");
    assert!(executors.len() == 2 && (3..N).contains(&n_done), "{executors:?}, {n_done} parts were done");
    assert!(parts.join("_SUCCESS").exists());
    let lost = output.stderr.lines().filter(|line| line.contains("Lost executor")).count();
    assert!(lost > 0, "Spark saw nothing: {}", output.stderr);

    let mut joined = Vec::new();
    for i in 0..N {
        joined.extend(fs::read(parts.join(format!("part-{i:05}-of-{N:05}.jsonl"))).unwrap());
    }
    let whole = place.rowmill().args(["-q", "dump.csv", "--type", "n=int"]).out();
    assert!(joined == whole.stdout, "{} bytes, not the {} of the whole", joined.len(), whole.stdout.len());
    let heard = values(&fs::read(parts.join("_receipts.jsonl")).unwrap());
    let mut indices: Vec<u64> = heard.iter().map(|receipt| receipt["index"].as_u64().unwrap()).collect();
    indices.sort_unstable();
    assert_eq!(indices, (0..N as u64).collect::<Vec<_>>(), "each receipt came back once");

    let stdout = String::from_utf8_lossy(&output.stdout);
    let read: Value = serde_json::from_str(stdout.lines().last().unwrap()).unwrap();
    assert_eq!(read["columns"], serde_json::json!(["id", "n", "text"]));
    assert_eq!(read["spark"], read["python"], "count, sum, characters");
    println!("Spark: {:.1?}, {n_done} parts done when the executor was killed", begun.elapsed());
}

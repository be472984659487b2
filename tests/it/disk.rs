//! Disks: what is asked of them ahead, what happens where they are full.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::harness::{Place, skipped};

const EARLIER: &str = "what was there before\n";

/// A file system of its own, mounted as long as this lives.
pub(crate) struct Disk(pub(crate) PathBuf);

impl Disk {
    /// In memory.
    pub(crate) fn tmpfs(at: PathBuf, size: &str) -> Option<Disk> {
        Disk::mount(at, &["-t", "tmpfs", "-o", &format!("size={size}"), "rowmill"])
    }

    /// ext4 in a file beside its place, of so many bytes.
    pub(crate) fn ext4(at: PathBuf, n_bytes: u64) -> Option<Disk> {
        let image = at.with_extension("image");
        fs::File::create(&image).unwrap().set_len(n_bytes).unwrap();
        let made = Command::new("mkfs.ext4").arg("-q").arg(&image).output();
        if !made.as_ref().is_ok_and(|made| made.status.success()) {
            skipped(&format!("an ext4 disk: mkfs.ext4: {made:?}"));
            return None;
        }
        Disk::mount(at, &["-o", "loop", image.to_str().unwrap()])
    }

    /// The one in the file beside its place, as it is.
    pub(crate) fn again(at: PathBuf) -> Option<Disk> {
        let image = at.with_extension("image");
        Disk::mount(at, &["-o", "loop,ro", image.to_str().unwrap()])
    }

    fn mount(at: PathBuf, args: &[&str]) -> Option<Disk> {
        fs::create_dir(&at).unwrap();
        match Command::new("mount").args(args).arg(&at).output() {
            Ok(output) if output.status.success() => Some(Disk(at)),
            Ok(output) => {
                skipped(&format!("a disk: {}", String::from_utf8_lossy(&output.stderr).trim()));
                None
            }
            Err(error) => {
                skipped(&format!("a disk: mount: {error}"));
                None
            }
        }
    }

    /// The names on it, but for what the file system itself puts there.
    pub(crate) fn names(&self) -> Vec<String> {
        let names = fs::read_dir(&self.0).unwrap().map(|entry| entry.unwrap().file_name());
        let mut names: Vec<_> = names.map(|name| name.into_string().unwrap()).collect();
        names.retain(|name| name != "lost+found");
        names.sort();
        names
    }

    /// Bytes that can still be written.
    pub(crate) fn free(&self) -> u64 {
        let stat = rustix::fs::statvfs(&self.0).unwrap();
        stat.f_bavail * stat.f_frsize
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

fn blocks(path: &Path) -> u64 {
    fs::metadata(path).unwrap().blocks() * 512
}

#[test]
fn a_full_disk_leaves_what_was_there_and_nothing_else() {
    let place = Place::new();
    let Some(memory) = Disk::tmpfs(place.path("memory"), "1m") else { return };
    let Some(ext4) = Disk::ext4(place.path("ext4"), 16 << 20) else { return };
    let input = place.people("in.csv", 24 << 20);
    // Records of the wrong width, for the rejects.
    place.write("short.csv", "a,b,c\n".to_owned() + &"only one field, and no more\n".repeat(1_000_000));
    for (folder, disk) in [("memory", &memory), ("ext4", &ext4)] {
        fs::write(disk.0.join("out.jsonl"), EARLIER).unwrap();
        let free = disk.free();
        for name in ["out.jsonl", "new.jsonl"] {
            let name = format!("{folder}/{name}");
            let output = place.rowmill().arg(&input.path).args(["-o", &name]).out();
            output.expect_status(1).expect_one_line(&format!("{name}: cannot write at byte "));
            output.expect_stderr("No space left on device");
            assert_eq!(disk.names(), ["out.jsonl"], "{name}");
            assert_eq!(fs::read(disk.0.join("out.jsonl")).unwrap(), EARLIER.as_bytes());
        }
        let rejects = format!("{folder}/bad.csv");
        let output = place.rowmill().args(["short.csv", "-o", "out.jsonl", "--rejects", &rejects]).out();
        output.expect_status(1).expect_one_line("No space left on device");
        assert_eq!(disk.names(), ["out.jsonl"], "--rejects");
        assert!(disk.free() + (64 << 10) >= free, "the space is free again");
    }
    drop((memory, ext4));
    assert_eq!(place.names(), ["ext4", "ext4.image", "in.csv", "memory", "short.csv"]);
}

/// Space is asked for in steps far larger than this disk.
#[test]
fn an_output_that_just_fits_its_disk_is_written() {
    let place = Place::new();
    let Some(disk) = Disk::ext4(place.path("disk"), 64 << 20) else { return };
    let input = place.people("in.csv", 18 << 20);
    place.rowmill().arg(&input.path).args(["-o", "plain.jsonl"]).out().expect_status(0);
    let n_bytes = place.read("plain.jsonl").len() as u64;
    assert!(n_bytes < disk.free() && n_bytes > 16 << 20, "{n_bytes}");
    // All but what it needs is taken.
    fs::write(disk.0.join("other"), vec![1; (disk.free() - n_bytes - (1 << 20)) as usize]).unwrap();
    place.rowmill().arg(&input.path).args(["-o", "disk/out.jsonl"]).out().expect_status(0);
    assert!(place.read("disk/out.jsonl") == place.read("plain.jsonl"));
}

/// A call that asks for more than there is keeps what it got: all of a disk that would have held
/// the result.
#[test]
fn asking_ahead_leaves_a_nearly_full_disk_alone() {
    let place = Place::new();
    let Some(disk) = Disk::ext4(place.path("disk"), 160 << 20) else { return };
    let input = place.people("in.csv", 32 << 20);
    fs::write(disk.0.join("other"), vec![1; (disk.free() - (80 << 20)) as usize]).unwrap();
    let before = disk.free();
    let ways: [&[&str]; 5] = [
        &[],
        &["--rejects", "disk/bad.csv"],
        &["--resume", "--checkpoint-every", "16M"],
        &["--split-size", "20M"],
        &["--split-size", "30M", "--resume"],
    ];
    for args in ways {
        let run = place.rowmill().arg(&input.path).args(["-o", "disk/out.jsonl"]).args(args).out();
        run.expect_status(0);
        let names: Vec<String> = disk.names().into_iter().filter(|name| name != "other").collect();
        let paths: Vec<PathBuf> = names.iter().map(|name| disk.0.join(name)).collect();
        let sizes: u64 = paths.iter().map(|path| fs::metadata(path).unwrap().len()).sum();
        assert!(sizes > 55 << 20 && sizes < before, "{args:?}: {sizes}");
        // Blocks of the file system's own come on top.
        let taken = before - disk.free();
        assert!(taken < sizes + (2 << 20), "{args:?}: {taken} bytes taken for {sizes}");
        paths.iter().for_each(|path| fs::remove_file(path).unwrap());
    }
}

/// What is unfinished and stays for `--resume` holds no more than was written.
#[test]
fn an_unfinished_output_keeps_no_space_ahead() {
    let place = Place::new();
    let Some(disk) = Disk::ext4(place.path("disk"), 1 << 30) else { return };
    let input = place.people("in.csv", 24 << 20);
    let mut text = place.read("in.csv");
    text.extend_from_slice(b"only one field\n");
    place.write("in.csv", text);
    let args = ["-o", "disk/out.jsonl", "--resume", "--strict"];
    place.rowmill().arg(&input.path).args(args).out().expect_status(1);
    let unfinished: Vec<PathBuf> =
        fs::read_dir(&disk.0).unwrap().map(|entry| entry.unwrap().path()).collect();
    let unfinished: Vec<&PathBuf> = unfinished.iter().filter(|path| path.is_file()).collect();
    let written: u64 = unfinished.iter().map(|path| fs::metadata(path).unwrap().len()).sum();
    let kept: u64 = unfinished.iter().map(|path| blocks(path)).sum();
    assert!(written > 16 << 20 && kept < written + (1 << 20), "{kept} bytes kept for {written}");
}

#[test]
fn no_more_space_is_kept_than_is_needed() {
    let place = Place::new();
    // So large that space is asked for ahead.
    let Some(disk) = Disk::ext4(place.path("disk"), 1 << 30) else { return };
    let input = place.people("in.csv", 24 << 20);
    for name in ["disk/new.jsonl", "disk/new.jsonl", "here.jsonl"] {
        place.rowmill().arg(&input.path).args(["-o", name]).out().expect_status(0);
        let path = place.path(name);
        let n_bytes = fs::metadata(&path).unwrap().len();
        assert!(n_bytes > 16 << 20, "enough that space is asked for ahead");
        rustix::fs::fsync(fs::File::open(&path).unwrap()).unwrap();
        assert!(blocks(&path) < n_bytes + (1 << 20), "{name}: {} for {n_bytes}", blocks(&path));
    }
    drop(disk);
}

/// A disk that ends before its file system does: nothing that comes from behind its end is
/// released.
#[test]
fn a_disk_that_is_cut_off_is_an_error_with_its_place() {
    let place = Place::new();
    let at = place.path("disk");
    let Some(disk) = Disk::ext4(at.clone(), 64 << 20) else { return };
    let input = place.people("people.csv", 32 << 20);
    let whole = place.rowmill().arg("-q").arg(&input.path).out().stdout;
    fs::copy(&input.path, disk.0.join("in.csv")).unwrap();
    drop(disk);
    let image = fs::read(at.with_extension("image")).unwrap();
    let mut n_failed = 0;
    for (i, io) in ["mmap", "read", "mmap", "read"].into_iter().enumerate() {
        // What was read before is in the cache, so each time it is another file system.
        let at = place.path(&format!("disk{i}"));
        let cut = (image.len() * (3 + i) / 10) / 4096 * 4096;
        fs::write(at.with_extension("image"), &image).unwrap();
        let Some(disk) = Disk::again(at.clone()) else { return };
        fs::File::options()
            .write(true)
            .open(at.with_extension("image"))
            .unwrap()
            .set_len(cut as u64)
            .unwrap();
        let output = place.rowmill().args(["-q", "-j", "2", "--io", io]).arg(disk.0.join("in.csv")).out();
        assert!(whole.starts_with(&output.stdout), "--io {io}, cut at {cut}: what is released is right");
        if output.status.code() != Some(0) {
            output
                .expect_status(1)
                .expect_one_line("in.csv: cannot read")
                .expect_stderr("Input/output error");
            n_failed += 1;
        } else {
            assert!(output.stdout == whole);
        }
        drop(disk);
        fs::remove_file(at.with_extension("image")).unwrap();
    }
    assert!(n_failed > 1, "{n_failed}");
}

/// A disk is a file like any other, but for its size, which the system does not tell with it.
#[test]
fn a_block_device_is_read_to_its_end() {
    let place = Place::new();
    // Devices come in whole sectors.
    let rows = format!("{:<15}\n", "1,2").repeat(100_000 / 32 * 32);
    let bytes = format!("{:<511}\n", "a,b").to_owned() + &rows;
    place.write("in.csv", &bytes);
    let Ok(output) = Command::new("losetup").args(["-f", "-r", "--show"]).arg(place.path("in.csv")).output()
    else {
        return skipped("a block device: losetup is not installed");
    };
    if !output.status.success() {
        return skipped(&format!("a block device: {}", String::from_utf8_lossy(&output.stderr).trim()));
    }
    let device = String::from_utf8(output.stdout).unwrap().trim().to_owned();
    let output = place.rowmill().args(["-q", &device]).out();
    Command::new("losetup").args(["-d", &device]).status().unwrap();
    output.expect_status(0).expect_stdout("{\"a\":\"1\",\"b\":\"2\"}\n".repeat(rows.len() / 16));
}

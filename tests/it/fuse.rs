//! A file system that fails at will: a file that can't be read from some byte on.

use std::ffi::OsStr;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use fuser::{
    BackgroundSession, Config, Errno, FileAttr, FileHandle, FileType, Filesystem, Generation, INodeNo,
    LockOwner, OpenFlags, ReplyAttr, ReplyData, ReplyEntry, Request,
};

use crate::harness::{PEOPLE_HEADER, Place, people, skipped};

const TTL: Duration = Duration::from_secs(1);
const FILE: INodeNo = INodeNo(2);

/// One file, `in.csv`, of which the bytes from `bad` on give EIO.
struct Failing {
    bytes: Vec<u8>,
    bad: u64,
    time: SystemTime,
}

impl Failing {
    fn attributes(&self, inode: INodeNo) -> FileAttr {
        let (kind, size) = match inode {
            INodeNo::ROOT => (FileType::Directory, 0),
            _ => (FileType::RegularFile, self.bytes.len() as u64),
        };
        FileAttr {
            ino: inode,
            size,
            blocks: size.div_ceil(512),
            atime: UNIX_EPOCH,
            mtime: self.time,
            ctime: self.time,
            crtime: UNIX_EPOCH,
            kind,
            perm: 0o755,
            nlink: 1,
            uid: 0,
            gid: 0,
            rdev: 0,
            blksize: 4096,
            flags: 0,
        }
    }
}

impl Filesystem for Failing {
    fn lookup(&self, _: &Request, parent: INodeNo, name: &OsStr, reply: ReplyEntry) {
        if parent == INodeNo::ROOT && name == "in.csv" {
            reply.entry(&TTL, &self.attributes(FILE), Generation(0));
        } else {
            reply.error(Errno::ENOENT);
        }
    }

    fn getattr(&self, _: &Request, inode: INodeNo, _: Option<FileHandle>, reply: ReplyAttr) {
        reply.attr(&TTL, &self.attributes(inode));
    }

    fn read(
        &self,
        _: &Request,
        _: INodeNo,
        _: FileHandle,
        offset: u64,
        size: u32,
        _: OpenFlags,
        _: Option<LockOwner>,
        reply: ReplyData,
    ) {
        let end = (offset + u64::from(size)).min(self.bytes.len() as u64);
        if end > self.bad && self.bad < self.bytes.len() as u64 {
            reply.error(Errno::EIO);
        } else {
            reply.data(&self.bytes[offset.min(end) as usize..end as usize]);
        }
    }
}

fn mount(place: &Place, bytes: &[u8], bad: u64) -> Option<BackgroundSession> {
    let at = place.path("disk");
    std::fs::create_dir_all(&at).unwrap();
    let files = Failing { bytes: bytes.to_vec(), bad, time: SystemTime::now() - Duration::from_secs(60) };
    match fuser::spawn_mount(files, &at, &Config::default()) {
        Ok(session) => Some(session),
        Err(error) => {
            skipped(&format!("a file system that fails: {error}"));
            None
        }
    }
}

#[test]
fn an_error_on_reading_names_the_place_within_a_page() {
    let place = Place::new();
    let bytes = [PEOPLE_HEADER, &people(60_000)].concat();
    let whole = place.rowmill().args(["-q", "-"]).stdin(bytes.clone()).out().stdout;
    for bad in [1 << 20, 1_234_567, 3_000_000, bytes.len() as u64 - 1] {
        for io in ["auto", "mmap", "read"] {
            let Some(disk) = mount(&place, &bytes, bad) else { return };
            for to_file in [false, true] {
                let mut run = place.rowmill().args(["-q", "-j", "2", "--io", io, "disk/in.csv"]);
                if to_file {
                    run = run.args(["-o", "out.jsonl"]);
                }
                let output = run.out();
                output.expect_status(1).expect_one_line("disk/in.csv: cannot read at byte ");
                output.expect_stderr("Input/output error");
                let (_, at) = output.stderr.split_once("at byte ").unwrap();
                let at: u64 = at.split(':').next().unwrap().parse().unwrap();
                // A page is read whole or not at all.
                assert!(at + 4096 > bad && at <= bad + 4096, "--io {io}: byte {at}, not {bad}");
                assert!(whole.starts_with(&output.stdout), "--io {io}: what is released is right");
                if !to_file {
                    // All records that end before the byte.
                    let end = bytes[..at as usize].iter().rposition(|&byte| byte == b'\n').unwrap() + 1;
                    let before = place.rowmill().args(["-q", "-"]).stdin(&bytes[..end]).out().stdout;
                    assert_eq!(output.stdout.len(), before.len(), "--io {io}: {}", output.stderr);
                }
                assert!(!place.path("out.jsonl").exists());
            }
            drop(disk);
        }
    }
    let Some(_disk) = mount(&place, &bytes, u64::MAX) else { return };
    place.rowmill().args(["-q", "disk/in.csv"]).out().expect_status(0).expect_stdout(&whole);
}

#[test]
fn an_anomaly_before_the_byte_that_cannot_be_read_is_what_is_told() {
    let place = Place::new();
    let (before, behind) = (people(3000), people(100));
    let bytes = [PEOPLE_HEADER, &before, b"short\n", &behind, &people(60_000)].concat();
    let bad = (PEOPLE_HEADER.len() + before.len() + behind.len()) as u64;
    let Some(_disk) = mount(&place, &bytes, bad) else { return };
    for io in ["auto", "mmap", "read"] {
        for threads in ["1", "2", "7"] {
            let run = place.rowmill().args(["-q", "--strict", "-j", threads, "--io", io, "disk/in.csv"]);
            run.out().expect_status(1).expect_one_line("disk/in.csv: line 3002, ");
        }
    }
    // A pipe is read as far as it goes, too.
    let shown = place.shell("cat disk/in.csv 2>/dev/null | $ROWMILL -q --strict -").out();
    shown.expect_status(1).expect_one_line("stdin: line 3002, ");
}

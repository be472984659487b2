//! Runs a command, or a pipe of several, and tells what it took. The clock and the scales of
//! `run.py`.
//!
//! A child's peak as the kernel tells it is never less than its parent's was when it was made, so a
//! measuring program of Python's size would hide every small one. This one has 2 MiB. It knows
//! nothing of what it runs.
//!
//!     launch [--in FILE] [--out FILE] [--err FILE] PROGRAM ARG… [::: PROGRAM ARG…]…
//!
//! It prints `{"wall":s,"children":[{"status":n,"user":s,"system":s,"peak":bytes},…]}`; a status
//! from 128 on is a signal.
#![allow(unsafe_code)] // wait4 is the only call that tells one child's peak, and there is no safe one in our dependencies.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::process::{Child, Command, Stdio};
use std::time::Instant;

fn main() -> io::Result<()> {
    // `cargo bench` adds --bench; there is nothing to launch then.
    let mut args: Vec<String> = std::env::args().skip(1).filter(|arg| arg != "--bench").collect();
    let (mut input, mut output, mut errors) = (Stdio::null(), Stdio::null(), None);
    while args.len() > 1 && args[0].starts_with("--") {
        let value: Vec<String> = args.drain(..2).collect();
        let write = || OpenOptions::new().write(true).create(true).truncate(true).open(&value[1]);
        match &value[0][..] {
            "--in" => input = File::open(&value[1])?.into(),
            "--out" => output = write()?.into(),
            "--err" => errors = Some(write()?),
            other => return Err(io::Error::other(format!("no option is named {other}"))),
        }
    }
    if args.is_empty() {
        return writeln!(
            io::stdout(),
            "usage: launch [--in FILE] [--out FILE] [--err FILE] PROGRAM ARG… [::: PROGRAM ARG…]…"
        );
    }
    let commands: Vec<&[String]> = args.split(|arg| arg == ":::").collect();
    let mut output = Some(output);
    let mut children: Vec<Child> = Vec::new();
    let began = Instant::now();
    for (i, command) in commands.iter().enumerate() {
        let [program, args @ ..] = command else { return Err(io::Error::other("an empty command")) };
        let last = i + 1 == commands.len();
        let out = if last { output.take().unwrap_or_else(Stdio::null) } else { Stdio::piped() };
        let err = match &errors {
            Some(file) => file.try_clone()?.into(),
            None => Stdio::inherit(),
        };
        let mut child = Command::new(program).args(args).stdin(input).stdout(out).stderr(err).spawn()?;
        input = child.stdout.take().map_or_else(Stdio::null, Stdio::from);
        children.push(child);
    }
    drop(input);
    let taken: Vec<Taken> = children.iter().map(wait).collect::<io::Result<_>>()?;
    let wall = began.elapsed().as_secs_f64();
    let children: Vec<String> = taken
        .iter()
        .map(|Taken { status, user, system, peak }| {
            format!("{{\"status\":{status},\"user\":{user:.6},\"system\":{system:.6},\"peak\":{peak}}}")
        })
        .collect();
    writeln!(io::stdout(), "{{\"wall\":{wall:.6},\"children\":[{}]}}", children.join(","))
}

/// What one child took.
struct Taken {
    status: i32,
    user: f64,
    system: f64,
    peak: i64,
}

fn wait(child: &Child) -> io::Result<Taken> {
    let mut status = 0;
    // SAFETY: `rusage` is plain numbers, for which zero is a value.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    let id = libc::pid_t::try_from(child.id()).map_err(io::Error::other)?;
    // SAFETY: both places are our own and live through the call; the child was not waited for.
    if unsafe { libc::wait4(id, &mut status, 0, &mut usage) } != id {
        return Err(io::Error::last_os_error());
    }
    let status =
        if libc::WIFEXITED(status) { libc::WEXITSTATUS(status) } else { 128 + libc::WTERMSIG(status) };
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
    Ok(Taken {
        status,
        user: seconds(usage.ru_utime),
        system: seconds(usage.ru_stime),
        peak: usage.ru_maxrss * 1024,
    })
}

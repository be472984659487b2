//! The program: arguments, terminal, exit status. Only this floor knows of them, and nothing below prints or exits.

mod args;
mod confine;
mod exit;
mod generate;
mod job;
mod lines;
mod part;
mod progress;
mod ranges;
mod receipt;
mod report;
mod verify;
mod words;
mod worker;

use crate::error::{CANNOT_WRITE, Error};
use crate::output::OutputFile;
use clap::Parser;
use std::io::Write;
use std::process::ExitCode;

/// Records which standard streams are closed. The program has the loader call it before `main`; nothing else may.
#[doc(hidden)]
pub fn look_at_streams() {
    crate::input::look_at_streams();
}

/// Runs the program on the process's arguments.
pub fn main() -> ExitCode {
    let args = match args::Args::try_parse() {
        Ok(args) => args,
        Err(error) => return exit::from_clap(&error),
    };
    match run(args) {
        Ok(code) => code,
        Err(error) => exit::with_error(&error),
    }
}

fn run(args: args::Args) -> crate::Result<ExitCode> {
    if let Some(kind) = &args.generate {
        let text = generate::generate(kind).and_then(|text| std::io::stdout().write_all(&text));
        return text.map(|()| ExitCode::SUCCESS).map_err(|error| Error::io(CANNOT_WRITE, "stdout", error));
    }
    if args.worker {
        return worker::work(&args).map(|()| ExitCode::SUCCESS);
    }
    if let Some(plan) = &args.verify {
        return verify::verify(plan, &args);
    }
    let mut job = job::Job::new(args)?;
    // Before any other thread is made: it holds for those that this one starts.
    confine::confine(&job);
    // Before the work, not behind it: what cannot be written is told at once.
    let stats = match &job.stats {
        Some(path) => Some((path, OutputFile::create(path, job.file)?)),
        None => None,
    };
    let bar = progress::Bar::new(&job);
    exit::on_signal(bar.clone(), job.writes_files);
    let inputs = std::mem::take(&mut job.inputs);
    let (summary, planned) = match &job.plan {
        Some(asked) => {
            let result = ranges::plan(&job, inputs, asked);
            bar.finish();
            let planned = result?;
            (planned.summary.clone(), Some(planned))
        }
        None => {
            let result = job.converter.convert(inputs, job.output());
            bar.finish();
            (result?, None)
        }
    };
    if let Some((path, file)) = stats {
        report::write_stats(file, path, &summary, &job)?;
    }
    match planned {
        _ if job.quiet => {}
        Some(planned) => ranges::report(&planned, report::print),
        None => report::print(&summary),
    }
    Ok(ExitCode::SUCCESS)
}

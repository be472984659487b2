//! The program: arguments, terminal, exit status. Only this floor knows of them, and nothing below prints or exits.

mod args;
mod exit;
mod job;
mod progress;
mod report;

use clap::Parser;
use std::process::ExitCode;

/// Runs the program on the process's arguments.
pub fn main() -> ExitCode {
    let args = match args::Args::try_parse() {
        Ok(args) => args,
        Err(error) => return exit::from_clap(&error),
    };
    match run(args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => exit::with_error(&error),
    }
}

fn run(args: args::Args) -> crate::Result<()> {
    let mut job = job::Job::new(args)?;
    let bar = progress::Bar::new(&job);
    exit::on_signal(bar.clone());
    let result = job.converter.convert(std::mem::take(&mut job.inputs), job.output());
    bar.finish();
    let summary = result?;
    if let Some(path) = &job.stats {
        report::write_stats(path, &summary, &job)?;
    }
    if !job.quiet {
        report::print(&summary);
    }
    Ok(())
}

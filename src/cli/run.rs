//! Runs the command that was typed.

use super::args::{Cli, Command, ConvertArgs, PlanArgs};
use super::confine::confine;
use super::exit::{from_clap, odd, with_error};
use super::generate::{completions, man, markdown};
use super::hints::{missing_folder, missing_input};
use super::job::Job;
use super::plan::{self, PlanJob};
use super::progress::Bar;
use super::report;
use super::signals::on_signal;
use super::verify::verify;
use super::worker::work;
use crate::error::{CANNOT_WRITE, Error, Result};
use crate::output::{FileOptions, OutputFile};
use clap::Parser;
use std::io::Write;
use std::process::ExitCode;

/// Runs the program on the process's arguments.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return from_clap(&error),
    };
    let ended = match cli.command {
        None => return convert_or_hint(&cli.convert),
        Some(Command::Convert(args)) => return convert_or_hint(&args),
        Some(Command::Plan(args)) => make_plan(&args),
        Some(Command::Worker(args)) => work(&args).map(|()| ExitCode::SUCCESS),
        Some(Command::Verify(args)) => verify(&args),
        Some(Command::Completions { shell }) => print(&completions(shell)),
        Some(Command::Man { markdown: true }) => print(markdown().as_bytes()),
        Some(Command::Man { markdown: false }) => {
            man().map_err(|error| Error::io(CANNOT_WRITE, "stdout", error)).and_then(|text| print(&text))
        }
    };
    ended.unwrap_or_else(|error| with_error(&error, missing_folder(&error).as_deref()))
}

fn print(text: &[u8]) -> Result<ExitCode> {
    let written = std::io::stdout().write_all(text);
    written.map(|()| ExitCode::SUCCESS).map_err(|error| Error::io(CANNOT_WRITE, "stdout", error))
}

fn convert_or_hint(args: &ConvertArgs) -> ExitCode {
    convert(args).unwrap_or_else(|error| {
        let hint = missing_input(&error, &args.inputs, args.writing.output.as_deref());
        let hint = hint.or_else(|| missing_folder(&error));
        with_error(&error, hint.as_deref())
    })
}

fn convert(args: &ConvertArgs) -> Result<ExitCode> {
    let mut job = Job::new(args)?;
    // Before any other thread is made: it holds for those that this one starts.
    confine(&job.needs());
    // Before the work: what cannot be written is reported at once.
    let stats = match &job.stats {
        Some(path) => Some((path, OutputFile::create(path, job.file)?)),
        None => None,
    };
    let bar = Bar::new(job.path.is_none(), job.quiet, &job.progress);
    on_signal(bar.clone(), job.writes_files());
    let inputs = std::mem::take(&mut job.inputs);
    let summary = job.converter.convert(inputs, job.output());
    bar.finish();
    let summary = summary?;
    if let Some((path, file)) = stats {
        report::write_stats(file, path, &summary, job.path.as_deref())?;
    }
    if !job.quiet {
        report::print(&summary);
    }
    Ok(if args.anomalies.fail_on_anomaly && summary.has_anomalies() { odd() } else { ExitCode::SUCCESS })
}

fn make_plan(args: &PlanArgs) -> Result<ExitCode> {
    let job = PlanJob::new(args)?;
    confine(&job.needs());
    let stats = match &job.stats {
        Some(path) => Some((path, OutputFile::create(path, FileOptions::default())?)),
        None => None,
    };
    let bar = Bar::new(job.path.is_none(), job.quiet, &job.progress);
    on_signal(bar.clone(), job.path.is_some() || job.stats.is_some());
    let planned = job.run();
    bar.finish();
    let planned = planned?;
    if let Some((path, file)) = stats {
        report::write_stats(file, path, &planned.summary, job.path.as_deref())?;
    }
    if !job.quiet {
        if planned.is_counted() {
            report::print(&planned.summary);
        }
        plan::report(&planned);
    }
    Ok(ExitCode::SUCCESS)
}

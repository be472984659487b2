//! Runs the command that was typed.

use super::args::{Cli, Command, ConvertArgs, HeadArgs, PlanArgs, SchemaArgs};
use super::confine::confine;
use super::each::convert_each;
use super::exit::{from_clap, odd, with_error};
use super::generate::{completions, man, markdown};
use super::head::head;
use super::hints::{can_go_on, missing_folder, missing_input};
use super::job::Job;
use super::list;
use super::plan::{self, PlanJob};
use super::progress::{Bar, Showing};
use super::report::{self, About, FailedRun, RunEnd, StatsFile};
use super::schema::SchemaJob;
use super::signals::{on_signal, outlive_limits};
use super::verify::verify;
use super::worker::work;
use crate::Summary;
use crate::error::{CANNOT_WRITE, Error, Result};
use crate::output::{FileOptions, checkpoint_of};
use clap::Parser;
use std::ffi::OsString;
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::process::ExitCode;
use std::sync::{Mutex, PoisonError};

/// Runs the program on the process's arguments.
pub fn main() -> ExitCode {
    outlive_limits();
    let cli = match Cli::try_parse_from(arguments(std::env::args_os())) {
        Ok(cli) => cli,
        Err(error) => return from_clap(&error),
    };
    let ended = match cli.command {
        None => return convert_or_hint(&cli.convert),
        Some(Command::Convert(args)) => return convert_or_hint(&args),
        Some(Command::Schema(args)) => return make_schema_or_fail(&args),
        Some(Command::Head(args)) => return show_head(&args),
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

/// The arguments, with `--progress 60` as one: a number that is no file is what it says.
fn arguments(all: impl Iterator<Item = OsString>) -> Vec<OsString> {
    let mut arguments: Vec<OsString> = Vec::new();
    for argument in all {
        let is_number = argument.to_str().is_some_and(|text| text.parse::<u32>().is_ok());
        match arguments.last_mut() {
            Some(last) if last == "--progress" && is_number && !Path::new(&argument).exists() => {
                last.push("=");
                last.push(argument);
            }
            _ => arguments.push(argument),
        }
    }
    arguments
}

fn print(text: &[u8]) -> Result<ExitCode> {
    let written = std::io::stdout().write_all(text);
    written.map(|()| ExitCode::SUCCESS).map_err(|error| Error::io(CANNOT_WRITE, "stdout", error))
}

fn convert_or_hint(args: &ConvertArgs) -> ExitCode {
    let Some(list) = &args.files_from else {
        if args.from0 {
            return with_error(&Error::setting("-0 is of the list of --files-from; name one"), None);
        }
        return convert_or_fail(args);
    };
    match list::read(list, args.from0, args.resources.memory) {
        Ok(inputs) => convert_or_fail(&ConvertArgs { inputs, ..args.clone() }),
        Err(error) => with_error(&error, missing_folder(&error).as_deref()),
    }
}

fn convert_or_fail(args: &ConvertArgs) -> ExitCode {
    let converted = match &args.writing.output_dir {
        Some(folder) => convert_each(args, folder),
        None => convert(args),
    };
    converted.unwrap_or_else(|error| {
        let hint = missing_input(&error, &args.inputs, args.writing.output.as_deref());
        let hint = hint.or_else(|| missing_folder(&error));
        let output = args.writing.output.as_deref().filter(|_| args.writing.resume);
        let hint = hint.or_else(|| can_go_on(&error, output));
        with_error(&error, hint.as_deref())
    })
}

fn convert(args: &ConvertArgs) -> Result<ExitCode> {
    let mut job = Job::new(args)?;
    // Before any other thread is made: it holds for those that this one starts.
    confine(&job.needs());
    // Before the work: what cannot be written is reported at once.
    let apart = job.stats_are_apart();
    let stats = job.stats.as_deref().map(|path| StatsFile::create(path, job.file, apart)).transpose()?;
    let showing =
        Showing { to_stdout: job.writes_stdout(), quiet: job.quiet, lines: args.reporting.progress };
    let bar = Bar::new(showing, &job.progress);
    job.remarks.begin(&bar, job.quiet);
    on_signal(bar.clone(), job.writes_files(), last_words(&job));
    let inputs = std::mem::take(&mut job.inputs);
    let converted = job.converter.convert(inputs, job.output());
    bar.finish();
    let summary = match converted {
        Ok(summary) => summary,
        Err(error) => {
            let run = FailedRun { inputs: &args.inputs, output: job.path.as_deref(), error: &error };
            stats.into_iter().for_each(|stats| stats.write_failed(taken(&job.failed), &run));
            return Err(error);
        }
    };
    if let Some(stats) = stats {
        stats.write(&summary, &RunEnd { output: job.path.as_deref(), ..RunEnd::default() })?;
    }
    if !job.quiet {
        let output = job.path.as_ref().map_or_else(|| "stdout".to_owned(), |path| path.display().to_string());
        let output = (!args.anomalies.check).then_some(&*output);
        // Records on the same terminal have scrolled them away.
        let scrolled = job.writes_stdout() && std::io::stdout().is_terminal();
        let said = if scrolled { Vec::new() } else { job.remarks.said() };
        let preset = args.shaping.reading.preset().filter(|_| args.anomalies.check);
        let more = preset.map(|preset| format!("--dialect {} is {}", preset.name(), preset.typed()));
        report::print(&summary, &About { output, said: &said, more });
    }
    Ok(if args.anomalies.fail_on_anomaly && summary.has_anomalies() { odd() } else { ExitCode::SUCCESS })
}

/// What was done by a conversion that failed.
fn taken(failed: &Mutex<Option<Box<Summary>>>) -> Summary {
    let failed = failed.lock().unwrap_or_else(PoisonError::into_inner).take();
    failed.map_or_else(Summary::default, |summary| *summary)
}

/// What is said when a signal ends a run that can be gone on with.
fn last_words(job: &Job) -> impl Fn() -> Option<&'static str> + Send + 'static {
    let checkpoint = job.path.as_deref().filter(|_| job.resumes && !job.quiet).map(checkpoint_of);
    move || {
        let checkpoint = checkpoint.as_ref()?;
        Some(if checkpoint.exists() {
            "rowmill: interrupted; the same command goes on from the last checkpoint\n"
        } else {
            "rowmill: interrupted before the first checkpoint; the same command begins anew\n"
        })
    }
}

fn make_plan(args: &PlanArgs) -> Result<ExitCode> {
    let job = PlanJob::new(args)?;
    confine(&job.needs());
    let options = FileOptions::default();
    let apart = job.stats_are_apart();
    let stats = job.stats.as_deref().map(|path| StatsFile::create(path, options, apart)).transpose()?;
    let showing = Showing { to_stdout: job.path.is_none(), quiet: job.quiet, lines: args.reporting.progress };
    let bar = Bar::new(showing, &job.progress);
    job.remarks.begin(&bar, job.quiet);
    on_signal(bar.clone(), job.path.is_some() || job.stats.is_some(), || None);
    let planned = job.run();
    bar.finish();
    let planned = match planned {
        Ok(planned) => planned,
        Err(error) => {
            let inputs = std::slice::from_ref(&args.input);
            let run = FailedRun { inputs, output: job.path.as_deref(), error: &error };
            stats.into_iter().for_each(|stats| stats.write_failed(taken(&job.failed), &run));
            return Err(error);
        }
    };
    if let Some(stats) = stats {
        stats.write(&planned.summary, &RunEnd { output: job.path.as_deref(), ..RunEnd::default() })?;
    }
    if !job.quiet {
        plan::report(&planned, &job.remarks.said());
    }
    Ok(ExitCode::SUCCESS)
}

fn show_head(args: &HeadArgs) -> ExitCode {
    let shown = head(args).and_then(|text| print(text.as_bytes()));
    shown.unwrap_or_else(|error| {
        let hint = missing_input(&error, args.input.as_slice(), None);
        with_error(&error, hint.as_deref())
    })
}

fn make_schema_or_fail(args: &SchemaArgs) -> ExitCode {
    make_schema(args).unwrap_or_else(|error| {
        let hint = missing_input(&error, &args.inputs, None).or_else(|| missing_folder(&error));
        with_error(&error, hint.as_deref())
    })
}

fn make_schema(args: &SchemaArgs) -> Result<ExitCode> {
    let job = SchemaJob::new(args)?;
    confine(&job.needs());
    let (options, apart) = (FileOptions::default(), job.stats_are_apart());
    let stats = job.stats.as_deref().map(|path| StatsFile::create(path, options, apart)).transpose()?;
    let showing = Showing { to_stdout: true, quiet: job.quiet, lines: args.reporting.progress };
    let bar = Bar::new(showing, &job.progress);
    job.remarks.begin(&bar, job.quiet);
    on_signal(bar.clone(), job.stats.is_some(), || None);
    let made = job.run();
    bar.finish();
    let (text, summary) = match made {
        Ok(made) => made,
        Err(error) => {
            let run = FailedRun { inputs: &args.inputs, output: None, error: &error };
            stats.into_iter().for_each(|stats| stats.write_failed(taken(&job.failed), &run));
            return Err(error);
        }
    };
    print(text.as_bytes())?;
    let summary = summary.unwrap_or_default();
    if let Some(stats) = stats {
        stats.write(&summary, &RunEnd::default())?;
    }
    if !job.quiet && !args.merge {
        report::print(&summary, &About { output: None, said: &job.remarks.said(), more: None });
    }
    Ok(ExitCode::SUCCESS)
}

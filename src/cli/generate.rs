//! Completions for shells, the man page, and the guide's page of options: made from the arguments
//! themselves.

use super::args::{Cli, EXAMPLES, NOTES, Shell};
use clap::{Arg, Command, CommandFactory};
use std::fmt::Write as _;
use std::io;

/// Completions for a shell.
pub(super) fn completions(shell: Shell) -> Vec<u8> {
    let shell = match shell {
        Shell::Bash => clap_complete::Shell::Bash,
        Shell::Zsh => clap_complete::Shell::Zsh,
        Shell::Fish => clap_complete::Shell::Fish,
    };
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Cli::command(), "rowmill", &mut text);
    text
}

/// The man page: of the conversion, and below it of the other commands.
///
/// # Errors
/// Writing to memory fails, which it does not.
pub(super) fn man() -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    let command = Cli::command();
    let man = clap_mangen::Man::new(command.clone());
    man.render_title(&mut text)?;
    man.render_name_section(&mut text)?;
    man.render_synopsis_section(&mut text)?;
    man.render_description_section(&mut text)?;
    man.render_options_section(&mut text)?;
    for command in commands(&command) {
        let heading = format!("rowmill {}", command.get_name()).to_uppercase();
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        io::Write::write_all(&mut text, format!(".SH \"{heading}\"\n{about}.\n").as_bytes())?;
        let mut options = Vec::new();
        clap_mangen::Man::new(command).render_options_section(&mut options)?;
        // Options of a command are below its heading.
        let options = String::from_utf8_lossy(&options).replacen(".SH OPTIONS", ".SS OPTIONS", 1);
        io::Write::write_all(&mut text, options.as_bytes())?;
    }
    // Unchanged, so that a command can be copied.
    let literally = |text: &str| text.replace('\\', r"\e").replace('-', r"\-").replace('\'', r"\(aq");
    let (examples, notes) = (literally(EXAMPLES), literally(NOTES).replace('\n', "\n.br\n"));
    let rest = format!(".SH EXAMPLES\n.nf\n{examples}\n.fi\n.SH NOTES\n{notes}\n");
    io::Write::write_all(&mut text, rest.as_bytes())?;
    man.render_version_section(&mut text)?;
    Ok(text)
}

/// The commands that have options of their own.
fn commands(command: &Command) -> Vec<Command> {
    let own =
        |command: &&Command| ["schema", "head", "plan", "worker", "verify"].contains(&command.get_name());
    command.get_subcommands().filter(own).cloned().collect()
}

/// Tables of all options, as Markdown.
pub(super) fn markdown() -> String {
    let mut text = String::from(
        "# Options\n\nThis page is generated from the program: `rowmill man --markdown`. `rowmill -h` shows the options for daily use.\n",
    );
    let command = Cli::command();
    tables("rowmill [convert] [OPTIONS] [INPUT]…", &command, &mut text);
    for command in commands(&command) {
        let arguments: Vec<String> =
            command.get_positionals().map(|arg| format!(" {}", value_name(arg))).collect();
        tables(&format!("rowmill {}{}", command.get_name(), arguments.concat()), &command, &mut text);
    }
    let _ = write!(text, "\n## Notes\n\n");
    for note in NOTES.lines() {
        let _ = writeln!(text, "- {note}");
    }
    text
}

/// The options of a command, a table for each heading.
fn tables(usage: &str, command: &Command, text: &mut String) {
    let about = command.get_about().map(ToString::to_string).unwrap_or_default();
    let _ = write!(text, "\n## `{usage}`\n\n{about}.\n");
    let mut headings: Vec<Option<&str>> = Vec::new();
    let options: Vec<&Arg> =
        command.get_arguments().filter(|arg| arg.get_long().is_some() && !arg.is_hide_set()).collect();
    for option in &options {
        if !headings.contains(&option.get_help_heading()) {
            headings.push(option.get_help_heading());
        }
    }
    for heading in headings {
        let _ = write!(text, "\n| {} | |\n| --- | --- |\n", heading.unwrap_or("General"));
        for option in options.iter().filter(|option| option.get_help_heading() == heading) {
            let _ = writeln!(text, "| {} | {} |", flags(option), help(option));
        }
    }
}

fn flags(option: &Arg) -> String {
    let long = option.get_long().unwrap_or_default();
    let value = if !option.get_action().takes_values() {
        String::new()
    } else if option.is_require_equals_set() {
        format!("[={}]", value_name(option))
    } else {
        format!(" {}", value_name(option))
    };
    let short = option.get_short().map_or_else(String::new, |short| format!("`-{short}`, "));
    format!("{short}`--{long}{value}`").replace('|', "\\|")
}

fn value_name(option: &Arg) -> String {
    option.get_value_names().and_then(|names| names.first()).map(ToString::to_string).unwrap_or_default()
}

fn help(option: &Arg) -> String {
    let mut help = option.get_help().map(ToString::to_string).unwrap_or_default();
    let values: Vec<String> =
        option.get_possible_values().iter().map(|value| format!("`{}`", value.get_name())).collect();
    if !values.is_empty() && option.get_action().takes_values() {
        let _ = write!(help, ": {}", values.join(", "));
    }
    let defaults: Vec<String> =
        option.get_default_values().iter().map(|value| format!("`{}`", value.to_string_lossy())).collect();
    if !defaults.is_empty() && option.get_action().takes_values() {
        let _ = write!(help, " (default {})", defaults.join(", "));
    }
    // A bracket may start a link.
    help.replace('|', "\\|").replace('[', "\\[")
}

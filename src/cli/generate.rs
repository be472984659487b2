//! `--generate`: completions for shells, and the man page, made from the arguments themselves.

use super::args::{Args, EXAMPLES, NOTES};
use clap::CommandFactory;
use clap_complete::Shell;
use std::io;

/// What there is.
pub(super) const KINDS: [&str; 4] = ["bash", "zsh", "fish", "man"];

/// Makes one of [`KINDS`].
///
/// # Errors
/// Writing to memory fails, which it doesn't.
pub(super) fn generate(kind: &str) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    let mut command = Args::command();
    let shell = match kind {
        "bash" => Shell::Bash,
        "zsh" => Shell::Zsh,
        "fish" => Shell::Fish,
        _ => {
            man(command, &mut text)?;
            return Ok(text);
        }
    };
    clap_complete::generate(shell, &mut command, "rowmill", &mut text);
    Ok(text)
}

fn man(command: clap::Command, to: &mut impl io::Write) -> io::Result<()> {
    let man = clap_mangen::Man::new(command);
    man.render_title(to)?;
    man.render_name_section(to)?;
    man.render_synopsis_section(to)?;
    man.render_description_section(to)?;
    man.render_options_section(to)?;
    // As it stands, so that a command can be copied.
    let literally = |text: &str| text.replace('\\', r"\e").replace('-', r"\-").replace('\'', r"\(aq");
    writeln!(to, ".SH EXAMPLES\n.nf\n{}\n.fi", literally(EXAMPLES))?;
    writeln!(to, ".SH NOTES\n{}", literally(NOTES).replace('\n', "\n.br\n"))?;
    man.render_version_section(to)
}

//! What will be done: the arguments with names looked up, defaults filled in, and contradictions refused.

use super::args::Args;
use super::ranges;
use crate::dialect::byte;
use crate::error::{CANNOT_READ, CANNOT_WRITE, Error, Result};
use crate::input::{stdin_was_closed, stdout_was_closed};
use crate::internal::{Columns, Io, Isa};
use crate::output::FileOptions;
use crate::parse::{Field, Machine};
use crate::{
    Compress, Compression, Converter, Delimiter, Dialect, Empty, Encoding, Format, HashKey, Input, Mask,
    Output, Progress, Terminator, Trim, Type,
};
use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// A conversion as the program was told to do it.
pub(super) struct Job {
    pub(super) converter: Converter,
    pub(super) inputs: Vec<Input<'static>>,
    /// What is wanted is not a conversion.
    pub(super) plan: Option<ranges::Asked>,
    pub(super) path: Option<PathBuf>,
    pub(super) rejects: Option<PathBuf>,
    pub(super) stats: Option<PathBuf>,
    pub(super) resumes: bool,
    /// The output is in parts.
    pub(super) splits: bool,
    pub(super) file: FileOptions,
    /// Output, rejects or stats go to a file.
    pub(super) writes_files: bool,
    pub(super) quiet: bool,
    pub(super) progress: Arc<Progress>,
}

impl Job {
    /// Makes sense of what was typed.
    pub(super) fn new(args: Args) -> Result<Self> {
        let dialect = dialect(&args)?;
        let delimiter = match args.delimiter.as_deref() {
            None => None,
            Some("auto") => Some(Delimiter::Auto),
            Some("tab") => Some(Delimiter::Byte(b'\t')),
            Some(typed) => Some(Delimiter::Byte(byte("-d", typed)?)),
        };
        let inputs = inputs(&args.inputs)?;
        let path = args.output.clone().filter(|path| path.as_os_str() != "-");
        let shapes = args.compress.is_some()
            || args.limit_rate.is_some()
            || args.split_size.is_some()
            || args.split_records.is_some();
        if args.check && (path.is_some() || args.rejects.is_some() || shapes) {
            return Err(Error::setting(
                "--check writes nothing, so it can't be had with --output, --rejects, or what shapes them",
            ));
        }
        let plan = ranges::asked(&args)?;
        let mut builder = Converter::builder();
        let progress = Arc::clone(&builder.options.progress);
        let options = &mut builder.options;
        options.dialect = dialect;
        options.delimiter = delimiter;
        options.names.no_header = args.no_header;
        options.names.given = args.header.as_deref().map(names);
        options.skip_lines = args.skip_lines;
        options.limit = args.limit;
        options.encoding = args.encoding.as_deref().map(Encoding::for_label).transpose()?;
        options.io = Io::ALL.into_iter().find(|io| io.name() == args.io).unwrap_or_default();
        options.columns = columns(&args)?;
        options.strict = args.strict;
        options.rejects = args.rejects.clone();
        options.max_record = args.max_record;
        options.memory = args.memory;
        options.threads = args.threads;
        options.window = args.window;
        options.isa = isa()?;
        options.check = args.check;
        options.resume = args.resume.then_some(args.checkpoint_every as u64);
        let file = FileOptions { no_clobber: args.no_clobber, sync: args.sync, resume: false };
        options.file = file;
        options.compress = match args.compress.as_deref() {
            None => Compress::ByName,
            Some("none") => Compress::Not,
            Some(typed) => Compress::As(Compression::parse(typed)?),
        };
        options.split.size = args.split_size.map(|n| n as u64);
        options.split.records = args.split_records;
        options.limit_rate = args.limit_rate.map(|n| n as u64);
        options.range = args.range;
        options.beside = args.stats.iter().chain(&args.beside).cloned().collect();
        if plan.is_some() {
            options.beside.extend(path.clone());
        }
        options.needed = args.hash_key_file.iter().cloned().collect();
        let bad = |what, name: &str| Error::io(what, name, std::io::Error::from_raw_os_error(libc::EBADF));
        if stdin_was_closed() && inputs.iter().any(|input| matches!(input, Input::Stdin)) {
            return Err(bad(CANNOT_READ, "stdin"));
        }
        if stdout_was_closed() && path.is_none() && !args.check {
            return Err(bad(CANNOT_WRITE, "stdout"));
        }
        let writes_files = path.is_some() || args.rejects.is_some() || args.stats.is_some();
        let converter = builder.build()?;
        Ok(Self {
            converter,
            inputs,
            plan,
            path,
            rejects: args.rejects,
            stats: args.stats,
            resumes: args.resume,
            splits: args.split_size.is_some() || args.split_records.is_some(),
            file,
            writes_files,
            quiet: args.quiet,
            progress,
        })
    }

    /// Where the output goes.
    pub(super) fn output(&self) -> Output<'static> {
        self.path.as_ref().map_or(Output::Stdout, Output::path)
    }
}

fn inputs(paths: &[PathBuf]) -> Result<Vec<Input<'static>>> {
    if paths.is_empty() {
        if std::io::stdin().is_terminal() {
            let message = "no input: name a file, or pipe into rowmill (see rowmill --help)";
            return Err(Error::setting(message));
        }
        return Ok(vec![Input::Stdin]);
    }
    let is_stdin = |path: &PathBuf| path == Path::new("-");
    if paths.iter().filter(|path| is_stdin(path)).count() > 1 {
        return Err(Error::setting("'-' is named twice; standard input can be read once"));
    }
    Ok(paths.iter().map(|path| if is_stdin(path) { Input::Stdin } else { Input::path(path) }).collect())
}

fn dialect(args: &Args) -> Result<Dialect> {
    let one = |what, typed: &Option<String>| typed.as_deref().map(|typed| byte(what, typed)).transpose();
    Ok(Dialect {
        delimiter: b',',
        quote: match args.quote.as_str() {
            "none" => None,
            typed => Some(byte("--quote", typed)?),
        },
        double_quote: !args.no_double_quote,
        escape: one("--escape", &args.escape)?,
        terminator: match args.terminator.as_str() {
            "any" => Terminator::Any,
            typed => Terminator::Byte(byte("--terminator", typed)?),
        },
        comment: one("--comment", &args.comment)?,
        trim: match args.trim.as_str() {
            "headers" => Trim::Headers,
            "fields" => Trim::Fields,
            "none" => Trim::None,
            _ => Trim::All,
        },
        ..Dialect::default()
    })
}

fn columns(args: &Args) -> Result<Columns> {
    let all = |lists: &[String]| lists.iter().flat_map(|list| names(list)).collect::<Vec<_>>();
    let mut rename = Vec::new();
    for pair in all(&args.rename) {
        match pair.split_once('=') {
            Some((old, new)) if !new.is_empty() => rename.push((old.to_owned(), new.to_owned())),
            _ => return Err(Error::setting(format!("--rename takes OLD=NEW, not '{pair}'"))),
        }
    }
    let mut mask = Vec::new();
    for column in all(&args.mask) {
        mask.push(match column.rsplit_once(':') {
            None => (column, Mask::default()),
            Some((name, style)) => {
                let mask = Mask::from_name(style).ok_or_else(|| {
                    let styles = Mask::ALL.map(Mask::name).join(", ");
                    Error::setting(format!("--mask: no style is named '{style}'; there are {styles}"))
                })?;
                (name.to_owned(), mask)
            }
        });
    }
    let mut types = Vec::new();
    for pair in all(&args.types) {
        let found = pair.rsplit_once('=').map(|(name, wanted)| (name, Type::from_name(wanted), wanted));
        types.push(match found {
            Some((name, Some(wanted), _)) => (name.to_owned(), wanted),
            Some((_, None, wanted)) => {
                let names = Type::ALL.map(Type::name).join(", ");
                return Err(Error::setting(format!(
                    "--type: no type is named '{wanted}'; there are {names}"
                )));
            }
            None => return Err(Error::setting(format!("--type takes COLUMN=TYPE, not '{pair}'"))),
        });
    }
    Ok(Columns {
        select: (!args.select.is_empty()).then(|| all(&args.select)),
        drop: all(&args.drop),
        rename,
        mask,
        hash_key: args.hash_key_file.as_deref().map(hash_key).transpose()?,
        extra_key: args.extra_key.clone(),
        nest: args.nest.clone(),
        infer: args.infer,
        types,
        null: all(&args.null),
        empty: Empty::ALL.into_iter().find(|empty| empty.name() == args.empty).unwrap_or_default(),
        format: Format::from_name(&args.format).unwrap_or_default(),
        ..Columns::default()
    })
}

/// The key in a file, whose last line may end with a newline or not.
fn hash_key(path: &Path) -> Result<HashKey> {
    const LARGEST: u64 = 1 << 16;
    let mut secret = Vec::new();
    let read = std::fs::File::open(path).and_then(|file| file.take(LARGEST).read_to_end(&mut secret));
    read.map_err(|error| Error::io(CANNOT_READ, path.display().to_string(), error))?;
    let secret = secret.strip_suffix(b"\n").unwrap_or(&secret);
    HashKey::derive(secret.strip_suffix(b"\r").unwrap_or(secret))
}

/// Names in a list, read as a record of CSV, so that a name may hold a comma.
fn names(list: &str) -> Vec<String> {
    let dialect = Dialect::default();
    let bytes = list.as_bytes();
    let mut ends = Vec::new();
    let ended = Machine::new(&dialect, true).record(bytes, 0, |end| ends.push(end));
    if ended.is_none() {
        ends.push(bytes.len());
    }
    let mut start = 0;
    let mut names = Vec::new();
    for end in ends {
        let mut name = Vec::new();
        let field = Field::new(&dialect, true, bytes, start, end);
        let Ok(()) = field.runs(&dialect, |run| {
            name.extend_from_slice(&bytes[run]);
            Ok::<_, std::convert::Infallible>(())
        });
        names.push(String::from_utf8_lossy(&name).into_owned());
        start = end + 1;
    }
    names
}

/// The instruction set that `ROWMILL_ISA` forces.
fn isa() -> Result<Option<Isa>> {
    let Some(name) = std::env::var_os("ROWMILL_ISA") else { return Ok(None) };
    match Isa::ALL.into_iter().find(|isa| name == isa.name()) {
        Some(isa) => Ok(Some(isa)),
        None => {
            let names = Isa::ALL.map(Isa::name).join(", ");
            let name = name.to_string_lossy();
            Err(Error::setting(format!(
                "ROWMILL_ISA: no instruction set is named '{name}'; there are {names}"
            )))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_in_a_list_may_be_quoted() {
        assert_eq!(names(r#"a, "b,c" ,d"#), ["a", "b,c", "d"]);
        assert_eq!(names("a,"), ["a", ""]);
    }
}

//! Counts a file's records with the `csveee` crate: `csveee-count FILE COLUMNS THREADS
//! toggle|literal`.
//!
//! It does the least that its parse can do and still split every field and validate every text;
//! that is what rowmill's `--check` does. `literal` gives a quote inside an unquoted field the
//! meaning that it has for rowmill.

use std::io::Write;

use csveee::{ParserBuilder, QuoteHandling};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [path, columns, threads, quotes] = &args[..] else {
        return Err("usage: csveee-count FILE COLUMNS THREADS toggle|literal".into());
    };
    let quotes = if quotes == "literal" { QuoteHandling::Literal } else { QuoteHandling::Toggle };
    let threads = threads.parse()?;
    // The number of fields of a record is part of its parser's type.
    let n_records = match &columns[..] {
        "3" => count::<3>(path, threads, quotes)?,
        "6" => count::<6>(path, threads, quotes)?,
        "8" => count::<8>(path, threads, quotes)?,
        "100" => count::<100>(path, threads, quotes)?,
        other => return Err(format!("no parser for {other} columns").into()),
    };
    writeln!(std::io::stdout(), "{n_records}")?;
    Ok(())
}

fn count<const N: usize>(
    path: &str,
    threads: usize,
    quotes: QuoteHandling,
) -> Result<u64, Box<dyn std::error::Error>> {
    let mut parser =
        ParserBuilder::new().has_headers(true).quote_handling(quotes).concurrency(threads).build();
    let counted = parser.parse(
        path,
        || 0u64,
        |n: &mut u64, _: [&mut str; N]| {
            *n += 1;
            Ok(())
        },
        |counts| counts.iter().sum::<u64>(),
    )?;
    Ok(counted)
}

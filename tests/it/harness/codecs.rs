//! What programs pack and unpack.

use std::path::Path;

use super::needs::has;
use super::run::Run;

/// The text of a file, unpacked by the program that its name calls for. The program must be there;
/// see [`can_unpack`].
pub(crate) fn unpacked(path: &Path) -> Vec<u8> {
    let Some(program) = program_for(path) else { return std::fs::read(path).unwrap() };
    let quiet = if program == "zstd" { "-dcq" } else { "-dc" };
    let output = Run::program(program).arg(quiet).arg(path).out();
    output.expect_status(0);
    output.stdout
}

/// Whether [`unpacked`] can read a file of that name; says aloud where not.
pub(crate) fn can_unpack(name: &str) -> bool {
    program_for(Path::new(name)).is_none_or(|program| has(program, "packed output"))
}

fn program_for(path: &Path) -> Option<&'static str> {
    match path.extension().and_then(|extension| extension.to_str()) {
        Some("gz") => Some("gzip"),
        Some("zst") => Some("zstd"),
        _ => None,
    }
}

/// Bytes in a gzip, whatever programs there are.
pub(crate) fn gzipped(bytes: &[u8]) -> Vec<u8> {
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    std::io::Write::write_all(&mut packer, bytes).unwrap();
    packer.finish().unwrap()
}

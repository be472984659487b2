//! The one way to stderr.

use std::io::{IsTerminal, Write};

/// Writes to stderr. If that is closed, nobody reads it.
pub(super) fn say(text: &str) {
    let _ = std::io::stderr().write_all(text.as_bytes());
}

/// Writes lines to stderr. On a terminal, those that are wider are wrapped between words.
pub(super) fn say_lines(text: &str) {
    let stderr = std::io::stderr();
    let width = if stderr.is_terminal() { rustix::termios::tcgetwinsize(&stderr).ok() } else { None };
    match width.map(|size| usize::from(size.ws_col)).filter(|width| *width > 20) {
        Some(width) => say(&wrapped(text, width)),
        None => say(text),
    }
}

/// Lines of at most `width` characters, if no word is longer. What a line is continued by is
/// indented by four more than the line.
fn wrapped(text: &str, width: usize) -> String {
    let mut all = String::with_capacity(text.len() + 64);
    for line in text.lines() {
        let words = line.trim_start_matches(' ');
        let indent = &line[..line.len() - words.len()];
        let further = format!("{indent}    ");
        let options = textwrap::Options::new(width)
            .initial_indent(indent)
            .subsequent_indent(&further)
            .break_words(false)
            .word_splitter(textwrap::WordSplitter::NoHyphenation);
        all += &textwrap::fill(words, options);
        all.push('\n');
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_wrapped_between_words() {
        let text = "one two three\n  four five six\nseven\n\n a_word_that_is_longer x\n";
        let expected =
            "one two\n    three\n  four\n      five\n      six\nseven\n\n a_word_that_is_longer\n     x\n";
        assert_eq!(wrapped(text, 10), expected);
        assert_eq!(wrapped(text, 80), text);
    }
}

//! A table for people: columns side by side, by the width that a terminal gives their text.
//!
//! This file does not know where the text comes from.

use unicode_width::UnicodeWidthStr;

/// The widest column, and the narrowest that a wide one becomes.
const WIDEST: usize = 40;
const NARROWEST: usize = 12;
/// What is between columns.
const BETWEEN: usize = 2;

/// Names, types below them, and rows.
pub(super) struct TextTable {
    /// The first two are the names and types. Each cell is shown as it fits the widest column.
    rows: Vec<Vec<String>>,
    /// Which columns stand on the right.
    on_the_right: Vec<bool>,
}

impl TextTable {
    pub(super) fn new(names: Vec<String>, types: Vec<String>, on_the_right: Vec<bool>) -> Self {
        let mut table = Self { rows: Vec::new(), on_the_right };
        table.add(names);
        table.add(types);
        table
    }

    pub(super) fn add(&mut self, row: impl IntoIterator<Item = String>) {
        self.rows.push(row.into_iter().map(|cell| fit(&cell, WIDEST)).collect());
    }

    /// The table in so many columns of a terminal, and how many of its own were left out.
    pub(super) fn text(&self, width: usize) -> (String, usize) {
        let n = self.on_the_right.len();
        let widest = |i: usize| self.rows.iter().filter_map(|row| row.get(i)).map(|cell| cell.width()).max();
        let widths: Vec<usize> = (0..n).map(|i| widest(i).unwrap_or(0)).collect();
        let all = |most: usize| widths.iter().map(|width| (*width).min(most) + BETWEEN).sum::<usize>();
        let room = width + BETWEEN;
        let most = (NARROWEST..=WIDEST).rev().find(|most| all(*most) <= room).unwrap_or(NARROWEST);
        let most = most.min(width.max(1));
        let (mut taken, mut n_shown) = (0, 0);
        for width in &widths {
            taken += (*width).min(most) + BETWEEN;
            if taken > room && n_shown > 0 {
                break;
            }
            n_shown += 1;
        }
        let mut text = String::new();
        for (i, row) in self.rows.iter().enumerate() {
            let cells = row.iter().take(n_shown).map(|cell| fit(cell, most));
            let places = widths.iter().zip(&self.on_the_right);
            let places = places.map(|(width, on_the_right)| ((*width).min(most), *on_the_right));
            text += &line(cells.zip(places));
            if i == 1 {
                let lines = widths[..n_shown].iter().map(|width| "-".repeat((*width).min(most)));
                text += &lines.collect::<Vec<_>>().join(&" ".repeat(BETWEEN));
                text.push('\n');
            }
        }
        (text, n - n_shown)
    }
}

/// A line of cells, each so wide, some of which stand on the right.
pub(super) fn line(cells: impl Iterator<Item = (String, (usize, bool))>) -> String {
    let mut line = String::new();
    for (cell, (width, on_the_right)) in cells {
        let blanks = " ".repeat(width.saturating_sub(cell.width()));
        let (before, behind) = if on_the_right { (&*blanks, "") } else { ("", &*blanks) };
        line += &format!("{before}{cell}{behind}{}", " ".repeat(BETWEEN));
    }
    format!("{}\n", line.trim_end())
}

/// A text in so many columns of a terminal, control characters escaped.
fn fit(text: &str, most: usize) -> String {
    let mut shown = String::new();
    for c in text.chars() {
        let n_before = shown.len();
        if c.is_control() {
            shown.extend(c.escape_debug());
        } else {
            shown.push(c);
        }
        // Text of no width is cut too.
        if shown.width() > most || shown.len() > 16 * most {
            shown.truncate(n_before);
            while shown.width() + 1 > most && shown.pop().is_some() {}
            shown.push('…');
            break;
        }
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_cut_by_their_width() {
        for (text, most, expected) in [
            ("abc", 3, "abc"),
            ("abcd", 3, "ab…"),
            ("日本語", 6, "日本語"),
            ("日本語", 5, "日本…"),
            ("日本語", 4, "日…"),
            ("a\nb", 4, "a\\nb"),
            ("a\nbc", 4, "a\\n…"),
            ("e\u{301}e\u{301}", 2, "e\u{301}e\u{301}"),
            ("", 1, ""),
            ("ab", 1, "…"),
        ] {
            assert_eq!(fit(text, most), expected, "{text:?} {most}");
        }
    }
}

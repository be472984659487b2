//! How the names of the output are spelled: as databases and warehouses take them.

use crate::by_text::by_text;

/// How names are spelled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum NameStyle {
    /// As they are in the input.
    #[default]
    Same,
    /// In small letters.
    Lower,
    /// Words in small letters with `_` between them: `Order ID` and `OrderId` give `order_id`.
    Snake,
    /// The same in ASCII, `_` before a leading digit, at most 300 bytes: what warehouses take.
    Safe,
}

/// Some bytes are left for a number that makes a name unique.
const MOST_BYTES: usize = 300 - 20;

impl NameStyle {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Same, Self::Lower, Self::Snake, Self::Safe];

    /// Its name in options and plans.
    pub fn name(self) -> &'static str {
        match self {
            Self::Same => "same",
            Self::Lower => "lower",
            Self::Snake => "snake",
            Self::Safe => "safe",
        }
    }

    /// The one of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|style| style.name() == name)
    }

    /// A name so spelled; of one that is nested each level.
    pub(super) fn apply(self, name: &str, nest: Option<&str>) -> String {
        match nest {
            Some(separator) => {
                let levels: Vec<String> = name.split(separator).map(|level| self.nested(level)).collect();
                levels.join(separator)
            }
            None => self.level(name),
        }
    }

    /// As [`NameStyle::level`] where numbers may be places in arrays, which stay.
    fn nested(self, level: &str) -> String {
        let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if is_number(level) {
            return level.to_owned();
        }
        let mut n = level.len();
        while let Some((before, number)) = level[..n].strip_suffix(']').and_then(|text| text.rsplit_once('['))
            && is_number(number)
            && !before.is_empty()
        {
            n = before.len();
        }
        self.level(&level[..n]) + &level[n..]
    }

    fn level(self, name: &str) -> String {
        match self {
            Self::Same => name.to_owned(),
            Self::Lower => name.to_lowercase(),
            Self::Snake => snake(name),
            Self::Safe => {
                let mut safe = snake(&deunicode::deunicode(name));
                if safe.starts_with(|c: char| c.is_ascii_digit()) {
                    safe.insert(0, '_');
                }
                safe.truncate(MOST_BYTES);
                safe
            }
        }
    }
}

by_text!(NameStyle, |style| style.name().to_owned(), NameStyle::from_name);

/// Words of small letters and digits with `_` between them. A capital begins a word behind a small
/// letter or a digit, and before one behind another capital: `HTTPServer` is two.
fn snake(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut snake = String::with_capacity(name.len());
    for (i, &c) in letters.iter().enumerate() {
        if !c.is_alphanumeric() {
            continue;
        }
        let before = i.checked_sub(1).map(|before| letters[before]);
        let begins = match before {
            Some(before) if before.is_alphanumeric() => {
                let next_is_small = letters.get(i + 1).is_some_and(|next| next.is_lowercase());
                c.is_uppercase() && (!before.is_uppercase() || next_is_small)
            }
            _ => true,
        };
        if begins && !snake.is_empty() {
            snake.push('_');
        }
        snake.extend(c.to_lowercase());
    }
    snake
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_words() {
        for (name, lower, snake, safe) in [
            ("Order ID", "order id", "order_id", "order_id"),
            ("OrderId", "orderid", "order_id", "order_id"),
            ("HTTPServer2Go", "httpserver2go", "http_server2_go", "http_server2_go"),
            ("  a--b__C ", "  a--b__c ", "a_b_c", "a_b_c"),
            ("Größe (m²)", "größe (m²)", "größe_m²", "grosse_m2"),
            ("2024", "2024", "2024", "_2024"),
            ("名前", "名前", "名前", "ming_qian"),
            ("%", "%", "", ""),
        ] {
            assert_eq!(NameStyle::Lower.apply(name, None), lower);
            assert_eq!(NameStyle::Snake.apply(name, None), snake);
            assert_eq!(NameStyle::Safe.apply(name, None), safe);
        }
        assert_eq!(NameStyle::Snake.apply("Bill To.Zip Code", Some(".")), "bill_to.zip_code");
        assert_eq!(NameStyle::Safe.apply("My Items[0][1].0.2nd", Some(".")), "my_items[0][1].0._2nd");
        assert_eq!(NameStyle::Safe.apply(&"ab".repeat(400), None).len(), MOST_BYTES);
    }
}

//! What the scan is asked to note of fields beside their ends.

/// The longest text that fields are compared with.
pub(super) const MOST_LETTERS: usize = 16;
/// The most texts.
pub(super) const MOST_TEXTS: usize = 8;

/// What is to be noted of fields.
#[derive(Clone, Copy, Debug)]
pub struct Wanted {
    /// Which ones are numbers of JSON, quoted or not; and which of these have no point.
    pub numbers: bool,
    pub wholes: bool,
    /// Which bare ones are tokens of JSON: a number, `true`, `false`, `null`. One that may be a
    /// number with an exponent is odd.
    pub tokens: bool,
    /// Tokens, and texts that make a field odd, count between quotes too.
    pub in_quotes: bool,
    /// Empty fields are odd, quoted or not.
    pub empty: bool,
    /// Some rule goes by the notes.
    pub(super) any: bool,
    /// All are odd.
    pub(super) every: bool,
    pub(super) texts: [([u8; MOST_LETTERS], u8); MOST_TEXTS],
    pub(super) n_texts: usize,
}

impl Wanted {
    /// Of no field anything.
    pub const NOTHING: Self = Self {
        numbers: false,
        wholes: false,
        tokens: false,
        in_quotes: false,
        empty: false,
        any: false,
        every: false,
        texts: [([0; MOST_LETTERS], 0); MOST_TEXTS],
        n_texts: 0,
    };

    /// That what needs a closer look is odd.
    pub(crate) fn any() -> Self {
        Self { any: true, ..Self::NOTHING }
    }

    /// Bare fields that are this text, which is not empty, are odd too.
    pub(crate) fn text(&mut self, text: &[u8]) {
        let Some(slot) = self.texts.get_mut(self.n_texts).filter(|_| text.len() <= MOST_LETTERS) else {
            self.every = true;
            return;
        };
        slot.0[..text.len()].copy_from_slice(text);
        slot.1 = text.len() as u8;
        self.n_texts += 1;
    }

    /// Whether anything is to be noted.
    pub(super) fn is_any(&self) -> bool {
        self.any
    }
}

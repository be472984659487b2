//! Patterns of days and times of which each number has all its digits: what is where is known
//! beforehand, so a text is looked at as a whole.

/// The most bytes of such a text.
const MOST: usize = 32;

/// The numbers of the calendar and the clock that may be part of it, in this order.
pub(super) const N_NUMBERS: usize = 6;

/// Where what is in a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct DateLayout {
    n_bytes: usize,
    /// What makes digits of a text 0 to 9, and its other bytes 0; and the most of each.
    shape: [u8; MOST],
    most: [u8; MOST],
    /// Where each number starts, and how many digits it has.
    numbers: [(u8, u8); N_NUMBERS],
}

/// A part of a layout.
#[derive(Clone, Copy, Debug)]
pub(super) enum LayoutPart {
    /// This byte.
    Byte(u8),
    /// The number that has this place in the order, and its digits.
    Number(usize, u8),
}

impl DateLayout {
    /// The layout of these parts, if it is not too long.
    pub(super) fn new(parts: impl IntoIterator<Item = LayoutPart>) -> Option<Self> {
        let mut layout = Self { n_bytes: 0, shape: [0; MOST], most: [0; MOST], numbers: [(0, 0); N_NUMBERS] };
        for part in parts {
            let (byte, most, n) = match part {
                LayoutPart::Byte(byte) => (byte, 0, 1),
                LayoutPart::Number(which, n) => {
                    layout.numbers[which] = (layout.n_bytes as u8, n);
                    (b'0', 9, usize::from(n))
                }
            };
            let own = layout.n_bytes..layout.n_bytes + n;
            layout.shape.get_mut(own.clone())?.fill(byte);
            layout.most[own].fill(most);
            layout.n_bytes += n;
        }
        Some(layout)
    }

    /// The numbers of a text, 0 for those that it does not have; `None` if it is not laid out so.
    pub(super) fn read(&self, text: &[u8]) -> Option<[i16; N_NUMBERS]> {
        if text.len() != self.n_bytes {
            return None;
        }
        let mut digits = [0; MOST];
        digits[..self.n_bytes].copy_from_slice(text);
        let mut fits = true;
        #[expect(clippy::needless_range_loop, reason = "one index into three arrays")]
        for i in 0..MOST {
            digits[i] ^= self.shape[i];
            fits &= digits[i] <= self.most[i];
        }
        fits.then(|| {
            self.numbers.map(|(at, n)| {
                let own = &digits[usize::from(at)..][..usize::from(n)];
                own.iter().fold(0, |number, digit| 10 * number + i16::from(*digit))
            })
        })
    }
}

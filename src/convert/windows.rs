//! This file hands out the windows of an input, in order. No other place decides where a window
//! ends.
//!
//! A newline may be inside quotes, so the end of a window is a guess. The converter checks it at
//! the window's turn: a wrong guess costs one window's work, never a wrong result.

use super::split_points::SplitTargets;
use crate::error::{Error, Result};
use crate::input::{InputReader, Look, Window};
use crate::parse::Cutter;

/// The windows of an input that are not claimed yet.
pub(super) struct Windows<'r> {
    input: &'r mut dyn InputReader,
    cutter: Cutter,
    targets: Option<SplitTargets>,
    /// The bytes at the end of the input that are in no window but the last. If there are any, the
    /// last window takes all that is left.
    hold: usize,
    next: u64,
    /// A record plausibly starts where the next window starts.
    is_plausible: bool,
    ended: bool,
}

/// A window that a worker has claimed.
pub(super) struct Claim {
    pub(super) number: u64,
    pub(super) window: Window,
    /// A record plausibly starts with its first byte.
    pub(super) is_plausible: bool,
    /// It is the end of the input, whose last records are dropped.
    pub(super) is_tail: bool,
}

/// Why there is no window.
pub(super) enum NoWindow {
    /// The input is at its end, or an earlier claim failed.
    End,
    /// The input cannot be read. Windows before this number may fail at an earlier byte.
    Failed(u64, Error),
}

impl<'r> Windows<'r> {
    /// The windows from the reader's position on. If `targets` are given, windows also end at
    /// these. At least `hold` bytes are left for the last window.
    pub(super) fn new(
        input: &'r mut dyn InputReader,
        cutter: Cutter,
        targets: Option<SplitTargets>,
        hold: usize,
    ) -> Self {
        Self { input, cutter, targets, hold, next: 0, is_plausible: true, ended: false }
    }

    /// The bytes of the text before the next window.
    pub(super) fn text_at(&self) -> u64 {
        self.input.text_at()
    }

    /// The bytes of a worker's buffer beyond the length of a window.
    pub(super) fn reach(&self) -> usize {
        self.cutter.reach() + 1 + self.hold
    }

    /// Claims the next window, of about `n` bytes. `buffer` has room for [`Windows::reach`] more.
    ///
    /// # Errors
    /// There is no window.
    pub(super) fn claim(&mut self, n: usize, buffer: &mut [u8]) -> Result<Claim, NoWindow> {
        if self.ended {
            return Err(NoWindow::End);
        }
        let number = self.next;
        self.next += 1;
        let is_plausible = self.is_plausible;
        match self.take(n, buffer) {
            Ok(Some((window, is_tail))) => {
                self.ended = is_tail;
                Ok(Claim { number, window, is_plausible, is_tail })
            }
            Ok(None) => {
                self.ended = true;
                Err(NoWindow::End)
            }
            Err(error) => {
                self.ended = true;
                Err(NoWindow::Failed(number, error))
            }
        }
    }

    /// Takes a window, and says whether it is the one for which bytes were held back.
    fn take(&mut self, mut n: usize, buffer: &mut [u8]) -> Result<Option<(Window, bool)>> {
        if let Some(targets) = &self.targets {
            n = targets.window(self.input.input_at(), n, self.cutter.reach());
        }
        let (cutter, reach) = (&self.cutter, self.reach());
        let holds = self.hold > 0;
        let (len, is_plausible, is_tail) = loop {
            match self.input.look(n, reach, buffer)? {
                Look::Rest(0) => return Ok(None),
                Look::Rest(len) => break (len, true, holds),
                Look::Around { bytes, at_end: true } if holds => break (n - 1 + bytes.len(), true, true),
                Look::Around { bytes, at_end } => {
                    let bytes = &bytes[..bytes.len() - self.hold.min(bytes.len())];
                    let behind = bytes.get(1..).unwrap_or_default();
                    break match cutter.cut(behind) {
                        Some(at) => (n + at, true, false),
                        None if at_end && self.targets.is_none() => (n + behind.len(), true, false),
                        None => (n + implausible(cutter, bytes), false, false),
                    };
                }
                // What is complete goes out. A line end within quotes is a wrong guess.
                Look::Paused(bytes) => match cutter.last(&bytes[..bytes.len().saturating_sub(self.hold)]) {
                    Some(len) => break (len, true, false),
                    None => self.input.wait(buffer)?,
                },
            }
        };
        self.is_plausible = is_plausible;
        Ok(Some((self.input.take(len, buffer), is_tail)))
    }
}

/// Returns how many bytes behind a window's end belong to it in any case. These are the LF of a
/// CRLF and the rest of a character: the length that half a character had before decoding is not
/// known.
fn implausible(cutter: &Cutter, bytes: &[u8]) -> usize {
    let pair = cutter.rest_of_pair(bytes, 1);
    let behind = bytes.get(1 + pair..).unwrap_or_default();
    pair + behind.iter().take(3).take_while(|byte| matches!(byte, 0x80..=0xbf)).count()
}

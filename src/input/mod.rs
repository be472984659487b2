//! Where bytes come from: mapped, read or streamed, one trait for all.
//!
//! A [`Source`] hands out windows in order under one lock and looks at a few kilobytes for each; its [`Keeper`] does, without
//! the lock, what takes time. Must not know what becomes of the bytes; the output must not know of this.
#![deny(clippy::cast_possible_truncation)] // Offsets, lines and records live here: none is cut to fewer bits unseen.

mod ahead;
mod decode;
mod encoding;
mod map;
mod measure;
mod open;
mod read;
mod stream;
#[cfg(feature = "cli")]
mod streams;
mod unpack;
mod watch;

pub use encoding::Encoding;
pub(crate) use map::Segment;
pub use open::Io;
pub(crate) use open::{Opened, PIPE, Reading, identity, is_distant, open, stdin};
pub use stream::Stream;
#[cfg(feature = "cli")]
pub(crate) use streams::{stdin_was_closed, stdout_was_closed};
pub(crate) use unpack::unpacked_name;

use crate::error::Result;
use crate::parse::Cutter;
use crate::window::Window;
use std::sync::Arc;

/// Bytes in order, cut into windows. [`Stream`] makes one of any reader.
pub trait Source: Send {
    /// The name for messages.
    fn name(&self) -> &str;

    /// The size in bytes of what there is to parse, where it is known.
    fn size(&self) -> Option<u64>;

    /// The size of the file that holds it, where it is known: of a compressed one, less than there is to parse.
    fn file_size(&self) -> Option<u64> {
        self.size()
    }

    /// The next `n` bytes, or all there are if fewer. Nothing is consumed.
    ///
    /// # Errors
    /// The input cannot be read.
    fn peek(&mut self, n: usize) -> Result<&[u8]>;

    /// Passes over `n` bytes that were peeked.
    fn skip(&mut self, n: usize);

    /// Goes on at byte `text_at` of what is parsed, `input_at` of the input, where a record starts; false where that can't be done. It
    /// lies ahead, or [`Source::until`] can be had.
    ///
    /// # Errors
    /// The input cannot be read up to there.
    fn seek(&mut self, _text_at: u64, _input_at: u64) -> Result<bool> {
        Ok(false)
    }

    /// Has byte `end` of the input be its end for all that is read from here on; false where it is not read as it stands.
    fn until(&mut self, _end: u64) -> bool {
        false
    }

    /// Where the next byte stands in the input's own bytes, before decoding.
    fn input_at(&self) -> u64;

    /// Where the next byte stands in what is parsed.
    fn text_at(&self) -> u64 {
        self.input_at()
    }

    /// The next window, of about `n` bytes: up to the first plausible record end behind them that `cutter` finds, or just
    /// those where it finds none. `None` at the end. CRLF is never parted. `buffer` has `n + cutter.reach() + 1` bytes and
    /// takes the window's, unless the source has them elsewhere.
    ///
    /// # Errors
    /// The input cannot be read.
    fn claim(&mut self, n: usize, cutter: &Cutter, buffer: &mut [u8]) -> Result<Option<Window>>;

    /// What the workers use while others claim.
    fn keeper(&self) -> Arc<dyn Keeper>;
}

/// The part of a source that needs no lock.
pub trait Keeper: Send + Sync {
    /// The window's bytes; read or faulted in here if need be.
    ///
    /// # Errors
    /// They cannot be read.
    fn load<'b>(&self, window: &'b Window, buffer: &'b mut [u8]) -> Result<&'b [u8]>;

    /// Called before anything made of the window is released.
    ///
    /// # Errors
    /// The input changed since it was opened.
    fn verify(&self, _window: &Window) -> Result<()> {
        Ok(())
    }

    /// Called when the window and all before it are done with: the memory can go.
    fn retire(&self, _window: &Window) {}

    /// How many of the input's own bytes became `bytes`, which stand at byte `at` of what is parsed.
    fn measure(&self, _at: u64, bytes: &[u8]) -> u64 {
        bytes.len() as u64
    }

    /// Called in turn: of bytes before `at` nobody asks any more.
    fn settle(&self, _at: u64) {}

    /// How many bytes of a compressed file were taken so far; `None` where the file's bytes are those that are parsed.
    fn taken(&self) -> Option<u64> {
        None
    }

    /// A remark for the summary once all is read, such as that the input grew.
    fn remark(&self) -> Option<String> {
        None
    }
}

//! The traits of an input: what a caller may bring, and what the run reads from.
//!
//! A caller brings a [`Source`]: a reader with a name. The run works with an [`InputReader`], which
//! one worker at a time holds under a lock, and with its [`SharedInput`], which all workers use at
//! once. This file knows nothing of records: it gives bytes around a place and takes a length.
//! Where a window ends is decided by the caller.

use super::window::Window;
use crate::error::{Error, Result};
use std::io::Read;
use std::sync::Arc;

/// A reader of text in UTF-8 with a name, as an input.
///
/// `Input::reader` makes one of any [`Read`]. Implement this trait if the size is known, so that
/// the progress can be shown as a share of it.
///
/// ```
/// use rowmill::{Converter, Input, Output, Source};
/// use std::io::Read;
///
/// struct Report(&'static [u8]);
///
/// impl Read for Report {
///     fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
///         self.0.read(into)
///     }
/// }
///
/// impl Source for Report {
///     fn name(&self) -> &str {
///         "report"
///     }
///     fn size(&self) -> Option<u64> {
///         Some(self.0.len() as u64)
///     }
/// }
///
/// let input = Input::Source(Box::new(Report(b"a\n1\n2\n")));
/// let summary = Converter::builder().build()?.convert([input], Output::writer("nowhere", std::io::sink()))?;
/// assert_eq!(summary.records, 2);
/// # Ok::<(), rowmill::Error>(())
/// ```
pub trait Source: Read + Send {
    /// The name in messages.
    fn name(&self) -> &str;

    /// The number of bytes that [`Read`] will return, if it is known. Only the progress and the
    /// number of threads depend on it.
    fn size(&self) -> Option<u64> {
        None
    }
}

/// The bytes around the end of a window that is to be cut.
#[derive(Debug)]
pub(crate) enum Look<'a> {
    /// The input ends within the length asked for: this many bytes are left.
    Rest(usize),
    /// More bytes are left.
    Around {
        /// The last byte of the length asked for, and the bytes behind it. Empty if they cannot be
        /// read; the error is reported by the next look, because an earlier window may fail at an
        /// earlier byte.
        bytes: &'a [u8],
        /// The input ends with these bytes.
        at_end: bool,
    },
    /// A live input has these bytes and no more for now. They are fewer than the length asked for
    /// and `reach`.
    Paused(&'a [u8]),
}

/// What is ahead of a position.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ahead<'a> {
    pub bytes: &'a [u8],
    /// The input ends with them.
    pub whole: bool,
}

/// The half of an input that one worker at a time uses: a position that moves forward.
pub(crate) trait InputReader: Send {
    /// The name in messages.
    fn name(&self) -> &str;

    /// The number of bytes to parse, if it is known.
    fn size(&self) -> Option<u64>;

    /// The size of the file that holds them, if it is known. A compressed file is smaller than the
    /// text in it.
    fn file_size(&self) -> Option<u64> {
        self.size()
    }

    /// The next `n` bytes, or all that are left if fewer. The position does not move.
    ///
    /// # Errors
    /// The input cannot be read.
    fn peek(&mut self, n: usize) -> Result<&[u8]>;

    /// The next `n` bytes, or all that are left if fewer. A live input that has no more for now
    /// shows what it has, if that is `enough`.
    ///
    /// # Errors
    /// The input cannot be read.
    fn peek_until(&mut self, n: usize, _enough: &dyn Fn(&[u8]) -> bool) -> Result<Ahead<'_>> {
        let bytes = self.peek(n)?;
        Ok(Ahead { bytes, whole: bytes.len() < n })
    }

    /// Moves over `n` bytes that were peeked.
    fn skip(&mut self, n: usize);

    /// Moves to byte `text_at` of the text, which is byte `input_at` of the input, where a record
    /// starts. Returns false if the input cannot seek. The place is ahead, unless
    /// [`InputReader::end_at`] returns true.
    ///
    /// # Errors
    /// The input cannot be read up to there.
    fn seek(&mut self, text_at: u64, input_at: u64) -> Result<bool>;

    /// Makes byte `end` the end of the input for all later reads. Returns false if the input is
    /// unpacked or decoded as it is read.
    fn end_at(&mut self, _end: u64) -> bool {
        false
    }

    /// The position in the bytes of the input, before decoding.
    fn input_at(&self) -> u64;

    /// The position in the text, after decoding.
    fn text_at(&self) -> u64 {
        self.input_at()
    }

    /// Shows the bytes from `n - 1` to `n + reach` behind the position. `n` is not 0. `buffer` has
    /// room for `n + reach` bytes. A stream reads into it, and [`InputReader::take`] must follow
    /// with the same buffer.
    ///
    /// # Errors
    /// The input cannot be read.
    fn look<'a>(&'a mut self, n: usize, reach: usize, buffer: &'a mut [u8]) -> Result<Look<'a>>;

    /// Takes back the bytes of a look that paused, and waits until there are more or the input
    /// ends.
    ///
    /// # Errors
    /// The input cannot be read.
    fn wait(&mut self, _buffer: &mut [u8]) -> Result<()> {
        Ok(())
    }

    /// Takes the next `len` bytes as a window, at most `n + reach` of the look before.
    fn take(&mut self, len: usize, buffer: &mut [u8]) -> Window;

    /// The half that all workers share.
    fn shared(&self) -> Arc<dyn SharedInput>;
}

/// What could be had of a window.
pub(crate) struct Loaded<'b> {
    /// Its bytes, or those before the first that cannot be read.
    pub(crate) bytes: &'b [u8],
    /// Why the rest cannot be read, if that is so. What is before it may fail at an earlier byte.
    pub(crate) failed: Option<Error>,
}

/// The half of an input that all workers use at once.
pub(crate) trait SharedInput: Send + Sync {
    /// Returns the bytes of `window`. They are read or faulted in here, if [`InputReader::take`]
    /// has not left them in `buffer`.
    fn load<'b>(&self, window: &'b Window, buffer: &'b mut [u8]) -> Loaded<'b>;

    /// Checks that the input is unchanged since it was opened. Called before any output made of
    /// `window` is released.
    ///
    /// # Errors
    /// The input has changed.
    fn verify(&self, _window: &Window) -> Result<()> {
        Ok(())
    }

    /// Frees the memory of `window`. Called when this window and all before it are written.
    fn retire(&self, _window: &Window) {}

    /// How many bytes of the input became `text`, which starts at byte `text_at` of the text.
    fn input_len(&self, _text_at: u64, text: &[u8]) -> u64 {
        text.len() as u64
    }

    /// Drops what is recorded for [`SharedInput::input_len`] before byte `text_at`.
    fn forget_before(&self, _text_at: u64) {}

    /// How many bytes of a compressed file were read; `None` if the file is not compressed.
    fn compressed_at(&self) -> Option<u64> {
        None
    }

    /// A remark for the summary when all is read, such as that the file grew.
    fn remark(&self) -> Option<String> {
        None
    }
}

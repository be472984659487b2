//! A caller's own rule for the values of a column: for users of the library.

use std::fmt;
use std::sync::Arc;

/// Makes a value's text from another: the field decoded, without its quotes, in one piece.
///
/// It is called from several threads at once, in no order, and may be called again for the same field where a window was begun at the
/// wrong place: so it must give the same for the same. What it gives is written as a string.
///
#[derive(Clone)]
pub struct Transform(Arc<dyn Fn(&str) -> String + Send + Sync>);

impl Transform {
    /// Takes a function.
    pub fn new(function: impl Fn(&str) -> String + Send + Sync + 'static) -> Self {
        Self(Arc::new(function))
    }

    /// What becomes of `text`.
    pub fn apply(&self, text: &str) -> String {
        self.0(text)
    }
}

impl fmt::Debug for Transform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Transform")
    }
}

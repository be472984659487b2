//! A caller's own rule for the values of a column: for users of the library.

use std::fmt;
use std::sync::Arc;

/// Makes a value's text from another: the field decoded, without its quotes, in one piece.
///
/// The function is called from several threads at once, in no order. It may be called again for the
/// same field, if a window was begun at the wrong place: so it must return the same for the same.
#[derive(Clone)]
pub struct Transform {
    /// A name for what it does. A run can be resumed only if all its transforms have one.
    name: Option<String>,
    function: Arc<dyn Fn(&str) -> String + Send + Sync>,
}

impl Transform {
    /// Takes a function.
    pub fn new(name: Option<String>, function: impl Fn(&str) -> String + Send + Sync + 'static) -> Self {
        Self { name, function: Arc::new(function) }
    }

    /// What becomes of `text`.
    pub fn apply(&self, text: &str) -> String {
        (self.function)(text)
    }

    /// Its name.
    pub fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }
}

/// Transforms of the same name are the same; those without one are not.
impl PartialEq for Transform {
    fn eq(&self, other: &Self) -> bool {
        self.name.is_some() && self.name == other.name
    }
}

impl serde::Serialize for Transform {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.name.serialize(serializer)
    }
}

impl fmt::Debug for Transform {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Transform")
    }
}

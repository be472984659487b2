//! Where the names of the columns come from.

use serde::{Deserialize, Serialize};

/// Where the names of the columns come from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Names {
    /// The file's first record is data, not names.
    pub no_header: bool,
    /// The names, instead of the file's.
    pub given: Option<Vec<String>>,
}

//! What a caller may watch of a conversion: its counters, its remarks, and how far it came if it
//! fails.

use super::converter::Builder;
use super::options::OnRemark;
use super::progress::Progress;
use super::summary::Summary;
use std::sync::{Arc, Mutex};

/// What others may watch.
impl Builder {
    /// Counters that another thread may read while the conversion runs.
    pub fn progress(&self) -> Arc<Progress> {
        Arc::clone(&self.options.progress)
    }

    /// Calls `hear` with each remark on an input or output that is made before any record is
    /// converted, at that time. [`Summary::remarks`](super::Summary::remarks) has all remarks.
    pub fn on_remark(mut self, hear: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.options.on_remark = OnRemark(Some(Arc::new(hear)));
        self
    }

    /// Where a conversion that fails leaves its summary: what was done up to the error. There is
    /// none if it fails before its first record.
    pub fn failed(&self) -> Arc<Mutex<Option<Box<Summary>>>> {
        Arc::clone(&self.options.failed)
    }
}

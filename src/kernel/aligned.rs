//! Short numbers that are written alike, and the least and the greatest of them.

/// Short numbers with as many digits behind the point. The text of one, moved to the right in eight
/// bytes, the first byte the highest, is its key: keys are in the order of the numbers.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(not(target_arch = "x86_64"), allow(dead_code))] // No other has a quicker way than one by one.
pub(crate) struct AlignedNumbers {
    /// The least bytes of a number; eight are the most.
    pub(crate) least: u32,
    /// What makes digits of a key 0 to 9, and its point 0; and where that is.
    pub(crate) shape: u64,
    pub(crate) point: u64,
    /// The least and the greatest keys of those that were taken, in eight ways.
    pub(crate) smallest: [u64; 8],
    pub(crate) largest: [u64; 8],
}

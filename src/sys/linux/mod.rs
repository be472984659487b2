//! Linux: files are mapped, outputs have no name until they are whole, and the program confines
//! itself.

#[cfg(feature = "cli")]
mod confine;
mod files;
mod map;
#[cfg(feature = "cli")]
mod process;

#[cfg(feature = "cli")]
pub(crate) use confine::confine;
pub(crate) use files::{
    AtPath, ask_ahead, descriptor_of, gains_by_reserving, is_distant, name_file, reserve, size_and_time,
    sync, unnamed_file, widen_pipe,
};
pub(crate) use map::{MAPS, Map};
#[cfg(feature = "cli")]
pub(crate) use process::{ignored_signals, peak_memory, resident_memory};

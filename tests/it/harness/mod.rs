//! Runs the program as a user would and says what differs when it doesn't do what a test wants.
//!
//! It knows processes, files and bytes, nothing of CSV or JSON beyond `--stats`. Every run is
//! killed after some minutes, so that a deadlock is a failed test and no hung suite. Put here only
//! what two test files need.
//!
//! | | |
//! | --- | --- |
//! | [`place`] | a directory of a test's own |
//! | [`run`], [`running`], [`output`] | a program before, while and after it runs |
//! | [`cases`] | a place whose files a run may not touch |
//! | [`data`] | files made on the fly, and random numbers |
//! | [`at_end`] | what is done when a test is over, however it ends |
//! | [`codecs`] | what programs pack and unpack |
//! | [`strace`] | calls to the system watched, failed, or answered by a kill |
//! | [`needs`] | what the machine has; what is skipped, and who counts it |

mod at_end;
mod cases;
mod codecs;
pub(crate) mod data;
mod needs;
mod output;
mod place;
mod run;
mod running;
mod strace;

pub(crate) use at_end::AtEnd;
pub(crate) use cases::{Case, EARLIER, INPUT, RESULT};
pub(crate) use codecs::{can_unpack, gzipped, unpacked};
pub(crate) use data::{Numbers, PEOPLE_HEADER, odd, people};
pub(crate) use needs::{can_unshare, fixtures, has, has_python, isas, kernels, large, skipped};
pub(crate) use output::Output;
pub(crate) use place::Place;
pub(crate) use run::Run;
pub(crate) use running::Running;
pub(crate) use strace::Strace;

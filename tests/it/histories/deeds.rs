//! What may happen to a conversion.

use proptest::prelude::*;
use proptest::sample::select;

/// Something that happens.
#[derive(Clone, Debug)]
pub(super) enum Deed {
    Run(Tuning, Trouble),
    /// Of workers; otherwise a run.
    Verify(Trouble),
    /// The power fails; each number loses other things.
    PowerFails(u64),
    Edit(Edit),
    Harm(Harm),
    /// The user does what the last message says.
    Heed,
}

/// What a result may not depend on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tuning {
    pub(super) threads: usize,
    pub(super) window: &'static str,
    pub(super) memory: &'static str,
    pub(super) every: &'static str,
    pub(super) io: &'static str,
}

/// What happens at some call of a run that changes something.
#[derive(Clone, Copy, Debug)]
pub(super) enum Trouble {
    Nothing,
    Kill(usize),
    Interrupt(usize),
    Terminate(usize),
    /// No room from there on.
    Full(usize),
    /// That call gives an error.
    Error(usize),
    /// All calls from there on give an error, so nothing can be undone either.
    Errors(usize),
    /// The input changes.
    Edit(usize, Edit),
}

/// How an input changes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Edit {
    Append,
    /// Other bytes, as many.
    Replace,
    /// The same, and the time of modification is that of before.
    Disguise,
    Cut,
    Touch,
}

/// How a file is damaged.
#[derive(Clone, Copy, Debug)]
pub(super) struct Harm {
    /// Which of those that may be.
    pub(super) file: usize,
    pub(super) how: How,
}

/// The damage.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum How {
    /// A bit, at some share of it.
    Flip(u16),
    /// Cut off at some share of it.
    Cut(u16),
    Empty,
    Grow,
    Remove,
    /// Replaced by a copy: another file of the same bytes.
    Copy,
}

/// Lists of deeds. Most begin with a run that is cut off: nothing else leaves much behind.
pub(super) fn deeds() -> impl Strategy<Value = Vec<Deed>> {
    let any = proptest::collection::vec(deed(), 1..8);
    (proptest::option::weighted(0.7, (tuning(), trouble())), any).prop_map(|(first, mut deeds)| {
        if let Some((tuning, trouble)) = first {
            deeds.insert(0, Deed::Run(tuning, trouble));
        }
        deeds
    })
}

fn deed() -> impl Strategy<Value = Deed> {
    prop_oneof![
        4 => (tuning(), trouble()).prop_map(|(tuning, trouble)| Deed::Run(tuning, trouble)),
        2 => tuning().prop_map(|tuning| Deed::Run(tuning, Trouble::Nothing)),
        2 => trouble().prop_map(Deed::Verify),
        2 => prop_oneof![0..4u64, any::<u64>()].prop_map(Deed::PowerFails),
        2 => edit().prop_map(Deed::Edit),
        2 => (0..8usize, how()).prop_map(|(file, how)| Deed::Harm(Harm { file, how })),
        2 => Just(Deed::Heed),
    ]
}

fn tuning() -> impl Strategy<Value = Tuning> {
    let sizes =
        (select(vec!["64K", "4K", "16K"]), select(vec!["64M", "24M"]), select(vec!["200K", "20K", "1K"]));
    (1..4usize, sizes, select(vec!["auto", "read", "mmap"]))
        .prop_map(|(threads, (window, memory, every), io)| Tuning { threads, window, memory, every, io })
}

fn trouble() -> impl Strategy<Value = Trouble> {
    let at = prop_oneof![1..12usize, 1..40usize, 1..120usize];
    (at, 0..8usize, edit()).prop_map(|(at, which, edit)| match which {
        0 | 1 => Trouble::Kill(at),
        2 => Trouble::Interrupt(at),
        3 => Trouble::Terminate(at),
        4 => Trouble::Full(at),
        5 => Trouble::Error(at),
        6 => Trouble::Errors(at),
        _ => Trouble::Edit(at, edit),
    })
}

fn edit() -> impl Strategy<Value = Edit> {
    select(vec![Edit::Append, Edit::Replace, Edit::Disguise, Edit::Cut, Edit::Touch])
}

fn how() -> impl Strategy<Value = How> {
    prop_oneof![
        any::<u16>().prop_map(How::Flip),
        any::<u16>().prop_map(How::Cut),
        Just(How::Empty),
        Just(How::Grow),
        Just(How::Remove),
        Just(How::Copy),
    ]
}

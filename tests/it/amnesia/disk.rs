//! A disk that forgets: files and folders in memory, and the calls that changed them, in order.
//!
//! What a power failure leaves is worked out from those calls: all that was synced, and of the rest
//! any part. The rules are the strict ones of POSIX. The fsync of a file keeps its bytes, size and
//! mode, and none of its names. The fsync of a folder keeps the names in it. A change of names is
//! there or is not, never half: a rename that moves between folders is kept by the fsync of either.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::fmt;

use crate::harness::Numbers;

/// What a disk writes at once. A write may be torn between two of them.
const SECTOR: usize = 512;

pub(crate) type Inode = u64;

/// Files by path.
pub(crate) type NamedFiles = BTreeMap<String, Vec<u8>>;

/// A name in a folder.
pub(crate) type Name = (Inode, OsString);

/// The folder that all is in.
pub(crate) const ROOT: Inode = 1;

/// A file or a folder.
#[derive(Clone, Debug)]
pub(crate) struct Node {
    pub(crate) mode: u32,
    pub(crate) holds: Holds,
}

/// What a node holds.
#[derive(Clone, Debug)]
pub(crate) enum Holds {
    Bytes(Vec<u8>),
    Names(BTreeMap<OsString, Inode>),
}

/// A call that changed something, or synced it.
#[derive(Clone)]
pub(crate) enum Change {
    /// A new file or folder gets a name.
    Create(Name, Inode, Node),
    Rename(Name, Name, Inode),
    Link(Name, Inode),
    /// A name goes, of a file or an empty folder.
    Remove(Name, Inode),
    Write(Inode, usize, Vec<u8>),
    Size(Inode, usize),
    Mode(Inode, u32),
    Sync(Inode),
}

/// Files and folders, by their numbers. Those without a name are never looked at.
#[derive(Clone, Debug)]
pub(crate) struct Disk {
    nodes: BTreeMap<Inode, Node>,
}

/// What was there when the power came, and each call since.
#[derive(Clone, Debug)]
pub(crate) struct History {
    pub(crate) before: Disk,
    pub(crate) changes: Vec<Change>,
}

/// Without the bytes.
impl fmt::Debug for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Change::Create(name, inode, _) => write!(f, "create {name:?} as {inode}"),
            Change::Rename(from, to, inode) => write!(f, "rename {from:?} to {to:?}, {inode}"),
            Change::Link(name, inode) => write!(f, "link {name:?} to {inode}"),
            Change::Remove(name, inode) => write!(f, "remove {name:?}, {inode}"),
            Change::Write(inode, at, bytes) => write!(f, "write {inode} at {at}: {} bytes", bytes.len()),
            Change::Size(inode, size) => write!(f, "set size of {inode} to {size}"),
            Change::Mode(inode, mode) => write!(f, "set mode of {inode} to {mode:o}"),
            Change::Sync(inode) => write!(f, "sync {inode}"),
        }
    }
}

impl Change {
    /// The names that it changes, and what each then leads to. None for other changes.
    fn names(&self) -> Vec<(&Name, Option<Inode>)> {
        match self {
            Change::Create(name, inode, _) | Change::Link(name, inode) => vec![(name, Some(*inode))],
            Change::Rename(from, to, inode) => vec![(from, None), (to, Some(*inode))],
            Change::Remove(name, _) => vec![(name, None)],
            _ => Vec::new(),
        }
    }

    fn is_in(&self, folder: Inode) -> bool {
        self.names().iter().any(|(name, _)| name.0 == folder)
    }

    /// Whether it can't be there without an `earlier` one: both change a name, or it removes the
    /// folder that the other changes.
    fn needs(&self, earlier: &Change) -> bool {
        let same = |name: &Name| earlier.names().iter().any(|(other, _)| *other == name);
        let is_removed = matches!(self, Change::Remove(_, inode) if earlier.is_in(*inode));
        is_removed || self.names().iter().any(|(name, _)| same(name))
    }

    /// The node whose bytes, size or mode it changes.
    fn content(&self) -> Option<Inode> {
        match self {
            Change::Write(inode, ..) | Change::Size(inode, _) | Change::Mode(inode, _) => Some(*inode),
            _ => None,
        }
    }
}

impl Disk {
    /// With these files, all in the first folder.
    pub(crate) fn with(files: &[(&str, &[u8])]) -> Disk {
        let root = Node { mode: 0o755, holds: Holds::Names(BTreeMap::new()) };
        let mut disk = Disk { nodes: BTreeMap::from([(ROOT, root)]) };
        for (name, bytes) in files {
            let (inode, node) = (disk.free(), Node { mode: 0o600, holds: Holds::Bytes(bytes.to_vec()) });
            disk.apply(&Change::Create((ROOT, name.into()), inode, node));
        }
        disk
    }

    /// Makes a folder in the first one.
    pub(crate) fn make_folder(&mut self, name: &str) {
        let node = Node { mode: 0o755, holds: Holds::Names(BTreeMap::new()) };
        self.apply(&Change::Create((ROOT, name.into()), self.free(), node));
    }

    /// A number that no node has.
    pub(crate) fn free(&self) -> Inode {
        self.nodes.keys().next_back().unwrap() + 1
    }

    pub(crate) fn node(&self, inode: Inode) -> Option<&Node> {
        self.nodes.get(&inode)
    }

    pub(crate) fn find(&self, folder: Inode, name: &OsStr) -> Option<Inode> {
        match &self.nodes.get(&folder)?.holds {
            Holds::Names(names) => names.get(name).copied(),
            Holds::Bytes(_) => None,
        }
    }

    /// The folders in which something has that name.
    pub(crate) fn folders_with(&self, name: &OsStr) -> Vec<Inode> {
        let has = |node: &Node| matches!(&node.holds, Holds::Names(names) if names.contains_key(name));
        self.nodes.iter().filter(|(_, node)| has(node)).map(|(inode, _)| *inode).collect()
    }

    fn at(&self, path: &str) -> Option<&Node> {
        let inode = path.split('/').try_fold(ROOT, |at, name| self.find(at, OsStr::new(name)))?;
        self.node(inode)
    }

    /// Cuts the file at a path.
    pub(crate) fn cut(&mut self, path: &str, size: usize) {
        let find = |at, name| self.find(at, OsStr::new(name));
        let inode = path.split('/').try_fold(ROOT, find).expect("a file");
        self.apply(&Change::Size(inode, size));
    }

    /// Removes the file at a path.
    pub(crate) fn remove(&mut self, path: &str) {
        let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
        let steps = folder.split('/').filter(|step| !step.is_empty());
        let find = |at, name: &str| self.find(at, OsStr::new(name));
        let folder = steps.into_iter().try_fold(ROOT, find).expect("a folder");
        let inode = self.find(folder, OsStr::new(name)).expect("a file");
        self.apply(&Change::Remove((folder, name.into()), inode));
    }

    /// The bytes of the file at a path.
    pub(crate) fn file(&self, path: &str) -> Option<&[u8]> {
        match &self.at(path)?.holds {
            Holds::Bytes(bytes) => Some(bytes),
            Holds::Names(_) => None,
        }
    }

    pub(crate) fn mode(&self, path: &str) -> Option<u32> {
        self.at(path).map(|node| node.mode & 0o777)
    }

    /// The names in the folder at a path; none if it is not there. The first folder is "".
    pub(crate) fn names(&self, path: &str) -> Vec<String> {
        let node = if path.is_empty() { self.node(ROOT) } else { self.at(path) };
        match node.map(|node| &node.holds) {
            Some(Holds::Names(names)) => {
                names.keys().map(|name| name.to_string_lossy().into_owned()).collect()
            }
            _ => Vec::new(),
        }
    }

    /// All files, in folders one deep, and folders in which nothing is, by names that end in `/`.
    pub(crate) fn files(&self) -> NamedFiles {
        let mut files = NamedFiles::new();
        for name in self.names("") {
            let below = self.names(&name);
            match self.file(&name) {
                Some(bytes) => drop(files.insert(name, bytes.to_vec())),
                None if below.is_empty() => drop(files.insert(format!("{name}/"), Vec::new())),
                None => files.extend(below.iter().filter_map(|below| {
                    let path = format!("{name}/{below}");
                    let bytes = self.file(&path)?.to_vec();
                    Some((path, bytes))
                })),
            }
        }
        files
    }

    /// Makes a change.
    pub(crate) fn apply(&mut self, change: &Change) {
        if let Change::Create(_, inode, node) = change {
            self.nodes.insert(*inode, node.clone());
        }
        for ((folder, name), to) in change.names() {
            // A folder whose own name is lost may be gone.
            let Some(Node { holds: Holds::Names(names), .. }) = self.nodes.get_mut(folder) else { continue };
            match to {
                Some(inode) => names.insert(name.clone(), inode),
                None => names.remove(name),
            };
        }
        let Some(node) = change.content().and_then(|inode| self.nodes.get_mut(&inode)) else { return };
        match (change, &mut node.holds) {
            (Change::Write(_, at, new), Holds::Bytes(bytes)) => {
                bytes.resize(bytes.len().max(at + new.len()), 0);
                bytes[*at..at + new.len()].copy_from_slice(new);
            }
            (Change::Size(_, size), Holds::Bytes(bytes)) => bytes.resize(*size, 0),
            (Change::Mode(_, mode), _) => node.mode = *mode,
            _ => {}
        }
    }

    /// Makes the unsynced changes of a file's content as a disk may keep them: the size of some
    /// moment, and of each write any sectors.
    fn keep_some(&mut self, changes: &[&Change], keeps: Keeps, numbers: &mut Numbers) {
        let n_sized = match keeps {
            Keeps::All => changes.len(),
            Keeps::None => return,
            Keeps::Sizes => changes.len(),
            Keeps::Some => numbers.below(changes.len() + 1),
        };
        for (i, change) in changes.iter().enumerate() {
            match change {
                Change::Write(inode, at, bytes) => {
                    let Some(Node { holds: Holds::Bytes(old), .. }) = self.nodes.get(inode) else { continue };
                    let (size, end) = (old.len(), at + bytes.len());
                    // Lost bytes of a file that is longer now are zeros.
                    let size = if i < n_sized { size.max(end) } else { size };
                    self.apply(&Change::Size(*inode, size));
                    let mut from = *at;
                    while from < end.min(size) {
                        let to = ((from / SECTOR + 1) * SECTOR).min(end).min(size);
                        let kept = keeps == Keeps::All || (keeps == Keeps::Some && numbers.below(2) == 0);
                        if kept {
                            self.apply(&Change::Write(*inode, from, bytes[from - at..to - at].to_vec()));
                        }
                        from = to;
                    }
                }
                // What is written behind a cut goes to other blocks.
                Change::Size(..) if i >= n_sized => return,
                Change::Mode(..) if keeps == Keeps::Some && numbers.below(2) == 0 => {}
                change => self.apply(change),
            }
        }
    }
}

/// What of the unsynced changes is kept.
#[derive(Clone, Copy, PartialEq)]
enum Keeps {
    All,
    None,
    /// Of content the sizes alone, the bytes being zeros.
    Sizes,
    Some,
}

impl History {
    pub(crate) fn new(before: Disk) -> History {
        History { before, changes: Vec::new() }
    }

    /// The first `n` calls of it.
    pub(crate) fn until(&self, n: usize) -> History {
        History { before: self.before.clone(), changes: self.changes[..n].to_vec() }
    }

    /// What programs see behind the `n`-th call.
    pub(crate) fn seen(&self, n: usize) -> Disk {
        let mut disk = self.before.clone();
        self.changes[..n].iter().for_each(|change| disk.apply(change));
        disk
    }

    /// What is synced after the first `n` calls, and the changes that are not.
    fn synced(&self, n: usize) -> (Disk, Vec<&Change>) {
        let (mut disk, mut left): (Disk, Vec<&Change>) = (self.before.clone(), Vec::new());
        for change in &self.changes[..n] {
            if let Change::Create(_, inode, node) = change {
                // It has no name yet.
                disk.nodes.insert(*inode, node.clone());
            }
            let Change::Sync(inode) = change else {
                left.push(change);
                continue;
            };
            let wanted =
                left.iter().map(|change| change.content() == Some(*inode) || change.is_in(*inode)).collect();
            let kept = with_needed(&left, wanted);
            for (change, _) in left.iter().zip(&kept).filter(|(_, kept)| **kept) {
                disk.make(change);
            }
            let mut kept = kept.into_iter();
            left.retain(|_| !kept.next().unwrap());
        }
        (disk, left)
    }

    /// What is there after a power failure behind the `n`-th call. Each `seed` is another one: 0
    /// loses all that was not synced, 1 none of it, 2 keeps all names and no content, 3 names and
    /// sizes.
    pub(crate) fn lost(&self, n: usize, seed: u64) -> Disk {
        let (mut disk, left) = self.synced(n);
        let mut numbers = Numbers::from_seed(seed);
        let any = [Keeps::All, Keeps::None, Keeps::Sizes, Keeps::Some, Keeps::Some, Keeps::Some];
        let (names, content) = match seed {
            0 => (Keeps::None, Keeps::None),
            1 => (Keeps::All, Keeps::All),
            2 => (Keeps::All, Keeps::None),
            3 => (Keeps::All, Keeps::Sizes),
            _ => (Keeps::Some, numbers.pick(&any)),
        };
        let n_first = numbers.below(left.len() + 1);
        let by_order = numbers.below(2) == 0;
        let wanted = left.iter().enumerate().map(|(i, _)| match names {
            Keeps::Some if by_order => i < n_first,
            Keeps::Some => numbers.below(2) == 0,
            _ => names == Keeps::All,
        });
        let wanted = wanted.collect();
        for (change, kept) in left.iter().zip(with_needed(&left, wanted)) {
            if kept && change.content().is_none() {
                disk.make(change);
            }
        }
        let files: BTreeSet<Inode> = left.iter().filter_map(|change| change.content()).collect();
        for file in files {
            let of_it: Vec<&Change> =
                left.iter().filter(|change| change.content() == Some(file)).copied().collect();
            disk.keep_some(&of_it, content, &mut numbers);
        }
        disk
    }
}

impl Disk {
    /// Makes a change to what is synced. A new file is there already, and may have content.
    fn make(&mut self, change: &Change) {
        match change {
            Change::Create(name, inode, _) => self.apply(&Change::Link(name.clone(), *inode)),
            change => self.apply(change),
        }
    }
}

/// The changes of names that are `wanted`, and all that these need.
fn with_needed(changes: &[&Change], mut wanted: Vec<bool>) -> Vec<bool> {
    for i in (0..changes.len()).rev() {
        if wanted[i] && changes[i].content().is_none() {
            for j in 0..i {
                wanted[j] |= changes[i].needs(changes[j]);
            }
        }
    }
    wanted
}

#[test]
fn what_was_not_synced_is_lost_as_a_disk_may_lose_it() {
    let name = |name: &str| (ROOT, OsString::from(name));
    let file = |holds: &[u8]| Node { mode: 0o644, holds: Holds::Bytes(holds.to_vec()) };
    let mut history = History::new(Disk::with(&[("old", b"old")]));
    history.changes = vec![
        Change::Create(name("new"), 9, file(b"")),
        Change::Write(9, 0, vec![b'x'; 2000]),
        Change::Sync(9),
        Change::Write(9, 2000, vec![b'y'; 2000]),
        Change::Rename(name("new"), name("old"), 9),
    ];
    let whole = [vec![b'x'; 2000], vec![b'y'; 2000]].concat();
    assert_eq!(history.seen(5).file("old"), Some(&*whole));
    assert_eq!(history.lost(history.changes.len(), 0).names(""), ["old"]);
    assert_eq!(history.lost(history.changes.len(), 0).file("old"), Some(&b"old"[..]));
    assert_eq!(history.lost(history.changes.len(), 1).file("old"), Some(&*whole));
    assert_eq!(history.lost(history.changes.len(), 2).file("old"), Some(&whole[..2000]));
    assert_eq!(
        history.lost(history.changes.len(), 3).file("old"),
        Some(&*[&whole[..2000], &[0; 2000]].concat())
    );
    let mut kinds = BTreeSet::new();
    for seed in 0..500 {
        let disk = history.lost(history.changes.len(), seed);
        let bytes = disk.file("old").expect("it has one of both");
        assert!(bytes == b"old" || bytes.starts_with(&whole[..2000]), "what was synced is there");
        let is_torn = bytes.len() > 2000 && bytes.contains(&0) && bytes.contains(&b'y');
        kinds.insert((disk.names(""), bytes.len(), is_torn));
        history.changes.push(Change::Sync(ROOT));
        assert!(history.lost(history.changes.len(), seed).file("old").unwrap().starts_with(&whole[..2000]));
        assert_eq!(history.lost(history.changes.len(), seed).names(""), ["old"]);
        history.changes.pop();
    }
    // The name of both, of the old one alone, of the new one; of that with or without what follows.
    assert!(kinds.len() >= 5, "{kinds:?}");
    assert!(kinds.iter().any(|(.., is_torn)| *is_torn), "a write is torn between sectors");
}

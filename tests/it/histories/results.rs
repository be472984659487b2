//! The model of a result that appears as a whole: a file, with or without rejects, or parts.

use std::sync::Arc;

use super::Model;
use super::deeds::{Deed, How, Trouble, Tuning};
use super::world::World;
use crate::amnesia::disk::{Disk, NamedFiles};

const CHECKPOINT: &str = ".out.jsonl.rowmill-checkpoint";

/// What a result is made of, and by what flags.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    /// By `--resume`.
    File { sync: bool, rejects: bool },
    /// By `--resume` or `--sync`.
    Parts { resume: bool },
}

/// What must hold of it.
pub(super) struct Results {
    kind: Kind,
    /// What programs saw last.
    stands: NamedFiles,
    /// What may be there after a power failure.
    may_stand: Vec<NamedFiles>,
    /// All results that there ever were or might have been.
    ever: Vec<Arc<NamedFiles>>,
    /// Nothing was changed or damaged since a run ended well: the same command goes on.
    clean: bool,
    /// What the last run that failed said.
    said: Option<String>,
}

impl Kind {
    fn args(self) -> &'static str {
        match self {
            Kind::File { rejects: true, .. } => "--max-record 1M --rejects",
            Kind::File { .. } => "",
            Kind::Parts { .. } => "--split-records 90",
        }
    }

    /// The command on a folder.
    fn script(self, folder: &str) -> String {
        let rejects = if matches!(self, Kind::File { rejects: true, .. }) {
            format!(" {folder}/bad")
        } else {
            String::new()
        };
        format!("exec $ROWMILL -q in.csv {}{rejects} -o {folder}/out.jsonl", self.args())
    }

    fn resumes(self) -> bool {
        self != Kind::Parts { resume: false }
    }

    /// Status 0 says that it is on the disk.
    fn syncs(self) -> bool {
        !matches!(self, Kind::File { sync: false, .. })
    }

    /// The file without which there is no result.
    fn head(self) -> &'static str {
        match self {
            Kind::File { .. } => "out.jsonl",
            Kind::Parts { .. } => "out.manifest.json",
        }
    }
}

/// The files that are not hidden.
fn visible(disk: &Disk) -> NamedFiles {
    let names = disk.names("").into_iter().filter(|name| !name.starts_with('.'));
    names.map(|name| (name.clone(), disk.file(&name).unwrap_or_default().to_vec())).collect()
}

fn told(files: &NamedFiles) -> Vec<(&String, usize)> {
    files.iter().map(|(name, bytes)| (name, bytes.len())).collect()
}

impl Results {
    pub(super) fn new(kind: Kind) -> Results {
        let (stands, may_stand) = (NamedFiles::new(), vec![NamedFiles::new()]);
        Results { kind, stands, may_stand, ever: Vec::new(), clean: true, said: None }
    }

    fn script(&self, tuning: &Tuning) -> String {
        let Tuning { threads, window, memory, every, io } = tuning;
        let flags = match self.kind {
            Kind::File { sync: false, .. } => format!("--resume --checkpoint-every {every}"),
            Kind::File { sync: true, .. } => format!("--sync --resume --checkpoint-every {every}"),
            Kind::Parts { resume: true } => format!("--resume --checkpoint-every {every}"),
            Kind::Parts { resume: false } => "--sync".to_owned(),
        };
        let tuned = format!("-j {threads} --window {window} --memory {memory} --io {io}");
        format!("{} {flags} {tuned}", self.kind.script("disk"))
    }

    /// What an undisturbed run makes of it.
    fn whole(&mut self, world: &mut World, input: &[u8]) -> Arc<NamedFiles> {
        let whole = world.undisturbed(&self.kind.script("whole"), input);
        if !self.ever.contains(&whole) {
            self.ever.push(Arc::clone(&whole));
        }
        whole
    }

    /// Each file is one of some result, and where the head is, there is the rest that it speaks
    /// of.
    fn is_of_some(&self, seen: &NamedFiles) -> Result<(), String> {
        let wrong = |name: &str| Err(format!("{name} is of no result: {:?}", told(seen)));
        if let Some((name, _)) =
            seen.iter().find(|(name, bytes)| !self.ever.iter().any(|of| of.get(*name) == Some(bytes)))
        {
            return wrong(name);
        }
        let Some(head) = seen.get(self.kind.head()) else { return Ok(()) };
        let is_it = |of: &&Arc<NamedFiles>| of.get(self.kind.head()) == Some(head);
        let fits = match self.kind {
            // Their rejects go before.
            Kind::File { .. } => self.ever.iter().any(|of| is_it(&of)),
            Kind::Parts { .. } => self.ever.iter().filter(is_it).any(|of| **of == *seen),
        };
        if fits { Ok(()) } else { wrong(self.kind.head()) }
    }

    /// Only names that the guide knows are hidden.
    fn hidden(&self, disk: &Disk) -> Result<(), String> {
        let known = |name: &str| match self.kind {
            Kind::Parts { .. } => name == ".out.jsonl.rowmill-parts",
            Kind::File { rejects: true, .. } => {
                [".out.jsonl.rowmill-partial", ".bad.rowmill-partial", ".bad.log.jsonl.rowmill-partial"]
                    .contains(&name)
            }
            Kind::File { .. } => name == ".out.jsonl.rowmill-partial",
        };
        let is_checkpoint = |name: &str| [CHECKPOINT, &format!("{CHECKPOINT}.new")].contains(&name);
        let unknown = |name: &&String| {
            name.starts_with('.') && !known(name) && !(is_checkpoint(name) && self.kind.resumes())
        };
        match disk.names("").iter().find(unknown) {
            Some(name) => Err(format!("{name} is there")),
            None => Ok(()),
        }
    }

    fn run(&mut self, world: &mut World, tuning: &Tuning, trouble: Trouble) -> Result<(), String> {
        let before = world.seen();
        let ended = world.run(&self.script(tuning), trouble);
        let wholes: Vec<Arc<NamedFiles>> =
            ended.inputs.iter().map(|input| self.whole(world, input)).collect();
        let disk = world.seen();
        let seen = visible(&disk);
        let is_whole = wholes.iter().any(|whole| **whole == seen);
        self.hidden(&disk)?;
        if ended.inputs.len() > 1 {
            self.clean = false;
        }
        if ended.output.status.success() {
            if !is_whole {
                return Err(format!("status 0, and {:?}", told(&seen)));
            }
            // What can't be removed stays; the next run sees to it.
            let may_stay = matches!(trouble, Trouble::Error(_) | Trouble::Errors(_));
            if let Some(name) = disk.names("").iter().find(|name| name.starts_with('.') && !may_stay) {
                return Err(format!("status 0, and {name} was left"));
            }
            if !ended.output.stderr.is_empty() {
                return Err(format!("status 0, and it says {}", ended.output.stderr));
            }
            if self.kind.syncs() {
                self.may_stand.clear();
            }
            self.may_stand.push(seen.clone());
            // After a power failure names may be missing again, and the input is another.
            (self.stands, self.clean, self.said) = (seen, ended.inputs.len() == 1, None);
            return Ok(());
        }
        let stands = std::mem::replace(&mut self.stands, seen.clone());
        if is_whole {
            self.may_stand.push(seen.clone());
        }
        if ended.killed {
            self.said = None;
            return self.is_of_some(&seen);
        }
        let output = &ended.output;
        let status = match trouble {
            Trouble::Interrupt(_) if output.status.code() != Some(1) => 130,
            Trouble::Terminate(_) if output.status.code() != Some(1) => 143,
            _ => 1,
        };
        output.status_is(status)?;
        let said: Vec<&str> = output.stderr.lines().collect();
        // Who interrupts it knows why.
        if said.len() > 1
            || said.is_empty() && status == 1
            || said.iter().any(|line| !line.starts_with("rowmill: "))
        {
            return Err(format!("not one line: {}", output.stderr));
        }
        // A signal is nobody's fault.
        self.said = (status == 1).then(|| output.stderr.clone());
        if trouble_is_none(trouble) && self.clean && self.kind.resumes() {
            return Err("the same command does not go on".to_owned());
        }
        if output.stderr.contains("cannot go on") {
            // It may have made a file to look whether another run has it, and thrown away what lies
            // behind the checkpoint.
            let of_parts = |path: &str| path.starts_with(".out.jsonl.rowmill-parts");
            let is_partial = |path: &str| path.ends_with("-partial");
            let same = before.files().keys().all(|path| match (before.file(path), disk.file(path)) {
                _ if of_parts(path) => true,
                (Some(before), Some(now)) if is_partial(path) => before.starts_with(now),
                (before, now) => before == now,
            });
            let is_new = |path: &&String| before.file(path).is_none();
            // Where it could not be removed, the empty folder of parts stays.
            let is_empty = |path: &String| disk.file(path).map_or(of_parts(path), <[u8]>::is_empty);
            let new = disk.files().keys().filter(is_new).all(is_empty);
            if !same || !new {
                return Err(format!("refused, and something was touched: {:?}", before.files().keys()));
            }
        }
        match trouble {
            // The error may be that of the last call, which syncs the folder, and a signal may come
            // behind it.
            Trouble::Error(_) | Trouble::Errors(_) | Trouble::Interrupt(_) | Trouble::Terminate(_)
                if is_whole =>
            {
                Ok(())
            }
            // Nothing could be undone.
            Trouble::Errors(_) => self.is_of_some(&seen),
            // Rejects have their names before.
            _ if self.kind == (Kind::File { sync: true, rejects: true }) => {
                let same = seen.get("out.jsonl") == stands.get("out.jsonl");
                if same { self.is_of_some(&seen) } else { Err("out.jsonl is another".to_owned()) }
            }
            _ if seen == stands => Ok(()),
            _ => Err(format!("status {status}, and {:?} became {:?}", told(&stands), told(&seen))),
        }
    }

    fn power_fails(&mut self, world: &mut World, seed: u64) -> Result<(), String> {
        world.power_fails(seed);
        let disk = world.seen();
        let seen = visible(&disk);
        self.hidden(&disk)?;
        let may = self.may_stand.contains(&seen)
            || self.kind != (Kind::File { sync: false, rejects: false }) && {
                // Rejects and parts have their names before.
                let head = seen.get(self.kind.head());
                self.may_stand.iter().any(|of| of.get(self.kind.head()) == head)
                    || head.is_none() && matches!(self.kind, Kind::Parts { .. })
            };
        if !may {
            return Err(format!("the power failed, and {:?}", told(&seen)));
        }
        self.is_of_some(&seen)?;
        self.may_stand = vec![seen.clone()];
        self.stands = seen;
        Ok(())
    }

    /// Damages what is hidden. A bit is changed only where that is found out: in a checkpoint.
    fn harm(&mut self, world: &mut World, deed: &super::deeds::Harm) {
        let is_hidden = |path: &String| path.starts_with('.');
        let mut files: Vec<String> = world.files().into_iter().filter(is_hidden).collect();
        if matches!(deed.how, How::Flip(_)) {
            files.retain(|path| path.contains("checkpoint"));
        }
        if world.harm(&files, *deed).is_some() {
            self.clean = false;
        }
    }

    /// Does what the last message says.
    fn heed(&mut self, world: &mut World) -> Result<(), String> {
        let Some(said) = self.said.take() else { return Ok(()) };
        let said = said.trim_start_matches("rowmill: ");
        let path = match said.split_once("; remove ") {
            Some((_, rest)) if rest.contains(" to begin anew") => rest.split(" to begin anew").next(),
            Some((before, rest)) if rest.starts_with("it") => before.split(": ").next(),
            _ => None,
        };
        match path {
            Some(path) => {
                let path = path.trim().trim_start_matches("disk/");
                if !world.remove(path) {
                    return Err(format!("{path} is not there to be removed"));
                }
                self.stands = visible(&world.seen());
                self.may_stand.push(self.stands.clone());
                self.clean &= !said.contains("is called like a part");
                Ok(())
            }
            None if ["error", "No space", "rewritten", "shorter"].iter().any(|word| said.contains(word)) => {
                Ok(())
            }
            None => Err(format!("it does not say what to do: {said}")),
        }
    }
}

fn trouble_is_none(trouble: Trouble) -> bool {
    matches!(trouble, Trouble::Nothing)
}

impl Model for Results {
    fn deed(&mut self, world: &mut World, deed: &Deed) -> Result<(), String> {
        if matches!(deed, Deed::PowerFails(_) | Deed::Harm(_)) {
            // What the message speaks of may be gone.
            self.said = None;
        }
        const PLAIN: Tuning = Tuning { threads: 2, window: "8K", memory: "32M", every: "10K", io: "auto" };
        match deed {
            Deed::Run(tuning, trouble) => self.run(world, tuning, *trouble),
            Deed::Verify(trouble) => self.run(world, &PLAIN, *trouble),
            Deed::PowerFails(seed) => self.power_fails(world, *seed),
            Deed::Edit(edit) => {
                world.edit(*edit);
                self.clean = false;
                Ok(())
            }
            Deed::Harm(harm) => {
                self.harm(world, harm);
                Ok(())
            }
            Deed::Heed => self.heed(world),
        }
    }

    fn finish(&mut self, world: &mut World) -> Result<(), String> {
        // One refusal for what changed, one for each part that no manifest lists.
        let most = 3 + self.stands.len();
        for _ in 0..most {
            self.deed(world, &Deed::Verify(Trouble::Nothing))?;
            if self.said.is_none() {
                return Ok(());
            }
            self.heed(world)?;
        }
        Err(format!("no result after {most} times"))
    }
}

//! The model of workers and `verify`: parts in a folder, a receipt of each, and the mark.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde_json::Value;

use super::Model;
use super::deeds::{Deed, Trouble, Tuning};
use super::world::{Ended, World};
use crate::amnesia::disk::{Disk, NamedFiles};

const FOLDER: &str = "parts";
const MARK: &str = "_SUCCESS";

/// What must hold of a folder of parts.
pub(super) struct Ranges {
    /// The parts of the plan at hand, and of all that there were.
    planned: Arc<NamedFiles>,
    ever: Vec<Arc<NamedFiles>>,
    /// Parts whose receipts were printed: they are on the disk.
    given: NamedFiles,
    /// What was damaged, and not made anew since.
    harmed: BTreeSet<String>,
    /// All parts of the plan were made, and nothing was damaged since.
    done: bool,
    /// Neither the input nor a file has changed since the plan was made.
    clean: bool,
    /// Whether the mark is there and on the disk, or gone from it.
    marked: Option<bool>,
    /// What the last run that failed said.
    said: Option<String>,
    /// Runs that did not end well may leave a hidden name each.
    n_disturbed: usize,
}

/// The whole of an input, as ranges and at once.
const UNDISTURBED: &str = "$ROWMILL plan -q --ranges 3 in.csv -o plan.jsonl && \
    $ROWMILL worker plan.jsonl -o whole > receipts && rm whole/_* && $ROWMILL -q in.csv -o whole/all";

fn planned(world: &mut World) -> Arc<NamedFiles> {
    world.stage.place.shell("$ROWMILL plan -q --ranges 3 in.csv -o plan.jsonl").out().expect_status(0);
    let input = world.input.clone();
    let made = world.undisturbed(UNDISTURBED, &input);
    let parts: NamedFiles = made
        .iter()
        .filter(|(name, _)| *name != "all")
        .map(|(name, bytes)| (name.clone(), bytes.clone()))
        .collect();
    assert!(parts.values().flatten().eq(&made["all"]), "the parts are the whole");
    Arc::new(parts)
}

fn hash(bytes: &[u8]) -> Value {
    blake3::hash(bytes).to_hex().as_str().into()
}

impl Ranges {
    pub(super) fn new(world: &mut World) -> Ranges {
        let planned = planned(world);
        Ranges {
            ever: vec![Arc::clone(&planned)],
            planned,
            given: NamedFiles::new(),
            harmed: BTreeSet::new(),
            done: false,
            clean: true,
            marked: Some(false),
            said: None,
            n_disturbed: 0,
        }
    }

    /// What the folder may hold at any time.
    fn look(&self, disk: &Disk) -> Result<(), String> {
        if let Some(name) = disk.names("").iter().find(|name| *name != FOLDER) {
            return Err(format!("{name} is there"));
        }
        let names = disk.names(FOLDER);
        let file = |name: &str| disk.file(&format!("{FOLDER}/{name}"));
        for name in &names {
            let bytes = file(name).unwrap_or_default();
            if self.harmed.contains(name) || name.starts_with('.') || name == MARK {
                continue;
            }
            if name.starts_with("part-") {
                if !self.ever.iter().any(|parts| parts.get(name).is_some_and(|part| part == bytes)) {
                    return Err(format!("{name} is not whole"));
                }
            } else if name.ends_with(".receipt.json") {
                let receipt: Value =
                    serde_json::from_slice(bytes).map_err(|_| format!("{name} is not whole"))?;
                let part = receipt["part"].as_str().unwrap_or_default();
                let is_true = file(part).is_some_and(|part| receipt["blake3"] == hash(part));
                if !is_true && !self.harmed.contains(part) {
                    return Err(format!("{name} is not of the part that is there"));
                }
            } else {
                return Err(format!("{name} is there"));
            }
        }
        if let Some((name, _)) = self.given.iter().find(|(name, bytes)| file(name) != Some(bytes)) {
            return Err(format!("a receipt was given away, and {name} is another or gone"));
        }
        let is_marked = names.iter().any(|name| name == MARK);
        if self.marked.is_some_and(|marked| marked != is_marked) {
            return Err(format!("the mark is there: {is_marked}"));
        }
        let hidden: Vec<&String> = names.iter().filter(|name| name.starts_with('.')).collect();
        match hidden.iter().find(|name| !name.ends_with(".rowmill")) {
            Some(name) => Err(format!("{name} is hidden there")),
            None if hidden.len() > self.n_disturbed => {
                Err(format!("{} runs were disturbed, and left {hidden:?}", self.n_disturbed))
            }
            None => Ok(()),
        }
    }

    /// How the run must end, if not well.
    fn ends(&mut self, ended: &Ended, trouble: Trouble) -> Result<(), String> {
        let output = &ended.output;
        if ended.inputs.len() > 1 {
            self.clean = false;
        }
        self.said = None;
        if output.status.success() {
            return if output.stderr.is_empty() {
                Ok(())
            } else {
                Err("status 0, and it says something".into())
            };
        }
        self.n_disturbed += 1;
        if ended.killed {
            return Ok(());
        }
        match trouble {
            Trouble::Interrupt(_) if output.status.code() == Some(130) => return Ok(()),
            Trouble::Terminate(_) if output.status.code() == Some(143) => return Ok(()),
            _ => output.status_is(1).map(drop)?,
        }
        self.said = Some(output.stderr.clone());
        match output.stderr.lines().find(|line| !line.starts_with("rowmill: ")) {
            Some(line) => Err(format!("it says {line}")),
            None if output.stderr.is_empty() => Err("it says nothing".to_owned()),
            None => Ok(()),
        }
    }

    fn work(&mut self, world: &mut World, tuning: &Tuning, trouble: Trouble) -> Result<(), String> {
        let Tuning { threads, memory, io, .. } = tuning;
        let script = format!(
            "exec $ROWMILL worker plan.jsonl -o disk/{FOLDER} -j {threads} --memory {memory} --io {io}"
        );
        let ended = world.run(&script, trouble);
        let clean = self.clean;
        self.ends(&ended, trouble)?;
        let disk = world.seen();
        // Of one that was killed the last line may be cut off.
        let lines = ended.output.stdout.split(|&byte| byte == b'\n');
        for receipt in lines.filter_map(|line| serde_json::from_slice::<Value>(line).ok()) {
            let part = receipt["part"].as_str().unwrap_or_default().to_owned();
            let whole = self.planned.get(&part).ok_or(format!("a receipt of {part}"))?;
            if receipt["blake3"] != hash(whole) {
                return Err(format!("the receipt of {part} is of other bytes"));
            }
            self.harmed.remove(&part);
            self.given.insert(part, whole.clone());
        }
        if ended.output.status.success() {
            if !self.planned.iter().all(|(name, part)| self.given.get(name) == Some(part)) {
                return Err("status 0, and not all receipts".to_owned());
            }
            self.harmed.retain(|name| disk.file(&format!("{FOLDER}/{name}")).is_some());
            self.done = true;
        } else {
            if ended.output.stderr.lines().count() > 1 {
                return Err(format!("not one line: {}", ended.output.stderr));
            }
            if clean && matches!(trouble, Trouble::Nothing) {
                return Err("the same command does not go on".to_owned());
            }
        }
        self.look(&disk)
    }

    fn verify(&mut self, world: &mut World, trouble: Trouble) -> Result<(), String> {
        let ended = world.run(&format!("exec $ROWMILL verify -q plan.jsonl -o disk/{FOLDER}"), trouble);
        self.ends(&ended, trouble)?;
        let disk = world.seen();
        let names = disk.names(FOLDER);
        if ended.output.status.success() {
            for (name, part) in self.planned.iter() {
                if disk.file(&format!("{FOLDER}/{name}")) != Some(part) {
                    return Err(format!("verified, and {name} is not whole"));
                }
            }
            let foreign = |name: &&String| name.starts_with("part-") && !self.planned.contains_key(*name);
            if let Some(name) = names.iter().find(foreign) {
                return Err(format!("verified, and {name} is there too"));
            }
            self.marked = Some(true);
        } else if matches!(trouble, Trouble::Nothing | Trouble::Edit(..)) {
            let others =
                names.iter().any(|name| name.starts_with("part-") && !self.planned.contains_key(name));
            if self.done && self.harmed.is_empty() && !others {
                return Err("all is there, and it is not verified".to_owned());
            }
            self.marked = Some(false);
        } else {
            self.marked = None;
        }
        self.look(&disk)
    }

    fn plan(&mut self, world: &mut World) {
        self.planned = planned(world);
        self.ever.push(Arc::clone(&self.planned));
        (self.done, self.clean) = (false, self.given.is_empty() && self.harmed.is_empty());
    }

    fn remove(&mut self, world: &mut World, name: &str) {
        world.remove(&format!("{FOLDER}/{name}"));
        self.given.remove(name);
        (self.done, self.clean) = (false, false);
        // The disk may have it again after a power failure.
        self.harmed.insert(name.to_owned());
    }

    /// Does what the last message says.
    fn heed(&mut self, world: &mut World) -> Result<(), String> {
        let Some(said) = self.said.take() else { return Ok(()) };
        let name_in = |line: &str, start: &str| {
            let at = line.find(&format!("/{start}"))? + 1;
            Some(line[at..].split([' ', ':']).next()?.to_owned())
        };
        for line in said.lines() {
            if line.contains("make a new plan") {
                self.plan(world);
            } else if line.contains("remove it with its part") {
                let receipt = name_in(line, "_part-").ok_or(format!("which: {line}"))?;
                let part = receipt.replace(".receipt.json", ".jsonl");
                self.remove(world, part.trim_start_matches('_'));
                self.remove(world, &receipt);
            } else if line.contains("is no part of this plan; remove it") {
                let part = name_in(line, "part-").ok_or(format!("which: {line}"))?;
                self.remove(world, &part);
            } else {
                // The worker, run again, sees to it.
                let known = [
                    "error",
                    "No space",
                    "rewritten",
                    "shorter",
                    "is missing",
                    "has no receipt",
                    "bytes, not",
                    "other bytes than",
                    "records, and the plan has",
                    "No such file",
                ];
                if !known.iter().any(|known| line.contains(known)) {
                    return Err(format!("it does not say what to do: {line}"));
                }
            }
        }
        Ok(())
    }
}

impl Model for Ranges {
    fn deed(&mut self, world: &mut World, deed: &Deed) -> Result<(), String> {
        match deed {
            Deed::Run(tuning, trouble) => self.work(world, tuning, *trouble),
            Deed::Verify(trouble) => self.verify(world, *trouble),
            Deed::PowerFails(seed) => {
                world.power_fails(*seed);
                self.look(&world.seen())
            }
            Deed::Edit(edit) => {
                world.edit(*edit);
                self.clean = false;
                Ok(())
            }
            Deed::Harm(harm) => {
                let is_of_it = |path: &String| path.contains("part-") && !path.contains("/.");
                let files: Vec<String> = world.files().into_iter().filter(is_of_it).collect();
                if let Some(path) = world.harm(&files, *harm) {
                    let name = path.trim_start_matches("parts/");
                    // Without its receipt, a part of another plan is like any file.
                    self.given.remove(name);
                    self.given.remove(&name.trim_start_matches('_').replace(".receipt.json", ".jsonl"));
                    self.harmed.insert(name.to_owned());
                    (self.done, self.clean) = (false, false);
                }
                Ok(())
            }
            Deed::Heed => self.heed(world),
        }
    }

    fn finish(&mut self, world: &mut World) -> Result<(), String> {
        const PLAIN: Tuning = Tuning { threads: 2, window: "", memory: "32M", every: "", io: "auto" };
        // One refusal for each receipt of another plan, one for parts of none, and a new plan.
        for _ in 0..9 {
            self.work(world, &PLAIN, Trouble::Nothing)?;
            if self.said.is_none() {
                self.verify(world, Trouble::Nothing)?;
            }
            if self.said.is_none() {
                return Ok(());
            }
            self.heed(world)?;
        }
        Err("not verified after 9 times".to_owned())
    }
}

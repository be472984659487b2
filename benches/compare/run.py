#!/usr/bin/env python3
"""Measures rowmill against its floors and its peers, and against its goals. One command:

    python3 benches/compare/run.py --size full       everything, as it is recorded (about an hour; needs a quiet machine)
    python3 benches/compare/run.py                   the same at 64 MiB, for a look
    python3 benches/compare/run.py --redraw FILE     tables and pictures anew from a record

It builds rowmill, writes the profiles, gets the peers, and does the steps one by one; each goes into the record as it ends, so that
`--resume` goes on where a run was cut off. What the numbers mean: benches/README.md. It decides what is run and in which order;
measure.py runs, right.py judges, report.py does the arithmetic, pictures.py draws. Needs Linux, Rust, Python 3.9, valgrind.
"""

import argparse
import datetime
import hashlib
import json
import os
import platform
import re
import shutil
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
REPO = HERE.parent.parent
sys.path.insert(0, str(HERE.parent))
sys.dont_write_bytecode = True  # The tree stays as it is.

import instructions  # noqa: E402
import peers as table  # noqa: E402
import report  # noqa: E402
import right  # noqa: E402
from measure import CORES, Failed, Launcher, rounds  # noqa: E402

MIB = 1 << 20
PROFILES = {"people": 8, "quoted": 6, "wide": 100, "narrow": 3, "longtext": 3}  # Columns, which csveee needs.
FULL = {"people": 1024 * MIB, **dict.fromkeys(["quoted", "wide", "narrow", "longtext"], 256 * MIB)}
GROWTH = [64 * MIB, 256 * MIB, 1024 * MIB, 2048 * MIB, 4096 * MIB, 8192 * MIB]
SAMPLE = 16 * MIB
STEPS = ("instructions", "startup", "pairs", "pipes", "threads", "peers", *table.JOBS, "growth")
STARTS = 50
# A peer's runs: all get the first number, the two fastest that are right the pairs that the goals need, one slower than this (s) one.
PEER_RUNS = 3
SLOW = 30
# Seconds for a run of a peer; one that its sample says will take longer is not run.
LIMIT = 120
GROWTH_LIMIT = 300


def note(text):
    print(f"[{datetime.datetime.now():%H:%M:%S}] {text}", file=sys.stderr, flush=True)


def size(text):
    """64MiB, 1GiB, 16M as bytes."""
    found = re.fullmatch(r"(\d+)\s*([KMG])(i?B)?", text, re.IGNORECASE)
    if not found:
        raise argparse.ArgumentTypeError(f"{text}: not a size such as 64MiB")
    return int(found[1]) << {"K": 10, "M": 20, "G": 30}[found[2].upper()]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--size", default="64MiB", help="of each profile, or 'full': people 1 GiB, the others 256 MiB, growth to 8 GiB")
    parser.add_argument("--pairs", type=int, default=9, help="comparisons of which a median is taken")
    parser.add_argument("--only", default=",".join(PROFILES), help="profiles, separated by commas")
    parser.add_argument("--steps", default=",".join(STEPS), help="steps, separated by commas")
    parser.add_argument("--peers", default=",".join(peer.name for peer in table.PEERS), help="peers, separated by commas")
    parser.add_argument("--reference", default="all", help="how much of each result is held against Python's csv: 'all', or the first 64MiB")
    parser.add_argument("--cache", type=Path, help="where peers and data are kept [default: compare/ in cargo's target directory]")
    parser.add_argument("--out", type=Path, help="where record/ and pictures/ go [default: benches/ for a full run, else the cache]")
    parser.add_argument("--resume", action="store_true", help="go on with the run that was cut off")
    parser.add_argument("--redraw", type=Path, metavar="RECORD", help="only make tables and pictures from a record")
    args = parser.parse_args()
    args.full = args.size == "full"
    args.sizes = dict(FULL) if args.full else dict.fromkeys(PROFILES, size(args.size))
    names = {peer.name for peer in table.PEERS}
    args.only, args.steps, args.peers = args.only.split(","), args.steps.split(","), args.peers.split(",")
    for given, known in ((args.only, set(PROFILES)), (args.steps, set(STEPS)), (args.peers, names)):
        if unknown := set(given) - known:
            parser.error(f"{', '.join(unknown)}: there are {', '.join(sorted(known))}")
    target = Path(os.environ.get("CARGO_TARGET_DIR", REPO / "target"))
    args.cache = (args.cache or target / "compare").resolve()
    whole = args.full and set(args.only) == set(PROFILES) and set(args.steps) == set(STEPS) and set(args.peers) == names
    args.out = args.out or (HERE.parent if whole else args.cache / "out")
    args.reference = None if args.reference == "all" else size(args.reference)
    return args


class Comparison:
    """The state of a run: the programs, the files, and the record so far."""

    def __init__(self, args):
        self.args, self.cache = args, args.cache
        self.data = args.cache / "data"
        self.data.mkdir(parents=True, exist_ok=True)
        built = instructions.build()
        built.update(build("cargo", "bench", "--no-run", "--bench", "launch", folder=REPO))
        self.rowmill, self.profiles = built["rowmill"], built["profiles"]
        self.launcher = Launcher(built["launch"], self.data)
        note("building csveee, the other floor of --check")
        self.csveee = build("cargo", "build", "--release", "--target-dir", self.cache / "build",
                            folder=HERE / "csveee")["csveee-count"]
        self.peers = [peer for peer in table.PEERS if peer.name in args.peers]
        table.get_all(self.peers, self.cache, note)
        self.saved = self.cache / "in-progress.json"
        self.record = self.begin()

    def begin(self):
        key = hashlib.blake2b(self.rowmill.read_bytes(), digest_size=16).hexdigest()
        if self.args.resume and self.saved.exists():
            record = json.loads(self.saved.read_text())
            if record["program"] == key and record["size"] == self.args.size:
                note(f"going on after: {', '.join(record['done']) or 'nothing'}")
                return record
            note("the cut-off run was of another program or size; starting anew")
        return {
            "version": 1, "date": datetime.date.today().isoformat(), "size": self.args.size, "pairs": self.args.pairs,
            "rowmill": {"commit": commit(), "isa": None}, "machine": machine(self.data), "program": key,
            "peers": {peer.name: {"version": peer.version, "missing": peer.missing} for peer in self.peers},
            "profiles": {}, "jobs": {}, "wrong": {}, "skipped": {}, "instructions": {}, "done": [], "runs": [],
        }

    def step(self, name, action, *args):
        """Does a step unless it is done already, and saves the record."""
        if name in self.record["done"]:
            return
        note(f"step {name}")
        self.record["runs"] = [run for run in self.record["runs"] if run["step"] != name]
        self.record["runs"] += action(name, *args) or []
        self.record["done"].append(name)
        self.saved.write_text(json.dumps(self.record))

    # Files.

    def csv(self, profile, n_bytes):
        path = self.data / f"{profile}-{n_bytes // MIB}MiB.csv" if n_bytes >= MIB else self.data / f"{profile}-{n_bytes}.csv"
        if not path.exists():
            note(f"writing {path.name}")
            part = path.with_suffix(".part")
            subprocess.run([self.profiles, profile, f"{n_bytes}", part], check=True)
            part.rename(path)
        else:
            # Into the page cache, all of it.
            subprocess.run(["cat", path], stdout=subprocess.DEVNULL, check=True)
        return path

    def convert(self, path, *options):
        """rowmill's result for `path`, kept beside it."""
        result = path.with_suffix(".jsonl" if not options else ".with" + "".join(options) + ".jsonl")
        stats = self.data / "stats.json"
        subprocess.run([self.rowmill, "-q", *options, "--stats", stats, path, "-o", result], check=True)
        return result, json.loads(stats.read_text())

    def judge(self, path, result, job=None):
        """Stops where rowmill's own result is not what Python's csv gives. Slow, so it is remembered for the same bytes."""
        known = result.with_suffix(".right")
        state = f"{self.args.reference} {path.stat().st_size} {path.stat().st_mtime_ns} {digest(result)}"
        if known.exists() and known.read_text() == state:
            return
        note(f"holding {result.name} against Python's csv")
        if wrong := right.is_reference(path, result, self.args.reference, job):
            sys.exit(f"rowmill is wrong on {path.name}{f' ({job})' if job else ''}: {wrong}")
        known.write_text(state)

    # Runs. Each is a function without arguments, for `rounds`.

    def converts(self, path, threads, *options):
        out = self.launcher.output
        return lambda: self.launcher.run([self.rowmill, "-q", "-j", threads, *options, path, "-o", out])

    def nowhere(self, path, threads, *options):
        return lambda: self.launcher.run([self.rowmill, "-q", "-j", threads, *options, path])

    def command(self, *commands):
        return lambda: self.launcher.run(*commands)

    def peer(self, peer, path, limit=LIMIT, job=None):
        """A run of a peer; its output is left where it is until the next."""
        out = self.launcher.output

        def run():
            command = (peer.jobs[job] if job else peer.command)(self.cache, path, out)
            made = self.launcher.run(command, out=None if peer.writes else out, limit=limit)
            if peer.reports:
                made["process"] = made["wall"]
                made["wall"] = self.launcher.told()
            return made
        return run

    # Steps.

    def do_instructions(self, _):
        if not shutil.which("valgrind"):
            note("valgrind is not installed: no instructions are counted")
            return
        self.record["instructions"] = instructions.measure(self.rowmill, self.profiles)

    def do_startup(self, name):
        path = self.csv("people", 1000)
        group = [("rowmill", self.command([self.rowmill, path])), ("cat", self.command(["cat", path]))]
        return rounds(STARTS, name, [group], lambda _: None)

    def prepare(self, profile):
        path = self.csv(profile, self.args.sizes[profile])
        result, stats = self.convert(path)
        self.judge(path, result)
        self.record["rowmill"]["isa"] = stats["isa"]
        self.record["profiles"][profile] = {
            "bytes": stats["bytes_in"], "result_bytes": stats["bytes_out"], "records": stats["records"],
            "windows": stats["windows"], "windows_redone": stats["windows_redone"],
        }
        os.sync()
        return path, result

    def do_pairs(self, name, profile):
        path, result = self.prepare(profile)
        out, n_bytes = self.launcher.output, result.stat().st_size
        csveee = [self.csveee, path, PROFILES[profile], 2]
        for quotes in ("toggle", "literal"):
            counted = subprocess.run(list(map(str, [*csveee, quotes])), stdout=subprocess.PIPE, text=True).stdout.strip()
            if counted != str(self.record["profiles"][profile]["records"]):
                sys.exit(f"csveee counts {counted} records in {path.name}")
        zeros = ["dd", "if=/dev/zero", f"of={out}", "bs=1M", f"count={n_bytes}", "iflag=count_bytes", "status=none"]
        groups = [
            [("file -j2", self.converts(path, 2)), ("cp", self.command(["cp", result, out]))],
            [("file -j1", self.converts(path, 1)), ("dd", self.command(zeros))],
            [("check -j2", self.nowhere(path, 2, "--check")), ("wc -l", self.command(["wc", "-l", path])),
             ("csveee", self.command([*csveee, "toggle"])), ("csveee literal", self.command([*csveee, "literal"]))],
            [("null -j2", self.nowhere(path, 2)), ("null -j1", self.nowhere(path, 1))],
            [("check -j1", self.nowhere(path, 1, "--check"))],
        ]
        # A first round that doesn't count: memory that was never touched is slow to write to.
        rounds(1, name, groups, lambda _: None)
        return rounds(self.args.pairs, name, groups, note)

    def do_pipes(self, name, profile):
        path, result = self.prepare(profile)
        rowmill = [self.rowmill, "-q", "-j", 2]
        groups = [
            [("from pipe", self.command(["cat", path], rowmill)), ("null -j2", self.nowhere(path, 2))],
            [("to pipe", self.command([*rowmill, path], ["cat"])), ("cat", self.command(["cat", result], ["cat"]))],
        ]
        rounds(1, name, groups, lambda _: None)
        return rounds(self.args.pairs, name, groups, note)

    def do_threads(self, name):
        path = self.csv("people", self.args.sizes["people"])
        return rounds(3, name, [[(f"file -j{n}", self.converts(path, n))] for n in (1, 2, 4, 8)], lambda _: None)

    def do_peers(self, name, profile):
        path, _ = self.prepare(profile)
        sample = self.csv(profile, min(SAMPLE, self.args.sizes[profile]))
        self.judge(sample, self.convert(sample)[0])
        return self.compete(name, profile, path, sample)

    def do_job(self, name):
        """A job that changes values: beside copying its result and plain conversion, and against the peers that can do it."""
        options = table.JOBS[name]
        path = self.csv("people", self.args.sizes["people"])
        result, stats = self.convert(path, *options)
        self.judge(path, result, name)
        self.record["rowmill"]["isa"] = stats["isa"]
        self.record["jobs"][name] = {"options": options, "bytes": stats["bytes_in"], "result_bytes": stats["bytes_out"],
                                     "records": stats["records"]}
        sample = self.csv("people", min(SAMPLE, self.args.sizes["people"]))
        self.judge(sample, self.convert(sample, *options)[0], name)
        os.sync()
        groups = [
            [("file -j2", self.converts(path, 2, *options)), ("plain -j2", self.converts(path, 2)),
             ("cp", self.command(["cp", result, self.launcher.output]))],
            [("file -j1", self.converts(path, 1, *options))],
        ]
        rounds(1, name, groups, lambda _: None)
        return rounds(self.args.pairs, name, groups, note) + self.compete(name, name, path, sample, name)

    do_masked = do_typed = do_inferred = do_job

    def compete(self, name, key, path, sample, job=None):
        """The runs of all peers; `key` says under what the record lists those that are wrong or too slow."""
        skipped, wrong = self.record["skipped"].setdefault(key, {}), self.record["wrong"].setdefault(key, {})
        skipped.clear()
        wrong.clear()
        runs = []
        for peer in self.peers:
            if peer.missing or (job and job not in peer.jobs):
                continue
            try:
                fault = self.sample_fault(peer, key, path, sample, job)
                if fault is None:
                    # The first run does not count, unless it is the only one; its result is judged.
                    first = self.peer(peer, path, job=job)()
                    note(f"{name}: {peer.name} took {first['wall']:.2f} s; holding its result against rowmill's")
                    fault = right.difference(self.launcher.output, self.ours(peer, key, path, job))
                    if fault is None and first["wall"] > SLOW:
                        runs.append({"step": name, "what": peer.name, "round": 0, **first})
                    elif fault is None:
                        runs += rounds(PEER_RUNS, name, [self.group(peer, path, job)], lambda _: None)
            except Failed as failed:
                skipped[peer.name] = str(failed)
                note(f"{name}: {peer.name}: {failed}")
                continue
            if fault:
                wrong[peer.name] = fault
                note(f"{name}: {peer.name} is wrong: {fault}")
        fastest = sorted({run["what"] for run in runs if not run["what"].startswith("file -j")},
                         key=lambda what: report.median(run["wall"] for run in runs if run["what"] == what))[:2]
        groups = [self.group(peer, path, job) for peer in self.peers if peer.name in fastest]
        for run in (more := rounds(self.args.pairs - PEER_RUNS, name, groups, note)):
            run["round"] += PEER_RUNS
        return runs + more

    def group(self, peer, path, job):
        """rowmill beside a peer, so that each of its runs has one of ours that was made in the same minute."""
        beside, options = f" beside {peer.name}", table.JOBS[job] if job else []
        return [("file -j2" + beside, self.converts(path, 2, *options)), ("file -j1" + beside, self.converts(path, 1, *options)),
                (peer.name, self.peer(peer, path, job=job))]

    def ours(self, peer, key, path, job):
        """rowmill's result of the same job."""
        options = table.JOBS[job] if job else peer.rowmill.get(key)
        return self.convert(path, *options)[0] if options else path.with_suffix(".jsonl")

    def sample_fault(self, peer, key, path, sample, job):
        """Why a small sample's result is wrong; fails where it says that the whole will take too long."""
        took = self.peer(peer, sample, job=job)()["wall"]
        fault = right.difference(self.launcher.output, self.ours(peer, key, sample, job))
        expected = took * path.stat().st_size / sample.stat().st_size
        if fault is None and expected > LIMIT:
            raise Failed(f"over {LIMIT} s ({expected:.0f} s by a sample)")
        return fault

    def do_growth(self, name):
        largest = GROWTH[-1] if self.args.full else self.args.sizes["people"]
        sizes = [n for n in GROWTH if n <= largest]
        if len(sizes) < 3:
            sizes = sorted({max(MIB, largest // 16), max(MIB, largest // 4), largest})
        runs, slow = [], {}
        for n_bytes in sizes:
            # The result is about twice the input, and room must be left.
            if shutil.disk_usage(self.data).free < 4 * n_bytes + (4 << 30):
                note(f"{name}: too little room on the disk for {n_bytes // MIB} MiB")
                break
            path = self.csv("people", n_bytes)
            made = self.converts(path, 2)()
            runs.append({"step": name, "what": "rowmill", "bytes": n_bytes, **made})
            for peer in self.peers:
                gone = peer.missing or peer.name in self.record["wrong"].get("people", {})
                if gone or slow.get(peer.name, 0) * n_bytes > GROWTH_LIMIT:
                    continue
                try:
                    made = self.peer(peer, path, GROWTH_LIMIT)()
                except Failed as failed:
                    note(f"{name}: {peer.name} at {n_bytes // MIB} MiB: {failed}")
                    slow[peer.name] = GROWTH_LIMIT
                    continue
                slow[peer.name] = made["wall"] / n_bytes
                runs.append({"step": name, "what": peer.name, "bytes": n_bytes, **made})
            self.launcher.remove()
            if n_bytes not in self.args.sizes.values():
                path.unlink()
            note(f"{name}: {n_bytes // MIB} MiB done")
        return runs

    def all(self):
        for name in STEPS:
            if name not in self.args.steps:
                continue
            action = getattr(self, f"do_{name}")
            if name in ("pairs", "pipes", "peers"):
                for profile in self.args.only:
                    self.step(f"{name}/{profile}", action, profile)
            else:
                self.step(name, action)
        self.launcher.remove()
        return self.record


def build(*command, folder):
    """The executables that a cargo command makes, by name."""
    done = subprocess.run([*map(str, command), "--message-format=json-render-diagnostics"], cwd=folder,
                          stdout=subprocess.PIPE, check=True)
    messages = (json.loads(line) for line in done.stdout.splitlines())
    return {message["target"]["name"]: Path(message["executable"]) for message in messages if message.get("executable")}


def digest(path):
    with open(path, "rb") as file:
        state = hashlib.blake2b(digest_size=16)
        while chunk := file.read(MIB):
            state.update(chunk)
    return state.hexdigest()


def commit():
    git = lambda *args: subprocess.run(["git", *args], cwd=REPO, stdout=subprocess.PIPE, text=True).stdout.strip()  # noqa: E731
    changed = git("status", "--porcelain", "--", "src", "Cargo.toml", "Cargo.lock")
    return git("rev-parse", "--short", "HEAD") + (" and changes" if changed else "")


def machine(folder):
    """What the numbers depend on; not whose machine it is."""
    info = Path("/proc/cpuinfo").read_text()
    find = lambda key: (re.search(rf"^{key}\s*:\s*(.+)$", info, re.MULTILINE) or ["", "unknown"])[1].strip()  # noqa: E731
    kind = subprocess.run(["df", "--output=fstype", folder], stdout=subprocess.PIPE, text=True).stdout.split()[-1]
    return {
        "cpu": find("model name"), "family": find("cpu family"), "model": find("model"), "cores": CORES,
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / (1 << 30)),
        "system": f"{platform.system()} {'.'.join(platform.release().split('.')[:2])}", "file_system": kind,
    }


def main():
    args = arguments()
    if args.redraw:
        report.write(json.loads(args.redraw.read_text()), args.redraw, args.out)
        return
    load = os.getloadavg()[0]
    if load > 0.5:
        note(f"the load is {load:.1f}: others are working here, so expect dropped pairs")
    record = Comparison(args).all()
    cpu = re.sub(r"[^a-z0-9]+", "-", record["machine"]["cpu"].lower()).strip("-")
    path = args.out / "record" / f"{cpu}-{record['date']}.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    report.write(record, path, args.out)


if __name__ == "__main__":
    main()

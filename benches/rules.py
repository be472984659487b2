#!/usr/bin/env python3
"""Measures what rules on columns cost: processor seconds to nowhere with one thread, as a multiple of plain conversion's.

    python3 benches/rules.py                          every job, 256 MiB, each instruction set (about half an hour)
    python3 benches/rules.py --only mask --size 64MiB --isa avx2 --no-instructions
    python3 benches/rules.py --rowmill target/release/rowmill --json out.json
    python3 benches/rules.py --list

Each job runs in turn with plain conversion, pair by pair, the first pair not counting; the table has the median of the pairs' ratios and,
in brackets, the least and the largest. A median over the job's goal is bold. Beside it: instructions per byte of input by callgrind
(AVX2 forced), plain, with the rule, and the multiple; those do not depend on what else runs.

A wrong program gets no time. Of each job, the first 2 MiB must be what `fixtures/oracle.py` says, with each instruction set; and the whole
result must be the same bytes as with portable code in windows of 4 KiB, and hold as many records as the plain result.

Inputs and what the oracle said are kept in `target/rules/`. Advice for maintainers: a new rule is one line in `JOBS`. The seconds
are the kernel's, of the child alone (compare/launch.rs); that others work on the machine moves them less than wall time, and moves both of a pair.
"""

import argparse
import concurrent.futures
import hashlib
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Optional

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE / "compare")]
sys.dont_write_bytecode = True  # The tree stays as it is.

import instructions  # noqa: E402
from measure import CORES, Failed, Launcher  # noqa: E402

ORACLE = HERE.parent / "fixtures" / "oracle.py"
TOOLS = {"profiles": "profiles.rs", "launch": "compare/launch.rs", "hashes": "hashes.rs"}
ISAS = ("avx512", "avx2", "portable")
MIB = 1 << 20
SAMPLE = 2 * MIB
# Callgrind's sizes, in MiB: fewer than instructions.py's, for there are many jobs. The result differs by less than 1 %.
COUNTED = (2, 6)
EMAIL = 4  # The column of people, from 1.
PYTHONS = {"windows-1252": "cp1252", "koi8-r": "koi8_r"}  # Encodings, as Python names them.
SECRET = b"a key of sixteen bytes or more\n"


@dataclass(frozen=True)
class Job:
    """`options` on `profile`, against a plain conversion of `plain`. `{key}` and `{rejects}` stand for files."""

    profile: str
    goal: Optional[float]  # At most, as a multiple of plain; None where there is no goal.
    options: tuple = ()
    plain: str = ""  # Another profile, where plain is not a conversion of the same file.
    hashes: bool = False  # The goal is a multiple of plain and of hashing the addresses alone, together.

    @property
    def name(self):
        against = f" (against {self.plain})" if self.plain else ""
        return instructions.key(self.profile, self.options).replace("'{key}'", "KEY").replace("'{rejects}'", "FILE") + against


def job(profile, goal, *options, **more):
    return Job(profile, goal, options, **more)


JOBS = [
    job("people", 1.20, "--mask", "email"),
    job("people", 1.15, "--mask", "first_name:redact"),
    job("people", 1.15, "--mask", "first_name:last4"),
    job("people", 1.15, "--mask", "email:hash", "--hash-key-file", "{key}", hashes=True),
    job("people", 1.35, "--infer"),
    job("quoted", 1.35, "--infer"),
    job("wide", 1.6, "--infer"),
    job("narrow", 1.6, "--infer"),
    job("people", 1.25, "--type", "id=int,balance=float"),
    job("wide", 1.8, "--type", "*=float"),
    job("narrow", 1.8, "--type", "*=int"),
    *[job(profile, goal, *options)
      for profile in ("people", "wide", "narrow")
      for goal, options in ((1.25, ("--null", "NA")), (1.25, ("--null", "")), (1.25, ("--empty", "null")), (1.35, ("--empty", "omit")))],
    job("people", 1.6, "--mask", "email", "--type", "id=int,balance=float", "--null", "NA",
        "--select", "balance,email,id,country,city,last_name,first_name",
        "--rename", "city=place.city,country=place.country", "--nest"),
    *[job(profile, 1.05, *options)
      for options in (("--strict",), ("--rejects", "{rejects}"), ("--comment", "#"), ("--limit", "1000000000"))
      for profile in ("people", "quoted")],
    job("escaped", 1.3, "--escape", "\\"),
    job("escapes", 2, "--escape", "\\"),
    job("latin1", 1.2, "--encoding", "windows-1252", plain="latin8"),
    job("cyrillic", 2, "--encoding", "koi8-r", plain="cyrillic8"),
    job("invalid", 1.15, plain="people"),
    # For information. Read without --escape, records with `\,` are too long, which makes their plain conversion slower than people's.
    job("escaped", None, "--escape", "\\", plain="people"),
    job("escapes", None, "--escape", "\\", plain="people"),
    job("quoted", None, "--escape", "\\"),
    job("gaps", None, "--null", "NA"),
    job("gaps", None, "--empty", "omit"),
    # Rules that came later; no goal was set for them.
    *[job("people", None, "--type", "birthday=" + text) for text in ("date", "date(%Y-%m-%d)")],
    *[job("people", None, "--type", "balance=" + text) for text in ("float(thousands)", "float(currency)")],
    *[job("people", None, "--mask", "email:" + text, "--hash-key-file", "{key}", hashes=True)
      for text in ("hash:16", "hash(lower)", "email:hash")],
    *[job("people", None, "--mask", text) for text in ("birthday:year", "first_name:prefix:2", "email:domain")],
    job("people", None, "--infer", "--decimal", ","),
    job("people", None, "--null", "city=London"),
]


def note(text):
    print(text, file=sys.stderr, flush=True)


class Rules:
    """The programs, the files and the results."""

    def __init__(self, args):
        self.args, self.folder = args, args.cache
        self.folder.mkdir(parents=True, exist_ok=True)
        # A copy, so that a build in the meantime changes nothing.
        source = args.rowmill or instructions.executables("cargo", "build", "--release", "--bin", "rowmill")["rowmill"]
        self.rowmill = self.folder / "rowmill"
        shutil.copy2(source, self.rowmill)
        self.tools = self.get_tools()
        self.launcher = Launcher(self.tools / "launch", self.folder, sync=False)
        self.places = {"{key}": self.folder / "key", "{rejects}": self.folder / "rejects.csv"}
        self.places["{key}"].write_bytes(SECRET)
        self.hashed = None

    def get_tools(self):
        """The benches' own programs, built when their sources change: rowmill may be in the middle of a change."""
        state = hashlib.blake2b(digest_size=8)
        for source in TOOLS.values():
            state.update((HERE / source).read_bytes())
        folder = self.folder / f"tools-{state.hexdigest()}"
        if not folder.exists():
            made = instructions.executables("cargo", "bench", "--no-run", *[f"--bench={name}" for name in TOOLS])
            part = self.folder / "tools.part"
            shutil.rmtree(part, ignore_errors=True)
            part.mkdir()
            for name in TOOLS:
                shutil.copy2(made[name], part)
                (part / made[name].name).rename(part / name)
            part.rename(folder)
        return folder

    def csv(self, profile, n_bytes):
        """A profile, in the page cache. Its name has the state of its generator."""
        path = self.folder / f"{profile}-{n_bytes / MIB:g}MiB-{self.tools.name[-6:]}.csv"
        if not path.exists():
            part = path.with_suffix(".part")
            subprocess.run([self.tools / "profiles", profile, str(n_bytes), part], check=True)
            part.rename(path)
        else:
            subprocess.run(["cat", path], stdout=subprocess.DEVNULL, check=True)
        return path

    def command(self, job, path, options=()):
        own = [str(self.places.get(option, option)) for option in job.options]
        return [str(self.rowmill), "-q", "-j", "1", *own, *options, str(path)]

    # Right first.

    def oracle(self, job):
        """What the oracle makes of a job's sample, as a file."""
        sample, options = self.csv(job.profile, SAMPLE), list(job.options)
        if "--rejects" in options:
            at = options.index("--rejects")
            del options[at:at + 2]  # No anomalies, no rejects.
        if "--encoding" in options:
            at = options.index("--encoding")
            decoded = sample.with_suffix(".utf-8.csv")
            decoded.write_bytes(sample.read_bytes().decode(PYTHONS[options[at + 1]]).encode())
            sample, options = decoded, options[:at] + options[at + 2:]
        state = hashlib.blake2b(ORACLE.read_bytes() + sample.read_bytes() + SECRET + repr(options).encode(), digest_size=8)
        wanted = self.folder / f"oracle-{state.hexdigest()}.jsonl"
        if not wanted.exists():
            own = [str(self.places.get(option, option)) for option in options]
            part = wanted.with_suffix(".part")
            with open(part, "wb") as file:
                subprocess.run([sys.executable, ORACLE, *own, sample], stdout=file, stderr=subprocess.DEVNULL, check=True)
            part.rename(wanted)
        return wanted

    def output(self, job, isa, path, options=()):
        """The digest of a job's result, and the records that it holds."""
        stats = self.folder / "stats.json"
        stats.unlink(missing_ok=True)
        child = subprocess.Popen(self.command(job, path, ("--stats", stats, *options)), stdout=subprocess.PIPE,
                                 stderr=subprocess.PIPE, env={**os.environ, "ROWMILL_ISA": isa})
        state = hashlib.blake2b(digest_size=16)
        while chunk := child.stdout.read(MIB):
            state.update(chunk)
        error = child.stderr.read().decode(errors="replace").strip()
        if child.wait() != 0:
            raise Failed(f"exit status {child.returncode}: {error[:200]}")
        return state.hexdigest(), json.loads(stats.read_text())["records"]

    def fault(self, job, isas):
        """Why a job's result is wrong, None if it is right."""
        sample = self.csv(job.profile, SAMPLE)
        wanted = self.oracle(job).read_bytes()
        for isa in isas:
            done = subprocess.run(self.command(job, sample), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                  env={**os.environ, "ROWMILL_ISA": isa})
            if done.returncode != 0:
                return f"{isa}: exit status {done.returncode}: {done.stderr.decode(errors='replace').strip()[:200]}"
            if done.stdout != wanted:
                at = next((i for i, (a, b) in enumerate(zip(done.stdout.splitlines(), wanted.splitlines())) if a != b), None)
                where = "in its length" if at is None else f"at record {at + 1}"
                return f"{isa}: the first {SAMPLE // MIB} MiB differ from the oracle {where}"
        whole = self.csv(job.profile, self.args.size)
        slow = self.output(job, "portable", whole, ("--window", "4096"))
        for isa in isas:
            if self.output(job, isa, whole) != slow:
                return f"{isa}: the whole result differs from that of portable code in small windows"
        _, n_records = self.output(Job(job.plain or job.profile, None), isas[0], self.csv(job.plain or job.profile, self.args.size))
        same = job.plain in ("", "latin8", "cyrillic8") or job.profile == "invalid"
        if same and slow[1] != n_records:
            return f"{slow[1]} records, and plain {n_records}"
        return None

    # Seconds.

    def seconds(self, command, isa):
        self.places["{rejects}"].unlink(missing_ok=True)
        made = self.launcher.run(command, env={"ROWMILL_ISA": isa})
        return made["user"] + made["system"], made["disturbed"]

    def hash_seconds(self, path):
        done = subprocess.run([self.tools / "hashes", path, str(EMAIL)], stdout=subprocess.PIPE, check=True, text=True).stdout
        made = json.loads(done)
        if self.hashed not in (None, made["sum"]):
            raise Failed("the hashes alone differ from run to run")
        self.hashed = made["sum"]
        return made["seconds"]

    def pairs(self, job, isa):
        path = self.csv(job.profile, self.args.size)
        plain_path = self.csv(job.plain, self.args.size) if job.plain else path
        rule, plain = self.command(job, path), self.command(Job("", None), plain_path)
        made, disturbed = [], 0
        for number in range(self.args.pairs + 1):
            order = [("rule", rule), ("plain", plain)]
            pair = {}
            for what, command in order if number % 2 else order[::-1]:
                pair[what], was = self.seconds(command, isa)
                disturbed += was
            if job.hashes:
                pair["hashes"] = self.hash_seconds(path)
            pair["ratio"] = pair["rule"] / (pair["plain"] + pair.get("hashes", 0))
            if number > 0:
                made.append(pair)
        ratios = [pair["ratio"] for pair in made]
        return {"median": statistics.median(ratios), "min": min(ratios), "max": max(ratios),
                "plain_seconds": statistics.median(pair["plain"] for pair in made),
                "rule_seconds": statistics.median(pair["rule"] for pair in made),
                "disturbed_runs": disturbed, "pairs": made}

    # Instructions.

    def count(self, profile, options):
        own = [str(self.places.get(option, option)) for option in options]
        row, n_bytes = instructions.count(self.rowmill, self.tools / "profiles", profile, own, COUNTED)
        return row["all"], n_bytes

    def instructions(self, jobs):
        """By job: per byte of plain's input, per byte of the rule's, and the multiple for the same records."""
        wanted = dict.fromkeys([(job.plain or job.profile, ()) for job in jobs] + [(job.profile, job.options) for job in jobs])
        with concurrent.futures.ThreadPoolExecutor(CORES) as pool:
            counts = dict(zip(wanted, pool.map(lambda one: self.count(*one), wanted)))
        made = {}
        for job in jobs:
            plain, plain_bytes = counts[job.plain or job.profile, ()]
            rule, rule_bytes = counts[job.profile, job.options]
            made[job.name] = {"plain": plain, "rule": rule, "multiple": rule * rule_bytes / (plain * plain_bytes)}
        return made

    def has(self, isa):
        done = subprocess.run([self.rowmill, "-q"], input=b"a\n1\n", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                              env={**os.environ, "ROWMILL_ISA": isa})
        return done.returncode == 0

    def all(self, jobs):
        isas = [isa for isa in self.args.isa if self.has(isa)]
        for isa in set(self.args.isa) - set(isas):
            note(f"this processor has no {isa}")
        if not isas:
            sys.exit("no instruction set to measure")
        note("asking the oracle about what it was not asked yet")
        for job in jobs:
            self.csv(job.profile, SAMPLE)
        with concurrent.futures.ThreadPoolExecutor(CORES) as pool:
            list(pool.map(self.oracle, {(job.profile, job.options): job for job in jobs}.values()))
        results = {}
        for job in jobs:
            made = results[job.name] = {"goal": job.goal, "wrong": None, "isa": {}, "instructions": None}
            try:
                made["wrong"] = self.fault(job, isas)
                if not made["wrong"]:
                    for isa in isas:
                        made["isa"][isa] = self.pairs(job, isa)
            except Failed as failed:
                made["wrong"] = str(failed)
            note(line(job.name, made, isas, False))
        if self.args.instructions:
            note("counting instructions")
            right = [job for job in jobs if not results[job.name]["wrong"]]
            for name, made in self.instructions(right).items():
                results[name]["instructions"] = made
        return isas, results


def line(name, made, isas, counted):
    goal = f"{made['goal']:.2f}" if made["goal"] else "–"
    cells = []
    for isa in isas:
        one = made["isa"].get(isa)
        if not one:
            cells.append("wrong")
            continue
        median = f"{one['median']:.2f}"
        if made["goal"] and one["median"] > made["goal"]:
            median = f"**{median}**"
        cells.append(f"{median} ({one['min']:.2f} – {one['max']:.2f})")
    if counted:
        one = made["instructions"]
        cells += [f"{one['plain']:.2f}", f"{one['rule']:.2f}", f"{one['multiple']:.2f}"] if one else ["", "", ""]
    return f"| `{name}` | {goal} | " + " | ".join(cells) + " |" + (f" {made['wrong']}" if made["wrong"] else "")


def markdown(results, isas, counted):
    head = [*isas, *(["plain", "rule", "multiple"] if counted else [])]
    lines = ["| times plain's processor seconds, one thread, to nowhere | at most | " + " | ".join(head) + " |",
             "| --- | ---: |" + " ---: |" * len(head)]
    lines += [line(name, made, isas, counted) for name, made in results.items()]
    goals = [one["median"] <= made["goal"] for made in results.values() if made["goal"] for one in made["isa"].values()]
    wrong = [f"wrong: `{name}`: {made['wrong']}" for name, made in results.items() if made["wrong"]]
    return "\n".join([*lines, "", f"{sum(goals)} of {len(goals)} goals met; {len(wrong)} jobs wrong", *wrong])


def size(text):
    found = re.fullmatch(r"(\d+)\s*([KMG])(i?B)?", text, re.IGNORECASE)
    if not found:
        raise argparse.ArgumentTypeError(f"{text}: not a size such as 64MiB")
    return int(found[1]) << {"K": 10, "M": 20, "G": 30}[found[2].upper()]


def arguments():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--rowmill", type=Path, help="the program [default: the release program, built now]")
    parser.add_argument("--only", action="append", default=[], metavar="TEXT", help="jobs whose name, as --list prints it, has this; may be repeated")
    parser.add_argument("--isa", default=",".join(ISAS), help="instruction sets, separated by commas")
    parser.add_argument("--size", type=size, default="256MiB", help="of each input [default: 256MiB]")
    parser.add_argument("--pairs", type=int, default=9, help="comparisons of which a median is taken [default: 9]")
    parser.add_argument("--no-instructions", dest="instructions", action="store_false", help="count no instructions")
    parser.add_argument("--json", type=Path, metavar="OUT", help="write every figure there")
    parser.add_argument("--cache", type=Path, help="where inputs are kept [default: rules/ in cargo's target directory]")
    parser.add_argument("--list", action="store_true", help="print the jobs and their goals")
    args = parser.parse_args()
    args.isa = args.isa.split(",")
    if unknown := set(args.isa) - set(ISAS):
        parser.error(f"{', '.join(unknown)}: there are {', '.join(ISAS)}")
    jobs = [job for job in JOBS if not args.only or any(text in job.name for text in args.only)]
    if not jobs:
        parser.error("no job has that in its name; see --list")
    if args.instructions and not args.list and not shutil.which("valgrind"):
        parser.error("valgrind is not installed; --no-instructions does without")
    target = Path(os.environ.get("CARGO_TARGET_DIR", HERE.parent / "target"))
    args.cache = (args.cache or target / "rules").resolve()
    return args, jobs


def main():
    args, jobs = arguments()
    if args.list:
        for job in jobs:
            print(f"{job.name}: {f'at most {job.goal:.2f}' if job.goal else 'no goal'}")
        return
    rules = Rules(args)
    isas, results = rules.all(jobs)
    print(markdown(results, isas, args.instructions))
    if args.json:
        program = hashlib.blake2b(rules.rowmill.read_bytes(), digest_size=16).hexdigest()
        args.json.write_text(json.dumps({"version": 1, "program": program, "size": args.size, "jobs": results}, indent=1) + "\n")
    if any(made["wrong"] for made in results.values()):
        sys.exit(1)


if __name__ == "__main__":
    main()

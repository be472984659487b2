#!/usr/bin/env python3
"""Counts the instructions that the release program spends on a byte of input, by valgrind's callgrind: the judge of a change.

What is counted is each profile, and a few rules on columns (`WATCHED`); `rules.py` measures all of those, in seconds too.

    python3 benches/instructions.py            count, and compare with benches/record/instructions.json
    python3 benches/instructions.py --write    the same, and record the counts there

Seconds on a shared machine lie; this is the same number twice, whatever else runs. AVX2 is forced, since callgrind knows no
AVX-512; one thread, output to nowhere. Each profile is converted at two sizes and the differences are divided, which cancels
starting up. It does not see what the system does for the program: faults, copies, writes.

`serial` is an upper bound of what only one thread does at a time, but for the write itself: all that is not inside a kernel (claim,
cut, turn), and of these the share of windows that had to be done again in their turn.
"""

import argparse
import datetime
import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
RECORD = HERE / "record" / "instructions.json"
PROFILES = ("people", "quoted", "wide", "narrow", "longtext")
# The same kinds of text from another hand.
SECOND = tuple(f"{name}2" for name in PROFILES)
# Rules on columns that are counted too: (profile, options). The record has them under what `key` makes of them.
WATCHED = (
    ("people", ("--mask", "email")),
    ("people", ("--mask", "first_name:redact")),
    ("people", ("--infer",)),
    ("wide", ("--infer",)),
    ("people", ("--type", "id=int,balance=float")),
    ("people", ("--null", "NA")),
    ("people", ("--where", "country!=Japan")),
    ("people", ("--type", "birthday=date(%Y-%m-%d)")),
    ("people", ("--type", "balance=float(thousands)")),
    ("narrow", ("--empty", "omit")),
    ("escaped", ("--escape", "\\")),
    ("escapes", ("--escape", "\\")),
    ("latin1", ("--encoding", "windows-1252")),
    ("cyrillic", ("--encoding", "koi8-r")),
    ("invalid", ()),
)
SIZES = (8, 24)  # MiB

# What is looked up in callgrind's inclusive counts: whatever a kernel does is called through this function.
KERNELS = "::kernel::avx2::apart"


def key(profile, options=()):
    """A job as it is typed: `people --mask email`."""
    return shlex.join([profile, *map(str, options)])


def executables(*command):
    """What a cargo command builds, by name."""
    done = subprocess.run([*command, "--message-format=json-render-diagnostics"], cwd=HERE.parent,
                          stdout=subprocess.PIPE, check=True)
    messages = [json.loads(line) for line in done.stdout.splitlines()]
    return {message["target"]["name"]: Path(message["executable"]) for message in messages
            if message.get("reason") == "compiler-artifact" and message.get("executable")}


def build():
    """The release program and the generator of profiles, as built now."""
    # `cargo bench` builds the program too, with unwinding; the one that users get is the first.
    made = executables("cargo", "build", "--release", "--bin", "rowmill")
    return {**executables("cargo", "bench", "--no-run", "--bench", "profiles"), **made}


def run(rowmill, path, folder, options=()):
    """Inclusive counts by part, and the summary of the run."""
    out, stats = folder / "callgrind.out", folder / "stats.json"
    command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}",
               rowmill, "--quiet", "--threads", "1", *options, "--stats", stats, path]
    done = subprocess.run(command, env={**os.environ, "ROWMILL_ISA": "avx2"}, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, text=True, timeout=600)
    if done.returncode != 0:
        sys.exit(f"{key(path.name, options)}: {done.stderr}")
    counted = {"all": int(re.search(r"Collected : (\d+)", done.stderr)[1])}
    table = subprocess.run(["callgrind_annotate", "--inclusive=yes", "--threshold=100", "--auto=no", out],
                           stdout=subprocess.PIPE, text=True, check=True).stdout
    for line in table.splitlines():
        found = re.match(r"\s*([\d,]+) \(.*?%\)\s+\S+?:(.*?)(?: \[.*)?$", line)
        if not found:
            continue
        if found[2].endswith(KERNELS):
            # A function has an entry for each file that code was inlined from; the largest holds the others.
            counted["kernels"] = max(counted.get("kernels", 0), int(found[1].replace(",", "")))
    return counted, json.loads(stats.read_text())


def count(rowmill, profiles, profile, options=(), sizes=SIZES):
    """Of a job: instructions per byte of its input by part with the serial share, and the bytes of input they were counted over."""
    runs = []
    with tempfile.TemporaryDirectory(prefix="rowmill-instructions-") as folder:
        folder = Path(folder)
        path = folder / "input.csv"
        for size in sizes:
            subprocess.run([profiles, profile, f"{size}MiB", path], check=True)
            runs.append(run(rowmill, path, folder, options))
    (small, before), (large, after) = runs
    further = {what: after[what] - before[what] for what in ("bytes_in", "windows", "windows_redone")}
    row = {part: (large[part] - small[part]) / further["bytes_in"] for part in large if part in small}
    if "kernels" in row:
        again = further["windows_redone"] / further["windows"]
        row["serial"] = 1 - row["kernels"] * (1 - again) / row["all"]
    return row, further["bytes_in"]


def measure(rowmill, profiles, jobs=tuple((name, ()) for name in PROFILES)):
    """Instructions per byte of input by job and part, and the serial share."""
    return {key(*job): count(rowmill, profiles, *job)[0] for job in jobs}


def table(counts, before):
    lines = ["| instructions per byte, AVX2 | all | before | serial |", "| --- | ---: | ---: | ---: |"]
    for name, row in counts.items():
        old = before.get(name, {}).get("all")
        change = f"{old:.3f} ({row['all'] / old - 1:+.1%})" if old else "–"
        serial = f"{row['serial']:.1%}" if "serial" in row else "?"
        lines.append(f"| `{name}` | {row['all']:.3f} | {change} | {serial} |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--write", action="store_true", help=f"record the counts in {RECORD.relative_to(HERE.parent)}")
    parser.add_argument("--only", metavar="PROFILES", help="these profiles, separated by commas, and their rules")
    args = parser.parse_args()
    jobs = [*((name, ()) for name in (*PROFILES, *SECOND)), *WATCHED]
    if args.only:
        wanted = args.only.split(",")
        if unknown := set(wanted) - {profile for profile, _ in jobs}:
            parser.error(f"{', '.join(sorted(unknown))}: there are {', '.join(dict.fromkeys(profile for profile, _ in jobs))}")
        jobs = [job for job in jobs if job[0] in wanted]
    made = build()
    counts = measure(made["rowmill"], made["profiles"], jobs)
    before = json.loads(RECORD.read_text())["instructions_per_byte"] if RECORD.exists() else {}
    print(table(counts, before))
    if args.write:
        rustc = subprocess.run(["rustc", "--version"], stdout=subprocess.PIPE, text=True, check=True).stdout.split()[1]
        record = {"date": datetime.date.today().isoformat(), "rustc": rustc, "isa": "avx2", "threads": 1,
                  "sizes_mib": SIZES, "instructions_per_byte": {**before, **counts}}
        RECORD.parent.mkdir(exist_ok=True)
        RECORD.write_text(json.dumps(record, indent=1) + "\n")


if __name__ == "__main__":
    main()

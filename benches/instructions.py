#!/usr/bin/env python3
"""Counts the instructions that the release program spends on a byte of input, by valgrind's callgrind: the judge of a change.

    python3 benches/instructions.py            count, and compare with benches/record/instructions.json
    python3 benches/instructions.py --write    the same, and record the counts there

Seconds on a shared machine lie; this is the same number twice, whatever else runs. AVX2 is forced, since callgrind knows no
AVX-512; one thread, output to nowhere. Each profile is converted at two sizes and the differences are divided, which cancels
starting up. It does not see what the system does for the program: faults, copies, writes.

`serial` is an upper bound of what only one thread does at a time, but for the write itself: all that is not inside the conversion of a
window (claim, cut, turn), and of the conversion the share of windows that had to be done again in their turn.
"""

import argparse
import datetime
import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
RECORD = HERE / "record" / "instructions.json"
PROFILES = ("people", "quoted", "wide", "narrow", "longtext")
SIZES = (8, 24)  # MiB

# What is looked up in callgrind's inclusive counts.
PARTS = {
    "scan": "::scan_on",
    "stitch": "::stitch_on",
    "window": "rowmill::convert::pass::pass",
}


def build():
    """The release program and the generator of profiles, as built now."""
    made = {}
    for command in (["cargo", "build", "--release", "--bin", "rowmill"],
                    ["cargo", "bench", "--no-run", "--bench", "profiles"]):
        done = subprocess.run(command + ["--message-format=json-render-diagnostics"], cwd=HERE.parent,
                              stdout=subprocess.PIPE, check=True)
        for line in done.stdout.splitlines():
            message = json.loads(line)
            if message.get("reason") == "compiler-artifact" and message.get("executable"):
                name = message["target"]["name"]
                # `cargo bench` builds the program too, with unwinding; the one that users get was built first.
                made.setdefault(name, Path(message["executable"]))
    return made


def run(rowmill, path, folder):
    """Inclusive counts by part, and the windows done and done again."""
    out, stats = folder / "callgrind.out", folder / "stats.json"
    command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={out}",
               rowmill, "--quiet", "--threads", "1", "--stats", stats, path]
    done = subprocess.run(command, env={**os.environ, "ROWMILL_ISA": "avx2"}, stdout=subprocess.DEVNULL,
                          stderr=subprocess.PIPE, text=True, timeout=600)
    if done.returncode != 0:
        sys.exit(f"{path.name}: {done.stderr}")
    counted = {"all": int(re.search(r"Collected : (\d+)", done.stderr)[1])}
    table = subprocess.run(["callgrind_annotate", "--inclusive=yes", "--threshold=100", "--auto=no", out],
                           stdout=subprocess.PIPE, text=True, check=True).stdout
    for line in table.splitlines():
        found = re.match(r"\s*([\d,]+) \(.*?%\)\s+\S+?:(.*?)(?: \[.*)?$", line)
        if not found:
            continue
        for part, name in PARTS.items():
            if found[2].endswith(name):
                # A function has an entry for each file that code was inlined from; the largest holds the others.
                counted[part] = max(counted.get(part, 0), int(found[1].replace(",", "")))
    told = json.loads(stats.read_text())
    return counted, told["bytes_in"], told["windows"], told["windows_redone"]


def measure(rowmill, profiles, names=PROFILES):
    """Instructions per byte of input by profile and part, and the serial share."""
    counts = {}
    with tempfile.TemporaryDirectory(prefix="rowmill-instructions-") as folder:
        folder = Path(folder)
        path = folder / "input.csv"
        for name in names:
            runs = []
            for size in SIZES:
                subprocess.run([profiles, name, f"{size}MiB", path], check=True)
                runs.append(run(rowmill, path, folder))
            (small, small_bytes, small_windows, small_redone), (large, large_bytes, windows, redone) = runs
            n_bytes = large_bytes - small_bytes
            row = {part: (large[part] - small[part]) / n_bytes for part in large}
            if "window" in row:
                again = (redone - small_redone) / (windows - small_windows)
                row["serial"] = 1 - row["window"] * (1 - again) / row["all"]
            counts[name] = row
    return counts


def table(counts, before):
    lines = ["| instructions per byte, AVX2 | all | before | scan | stitch | serial |", "| --- | ---: | ---: | ---: | ---: | ---: |"]
    for name, row in counts.items():
        old = before.get(name, {}).get("all")
        change = f"{old:.3f} ({row['all'] / old - 1:+.1%})" if old else "–"
        serial = f"{row['serial']:.1%}" if "serial" in row else "?"
        lines.append(f"| {name} | {row['all']:.3f} | {change} | {row.get('scan', 0):.3f} | {row.get('stitch', 0):.3f} | {serial} |")
    return "\n".join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--write", action="store_true", help=f"record the counts in {RECORD.relative_to(HERE.parent)}")
    parser.add_argument("--only", default=",".join(PROFILES), help="profiles, separated by commas")
    args = parser.parse_args()
    made = build()
    counts = measure(made["rowmill"], made["profiles"], args.only.split(","))
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

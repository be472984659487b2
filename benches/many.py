#!/usr/bin/env python3
"""What many small files take: one run with --output-dir, beside a process for each.

    python3 benches/many.py [--files 10000] [--size 10240] [--runs 5] [--rowmill target/release/rowmill]

Both ways are run in turn. It prints the median of the seconds of each, the spread, and the median of
the pairs' ratios. The processes are started by `xargs`, one after another and as many at once as
there are cores. The results must be the same to the byte.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import tempfile
import time


def make(folder, n, size):
    """Files of about that size, all different."""
    names = []
    for i in range(n):
        rows = [f"{i}-{j},Ann Lee {j},{i * j % 977}.5,2026-11-{j % 28 + 1:02}\n" for j in range(size // 35)]
        names.append(os.path.join(folder, f"file-{i:06}.csv"))
        with open(names[-1], "w") as file:
            file.write("id,name,amount,day\n" + "".join(rows))
    return names


def seconds(command, **how):
    begun = time.monotonic()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **how)
    return time.monotonic() - begun


def main():
    p = argparse.ArgumentParser()
    p.add_argument("--files", type=int, default=10_000)
    p.add_argument("--size", type=int, default=10 << 10)
    p.add_argument("--runs", type=int, default=5)
    p.add_argument("--rowmill", default="target/release/rowmill")
    o = p.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        inputs = os.path.join(folder, "in")
        os.mkdir(inputs)
        names = make(inputs, o.files, o.size)
        listed = "\0".join(names).encode() + b"\0"
        program = os.path.abspath(o.rowmill)
        ways = {
            "one run": lambda to: seconds([program, "-q", "--files-from", "-", "-0", "--output-dir", to], input=listed),
            "a process each": lambda to: each(program, to, 1, names),
            f"a process each, {os.cpu_count()} at once": lambda to: each(program, to, os.cpu_count(), names),
        }
        taken = {way: [] for way in ways}
        for run in range(o.runs):
            for way, act in ways.items():
                to = os.path.join(folder, "out")
                os.mkdir(to)
                taken[way].append(act(to))
                if run == 0:
                    same(to, os.path.join(folder, "first"))
                shutil.rmtree(to)
        ours = taken["one run"]
        for way, times in taken.items():
            ratio = statistics.median(b / a for a, b in zip(ours, times))
            print(f"{way:30} {statistics.median(times):7.3f} s ({min(times):.3f} to {max(times):.3f}), {ratio:5.1f} times")


def each(program, to, at_once, names):
    """A process for each file, `rowmill -q INPUT -o OUTPUT`."""
    parts = []
    for name in names:
        parts += [name, "-o", os.path.join(to, os.path.basename(name)[:-4] + ".jsonl")]
    command = ["xargs", "-0", "-n", "3", "-P", str(at_once), program, "-q"]
    return seconds(command, input="\0".join(parts).encode() + b"\0")


def same(to, first):
    """The results of all ways are those of the first."""
    if not os.path.isdir(first):
        shutil.copytree(to, first)
        return
    subprocess.run(["diff", "-rq", to, first], check=True)


if __name__ == "__main__":
    main()

"""One run of a command: its seconds, its processor time, its peak memory, and whether something else disturbed it.

It knows processes and files, nothing of CSV or of who is compared with whom. The clock is launch.rs; here is what must
happen outside the timed region: the old output is removed, and what others left to be written is written.
"""

import json
import os
import signal
import subprocess
import time
from pathlib import Path

TICK = 1 / os.sysconf("SC_CLK_TCK")
CORES = len(os.sched_getaffinity(0))
PF_KTHREAD = 0x00200000

# A run is disturbed when others took more of all cores' time than this share, and more than can be told from the clock's ticks.
DISTURBED_SHARE = 0.05
DISTURBED_TICKS = 4 * TICK


class Failed(Exception):
    """A command that gave no result, with the reason as a user would say it."""


class Launcher:
    """Runs commands by the launcher at `path`, with their output in `folder`. What writes to nowhere needs no `sync` before it."""

    def __init__(self, path, folder, sync=True):
        self.path, self.folder, self.sync = path, folder, sync
        self.output = folder / "output.jsonl"
        self.errors = folder / "errors.txt"

    def run(self, *commands, out=None, limit=120, env=None):
        """A pipe of `commands`, the last one's stdout into `out`. Returns the measures, the pipe's peak being the largest."""
        self.remove()
        argv = [self.path, "--err", self.errors]
        if out:
            argv += ["--out", out]
        for i, command in enumerate(commands):
            argv += [":::"] * (i > 0) + list(command)
        if self.sync:
            os.sync()
        before = kernel_threads_time(), all_time()
        child = subprocess.Popen([str(arg) for arg in argv], stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True,
                                 env={**os.environ, **(env or {})}, start_new_session=True)
        try:
            told, _ = child.communicate(timeout=limit)
        except subprocess.TimeoutExpired:
            # The launcher was not waited for, so its number can't have gone to another.
            os.killpg(child.pid, signal.SIGKILL)
            child.wait()
            raise Failed(f"over {limit} s") from None
        after = all_time(), kernel_threads_time()
        if child.returncode != 0:
            raise Failed(f"did not start: {self.last_error()}")
        told = json.loads(told)
        children = told["children"]
        if any(one["status"] for one in children):
            statuses = "/".join(str(one["status"]) for one in children)
            raise Failed(f"exit status {statuses}: {self.last_error()}")
        user, system = sum(one["user"] for one in children), sum(one["system"] for one in children)
        # Looking at the kernel's threads takes longer than a short run, so it is done outside.
        others = max(0.0, (after[0] - before[1]) - (after[1] - before[0]) - user - system)
        return {
            "wall": told["wall"], "user": round(user, 4), "system": round(system, 4),
            "peak": max(one["peak"] for one in children), "others": round(others, 3),
            "disturbed": others > max(DISTURBED_SHARE * CORES * told["wall"], DISTURBED_TICKS),
        }

    def last_error(self):
        lines = [line for line in self.errors.read_text(errors="replace").splitlines() if line.strip()]
        return lines[-1][:200] if lines else "nothing said"

    def told(self):
        """The seconds that an engine told of itself (engines.py)."""
        return float(self.last_error())

    def remove(self):
        """Removes the last run's output: a new file costs what a new file costs, every time."""
        self.output.unlink(missing_ok=True)


def all_time():
    """Seconds that all processors have worked so far, or were kept from it by the hypervisor."""
    with open("/proc/stat") as file:
        user, nice, system, _, _, irq, softirq, steal = map(int, file.readline().split()[1:9])
    return (user + nice + system + irq + softirq + steal) * TICK


def kernel_threads_time():
    """Seconds that the kernel's own threads have worked: they write what they were given to write, which belongs to the run."""
    ticks = 0
    for entry in os.scandir("/proc"):
        if entry.name.isdigit():
            try:
                fields = Path(entry.path, "stat").read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            if int(fields[6]) & PF_KTHREAD:
                ticks += int(fields[11]) + int(fields[12])
    return ticks * TICK


def rounds(n, step, groups, note):
    """Runs each group `n` times, the groups in turn, each in alternating order so that being first helps nobody.

    `groups` are lists of (name, function); all of a group's runs of a round make one comparison. A disturbed one is dropped and
    made again, up to `n` / 2 times a group; after that disturbed ones count too, and the record shows it. Returns the records.
    """
    records, spare = [], [max(1, n // 2)] * len(groups)
    for number in range(n):
        for g, group in enumerate(groups):
            while True:
                order = group if number % 2 == 0 else group[::-1]
                made = [{"step": step, "what": what, "round": number, **function()} for what, function in order]
                again = any(run["disturbed"] for run in made) and spare[g] > 0
                for run in made:
                    run["dropped"] = again
                records += made
                if not again:
                    break
                spare[g] -= 1
                time.sleep(1)
        note(f"{step}: {number + 1} of {n}")
    return records

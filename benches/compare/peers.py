"""Who rowmill is compared with: where each peer comes from, and how it is called for the same job.

The plain job: every value a string, `""` kept, records in order, newlines in quotes, one object a line, all cores. The jobs of `JOBS` change
values, and a peer does those that it has a command for. A peer that can be had but does not do a job is listed as wrong (right.py), so a
new one is one entry in `PEERS`. Versions are fixed: settings change their names.
"""

import os
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Callable

from measure import CORES

HERE = Path(__file__).resolve().parent
# Jobs on people that change values, each with rowmill's options: addresses masked, two columns given types, types found out.
JOBS = {
    "masked": ["--mask", "email"],
    "typed": ["--type", "id=int,balance=float"],
    "inferred": ["--infer"],
}
PIPELINE = HERE.parent.parent / "fixtures" / "pipeline" / "pipeline.mjs"


@dataclass
class Peer:
    """`command` takes the input's path and, where the peer opens its output itself, the output's; `jobs` has the like for `JOBS`. A command
    may be a pipe, its programs separated by `:::`. The version is the engine's, not that of what wraps it."""

    name: str
    get: Callable  # Gives the version, or raises Missing.
    command: Callable
    writes: bool = False  # It opens its output itself; otherwise it writes to stdout.
    reports: bool = False  # It reports the seconds of its call alone; they count instead of the process's.
    jobs: dict = field(default_factory=dict)
    rowmill: dict = field(default_factory=dict)  # By profile: the options for the same.
    version: str = ""
    missing: str = ""


class Missing(Exception):
    """A peer that can't be had here, and why."""


def output_of(*command):
    done = subprocess.run([str(part) for part in command], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise Missing((done.stderr.strip().splitlines() or ["failed"])[-1][:200])
    return done.stdout.strip()


def package(name, version, engine=None):
    """From PyPI, into an environment of our own. `engine` is Python that prints the engine's version where the package has another."""
    def get(cache):
        python = cache / "python" / "bin" / "python"
        if not python.exists():
            output_of(sys.executable, "-m", "venv", cache / "python")
        installed = [python, "-c", f"import importlib.metadata as m; print(m.version('{name}'))"]
        try:
            have = output_of(*installed)
        except Missing:
            have = None
        if have != version:
            output_of(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", f"{name}=={version}")
        return output_of(python, "-c", engine) if engine else output_of(*installed)
    return get


def engine(name, job="plain"):
    def command(cache, path, output):
        return [cache / "python" / "bin" / "python", HERE / "engines.py", name, path, output, CORES, job]
    return command


def engine_jobs(name):
    return {job: engine(name, job) for job in JOBS}


def miller(*verb, strings=True):
    return lambda _, path, __: ["mlr", *(["-S"] if strings else []), "--icsv", "--ojsonl", *verb, path]


def xan(*steps):
    """A pipe of its commands; the first is given the file."""
    def command(cache, path, _):
        program = cache / "cargo" / "bin" / "xan"
        first, *further = steps
        return [program, *first, path] + [part for step in further for part in (":::", program, *step)]
    return command


def crate(name, version, program):
    """From crates.io, with its own lock file where it has one."""
    def get(cache):
        if not (cache / "cargo" / "bin" / program).exists():
            install = ["cargo", "install", "--quiet", "--root", cache / "cargo", "--target-dir", cache / "build",
                       "--version", version, name]
            try:
                output_of(*install, "--locked")
            except Missing:
                output_of(*install)
        return version
    return get


def debian(package, program):
    def get(cache):
        if not shutil.which(program):
            if os.geteuid() != 0 or not shutil.which("apt-get"):
                raise Missing(f"{program} is not installed; Debian's package {package} has it")
            output_of("apt-get", "update", "-qq")
            output_of("apt-get", "install", "-y", "-qq", "--no-install-recommends", package)
        return output_of(program, "--version").split()[-1]
    return get


def node(cache):
    if not shutil.which("node"):
        raise Missing("node is not installed")
    return output_of("node", "--version").lstrip("v")


XAN_MASK = r'if(_ eq "", _, replace(_, /^([^@]?)[^@]*/, "$1***"))'

PEERS = [
    Peer("DataFusion", package("datafusion", "55.0.0"), engine("datafusion"), writes=True, reports=True, jobs=engine_jobs("datafusion")),
    Peer("Polars", package("polars", "2.1.0"), engine("polars"), writes=True, reports=True, jobs=engine_jobs("polars")),
    Peer("DuckDB", package("duckdb", "2.0.0"), engine("duckdb"), writes=True, reports=True, jobs=engine_jobs("duckdb")),
    Peer("ClickHouse", package("chdb", "4.4.0", "import chdb; print(str(chdb.query('SELECT version()', 'TSV')).strip())"),
         engine("chdb"), writes=True, reports=True, jobs=engine_jobs("chdb")),
    # Without --strings it turns numbers into floats.
    Peer("xan", crate("xan", "0.61.0", "xan"), xan(["to", "jsonl", "--strings", "*"]), jobs={
        "masked": xan(["transform", "email", XAN_MASK], ["to", "jsonl", "--strings", "*"]),
        "typed": xan(["to", "jsonl", "--strings", "first_name,last_name,email,city,country,birthday"]),
        "inferred": xan(["to", "jsonl"]),
    }),
    # Without -I it turns numbers into numbers and empty values into null. It masks nothing.
    Peer("csv2jsonl", crate("csv2jsonl", "0.3.0", "c2j"),
         lambda cache, path, _: [cache / "cargo" / "bin" / "c2j", "-I", path], jobs={
             "inferred": lambda cache, path, _: [cache / "cargo" / "bin" / "c2j", path],
         }),
    Peer("Miller", debian("miller", "mlr"), miller("cat"), jobs={
        "masked": miller("put", '$email = $email == "" ? "" : sub($email, "^([^@]?)[^@]*", "\\1***")'),
        "typed": miller("put", "$id = int($id); $balance = float($balance)"),
        "inferred": miller("cat", strings=False),
    }),
    Peer("csvkit", debian("csvkit", "csvjson"),
         lambda _, path, __: ["csvjson", "--stream", "--no-inference", "--blanks", "--snifflimit", "0", path], jobs={
             "inferred": lambda _, path, __: ["csvjson", "--stream", "--snifflimit", "0", path],
         }),
    # The program that rowmill replaces. It masks addresses, so rowmill is held against it with the same mask.
    Peer("Node pipeline", node, lambda _, path, __: ["node", PIPELINE, path], rowmill={"people": ["--mask", "email"]},
         jobs={"masked": lambda _, path, __: ["node", PIPELINE, path]}),
]


def get_all(peers, cache, note):
    """Gets the peers; afterwards each has a version or says why it is missing."""
    for peer in peers:
        note(f"getting {peer.name}")
        try:
            peer.version = peer.get(cache)
        except (Missing, OSError) as error:
            peer.missing = str(error)
            note(f"{peer.name} could not be had: {error}")

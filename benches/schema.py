#!/usr/bin/env python3
"""What `rowmill schema` finds and a typed conversion loads, beside what others infer by themselves.

    python3 benches/schema.py [--size 1GiB] [--pairs 5] [--rowmill target/release/rowmill] [--steps inference,traps,loads]

`inference`: the seconds and the peak memory of `rowmill schema` and of the inference alone of DuckDB
and Polars, from their samples and from all rows, on people and wide, two threads. The runs of a
round follow one another; the ratios are of rounds.
`traps`: a file of a million rows with columns that a sample takes for something else. What each
makes of it: the type, and whether the text comes back.
`loads`: people, converted by the types that schema found, into DuckDB, Polars and PostgreSQL (where
its server is installed, and this is root); rows, sums and the least and the greatest day must be
those of the CSV, added by Python's decimal. It ends with status 1 where they are not.

The tables go to stdout. Packages come from the registry, as compare/peers.py has it.
"""

import argparse
import csv
import decimal
import json
import os
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE / "compare")]
sys.dont_write_bytecode = True  # The tree stays as it is.

import instructions  # noqa: E402
import peers  # noqa: E402
from measure import CORES, Failed, Launcher  # noqa: E402

MIB = 1 << 20
ROWS = 1_000_000
LATE = 900_000
VERSIONS = {"duckdb": "2.0.0", "polars": "2.1.0"}
# What is inferred by, and whether from a sample.
OTHERS = [("DuckDB, its sample", "duckdb", "sample"), ("DuckDB, all rows", "duckdb", "all"),
          ("Polars, its sample", "polars", "sample"), ("Polars, all rows", "polars", "all")]


# What runs in the peers' own Python: `schema.py --engine NAME WHAT PATH`.

def scanned(engine, how, path):
    """The relation or frame that an engine makes of a CSV file by itself."""
    if engine == "duckdb":
        import duckdb
        duckdb.sql(f"set threads = {CORES}")
        sample = ", sample_size = -1" if how == "all" else ""
        return duckdb.sql(f"select * from read_csv('{path}'{sample})")
    import polars
    return polars.scan_csv(path, **({"infer_schema_length": None} if how == "all" else {}))


def infer(engine, how, path):
    found = scanned(engine, how, path)
    if engine == "duckdb":
        return dict(zip(found.columns, map(str, found.types)))
    return {name: str(kind) for name, kind in found.collect_schema().items()}


def read_back(engine, how, path):
    """The columns whose texts do not come back, by what is wrong with them; or why all cannot be read."""
    with open(path, newline="") as file:
        rows = csv.reader(file)
        names, texts = next(rows), list(zip(*rows))
    found = scanned(engine, how, path)
    try:
        columns = list(zip(*found.fetchall())) if engine == "duckdb" else [found.collect()[name].to_list() for name in names]
    except Exception as error:
        return {"": re.sub(r"\s+", " ", str(error))[:160]}
    lost = {}
    for name, had, values in zip(names, texts, columns):
        for text, value in zip(had, values):
            if value is None and text not in ("", "n/a") or value is not None and not is_same(text, value):
                lost[name] = f"{text} became {value}"
                break
    return lost


def is_same(text, value):
    """Whether a value says what its text did: numbers as numbers, but codes and digits must be there."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return str(value).split("T")[0].split(" 00:00")[0] == text
    if re.match(r"[+-]?0\d|\+|\dE\d$", text):
        return False
    return decimal.Decimal(text) == decimal.Decimal(repr(value))


def load(engine, path):
    """Rows, the sums of id and balance, the least and the greatest birthday, of JSON Lines."""
    if engine == "duckdb":
        import duckdb
        duckdb.sql(f"set threads = {CORES}")
        columns = "{id: 'bigint', balance: 'decimal(18, 2)', birthday: 'date'}"
        query = f"select count(*), sum(id), sum(balance), min(birthday), max(birthday) from read_json('{path}', columns = {columns})"
        return list(map(str, duckdb.sql(query).fetchall()[0]))
    import polars
    # It has no exact decimals in JSON; two digits behind the point are whole hundredths all the same.
    frame = polars.scan_ndjson(path).select(
        polars.len(), polars.col("id").sum(), (polars.col("balance") * 100).round().cast(polars.Int64).sum(),
        polars.col("birthday").str.to_date("%Y-%m-%d").min().alias("least"),
        polars.col("birthday").str.to_date("%Y-%m-%d").max().alias("greatest")).collect(engine="streaming")
    n, ids, hundredths, least, greatest = frame.row(0)
    return list(map(str, [n, ids, decimal.Decimal(hundredths).scaleb(-2), least, greatest]))


def engine_main(engine, what, path):
    began = time.perf_counter()
    made = load(engine, path) if what == "load" else read_back(engine, what[5:], path) if what.startswith("back-") \
        else infer(engine, what, path)
    print(json.dumps(made))
    print(time.perf_counter() - began, file=sys.stderr)


# What runs in ours.

def note(text):
    print(text, file=sys.stderr, flush=True)


def traps(path):
    """A file of columns that look like something else from their first rows, or to a double."""
    with open(path, "w") as file:
        file.write("zip,long_id,late,flight,amount,day\n")
        for i in range(ROWS):
            late = "n/a" if i == LATE else i % 1000
            zip_code = f"{i % 90000 + 10000}" if i < LATE else f"{i % 100000:05}"
            file.write(f"{zip_code},{12345678901234567890 + i},{late},{i % 9}E{i % 7},{i + 1}{i:09}.{i % 100:02},2024-{i % 12 + 1:02}-{i % 28 + 1:02}\n")


class Types:
    def __init__(self, args, folder):
        self.args, self.folder = args, folder
        self.rowmill = args.rowmill or instructions.build()["rowmill"]
        bench = instructions.executables("cargo", "bench", "--no-run", "--bench", "profiles", "--bench", "launch")
        self.profiles, self.launcher = bench["profiles"], Launcher(bench["launch"], folder, sync=False)
        cache = Path(os.environ.get("CARGO_TARGET_DIR", HERE.parent / "target")) / "compare"
        cache.mkdir(parents=True, exist_ok=True)
        for name, version in VERSIONS.items():
            peers.package(name, version)(cache)
        self.python = cache / "python" / "bin" / "python"

    def profile(self, name):
        path = self.folder / f"{name}.csv"
        if not path.exists():
            subprocess.run([self.profiles, name, self.args.size, path], check=True)
        return path

    def engine(self, engine, what, path):
        """What it printed, and its run; its seconds are those of the call alone."""
        out = self.launcher.output
        made = self.launcher.run([self.python, HERE / "schema.py", "--engine", engine, what, path], out=out, limit=900)
        return json.loads(out.read_text()), {**made, "wall": self.launcher.told()}

    def schema(self, path):
        out = self.launcher.output
        made = self.launcher.run([self.rowmill, "schema", "-q", "-j", CORES, "--format", "json", path], out=out)
        return json.loads(out.read_text()), made

    def inference(self):
        print(f"\n| {self.args.size}, {CORES} threads | s | times schema's | peak MiB |\n| --- | ---: | ---: | ---: |")
        for profile in ("people", "wide"):
            path = self.profile(profile)
            jobs = [("**rowmill schema**", lambda: self.schema(path))]
            jobs += [(name, lambda engine=engine, how=how: self.engine(engine, how, path)) for name, engine, how in OTHERS]
            runs = {name: [] for name, _ in jobs}
            for round in range(self.args.pairs + 1):
                for name, job in jobs:
                    made = job()[1]
                    # The first round does not count.
                    runs[name] += [made] if round else []
            ours = runs[jobs[0][0]]
            for name, made in runs.items():
                ratios = [one["wall"] / own["wall"] for one, own in zip(made, ours)]
                wall = statistics.median(one["wall"] for one in made)
                print(f"| {profile}: {name} | {wall:.3f} | {statistics.median(ratios):.2f} ({min(ratios):.2f} – {max(ratios):.2f}) | "
                      f"{max(one['peak'] for one in made) / MIB:,.0f} |", flush=True)

    def traps(self):
        path = self.folder / "traps.csv"
        traps(path)
        found = {column["name"]: column["type"] for column in self.schema(path)[0]["columns"]}
        print(f"\nA file of {ROWS:,} rows: `zip` has zeros in front from row {LATE:,} on, `late` one `n/a` there.\n")
        print("| | " + " | ".join(f"`{name}`" for name in found) + " |\n| --- |" + " --- |" * len(found))
        print("| **rowmill schema** | " + " | ".join(found.values()) + " |")
        for name, engine, how in OTHERS:
            kinds, _ = self.engine(engine, how, path)
            lost, _ = self.engine(engine, f"back-{how}", path)
            cells = [kind + (f": **{lost[column]}**" if column in lost else "") for column, kind in kinds.items()]
            print(f"| {name} | " + " | ".join(cells) + " |", flush=True)
            if "" in lost:
                print(f"| | **cannot be read**: {lost['']} |" + " |" * (len(found) - 1))

    def loads(self):
        path, types = self.profile("people"), self.folder / "types.json"
        schema, _ = self.schema(path)
        types.write_text(json.dumps(schema))
        note("adding the CSV up")
        expected = added_up(path)
        result = self.folder / "people.jsonl"
        subprocess.run([self.rowmill, "-q", "--types-from", types, path, "-o", result], check=True)
        print(f"\n| people, {self.args.size}, `--types-from` | rows | id | balance | birthday | s |\n| --- | ---: | ---: | ---: | --- | ---: |")
        print(f"| Python's csv and decimal | {' | '.join(expected[:3])} | {' – '.join(expected[3:])} | |", flush=True)
        fault = False
        for name, job in (("DuckDB", lambda: self.engine("duckdb", "load", result)), ("Polars", lambda: self.engine("polars", "load", result)),
                          ("PostgreSQL, `jsonb_to_recordset`", lambda: self.postgres(result))):
            made = job()
            if made is None:
                print(f"| {name} | not here | | | | |")
                continue
            got, run = made
            fault |= got != expected
            wrong = "" if got == expected else " **differs**"
            print(f"| {name} | {' | '.join(got[:3])} | {' – '.join(got[3:])}{wrong} | {run['wall']:.1f} |", flush=True)
        return fault

    def postgres(self, result):
        bins = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
        if not bins or os.geteuid() != 0:
            return None
        bin_folder = bins[-1].parent
        with tempfile.TemporaryDirectory(dir=self.folder) as cluster:
            shutil.chown(cluster, "postgres", "postgres")
            os.chmod(self.folder, 0o755)
            as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
            quiet = {"check": True, "stdout": subprocess.DEVNULL, "cwd": "/"}
            subprocess.run([*as_user, bin_folder / "initdb", "-D", f"{cluster}/data", "-A", "trust", "-U", "postgres"], **quiet)
            options = f"-p 25432 -c listen_addresses= -c fsync=off -c max_wal_size=8GB -k {cluster}"
            control = [*as_user, bin_folder / "pg_ctl", "-D", f"{cluster}/data", "-w", "-l", "/dev/null"]
            subprocess.run([*control, "-o", options, "start"], **quiet)
            try:
                psql = [bin_folder / "psql", "-h", cluster, "-p", "25432", "-U", "postgres", "-qAt", "-v", "ON_ERROR_STOP=1"]
                began = time.perf_counter()
                sql = ("create unlogged table raw (doc jsonb);\n"
                       f"\\copy raw from '{result}' with (format csv, quote e'\\x01', delimiter e'\\x02')\n"
                       "create unlogged table people as select r.* from raw, jsonb_to_recordset(jsonb_build_array(doc)) "
                       "as r(id bigint, balance numeric(18, 2), birthday date);\n"
                       "select count(*), sum(id), sum(balance), min(birthday), max(birthday) from people;\n")
                done = subprocess.run(psql, input=sql, stdout=subprocess.PIPE, text=True, check=True)
                return done.stdout.strip().split("|"), {"wall": time.perf_counter() - began}
            finally:
                subprocess.run([*control, "-m", "immediate", "stop"], **quiet)


def added_up(path):
    n, ids, balance, least, greatest = 0, 0, decimal.Decimal(0), "9", ""
    with open(path, newline="") as file:
        for row in csv.DictReader(file):
            n, ids, balance = n + 1, ids + int(row["id"]), balance + decimal.Decimal(row["balance"])
            least, greatest = min(least, row["birthday"]), max(greatest, row["birthday"])
    return [str(n), str(ids), str(balance), least, greatest]


def main():
    if sys.argv[1:2] == ["--engine"]:
        engine_main(*sys.argv[2:])
        return
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--size", default="1GiB")
    parser.add_argument("--pairs", type=int, default=5)
    parser.add_argument("--rowmill", type=Path)
    parser.add_argument("--steps", default="inference,traps,loads")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="rowmill-types-") as folder:
        types = Types(args, Path(folder))
        try:
            faults = [getattr(types, step)() for step in args.steps.split(",")]
        except Failed as failed:
            sys.exit(str(failed))
    sys.exit(1 if any(faults) else 0)


if __name__ == "__main__":
    main()

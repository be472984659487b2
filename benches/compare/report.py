"""From a record to what a person reads: medians, the goals, Markdown, pictures. It measures nothing.

Every ratio is taken pair by pair, within a round, and then the median: what slows both runs of a pair cancels.
"""

import json
import statistics

import pictures

MIB = 1 << 20
FLOORS = [("dd", "`dd` of as many zero bytes"), ("cp", "`cp` of the result"), ("wc -l", "`wc -l` of the input")]
OURS = [("file -j2", "**rowmill**, 2 threads"), ("file -j1", "**rowmill**, 1 thread"), ("null -j2", "rowmill to /dev/null, 2 threads"),
        ("null -j1", "rowmill to /dev/null, 1 thread"), ("check -j2", "rowmill `--check`, 2 threads")]
JOB_ROWS = [("cp", "`cp` of the result"), ("plain -j2", "rowmill, plain, 2 threads"), ("file -j2", "**rowmill**, 2 threads"),
            ("file -j1", "**rowmill**, 1 thread")]
CSVEEE = [("csveee", "csveee, counting, quotes toggle"), ("csveee literal", "csveee, counting, quotes as ours")]


def median(numbers):
    return statistics.median(numbers)


class Runs:
    """The runs of a record that count."""

    def __init__(self, record):
        self.all = record["runs"]
        self.kept = [run for run in self.all if not run.get("dropped")]

    def of(self, step, what):
        return [run for run in self.kept if run["step"] == step and run["what"] == what]

    def wall(self, step, what):
        runs = self.of(step, what)
        return median(run["wall"] for run in runs) if runs else None

    def ratios(self, step, a, b):
        """Time of `a` by time of `b`, round by round."""
        others = {run["round"]: run["wall"] for run in self.of(step, b)}
        return [run["wall"] / others[run["round"]] for run in self.of(step, a) if run["round"] in others]

    def peak(self, step, what):
        runs = self.of(step, what)
        return max(run["peak"] for run in runs) if runs else None

    def peers(self, step, known):
        """Those of the `known` names that are right, the fastest first."""
        names = {run["what"] for run in self.kept if run["step"] == step and run["what"] in known}
        return sorted(names, key=lambda name: self.wall(step, name))


def goals(record):
    """The goals, each a dict: number, goal, target, measured, spread, met (None: not measured)."""
    runs, rows = Runs(record), []

    def add(number, goal, target, values, at_most, form="{:.2f}"):
        row = {"number": number, "goal": goal, "target": ("≤ " if at_most else "≥ ") + form.format(target), "met": None,
               "measured": "not measured", "missed_by": ""}
        if values:
            value = median(values)
            row["value"] = value
            row["measured"] = form.format(value)
            if len(values) > 1:
                row["measured"] += f" ({form.format(min(values))} – {form.format(max(values))}, {len(values)})"
            row["met"] = value <= target if at_most else value >= target
            if not row["met"]:
                row["missed_by"] = f"{abs(value / target - 1):.0%}"
        rows.append(row)

    for profile in ("people", "quoted", "wide", "narrow", "longtext"):
        number, of_copy, of_peer = (1, 0.8, 6) if profile == "people" else (2, 1.6 if profile in ("narrow", "wide") else 1.3, 5)
        pairs, against = f"pairs/{profile}", f"peers/{profile}"
        add(number, f"{profile}: time by that of `cp` of the result", of_copy, runs.ratios(pairs, "file -j2", "cp"), True)
        peers = runs.peers(against, record["peers"])
        name = peers[0] if peers else None
        faster = runs.ratios(against, name, f"file -j2 beside {name}") if name else []
        add(number, f"{profile}: times as fast as the fastest peer that is right" + (f", {name}" if name else ""), of_peer, faster, False)
        if profile == "people":
            single = [(median(ratios), name, ratios) for name in peers
                      if (ratios := runs.ratios(against, name, f"file -j1 beside {name}"))]
            worst = min(single) if single else None
            add(1, "people, one thread: times as fast as any peer with all cores" + (f" ({worst[1]})" if worst else ""), 3,
                worst[2] if worst else [], False)
    add(3, "people: `--check` by `wc -l`", 1.0, runs.ratios("pairs/people", "check -j2", "wc -l"), True)
    add(3, "quoted: `--check` by `wc -l`", 1.5, runs.ratios("pairs/quoted", "check -j2", "wc -l"), True)
    profiles = [name for name in ("people", "quoted", "wide", "narrow", "longtext") if name in record["profiles"]]
    for profile in profiles:
        add(3, f"{profile}: `--check` by csveee's parse", 1.0, runs.ratios(f"pairs/{profile}", "check -j2", "csveee"), True)
    for profile in profiles:
        add(4, f"{profile}: two threads to /dev/null, times as fast as one", 1.9, runs.ratios(f"pairs/{profile}", "null -j1", "null -j2"), False)
    for profile, counted in record["instructions"].items():
        serial = [counted["serial"]] if "serial" in counted else []
        add(4, f"{profile}: serial share, by instructions", 0.02, serial, True, "{:.1%}")
    peaks = [peak / MIB for profile in profiles if (peak := runs.peak(f"pairs/{profile}", "file -j2"))]
    add(5, "peak, two threads, the largest of all profiles, MiB", 12, [max(peaks)] if peaks else [], True, "{:.1f}")
    two, eight = runs.peak("threads", "file -j2"), runs.peak("threads", "file -j8")
    add(5, "peak, each further thread, MiB", 2, [(eight - two) / 6 / MIB] if two and eight else [], True, "{:.2f}")
    grown = [run for run in runs.kept if run["step"] == "growth" and run["what"] == "rowmill"]
    if grown:
        largest = max(run["bytes"] for run in grown)
        add(5, f"peak over a growing file, to {human(largest)}, MiB", 12, [max(run["peak"] for run in grown) / MIB], True, "{:.1f}")
    add(6, "a 1 KB file: time by that of `cat`", 1.5, runs.ratios("startup", "rowmill", "cat"), True)
    for profile in profiles:
        add(7, f"{profile}: from a pipe, speed by that of the mapped file", 0.6, runs.ratios(f"pipes/{profile}", "null -j2", "from pipe"), False)
    for profile in profiles:
        add(7, f"{profile}: to a pipe, time by that of `cat` of the result", 1.1, runs.ratios(f"pipes/{profile}", "to pipe", "cat"), True)
    return rows


def human(n_bytes):
    return f"{n_bytes >> 30} GiB" if n_bytes >= 1 << 30 else f"{n_bytes / MIB:.0f} MiB"


def seconds(value):
    return f"{value:.3g}" if value < 100 else f"{value:.0f}"


def cell(runs):
    """`wall (CPU; peak MiB)`, medians and the largest peak."""
    if not runs:
        return ""
    cpu = median(run["user"] + run["system"] for run in runs)
    peak = max(run["peak"] for run in runs) / MIB
    return f"{seconds(median(run['wall'] for run in runs))} ({seconds(cpu)}; {peak:,.0f})"


def peer_cell(record, runs, step, key, name):
    """`key` is what the record lists those under that are wrong or too slow: a profile or a job."""
    if record["peers"][name]["missing"]:
        return "not had"
    if name in record["wrong"].get(key, {}):
        return "wrong"
    if name in record["skipped"].get(key, {}):
        return record["skipped"][key][name].split(" (")[0]
    return cell(runs.of(step, name))


def jobs_table(record, runs):
    """The jobs that change values, beside copying their results and plain conversion."""
    jobs = record.get("jobs", {})
    if not jobs:
        return []
    head = [f"{name}: `{' '.join(job['options'])}`" for name, job in jobs.items()]
    lines = [f"| people, {human(next(iter(jobs.values()))['bytes'])}: wall s (CPU s; peak MiB) | " + " | ".join(head) + " |",
             "| --- |" + " --- |" * len(jobs)]
    lines.append("| result, MB | " + " | ".join(f"{job['result_bytes'] / 1e6:,.0f}" for job in jobs.values()) + " |")
    for what, label in JOB_ROWS:
        lines.append(f"| {label} | " + " | ".join(cell(runs.of(name, what)) for name in jobs) + " |")
    first = runs.peers(next(iter(jobs)), record["peers"])
    for name in sorted(record["peers"], key=lambda name: first.index(name) if name in first else 99):
        cells = [peer_cell(record, runs, job, job, name) for job in jobs]
        if any(cells):
            lines.append(f"| {name} {record['peers'][name]['version']} | {' | '.join(one or '–' for one in cells)} |")
    lines += ["", "| people, two threads | by `cp` of the result | by plain conversion | times as fast as the fastest peer that is right |",
              "| --- | ---: | ---: | ---: |"]
    for job in jobs:
        peers = runs.peers(job, record["peers"])
        faster = runs.ratios(job, peers[0], f"file -j2 beside {peers[0]}") if peers else []
        against = f" ({peers[0]})" if peers else ""
        lines.append(f"| {job} | {spread(runs.ratios(job, 'file -j2', 'cp'))} | {spread(runs.ratios(job, 'file -j2', 'plain -j2'))} | "
                     f"{spread(faster)}{against} |")
    return [*lines, ""]


def spread(values):
    """`median (least – largest, number)`."""
    return f"{median(values):.2f} ({min(values):.2f} – {max(values):.2f}, {len(values)})" if values else "not measured"


def markdown(record):
    runs = Runs(record)
    profiles = [name for name in ("people", "quoted", "wide", "narrow", "longtext") if name in record["profiles"]]
    machine = record["machine"]
    lines = [
        f"# rowmill {record['rowmill']['commit']}, {record['date']}", "",
        f"{machine['cpu']} (family {machine['family']}, model {machine['model']}), {machine['cores']} cores, {machine['memory_gib']} GiB, "
        f"{machine['system']}, {machine['file_system']}; {record['rowmill']['isa']}; page cache warm; medians.", "",
    ]
    dropped, kept = sum(bool(run.get("dropped")) for run in runs.all), [run for run in runs.kept if run.get("disturbed")]
    lines += [f"Of {len(runs.all)} runs, {dropped} were dropped with their pair as disturbed and made again; {len(kept)} that count were "
              "disturbed all the same.", ""]

    if profiles:
        head = [f"{name}, {human(record['profiles'][name]['bytes'])}" for name in profiles]
        lines += ["| wall s (CPU s; peak MiB) | " + " | ".join(head) + " |", "| --- |" + " --- |" * len(profiles)]
        lines.append("| result, MB | " + " | ".join(f"{record['profiles'][name]['result_bytes'] / 1e6:,.0f}" for name in profiles) + " |")
        for what, label in FLOORS + OURS + CSVEEE:
            lines.append(f"| {label} | " + " | ".join(cell(runs.of(f"pairs/{name}", what)) for name in profiles) + " |")
        order = {name: i for i, name in enumerate(runs.peers(f"peers/{profiles[0]}", record["peers"]))}
        for name, peer in sorted(record["peers"].items(), key=lambda item: order.get(item[0], 99)):
            cells = [peer_cell(record, runs, f"peers/{profile}", profile, name) for profile in profiles]
            if any(cells):
                lines.append(f"| {name} {peer['version']} | {' | '.join(cells)} |")
        lines.append("")
    lines += jobs_table(record, runs)
    lines += ["A Python package's seconds are those of its call alone, without the interpreter's start and the import; its processor time and "
              "memory are the process's.", ""]

    reasons = [f"- {name} on {profile}: {why}" for profile, found in record["wrong"].items() for name, why in found.items()]
    reasons += [f"- {name} on {profile}: {why}" for profile, found in record["skipped"].items() for name, why in found.items()]
    reasons += [f"- {name} could not be had: {peer['missing']}" for name, peer in record["peers"].items() if peer["missing"]]
    lines += ["Not counted:", "", *reasons, ""] if reasons else []

    lines += ["| | goal | target | measured (range, pairs) | |", "| --- | --- | ---: | ---: | --- |"]
    for row in goals(record):
        verdict = "" if row["met"] is None else "met" if row["met"] else f"**missed by {row['missed_by']}**"
        lines.append(f"| {row['number']} | {row['goal']} | {row['target']} | {row['measured']} | {verdict} |")
    lines.append("")

    threads = [(n, runs.peak("threads", f"file -j{n}")) for n in (1, 2, 4, 8)]
    if all(peak for _, peak in threads):
        lines += ["| threads | " + " | ".join(str(n) for n, _ in threads) + " |", "| --- |" + " ---: |" * 4,
                  "| peak MiB | " + " | ".join(f"{peak / MIB:.1f}" for _, peak in threads) + " |", ""]
    grown = [run for run in runs.kept if run["step"] == "growth"]
    if grown:
        sizes = sorted({run["bytes"] for run in grown})
        peaks = {(run["what"], run["bytes"]): run["peak"] / MIB for run in grown}
        lines += ["| peak MiB, people of | " + " | ".join(human(n) for n in sizes) + " |", "| --- |" + " ---: |" * len(sizes)]
        for what in dict.fromkeys(run["what"] for run in grown):
            lines.append(f"| {what} | " + " | ".join(f"{peaks[what, n]:,.1f}" if (what, n) in peaks else "" for n in sizes) + " |")
        lines.append("")
    if record["instructions"]:
        lines += ["| instructions per byte of input (AVX2, one thread) | " + " | ".join(record["instructions"]) + " |",
                  "| --- |" + " ---: |" * len(record["instructions"])]
        for part in ("all", "scan", "weave"):
            lines.append(f"| {part} | " + " | ".join(f"{row.get(part, 0):.2f}" for row in record["instructions"].values()) + " |")
        lines.append("")
    return "\n".join(lines)


def write(record, path, out):
    """The record itself, one run a line; the tables beside it; the pictures; and the tables to stdout."""
    text = json.dumps({**record, "runs": []}, indent=1, ensure_ascii=False)
    rows = ",\n  ".join(json.dumps(run) for run in record["runs"])
    path.write_text(text.replace('"runs": []', f'"runs": [\n  {rows}\n ]') + "\n")
    text = markdown(record)
    path.with_suffix(".md").write_text(text)
    folder = out / "pictures"
    folder.mkdir(parents=True, exist_ok=True)
    for name, picture in pictures.draw(record, Runs(record)).items():
        (folder / f"{name}.svg").write_text(picture)
    print(text)

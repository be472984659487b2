"""Draws a record as SVG: speed and memory against the peers, and memory over a growing file.

No library: each picture is text, rectangles and lines, with colours by class, so that a style sheet inside the picture suits light
and dark pages; its own background keeps it readable where that is ignored. Advice: look at every picture on both before it is
committed (`rsvg-convert` for light, headless Chromium for dark; see README.md), with all peers and with few.
"""

import math
import re
from dataclasses import dataclass
from xml.sax.saxutils import escape

MIB = 1 << 20
WIDTH = 860
ROW = 20
STYLE = """
text { font: 12px -apple-system, 'Segoe UI', Helvetica, Arial, sans-serif; fill: #1f2328 }
.title { font-size: 16px; font-weight: 600 } .head { font-size: 13px; font-weight: 600 } .ours { font-weight: 600 }
.halo { paint-order: stroke; stroke: #ffffff; stroke-width: 5 }
.quiet { fill: #59636e } .end { text-anchor: end } .middle { text-anchor: middle }
.page { fill: #ffffff; stroke: #d1d9e0 } .bar { fill: #9aa7b5 } .bar.ours { fill: #c2410c } .bar.one { fill: #e58a5b }
.bar.floor { fill: none; stroke: #59636e; stroke-dasharray: 3 2 } .grid { stroke: #e2e8ee }
.line { fill: none; stroke-width: 2 } .line.ours { stroke: #c2410c; stroke-width: 3.5 } .dot.ours { fill: #c2410c }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .quiet { fill: #9198a1 } .page { fill: #0d1117; stroke: #3d444d } .bar { fill: #56657a }
  .bar.ours, .dot.ours { fill: #fb8b3c } .bar.one { fill: #a85f2d } .grid { stroke: #262c36 } .bar.floor { stroke: #9198a1 }
  .line.ours { stroke: #fb8b3c } .halo { stroke: #0d1117 }
}
"""
# For lines: distinct on white and on near-black.
COLOURS = ["#3b82c4", "#2f9e6e", "#b565a7", "#c99a06", "#7a72d4", "#8a8f98", "#d0604c", "#2ba3b0"]


class Picture:
    def __init__(self, height, title, subtitle):
        self.height, self.parts = height, []
        self.text(20, 30, title, "title")
        self.text(20, 49, subtitle, "quiet")
        self.title = title

    def text(self, x, y, text, kind=""):
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}"' + (f' class="{kind}"' if kind else "") + f">{escape(text)}</text>")

    def bar(self, x, y, width, height, kind):
        self.parts.append(f'<rect class="bar {kind}" x="{x:.1f}" y="{y:.1f}" width="{max(width, 1):.1f}" height="{height:.1f}" rx="2"/>')

    def line(self, x1, y1, x2, y2, kind):
        self.parts.append(f'<line class="{kind}" x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"/>')

    def path(self, points, kind, colour):
        at = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        paint = f' stroke="{colour}"' if colour else ""
        fill = f' fill="{colour}"' if colour else ""
        self.parts.append(f'<polyline class="line {kind}"{paint} points="{at}"/>')
        self.parts += [f'<circle class="dot {kind}"{fill} cx="{x:.1f}" cy="{y:.1f}" r="{4 if kind else 3}"/>' for x, y in points]

    def __str__(self):
        size = f'width="{WIDTH}" height="{self.height:.0f}" viewBox="0 0 {WIDTH} {self.height:.0f}"'
        page = f'<rect class="page" x="0.5" y="0.5" width="{WIDTH - 1}" height="{self.height - 1:.0f}" rx="8"/>'
        return "\n".join([f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img">', f"<title>{escape(self.title)}</title>",
                          f"<style>{STYLE}</style>", page, *self.parts, "</svg>", ""])


def draw(record, runs):
    """The pictures by name; only those that the record has the runs for."""
    made = {"speed": speed(record, runs), "jobs": jobs(record, runs), "memory": memory(record, runs), "growth": growth(record, runs)}
    return {name: str(picture) for name, picture in made.items() if picture}


def machine(record):
    about = record["machine"]
    return f"{about['cpu']}, {about['cores']} cores, {about['system']}, {about['file_system']}, page cache warm; {record['date']}"


def size(n_bytes):
    return f"{n_bytes >> 30} GiB" if n_bytes >= 1 << 30 else f"{n_bytes / MIB:.0f} MiB"


def number(value):
    """Two or three figures, no exponent."""
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}" if value >= 0.1 else f"{value:.2g}"


def label(record, name):
    version = record["peers"][name]["version"]
    return f"{name} {'.'.join(version.split('.')[:2])}" if version else name


@dataclass
class Panel:
    """A profile or a job: `rows` are (label, kind, seconds), the fastest peer first; `without` are those that have none, with the reason."""

    title: str
    n_bytes: int
    rows: list
    without: list

    @classmethod
    def of(cls, record, runs, title, n_bytes, own, against, key):
        """`own` is the step of our runs, `against` that of the peers', `key` what the record lists the others under."""
        rows = [("cp of the result", "floor", runs.wall(own, "cp")),
                ("rowmill, 2 threads", "ours", runs.wall(own, "file -j2")), ("rowmill, 1 thread", "one", runs.wall(own, "file -j1"))]
        rows += [(label(record, name), "", runs.wall(against, name)) for name in runs.peers(against, record["peers"])]
        without = [(label(record, name), re.split(r" \(|:", why)[0]) for name, why in record["skipped"].get(key, {}).items()]
        without += [(label(record, name), "wrong") for name in record["wrong"].get(key, {})]
        return cls(f"{title}, {size(n_bytes)}", n_bytes, [row for row in rows if row[2]], without)

    def speeds(self):
        """GB of input a second."""
        return [self.n_bytes / took / 1e9 for _, _, took in self.rows]

    def height(self):
        """Its heading, its rows, and the numbers of its axis."""
        return 12 + ROW * (len(self.rows) + len(self.without)) + 20

    def draw(self, picture, x, y, step, most):
        """The numbers are in a column of their own, beside the axis that ends at `most`: no line crosses them."""
        left, right = x + LABELS, x + PANEL - NUMBERS
        place = lambda fast: left + (right - left) * fast / most  # noqa: E731
        picture.text(x, y, self.title, "head")
        top, bottom = y + 10, y + 12 + ROW * (len(self.rows) + len(self.without))
        for i in range(round(most / step) + 1):
            picture.line(place(i * step), top, place(i * step), bottom, "grid")
            picture.text(place(i * step), bottom + 14, f"{i * step:g}", "quiet middle")
        picture.text(x + PANEL, bottom + 14, "GB/s", "quiet end")
        for i, ((name, kind, _), fast) in enumerate(zip(self.rows, self.speeds())):
            middle = y + 12 + i * ROW + ROW / 2
            ours = kind in ("ours", "one")
            picture.text(left - 8, middle + 4, name, "end" + (" ours" if ours else " quiet" if kind else ""))
            picture.bar(left, middle - 7, place(fast) - left, 14, kind)
            picture.text(x + PANEL, middle + 4, f"{number(fast)} GB/s", "end " + ("ours" if kind == "ours" else "quiet"))
        for i, (name, why) in enumerate(self.without, len(self.rows)):
            middle = y + 12 + i * ROW + ROW / 2
            picture.text(left - 8, middle + 4, name, "end quiet")
            picture.text(x + PANEL, middle + 4, why, "end quiet")


# Of a panel, in pixels: all of it, what is left of the axis, what is right of it.
PANEL, LABELS, NUMBERS = 402, 134, 84


def jobs(record, runs):
    """What users run: people with its addresses masked, with types, and with types inferred."""
    titles = {"masked": "e-mail addresses masked", "typed": "two of eight columns typed", "inferred": "types inferred"}
    panels = [Panel.of(record, runs, f"people, {title}", record["jobs"][job]["bytes"], job, job, job)
              for job, title in titles.items() if job in record.get("jobs", {})]
    return in_panels(panels, record)


def speed(record, runs):
    """Each profile as it is."""
    panels = [Panel.of(record, runs, name, about["bytes"], f"pairs/{name}", f"peers/{name}", name)
              for name, about in record["profiles"].items() if runs.wall(f"pairs/{name}", "file -j2")]
    return in_panels(panels, record)


def in_panels(panels, record):
    """A picture of `panels`, all on one scale; None if there is none."""
    if not panels:
        return None
    fastest = max(fast for panel in panels for fast in panel.speeds())
    step = next(step for power in range(-3, 4) for step in (10.0 ** power, 2 * 10.0 ** power, 5 * 10.0 ** power) if fastest / step <= 4)
    most = step * math.ceil(fastest / step)
    rows = [panels[i:i + 2] for i in range(0, len(panels), 2)]
    heights = [max(panel.height() for panel in row) for row in rows]
    picture = Picture(84 + sum(heights) + 28 * (len(rows) - 1) + 16, "Speed, file to file: GB of CSV a second (longer is faster)", machine(record))
    y = 84
    for row, height in zip(rows, heights):
        for k, panel in enumerate(row):
            panel.draw(picture, 20 + k * (WIDTH - 40 - PANEL), y, step, most)
        y += height + 28
    return picture


def memory(record, runs):
    if "people" not in record["profiles"]:
        return None
    ours = [(f"rowmill, {n} thread{'s' if n > 1 else ''}", kind, runs.peak("pairs/people", f"file -j{n}")) for n, kind in ((2, "ours"), (1, "one"))]
    rows = [row for row in ours if row[2]]
    rows += sorted(((label(record, name), "", runs.peak("peers/people", name)) for name in runs.peers("peers/people", record["peers"])), key=lambda row: row[2])
    if not rows:
        return None
    title = f"Peak memory for a file of {size(record['profiles']['people']['bytes'])} (people; logarithmic scale)"
    picture = Picture(96 + ROW * len(rows) + 14, title, machine(record))
    left, room, top = 152, WIDTH - 152 - 110, 72
    most = 10 ** math.ceil(math.log10(max(row[2] for row in rows) / MIB))
    place = lambda mib: left + room * math.log10(max(mib, 1)) / math.log10(most)  # noqa: E731
    for power in range(int(math.log10(most)) + 1):
        at = place(10 ** power)
        picture.line(at, top, at, top + ROW * len(rows) + 4, "grid")
        picture.text(at, top + ROW * len(rows) + 20, f"{10 ** power:,} MiB", "quiet middle")
    for i, (name, kind, peak) in enumerate(rows):
        middle = top + i * ROW + ROW / 2
        picture.text(left - 8, middle + 4, name, "end" + (" ours" if kind else ""))
        picture.bar(left, middle - 7, place(peak / MIB) - left, 14, kind)
        picture.text(place(peak / MIB) + 6, middle + 4, f"{number(peak / MIB)} MiB", "halo " + ("ours" if kind == "ours" else "quiet"))
    return picture


def growth(record, runs):
    series = {}
    for run in runs.kept:
        if run["step"] == "growth":
            series.setdefault(run["what"], []).append((run["bytes"], run["peak"] / MIB))
    series = {name: sorted(points) for name, points in series.items() if len(points) > 1}
    if "rowmill" not in series:
        return None
    sizes = sorted({n for points in series.values() for n, _ in points})
    picture = Picture(470, "Peak memory over a growing file (people; both scales logarithmic)", machine(record))
    left, right, top, bottom = 84, WIDTH - 156, 76, 424
    most = 10 ** math.ceil(math.log10(max(mib for points in series.values() for _, mib in points)))
    span = math.log(sizes[-1] / sizes[0])
    across = lambda n: left + (right - left) * math.log(n / sizes[0]) / span  # noqa: E731
    up = lambda mib: bottom - (bottom - top) * math.log10(max(mib, 1)) / math.log10(most)  # noqa: E731
    for power in range(int(math.log10(most)) + 1):
        picture.line(left, up(10 ** power), right, up(10 ** power), "grid")
        picture.text(left - 8, up(10 ** power) + 4, f"{10 ** power:,} MiB", "quiet end")
    for n in sizes:
        picture.line(across(n), top, across(n), bottom, "grid")
        picture.text(across(n), bottom + 20, size(n), "quiet middle")
    # Each line is named where it ends; names that would overlap are moved apart, from the top down and then up again.
    names = sorted(series, key=lambda name: -series[name][-1][1])
    places = [up(series[name][-1][1]) for name in names]
    for i in range(1, len(places)):
        places[i] = max(places[i], places[i - 1] + 15)
    for i in range(len(places) - 1, -1, -1):
        places[i] = min(places[i], bottom + 4 if i == len(places) - 1 else places[i + 1] - 15)
    for i, (name, place) in enumerate(zip(names, places)):
        ours = name == "rowmill"
        colour = None if ours else COLOURS[i % len(COLOURS)]
        points = [(across(n), up(mib)) for n, mib in series[name]]
        picture.path(points, "ours" if ours else "", colour)
        kind = ' class="grid"' if ours else ""
        stroke = f' style="stroke: {colour}"' if colour else ""
        picture.parts.append(f'<line{kind}{stroke} x1="{points[-1][0] + 5:.1f}" y1="{points[-1][1]:.1f}" x2="{right + 14}" y2="{place:.1f}"/>'
                             if points[-1][0] >= right else "")
        label = f"{'rowmill, 2 threads' if ours else name}, {number(series[name][-1][1])}"
        if points[-1][0] < right:
            # It was too slow for the larger files.
            picture.text(points[-1][0] + 8, points[-1][1] + 4, label, "quiet")
        else:
            picture.text(right + 18, place + 4, label, "ours" if ours else "")
    return picture

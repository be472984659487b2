"""Draws a record as SVG: speed and memory against the peers, and memory over a growing file.

No library: each picture is text, rectangles and lines, with colours by class, so that a style sheet inside the picture suits light
and dark pages; its own background keeps it readable where that is ignored. Advice: look at every picture on both before it is
committed (`rsvg-convert` for light, headless Chromium for dark; see README.md), with all peers and with few.
"""

import math
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
.grid { stroke: #e2e8ee } .floor { stroke: #1f2328; stroke-width: 1.5; stroke-dasharray: 4 3 }
.line { fill: none; stroke-width: 2 } .line.ours { stroke: #c2410c; stroke-width: 3.5 } .dot.ours { fill: #c2410c }
@media (prefers-color-scheme: dark) {
  text { fill: #e6edf3 } .quiet { fill: #9198a1 } .page { fill: #0d1117; stroke: #3d444d } .bar { fill: #56657a }
  .bar.ours, .dot.ours { fill: #fb8b3c } .bar.one { fill: #a85f2d } .grid { stroke: #262c36 } .floor { stroke: #e6edf3 }
  .line.ours { stroke: #fb8b3c } .halo { stroke: #0d1117 }
}
"""
# For lines: told apart on white and on near-black.
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
    made = {"speed": speed(record, runs), "memory": memory(record, runs), "growth": growth(record, runs)}
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


def contestants(record, runs, profile):
    """(label, kind, seconds) in the order of the panel, and below them those that have none, with the reason."""
    pairs = f"pairs/{profile}"
    rows = [("rowmill, 2 threads", "ours", runs.wall(pairs, "file -j2")), ("rowmill, 1 thread", "one", runs.wall(pairs, "file -j1"))]
    rows += [(label(record, name), "", runs.wall(f"peers/{profile}", name)) for name in runs.peers(profile)]
    without = [(label(record, name), why.split(" (")[0]) for name, why in record["skipped"].get(profile, {}).items()]
    without += [(label(record, name), "wrong") for name in record["wrong"].get(profile, {})]
    return [row for row in rows if row[2]], without


def panel(picture, record, runs, profile, x, y, width, label_width, value_width):
    n_bytes = record["profiles"][profile]["bytes"]
    rows, without = contestants(record, runs, profile)
    copy = runs.wall(f"pairs/{profile}", "cp")
    speeds = [n_bytes / took / 1e9 for _, _, took in rows]
    floor = n_bytes / copy / 1e9 if copy else 0
    left, room = x + label_width, width - label_width - value_width
    scale = room / max([*speeds, floor])
    picture.text(x, y, f"{profile}, {size(n_bytes)}", "head")
    top = y + 12
    for i, ((name, kind, took), fast) in enumerate(zip(rows, speeds)):
        middle = top + i * ROW + ROW / 2
        picture.text(left - 8, middle + 4, name, "end" + (" ours" if kind else ""))
        picture.bar(left, middle - 7, fast * scale, 14, kind)
    for i, (name, why) in enumerate(without, len(rows)):
        middle = top + i * ROW + ROW / 2
        picture.text(left - 8, middle + 4, name, "end quiet")
        picture.text(left + 4, middle + 4, why, "quiet")
    if floor:
        at = left + floor * scale
        picture.line(at, top - 2, at, top + len(rows) * ROW, "floor")
        picture.text(at, top - 6, "cp of the result", "quiet middle")
    # Over the dashed line, which their halo interrupts.
    for i, ((_, kind, took), fast) in enumerate(zip(rows, speeds)):
        told = f"{number(fast)} GB/s, {number(took)} s"
        picture.text(left + fast * scale + 6, top + i * ROW + ROW / 2 + 4, told, "halo " + ("ours" if kind == "ours" else "quiet"))
    return 12 + ROW * (len(rows) + len(without))


def speed(record, runs):
    profiles = [name for name in record["profiles"] if runs.wall(f"pairs/{name}", "file -j2")]
    if not profiles:
        return None
    heights = {name: 52 + ROW * sum(map(len, contestants(record, runs, name))) for name in profiles}
    first, rest = profiles[0], profiles[1:]
    total = 92 + heights[first] + sum(max(heights[name] for name in rest[i:i + 2]) for i in range(0, len(rest), 2))
    picture = Picture(total - 18, "Speed, file to file: GB of CSV a second (longer is faster)", machine(record))
    y = 92
    panel(picture, record, runs, first, 20, y, WIDTH - 40, 132, 130)
    y += heights[first]
    for i in range(0, len(rest), 2):
        for k, name in enumerate(rest[i:i + 2]):
            panel(picture, record, runs, name, 20 + k * 416, y, 404, 132, 124)
        y += max(heights[name] for name in rest[i:i + 2])
    return picture


def memory(record, runs):
    if "people" not in record["profiles"]:
        return None
    ours = [(f"rowmill, {n} thread{'s' if n > 1 else ''}", kind, runs.peak("pairs/people", f"file -j{n}")) for n, kind in ((2, "ours"), (1, "one"))]
    rows = [row for row in ours if row[2]]
    rows += sorted(((label(record, name), "", runs.peak("peers/people", name)) for name in runs.peers("people")), key=lambda row: row[2])
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
        told = f"{'rowmill, 2 threads' if ours else name}, {number(series[name][-1][1])}"
        if points[-1][0] < right:
            # It was too slow for the larger files.
            picture.text(points[-1][0] + 8, points[-1][1] + 4, told, "quiet")
        else:
            picture.text(right + 18, place + 4, told, "ours" if ours else "")
    return picture

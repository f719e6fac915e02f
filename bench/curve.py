# SPDX-License-Identifier: Apache-2.0
"""A curve: what servers take as one thing grows, as tables, plots and a sentence.

    curve = Curve("flight", "Requests in flight", "how it was measured", "in flight", [CPU])
    curve.add("Redis", 16, {"server_cpu_us": 0.95})
    curve.tell(folder)

A figure of a point is the median of what was added.  The sentence that reads a curve
is made of the same medians, so that it can't say anything else.
"""
import statistics
import sys
from dataclasses import dataclass, field
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent / "tests/figures"))
from figure import plot, table  # noqa: E402

from side import is_told  # noqa: E402


@dataclass
class Figure:
    """One of what a curve shows: where it is in what is added, and what it is called."""

    key: str
    name: str
    unit: str
    is_scaled: bool = True  # over orders of magnitude, on a logarithmic axis
    beside: str = ""        # the key of the figure in whose plot this one is, dashed


CPU = Figure("server_cpu_us", "Server CPU", "µs a request")
P50 = Figure("p50_us", "Half of the answers within", "µs")
P99 = Figure("p99_us", "99 of 100 answers within", "µs", beside="p50_us")

# Each server has its colour in every plot; dark enough on white, which is the ground of
# the plots whatever the viewer's is.
COLOURS = {"quoted": "#1b6ca8", "Redis": "#d1495b", "echo": "#8d8d8d", "memcached": "#5f8f3e",
           "nginx proxy_cache": "#b8860b", "nginx return": "#7b4fa3",
           "ThreadedServer": "#8c564b"}
OTHER_COLOURS = ["#1b6ca8", "#17a2a2", "#444444"]

PLOT = """
set xlabel "{x}"
set ylabel "{y}"
set logscale x
set xtics ({tics})
set xrange [{least}:{most}]
set format y "%g"
{scale}
set key outside right top
plot {lines}
"""


def number(value):
    """Three digits that count, or all before the point."""
    if abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) >= 0.001 else "0"


@dataclass
class Curve:
    """Its name is that of its plots' files; `axis` is what grows; `ours` are the servers
    of which the sentence tells."""

    name: str
    title: str
    about: str
    axis: str
    figures: list
    ours: tuple = ("quoted",)
    points: dict = field(default_factory=dict)  # {server: {x: [what was added]}}

    def add(self, server, x, said):
        """One more round of a point."""
        self.points.setdefault(server, {}).setdefault(x, []).append(said)

    def at(self, server, x, key):
        """The median of a point; None where there is none."""
        rounds = self.points.get(server, {}).get(x, [])
        return statistics.median(one[key] for one in rounds) if rounds else None

    def spread(self, figure):
        """By how much the rounds of a point differ, as a part of its median: the median
        over all points; None where there is one round."""
        parts = []
        for rounds in (one for server in self.points.values() for one in server.values()):
            values = [one[figure.key] for one in rounds]
            if len(values) > 1 and statistics.median(values) > 0:
                parts.append((max(values) - min(values)) / statistics.median(values))
        return statistics.median(parts) if parts else None

    def xs(self):
        """All that grew, in order."""
        return sorted({x for server in self.points.values() for x in server})

    # --- What is written ---

    def tell(self, folder):
        """The curve's part of the page; its plots go into folder/plots."""
        parts = [f"## {self.title}\n\n{self.about}\n"]
        for figure in self.figures:
            parts.append(f"**{figure.name}, {figure.unit}.** {self.sentence(figure)}\n")
            if not figure.beside:
                path = self.draw(folder, figure)
                parts.append(f"![{figure.name}, {figure.unit}, by {self.axis}]({path})\n")
            parts.append(self.table(figure))
        return "\n".join(parts)

    def table(self, figure):
        """A row for each x."""
        rows = [[f"{x:,}", *("" if value is None else number(value) for value in
                             (self.at(server, x, figure.key) for server in self.points))]
                for x in self.xs()]
        return table([self.axis, *self.points], rows)

    def sentence(self, figure):
        """What the medians say of ours at both ends, and beside the others at the last."""
        said = [self.sentence_of(server, figure) for server in self.ours if server in self.points]
        spread = self.spread(figure)
        if spread is not None:
            said.append(f"From the lowest to the highest round of a point it is {spread:.0%}, "
                        "in the median of all points.")
        return " ".join(said)

    def sentence_of(self, server, figure):
        """The same of one server."""
        first, last = min(self.points[server]), max(self.points[server])
        begin, end = (self.at(server, x, figure.key) for x in (first, last))
        text = f"{server}: {number(begin)} at {first:,}, {number(end)} at {last:,}"
        beside = {other: self.at(other, last, figure.key)
                  for other in self.points if other not in self.ours}
        told = [other for other in beside if self.is_told(server, other, last, figure.key)]
        ratios = [f"{number(end / beside[other])} times {other}" for other in told]
        text += f"; there it is {', '.join(ratios)}" if ratios else ""
        blurred = [other for other, value in beside.items() if value and other not in told]
        text += f"; its rounds differ too much for a ratio to {', '.join(blurred)}" \
            if blurred else ""
        return f"{text}."

    def is_told(self, server, other, x, key):
        """Whether there is a ratio at a point: both are there, and the rounds differ by
        less than the servers."""
        rounds = zip(self.points[server].get(x, []), self.points[other].get(x, []))
        ratios = [one[key] / beside[key] for one, beside in rounds if beside[key]]
        return ratios != [] and is_told(ratios)

    # --- What is drawn ---

    def colour(self, server):
        """As elsewhere, or one of those that are left."""
        others = [one for one in self.points if one not in COLOURS]
        return COLOURS.get(server) or OTHER_COLOURS[others.index(server) % len(OTHER_COLOURS)]

    def draw(self, folder, figure):
        """Draw a figure, and those beside it; returns the plot's path in the folder."""
        path = f"plots/{self.name}-{figure.key.removesuffix('_us').replace('_', '-')}.svg"
        shown = [figure, *(one for one in self.figures if one.beside == figure.key)]
        lines = []
        blocks = {}
        for i, server in enumerate(self.points):
            for j, one in enumerate(shown):
                block = f"rows{i}x{j}"
                blocks[block] = [(x, self.at(server, x, one.key))
                                 for x in sorted(self.points[server])]
                part = one.key.removesuffix("_us").split("_")[-1]  # p50, p99
                title = f"{server}, {part}" if len(shown) > 1 else server
                lines.append(f'${block} using 1:2 with linespoints lw 2 pt 7 ps 0.6 dt {j + 1} '
                             f'lc rgb "{self.colour(server)}" title "{escape(title)}"')
        (folder / "plots").mkdir(parents=True, exist_ok=True)
        plot(folder / path, PLOT.format(
            x=self.axis, y=f"{'Time of an answer' if len(shown) > 1 else figure.name}, "
            f"{figure.unit}", tics=", ".join(f'"{x:,}" {x}' for x in self.xs()),
            least=0.8 * self.xs()[0], most=1.25 * self.xs()[-1],
            scale="set logscale y" if figure.is_scaled else "set yrange [0:*]",
            lines=", ".join(lines)), **blocks)
        return path


def escape(text):
    """A text of gnuplot's, in which an underscore makes an index."""
    return text.replace("_", "\\\\_")

# SPDX-License-Identifier: Apache-2.0
"""What was found: as lines for people, as JSON, and as the table of targets.

A section has blocks, each of which is a table of rows and the findings that follow
from them.  A finding is a list of values, one a round, and its target, if it has one.
"""
import json
import re
import statistics
from dataclasses import asdict, dataclass, field

from side import is_told, middle_half, verdict

# In place of a ratio whose rounds differ by more than the two that it compares.
NO_RATIO = "no ratio"

# Of a block of loads: what is shown of what bench/load said, and how.
COLUMNS = {
    "server CPU, us": ("server_cpu_us", ",.3f"),
    "requests/s": ("rate", ",.0f"),
    "p50, us": ("p50_us", ",.0f"),
    "p99, us": ("p99_us", ",.0f"),
}


@dataclass
class Finding:
    """The values of something that is aimed at."""

    work: str
    what: str
    values: list
    target: float = None
    at_least: bool = False
    unit: str = ""  # of the values; ratios have none

    def bounds(self):
        """Median, and the bounds of the middle half."""
        return middle_half(self.values)

    def verdict(self):
        """What it says about the target."""
        _, low, high = self.bounds()
        return verdict(low, high, self.target, self.at_least)

    def is_stated(self):
        """Whether there is a figure: not of a ratio whose rounds differ by too much."""
        return bool(self.unit) or is_told(self.values)

    def measured(self):
        """The figure for people."""
        return self.form(self.bounds()[0]) if self.is_stated() else NO_RATIO

    def form(self, value):
        """A value as people read it."""
        if self.unit:
            digits = 0 if abs(value) >= 100 else 1
            return f"{value:,.{digits}f} {self.unit}"
        return f"{value:.3f}" if abs(value) < 0.1 else f"{value:.2f}"

    def aim(self):
        """The target in words."""
        number = f"{self.target:.3g}" if self.target < 100 else f"{self.target:,.0f}"
        target = f"{number} {self.unit}".rstrip()
        return f"at least {target}" if self.at_least else f"at most {target}"

    def spread(self):
        """The middle half, where there is more than one round."""
        _, low, high = self.bounds()
        return f"{self.form(low)} to {self.form(high)}" if len(self.values) > 1 else ""

    def line(self, name, judged):
        """For people."""
        text = f"  {name}  {self.measured():>{len(NO_RATIO)}}"
        if self.spread():
            text += f"   middle half {self.spread()}"
        if judged and self.target is not None:
            text += f"; target: {self.aim()}: {self.verdict()}"
        return text

    def distance(self):
        """How far the median is from the target, in per cent of it; where there is no
        ratio, the nearer bound, unless the target is between them."""
        median, *bounds = self.bounds()
        if self.is_stated():
            return self.distance_of(median)
        if self.verdict() not in ("met", "missed"):
            return ""
        return f"at least {self.distance_of(min(bounds, key=lambda one: abs(one - self.target)))}"

    def distance_of(self, value):
        """The same of one value."""
        beyond = value / self.target - 1
        worse = -beyond if self.at_least else beyond
        return f"{abs(beyond):.0%} {'beyond it' if worse > 0 else 'better'}" \
            if round(abs(beyond), 2) else "at it"


@dataclass
class Block:
    """A table, and what follows from it."""

    title: str
    columns: list = field(default_factory=list)
    rows: list = field(default_factory=list)       # [name, text...]
    findings: list = field(default_factory=list)
    remark: str = ""
    section: str = ""

    def lines(self, judged):
        """For people."""
        out = ["", self.title]
        widths = [max(len(row[at]) for row in [["", *self.columns], *self.rows])
                  for at in range(len(self.columns) + 1)]
        for row in [["", *self.columns], *self.rows] if self.rows else []:
            cells = [f"{text:>{width}}" for text, width in zip(row[1:], widths[1:])]
            out.append("  ".join([f"  {row[0]:{widths[0]}}", *cells]).rstrip())
        is_one_work = len({one.work for one in self.findings}) == 1
        names = [one.what if is_one_work else f"{one.work}: {one.what}" for one in self.findings]
        width = max(map(len, names), default=0)
        out += [one.line(f"{name:{width}}", judged) for name, one in zip(names, self.findings)]
        return out + ([f"  ({self.remark})"] if self.remark else [])


def load_block(title, found, columns=None):
    """A block of loads that were measured side by side: medians of the rounds, of the
    CPU also the extremes."""
    columns = columns or COLUMNS
    heads = []
    for head, (key, _) in columns.items():
        heads += [head, "least", "most"] if key == "server_cpu_us" else [head]
    block = Block(title, heads)
    for name, rows in found.items():
        cells = [name]
        for key, form in columns.values():
            values = [row[key] for row in rows]
            shown = [statistics.median(values)]
            shown += [min(values), max(values)] if key == "server_cpu_us" else []
            cells += [format(value, form) for value in shown]
        block.rows.append(cells)
    return block


def write_json(path, about, blocks, judged):
    """Everything, to be read by machines and by --table."""
    with open(path, "w", encoding="utf-8") as file:
        json.dump({"about": about, "judged": judged,
                   "blocks": [asdict(block) for block in blocks]}, file, indent=1)
        file.write("\n")


def read_all(paths):
    """(about, blocks) of several files: a section is of the last that has it, and each
    file that one is of tells when and how it was measured."""
    runs = [read_json(path) for path in paths]
    last = {block.section: at for at, (_, blocks) in enumerate(runs) for block in blocks}
    order = list(dict.fromkeys(block.section for _, blocks in runs for block in blocks))
    about = []
    for at, (lines, _) in enumerate(runs):
        if at in last.values():
            about += ["", *lines] if about else lines
    return about, [block for section in order for block in runs[last[section]][1]
                   if block.section == section]


def read_json(path):
    """(about, blocks) of what write_json() wrote."""
    with open(path, encoding="utf-8") as file:
        data = json.load(file)
    blocks = []
    for one in data["blocks"]:
        findings = [Finding(**finding) for finding in one.pop("findings")]
        blocks.append(Block(**one, findings=findings))
    return data["about"], blocks


def table(blocks):
    """The lines of the table "target, measured, how far", in Markdown."""
    out = ["| work | what | target | measured | middle half | how far | |",
           "|---|---|---|---|---|---|---|"]
    for block in blocks:
        for one in block.findings:
            if one.target is None:
                continue
            told = one.verdict().split(":")[0]
            told = "**missed**" if told == "missed" else told
            out.append(f"| {one.work} | {one.what} | {one.aim()} | {one.measured()} | "
                       f"{one.spread()} | {one.distance()} | {told} |")
    return out


# --- The page -----------------------------------------------------------------------

# What stands in the page around what is put there: a name, and then to the end.
MARK = re.compile(r"(<!-- bench: (\w+) -->\n).*?(<!-- bench: end -->)", re.S)


def fill_page(path, about, blocks):
    """Put into a page the table of targets ("targets") and sections by their names, each
    between its marks; the rest of the page stays, and what was not measured now, too."""
    def put(match):
        name = match.group(2)
        if name == "targets":
            lines = ["```", *about, "```", "", *table(blocks)]
        else:
            found = [line for block in blocks if block.section == name
                     for line in block.lines(judged=True)]
            if not found:
                return match.group(0)
            lines = ["```", *found[1:], "```"]
        return match.group(1) + "\n".join(lines) + "\n" + match.group(3)

    text = path.read_text(encoding="utf-8")
    path.write_text(MARK.sub(put, text), encoding="utf-8")

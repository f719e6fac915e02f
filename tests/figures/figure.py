# SPDX-License-Identifier: Apache-2.0
"""A figure: a claim, the scenario that shows it, and how the page tells of it.

    FIGURE = Figure("One server", "A price in memory is ...", play, tell, effort=9)

`play(effort)` starts real programs, returns what was measured and said, and judges
nothing; its effort is 1 in the tests, and on the page what the figure says.  The
test asserts of that result what must be so; `tell(result, folder)` makes Markdown
of it, and writes its plots into the folder's folder `figures`.
"""

import subprocess
from collections import namedtuple

Figure = namedtuple("Figure", "title claim play tell effort")


def quote_block(text):
    """Text as it was on a terminal."""
    return f"```\n{text.rstrip()}\n```\n"


def table(heads, rows):
    """Rows of cells; all but the first column are numbers, and stand to the right."""
    lines = [heads, ["---"] + ["--:"] * (len(heads) - 1), *rows]
    return "".join("| " + " | ".join(map(str, cells)) + " |\n" for cells in lines)


def milliseconds(value):
    """A time with three digits or so: 0.0341, 2.05, 201."""
    return f"{value:.0f}" if value >= 100 else f"{value:.2f}" if value >= 1 else f"{value:.3f}"


# What every plot begins with.
HEAD = """
set terminal svg size 720,420 font "sans-serif,14" background "white"
set style line 1 lc rgb "#1b6ca8" lw 2 pt 7 ps 0.8
set style line 2 lc rgb "#d1495b" lw 2 pt 9 ps 0.9
set style line 3 lc rgb "#5f8f3e" lw 2 pt 5 ps 0.8
set style line 4 lc rgb "#8d8d8d" lw 2 dt 2
set border 3
set tics nomirror
set grid ytics lc rgb "#dddddd"
"""


def plot(path, script, **data):
    """Draw a plot into a file by a script of gnuplot's, in which each block of rows in
    `data` goes by its name, as $name."""
    blocks = "".join(f"${block} << END\n" +
                     "".join(" ".join(map(str, row)) + "\n" for row in rows) + "END\n"
                     for block, rows in data.items())
    subprocess.run(["gnuplot"], input=f'{HEAD}set output "{path}"\n{blocks}{script}\n',
                   text=True, check=True)


def draw(folder, name, caption, script, **data):
    """Draw a plot into figures/NAME.svg; returns the line that shows it."""
    (folder / "figures").mkdir(exist_ok=True)
    plot(folder / "figures" / f"{name}.svg", script, **data)
    return f"![{caption}](figures/{name}.svg)\n"

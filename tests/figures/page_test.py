# SPDX-License-Identifier: Apache-2.0
"""docs/figures.md and what makes it.

Claims: the page that is in the tree has every figure, as the scenarios of today tell
it; each plot that it shows is there; and its generator runs.
"""

import re
import shutil
import subprocess
import xml.etree.ElementTree

import pytest

from page import FIGURES, compose, title
from programs import SLOWER, TOP

needs_gnuplot = pytest.mark.skipif(shutil.which("gnuplot") is None, reason="no gnuplot")


def sections(folder):
    """The page's headings, and the plots that it shows."""
    text = (folder / "figures.md").read_text()
    return re.findall(r"(?m)^## (.*)$", text), re.findall(r"!\[[^\]]+\]\((figures/[^)]+)\)", text)


def check_plots(folder, plots):
    """Each is there and an image, and there are no others."""
    assert {f"figures/{path.name}" for path in (folder / "figures").iterdir()} == set(plots)
    for plot in plots:
        root = xml.etree.ElementTree.parse(folder / plot).getroot()
        assert root.tag.endswith("}svg") and len(list(root.iter())) > 50, plot


@needs_gnuplot
def test_page_of_the_tree_is_that_of_these_scenarios(outcome, tmp_path):
    compose({number: outcome(number) for number in range(1, len(FIGURES) + 1)},
            ["date"], tmp_path)
    titles, plots = sections(tmp_path)
    assert titles == [title(number) for number in range(1, len(FIGURES) + 1)]
    check_plots(tmp_path, plots)
    assert sections(TOP / "docs") == (titles, plots)
    check_plots(TOP / "docs", plots)
    text = (TOP / "docs/figures.md").read_text()
    for figure in FIGURES:
        assert f"*{figure.claim}*" in text
    assert re.search(r"(?m)^date +\d{4}-\d\d-\d\d .*\nmachine .*\nload .*\ncommand  make figures$",
                     text)


@needs_gnuplot
def test_generator_runs(tmp_path):
    done = subprocess.run([TOP / "tools/figures", "--quick", "--only", "1", "--into", tmp_path],
                          capture_output=True, text=True, timeout=120 * SLOWER, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert sections(tmp_path) == ([title(1)], [])
    text = (tmp_path / "figures.md").read_text()
    assert "From server: 1, From client: 1\n" in text and "Average response time: " in text


def test_generator_does_not_lose_figures():
    done = subprocess.run([TOP / "tools/figures", "--only", "1"], capture_output=True, text=True,
                          timeout=60, check=False)
    assert done.returncode == 2 and "--into" in done.stderr

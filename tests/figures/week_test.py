# SPDX-License-Identifier: Apache-2.0
"""docs/week.md and what makes it.

Claims: the page that is in the tree is, to the letter, what the simulations of today
say; its plots are there; and a number that was changed in it is noticed.
"""

import shutil
import subprocess
import xml.etree.ElementTree

import pytest

from programs import SLOWER, TOP

PAGE = TOP / "docs/week.md"


@pytest.fixture(name="made", scope="module")
def make_page(tmp_path_factory):
    """A folder with the page as it is made today."""
    if shutil.which("gnuplot") is None:
        pytest.skip("no gnuplot")
    folder = tmp_path_factory.mktemp("week")
    done = subprocess.run([TOP / "tools/week", "--into", folder], capture_output=True, text=True,
                          timeout=120 * SLOWER, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def test_page_of_the_tree_is_that_of_these_simulations(made):
    assert (made / "week.md").read_text() == PAGE.read_text(), \
        "docs/week.md is not what came of the simulations: 'make week' writes it anew"


@pytest.mark.parametrize("name", ["week.svg", "expiry.svg"])
def test_plots_are_there(made, name):
    """And draw as many points as those that are made today."""
    def points(folder):
        root = xml.etree.ElementTree.parse(folder / name).getroot()
        paths = [one.get("d", "") for one in root.iter() if one.tag.endswith("}path")]
        return sum(path.count("L") + path.count("l") for path in paths)

    assert f"]({name})" in PAGE.read_text()
    assert points(PAGE.parent) == points(made) > 200

# SPDX-License-Identifier: Apache-2.0
"""The units are what systemd takes, and keep the server from what it does not need."""

import re
import shutil
import subprocess

import pytest
from programs import TOP, program

UNITS = TOP / "deploy/systemd"

pytestmark = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd-analyze")


@pytest.fixture(name="folder")
def copy_units(tmp_path):
    """The units, with the program where the build has it."""
    for unit in UNITS.glob("quoted.*"):
        text = unit.read_text().replace("/usr/local/bin/quoted", str(program("src/quoted")))
        # The manual pages need not be installed.
        (tmp_path / unit.name).write_text(re.sub(r"(?m)^Documentation=.*\n", "", text))
    return tmp_path


def analyze(*words):
    return subprocess.run(["systemd-analyze", *words], capture_output=True, text=True,
                          timeout=60, check=False)


def test_units_are_taken_without_a_word(folder):
    done = analyze("verify", *map(str, sorted(folder.iterdir())))
    assert (done.returncode, done.stderr) == (0, "")


def test_a_wrong_line_would_be_told(folder):
    with (folder / "quoted.service").open("a") as unit:
        unit.write("\n[Service]\nNoSuchSetting=yes\n")
    assert "NoSuchSetting" in analyze("verify", str(folder / "quoted.service")).stderr


def test_exposure_is_small(folder):
    done = analyze("security", "--offline=true", "--no-pager", str(folder / "quoted.service"))
    level = float(re.search(r"Overall exposure level.*: ([0-9.]+)", done.stdout).group(1))
    assert level <= 1.5

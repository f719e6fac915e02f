# SPDX-License-Identifier: Apache-2.0
"""What the tests of all tiers leave behind is searched for providers' keys.

Each program's output, and the folder that it had, are searched when it ends (see
testing/programs.py); here is what is left: pytest's own folders.
"""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent / "testing"))

import keys  # noqa: E402


@pytest.fixture(scope="session", autouse=True)
def no_key_is_left(tmp_path_factory):
    """After all tests: a sweep finds no key but the one that is planted for it."""
    yield
    assert keys.sweep_with_control(tmp_path_factory.getbasetemp()) == []

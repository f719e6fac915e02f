# SPDX-License-Identifier: Apache-2.0
"""Guards: counts that the machine's other work does not change, of the release build."""

import os
import sys
from pathlib import Path

import pytest

# Programs are as much slower under valgrind as under a sanitizer.
os.environ["QUOTED_SLOWER"] = str(6 * float(os.environ.get("QUOTED_SLOWER", "1")))

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "testing"))

from guarding import build_release, why_not  # noqa: E402


@pytest.fixture(autouse=True, scope="session")
def release():
    """The release build, compiled; the guards are skipped where they would not be true."""
    if reason := why_not():
        pytest.skip(reason)
    build_release()

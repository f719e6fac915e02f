# SPDX-License-Identifier: Apache-2.0
"""The figures, each played once for all tests of it: `outcome(3)` is what came of
figure 3."""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "testing"))

from balancer import why_no_nginx  # noqa: E402
from page import FIGURES  # noqa: E402


@pytest.fixture(name="outcome", scope="session")
def outcome_of():
    """What came of a figure, played with the least effort; also if that is a failure."""
    if reason := why_no_nginx():
        pytest.skip(reason)
    results, failures = {}, {}

    def play(number):
        if number in failures:
            pytest.fail(f"figure {number} could not be played: {failures[number]}", pytrace=False)
        if number not in results:
            try:
                results[number] = FIGURES[number - 1].play(1)
            except Exception as failure:
                failures[number] = failure
                raise
        return results[number]

    return play

# SPDX-License-Identifier: Apache-2.0
"""A connection that is kept, against a new one for each request.

Claims: each way makes as many connections as it says; a new connection for each
request is slower, direct and through nginx, for quote and for Python's rpyc.
"""

import pytest

from chances import ROUNDS, is_mostly_less
from kept import REQUESTS, WAYS

pytest.importorskip("rpyc", reason="no python3-rpyc")


@pytest.mark.parametrize("way", WAYS, ids=lambda way: "-".join(map(str, way)))
def test_connections_are_as_many_as_it_says(outcome, way):
    result = outcome(2)
    assert [len(ms) for ms in result.ms[way]] == [REQUESTS] * ROUNDS
    assert result.connections[way] == ROUNDS * (1 if way.kept else REQUESTS)


@pytest.mark.parametrize("way", [way for way in WAYS if way.kept],
                         ids=lambda way: f"{way.tongue}-{way.to}")
def test_new_connections_are_slower(outcome, way):
    ms = outcome(2).ms  # by a factor of 3 to 8
    assert is_mostly_less(ms[way], ms[way._replace(kept=False)])

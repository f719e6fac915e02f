# SPDX-License-Identifier: Apache-2.0
"""Ten prices of one server, nine of which it has in memory.

Claims: each request is reported in the three lines of the report; nine do without
the provider and one costs it one call; the nine are faster by orders of magnitude.
"""

import re

from one_server import CACHED, LATENCY_MS, medians
from quoting import NAMES


def test_nine_in_memory_and_one_not(outcome):
    for one in outcome(1):
        assert [line.name for line in one.lines] == NAMES
        for line in one.lines:
            assert (line.server, line.client, line.answered) == ("1", "1", True)
            assert re.fullmatch(r"\d+\.\d\d", line.price), line
        assert one.counted == {"cache_hits": len(CACHED), "cache_misses": 1, "upstream_calls": 1}
        assert one.lines[-1].ms >= 0.95 * LATENCY_MS  # its timer may be a little early


def test_memory_is_orders_of_magnitude_faster(outcome):
    hit, miss = medians(outcome(1))
    # About 5,000 times as a rule; a machine that does much else may be slower.
    assert miss >= 50 * hit

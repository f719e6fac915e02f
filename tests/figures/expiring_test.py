# SPDX-License-Identifier: Apache-2.0
"""A thousand prices that are stale at the same moment.

Claims: nobody waits for them; the provider is called no more than the key allows, and a
person with a new wish is served meanwhile; and an answer from memory takes as long as
it does while nothing expires.  That the windows are kept to in every span of their
length is shown in virtual time (tests/sim/expiry_test.c).
"""

import time

from expiring import A_MINUTE, A_SECOND, SYMBOLS, expired, play
from programs import Market, read_info, wait_until


def test_calls_are_spread_and_nobody_waits():
    with Market("--invent", "--limit", f"{A_MINUTE}/m") as market, expired(market) as server, \
            server.connect() as client, server.connect() as person:
        began = time.monotonic()
        most = 0

        def allowed():
            elapsed_s = time.monotonic() - began
            return min(A_SECOND * (int(elapsed_s) + 1), A_MINUTE * (int(elapsed_s / 60) + 1))

        def has_called_often():
            nonlocal most
            client.send("MGET", *SYMBOLS)
            assert None not in client.receive()
            most = market.calls()
            assert most <= allowed()
            return most > 3 * A_SECOND

        wait_until(has_called_often, lambda: f"{most} calls")
        # What is left of each window is for who waits.
        assert person.ask("HGET", "NEW1", "source") == "market"
        counts = read_info(client.ask("INFO", "stats"))
        assert counts["cache_misses"] == 1 and counts["upstream_limited"] == 0
        assert counts["cache_stale"] >= len(SYMBOLS)
        assert market.calls() <= allowed()


def test_who_asks_does_not_notice():
    """The best of many windows side by side, so that what else runs on the machine is left
    out; the bound is far from what is measured."""
    outcome = play(60)
    assert outcome.calls > 0 and outcome.stale > 0
    assert min(outcome.storm) < 2 * min(outcome.calm)

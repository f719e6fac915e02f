# SPDX-License-Identifier: Apache-2.0
"""What goes through the balancer, and what it costs in time.

Claims: nginx carries every byte both ways; nothing of a client that goes directly to
the servers; and that client waits less.
"""

from carried import REQUESTS, WAYS
from chances import ROUNDS, is_mostly_less


def test_nginx_carries_every_byte(outcome):
    counted = outcome(8).counted
    assert counted.ours == counted.nginx and min(counted.ours) > 0


def test_nothing_of_direct_requests_is_carried(outcome):
    result = outcome(8)
    assert result.carried["direct"] == [0, 0]
    # A request is a command and a symbol, an answer a quote of a dozen fields.
    there, back = result.carried["nginx"]
    assert there >= REQUESTS * ROUNDS * 20 and back >= REQUESTS * ROUNDS * 200


def test_nobody_is_refused(outcome):
    for way in WAYS:
        assert [len(ms) for ms in outcome(8).ms[way]] == [REQUESTS] * ROUNDS


def test_direct_requests_wait_less(outcome):
    ms = outcome(8).ms  # half as long or less
    assert is_mostly_less(ms["direct"], ms["nginx"])

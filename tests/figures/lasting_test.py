# SPDX-License-Identifier: Apache-2.0
"""Servers fail one after the other, until none is left; then one comes back.

Claims: no request fails while a server is left; then the clients say so, within
their deadline; and the same clients go on when a server is back.
"""

from lasting import ANSWERS, CLIENTS, LOST, TIMEOUT_MS
from programs import SLOWER


def test_service_goes_on_to_the_last_server(outcome):
    result = outcome(6)
    assert result.failed == {3: 0, 2: 0, 1: 0}
    assert all(len(ms) >= ANSWERS * len(CLIENTS) for ms in result.ms.values())


def test_clients_say_so_when_no_server_is_left(outcome):
    result = outcome(6)
    assert len(result.lost) >= LOST * len(CLIENTS)
    assert not any(one.ok for one in result.lost)
    assert result.said.status == 5 and result.said.output.startswith("quote: ")
    # Its deadline, and what a busy machine may add to it.
    assert max(one.ms for one in result.lost) < TIMEOUT_MS + 5000 * SLOWER


def test_clients_recover_by_themselves(outcome):
    result = outcome(6)
    assert len(result.back_s) == len(CLIENTS)
    assert result.same
    assert all(one.ok and one.server == "1" for one in result.answers[-ANSWERS:])

# SPDX-License-Identifier: Apache-2.0
"""Servers fail one after the other, until none is left; then one comes back.

Claims: no request fails while a server is left; then the clients say so, within
their deadline; and the same clients go on when a server is back.
"""

from lasting import ANSWERS, HASTY_MS, LOST, PATIENT
from programs import SLOWER


def test_service_goes_on_to_the_last_server(outcome):
    result = outcome(6)
    assert [result.failed[left] for left in (3, 2, 1)] == [0, 0, 0]
    assert all(len(ms) >= ANSWERS * len(PATIENT) for ms in result.ms.values())


def test_clients_say_so_when_no_server_is_left(outcome):
    result = outcome(6)
    assert len(result.lost) >= LOST
    assert not any(one.ok for one in result.lost)
    assert result.said.status == 5 and result.said.output.startswith("quote: ")
    # Its deadline, and what a busy machine may add to it.
    assert max(one.ms for one in result.lost) < HASTY_MS + 5000 * SLOWER


def test_clients_recover_by_themselves(outcome):
    result = outcome(6)
    assert len(result.back_s) == len(PATIENT) + 1
    assert result.same
    assert {(one.ok, one.server) for one in result.answers[-ANSWERS:]} == {(True, "1")}

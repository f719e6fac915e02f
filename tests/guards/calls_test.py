# SPDX-License-Identifier: Apache-2.0
"""A round trip is one wait, one receive and one send, and no other call of the kernel.

Claims: so it is for each kind of request, however many are in a flight; and no other
thread of the server does anything because of it.
"""

import pytest

import calls
from guarding import guarded_market
from work import WORKS

# Calls that are not the requests': timers', which are for each second; and those at the
# edges of the time that is looked at.
A_SECOND = 20
AT_THE_EDGES = 10


@pytest.fixture(name="found", scope="module")
def found_calls():
    """{name: Calls of FLIGHTS round trips} of all works."""
    if reason := calls.why_no_strace():
        pytest.skip(reason)
    with guarded_market() as market, calls.strace(market) as server:
        return {work.name: server.count(work) for work in WORKS}


@pytest.mark.parametrize("name", [work.name for work in WORKS])
def test_round_trip_is_a_wait_a_receive_and_a_send(found, name):
    one = found[name]
    others = AT_THE_EDGES + A_SECOND * one.seconds
    assert others < calls.FLIGHTS / 2, f"the machine is too slow to tell: {one}"
    assert one.kinds["receive"] == calls.FLIGHTS, one
    assert one.kinds["send"] == calls.FLIGHTS, one
    assert -1 <= one.kinds["wait"] - calls.FLIGHTS <= others, one
    rest = {name: count for name, count in one.kinds.items() if name not in calls.KINDS}
    assert sum(rest.values()) <= others, f"calls that a round trip needs not: {rest}, as {one}"


@pytest.mark.parametrize("name", [work.name for work in WORKS])
def test_no_other_thread_is_woken(found, name):
    one = found[name]
    assert sum(one.elsewhere.values()) <= AT_THE_EDGES + A_SECOND * one.seconds, one


TRACE = """\
10.500000 epoll_wait(8, [], 1024, 10) = 0
11.000001 recvfrom(12, "GET", 65536, 0, NULL, NULL) = 3
11.000002 sendto(12, "137.16", 6, MSG_NOSIGNAL, NULL, 0) = 6
11.000003 madvise(0x7f, 4096, MADV_DONTNEED) = 0
11.900000 epoll_wait(8,  <detached ...>
12.100000 read(12, "", 65536) = 0
"""


def test_calls_are_taken_by_time_and_sorted_by_what_they_are_for():
    worker = calls.read(TRACE, 11, 12)
    found = calls.sort([calls.read(TRACE, 10, 10.9), worker], 1)
    assert found.kinds == {"receive": 1, "send": 1, "madvise": 1, "wait": 1}
    assert found.elsewhere == {"epoll_wait": 1}
    assert found.samples["madvise"].endswith("MADV_DONTNEED) = 0")

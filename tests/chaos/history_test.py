# SPDX-License-Identifier: Apache-2.0
"""What the other tests of this folder believe is believed with reason.

Claims: an answer that may not be is found, of each kind; a request that failed and a
client that waited are seen.
"""

import pytest
from history import MOVE_S, WAY_S, Answer, History, Made, Prices, find_faults, price_of


class Still:
    """Prices that were made at known times: number n at 100 + n seconds."""

    made = [Made(100.0 + i, 100.0 + i) for i in range(10)]
    find = Prices.find


def answer(number=5, **changes):
    """A good one: price 5, got as it was made, 0.1 s ago."""
    good = Answer("1", "IBM", 105.1, 105.11, server="2", price=str(price_of("IBM", number)),
                  as_of=f"2025-01-{number + 1:02}", age_ms=105, state="fresh")
    return good._replace(**changes)


def faults_of(*answers):
    history = History(["1"])
    for one in answers:
        history.add(one)
    return find_faults(history, Still())


def test_good_answers_are_good():
    assert faults_of(answer(), answer(), answer(4, server="3"), answer(symbol="AAPL",
                     price="101.0005")) == []
    assert Still().find(answer()) == 5 and MOVE_S > 0


@pytest.mark.parametrize("changes, fault", [
    ({"price": "100.0006"}, "never made"),                         # the price of another day
    ({"price": "101.0005"}, "never made"),                         # another symbol's
    ({"price": "1000.005"}, "never made"),
    ({"price": "-1"}, "never made"),
    ({"price": "100.00051"}, "never made"),
    ({"price": "100.0055", "as_of": "2025-02-25"}, "never made"),  # one still to come
    ({"price": ""}, "never made"),
    ({"as_of": "2025-01-05"}, "never made"),
    ({"age_ms": 190}, "before it was made"),                       # said to be older than it can be
    ({"start": 106 + WAY_S + 0.2, "end": 106 + WAY_S + 0.21}, "after the next one was made"),
    ({"state": "stale"}, "fresh is below"),
    ({"start": 105.3, "end": 105.31, "age_ms": 305}, "fresh is below"),
])
def test_each_kind_of_fault_is_found(changes, fault):
    found = faults_of(answer(**changes))
    assert len(found) == 1 and fault in found[0], found


def test_going_back_in_time_is_found():
    found = faults_of(answer(), answer(4))
    assert len(found) == 1 and "after number 5 of the same server" in found[0]


def test_failures_are_no_answers():
    assert faults_of(answer(error="TIMEOUT: no answer came in time", price="")) == []
    history = History(["1", "2"])
    history.add(answer(error="TIMEOUT"))
    assert len(history.failed()) == 1


def test_the_longest_gap_is_that_without_a_good_answer():
    history = History(["1", "2"])
    for start, end, error in [(1, 2, ""), (3, 3.5, "LIMIT"), (6, 7, ""), (8, 9, ""), (9, 12, "X")]:
        history.add(answer(start=start, end=end, error=error))
    history.add(answer(client="2", start=0, end=1))
    assert history.longest_gap_s("1") == 5 and history.worst_gap_s() == 5
    assert history.longest_gap_s("2") == 1
    assert history.longest_gap_s("1", since=6) == 3
    assert history.longest_gap_s("1", since=100) == 0


def test_answers_are_counted_from_when_they_were_asked_for():
    history = History(["1"])
    for start in (1, 2, 3):
        history.add(answer(start=start, end=start + 5, server=str(start)))
    assert [one.server for one in history.since("1", 2)] == ["3", "2"]


def test_steps_back_between_servers_are_counted():
    history = History(["1"])
    for number, server in [(5, "1"), (4, "2"), (4, "1"), (6, "2")]:
        history.add(answer(number, server=server))
    assert history.steps_back(Still()) == 1

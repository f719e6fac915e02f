# SPDX-License-Identifier: Apache-2.0
"""A request does not come to cost more instructions unseen, and on its way there is no
allocation and no lock.

Claims: the instructions that a request costs the worker's thread are those that
tests/guards/recorded.json says, within a few hundredths, which is more than two
measurements differ by; and it calls neither the allocator nor a lock, however seldom.

Run: /usr/bin/python3 -m pytest tests/guards
"""

import pytest

import record
from callgrind import Counts
from guarding import guarded_market
from instructions import count_least
from work import WORKS, find_work

NAMES = [work.name for work in WORKS]

# Of the C library, and the door to it.
HEAP = {"malloc", "calloc", "realloc", "reallocarray", "aligned_alloc", "posix_memalign",
        "free", "mem_alloc", "mem_calloc", "mem_realloc", "mem_free"}
LOCKS = {"pthread_mutex_lock", "pthread_mutex_trylock", "pthread_rwlock_rdlock",
         "pthread_rwlock_wrlock", "pthread_spin_lock", "pthread_cond_signal",
         "pthread_cond_broadcast", "sem_post", "sem_wait"}

# Calls a request: what a timer does now and then is less, what one request of a flight of
# sixteen does is more.
SELDOM = 0.05


@pytest.fixture(name="found", scope="module")
def found_counts():
    """{name: Counts of a request} of all works."""
    recorded = record.load()
    with guarded_market() as market:
        return count_least(market, WORKS,
                           lambda work, counts: record.judge(work, counts, recorded) is None)


@pytest.mark.parametrize("name", NAMES)
def test_request_costs_what_is_recorded(found, name):
    wrong = record.judge(find_work(name), found[name], record.load())
    assert wrong is None, "\n" + wrong


@pytest.mark.parametrize("name", NAMES)
def test_request_allocates_nothing(found, name):
    assert often_called(found[name], HEAP) == {}


@pytest.mark.parametrize("name", NAMES)
def test_request_takes_no_lock(found, name):
    assert often_called(found[name], LOCKS) == {}


def often_called(counts, names):
    """The functions among these that are called for a request, and how often."""
    return {name: round(count, 2) for name, count in counts.calls.items()
            if name in names and count > SELDOM}


def test_calls_are_told_where_there_are_some(found):
    # The checks for what must not be called would find it: these are.
    assert often_called(found["resp_get"], {"find_good", "cache_find_quote"}) != {}


RECORDED = {"measured_with": record.machine(),
            "works": {"resp_get": {"instructions": 1000, "functions": {"ask": 600, "tell": 400}}}}


def judged(**own):
    return record.judge(find_work("resp_get"), Counts(own=own), RECORDED)


def test_little_more_and_less_pass():
    assert judged(ask=629, tell=400) is None
    assert judged(ask=510, tell=400) is None


def test_more_is_told_with_what_has_grown():
    text = judged(ask=300, tell=400, wonder=331)
    assert "1,031 instructions a request; recorded are 1,000 (+3.1%" in text
    assert "+331  wonder: 0 to 331" in text
    assert "Make it cheaper" in text and "which may be why" not in text


def test_much_less_is_to_be_recorded():
    text = judged(ask=400, tell=400)
    assert "-200  ask: 600 to 400" in text and "record it" in text


def test_another_compiler_is_named(monkeypatch):
    monkeypatch.setattr(record, "machine", lambda: {**RECORDED["measured_with"], "gcc": "99"})
    assert "here 99" in judged(ask=2000)


def test_what_is_written_is_read_and_judged_as_well(tmp_path):
    counts = Counts(own={"ask": 1200.4, "tell": 3.0})
    record.write({"resp_get": counts}, tmp_path / "recorded.json")
    recorded = record.load(tmp_path / "recorded.json")
    assert recorded["works"]["resp_get"] == {"instructions": 1203, "functions": {"ask": 1200}}
    assert record.judge(find_work("resp_get"), counts, recorded) is None

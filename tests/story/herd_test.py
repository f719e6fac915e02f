# SPDX-License-Identifier: Apache-2.0
"""Everybody asks at once for what nobody has: one call, and an answer for each."""

import pytest
from programs import Market, Server, read_info, wait_until
from wire import compose

CONNECTIONS = 200
REQUESTS = 50  # of each
WORKERS = 4


@pytest.fixture(name="herd")
def start_herd():
    """A market that holds its answers, a server, an observer, and the herd: each
    connection has sent its requests, and every one of them waits."""
    with Market() as market, Server(market, f"server.workers={WORKERS}") as server:
        market.set_price("AAPL", "189.84")
        market.hold("AAPL")
        observer = server.connect()
        connections = [server.connect() for _ in range(CONNECTIONS)]
        requests = compose(["GET", "AAPL"]) * REQUESTS
        for connection in connections:
            connection.send_raw(requests)

        def look():
            return read_info(observer.ask("INFO", "stats"))

        wait_until(lambda: look()["waits_open"] == CONNECTIONS * REQUESTS,
                   lambda: f"{look()['waits_open']} requests wait")
        wait_until(lambda: look()["flights_joined"] == WORKERS - 1,
                   "a worker has not joined the flight")
        market.wait("held", 1)
        yield market, look, connections


def check_counts(look, market, expected):
    counts = look()
    came = {name: counts[name] for name in expected}
    assert came == expected
    assert market.calls() == 1


def test_one_call_for_ten_thousand_requests(herd):
    """Over 200 connections and all workers, the provider is asked once, and all
    10,000 answers are right."""
    market, look, connections = herd
    check_counts(look, market, {
        "cache_misses": CONNECTIONS * REQUESTS, "flights_started": 1,
        "flights_joined": WORKERS - 1, "upstream_calls": 1, "cache_published": 0})
    market.release()
    for connection in connections:
        answers = [connection.receive() for _ in range(REQUESTS)]
        assert answers == ["189.84"] * REQUESTS
    check_counts(look, market, {
        "waits_open": 0, "flights_open": 0, "upstream_ok": 1, "cache_published": 1,
        "requests_failed": 0})


def test_one_failure_for_ten_thousand_requests(herd):
    """When that call fails, all 10,000 are told so, and nobody is left waiting."""
    market, look, connections = herd
    market.answer_next("AAPL", {"status": 500, "body": "broken"})
    market.release()
    for connection in connections:
        answers = {connection.receive() for _ in range(REQUESTS)}
        assert len(answers) == 1
        assert answers.pop().startswith("UPSTREAM AAPL: market: ")
    check_counts(look, market, {
        "waits_open": 0, "flights_open": 0, "upstream_failed": 1,
        "requests_failed": CONNECTIONS * REQUESTS})


def test_herd_that_goes_away(herd):
    """When all of them reset their connections, nothing of them is left, and the one
    answer is kept for whoever comes next."""
    market, look, connections = herd
    for connection in connections:
        connection.reset()
    wait_until(lambda: look()["waits_open"] == 0, "requests of clients that are gone wait")
    wait_until(lambda: look()["connections_open"] == 1, "connections are left")
    market.release()
    wait_until(lambda: look()["cache_published"] == 1, "the answer was not kept")
    # Which is counted before the flight ends: here nobody is told of that.
    wait_until(lambda: look()["flights_open"] == 0, "the flight did not end")
    check_counts(look, market, {"upstream_calls": 1})

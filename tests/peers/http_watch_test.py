# SPDX-License-Identifier: Apache-2.0
"""Watching by server-sent events.

Claims: a watcher gets the current quotes, then each new one, with the bytes of
/v1/quotes; one that comes back, to whatever server, is sent what it missed and
nothing older than it has; a loss on the way can be told by the next heartbeat; a
slow reader gets the newest quote, and one that reads nothing is cut.
"""

import contextlib
import json
import socket

import pytest
from programs import SLOWER, Market, Server, read_info, wait_until
from web import Events, Web, get


@pytest.fixture(name="market")
def start_market():
    with Market("--step", "0") as market:
        market.set_price("IBM", "100.00")
        yield market


def start(market, name, *settings):
    """A server whose quotes are refreshed soon."""
    return Server(market, f"server.id={name}", "cache.fresh_for=200ms", *settings)


@pytest.fixture(name="server")
def start_server(market):
    with start(market, "one") as server:
        yield server


def next_price(events, price):
    """The next quote of a price; those before it have another."""
    while (quote := events.next_quote())["price"] != price:
        pass
    return quote


def info(server):
    """What a server has counted."""
    with server.connect() as client:
        return read_info(client.ask("INFO"))


def test_current_quotes_then_each_new_one(server, market):
    with Events(server.address, "/v1/watch?symbols=IBM,AAPL") as events:
        assert events.status == 200
        assert dict(events.headers)["content-type"] == "text/event-stream"
        assert events.next()["retry"] == "500"
        # The first may be told again before the second has come.
        first = set()
        while first != {"IBM", "AAPL"}:
            first.add(events.next_quote()["symbol"])
        market.set_price("IBM", "101.00")
        assert next_price(events, "101.00")["symbol"] == "IBM"


def test_payload_is_that_of_the_quote(market):
    with Server(market, "cache.fresh_for=1h") as server:
        quote = get(server, "/v1/quotes/IBM").text
        with Events(server.address, "/v1/watch?symbols=IBM") as events:
            assert events.next_of("quote") == quote


def test_failure_is_told(server):
    with Events(server.address, "/v1/watch?symbols=NOPE,IBM") as events:
        assert json.loads(events.next_of("failure"))["error"] == "UNKNOWN"
        # The others are not disturbed.
        assert events.next_quote()["symbol"] == "IBM"


def test_who_ends_its_sending_gets_what_is_current_and_the_end(market):
    # As printf ... | nc -N does.
    with Server(market, "cache.fresh_for=1h") as server:
        market.hold("IBM")
        with Events(server.address, "/v1/watch?symbols=IBM,AAPL,NOPE") as events:
            events.web.socket.shutdown(socket.SHUT_WR)
            market.wait("held", 1)
            market.release("IBM")
            told = events.web.receive_end().decode()
            assert told.count("event: quote\n") == 2 and told.count("event: failure\n") == 1
            assert '"symbol":"IBM","' in told and '"symbol":"AAPL","' in told
        # What is in memory comes too, though the end was there before it was sent.
        with Web(server.address) as web:
            web.send(web.compose("/v1/watch?symbols=IBM,AAPL"))
            web.socket.shutdown(socket.SHUT_WR)
            assert web.receive_end().decode().count("event: quote\n") == 2
        wait_until(lambda: info(server)["connections_open"] == 1, "all have gone")


def test_what_cannot_be_watched_is_refused(server):
    for target in ("/v1/watch", "/v1/watch?symbols=", "/v1/watch?symbols=IBM,!",
                   "/v1/watch?symbols=" + ",".join(f"S{i}" for i in range(101))):
        answer = get(server, target)
        assert (answer.status, answer["Content-Type"]) == (400, "application/problem+json")
    head = get(server, "/v1/watch?symbols=IBM", "HEAD")
    assert (head.status, head["Content-Type"]) == (200, "text/event-stream")


def test_resumed_elsewhere_without_a_gap_or_a_step_back(market):
    # The second server has an older quote, and will not have another for an hour.
    with start(market, "new") as new, Server(market, "server.id=old", "cache.fresh_for=1h",
                                             "fetch.warm_for=0") as old:
        market.set_price("IBM", "90.00")
        assert get(old, "/v1/quotes/IBM").json["price"] == "90.00"
        market.set_price("IBM", "91.00")
        with Events(new.address, "/v1/watch?symbols=IBM,AAPL") as events:
            next_price(events, "91.00")
            mark = events.id
        with Events(old.address, "/v1/watch?symbols=IBM,AAPL", Last_Event_ID=mark) as events:
            # AAPL it has newer or not at all; the old price of IBM is not sent.
            market.set_price("IBM", "92.00")
            get(old, "/v1/quotes/IBM", Cache_Control="no-cache")
            while (quote := events.next_quote())["symbol"] != "IBM":
                pass
            assert quote["price"] == "92.00"


def test_resumed_where_it_was_it_misses_nothing(server, market):
    with Events(server.address, "/v1/watch?symbols=IBM") as events:
        events.next_quote()
        mark = events.id
    market.set_price("IBM", "101.00")
    get(server, "/v1/quotes/IBM", Cache_Control="no-cache")
    for how in ({"Last_Event_ID": mark}, {}):
        target = "/v1/watch?symbols=IBM" + ("" if how else f"&last_event_id={mark}")
        with Events(server.address, target, **how) as events:
            assert events.next_quote()["price"] == "101.00"


def test_strange_ids_are_no_ids(server):
    for mark in ("", "x", "1-2-3", "0-0.-", "f" * 4000):
        with Events(server.address, "/v1/watch?symbols=IBM", Last_Event_ID=mark) as events:
            assert events.next_quote()["symbol"] == "IBM"


def test_heartbeat_has_the_last_id(market):
    with Server(market, "cache.fresh_for=1h") as server, \
            Events(server.address, "/v1/watch?symbols=IBM") as events:
        events.next_quote()
        assert events.next_of("heartbeat") == events.id


def test_stream_waits_for_the_requests_before_it(server, market):
    market.hold("TSLA")
    with Web(server.address) as web:
        web.send(web.compose("/v1/quotes/TSLA") + web.compose("/v1/watch?symbols=IBM"))
        market.wait("held", 1)
        market.release("TSLA")
        assert web.receive().json["symbol"] == "TSLA"
        assert web.receive_head()[0] == 200
        assert web.file.readline() == b"retry: 500\n"
        assert web.file.readline().startswith(b"id: ")


def test_watcher_that_goes_is_forgotten(server):
    with contextlib.ExitStack() as stack:
        for _ in range(5):
            events = stack.enter_context(Events(server.address, "/v1/watch?symbols=IBM"))
            events.next_quote()
        assert info(server)["connections_open"] >= 5
    wait_until(lambda: info(server)["connections_open"] == 1, "all have gone")


def test_drain_ends_streams(market):
    with start(market, "one") as server:
        with Events(server.address, "/v1/watch?symbols=IBM") as events:
            events.next_quote()
            server.signal(15)
            wait_until(lambda: events.web.file.readline() == b"", "the end")
        assert server.wait_exit() == 0


def test_slow_reader_gets_the_newest(server, market):
    with Events(server.address, "/v1/watch?symbols=IBM") as events:
        events.next_quote()
        last = None
        for i in range(20):
            last = f"{200 + i}.00"
            market.set_price("IBM", last)
            get(server, "/v1/quotes/IBM", Cache_Control="no-cache")
        # It reads only now; whatever was dropped, the newest is there.
        assert next_price(events, last)["price"] == last


def test_reader_that_reads_nothing_is_cut_once_and_nobody_else_notices():
    """Its worker answers others meanwhile, and has news for it all the time."""
    symbols = ",".join(f"H{i}" for i in range(100))
    with Market("--invent") as market, start(market, "one", "server.workers=1") as server, \
            server.connect() as client, socket.socket() as deaf:
        deaf.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        deaf.connect(server.address)
        deaf.sendall(f"GET /v1/watch?symbols={symbols} HTTP/1.1\r\nHost: a\r\n\r\n".encode())

        def cut():
            assert get(server, "/livez").status == 200
            return info(server)["watch_cut"]

        wait_until(lambda: cut() == 1, "the cut", 60 * SLOWER)
        published = info(server)["cache_published"]
        wait_until(lambda: info(server)["cache_published"] > published + 300, "more news")
        assert cut() == 1
        assert client.ask("PING") == "PONG"


def test_mark_from_the_future_is_not_believed(server):
    with Events(server.address, "/v1/watch?symbols=IBM") as events:
        events.next_quote()
        mark = events.id.split("-")[0]
    with Events(server.address, "/v1/watch?symbols=IBM",
                Last_Event_ID=f"{mark}-ffffffffffff.0") as events:
        assert events.next_quote()["symbol"] == "IBM"


def test_heartbeat_without_a_quote_has_an_id_that_came(market):
    market.answer_next("NOSUCH", {"class": "unknown"})
    with Server(market, "cache.fresh_for=1h") as server, \
            Events(server.address, "/v1/watch?symbols=NOSUCH") as events:
        assert events.next_of("heartbeat") == events.id


def test_a_call_upstream_serves_all_watchers(market):
    with Server(market, "cache.fresh_for=1h") as server, contextlib.ExitStack() as stack:
        watchers = [stack.enter_context(Events(server.address, "/v1/watch?symbols=IBM"))
                    for _ in range(100)]
        assert {one.next_quote()["price"] for one in watchers} == {"100.00"}
        assert market.calls("IBM") == 1

# SPDX-License-Identifier: Apache-2.0
"""Calls for several symbols, calls by market, and calls made ahead.

Claims: symbols that are asked for together go out in one call; a symbol that spoils it
is named and left out, or found in halves, with exactly as many calls as that takes, and
is not asked for again; each market's symbols go to the providers that may serve it; and
what is asked for is renewed before it is stale.
"""

import json
import math

import pytest

from keys import make_key
from programs import SLOWER, Market, Server, read_info, wait_until
from stub import Stub

# What a batch waits for company; long, so that all that is sent at once is in it.
PACK = "fetch.pack_for=1s"


def counters(client):
    """The server's counters."""
    return read_info(client.ask("INFO", "stats"))


class Batches:
    """A provider of batches, as Alpaca is: one symbol of `bad` and all is refused, which
    it explains by `explain`."""

    def __init__(self, bad=(), explain=None):
        self.bad = set(bad)
        self.explain = explain
        self.batches = []

    def __call__(self, call):
        symbols = call.query["symbols"].split(",")
        self.batches.append(symbols)
        if spoilt := [one for one in symbols if one in self.bad]:
            call.answer(json.dumps({"message": self.explain(spoilt[0])}), 400)
            return
        trades = {one: {"t": "2026-11-20T20:00:00Z", "p": 179.64} for one in symbols}
        call.answer(json.dumps({"trades": trades, "currency": "USD"}))


def named(symbol):
    """Alpaca's own words."""
    return f"code=400, message=invalid symbol: {symbol}"


def unnamed(_symbol):
    """Words that blame nobody."""
    return "one of these is not right"


def start(batches):
    """A provider and a server that asks it."""
    stub = Stub(batches, "alpaca")
    stub.key = f"{make_key()}:{make_key()}"
    return stub


def ask_all(client, symbols):
    """Ask for all at once; the answers by symbol."""
    client.send_raw(b"".join(b"*2\r\n$3\r\nGET\r\n$%d\r\n%s\r\n" % (len(one), one.encode())
                             for one in symbols))
    return {one: client.receive() for one in symbols}


SYMBOLS = [f"A{n}" for n in range(16)]


def test_symbols_asked_for_together_are_one_call():
    batches = Batches()
    with start(batches) as stub, Server(stub, PACK, "fetch.market=") as server, \
            server.connect() as client:
        assert set(ask_all(client, SYMBOLS).values()) == {"179.64"}
        assert [sorted(one) for one in batches.batches] == [sorted(SYMBOLS)]
        assert counters(client)["upstream_calls"] == stub.count() == 1


def test_symbol_that_is_blamed_is_left_out():
    """Two calls: the refused one, and one without it.  It is not asked for again."""
    batches = Batches({"A5"}, named)
    with start(batches) as stub, Server(stub, PACK, "fetch.market=") as server, \
            server.connect() as client:
        for _ in range(3):
            came = ask_all(client, SYMBOLS)
            assert came.pop("A5").startswith("UNKNOWN A5: ")
            assert set(came.values()) == {"179.64"}
        assert [sorted(one) for one in batches.batches] == \
            [sorted(SYMBOLS), sorted(set(SYMBOLS) - {"A5"})]
        assert counters(client)["upstream_calls"] == stub.count() == 2


def test_symbol_that_is_not_named_is_found_in_halves():
    """Of sixteen: 16, 8 and 8, 4 and 4, 2 and 2, 1 and 1.  Then it is known."""
    batches = Batches({"A5"}, unnamed)
    with start(batches) as stub, Server(stub, PACK, "fetch.market=") as server, \
            server.connect() as client:
        came = ask_all(client, SYMBOLS)
        assert came.pop("A5").startswith("NODATA A5: alpaca: ")
        assert set(came.values()) == {"179.64"}
        assert stub.count() == 1 + 2 * math.log2(len(SYMBOLS))
        assert sum("A5" in batch for batch in batches.batches) == 1 + math.log2(len(SYMBOLS))
        assert counters(client)["upstream_calls"] == stub.count()
        # The others stay together, and are in no call more than it takes to find it.
        assert all(sum(one in batch for batch in batches.batches) <= 5 for one in SYMBOLS)


def test_several_bad_ones():
    """Each is found; the calls are counted exactly, whichever halves they are in."""
    bad = {"A1", "A2", "A11"}
    batches = Batches(bad, named)
    with start(batches) as stub, Server(stub, PACK, "fetch.market=") as server, \
            server.connect() as client:
        came = ask_all(client, SYMBOLS)
        assert {one for one, reply in came.items() if reply != "179.64"} == bad
        assert stub.count() == 1 + len(bad)
        assert counters(client)["upstream_calls"] == stub.count()


def test_batch_is_kept_to_the_allowance():
    """A provider that counts symbols: eight of sixteen go out, the others are told."""
    batches = Batches()
    with start(batches) as stub:
        stub.limits = "8/d symbols"
        with Server(stub, PACK, "fetch.market=") as server, server.connect() as client:
            came = list(ask_all(client, SYMBOLS).values())
            assert came.count("179.64") == 8
            assert sum(reply.startswith("LIMIT ") for reply in came) == 8
            assert [len(one) for one in batches.batches] == [8]


# --- By market ------------------------------------------------------------------------

@pytest.mark.parametrize("is_turned", [False, True])
def test_each_market_has_its_providers(is_turned):
    """Two providers, each for one market, in either order."""
    with Market("--invent") as first, Market("--invent") as second:
        for one in (first, second):
            one.set_price("A.LON", "7")
        settings = ["providers.0.markets=XLON", "providers.1.markets=XNYS XNAS"]
        if is_turned:
            settings = ["providers.0.markets=XNYS XNAS", "providers.1.markets=XLON"]
        with Server([first, second], *settings) as server, server.connect() as client:
            london, new_york = ("alphavantage", "market") if is_turned else \
                ("market", "alphavantage")
            assert client.ask("HGET", "A.XLON", "source") == london
            assert client.ask("HGET", "A.XNYS", "source") == new_york
            assert client.ask("HGET", "B.XNAS", "source") == new_york
            assert client.ask("GET", "A.XETR").startswith("NODATA A.XETR: ")
            assert (first.calls(), second.calls()) == ((2, 1) if is_turned else (1, 2))


def test_market_is_not_sent_to_another_provider_when_its_own_fails():
    """A price of another market is another price: no fail-over across routes."""
    with Market("--invent") as first, Market("--invent") as second:
        first.answer_next("*", {"status": 500, "body": "ill"})
        with Server([first, second], "providers.0.markets=XLON",
                    "providers.1.markets=XNYS") as server, server.connect() as client:
            assert client.ask("GET", "A.XLON").startswith("UPSTREAM A.XLON: market: ")
            assert (first.calls(), second.calls()) == (1, 0)


# --- Ahead ----------------------------------------------------------------------------

def test_what_is_asked_for_is_renewed_before_it_is_stale():
    """A price that is fresh for three seconds and asked for all the time: it is fetched
    again while it is fresh.  (Not each time, on a machine that stands still for a while.)"""
    with Market("--invent", "--step", "0") as market, \
            Server(market, "cache.fresh_for=3s") as server, server.connect() as client:
        stale = [0]  # answers that were, by the time of each call

        def is_renewed():
            client.ask("GET", "A1")
            if market.calls("A1") > len(stale):
                stale.append(counters(client)["cache_stale"])
            return len(stale) > 1 and stale[-1] == stale[-2] or len(stale) > 5

        wait_until(is_renewed, "it is not renewed", 60 * SLOWER, 0.02)
        assert stale[-1] == stale[-2], "it was always stale before it was renewed"

# SPDX-License-Identifier: Apache-2.0
"""watch() and unwatch() with Python's rpyc, unchanged.

Claims: a function of the client's is called with the current quote of each symbol
and with each new one; one that is slow is called with the newest when it returns;
one that raises is called no more; what the client gave is given back.

Run: QUOTED_BUILD=build /usr/bin/python3 -m pytest tests/peers/watch_rpyc_test.py
"""

import contextlib
import gc
import pathlib
import subprocess
import threading

import pytest

from programs import DEADLINE_S, Server, environment, read_info, wait_until

rpyc = pytest.importorskip("rpyc", reason="no python3-rpyc")

TOP = pathlib.Path(__file__).resolve().parents[2]


@contextlib.contextmanager
def connected(server):
    """A connection that is served by a thread of its own."""
    conn = rpyc.connect(*server.address[:2], config={"sync_request_timeout": DEADLINE_S})
    # By default it handles ten messages a second.
    thread = rpyc.BgServingThread(conn, serve_interval=0.1, sleep_interval=0.001)
    try:
        yield conn
    finally:
        with contextlib.suppress(Exception):  # it ends with the connection, too
            thread.stop()
        conn.close()


@pytest.fixture(name="quick")
def start_quick(market):
    with Server(market, "cache.fresh_for=100ms") as one:
        yield one


@pytest.fixture(name="conn")
def start_conn(quick):
    with connected(quick) as one:
        yield one


class Heard:
    """A callback that remembers, as (symbol, price or error)."""

    def __init__(self):
        self.calls = []

    def __call__(self, symbol, pairs):
        quote = dict(pairs)
        self.calls.append((symbol, quote.get("price", quote.get("error"))))

    def wait(self, *expected):
        wait_until(lambda: set(expected) <= set(self.calls), lambda: f"heard {self.calls}")

    def called(self, symbol, pairs):
        """The same as a method that any client would pass."""
        self(symbol, pairs)


def stats(server):
    with server.connect() as other:
        return read_info(other.ask("INFO", "stats"))


@pytest.mark.parametrize("make", [tuple, list, frozenset, iter], ids=lambda make: make.__name__)
def test_function_is_called_with_each_quote(market, conn, make):
    heard = Heard()
    assert conn.root.watch(make(["IBM", "Google", "NOSUCH"]), heard.called) is None
    heard.wait(("IBM", "137.16"), ("GOOGL", "135.60"), ("NOSUCH", "UNKNOWN"))
    market.set_price("IBM", "5.50")
    heard.wait(("IBM", "5.50"))
    assert conn.root.get_price_text("IBM") == "5.50"


def test_quote_is_that_of_get_quote(conn):
    seen = []
    conn.root.watch("IBM", lambda symbol, pairs: seen.append(dict(pairs)))
    wait_until(lambda: seen, "it was not called")
    expected = dict(conn.root.get_quote("IBM"))
    for quote in seen[0], expected:
        del quote["age_ms"], quote["fetched"], quote["state"]
    assert seen[0] == expected


def test_callback_may_ask(conn):
    heard = Heard()
    conn.root.watch("IBM", lambda symbol, pairs: heard(symbol, conn.root.get_quote("AAPL")))
    heard.wait(("IBM", "172.88"))


def test_second_function_takes_the_place_of_the_first(market, conn):
    first, second = Heard(), Heard()
    conn.root.watch("IBM", first.called)
    first.wait(("IBM", "137.16"))
    conn.root.watch("IBM", second.called)
    second.wait(("IBM", "137.16"))
    market.set_price("IBM", "5.50")
    second.wait(("IBM", "5.50"))
    assert ("IBM", "5.50") not in first.calls


@pytest.mark.parametrize("arguments", [("IBM",), (["IBM", "AAPL"],), ()], ids=str)
def test_unwatch_ends_calls(quick, conn, arguments):
    heard = Heard()
    conn.root.watch("IBM", heard.called)
    heard.wait(("IBM", "137.16"))
    assert conn.root.unwatch(*arguments) is None
    assert stats(quick)["watches_open"] == 0


def test_slow_function_gets_the_newest_when_it_returns(market, quick, conn):
    go_on = threading.Event()
    heard = Heard()

    def slow(symbol, pairs):
        go_on.wait(DEADLINE_S)
        heard(symbol, pairs)

    symbols = [f"S{i}" for i in range(100)]  # more than may be called at once
    for symbol in symbols:
        market.set_price(symbol, "1.00")
    conn.root.watch(tuple(symbols), slow)
    wait_until(lambda: stats(quick)["watch_conflated"] > 100, "it is sent everything")
    for symbol in symbols:
        market.set_price(symbol, "2.00")
    go_on.set()
    heard.wait(*((symbol, "2.00") for symbol in symbols))
    for symbol in symbols:
        prices = [price for of, price in heard.calls if of == symbol]
        assert prices == sorted(prices)


def test_function_that_raises_is_called_no_more(quick, conn):
    heard = Heard()

    def bad(symbol, pairs):
        heard(symbol, pairs)
        raise ValueError("this is the test's")

    conn.root.watch("IBM", bad)
    heard.wait(("IBM", "137.16"))
    wait_until(lambda: stats(quick)["watches_open"] == 0, "it is still watched")
    conn.root.watch("AAPL", heard.called)
    heard.wait(("AAPL", "172.88"))


@pytest.mark.parametrize("arguments, exception, text", [
    ((), TypeError, "missing 2 required positional arguments: 'symbols' and 'callback'"),
    (("IBM",), TypeError, "missing 1 required positional argument: 'callback'"),
    (("IBM", 3), TypeError, "callback must be a function of yours, not int"),
    ((3, print), TypeError, "symbols must be an iterable of str, not int"),
    (((3,), print), TypeError, "each of symbols must be a str, not int"),
    (([3], print), TypeError, "each of symbols must be a str, not int"),
    (("a b", print), ValueError, "SYMBOL a b: "),
    (("IBM", print, 3), TypeError, "takes 3 positional arguments but 4 were given"),
], ids=str)
def test_wrong_arguments_raise(conn, arguments, exception, text):
    with pytest.raises(exception) as raised:
        conn.root.watch(*arguments)
    assert text in str(raised.value)


def test_watch_that_is_refused_changes_nothing(market):
    with Server(market, "cache.fresh_for=100ms", "cache.symbols_max=100") as server, \
            connected(server) as conn:
        first, second = Heard(), Heard()
        conn.root.watch("IBM", first.called)
        first.wait(("IBM", "137.16"))
        with pytest.raises(RuntimeError, match="too much is watched"):
            conn.root.watch(["IBM", *(f"A{i}" for i in range(100))], second.called)
        with pytest.raises(ValueError, match="neither a name nor a symbol"):
            conn.root.watch(["IBM", "AAPL", "no symbol!"], second.called)
        assert stats(server)["watches_open"] == 1
        market.set_price("IBM", "5.50")
        first.wait(("IBM", "5.50"))
        assert not second.calls


def test_arguments_may_be_named(conn):
    heard = Heard()
    conn.root.watch(callback=heard.called, symbols=["IBM"])
    heard.wait(("IBM", "137.16"))
    conn.root.unwatch(symbols="IBM")


def test_what_the_client_gave_is_given_back(conn):
    def held():
        gc.collect()
        return len(conn._local_objects._dict)

    heard = Heard()
    before = held()
    for _ in range(80):
        conn.root.watch(["IBM", "AAPL"], heard.called)
        with pytest.raises(ValueError):
            conn.root.watch("a b", heard.called)
    conn.root.unwatch()
    # Releases go out some dozens at a time.
    wait_until(lambda: held() < before + 100, lambda: f"{before} were held, and are {held()}")


def test_what_is_watched_ends_with_the_connection(quick):
    with connected(quick) as conn:
        conn.root.watch(["IBM", "AAPL"], print)
        assert stats(quick)["watches_open"] == 2
    wait_until(lambda: stats(quick)["watches_open"] == 0, "who is gone still watches")


def test_example_prints_what_changes(market, quick):
    command = ["/usr/bin/python3", TOP / "examples/python/watch.py", "localhost",
               str(quick.address[1]), "IBM", "NOSUCH"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True,
                          env=environment()) as example:
        lines = {example.stdout.readline().split()[0] for _ in range(2)}
        assert lines == {"IBM", "NOSUCH"}
        market.set_price("IBM", "5.50")
        while not (line := example.stdout.readline()).endswith("5.50\n"):
            assert line, "it has ended"
        example.kill()

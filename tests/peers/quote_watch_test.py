# SPDX-License-Identifier: Apache-2.0
"""quote --watch against servers that do as they are told: lines, not a terminal.

Claims: each price is told once and the newest of several; what a server told while
the connection was lost is made good; no price goes back in time, whichever server
is behind the next connection; a silent server is left; servers that come and go are
said once each, on standard error; a signal ends it with 0.

Run: QUOTED_BUILD=build /usr/bin/python3 -m pytest tests/peers/quote_watch_test.py
"""

import json
import os
import queue
import signal
import subprocess
import threading
from pathlib import Path

import pytest

from fake_resp import FakeServer, error, quote

ROOT = Path(__file__).resolve().parents[2]
BUILD = (ROOT / os.environ.get("QUOTED_BUILD", "build")).resolve()
QUOTE = BUILD / "client/cli/quote"
PATIENCE_S = 20 * float(os.environ.get("QUOTED_SLOWER", "1"))

pytestmark = pytest.mark.skipif(not QUOTE.exists(), reason=f"no {QUOTE}")


def at(second, price="135.60", **fields):
    """A quote that was fetched at a second of a minute."""
    return quote(price=price, fetched=f"2025-11-06T20:15:{second:02d}.000Z", **fields)


class Watch:
    """quote --watch, its lines as they come."""

    def __init__(self, *arguments):
        self.process = subprocess.Popen(
            [QUOTE, "--watch", *arguments], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.out = queue.Queue()
        self.err = queue.Queue()
        for stream, lines in ((self.process.stdout, self.out), (self.process.stderr, self.err)):
            threading.Thread(target=self._read, args=(stream, lines), daemon=True).start()

    @staticmethod
    def _read(stream, lines):
        for line in stream:
            lines.put(line.rstrip("\n"))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()

    def line(self):
        return self.out.get(timeout=PATIENCE_S)

    def prices(self, count):
        return [json.loads(self.line())["price"] for _ in range(count)]

    def complaint(self):
        return self.err.get(timeout=PATIENCE_S)


@pytest.fixture
def server():
    with FakeServer(name="quoted") as fake:
        fake.quotes["IBM"] = at(1, "100.00")
        fake.quotes["Google"] = at(1, "29.00", symbol="GOOGL", name="Google")
        yield fake


def subscribed(server, count=1):
    """Wait until so many connections have subscribed."""
    done = threading.Event()
    for _ in range(int(PATIENCE_S * 100)):
        with server.lock:
            if len(server.watchers) >= count:
                return
        done.wait(0.01)
    raise AssertionError("nobody subscribed")


def test_each_quote_at_first_and_then_each_new_one(server):
    with Watch("-s", server.address, "--json", "IBM", "Google") as watch:
        first = [json.loads(watch.line()) for _ in range(2)]
        assert [(row["asked"], row["symbol"], row["price"]) for row in first] == [
            ("IBM", "IBM", "100.00"), ("Google", "GOOGL", "29.00")]
        server.quotes["IBM"] = at(2, "101.00")
        server.push("IBM")
        assert watch.prices(1) == ["101.00"]
        server.push("IBM")  # nothing is new
        server.quotes["Google"] = at(3, "30.00", symbol="GOOGL")
        server.push("Google")
        row = json.loads(watch.line())
        assert (row["asked"], row["price"]) == ("Google", "30.00")


def test_a_message_of_the_symbol_is_one_of_the_name(server):
    with Watch("-s", server.address, "--json", "Google") as watch:
        assert watch.prices(1) == ["29.00"]
        subscribed(server)
        server.quotes["Google"] = at(2, "31.00", symbol="GOOGL")
        with server.lock:
            for symbols in server.watchers.values():
                symbols.add("GOOGL")
        server.push("GOOGL")
        assert watch.prices(1) == ["31.00"]


def test_as_many_symbols_as_there_may_be(server):
    names = [f"S{number}" for number in range(10000)]
    for name in names:
        server.quotes[name] = at(1, "1.00", symbol=name)
    with Watch("-s", server.address, "--attempt", "60s", "--plain", *names) as watch:
        assert sorted(watch.line() for _ in names) == sorted(f"{name} 1.00" for name in names)
        for name in ("S0", "S9999", "S4711"):
            server.quotes[name] = at(2, "2.00", symbol=name)
            server.push(name)
            assert watch.line() == f"{name} 2.00"
    with server.lock:
        assert [words for _, words in server.asked if words[0] == "SUBSCRIBE"] == [
            ["SUBSCRIBE", name] for name in names]


def test_news_of_what_was_not_asked_for_is_looked_into(server):
    with Watch("-s", server.address, "--json", "IBM") as watch:
        assert watch.prices(1) == ["100.00"]
        subscribed(server)
        with server.lock:
            for symbols in server.watchers.values():
                symbols.add("NYSE:IBM")
        for second in (2, 3):  # but not each time: that might be all there is
            server.quotes["IBM"] = at(second, f"10{second}.00")
            for _ in range(100):
                server.push("NYSE:IBM")
            assert watch.prices(1) == [f"10{second}.00"]
    assert len([1 for _, words in server.asked if words[0] == "HGETALL"]) < 20


def test_a_failure_and_its_end_are_told(server):
    server.quotes["IBM"] = error("LIMIT IBM: used up")
    with Watch("-s", server.address, "--json", "IBM") as watch:
        row = json.loads(watch.line())
        assert (row["error"], "price" in row) == ("LIMIT", False)
        server.quotes["IBM"] = at(5, "7.00")
        server.push("IBM")
        assert watch.prices(1) == ["7.00"]


def test_a_lost_server_is_followed_by_another_and_nothing_goes_back(server):
    with FakeServer(name="quoted") as other:
        other.quotes["IBM"] = at(1, "100.00")
        with Watch("-s", f"{server.address},{other.address}", "--json", "IBM") as watch:
            assert watch.prices(1) == ["100.00"]
            first, second = (server, other) if server.watchers else (other, server)
            first.quotes["IBM"] = at(9, "109.00")
            first.push("IBM")
            assert watch.prices(1) == ["109.00"]
            second.quotes["IBM"] = at(5, "105.00")  # older than what was told
            first.stop()
            subscribed(second)
            second.quotes["IBM"] = at(10, "110.00")
            second.push("IBM")
            assert watch.prices(1) == ["110.00"]


def test_what_came_while_nobody_listened_is_made_good(server):
    with Watch("-s", server.address, "--json", "IBM") as watch:
        assert watch.prices(1) == ["100.00"]
        subscribed(server)
        server.stop()
        assert "trying again" in watch.complaint()
        with FakeServer(name="quoted", port=server.port) as again:
            again.quotes["IBM"] = at(30, "130.00")
            assert watch.prices(1) == ["130.00"]
            assert watch.complaint() == f"quote: {again.address} answers again"


def test_a_server_that_says_nothing_is_left(server):
    with FakeServer(name="quoted") as other:
        other.quotes["IBM"] = at(2, "102.00")
        server.quotes["IBM"] = at(1, "100.00")
        with Watch("-s", f"{server.address},{other.address}", "--json", "IBM") as watch:
            watch.line()
            first, second = (server, other) if server.watchers else (other, server)
            second.quotes["IBM"] = at(20, "120.00")
            assert not second.watchers
            # Neither beats; the first is left, and so is the second in its turn.
            assert watch.prices(1) == ["120.00"]
            assert first.connections >= 1


def test_a_server_that_beats_is_kept(server):
    with Watch("-s", server.address, "--json", "IBM") as watch:
        assert watch.prices(1) == ["100.00"]
        subscribed(server)
        stopped = threading.Event()

        def beat():
            while not stopped.wait(0.5):
                server.beat()

        beating = threading.Thread(target=beat)
        beating.start()
        try:
            # Longer than silence is borne; the condition is the second look.
            asked = lambda: sum(words[0] == "HGETALL" for words in server.commands())
            done = threading.Event()
            for _ in range(int((PATIENCE_S + 20) * 10)):
                if asked() >= 2:
                    break
                done.wait(0.1)
            assert asked() >= 2  # every 15 s
            assert server.connections == 1
        finally:
            stopped.set()
            beating.join()


def test_a_server_that_can_t_be_watched_says_so():
    with FakeServer() as old:
        old.quotes["IBM"] = at(1)
        with Watch("-s", old.address, "IBM") as watch:
            assert "unknown command 'SUBSCRIBE'" in watch.complaint()


def test_lines_for_people_and_for_spreadsheets(server):
    with Watch("-s", server.address, "IBM") as watch:
        words = watch.line().split(" ")
        assert words[1:4] == ["IBM", "100.00", "USD"] and words[-1] == "fresh"
    with Watch("-s", server.address, "--plain", "IBM") as watch:
        assert watch.line() == "IBM 100.00"
    with Watch("-s", server.address, "-f", "csv", "IBM") as watch:
        assert watch.line().startswith("asked,symbol,name,price")
        assert watch.line().startswith("IBM,IBM,")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP,
                                    signal.SIGQUIT])
def test_a_signal_ends_it_well(server, number):
    with Watch("-s", server.address, "IBM") as watch:
        watch.line()
        watch.process.send_signal(number)
        assert watch.process.wait(PATIENCE_S) == 0


@pytest.mark.parametrize("option", [["--repeat", "2"], ["--every", "1s"], ["--fresh"],
                                    ["-f", "report"], ["--reconnect"]])
def test_options_that_mean_nothing_are_refused(option):
    done = subprocess.run([QUOTE, "--watch", *option, "IBM"], text=True, check=False,
                          capture_output=True)
    assert done.returncode == 2
    assert "--watch and --" in done.stderr

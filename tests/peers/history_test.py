# SPDX-License-Identifier: Apache-2.0
"""HISTORY and MAXAGE as redis-py's users have them, with a real store.

Claims: HISTORY gives what a plain reckoning over the same prices gives, exactly, for any
range and step; a client that leaves, a server that ends and a disk that fails while a
question is open harm nobody; MAXAGE never gives a price that is older than demanded,
however many ask at once.

Run: QUOTED_BUILD=build /usr/bin/python3 -m pytest tests/peers/history_test.py
"""

import datetime as dt
import json
import random
import sqlite3
import subprocess
import threading
import time
from decimal import Decimal

import pytest
from programs import (END_S, SLOWER, Market, Server, environment, make_folder, program,
                      read_info, remove_folder, wait_until)
from wire import Ended, Error

redis = pytest.importorskip("redis", reason="no python3-redis")

DAY_MS = 86400000
BARS_MAX = 10000
MIDNIGHT_MS = 1795132800000  # 2026-11-20, in UTC


@pytest.fixture(name="path")
def fixture_path():
    folder = make_folder("store")
    yield folder / "quoted.db"
    remove_folder(folder)


def make_store(market, path):
    """A store as a server makes it, with nothing in it."""
    with Server(market, f"store.path={path}"):
        pass


def put(path, prices, symbol="IBM"):
    """Keep prices of the past: pairs of an instant in ms and a text."""
    with sqlite3.connect(path) as database:
        database.executemany(
            "INSERT INTO history (symbol, at_unix_ms, price, currency, source)"
            f" VALUES ('{symbol}', ?, ?, 'USD', 'test')", prices)
    database.close()


def show(price):
    """A price as quoted shows it: two places, or as many as it has."""
    text = f"{price.normalize():f}"
    places = len(text.partition(".")[2])
    return text if places >= 2 else f"{price:.2f}"


def reckon(prices, start_ms, end_ms, step_ms):
    """The rows that HISTORY should give."""
    rows = {}
    for at_ms, text in sorted(prices, key=lambda one: one[0]):
        begin_ms = at_ms // step_ms * step_ms
        if start_ms // step_ms * step_ms <= at_ms < -(-end_ms // step_ms) * step_ms:
            rows.setdefault(begin_ms, []).append(Decimal(text))
    return [[begin_ms, show(found[0]), show(max(found)), show(min(found)), show(found[-1]),
             len(found)] for begin_ms, found in sorted(rows.items())]


def make_prices(seed, count):
    """Prices in one week, some at the same instant."""
    draw = random.Random(seed)
    at_ms = MIDNIGHT_MS - 7 * DAY_MS
    prices = []
    for _ in range(count):
        at_ms += draw.choice([0, 1, 59999, 60000, draw.randrange(2 * 7 * DAY_MS // count)])
        digits = draw.randrange(1, 10 ** draw.randrange(1, 15))
        prices.append((at_ms, str(Decimal(digits).scaleb(-draw.randrange(0, 8)).normalize())))
    return [(at_ms, f"{Decimal(text):f}") for at_ms, text in prices]


@pytest.mark.parametrize("version", [2, 3])
def test_rows_are_those_of_a_plain_reckoning(path, version):
    seed = random.randrange(1 << 32)
    print("seed", seed)
    prices = make_prices(seed, 2000)
    draw = random.Random(seed)
    with Market() as market:
        make_store(market, path)
        put(path, prices)
        put(path, [(at_ms, "1") for at_ms, _ in prices], "OTHER")
        with Server(market, f"store.path={path}", "store.history_for=3650d") as server, \
                server.connect() as client:
            client.ask("HELLO", version)
            for _ in range(60):
                step, step_ms = draw.choice([("1s", 1000), ("1m", 60000), ("7m", 420000),
                                             ("1h", 3600000), ("1d", DAY_MS), ("7d", 7 * DAY_MS)])
                start_ms, end_ms = sorted(draw.sample(
                    range(MIDNIGHT_MS - 8 * DAY_MS, MIDNIGHT_MS + 8 * DAY_MS), 2))
                came = client.ask("HISTORY", "IBM", "FROM", start_ms, "TO", end_ms, "EVERY", step)
                assert came == reckon(prices, start_ms, end_ms, step_ms), (start_ms, end_ms, step)


def test_redis_py_asks_for_the_past(path):
    noon_ms = MIDNIGHT_MS + DAY_MS // 2
    prices = [(noon_ms, "10"), (noon_ms + 1, "12.345"), (noon_ms + 60000, "9.5")]
    with Market() as market:
        make_store(market, path)
        put(path, prices, "GOOGL")
        with Server(market, f"store.path={path}", "store.history_for=3650d") as server:
            py = redis.Redis(*server.address, decode_responses=True)
            row = [MIDNIGHT_MS, "10.00", "12.345", "9.50", "9.50", 3]
            day = dt.date(2026, 11, 20).isoformat()
            assert py.execute_command("HISTORY", "google", "FROM", day, "TO", day) == [row]
            when = dt.datetime(2026, 11, 20, 13, 0, 0, 999, dt.timezone(dt.timedelta(hours=1)))
            rows = py.execute_command("HISTORY", "Google", "FROM", when.isoformat(), "EVERY", "1m",
                                      "TO", (noon_ms + 60000) // 1000)
            assert rows == [[noon_ms, "10.00", "12.345", "10.00", "12.345", 2]]
            assert py.execute_command("HISTORY", "GOOGL", "EVERY", "366d")[0][5] == 3
            pipeline = py.pipeline()  # MULTI, by default
            pipeline.execute_command("HISTORY", "Google", "FROM", day, "TO", day)
            pipeline.get("IBM").execute_command("HISTORY", "IBM")
            assert pipeline.execute() == [[row], "137.16", []]
            with pytest.raises(redis.ResponseError, match="^FROM takes a day"):
                py.execute_command("HISTORY", "IBM", "FROM", "yesterday")
            py.close()


def run_quote(server, *words):
    return subprocess.run(
        [program("client/cli/quote"), "-s", "{}:{}".format(*server.address), "--timeout", "60s",
         "--attempt", "60s", *words], text=True, capture_output=True, check=False,
        timeout=120 * SLOWER, env=environment())


def test_quote_shows_what_redis_py_is_given(path):
    first_ms = MIDNIGHT_MS - DAY_MS
    with Market() as market:
        make_store(market, path)
        put(path, [(first_ms + 1000 * n, f"{n}.25") for n in range(BARS_MAX + 1)])
        with Server(market, f"store.path={path}", "store.history_for=3650d") as server:
            to_ms = first_ms + 1000 * BARS_MAX
            done = run_quote(server, "--history", "--from", str(first_ms), "--to", str(to_ms),
                             "--step", "1s", "--json", "ibm")
            assert (done.returncode, done.stderr) == (0, "")
            with server.connect() as client:
                rows = client.ask("HISTORY", "IBM", "FROM", first_ms, "TO", to_ms, "EVERY", "1s")
            assert len(rows) == BARS_MAX
            assert [[dt.datetime.fromisoformat(row["time"]).timestamp() * 1000,
                     *(row[name] for name in ("open", "high", "low", "close", "count"))]
                    for row in json.loads(done.stdout)] == rows
            refused = run_quote(server, "--history", "--step", "1s", "IBM")
            assert (refused.returncode, refused.stdout) == (1, "")
            assert f"that is more than {BARS_MAX} steps" in refused.stderr
            assert run_quote(server, "--history", "--from", "yesterday", "IBM").returncode == 1


def test_quote_demands_an_age(market, server):
    assert run_quote(server, "--max-age", "5m", "--plain", "IBM").stdout == "IBM 137.16\n"
    market.set_price("IBM", "138")
    assert run_quote(server, "--max-age", "5m", "--plain", "IBM").stdout == "IBM 137.16\n"
    assert run_quote(server, "--max-age", "0", "--plain", "IBM").stdout == "IBM 138.00\n"
    market.answer_next("IBM", {"class": "limit_day", "repeat": 99})
    late = run_quote(server, "--max-age", "0", "IBM")
    assert late.returncode == 3
    assert late.stderr.startswith("quote: IBM: ") and " old, at most 0 ms " in late.stderr
    assert run_quote(server, "--plain", "IBM").stdout == "IBM 138.00\n"


def test_more_rows_than_the_bound_are_refused_with_what_to_change(path):
    prices = [(MIDNIGHT_MS + 1000 * i, "1") for i in range(BARS_MAX + 1)]
    with Market() as market:
        make_store(market, path)
        put(path, prices)
        with Server(market, f"store.path={path}", "store.history_for=3650d") as server, \
                server.connect() as client:
            last_ms = prices[-1][0]
            rows = client.ask("HISTORY", "IBM", "TO", last_ms, "EVERY", "1s")
            assert len(rows) == BARS_MAX and rows[-1][0] == last_ms - 1000
            said = client.ask("HISTORY", "IBM", "TO", last_ms + 1, "EVERY", "1s")
            assert said == Error("ERR that is more than 10000 steps: ask for a longer EVERY, or "
                                 "for less between FROM and TO")
            assert len(client.ask("HISTORY", "IBM", "TO", last_ms + 1, "EVERY", "2s")) == 5001


def test_many_questions_of_one_connection_are_all_answered_in_order(path):
    with Market() as market:
        make_store(market, path)
        put(path, [(MIDNIGHT_MS + DAY_MS * i, str(i + 1)) for i in range(50)])
        with Server(market, f"store.path={path}", "store.history_for=3650d") as server, \
                server.connect() as client:
            for i in range(1000):
                client.send("HISTORY", "IBM", "FROM", MIDNIGHT_MS, "TO",
                            MIDNIGHT_MS + DAY_MS * (i % 50 + 1))
            for i in range(1000):
                assert len(client.receive()) == i % 50 + 1
            assert read_info(client.ask("INFO", "stats"))["requests_failed"] == 0


class Locked:
    """A store that can't be written to for a while, so that the store's thread has to
    wait (two seconds at most), and all questions with it."""

    def __init__(self, path):
        self.database = sqlite3.connect(path, isolation_level=None)
        self.database.execute("BEGIN IMMEDIATE")

    def free(self):
        self.database.execute("ROLLBACK")
        self.database.close()


def test_a_client_that_leaves_is_not_waited_for(path):
    with Market() as market, Server(market, f"store.path={path}") as server, \
            server.connect() as client:
        lock = Locked(path)
        for _ in range(3):
            leaver = server.connect()
            leaver.send("HISTORY", "IBM")
            leaver.send("HISTORY", "IBM")
            leaver.send("PING")
            leaver.reset()
        client.send("HISTORY", "IBM")
        lock.free()
        assert client.receive() == []
        wait_until(lambda: read_info(client.ask("INFO", "clients"))["connected_clients"] == 1,
                   "the others are gone")
        assert client.ask("HISTORY", "IBM") == []


def test_more_questions_than_a_worker_takes_are_refused(path):
    with Market() as market, \
            Server(market, f"store.path={path}", "server.workers=1") as server:
        clients = [server.connect() for _ in range(70)]
        lock = Locked(path)
        for client in clients:
            client.send("HISTORY", "IBM")
        lock.free()
        # How many are open at a time depends on how long the lock was one.
        refused = Error("OVERLOADED IBM: the server has too much to do")
        assert all(client.receive() in ([], refused) for client in clients)
        assert clients[0].ask("HISTORY", "IBM") == []


def test_a_server_that_ends_answers_what_is_open(path):
    with Market() as market:
        server = Server(market, f"store.path={path}")
        client = server.connect()
        client.send("HISTORY", "IBM")
        assert client.receive() == []
        client.send("HISTORY", "IBM")
        server.signal(15)
        try:
            assert client.receive() in ([], Error("DRAINING IBM: the server is shutting down"))
        except Ended:
            pass  # it was on its way when the end came
        server.finish()


def test_a_server_that_ends_waits_for_no_disk(path):
    with Market() as market:
        server = Server(market, f"store.path={path}")
        client = server.connect()
        lock = Locked(path)
        client.send("HISTORY", "IBM")
        client.send("PING")
        began = time.monotonic()
        with server.connect() as other:  # the question is with the server by now
            other.ask("PING")
        server.signal(15)
        server.wait_exit(END_S + 3)
        assert time.monotonic() - began < END_S + 3
        lock.free()
        server.finish()


def test_a_store_that_cant_be_read_is_said_and_prices_go_on(path):
    with Market() as market, Server(market, f"store.path={path}") as server, \
            server.connect() as client:
        assert client.ask("HISTORY", "IBM") == []
        with sqlite3.connect(path) as database:
            database.execute("DROP TABLE history")
        database.close()
        assert client.ask("HISTORY", "IBM") == Error("STORE IBM: what was kept can't be read")
        assert client.ask("GET", "IBM") == "137.16"


def test_maxage_with_redis_py(market, server):
    with redis.Redis(*server.address, decode_responses=True) as py:
        assert py.execute_command("GET", "IBM", "MAXAGE", "5m") == "137.16"
        market.set_price("IBM", "138")
        assert py.execute_command("GET", "IBM", "MAXAGE", "5m") == "137.16"
        wait_until(lambda: int(py.hget("IBM", "age_ms")) > 50, "it is older than that")
        assert py.execute_command("GET", "IBM", "MAXAGE", "50ms") == "138.00"
        market.answer_next("IBM", {"class": "limit_day", "repeat": 99})
        wait_until(lambda: int(py.hget("IBM", "age_ms")) > 50, "it is older than that")
        with pytest.raises(redis.ResponseError,
                           match="^TOOOLD IBM: .* old, at most 50 ms was asked for; "):
            py.execute_command("GET", "IBM", "MAXAGE", "50ms")
        assert py.get("IBM") == "138.00"
        assert py.execute_command("MGET", "IBM", "MAXAGE", "50ms") == [None]


class Prices:
    """A market whose price of a symbol is another one every few milliseconds, and since
    when each is no longer current."""

    def __init__(self, market, symbol):
        self.market = market
        self.symbol = symbol
        self.over = {}  # price -> by this time another one was set
        self.is_over = threading.Event()
        self.thread = threading.Thread(target=self._change)

    def __enter__(self):
        self.market.set_price(self.symbol, "1.00")
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.is_over.set()
        self.thread.join()

    def _change(self):
        n = 1
        while not self.is_over.wait(0.01):
            n += 1
            self.market.set_price(self.symbol, f"{n}.00")
            self.over[f"{n - 1}.00"] = time.monotonic()


def test_no_price_is_older_than_demanded_whoever_asks():
    """Some demand and some do not, on both workers, of the same symbol."""
    slack_s = 0.05 * SLOWER  # of clocks that threads read a moment apart
    came = []

    def ask(server, seed):
        draw = random.Random(seed)
        with server.connect() as one:
            for _ in range(60):
                if draw.random() < 0.5:
                    one.ask("GET", "IBM")
                    continue
                max_ms = draw.choice([0, 100, 300])
                began = time.monotonic()
                price = one.ask("GET", "IBM", "MAXAGE", f"{max_ms}ms")
                came.append((began - max_ms / 1000 - slack_s, price))

    with Market() as market, Server(market, "cache.fresh_for=1h") as server:
        with Prices(market, "IBM") as prices:
            threads = [threading.Thread(target=ask, args=(server, i)) for i in range(12)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        assert len(came) > 100
        for since, price in came:
            assert not isinstance(price, Error), price
            assert prices.over.get(price, time.monotonic()) >= since, (price, since)

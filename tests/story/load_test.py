# SPDX-License-Identifier: Apache-2.0
"""Many clients at once while something else goes on: every answer is the right one.

Under ThreadSanitizer these tests are where threads meet.  They end after so many
requests, not after a time.
"""

import random
import signal
import threading
from contextlib import ExitStack

import pytest
from programs import DEADLINE_S, Market, Server, read_info, wait_until
from wire import Ended, Error, compose

CLIENTS = 8
SYMBOLS = 300


class Crowd:
    """Clients on threads of their own; what goes wrong on them is raised at the end."""

    def __init__(self, work, count=CLIENTS):
        self.errors = []
        self.threads = [threading.Thread(target=self._run, args=(work, number), daemon=True)
                        for number in range(count)]
        for thread in self.threads:
            thread.start()

    def _run(self, work, number):
        try:
            work(number)
        except BaseException as error:  # pylint: disable=broad-except
            self.errors.append(error)

    def is_working(self):
        """Whether any of them still is."""
        return any(thread.is_alive() for thread in self.threads)

    def join(self):
        """Wait for them, and raise the first error that there was."""
        for thread in self.threads:
            thread.join()
        if self.errors:
            raise self.errors[0]


@pytest.fixture(name="market")
def start_market():
    """A market in which symbol Sn costs n."""
    with Market("--step", "0") as market:
        for n in range(1, SYMBOLS + 1):
            market.set_price(f"S{n}", n)
        yield market


def ask_in_pieces(server, number, rounds, answer_is_right):
    """Ask for random symbols, 20 in one piece, and look at each answer."""
    chance = random.Random(number)
    with server.connect() as client:
        for _ in range(rounds):
            symbols = [chance.randint(1, SYMBOLS) for _ in range(20)]
            client.send_raw(b"".join(compose(["GET", f"S{n}"]) for n in symbols))
            for n in symbols:
                answer = client.receive()
                assert answer_is_right(n, answer), f"S{n}: {answer!r}"


def is_right(n, answer):
    return answer == f"{n}.00"


def test_prices_come_and_go(market):
    """In a cache that is far too small, quotes are dropped and replaced while others
    read them; no answer is another symbol's."""
    with Server(market, "server.workers=4", "cache.symbols_max=20") as server:
        Crowd(lambda number: ask_in_pieces(server, number, 40, is_right)).join()
        with server.connect() as client:
            counts = read_info(client.ask("INFO", "stats"))
            assert counts["cache_quotes"] == client.ask("DBSIZE") == 20
            assert counts["cache_evicted"] == counts["cache_published"] - 20
            assert counts["waits_open"] == counts["flights_open"] == 0
            assert counts["upstream_calls"] == market.calls()


def test_each_symbol_is_fetched_once(market):
    """However many ask, and however close to the moment at which the price comes."""
    with Server(market, "server.workers=4") as server:
        Crowd(lambda number: ask_in_pieces(server, number, 100, is_right)).join()
        counts = market.counts()
        assert counts["total"] == len(counts["symbols"]) <= SYMBOLS


def test_prices_get_stale_all_the_time(market):
    """With the shortest fresh time everything is fetched again and again, and no call is
    made that brings nothing.  Ahead of requests nothing is, or it would not end with them."""
    enough = threading.Event()

    def ask(number):
        while not enough.is_set():
            ask_in_pieces(server, number, 5, is_right)

    settings = ("server.workers=4", "cache.fresh_for=100ms", "fetch.warm_for=0")
    with Server(market, *settings) as server, server.connect() as client:
        def look():
            return read_info(client.ask("INFO", "stats"))

        crowd = Crowd(ask)
        wait_until(lambda: look()["cache_published"] > 3 * SYMBOLS or not crowd.is_working(),
                   "stale prices are not fetched again", 3 * DEADLINE_S)
        enough.set()
        crowd.join()
        wait_until(lambda: look()["flights_open"] == 0, "flights do not end")
        counts = look()
        assert counts["requests_failed"] == 0
        assert counts["cache_stale"] > 0
        assert counts["upstream_calls"] == counts["cache_published"] == market.calls()


def test_provider_that_fails_now_and_then(market):
    """Resets, garbage and wrong statuses in between cost the request that meets them a
    typed error at most, and never bring a wrong price."""
    chance = random.Random(1)
    faults = [{"status": 500}, {"reset": True}, {"truncate": 30}, {"body": "<html>"}, {}, {}, {},
              {"class": "unknown"}, {"class": "bad_function"}]
    market.answer_next("*", *(chance.choice(faults) for _ in range(200)))

    def is_typed(n, answer):
        return is_right(n, answer) or (
            isinstance(answer, Error) and answer.split()[0] in ("UPSTREAM", "UNKNOWN", "NODATA"))

    with Server(market, "server.workers=4", "cache.symbols_max=50",
                "cache.unknown_for=100ms") as server:
        Crowd(lambda number: ask_in_pieces(server, number, 30, is_typed)).join()


def test_reloads_while_clients_ask(market, tmp_path):
    """The configuration is loaded again and again under load: nobody sees an error, and
    once it is said to be loaded, every worker goes by it."""
    names = tmp_path / "names.csv"
    key = tmp_path / "key"
    path = tmp_path / "quoted.yaml"
    key.write_text(market.key)

    def write(n):
        names.write_text("symbol,name,aliases,currency,mic\n" +
                         "".join(f"S{m},Company {m} {n},,USD,\n" for m in range(1, 50)))
        path.write_text(f"server: {{listen: '127.0.0.1:0', workers: 4}}\n"
                        f"cache: {{symbols_max: 50, fresh_for: {100 + n}ms}}\n"
                        f"fetch: {{calls_max: {1 + n % 8}}}\n"
                        f"limits: {{idle_for: {n % 2 * 60}s}}\n"
                        f"names: {names}\n"
                        f"providers:\n- {{name: market, url: '{market.url}', key_file: {key}}}\n")

    write(0)
    with ExitStack() as stack:
        server = stack.enter_context(Server(market, config=path))
        clients = [stack.enter_context(server.connect()) for _ in range(12)]
        client = clients[0]
        crowd = Crowd(lambda number: ask_in_pieces(server, number, 60, is_right))
        reloads = 0
        while crowd.is_working() or reloads < 5:
            reloads += 1
            write(reloads)
            server.signal(signal.SIGHUP)
            wait_until(lambda: read_info(client.ask("INFO", "stats"))["reloads"] == reloads,
                       "the configuration is not loaded again")
            for one in clients:
                assert one.ask("HGET", "S1", "name") == f"Company 1 {reloads}"
        crowd.join()
        assert read_info(client.ask("INFO", "stats"))["reloads_refused"] == 0


def test_end_while_clients_ask(market):
    """Told to end under load, the server answers what it has read: each client gets
    whole, right answers in order, then the end, and no reset in between."""
    asking, ended = set(), []

    def ask_until_the_end(number):
        chance = random.Random(number)
        with server.connect() as client:
            try:
                while True:
                    n = chance.randint(1, SYMBOLS)
                    client.send("GET", f"S{n}")
                    answer = client.receive()
                    assert is_right(n, answer) or answer.startswith("DRAINING"), answer
                    asking.add(number)
            except (Ended, BrokenPipeError):
                assert client.receive_raw(1) == b""  # no half of an answer
                ended.append(number)

    with Server(market, "server.workers=4", "cache.symbols_max=50") as server:
        crowd = Crowd(ask_until_the_end)
        with server.connect() as client:
            wait_until(lambda: len(asking) == CLIENTS
                       and read_info(client.ask("INFO", "stats"))["requests"] > 500,
                       "the clients do not ask", 3 * DEADLINE_S)
        server.signal(signal.SIGTERM)
        assert server.wait_exit() == 0
        crowd.join()
        assert sorted(ended) == list(range(CLIENTS))


def look_around(server):
    """Ask for everything that looks at what other threads do."""
    with server.connect() as client:
        for _ in range(30):
            listed = client.ask("CLIENT", "LIST")
            assert all(line.startswith("id=") for line in listed.splitlines())
            assert "requests:" in client.ask("INFO")
            cursor, _ = client.ask("SCAN", "0", "COUNT", "1000")
            assert cursor == "0"
            assert client.ask("CONFIG", "GET", "cache.*")
            assert client.ask("EXISTS", *(f"S{n}" for n in range(1, 51))) <= 50


def test_connections_come_and_go(market):
    """Clients that connect, ask and leave in every possible way leave nothing behind,
    while others look at who is there."""
    def come_and_go(number):
        chance = random.Random(number)
        for _ in range(60):
            client = server.connect()
            n = chance.randint(1, SYMBOLS)
            client.send_raw(b"".join(compose(["GET", f"S{n}"]) for _ in range(3)))
            way = chance.randrange(4)
            if way == 0:
                client.reset()
            elif way == 1:
                client.close()
            else:
                if way == 2:
                    client.end_sending()
                else:
                    client.send("QUIT")
                rest = client.wait_end()
                assert rest.startswith(b"$%d\r\n%d.00\r\n" % (len(f"{n}.00"), n) * 3), rest
                client.close()

    with Server(market, "server.workers=4", "cache.symbols_max=50") as server:
        observer = server.connect()
        onlookers = Crowd(lambda _: look_around(server), 2)
        Crowd(come_and_go).join()
        onlookers.join()
        wait_until(lambda: read_info(observer.ask("INFO", "stats"))["connections_open"] == 1,
                   "connections are left")
        wait_until(lambda: read_info(observer.ask("INFO", "stats"))["waits_open"] == 0,
                   "requests of clients that are gone wait")

# SPDX-License-Identifier: Apache-2.0
"""HTTP from all sides at once: several workers, those who ask, who watch, who look
inside, and a reload, while prices change.  It also runs under ThreadSanitizer.

Claims: nobody's answer is disturbed by what others do; every watcher, on whichever
worker, has the newest price in the end; no request is lost in the metrics.
"""

import signal
import threading

import pytest
from metrics import scrape
from programs import DEADLINE_S, SLOWER, Server, read_info, wait_until
from web import Events, Web

pytestmark = pytest.mark.threads

ROUNDS = 300 if SLOWER < 2 else 60
SYMBOLS = ["IBM", "AAPL", "TSLA", "DIS"]
LOOKS = ["/metrics", "/v1/providers", "/v1/explain/IBM", "/readyz?verbose", "/livez", "/version",
         "/v1/quotes?limit=2", "/v1/history/IBM", "/openapi.json"]


class Crowd:
    """Threads that each do one thing; what goes wrong in one is raised in the end."""

    def __init__(self):
        self.failures = []
        self.threads = []

    def add(self, function, *arguments):
        """Begin another."""
        def run():
            try:
                function(*arguments)
            except BaseException as error:  # raised again by end()
                self.failures.append(error)

        self.threads.append(threading.Thread(target=run, daemon=True))
        self.threads[-1].start()

    def end(self):
        """Wait for all of them."""
        for thread in self.threads:
            thread.join(DEADLINE_S * 4)
            assert not thread.is_alive(), "a client hangs"
        if self.failures:
            raise self.failures[0]


def info(server):
    """What the server has counted."""
    with server.connect() as client:
        return read_info(client.ask("INFO"))


def ask(server, number):
    """Ask for quotes on a connection that is kept, some of them sent ahead."""
    with Web(server.address) as web:
        for i in range(ROUNDS):
            symbol = SYMBOLS[(i + number) % len(SYMBOLS)]
            demand = {"Cache_Control": "max-age=0"} if i % 10 == number else {}
            web.send(web.compose(f"/v1/quotes/{symbol}", **demand) +
                     web.compose("/v1/quotes?symbols=" + ",".join(SYMBOLS)))
            one, several = web.receive(), web.receive()
            assert one.status == 200 and one.json["symbol"] == symbol, one
            assert [quote["status"] for quote in several.json["quotes"]] == [200] * 4


def look(server):
    """Look at everything there is to see."""
    with Web(server.address) as web:
        for i in range(ROUNDS // 2):
            target = LOOKS[i % len(LOOKS)]
            assert web.get(target).status == 200, target
            web.get("/v1/quotes/NOPE")


def come_and_go(server):
    """Watch for no longer than until the first event."""
    for _ in range(ROUNDS // 5):
        with Events(server.address, "/v1/watch?symbols=" + ",".join(SYMBOLS)) as events:
            events.next_quote()


def watch(server, last):
    """Watch until each symbol has had its last price."""
    left = set(SYMBOLS)
    with Events(server.address, "/v1/watch?symbols=" + ",".join(SYMBOLS)) as events:
        while left:
            quote = events.next_quote()
            if quote["price"] == last:
                left.discard(quote["symbol"])


def test_all_at_once(market, tmp_path):
    names = tmp_path / "names.csv"
    names.write_text("symbol,name\nIBM,First\n")
    with Server(market, "server.workers=4", "cache.fresh_for=200ms", "fetch.retry_after=100ms",
                f"names={names}", f"store.path={tmp_path}/quotes.db") as server:
        crowd = Crowd()
        for number in range(4):
            crowd.add(ask, server, number)
            crowd.add(watch, server, "777.00")
        for _ in range(2):
            crowd.add(look, server)
            crowd.add(come_and_go, server)
        for i in range(5):
            for symbol in SYMBOLS:
                market.set_price(symbol, f"10{i}.00")
            names.write_text(f"symbol,name\nIBM,Number {i}\n")
            server.signal(signal.SIGHUP)
            wait_until(lambda: info(server)["reloads"] == i + 1, "loaded again")
        for symbol in SYMBOLS:
            market.set_price(symbol, "777.00")
        crowd.end()
        wait_until(lambda: info(server)["connections_open"] == 1, "all have gone")
        counted = scrape(server)
        asked = 4 * ROUNDS * 2 + 2 * (ROUNDS // 2) * 2 + 2 * (ROUNDS // 5) + 4
        assert counted.sum("quoted_requests_total", proto="http") == asked

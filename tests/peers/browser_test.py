# SPDX-License-Identifier: Apache-2.0
"""The page at / in a real browser: headless Chromium.

Claims: what is in memory is shown, and a price that changes changes on the page by
itself; a symbol that is asked for is added, one that nobody knows is said to be; a
server that goes away and comes back is found again, and an event that is lost on
the way is noticed by the next heartbeat; the console has nothing to say,
so nothing is loaded from elsewhere and the page keeps to its own policy.

The picture of the page stays in the build's folder, browser/page.png.
"""

import contextlib
import socket
import threading

import pytest
from browser import Browser, why_no_browser
from programs import BUILD, DEADLINE_S, Market, Server, wait_until

pytestmark = pytest.mark.skipif(why_no_browser() is not None, reason=why_no_browser() or "")

PRICE = "tr[data-symbol='IBM'] td:nth-child(3)"


@pytest.fixture(name="market")
def start_market():
    with Market("--step", "0") as market:
        market.set_price("IBM", "137.1600")
        yield market


@pytest.fixture(name="server")
def start_server(market):
    with Server(market, "server.id=one", "cache.fresh_for=1s") as server:
        with server.connect() as client:
            client.ask("GET", "IBM")
        yield server


@pytest.fixture(name="browser")
def start_browser(tmp_path):
    with Browser(tmp_path) as browser:
        yield browser


def until(browser, selector, expected):
    wait_until(lambda: browser.text(selector) == expected,
               lambda: f"{selector} is {browser.text(selector)!r}, and not {expected!r}",
               look_s=0.05)


def ask_for(browser, text):
    browser.run("document.querySelector('#symbol').value = arguments[0];"
                "document.querySelector('#add').requestSubmit();", text)


class Dropper:
    """A proxy that hands on everything but, while `drops` is set, events of quotes."""

    def __init__(self, address):
        self.address = address
        self.drops = threading.Event()
        self.dropped = 0
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.sockets = [self.listener]
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for one in list(self.sockets):
            with contextlib.suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
            one.close()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                client = self.listener.accept()[0]
                server = socket.create_connection(self.address)
                self.sockets += [client, server]
                for pair in ((client, server, False), (server, client, True)):
                    threading.Thread(target=self._carry, args=pair, daemon=True).start()

    def _carry(self, source, target, is_answer):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                target.sendall(self._without_quotes(data) if is_answer else data)
        with contextlib.suppress(OSError):
            target.shutdown(socket.SHUT_RDWR)

    def _without_quotes(self, data):
        """Events come in whole: a server sends each with one write."""
        if not self.drops.is_set() or not data.startswith(b"event: quote"):
            return data
        self.dropped += 1
        kept = [one for one in data.split(b"\n\n") if not one.startswith(b"event: quote")]
        return b"\n\n".join(kept)


def test_an_event_that_is_lost_on_the_way_is_made_good(market, server, browser):
    with Dropper(server.address) as way:
        browser.open(f"http://127.0.0.1:{way.port}/")
        until(browser, PRICE, "137.16")
        until(browser, "#state", "live")
        way.drops.set()
        market.set_price("IBM", "141.0700")
        wait_until(lambda: way.dropped > 0, "an event that is dropped")
        way.drops.clear()
        # Nothing is new any more; the heartbeat, every 10 s, tells of the loss.
        wait_until(lambda: browser.text(PRICE) == "141.07", "the price", 3 * DEADLINE_S,
                   look_s=0.2)


def test_a_price_that_changes_is_seen_to(market, server, browser):
    browser.open("http://%s:%d/" % server.address)
    until(browser, PRICE, "137.16")
    until(browser, "#state", "live")
    market.set_price("IBM", "138.4200")
    until(browser, PRICE, "138.42")
    ask_for(browser, "Google")
    until(browser, "tr[data-symbol='GOOGL'] td:nth-child(9)", "fresh")
    folder = BUILD / "browser"
    folder.mkdir(exist_ok=True)
    browser.picture(folder / "page.png")
    assert (folder / "page.png").stat().st_size > 5000
    assert browser.complaints() == []


def test_a_symbol_that_nobody_knows_is_said_to_be_unknown(market, server, browser):
    market.answer_next("NOSUCH", {"class": "unknown"})
    browser.open("http://%s:%d/" % server.address)
    until(browser, PRICE, "137.16")
    ask_for(browser, "NOSUCH")
    wait_until(lambda: "NOSUCH" in browser.text("#problem"), "a word on NOSUCH", look_s=0.05)
    assert browser.text("tr[data-symbol='NOSUCH']") is None
    # The browser itself notes the answer's status, and that is all.
    assert all("404" in one for one in browser.complaints())


def test_what_comes_from_outside_is_text(market, server, browser):
    browser.open("http://%s:%d/" % server.address)
    until(browser, PRICE, "137.16")
    ask_for(browser, "<img src=x onerror=document.title='bad'>")
    wait_until(lambda: "<img" in browser.text("#problem"), "the text as it is", look_s=0.05)
    assert browser.run("return document.title") == "quoted"
    assert browser.run("return document.images.length") == 0


def test_a_server_that_comes_back_is_found(market, browser):
    with Server(market, "cache.fresh_for=1s") as server:
        host, port = server.address
        with server.connect() as client:
            client.ask("GET", "IBM")
        browser.open(f"http://{host}:{port}/")
        until(browser, PRICE, "137.16")
        until(browser, "#state", "live")
    wait_until(lambda: browser.text("#state") != "live", "a word that it is gone", look_s=0.05)
    market.set_price("IBM", "139.0000")
    with Server(market, "cache.fresh_for=1s", f"server.listen={host}:{port}"):
        until(browser, PRICE, "139.00")
        until(browser, "#state", "live")

# SPDX-License-Identifier: Apache-2.0
"""The page at / in a real browser: headless Chromium.

Claims: what is in memory is shown, and a price that changes changes on the page by
itself; a symbol that is asked for is added, one that nobody knows is said to be; a
server that goes away and comes back is found again; the console has nothing to say,
so nothing is loaded from elsewhere and the page keeps to its own policy.

The picture of the page stays in the build's folder, browser/page.png.
"""

import pytest
from browser import Browser, why_no_browser
from programs import BUILD, Market, Server, wait_until

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

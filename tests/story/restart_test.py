# SPDX-License-Identifier: Apache-2.0
"""What outlives the server: quotes with their true age, and what was spent.

A server is killed, at any moment, and another one begins with its file.
"""

import datetime as dt
import signal
import sqlite3
import threading
import time

import pytest
from programs import Market, Server, make_folder, read_info, remove_folder, wait_until
from stub import Stub
from wire import Ended


@pytest.fixture(name="path")
def fixture_path():
    folder = make_folder("store")
    yield folder / "quoted.db"
    remove_folder(folder)


def kill(server):
    """End it as a crash would; nothing is written any more."""
    server.signal(signal.SIGKILL)
    server.process.wait()
    server.kill()


def query(path, text):
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as database:
        return database.execute(text).fetchall()


def ask_fields(client, symbol):
    reply = client.ask("HGETALL", symbol)
    assert isinstance(reply, list), reply
    return dict(zip(reply[::2], reply[1::2]))


def test_quotes_of_before_are_served_with_their_true_age(path):
    settings = (f"store.path={path}", "cache.fresh_for=100ms", "cache.stale_for=1h",
                "fetch.warm_for=0")
    with Market("--step", "0") as market:
        market.set_price("IBM", "137.16")
        server = Server(market, *settings)
        with server.connect() as client:
            before = ask_fields(client, "IBM")
        wait_until(lambda: query(path, "SELECT price FROM quote") == [("137.16",)],
                   "the quote is in the file")
        kill(server)
        market.hold()  # from now on it is the file's quote or none
        wait_until(lambda: time.time() * 1000 - to_ms(before["fetched"]) > 200, "time goes by")
        with Server(market, *settings) as server:
            assert server.find_line("quotes of before are served.*quotes=1")
            with server.connect() as client:
                after = ask_fields(client, "IBM")
                age_ms = int(after.pop("age_ms"))
                assert age_ms >= 100
                now = time.time()
                assert abs(now * 1000 - age_ms - to_ms(after["fetched"])) < 2000
                for one in (before, after):
                    one.pop("age_ms", None)
                    one.pop("state")
                assert after == before
        market.release()


def to_ms(text):
    """An RFC 3339 instant in UTC, as milliseconds."""
    return dt.datetime.fromisoformat(text.replace("Z", "+00:00")).timestamp() * 1000


def closed_calendar():
    """A calendar by which New York was open three days ago and not since."""
    today = dt.datetime.now(dt.timezone.utc).date()
    day = today - dt.timedelta(days=3)
    weekday = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")[day.weekday()]
    return (f"markets: [XNYS]\nzone: UTC\nfrom: {today - dt.timedelta(days=30)}\n"
            f"to: {today + dt.timedelta(days=365)}\ndays: [{weekday}]\nhours: 09:00-17:00\n")


def test_closing_price_of_before_is_closed_and_costs_no_call(path):
    """The provider is gone by then, so whatever is said is the file's."""
    calendar = path.parent / "closed.yaml"
    calendar.write_text(closed_calendar())
    settings = (f"store.path={path}", f"calendars={calendar}", "cache.fresh_for=100ms",
                "cache.stale_for=0")
    with Stub(lambda call: call.give_price("137.16")) as stub:
        server = Server(stub, *settings)
        with server.connect() as client:
            before = ask_fields(client, "IBM")
        wait_until(lambda: query(path, "SELECT price FROM quote") == [("137.16",)],
                   "the quote is in the file")
        kill(server)
        assert stub.count() == 1
    assert before["state"] == "closed"
    with Server(stub, *settings) as server, server.connect() as client:
        after = ask_fields(client, "IBM")
        assert after["state"] == "closed"
        assert int(after["age_ms"]) >= int(before["age_ms"])
        assert after["fetched"] == before["fetched"]
        assert client.ask("GET", "IBM") == before["price"]
        assert client.ask("GET", "MSFT").startswith("UPSTREAM")  # the one call
        info = read_info(client.ask("INFO"))
        assert info["upstream_calls"] == 1, info
    assert stub.count() == 1


def test_what_was_spent_is_spent(path):
    """However often it is killed, a day's allowance is not passed."""
    allowed = 7
    settings = (f"store.path={path}", f"providers.0.limits={allowed}/d", "fetch.wait_for=0")
    with Market("--step", "0") as market:
        for round_ in range(5):
            server = Server(market, *settings)
            end = threading.Timer(0.05 * round_, server.signal, [signal.SIGKILL])
            with server.connect() as client:
                # The first is killed at once, the others some time after they have called.
                if round_ > 0:
                    client.ask("GET", f"S{round_}")
                end.start()
                try:
                    for i in range(50):
                        client.ask("GET", f"S{round_}.{i}")
                except (Ended, ConnectionError):
                    pass
            end.join()
            server.process.wait()
            server.kill()
        assert 1 <= market.calls() <= allowed
        with Server(market, *settings) as server, server.connect() as client:
            for i in range(allowed + 1):
                reply = client.ask("GET", f"LAST{i}")
            assert reply.startswith("LIMIT"), reply
        assert market.calls() <= allowed


def test_a_damaged_file_is_set_aside(path):
    path.write_bytes(b"SQLite format 3\0" + b"\xa5" * 8192)
    with Market("--step", "0") as market, Server(market, f"store.path={path}") as server:
        assert server.find_line("level=error.*damaged and was set aside")
        with server.connect() as client:
            assert client.ask("GET", "IBM")
    assert len(list(path.parent.glob("*.damaged-*"))) == 1
    assert query(path, "SELECT count(*) FROM quote") == [(1,)]


def test_two_servers_need_two_files(path):
    with Market("--step", "0") as market, Server(market, f"store.path={path}"):
        with pytest.raises(AssertionError, match="in use by another process"):
            Server(market, f"store.path={path}")

# SPDX-License-Identifier: Apache-2.0
"""quoted-market, asked by strangers: by requests, and by bare sockets.

Claims: it answers in the provider's form, errors and limits included; it does
what the control API orders, no more and no less; each connection has its answers
in the order of its requests; bytes that are no HTTP are refused with the status
that says why; and nothing here waits for time to pass.

Run: QUOTED_BUILD=build /usr/bin/python3 -m pytest tests/peers/market_test.py
"""

import json
import re
import signal
import socket
import struct
import subprocess
import sys
import threading
from pathlib import Path

import pytest
import requests

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "testing"))

from programs import BUILD, DEADLINE_S, TOP, Program, environment, make_folder  # noqa: E402

MARKET = BUILD / "market/quoted-market"

pytestmark = pytest.mark.skipif(not MARKET.exists(), reason=f"no {MARKET}")

TEN = {"GOOGL": "135.6000", "MSFT": "326.6700", "AMZN": "125.1700", "AAPL": "172.8800",
       "META": "308.6500", "IBM": "137.1600", "TSLA": "211.9900", "WMT": "158.7600",
       "ADRNY": "29.0000", "DIS": "82.6500"}

FIELDS = ["01. symbol", "02. open", "03. high", "04. low", "05. price", "06. volume",
          "07. latest trading day", "08. previous close", "09. change", "10. change percent"]

REQUEST = "GET /query?function=GLOBAL_QUOTE&symbol=%s&apikey=k HTTP/1.1\r\nHost: m\r\n\r\n"

BODY_LIMIT = 1 << 20
PIPELINE_LIMIT = 128


class Response:
    """A response that came over a bare socket."""

    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    def json(self):
        return json.loads(self.body)


class Wire:
    """A bare connection: what is sent is what stands here."""

    def __init__(self, address):
        self.socket = socket.create_connection(address, timeout=DEADLINE_S)
        self.unread = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data if isinstance(data, bytes) else data.encode("latin-1"))
        return self

    def get(self, target, *headers):
        lines = [f"GET {target} HTTP/1.1", "Host: market", *headers, "", ""]
        return self.send("\r\n".join(lines))

    def quote(self, symbol):
        return self.get(f"/query?function=GLOBAL_QUOTE&symbol={symbol}&apikey=k")

    def fill(self):
        data = self.socket.recv(1 << 16)
        self.unread += data
        return bool(data)

    def receive(self, has_body=True):
        """The next response, whole; None where the connection ended instead."""
        while b"\r\n\r\n" not in self.unread:
            if not self.fill():
                assert not self.unread, f"cut off: {self.unread!r}"
                return None
        head, self.unread = self.unread.split(b"\r\n\r\n", 1)
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value.strip()
                   for name, value in (line.split(":", 1) for line in lines)}
        size = int(headers["content-length"]) if has_body else 0
        while len(self.unread) < size:
            assert self.fill(), f"{len(self.unread)} of {size} bytes came"
        body, self.unread = self.unread[:size], self.unread[size:]
        assert first.startswith("HTTP/1.1 ")
        return Response(int(first.split(" ")[1]), headers, body)

    def rest(self):
        """All that still comes before the end; ConnectionResetError on a reset."""
        while self.fill():
            pass
        return self.unread

    def reset(self):
        """Go away with a reset."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()


class Market(Program):
    """A market, and a session of requests to it."""

    def __init__(self, *arguments, listen="127.0.0.1:0"):
        super().__init__("market/quoted-market", ["--listen", listen, *arguments],
                         make_folder("market"))
        self.url = self.wait_line(r"listening on (\S+)$").group(1)
        host, port = self.url.replace("http://", "").rsplit(":", 1)
        self.address = (host.strip("[]"), int(port))
        self.http = requests.Session()
        self.http.trust_env = False

    def finish(self):
        self.http.close()
        super().finish()

    def wire(self):
        return Wire(self.address)

    def query(self, **parameters):
        return self.http.get(f"{self.url}/query", params=parameters, timeout=DEADLINE_S)

    def quote(self, symbol, key="k", **more):
        return self.query(function="GLOBAL_QUOTE", symbol=symbol, apikey=key, **more)

    def price(self, symbol):
        return self.quote(symbol).json()["Global Quote"]["05. price"]

    def post(self, path, body):
        return self.http.post(f"{self.url}/_market/{path}", timeout=DEADLINE_S,
                              data=body if isinstance(body, str) else json.dumps(body))

    def order(self, path, **fields):
        response = self.post(path, fields)
        assert response.status_code == 200, response.text
        return response.json()

    def next(self, symbol, *answers):
        return self.order("next", symbol=symbol, answers=list(answers))

    def counts(self):
        return self.http.get(f"{self.url}/_market/calls", timeout=DEADLINE_S).json()

    def wait(self, what):
        response = self.http.get(f"{self.url}/_market/wait?{what}", timeout=2 * DEADLINE_S)
        assert response.status_code == 200, response.text
        return response.json()


@pytest.fixture
def market():
    """A market whose prices stand still."""
    with Market("--step", "0") as one:
        yield one


def run(*arguments):
    return subprocess.run([MARKET, *map(str, arguments)], text=True, capture_output=True,
                          timeout=60, env=environment(), check=False)


# --- The provider's forms -----------------------------------------------------------


def test_ten_companies_begin_where_they_should(market):
    assert {symbol: market.price(symbol) for symbol in TEN} == TEN


def test_quote_has_the_provider_s_form(market):
    response = market.quote("ibm")
    assert response.status_code == 200
    assert response.headers["Content-Type"] == "application/json"
    assert list(response.json()) == ["Global Quote"]
    quote = response.json()["Global Quote"]
    assert list(quote) == FIELDS
    assert quote["01. symbol"] == "IBM"
    assert all(isinstance(value, str) for value in quote.values())
    for name in FIELDS[1:5] + FIELDS[7:9]:
        assert re.fullmatch(r"-?\d+\.\d{4}", quote[name])
    assert re.fullmatch(r"-?\d+\.\d{4}%", quote["10. change percent"])
    assert re.fullmatch(r"\d{4}-\d\d-\d\d", quote["07. latest trading day"])
    assert response.text == json.dumps(response.json(), indent=4)


def test_fields_agree_with_each_other():
    with Market("--step", "1ms", "--seed", "9") as market:
        for _ in range(50):
            quote = market.quote("TSLA").json()["Global Quote"]
            opened, high, low, price = (float(quote[name]) for name in FIELDS[1:5])
            previous, change = float(quote[FIELDS[7]]), float(quote[FIELDS[8]])
            assert low <= opened <= high and low <= price <= high
            assert abs(price - previous - change) < 1e-4
            assert abs(change / previous * 100 - float(quote[FIELDS[9]][:-1])) < 1e-3


def test_seed_decides_the_walk():
    def walk(seed):
        with Market("--step", "1h", "--seed", str(seed)) as market:
            return [market.quote(symbol).json() for symbol in TEN]

    assert walk(1) == walk(1)
    assert walk(1) != walk(2)


def test_price_moves_with_the_steps():
    with Market("--step", "1ms") as market:
        prices = {market.price("MSFT") for _ in range(100)}
        assert len(prices) > 1
        assert all(float(price) > 0 for price in prices)


def test_delayed_entitlement_and_csv(market):
    assert list(market.quote("IBM", entitlement="delayed").json()) == [
        "Global Quote - DATA DELAYED BY 15 MINUTES"]
    assert list(market.quote("IBM", entitlement="realtime").json()) == ["Global Quote"]
    response = market.quote("IBM", datatype="csv")
    head, row, end = response.text.split("\r\n")
    assert head == ("symbol,open,high,low,price,volume,latestDay,previousClose,change,"
                    "changePercent")
    assert row.startswith("IBM,137.1600,") and row.endswith("%") and end == ""
    assert market.quote("NOPE", datatype="csv").json() == {"Global Quote": {}}


def test_search(market):
    def search(keywords):
        response = market.query(function="SYMBOL_SEARCH", keywords=keywords, apikey="k")
        assert response.text == json.dumps(response.json(), indent=4)
        return response.json()["bestMatches"]

    assert [match["1. symbol"] for match in search("google")] == ["GOOGL"]
    assert search("IBM")[0]["9. matchScore"] == "1.0000"
    assert search("walt disney")[0]["8. currency"] == "USD"
    assert search("nothing like it") == []
    market.order("price", symbol="NEW.LON", price="1")
    assert [match["1. symbol"] for match in search("new.lon")] == ["NEW.LON"]


def test_errors_are_status_200(market):
    def error(**parameters):
        response = market.query(**parameters)
        assert response.status_code == 200
        return response.json()

    assert error(function="GLOBAL_QUOTE", symbol="NOPE", apikey="k") == {"Global Quote": {}}
    assert error(function="GLOBAL_QUOTE", symbol="I%B M", apikey="k") == {"Global Quote": {}}
    assert error(function="X\"Y", apikey="k") == {
        "Error Message": 'This API function (X"Y) does not exist.'}
    assert error(function="GLOBAL_QUOTE", apikey="k")["Error Message"].startswith(
        "Invalid API call.")
    assert error(function="SYMBOL_SEARCH", apikey="k")["Error Message"].endswith(
        "for SYMBOL_SEARCH.")
    bad_key = error(function="GLOBAL_QUOTE", symbol="IBM")
    assert bad_key["Error Message"].startswith("the parameter apikey is invalid or missing.")
    assert error(function="GLOBAL_QUOTE", symbol="IBM", apikey="") == bad_key


def test_key():
    with Market("--key", "se cret") as market:
        assert "Global Quote" in market.quote("IBM", key="se cret").json()
        for wrong in ("secret", "", "se cret "):
            assert list(market.quote("IBM", key=wrong).json()) == ["Error Message"]


def test_invent_knows_every_plain_symbol():
    with Market("--invent", "--step", "0") as market:
        first = market.price("LOAD123")
        assert market.price("LOAD123") == first != market.price("LOAD124")
        assert market.price("IBM") == TEN["IBM"]
        assert market.quote("A.B").json() == {"Global Quote": {}}


# --- Limits -------------------------------------------------------------------------


def test_daily_limit_names_the_key():
    with Market("--limit", "3/d") as market:
        for _ in range(3):
            assert "Global Quote" in market.quote("IBM", key="AB\"C").json()
        text = market.quote("IBM", key="AB\"C").json()["Information"]
        assert text.startswith('We have detected your API key as AB"C and our standard API '
                               "rate limit is 3 requests per day.")
        assert "Global Quote" in market.quote("IBM", key="other").json()
        market.order("reset")
        assert "Global Quote" in market.quote("IBM", key="AB\"C").json()


def test_limits_of_a_second_and_a_minute():
    with Market("--limit", "1/s,9/d") as market:
        # In one piece, so that both come within the same second.
        with market.wire() as wire:
            wire.send(2 * (REQUEST % "IBM"))
            assert "Global Quote" in wire.receive().json()
            text = wire.receive().json()["Information"]
            assert "(1 request per second)" in text and "(9 requests per day)" in text
    with Market("--limit", "1/m") as market:
        market.quote("IBM")
        assert market.quote("IBM").json()["Information"].startswith("Minute-level rate limit")


def test_what_costs_nothing_of_a_limit():
    with Market("--limit", "1/d", "--key", "K") as market:
        market.next("IBM", {"class": "premium"})
        assert "premium" in market.quote("IBM", key="K").text
        market.quote("IBM", key="wrong")
        assert "Global Quote" in market.quote("IBM", key="K").json()
        assert "25 requests" not in market.quote("IBM", key="K").json()["Information"]


# --- Replay -------------------------------------------------------------------------


def test_replay_begins_at_the_first_row_and_stays_at_the_last():
    data = TOP / "market/data/stocks-monthly.csv"
    with Market("--prices", data, "--step", "0") as market:
        quote = market.quote("MSFT").json()["Global Quote"]
        assert quote["05. price"] == "39.8100"
        assert quote["07. latest trading day"] == "2000-01-01"
        assert market.price("DIS") == TEN["DIS"]  # not in the file: its walk
    with Market("--prices", data, "--step", "1ms") as market:
        seen = [market.price("MSFT")]
        while seen[-1] != "28.8000":  # the last of 123 rows
            seen.append(market.price("MSFT"))
        quote = market.quote("MSFT").json()["Global Quote"]
        assert quote["05. price"] == "28.8000"
        assert quote["07. latest trading day"] == "2010-03-01"
        assert quote["08. previous close"] == "28.6700"


def test_wrong_price_file_stops_the_start(tmp_path):
    path = tmp_path / "p.csv"
    path.write_text("time,symbol,price\n2010-01-01,IBM,1\n2010-01-02,IBM,free\n")
    done = run("--prices", path)
    assert done.returncode == 1 and done.stdout == ""
    assert done.stderr.startswith(f"quoted-market: {path}:3: \"free\" is no price; allowed: ")
    done = run("--prices", tmp_path / "none.csv")
    assert done.returncode == 1 and "none.csv: No such file" in done.stderr


# --- The command line ---------------------------------------------------------------


def test_help_version_and_usage():
    assert run("--version").stdout.startswith("quoted-market 0.")
    assert "/_market/hold" in run("--help").stdout
    done = run("--limit", "many")
    assert done.returncode == 2 and "25/d,1/s" in done.stderr
    done = run("--listen", "nowhere")
    assert done.returncode == 1 and "allowed: host:port" in done.stderr


def test_taken_port_stops_the_start(market):
    done = run("--listen", "%s:%d" % market.address)
    assert done.returncode == 1 and "in use" in done.stderr


def test_signals_end_it_with_calls_under_way():
    for number in (signal.SIGTERM, signal.SIGINT):
        with Market() as market, market.wire() as held, market.wire() as late:
            market.order("hold", symbol="IBM")
            market.next("DIS", {"delay": "1h"})
            held.quote("IBM")
            late.quote("DIS")
            market.wait("calls=2")
            market.signal(number)
            assert market.wait_exit() == 0
            assert held.rest() == b""


# --- Hold and release ---------------------------------------------------------------


def test_held_calls_wait_for_their_release(market):
    assert market.order("hold", symbol="IBM") == {"held": 0}
    with market.wire() as ibm, market.wire() as dis:
        ibm.quote("IBM")
        assert market.wait("held=1")["in_flight"] == 1
        dis.quote("DIS")
        assert dis.receive().status == 200  # others go on
        assert market.order("release", symbol="DIS") == {"released": 0}
        assert market.counts()["held"] == 1
        assert market.order("release", symbol="IBM") == {"released": 1}
        assert "Global Quote" in ibm.receive().json()
        assert market.counts() == {"total": 2, "held": 0, "in_flight": 0, "max_in_flight": 2,
                                   "connections": 3, "symbols": {"IBM": 1, "DIS": 1}}
        ibm.quote("IBM")  # and is held no more
        assert ibm.receive().status == 200


def test_all_are_held_and_some_released(market):
    market.order("hold", symbol="*")
    symbols = ["IBM", "DIS", "IBM", "AAPL"]
    wires = [market.wire() for _ in symbols]
    for count, (wire, symbol) in enumerate(zip(wires, symbols), 1):
        wire.quote(symbol)
        market.wait(f"held={count}")
    assert market.order("release", symbol="IBM", count=1) == {"released": 1}
    assert wires[0].receive().json()["Global Quote"]["01. symbol"] == "IBM"
    assert market.order("release", symbol="*", count=2) == {"released": 2}
    assert wires[1].receive().json()["Global Quote"]["01. symbol"] == "DIS"
    assert wires[2].receive().json()["Global Quote"]["01. symbol"] == "IBM"
    assert market.counts()["held"] == 1
    wires[0].quote("IBM")
    market.wait("held=2")  # a count leaves the hold as it is
    market.order("release", symbol="*")
    for wire in (wires[3], wires[0]):
        assert wire.receive().status == 200
        wire.socket.close()


def test_held_call_is_decided_when_it_is_released(market):
    market.order("hold", symbol="IBM")
    with market.wire() as wire:
        wire.quote("IBM")
        market.wait("held=1")
        market.order("price", symbol="IBM", price="1.5", day="2020-01-02",
                     previous_close="1.25")
        market.order("release", symbol="IBM")
        quote = wire.receive().json()["Global Quote"]
        assert quote["05. price"] == "1.5000"
        assert quote["07. latest trading day"] == "2020-01-02"
        assert quote["10. change percent"] == "20.0000%"


@pytest.mark.parametrize("leave", ["close", "reset"])
def test_client_that_leaves_is_no_longer_in_flight(market, leave):
    market.order("hold", symbol="*")
    wire = market.wire().quote("IBM").quote("DIS")
    assert market.wait("held=2")["in_flight"] == 2
    wire.reset() if leave == "reset" else wire.socket.close()
    counts = market.wait("in_flight=0")
    assert counts["held"] == 0 and counts["total"] == 2
    assert market.order("release", symbol="*") == {"released": 0}


# --- The next answers ---------------------------------------------------------------


def test_answers_are_taken_in_order_and_repeated(market):
    market.next("IBM", {"status": 500, "body": "one"}, {"body": "two", "repeat": 2},
                {"class": "limit_day"}, {})
    assert (market.quote("IBM").status_code, market.quote("DIS").status_code) == (500, 200)
    assert [market.quote("IBM").text for _ in range(2)] == ["two", "two"]
    assert "API key as k" in market.quote("IBM").json()["Information"]
    assert market.price("IBM") == TEN["IBM"]


def test_every_class_is_one_of_the_provider_s_bodies(market):
    folder = TOP / "tests/data/providers/alphavantage"
    bodies = {"unknown": "unknown_empty", "bad_call": "unknown_bad_call",
              "bad_function": "bad_function", "bad_key": "auth_bad_key",
              "demo_key": "auth_demo_key", "limit_day": "limit_day_echoes_key",
              "limit_day_note": "limit_day_note", "limit_minute": "limit_minute_paid",
              "limit_second": "limit_second", "limit_burst": "limit_burst_paid",
              "limit_old_note": "limit_minute_2018", "premium": "plan_premium"}
    for name, path in bodies.items():
        market.next("IBM", {"class": name})
        function = "GLOBAL_QUOTES" if name == "bad_function" else "GLOBAL_QUOTE"
        answer = market.query(function=function, symbol="IBM", apikey="ABC123")
        assert answer.status_code == 200
        assert answer.json() == json.loads((folder / f"{path}.json").read_text()), name
    market.next("IBM", {"class": "down"}, {"class": "empty"})
    assert market.quote("IBM").status_code == 503
    assert market.quote("IBM").json() == {}


def test_headers_and_status(market):
    market.next("*", {"status": 429, "headers": {"Retry-After": "60",
                                                  "Content-Type": "text/plain"}})
    answer = market.quote("IBM")
    assert answer.status_code == 429
    assert answer.headers["Retry-After"] == "60"
    assert answer.headers["Content-Type"] == "text/plain"
    assert answer.text == "429 Too Many Requests\n"


def test_truncated_answer_ends_early(market):
    market.next("IBM", {"body": "0123456789", "truncate": 4}, {"truncate": 0})
    for expected in (b"0123", b""):
        with market.wire() as wire:
            wire.quote("IBM").quote("DIS")
            head, body = wire.rest().split(b"\r\n\r\n")
            assert body == expected
            assert b"Content-Length: 0" not in head
    market.wait("in_flight=0")


def test_reset_answers(market):
    market.next("IBM", {"reset": True}, {"reset": True, "truncate": 5})
    with market.wire() as wire:
        wire.quote("IBM")
        with pytest.raises(ConnectionResetError):
            wire.rest()
        assert wire.unread == b""
    with market.wire() as wire:
        wire.quote("IBM")
        with pytest.raises(ConnectionResetError):
            wire.rest()


def test_hanging_answer_never_comes(market):
    market.next("IBM", {"hang": True})
    with market.wire() as wire:
        wire.quote("IBM").quote("DIS")
        assert market.wait("calls=2")["in_flight"] == 1
        market.order("release", symbol="*")
        assert market.counts()["in_flight"] == 1
        wire.socket.setblocking(False)
        with pytest.raises(BlockingIOError):
            wire.fill()  # DIS is answered, and waits behind IBM
    market.wait("in_flight=0")


def test_large_body(market):
    body = "x" * (BODY_LIMIT - 200)
    market.next("IBM", {"body": body})
    assert market.quote("IBM").text == body


# --- Latency and concurrency --------------------------------------------------------


def test_latencies_pass_at_the_same_time():
    with Market("--latency", "300ms", "--step", "0") as market:
        wires = [market.wire() for _ in range(100)]
        for wire in wires:
            wire.quote("IBM").quote("DIS")
        for wire in wires:
            assert wire.receive().json()["Global Quote"]["01. symbol"] == "IBM"
            assert wire.receive().json()["Global Quote"]["01. symbol"] == "DIS"
            wire.socket.close()
        counts = market.counts()
        assert counts["max_in_flight"] > 100, counts
        assert counts["symbols"] == {"IBM": 100, "DIS": 100}


def test_delay_of_one_answer_holds_up_no_other(market):
    market.next("IBM", {"delay": "1h"}, {"delay": "1ms", "body": "soon"})
    with market.wire() as late:
        late.quote("IBM")
        market.wait("calls=1&symbol=IBM")
        assert market.quote("IBM").text == "soon"
        assert market.counts()["in_flight"] == 1


# --- Connections --------------------------------------------------------------------


def test_pipelined_requests_are_answered_in_order(market):
    market.order("hold", symbol="IBM")
    symbols = ["DIS", "IBM", "AAPL", "NOPE", "WMT"]
    with market.wire() as wire:
        wire.send("".join(REQUEST % symbol for symbol in symbols))
        assert wire.receive().json()["Global Quote"]["01. symbol"] == "DIS"
        market.wait("calls=5")
        market.order("release", symbol="IBM")
        answers = [wire.receive().json()["Global Quote"].get("01. symbol") for _ in range(4)]
        assert answers == ["IBM", "AAPL", None, "WMT"]


def test_long_pipelines_are_read_as_they_are_answered(market):
    count = 20 * PIPELINE_LIMIT
    market.order("hold", symbol="IBM")
    with market.wire() as wire:
        data = REQUEST % "IBM" + REQUEST % "DIS" * count
        sender = threading.Thread(target=wire.send, args=(data,))
        sender.start()
        market.wait("held=1")
        # No more than the limit is taken on while the first one waits.
        assert market.wait(f"calls={PIPELINE_LIMIT}")["total"] == PIPELINE_LIMIT
        market.order("release", symbol="IBM")
        for _ in range(count + 1):
            assert wire.receive().status == 200
        sender.join()
        assert market.counts()["total"] == count + 1


def test_requests_may_come_byte_by_byte(market):
    request = REQUEST % "IBM"
    with market.wire() as wire:
        wire.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for i in range(len(request)):
            wire.send(request[i : i + 1])
        assert wire.receive().status == 200


def test_connections_are_kept_or_closed_as_asked(market):
    with market.wire() as wire:
        for _ in range(3):
            wire.quote("IBM")
            assert "connection" not in wire.receive().headers
        wire.get("/query", "Connection: close").get("/query")
        assert wire.receive().headers["connection"] == "close"
        assert wire.receive() is None
    with market.wire() as wire:
        wire.send("GET /query HTTP/1.0\r\n\r\n")
        assert wire.receive().headers["connection"] == "close"
        assert wire.receive() is None


def test_head_has_no_body(market):
    target = "/query?function=GLOBAL_QUOTE&symbol=IBM&apikey=k"
    with market.wire() as wire:
        wire.send(f"HEAD {target} HTTP/1.1\r\nHost: m\r\n\r\n").get(target)
        size = wire.receive(has_body=False).headers["content-length"]
        assert wire.receive().headers["content-length"] == size


def test_proxied_requests_have_a_whole_url(market):
    with market.wire() as wire:
        wire.get("http://www.alphavantage.co/query?function=GLOBAL_QUOTE&symbol=IBM&apikey=k")
        assert wire.receive().json()["Global Quote"]["05. price"] == TEN["IBM"]


def test_chunked_orders_are_read(market):
    body = "5\r\n{\"sym\r\nc\r\nbol\":\"IBM\"}\n\r\n0\r\n\r\n"
    with market.wire() as wire:
        wire.send("POST /_market/hold HTTP/1.1\r\nHost: m\r\n"
                  f"Transfer-Encoding: chunked\r\n\r\n{body}")
        assert wire.receive().json() == {"held": 0}


# --- What is refused ----------------------------------------------------------------


@pytest.mark.parametrize("status, request_text", [
    (400, "GET / HTTP/1.1\r\n\r\n"),
    (400, "GET /\r\nHost: m\r\n\r\n".replace("GET /", "GET")),
    (400, "\x16\x03\x01\x02\r\n\r\n"),
    (400, "GET / HTTP/1.1\nHost: m\n\n"),
    (400, "POST / HTTP/1.1\r\nHost: m\r\nContent-Length: 1\r\n"
          "Transfer-Encoding: chunked\r\n\r\n"),
    (400, "POST / HTTP/1.1\r\nHost: m\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"),
    (400, "GET / HTTP/1.1\r\nHost: m\r\nX: a\r\n b\r\n\r\n"),
    (413, f"POST / HTTP/1.1\r\nHost: m\r\nContent-Length: {BODY_LIMIT + 1}\r\n\r\n"),
    (413, "POST / HTTP/1.1\r\nHost: m\r\nTransfer-Encoding: chunked\r\n\r\nffffffff\r\n"),
    (414, "GET /" + "x" * 16384),
    (431, "GET / HTTP/1.1\r\nHost: m\r\nX: " + "x" * 16384),
    (431, "GET / HTTP/1.1\r\nHost: m\r\n" + "a: b\r\n" * 64 + "\r\n"),
    (405, "BREW / HTTP/1.1\r\nHost: m\r\n\r\n"),
    (501, "POST / HTTP/1.1\r\nHost: m\r\nTransfer-Encoding: gzip\r\n\r\n"),
    (505, "GET / HTTP/2.0\r\n\r\n"),
    (505, "GET /\r\n"),
])
def test_bad_requests_are_refused_and_the_connection_ended(market, status, request_text):
    with market.wire() as wire:
        wire.quote("IBM").send(request_text)
        assert wire.receive().status == 200  # what was asked before is answered
        refused = wire.receive()
        assert refused.status == status, refused.body
        assert refused.headers["connection"] == "close"
        assert refused.json()["error"]
        assert wire.receive() is None
    assert market.price("IBM") == TEN["IBM"]


def test_paths_and_methods(market):
    assert market.http.get(f"{market.url}/").status_code == 404
    assert market.http.get(f"{market.url}/_market/nothing").status_code == 404
    assert market.http.get(f"{market.url}/QUERY").status_code == 404
    refused = market.http.post(f"{market.url}/query")
    assert refused.status_code == 405 and refused.headers["Allow"] == "GET, HEAD"
    refused = market.http.get(f"{market.url}/_market/hold")
    assert refused.status_code == 405 and refused.headers["Allow"] == "POST"
    refused = market.http.delete(f"{market.url}/_market/calls")
    assert refused.status_code == 405 and refused.headers["Allow"] == "GET, HEAD"


def test_long_parameters_are_refused(market):
    assert market.quote("IBM", key="x" * 1024).status_code == 200
    assert market.quote("IBM", key="x" * 1025).status_code == 414
    assert market.counts()["in_flight"] == 0


@pytest.mark.parametrize("path, body, says", [
    ("hold", "", "must be a JSON object"),
    ("hold", "{", "ends too early"),
    ("hold", {}, "\"symbol\" is missing"),
    ("hold", {"symbol": "I B"}, "\"symbol\" must be 1 to 32"),
    ("hold", {"symbol": "IBM", "x": 1}, "\"x\" is not known here"),
    ("release", {"symbol": "IBM", "count": 0}, "\"count\" must be"),
    ("next", {"symbol": "IBM"}, "\"answers\" is missing"),
    ("next", {"symbol": "IBM", "answers": [{"status": 99}]}, "from 200 to 599"),
    ("price", {"symbol": "*", "price": "1"}, "not of *"),
    ("price", {"symbol": "IBM", "price": "1,5"}, "\"price\" must be"),
])
def test_wrong_orders_change_nothing(market, path, body, says):
    refused = market.post(path, body)
    assert refused.status_code == 400 and says in refused.json()["error"]
    assert market.price("IBM") == TEN["IBM"]


# --- Waiting and counting -----------------------------------------------------------


def test_waits_end_when_it_happens(market):
    with market.wire() as waiter:
        waiter.get("/_market/wait?calls=2&symbol=IBM&timeout=1m")
        market.quote("IBM")
        market.quote("DIS")
        market.quote("IBM")
        assert waiter.receive().json()["symbols"] == {"IBM": 2, "DIS": 1}
        waiter.get("/_market/wait?connections=4&timeout=1m")
        with market.wire(), market.wire():
            assert waiter.receive().json()["connections"] == 4


def test_waits_give_up(market):
    response = market.http.get(f"{market.url}/_market/wait?calls=1&timeout=1ms")
    assert response.status_code == 408 and response.json()["error"]
    assert market.http.get(f"{market.url}/_market/wait?held=1&timeout=0").status_code == 408


def test_waiter_that_leaves_is_forgotten(market):
    with market.wire() as waiter:
        waiter.get("/_market/wait?calls=1&timeout=10m")
        market.wait("connections=2")
    market.quote("IBM")
    assert market.counts()["total"] == 1


@pytest.mark.parametrize("query", [
    "", "calls=x", "calls=-1", "calls=1&held=1", "nothing=1", "calls=1&timeout=5",
    "calls=1&timeout=11m", "held=1&symbol=IBM", "calls=1&symbol=a%20b",
    "calls=99999999999999999999"])
def test_wrong_waits_are_refused(market, query):
    response = market.http.get(f"{market.url}/_market/wait?{query}", timeout=DEADLINE_S)
    assert response.status_code == 400 and response.json()["error"]


def test_reset_is_a_new_start(market):
    market.order("hold", symbol="*")
    market.order("price", symbol="IBM", price="1")
    market.next("DIS", {"hang": True, "repeat": 1000})
    with market.wire() as held, market.wire() as waiter:
        held.quote("IBM").quote("WMT")
        market.wait("held=2")
        waiter.get("/_market/wait?in_flight=0")
        counts = market.order("reset")
        assert counts == {"total": 0, "held": 0, "in_flight": 0, "max_in_flight": 0,
                          "connections": 0, "symbols": {}}
        assert held.rest() == b""
        assert waiter.receive().json()["in_flight"] == 0
    assert market.price("IBM") == TEN["IBM"]
    assert market.price("DIS") == TEN["DIS"]


def test_reset_behind_a_held_call_of_its_own_connection(market):
    market.order("hold", symbol="IBM")
    with market.wire() as wire:
        wire.quote("IBM").send("POST /_market/reset HTTP/1.1\r\nHost: m\r\n\r\n")
        assert wire.rest() == b""  # its own call was under way
    assert market.counts()["in_flight"] == 0
    assert market.price("IBM") == TEN["IBM"]


def test_orders_on_one_connection_with_what_they_are_about(market):
    with market.wire() as wire:
        hold = json.dumps({"symbol": "IBM"})
        wire.send(f"POST /_market/hold HTTP/1.1\r\nHost: m\r\nContent-Length: {len(hold)}\r\n"
                  f"\r\n{hold}")
        wire.quote("IBM").get("/_market/wait?held=1")
        wire.send(f"POST /_market/release HTTP/1.1\r\nHost: m\r\nContent-Length: {len(hold)}"
                  f"\r\n\r\n{hold}")
        assert wire.receive().json() == {"held": 0}
        assert "Global Quote" in wire.receive().json()
        assert wire.receive().json()["held"] == 1
        assert wire.receive().json() == {"released": 1}


def test_other_addresses(tmp_path):
    with Market(listen="[::1]:0") as market:
        assert market.address[0] == "::1"
        assert market.price("ADRNY") == TEN["ADRNY"]
    path = tmp_path / "socket"
    with Program("market/quoted-market", ["--listen", f"unix:{path}"],
                 make_folder("market")) as program:
        program.wait_line(f"listening on unix:{path}")
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(DEADLINE_S)
            client.connect(str(path))
            client.sendall(b"GET /_market/calls HTTP/1.0\r\n\r\n")
            assert client.recv(1000).startswith(b"HTTP/1.1 200 OK\r\n")
    assert not path.exists()

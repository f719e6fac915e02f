# SPDX-License-Identifier: Apache-2.0
"""Providers that fail, each in a way of its own, and the next one that has the price.

Claims: whatever the first provider does, clients get the price of the second one; the
first one is called exactly as often as it should be, and the counters say so; the log
and the error that a client gets where nobody has a price give the same reason; what a
provider sends costs a bounded amount of memory; and its key goes nowhere else.
"""

import functools
import gzip
import json
import select
import signal
import subprocess
import threading
import zlib
from pathlib import Path

import pytest

from keys import make_key
from programs import SLOWER, Market, Server, read_info, wait_until
from stub import Stub, price_body

# A call to a provider that is silent ends then, when it has surely come; the others have
# all time.
SHORT, LONG = "1s", "1m"

# What a call may cost at most: a body of 1 MiB, twice while its buffer grows and is
# judged, the headers, libcurl and the libraries behind it.
MEMORY_KB = 24 << 10

UPSTREAM, LIMITED = "upstream_failed", "upstream_limited"


# --- What a provider can do -----------------------------------------------------------

def drip(call):
    """One byte a second, or as soon as a test would like to see it."""
    pause = threading.Event()
    call.end()
    if call.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"):
        while call.send(b" "):
            pause.wait(0.05)


def drip_headers(call):
    """The same, before there is a body."""
    pause = threading.Event()
    call.end()
    if call.send(b"HTTP/1.1 200 OK\r\n"):
        while call.send(b"X: y\r\n"):
            pause.wait(0.05)


def large(call):
    """A price behind 10 MB of spaces."""
    body = price_body("finnhub", call.symbol, 1.5)
    call.answer(" " * (10 << 20) + body)
    call.end()


def large_without_length(call):
    """A body that has no end."""
    call.end()
    if call.send(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"):
        while call.send(b" " * 65536):
            pass


@functools.cache
def pack_gigabytes(encoding):
    """Two gigabytes of spaces, as a thousandth of it, or packed again as much less.  Its
    end, to which nobody should come, is missing."""
    if encoding == "gzip, gzip":
        return gzip.compress(pack_gigabytes("gzip"))
    packer = zlib.compressobj(9, zlib.DEFLATED, 31 if encoding == "gzip" else 15)
    first, again = (packer.compress(b" " * (1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH)
                    for _ in range(2))
    return first + 2047 * again


def bomb_of(encoding):
    """A body that unpacks to gigabytes."""
    def bomb(call):
        call.answer(pack_gigabytes(encoding), headers=[f"Content-Encoding: {encoding}"])
        call.end()

    return bomb


def many_headers(call):
    """Header lines without end."""
    call.end()
    if call.send(b"HTTP/1.1 200 OK\r\n"):
        while call.send(b"".join(b"X-%d: %s\r\n" % (n, b"x" * 1000) for n in range(64))):
            pass


def many_interim(call):
    """Interim answers without end."""
    call.end()
    while call.send(b"HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n" * 100):
        pass


def reset(call):
    """The connection is reset."""
    call.reset()


def end(call):
    """The connection is ended without an answer."""
    call.end()


def hang(call):
    """Nothing comes."""
    call.hang()


def cut(call):
    """The body ends before it should."""
    call.answer('{"c": 1.5, "t": 17630', length=500)
    call.end()


def said(body, status=200, headers=()):
    """An answer with these words."""
    return lambda call: call.answer(body, status, headers)


# Name: what the provider does, the class of that, the counter, and what the reason holds.
FAULTS = {
    "limit": (said('{"error": "API limit reached."}', 429), "limit.m", LIMITED, "limit reached"),
    "limit-without-words": (said("", 429), "limit.m", LIMITED, "HTTP status 429"),
    "limit-as-200": (said('{"error": "API limit reached."}'), "limit.m", LIMITED, "limit reached"),
    "words-of-tomorrow": (said('{"sorry": "not today"}'), "notice", UPSTREAM, "not today"),
    "bad-key": (said('{"error": "Invalid API key."}', 401), "auth", UPSTREAM, "Invalid API key"),
    "status-500": (said("oh no", 500), "upstream", UPSTREAM, "HTTP status 500"),
    "status-503": (said("<html>down</html>", 503), "upstream", UPSTREAM, "HTTP status 503"),
    "html": (said("<html>Hello</html>"), "upstream", UPSTREAM, ""),
    "broken-json": (said('{"c": 1.5, "t": '), "upstream", UPSTREAM, ""),
    "behind-json": (said('{"c": 1.5} {"c": 2}'), "upstream", UPSTREAM, ""),
    "not-a-number": (said('{"c": NaN}'), "upstream", UPSTREAM, ""),
    "price-in-words": (said('{"c": "12,50", "t": 1}'), "upstream", UPSTREAM, ""),
    "empty": (said(""), "upstream", UPSTREAM, ""),
    "cut": (cut, "upstream", UPSTREAM, ""),
    "reset": (reset, "upstream", UPSTREAM, ""),
    "end": (end, "upstream", UPSTREAM, ""),
    "hang": (hang, "upstream", UPSTREAM, "imeout"),
    "drip": (drip, "upstream", UPSTREAM, "imeout"),
    "drip-headers": (drip_headers, "upstream", UPSTREAM, "imeout"),
    "large": (large, "upstream", UPSTREAM, "longer than 1 MiB"),
    "endless": (large_without_length, "upstream", UPSTREAM, "longer than 1 MiB"),
    "gzip-bomb": (bomb_of("gzip"), "upstream", UPSTREAM, "longer than 1 MiB"),
    "deflate-bomb": (bomb_of("deflate"), "upstream", UPSTREAM, "longer than 1 MiB"),
    "bomb-in-bomb": (bomb_of("gzip, gzip"), "upstream", UPSTREAM, "longer than 1 MiB"),
    "no-gzip": (lambda call: call.answer("x" * 100, headers=["Content-Encoding: gzip"]),
                "upstream", UPSTREAM, ""),
    "endless-headers": (many_headers, "upstream", UPSTREAM, ""),
    "endless-interim": (many_interim, "upstream", UPSTREAM, ""),
}


# --- The stage ------------------------------------------------------------------------

def peak_kb(server):
    """The most memory that the server has had so far."""
    status = Path(f"/proc/{server.pid}/status").read_text(encoding="ascii")
    return int(next(line.split()[1] for line in status.splitlines()
                    if line.startswith("VmHWM:")))


def timeout_of(name):
    """How long a call to a provider with this fault may take."""
    return SHORT if name in ("hang", "drip", "drip-headers") else LONG


def look(client):
    """The server's counters."""
    return read_info(client.ask("INFO", "stats"))


def serve(*providers, timeout=LONG, wait_for="1500ms"):
    """A server with these providers; what no market is known of is traded at any hour,
    so that a test means the same on Sundays."""
    return Server(list(providers), "fetch.market=", f"providers.0.timeout={timeout}",
                  f"fetch.wait_for={wait_for}")


def changes(before, after):
    """The counters of calls that have changed, by how much."""
    return {name: after[name] - before[name] for name in after
            if name.startswith("upstream_") and after[name] != before[name]}


@pytest.fixture(name="second")
def start_second():
    """The provider that has prices."""
    with Market("--invent", "--step", "0") as market:
        market.set_price("GOOD", "137.16")
        yield market


# --- Each fault -----------------------------------------------------------------------

@pytest.mark.parametrize("name", FAULTS)
def test_price_comes_from_the_second(second, name):
    """One call to the first, one to the second; everybody tells the same of it."""
    fault, kind, counter, words = FAULTS[name]
    with Stub(fault) as first, serve(first, second, timeout=timeout_of(name)) as server, \
            server.connect() as client:
        # libcurl is loaded by the first call, which is not to be counted as memory.
        assert client.ask("GET", "NO.XLON").startswith("UNKNOWN")
        before, peak = look(client), peak_kb(server)
        assert client.ask("HMGET", "GOOD", "price", "source") == ["137.16", "market"]
        assert changes(before, look(client)) == \
            {"upstream_calls": 2, counter: 1, "upstream_ok": 1}
        assert (first.count(), first.count("GOOD"), second.calls("GOOD")) == (1, 1, 1)
        assert first.calls[0].headers["x-finnhub-token"] == first.key
        ended = server.wait_line('msg="call ended" provider=finnhub .*')
        assert f"class={kind} " in ended.group() and words in ended.group()
        if SLOWER == 1:  # sanitizers take what they like
            assert peak_kb(server) - peak < MEMORY_KB


@pytest.mark.parametrize("name", FAULTS)
def test_where_nobody_has_it_the_error_is_what_the_log_says(second, name):
    """Of a symbol that the second does not know: the reason is that of the first."""
    fault, _, counter, _ = FAULTS[name]
    with Stub(fault) as first, serve(first, second, timeout=timeout_of(name)) as server, \
            server.connect() as client:
        error = client.ask("GET", "N.O.SUCH")
        ended = server.wait_line('msg="call ended" provider=finnhub .*reason="?(.*?)"?$')
        word = "LIMIT" if counter == LIMITED else "UPSTREAM"
        assert error.startswith(f"{word} N.O.SUCH: finnhub: ")
        reason = ended.group(1).replace('\\"', '"')
        assert reason and reason in error
        counts = look(client)
        assert (counts["upstream_calls"], counts[counter], counts["upstream_unknown"]) == (2, 1, 1)
        assert client.ask("DBSIZE") == 0


def test_provider_that_is_not_there(second):
    """Its connection is refused."""
    with Stub(said("")) as first:
        pass
    with serve(first, second) as server, server.connect() as client:
        assert client.ask("GET", "GOOD") == "137.16"
        assert client.ask("GET", "N.O.SUCH").startswith("UPSTREAM N.O.SUCH: finnhub: ")
        assert server.wait_line('msg="call ended" provider=finnhub .*onnect')


def test_https_is_spoken_with_one_who_does_not(second):
    """A provider that is to speak TLS and does not gets no key in clear."""
    heard = []
    with Stub(lambda call: heard.append(call)) as first:
        first.url = first.url.replace("http:", "https:")
        with serve(first, second, timeout=SHORT) as server, server.connect() as client:
            assert client.ask("GET", "GOOD") == "137.16"
            assert server.wait_line('msg="call ended" provider=finnhub .*class=upstream')
        assert first.connections == 1 and not heard


def test_certificate_of_nobody(second, tmp_path):
    """One that nobody vouches for: the key is not sent."""
    files = tmp_path / "certificate", tmp_path / "key"
    done = subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
         "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1", "-out", files[0], "-keyout", files[1]],
        capture_output=True, check=False)
    if done.returncode != 0:
        pytest.skip("no openssl that makes certificates")
    with Stub(said('{"c": 1.5}'), certificate=files) as first, serve(first, second) as server, \
            server.connect() as client:
        assert client.ask("GET", "GOOD") == "137.16"
        assert first.count() == 0 and first.connections == 1
        assert server.wait_line('msg="call ended" provider=finnhub .*class=upstream .*ertificate')


# --- What must work -------------------------------------------------------------------

@pytest.mark.parametrize("lines", [1, 40, 400])
def test_headers_of_34_kb(second, lines):
    """In one line, or in many: the price behind them is taken."""
    headers = [f"X-{n}: {'x' * (34135 // lines)}" for n in range(lines)]
    with Stub(lambda call: call.give_price(1.5, headers)) as first, \
            serve(first, second) as server, server.connect() as client:
        assert client.ask("HMGET", "GOOD", "price", "source") == ["1.50", "finnhub"] or \
            client.ask("HMGET", "GOOD", "price", "source") == ["1.5", "finnhub"]
        assert first.count() == 1 and second.calls() == 0


def test_allowance_behind_long_headers(second):
    """What a provider says of its allowance counts wherever it stands."""
    headers = [f"X-{n}: {'x' * 800}" for n in range(40)] + ["X-Ratelimit-Remaining: 0"]
    with Stub(lambda call: call.give_price(1.5, headers)) as first:
        first.limits = "60/m"
        with serve(first, second) as server, server.connect() as client:
            assert client.ask("HGET", "A", "source") == "finnhub"
            assert client.ask("HGET", "B", "source") == "market"
        assert first.count() == 1


def test_interim_answer_is_passed_over(second):
    """103 Early Hints, and then the price."""
    def hinted(call):
        call.send(b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n")
        call.give_price(2.5)

    with Stub(hinted) as first, serve(first, second) as server, server.connect() as client:
        assert client.ask("HGET", "GOOD", "source") == "finnhub"


@pytest.mark.parametrize("encoding", ["gzip", "deflate"])
def test_packed_price(second, encoding):
    """A body that is packed, and not a bomb."""
    def packed(call):
        body = price_body("finnhub", call.symbol, 2.5).encode()
        data = gzip.compress(body) if encoding == "gzip" else zlib.compress(body)
        call.answer(data, headers=[f"Content-Encoding: {encoding}"])

    with Stub(packed) as first, serve(first, second) as server, server.connect() as client:
        assert client.ask("HGET", "GOOD", "source") == "finnhub"


# --- Where the key goes ---------------------------------------------------------------

@pytest.mark.parametrize("provider", ["finnhub", "alphavantage"])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect_to_another_host(second, provider, status):
    """It is not followed, so the key, in the URL or a header, does not go there."""
    with Stub(said("{}"), host="127.0.0.2") as other:
        def redirect(call):
            call.answer("", status, [f"Location: {other.url}{call.target}"])

        with Stub(redirect, provider) as first, serve(first, second) as server, \
                server.connect() as client:
            assert client.ask("GET", "GOOD") == "137.16"
            assert (first.count(), second.calls("GOOD")) == (1, 1)
            assert server.wait_line(f'msg="call ended" .*status={status}')
        assert other.connections == 0


def test_repeated_key_is_hidden(second):
    """A provider that repeats the key in what it says."""
    def repeat(call):
        call.answer(json.dumps({"error": f"{call.stub.key} is not known to us"}), 418)

    with Stub(repeat) as first, serve(first, second) as server, server.connect() as client:
        assert "<key> is not known to us" in client.ask("GET", "N.O.SUCH")
        assert server.wait_line("<key> is not known to us")
    # Where a key is found in anything that was said, the server's end fails.


# --- Rests ----------------------------------------------------------------------------

def ask_many(client, first, count):
    """Ask for so many new symbols; all prices are those of the second."""
    for n in range(count):
        assert client.ask("HGET", f"{first}{n}", "source") == "market"


@pytest.mark.parametrize("status", [401, 403])
def test_bad_key_is_tried_once(second, tmp_path, status):
    """A provider that refuses the key is not called again, whoever asks, until the
    configuration is loaded with another one."""
    body = {401: '{"error": "Invalid API key."}', 403: '{"error": "Please use an API key."}'}
    good = []

    def judge(call):
        if call.headers["x-finnhub-token"] in good:
            call.give_price(1.5)
        else:
            call.answer(body[status], status)

    with Stub(judge) as first, serve(first, second) as server, server.connect() as client:
        ask_many(client, "A", 20)
        assert (first.count(), second.calls()) == (1, 20)
        counts = look(client)
        assert (counts["upstream_calls"], counts["upstream_resting"]) == (21, 19)
        assert server.wait_line('msg="provider is given a rest".*class=auth.*until its settings')

        # With the same key again: it is not even asked.
        server.signal(signal.SIGHUP)
        wait_until(lambda: look(client)["reloads"] == 1, "not reloaded")
        ask_many(client, "B", 20)
        assert (first.count(), second.calls()) == (1, 40)

        good.append(make_key())
        (server.folder / "finnhub").write_text(good[0])
        server.signal(signal.SIGHUP)
        wait_until(lambda: look(client)["reloads"] == 2, "not reloaded")
        assert client.ask("HGET", "C0", "source") == "finnhub"
        assert (first.count(), second.calls()) == (2, 40)


@pytest.mark.parametrize("kind,span,words", [
    ("limit_second", "limit.s", None), ("limit_minute", "limit.m", "1m"),
    ("limit_day", "limit.d", "1h"), ("limit_day_note", "limit.d", "1h")])
def test_limit_that_is_told_with_status_200(kind, span, words):
    """The first's refusal is believed: one call, then only the second is called while
    the window lasts, and its own count is exact."""
    with Market("--invent") as first, Market("--invent") as second:
        first.answer_next("*", {"class": kind})
        with serve(first, second, wait_for="10s") as server, server.connect() as client:
            # Who waits for a limit of a second gets the first one's price after it.
            expected = "alphavantage" if words else "market"
            assert client.ask("HGET", "A", "source") == expected
            rest = server.wait_line('msg="provider is given a rest" provider=market .*').group()
            assert f"class={span} " in rest and (words is None or f"for={words} " in rest)
            counts = look(client)
            assert (counts["upstream_limited"], counts["upstream_calls"]) == (1, 2)
            if words:
                for n in range(10):
                    assert client.ask("HGET", f"B{n}", "source") == "alphavantage"
                assert (first.calls(), second.calls()) == (1, 11)
                assert look(client)["upstream_resting"] == 10


@pytest.mark.parametrize("limits", ["5/m", "5/d", "5/h", "5/mo"])
def test_own_count_is_kept_to(second, limits):
    """A provider is not even called beyond what its key allows: no refusal is needed."""
    with Stub(lambda call: call.give_price(1.5), limits=limits) as first, \
            serve(first, second) as server, server.connect() as client:
        sources = [client.ask("HGET", f"A{n}", "source") for n in range(12)]
        assert sources == ["finnhub"] * 5 + ["market"] * 7
        assert (first.count(), second.calls()) == (5, 7)
        assert look(client)["upstream_limited"] == 0


def test_unknown_here_but_known_there(second):
    """All zeros from the first are a price of the second; what neither knows is unknown."""
    zeros = '{"c":0,"d":null,"dp":null,"h":0,"l":0,"o":0,"pc":0,"t":0}'
    with Stub(said(zeros)) as first, serve(first, second) as server, server.connect() as client:
        assert client.ask("HMGET", "GOOD", "price", "source") == ["137.16", "market"]
        assert client.ask("GET", "N.O.SUCH").startswith("UNKNOWN N.O.SUCH: ")
        assert client.ask("GET", "N.O.SUCH").startswith("UNKNOWN N.O.SUCH: ")
        counts = look(client)
        assert (counts["upstream_calls"], counts["upstream_unknown"]) == (4, 3)
        assert (counts["cache_unknowns"], counts["cache_unknown"]) == (1, 1)


def test_retry_after_is_kept_to(second):
    """A provider's own word on when to come back."""
    with Stub(said("{}", 503, ["Retry-After: 1000"])) as first, \
            serve(first, second) as server, server.connect() as client:
        ask_many(client, "A", 10)
        assert (first.count(), second.calls()) == (1, 10)
        assert server.wait_line('given a rest" .*class=upstream for=1000s')


# --- The breaker ----------------------------------------------------------------------

class Patient:
    """A provider that is ill until it is told to be well, and holds its calls while it
    is told to."""

    def __init__(self):
        self.is_ill = True
        self.go = threading.Event()
        self.go.set()

    def __call__(self, call):
        self.go.wait(30 * SLOWER)
        if self.is_ill:
            call.answer("ill", 500)
        else:
            call.give_price(1.5)


def wait_trial(client, first, count, letter):
    """Ask for new symbols until one more call than `count` was made to the first."""
    asked = 0
    client.send("GET", f"{letter}{asked}")

    def is_tried():
        nonlocal asked
        # The one that is tried with is not answered.
        if select.select([client.socket], [], [], 0)[0]:
            client.receive()
            asked += 1
            client.send("GET", f"{letter}{asked}")
        return first.count() > count

    wait_until(is_tried, "no trial", 60 * SLOWER)


def check_calls_of_rests(server, first):
    """Each rest was begun by one call, but the first one by three: however long the test
    itself has taken over it."""
    wait_until(lambda: first.count() == 2 + sum('given a rest"' in line for line in server.lines),
               lambda: f"{first.count()} calls:\n{server.tail()}")


def test_one_trial_call(second):
    """After three failures the first rests; then one call tries it, however many ask; its
    failure is another rest, its success the end of it."""
    patient = Patient()
    with Stub(patient) as first, serve(first, second) as server, \
            server.connect() as client, server.connect() as other:
        ask_many(client, "A", 20)
        assert server.wait_line('given a rest" .*class=upstream for=1s')
        check_calls_of_rests(server, first)

        patient.go.clear()
        before = first.count()
        wait_trial(other, first, before, "B")
        # While it is under way, all others go to the second at once.
        ask_many(client, "C", 20)
        assert first.count() == before + 1 and first.in_flight == 1
        patient.go.set()
        server.wait_line('given a rest" .*class=upstream for=2s')
        assert other.receive().startswith(("0", "1", "2", "3", "4", "5", "6", "7", "8", "9"))
        ask_many(client, "D", 5)
        check_calls_of_rests(server, first)

        patient.go.clear()
        patient.is_ill = False
        before = first.count()
        wait_trial(other, first, before, "E")
        ask_many(client, "F", 20)
        assert first.count() == before + 1
        patient.go.set()
        server.wait_line("provider answers again")
        assert client.ask("HGET", "G", "source") == "finnhub"


def test_many_calls_that_fail_together_are_one_outage(second):
    """Fifty calls were under way when the first fell ill: it rests for a second, as
    after three, and not for half a minute."""
    patient = Patient()
    patient.go.clear()
    with Stub(patient) as first, serve(first, second) as server, \
            server.connect() as client:
        for n in range(50):
            client.send("HGET", f"A{n}", "source")
        wait_until(lambda: first.in_flight == 50, "not all calls came")
        patient.go.set()
        assert [client.receive() for _ in range(50)] == ["market"] * 50
        assert (first.count(), second.calls()) == (50, 50)
        # One more, where a machine that stands still takes a second over their ends.
        rests = [line for line in server.lines if "given a rest" in line]
        assert "for=1s" in rests[0] and len(rests) <= 2


# --- What the provider sees -----------------------------------------------------------

class ResetWhenUsedAgain:
    """A provider that resets a connection when it is used for the second time, as one
    does whose idle connections are forgotten on the way."""

    def __init__(self):
        self.used = []

    def __call__(self, call):
        if call.peer in self.used:
            call.reset()
        else:
            self.used.append(call.peer)
            call.give_price(1.5)


def test_call_that_was_sent_twice_is_counted_twice(second):
    """It is sent again on a new connection, as the provider may have seen it or not: both
    count, and there is no second time beyond the allowance."""
    with Stub(ResetWhenUsedAgain(), limits="4/d") as first, \
            serve(first, second) as server, server.connect() as client:
        assert client.ask("HGET", "A", "source") == "finnhub"
        assert client.ask("HGET", "B", "source") == "finnhub"
        assert (first.count(), first.connections) == (3, 2)
        assert look(client)["upstream_calls"] == 3
        # One is left of the day's four.
        assert client.ask("HGET", "C", "source") == "market"
        assert client.ask("HGET", "D", "source") == "market"
        assert (first.count(), second.calls()) == (4, 2)
        assert look(client)["upstream_calls"] == 6


def test_call_is_sent_again_when_it_may_be(second):
    """One a second is allowed: the price comes a second later, from the same provider."""
    with Stub(ResetWhenUsedAgain(), limits="1/s") as first, \
            serve(first, second, wait_for="1m") as server, server.connect() as client:
        assert client.ask("HGET", "A", "source") == "finnhub"
        assert client.ask("HGET", "B", "source") == "finnhub"
        assert first.count() == look(client)["upstream_calls"] == 3
        assert second.calls() == 0

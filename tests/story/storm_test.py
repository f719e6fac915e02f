# SPDX-License-Identifier: Apache-2.0
"""Clients of every protocol that ask for much and break off: with a reset, an end or
half of one, before, within and behind the answers, and with bytes that are none of
the protocol's.

Claims: others meanwhile have their answers, whole and in order; nothing of who broke
off is left; and the server ends under it as it should (see programs.py).

What each client sends is drawn from a seed, which is the test's parameter.
"""

import random
import signal
import socket
import struct
import threading
import zlib
from concurrent.futures import ThreadPoolExecutor

import pytest
from programs import Market, Server, read_info, wait_until
from web import Web
from wire import Error, compose

STORMS = 3
BREAKS = 200  # clients of a storm, one after the other
ENDLESS = 1 << 20
RELOADS_EVERY = 50

BATCH = 25  # requests that a polite client sends at once

SETTINGS = ("cache.symbols_max=8", "cache.fresh_for=100ms", "limits.output_bytes=16KiB",
            "limits.request_bytes=4KiB", "log.level=info")

# One page of it may wait for each: more than the kernel takes from a server at once.
LARGE_REPLIES = [["COMMAND", "DOCS"], ["CONFIG", "GET", "*"], ["INFO"], ["CLIENT", "LIST"],
                 ["MGET", *["IBM", "DIS"] * 40], ["HGETALL", "IBM"]]
LARGE_PAGES = ["/openapi.json", "/metrics", "/", "/v1/quotes/IBM", "/v1/quotes?symbols=IBM,DIS,A1"]


def quit_words(rng):
    """What a client of Redis says last."""
    return rng.choice([["QUIT"], ["RESET"], ["SUBSCRIBE", "IBM", "A2"], ["PSUBSCRIBE", "*"],
                       ["GET", f"A{rng.randrange(99)}"], ["EXPLAIN", "IBM"], ["EXEC"], ["*"]])


def redis_bytes(rng, count):
    """Requests of RESP 2 or 3."""
    words = []
    if rng.random() < 0.5:
        words += [["HELLO", "3"], ["CLIENT", "HEARTBEAT", "20"]]
    words += [["SUBSCRIBE", "IBM"]] * (rng.random() < 0.2)
    words += [["GET", f"A{rng.randrange(99)}"]] * (rng.random() < 0.3)
    words += [["MULTI"]] * (rng.random() < 0.3)
    words += [rng.choice(LARGE_REPLIES) for _ in range(count)]
    return b"".join(map(compose, [*words, quit_words(rng)]))


def http_bytes(rng, count):
    """Requests of HTTP."""
    paths = [rng.choice(LARGE_PAGES) for _ in range(count)]
    if rng.random() < 0.3:
        paths.insert(0, f"/v1/quotes/A{rng.randrange(99)}")
    paths.append(rng.choice(["/v1/watch?symbols=IBM,A3", "/v1/explain/IBM", "/v1/quotes/A4"]))
    requests = [f"GET {path} HTTP/1.1\r\nHost: a\r\n\r\n" for path in paths]
    if rng.random() < 0.4:
        requests.append("GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    return "".join(requests).encode()


def frame(payload, is_packed=False):
    """A frame of RPyC."""
    data = zlib.compress(payload) if is_packed else payload
    return struct.pack(">LB", len(data), is_packed) + data + b"\n"


def short(number):
    """A small number in brine."""
    return bytes([0x50 + number])


def text(word):
    """A text in brine."""
    return b"\x08\x0e" + bytes([len(word)]) + word.encode()


def request(seq, handler, arguments):
    """The payload of a request of RPyC."""
    return b"\x12\x51" + short(seq) + b"\x11" + short(handler) + b"\x11\x52" + arguments


# Handlers, and how the first objects that a session gives out are known to it.
CLOSE, GETROOT, GETATTR, CALL = 2, 3, 4, 7
ROOT = b"\x11\x53\x12" + text("quoted.QuoteService") + b"\x51\x16\x0565536"
METHOD = b"\x11\x53\x12" + text("builtins.method") + b"\x52\x16\x06131073"


def rpyc_begin(name):
    """The two messages by which a client gets hold of a method."""
    return (frame(request(1, GETROOT, b"\x02")) +
            frame(request(2, GETATTR, b"\x11" + ROOT + b"\x11\x51" + text(name))))


def rpyc_call(seq, symbol, is_packed=False):
    """A call of that method with one symbol."""
    arguments = b"\x12" + METHOD + b"\x11\x51\x10" + text(symbol) + b"\x11\x51\x02"
    return frame(request(seq, CALL, arguments), is_packed)


def rpyc_bytes(rng, count):
    """Messages of RPyC."""
    parts = [rpyc_begin(rng.choice(["get_price", "get_prices", "get_quote", "watch"]))]
    for seq in range(3, 3 + count):
        symbol = rng.choice(["IBM", f"A{rng.randrange(99)}"])
        parts.append(rpyc_call(seq, symbol, rng.random() < 0.2))
    if rng.random() < 0.3:
        parts.append(frame(b"\0" * 4000, True) * rng.choice((1, 9)))
    if rng.random() < 0.4:
        parts.append(frame(request(3 + count, CLOSE, b"\x02")))
    return b"".join(parts)


def spoil(rng, data):
    """The same with a few bytes changed or left out."""
    data = bytearray(data)
    for _ in range(rng.choice((1, 1, 4))):
        at = rng.randrange(len(data) - 1)
        if rng.random() < 0.5:
            data[at] = rng.randrange(256)
        else:
            del data[at]
    return bytes(data)


def break_off(rng, one):
    """Go away in one of the ways that there are."""
    if rng.random() < 0.3:
        one.recv(rng.choice((1, 1 << 16)))
    if rng.random() < 0.3:
        one.shutdown(socket.SHUT_WR)
    if rng.random() < 0.7:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def rage_once(rng, address):
    """One client, which takes little and never waits."""
    data = rng.choice([redis_bytes, http_bytes, rpyc_bytes])(rng, rng.choice((1, 5, 40)))
    if rng.random() < 0.2:
        data = spoil(rng, data)
    data = data[: rng.choice((len(data), rng.randrange(1, len(data))))]
    with socket.socket() as one:
        one.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        try:
            one.connect(address)
            one.setblocking(False)
            while data:
                data = data[one.send(data[: rng.choice((100, 1 << 16))]):]
            break_off(rng, one)
        except OSError:
            pass  # it does not want more, or the server had enough of it


def rage(server, seed, breaks=BREAKS):
    """A storm of them, until the server ends."""
    rng = random.Random(seed)
    for n in range(breaks):
        if server.process.poll() is not None:
            return
        if n % RELOADS_EVERY == 0:
            server.signal(signal.SIGHUP)
        rage_once(rng, server.address)


# --- Polite clients ---------------------------------------------------------------------

def ask_redis(server, is_over):
    """Pipelines of numbered requests; returns how many had their replies."""
    count = 0
    with server.connect() as client:
        while count == 0 or not is_over():
            client.send_raw(b"".join(
                compose(["GET", "IBM"]) + compose(["ECHO", f"{n}"]) for n in range(BATCH)))
            for n in range(BATCH):
                price = client.receive()
                assert price == "137.16" or isinstance(price, Error), price
                assert client.receive() == str(n)
            count += BATCH
    return count


def ask_http(server, is_over):
    """The same of pages; one that is not there repeats the name of its request."""
    count = 0
    with Web(server.address) as client:
        while count == 0 or not is_over():
            client.send("".join(
                client.compose("/v1/quotes/IBM") + client.compose("/none", X_Request_Id=f"n{n}")
                for n in range(BATCH)))
            for n in range(BATCH):
                answer = client.receive(False)
                assert answer.json.get("symbol") == "IBM", answer
                answer = client.receive(False)
                assert (answer.status, answer["X-Request-Id"]) == (404, f"n{n}"), answer
            count += BATCH
    return count


def receive_seq(client):
    """The number of the request that a reply or an exception of RPyC is for."""
    size, _ = struct.unpack(">LB", client.receive_raw(5))
    payload = client.receive_raw(size + 1)
    assert payload[:2] in (b"\x12\x52", b"\x12\x53") and payload[-1:] == b"\n", payload
    return payload[2] - 0x50


def ask_rpyc(server, is_over):
    """The same of calls, whose replies may come in any order."""
    count = 0
    with server.connect() as client:
        client.send_raw(rpyc_begin("get_price"))
        assert [receive_seq(client), receive_seq(client)] == [1, 2]
        while count == 0 or not is_over():
            calls = range(3, 3 + BATCH)
            client.send_raw(b"".join(rpyc_call(seq, "IBM") for seq in calls))
            assert sorted(receive_seq(client) for _ in calls) == list(calls)
            count += BATCH
    return count


POLITE = (ask_redis, ask_http, ask_rpyc)


def read_stats(client):
    """The counters."""
    return read_info(client.ask("INFO", "stats"))


def is_calm(client):
    """Whether nothing is left but the connection that asks."""
    info = read_stats(client)
    return (info["connections_open"], info["waits_open"], info["watches_open"]) == (1, 0, 0)


@pytest.fixture(name="server")
def start_server():
    with Market("--invent", "--step", "0") as market:
        market.set_price("IBM", "137.16")
        with Server(market, *SETTINGS) as server:
            yield server


@pytest.mark.parametrize("seed", [1, 2])
def test_others_notice_nothing_and_nothing_is_left(server, seed):
    storm_is_over = threading.Event()
    with ThreadPoolExecutor(STORMS + len(POLITE)) as pool:
        polite = [pool.submit(ask, server, storm_is_over.is_set) for ask in POLITE]
        storms = [pool.submit(rage, server, f"{seed}.{n}") for n in range(STORMS)]
        try:
            for storm in storms:
                storm.result()
        finally:
            storm_is_over.set()
        assert all(one.result() > 0 for one in polite)
    with server.connect() as client:
        wait_until(lambda: is_calm(client), "something is left of who broke off")


def test_it_ends_within_a_storm(server):
    with ThreadPoolExecutor(STORMS) as pool:
        storms = [pool.submit(rage, server, f"end.{n}", ENDLESS) for n in range(STORMS)]
        with server.connect() as client:
            wait_until(lambda: read_stats(client)["requests"] > 300, "the storm has not begun")
        server.signal(signal.SIGTERM)
        assert server.wait_exit() == 0
        for storm in storms:
            storm.result()

# SPDX-License-Identifier: Apache-2.0
"""The requests that are guarded, and one connection that makes them in step: it sends a
flight, waits for all its answers, and only then sends the next.  So each flight is one
turn of the server's loop, and costs the same every time; with many connections it would
depend on how many of them happen to be served in one turn.

A flight comes in a millisecond of its own.  What the server keeps for the length of one
is then always composed anew, however slow the machine is.
"""

import re
import struct
import threading
from contextlib import contextmanager
from dataclasses import dataclass

import rpyc
from rpyc.core import brine, consts

from programs import DEADLINE_S
from wire import Connection, compose

# The symbols of MGET, all of which are in the cache.
SYMBOLS = ["IBM", "MSFT", "AAPL", "GOOG", "AMZN", "NVDA", "TSLA", "ORCL", "INTC", "AMD"]

# As many that "one of many" is none of which the server has kept anything but its quote.
MANY = [f"Q{i}" for i in range(3000)]

# Longer than the server's clock needs to be another one.
STEP_S = 0.0015

HTTP = (b"GET /v1/quotes/IBM HTTP/1.1\r\nHost: localhost\r\nUser-Agent: guard\r\n"
        b"Accept: application/json\r\n\r\n")

# The number of the first call of RPyC: of those behind it as many are as long.
FIRST_CALL = 1000


@dataclass
class Work:
    """A kind of request, and how many of them are in flight."""

    name: str
    title: str
    protocol: str
    flight: int
    request: bytes = b""
    is_of_many: bool = False  # each is for another symbol

    @property
    def warm_flights(self):
        """How many it takes until the server has all memory that it wants for this."""
        return 2 * len(MANY) // self.flight if self.is_of_many else 50

    def compose(self, number):
        """The flight of that number."""
        if not self.is_of_many:
            return self.request * self.flight
        first = number * self.flight
        return b"".join(self._ask_for(MANY[i % len(MANY)])
                        for i in range(first, first + self.flight))

    def _ask_for(self, symbol):
        if self.protocol == "resp":
            return compose(["GET", symbol])
        return self.request.replace(b"IBM", symbol.encode())


WORKS = [
    Work("resp_get", "RESP GET, 1 in flight", "resp", 1, compose(["GET", "IBM"])),
    Work("resp_get_16", "RESP GET, 16 in flight", "resp", 16, compose(["GET", "IBM"])),
    Work("resp_get_many", "RESP GET, 16 in flight, each one of many symbols", "resp", 16,
         is_of_many=True),
    Work("resp_mget_10", "RESP MGET of 10", "resp", 1, compose(["MGET", *SYMBOLS])),
    Work("http_get", "HTTP GET, 1 in flight", "http", 1, HTTP),
    Work("http_get_16", "HTTP GET, 16 in flight", "http", 16, HTTP),
    Work("http_get_many", "HTTP GET, 16 in flight, each one of many symbols", "http", 16, HTTP,
         is_of_many=True),
    Work("rpyc_call", "RPyC call", "rpyc", 1),
]


def find_work(name):
    """A work by its name."""
    return next(work for work in WORKS if work.name == name)


# --- Where an answer ends -----------------------------------------------------------

def skip_resp(data, at):
    """Where the RESP reply at `at` ends; None where it is not all there."""
    end = data.find(b"\r\n", at)
    if end < 0:
        return None
    kind, rest = data[at : at + 1], data[at + 1 : end]
    assert kind in b"*$", f"answered {bytes(data[at:end])!r}"
    if kind == b"$":
        return end + 2 + int(rest) + 2
    at = end + 2
    for _ in range(int(rest)):
        if (at := skip_resp(data, at)) is None:
            return None
    return at


def skip_http(data, at):
    """The same of HTTP."""
    end = data.find(b"\r\n\r\n", at)
    if end < 0:
        return None
    head = bytes(data[at:end])
    assert head.startswith(b"HTTP/1.1 200 "), f"answered {head!r}"
    return end + 4 + int(re.search(rb"Content-Length: (\d+)", head).group(1))


def skip_rpyc(data, at):
    """The same of RPyC: a length, whether it is compressed, and a line's end."""
    if len(data) < at + 5:
        return None
    size, is_compressed = struct.unpack_from("!LB", data, at)
    end = at + 5 + size + 1
    if len(data) >= end:
        assert not is_compressed
        kind = brine.load(bytes(data[at + 5 : end - 1]))[0]
        assert kind == consts.MSG_REPLY, "answered with an exception"
    return end


SKIP = {"resp": skip_resp, "http": skip_http, "rpyc": skip_rpyc}


# --- Asking -------------------------------------------------------------------------

class Asker:
    """A connection that asks one thing again and again."""

    def __init__(self, own, work, method=None):
        self._own = own
        self._work = work
        self._method = method  # RPyC's name of get_price
        self._flights = 0
        self._pause = threading.Event()  # which nobody sets
        self._own.settimeout(DEADLINE_S)

    def ask(self, flights):
        """So many flights, one after the other."""
        for _ in range(flights):
            self._pause.wait(STEP_S)
            self._own.sendall(self._compose())
            self._receive()

    def _compose(self):
        self._flights += 1
        if self._work.protocol != "rpyc":
            return self._work.compose(self._flights)
        arguments = (consts.LABEL_TUPLE, ((consts.LABEL_LOCAL_REF, self._method),
                                          (consts.LABEL_VALUE, ("IBM",)),
                                          (consts.LABEL_VALUE, ())))
        body = brine.dump((consts.MSG_REQUEST, FIRST_CALL + self._flights,
                           (consts.HANDLE_CALL, arguments)))
        return struct.pack("!LB", len(body), 0) + body + b"\n"

    def _receive(self):
        skip = SKIP[self._work.protocol]
        data = bytearray()
        at = count = 0
        while count < self._work.flight:
            end = skip(data, at)
            if end is not None and end <= len(data):
                at = end
                count += 1
                continue
            more = self._own.recv(1 << 16)
            assert more, "the server ended the connection"
            data += more
        assert at == len(data), "the server said more than was asked"


@contextmanager
def asking(server, work):
    """An Asker on a connection of its own."""
    if work.protocol == "rpyc":
        with rpyc.connect(*server.address, config={"sync_request_timeout": DEADLINE_S}) as conn:
            method = conn.root.get_price
            yield Asker(conn._channel.stream.sock, work, method.____id_pack__)
    else:
        with Connection(server.address) as connection:
            yield Asker(connection.socket, work)

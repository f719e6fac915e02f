# SPDX-License-Identifier: Apache-2.0
"""A provider whose every byte is a test's own, for what quoted-market can't do.

    def broken(call):
        call.answer('{"c": ', status=200)

    with Stub(broken, provider="finnhub") as stub, Server([stub, market]) as server:
        ...
        assert stub.count() == 1

Each connection has a thread, on which the test's function is given its requests, one
after the other.  Until it returns, the call is in flight.  What it sends is what goes
out; a peer that goes away meanwhile is no failure.
"""

import contextlib
import json
import socket
import ssl
import struct
import threading
import urllib.parse

from keys import make_key
from ports import hold_port

HEAD_LIMIT = 64 << 10

# How providers write a price: the rest of a body, the symbol filled in.
BODIES = {
    "finnhub": lambda symbol, price: {"c": price, "pc": price, "t": 1763000000},
    "alphavantage": lambda symbol, price: {"Global Quote": {
        "01. symbol": symbol, "05. price": str(price), "07. latest trading day": "2026-11-20"}},
}


def price_body(provider, symbol, price):
    """The body with which a provider gives a price."""
    return json.dumps(BODIES[provider](symbol, price))


class Call:
    """A request, and the way back."""

    def __init__(self, stub, peer, head):
        self.stub = stub
        self.peer = peer
        line, _, rest = head.partition("\r\n")
        self.target = line.split(" ")[1]
        parts = urllib.parse.urlsplit(self.target)
        self.path = parts.path
        self.query = dict(urllib.parse.parse_qsl(parts.query))
        self.headers = {name.lower(): value.strip() for name, _, value in
                        (one.partition(":") for one in rest.split("\r\n") if one)}
        self.is_over = False  # nothing more comes on this connection

    @property
    def symbol(self):
        """The symbol, or the symbols, asked for."""
        return self.query.get("symbol") or self.query.get("symbols")

    def send(self, data):
        """Send bytes; False where nobody reads them any more."""
        try:
            self.peer.sendall(data)
            return True
        except OSError:
            self.is_over = True
            return False

    def answer(self, body="", status=200, headers=(), length=None):
        """Send a whole answer; `headers` are lines, `length` what is said of the body's
        length where that is not so."""
        data = body if isinstance(body, bytes) else body.encode()
        lines = [f"HTTP/1.1 {status} Said", f"Content-Length: {length or len(data)}", *headers]
        return self.send("".join(f"{line}\r\n" for line in lines).encode() + b"\r\n" + data)

    def give_price(self, price, headers=()):
        """Send the price of the symbol asked for, as the provider does."""
        return self.answer(price_body(self.stub.provider, self.symbol, price), headers=headers)

    def end(self):
        """End the connection behind what was sent."""
        self.is_over = True

    def reset(self):
        """Reset the connection."""
        self.is_over = True
        with contextlib.suppress(OSError):
            self.peer.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def hang(self):
        """Say nothing until the other side goes away, or the stub ends."""
        self.is_over = True
        with contextlib.suppress(OSError):
            while self.peer.recv(1 << 16):
                pass


class Stub:
    """A web server on a free port; `answer` is called with each Call.  `provider` is
    the description that it is asked by, `limits` what the server is told of it."""

    def __init__(self, answer, provider="finnhub", limits="none", host="127.0.0.1",
                 certificate=None):
        self.answer = answer
        self.provider = provider
        self.limits = limits
        self.key = make_key()
        self.calls = []
        self.connections = 0
        self._in_flight = 0
        self._changed = threading.Condition()
        self._peers = set()
        self._threads = []
        self._context = None
        if certificate:
            self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self._context.load_cert_chain(*certificate)
        # Nobody else's, also when this is closed.
        self._holder = hold_port(host)
        port = self._holder.getsockname()[1]
        self._listener = hold_port(host, port)
        self._listener.listen()
        self.url = f"{'https' if certificate else 'http'}://{host}:{port}"
        self._start(self._accept)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def _start(self, function, *arguments):
        thread = threading.Thread(target=function, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self):
        with contextlib.suppress(OSError):
            while True:
                peer, _ = self._listener.accept()
                peer.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                with self._changed:
                    self.connections += 1
                    self._peers.add(peer)
                    self._changed.notify_all()
                self._start(self._serve, peer)

    def _serve(self, peer):
        with contextlib.suppress(OSError):
            if self._context:
                # Of a peer that goes away during the handshake, too.
                peer = self._context.wrap_socket(peer, server_side=True)
            head = b""
            while piece := peer.recv(1 << 16):
                head += piece
                if b"\r\n\r\n" not in head and len(head) < HEAD_LIMIT:
                    continue
                if self._handle(peer, head.decode("latin-1").rstrip("\r\n")):
                    break
                head = b""
        with contextlib.suppress(OSError):
            peer.close()

    def _handle(self, peer, head):
        call = Call(self, peer, head)
        with self._changed:
            self.calls.append(call)
            self._in_flight += 1
            self._changed.notify_all()
        try:
            self.answer(call)
        finally:
            with self._changed:
                self._in_flight -= 1
                self._changed.notify_all()
        return call.is_over

    def count(self, symbol=None):
        """How often it was called, for one symbol or in all."""
        with self._changed:
            return sum(symbol in (None, call.symbol) for call in self.calls)

    @property
    def in_flight(self):
        """Calls that are not answered yet."""
        with self._changed:
            return self._in_flight

    def close(self):
        """End all connections, and refuse new ones."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._changed:
            peers = list(self._peers)
        for peer in peers:
            with contextlib.suppress(OSError):
                peer.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(10)

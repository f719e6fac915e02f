# SPDX-License-Identifier: Apache-2.0
"""A RESP server that answers as it is told: for tests of clients.

    with FakeServer() as server:
        server.quotes["IBM"] = quote(symbol="IBM", price="135.60")
        server.steps += [Close(), Cut(10), error("DRAINING going away")]

Each command takes the next of `steps`, or is answered from `quotes` where there
is none.  Commands that set up a connection (HELLO, CLIENT) take no step.
Everything that was asked is in `asked`, as (number of the connection, [words]).

It speaks RESP 2 and knows no HELLO, as an older server, unless it is given a
name for its answer to HELLO; then it also beats while it waits (Later), and takes
SUBSCRIBE: push() tells all that have subscribed, and beat() lets them hear that it
lives.
"""

import os
import socket
import struct
import threading

from ports import hold_port


class Close:
    """Close the connection instead of answering."""


class Reset:
    """Reset the connection (RST) instead of answering."""


class Hang:
    """Never answer this command, nor any later one of its connection."""


class Cut:
    """Send the first `size` bytes of the answer, then close."""

    def __init__(self, size):
        self.size = size


class Last:
    """Answer, then close."""


class Drip:
    """Send the answer a byte at a time, each after `pause_s`, without end: the
    last byte never comes."""

    def __init__(self, pause_s):
        self.pause_s = pause_s


class Later:
    """Answer, but only after `event` has been set; beats until then, where the
    client has asked for that."""

    def __init__(self, event):
        self.event = event


FIELDS = {
    "name": "International Business Machines",
    "currency": "USD",
    "open": "134.00",
    "high": "136.25",
    "low": "133.10",
    "previous_close": "134.50",
    "change": "1.10",
    "change_percent": "0.8178",
    "volume": "3801423",
    "as_of": "2025-11-06",
    "fetched": "2025-11-06T20:15:01.123Z",
    "age_ms": "240",
    "state": "fresh",
    "delay": "15m",
    "unit_factor": "100",
    "source": "alphavantage",
    "server": "1",
}


def bulk(text):
    data = text if isinstance(text, bytes) else text.encode()
    return b"$%d\r\n%s\r\n" % (len(data), data)


def array(texts):
    return b"*%d\r\n%s" % (len(texts), b"".join(bulk(t) for t in texts))


def error(text):
    return b"-" + text.encode() + b"\r\n"


def past(rows):
    """The reply to HISTORY: rows of (time in ms, open, high, low, close, count)."""
    out = b"*%d\r\n" % len(rows)
    for at_ms, *prices, count in rows:
        out += (b"*6\r\n:%d\r\n" % at_ms + b"".join(bulk(p) for p in prices)
                + b":%d\r\n" % count)
    return out


def quote(symbol="IBM", price="135.60", **fields):
    """The reply to HGETALL; a field set to None is left out."""
    known = {"symbol": symbol, "price": price} | FIELDS | fields
    pairs = []
    for name, value in known.items():
        if value is not None:
            pairs += [name, value]
    return array(pairs)


class FakeServer:
    def __init__(self, path=None, port=0, greeting=b"", name=None,
                 host="127.0.0.1"):
        self.quotes = {}
        self.pasts = {}  # replies to HISTORY
        self.name = name
        self.mute = False  # takes connections, and says and hears nothing
        self.muted = 0  # how many of its first connections are like that
        self.beats = 0
        self.watchers = {}  # sockets that have subscribed, with their symbols
        self.steps = []
        self.asked = []
        self.connections = 0
        self.greeting = greeting  # sent to each connection at once
        self.lock = threading.Lock()
        self.stopped = threading.Event()
        self.sockets = []
        self.path = path
        if path is not None:
            self.listener = socket.socket(socket.AF_UNIX)
            self.listener.bind(path)
            self.address = "unix:" + path
        else:
            # The port is nobody else's, also when this has stopped: who asks
            # there then is refused, and not answered by another test.
            self.keeper = hold_port(host, port)
            self.port = self.keeper.getsockname()[1]
            self.listener = hold_port(host, self.port)
            self.address = "%s:%d" % (host, self.port)
        self.listener.listen(64)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()

    def start(self):
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self):
        self.stopped.set()
        # shutdown() wakes accept(); close() alone would leave it waiting.
        for s in [self.listener] + self.sockets:
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            s.close()
        if self.path is not None and os.path.exists(self.path):
            os.unlink(self.path)

    def push(self, symbol, text="{}"):
        """Tell who has subscribed to a symbol that it has a new quote."""
        with self.lock:
            for connection, symbols in self.watchers.items():
                if symbol in symbols:
                    connection.sendall(b">3\r\n" + bulk("message")
                                       + bulk(symbol) + bulk(text))

    def beat(self):
        """Say to all that have subscribed that the server lives."""
        with self.lock:
            for connection in self.watchers:
                connection.sendall(b">2\r\n$7\r\nwaiting\r\n:0\r\n")

    def commands(self, connection=None):
        """What was asked, on all connections or one, without what each begins
        with."""
        with self.lock:
            return [words for number, words in self.asked
                    if connection in (None, number)
                    and words[0] != "HELLO" and words[1:2] != ["HEARTBEAT"]]

    def _accept(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            with self.lock:
                self.connections += 1
                number = self.connections
                self.sockets.append(connection)
            threading.Thread(target=self._serve, args=(connection, number),
                             daemon=True).start()

    def _serve(self, connection, number):
        try:
            connection.sendall(self.greeting)
            if self.mute or number <= self.muted:
                self.stopped.wait()
            reader = connection.makefile("rb")
            while True:
                words = read_command(reader)
                if words is None or not self._answer(connection, number,
                                                     words):
                    break
        except OSError:
            pass
        finally:
            with self.lock:
                self.watchers.pop(connection, None)
            try:
                connection.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            connection.close()

    def _answer(self, connection, number, words):
        """Answer a command; False ends the connection."""
        with self.lock:
            self.asked.append((number, words))
            is_setup = words[0] in ("HELLO", "CLIENT")
            step = None if is_setup or not self.steps else self.steps.pop(0)
        if isinstance(step, bytes):
            connection.sendall(step)
            return True
        if isinstance(step, Hang):
            while connection.recv(65536):
                pass
            return False
        if isinstance(step, Close):
            return False
        if isinstance(step, Reset):
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                  struct.pack("ii", 1, 0))
            return False
        if isinstance(step, Later):
            self._beat_until(connection, number, step.event)
        reply = self._reply(words)
        if words[0] == "SUBSCRIBE" and self.name is not None:
            with self.lock:
                self.watchers.setdefault(connection, set()).add(words[1])
            reply = (b">3\r\n" + bulk("subscribe") + bulk(words[1]) + b":1\r\n")
        if isinstance(step, Drip):
            for at in range(len(reply) - 1):
                connection.sendall(reply[at:at + 1])
                if self.stopped.wait(step.pause_s):
                    return False
            return self.stopped.wait() and False
        if isinstance(step, Last):
            connection.sendall(reply)
            return False
        if isinstance(step, Cut):
            connection.sendall(reply[:step.size])
            return False
        connection.sendall(reply)
        return True

    def _beat_until(self, connection, number, event):
        with self.lock:
            period_s = [int(words[2]) / 1000 for at, words in self.asked
                        if at == number and words[1:2] == ["HEARTBEAT"]
                        and self.name is not None]
        while not event.wait(period_s[-1] if period_s else None):
            connection.sendall(b">2\r\n$7\r\nwaiting\r\n:1\r\n")
            self.beats += 1

    def _reply(self, words):
        if words[0] == "PING":
            return b"+PONG\r\n"
        if words[0] == "HELLO" and self.name is not None:
            return (b"%3\r\n" + bulk("server") + bulk(self.name)
                    + bulk("proto") + b":3\r\n" + bulk("modules") + b"*0\r\n")
        if words[1:2] == ["HEARTBEAT"] and self.name is None:
            return error("ERR unknown subcommand 'HEARTBEAT'")
        if words[0] == "CLIENT":
            return b"+OK\r\n"
        if words[0] == "HISTORY" and words[1] in self.pasts:
            return self.pasts[words[1]]
        if words[0] != "HGETALL":
            return error("ERR unknown command '%s'" % words[0])
        found = self.quotes.get(words[1])
        return found or error("UNKNOWN %s: no provider knows it" % words[1])


def read_command(reader):
    """The words of the next command, or None at the end."""
    head = reader.readline()
    if not head.startswith(b"*"):
        return None
    words = []
    for _ in range(int(head[1:])):
        size = int(reader.readline()[1:])
        words.append(reader.read(size).decode())
        reader.read(2)
    return words


if __name__ == "__main__":
    # By hand, with tests/testing in $PYTHONPATH: a server with one quote, until
    # interrupted.
    with FakeServer(port=7400) as by_hand:
        by_hand.quotes["IBM"] = quote()
        print(by_hand.address, flush=True)
        threading.Event().wait()

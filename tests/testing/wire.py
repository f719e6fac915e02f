# SPDX-License-Identifier: Apache-2.0
"""A client of the Redis protocol that hides nothing: for tests of the server.

Libraries for users mend and translate what they receive; a test wants the reply
itself.  A reply is

    bulk string     str                   null      None, in RESP 3 NULL
    simple string   Simple, a str         array     list
    error           Error, a str          map       dict (RESP 3)
    integer         int                   boolean   bool (RESP 3)
                                          push      Push, a list (RESP 3)
"""

import socket
import struct

# Nothing here waits that long unless something is wrong.
DEADLINE_S = 30

# What is remembered of a connection's bytes, to be searched for secrets.
RECEIVED_BYTES_LIMIT = 1 << 20


class Simple(str):
    """A simple string: +OK."""


class Error(str):
    """An error: -UNKNOWN and a sentence."""


class Verbatim(str):
    """A text that is shown as it is; only in RESP 3."""


class Push(list):
    """What the server says unasked."""


class Null:
    """RESP 3's own null."""

    def __repr__(self):
        return "NULL"


NULL = Null()


class Ended(Exception):
    """The server closed or reset the connection."""


def compose(words):
    """A request as an array of bulk strings."""
    parts = [b"*%d\r\n" % len(words)]
    for word in words:
        data = word if isinstance(word, bytes) else str(word).encode()
        parts.append(b"$%d\r\n%s\r\n" % (len(data), data))
    return b"".join(parts)


def render(reply):
    """A reply on one line, from which its type can still be told."""
    if reply is None:
        return "(nil)"
    if reply is NULL:
        return "(null)"
    if isinstance(reply, bool):
        return "(true)" if reply else "(false)"
    if isinstance(reply, int):
        return f":{reply}"
    if isinstance(reply, Push):
        return ">" + render(list(reply))
    if isinstance(reply, list):
        return "[" + " ".join(render(part) for part in reply) + "]"
    if isinstance(reply, dict):
        return "{" + ", ".join(f"{render(k)} {render(v)}" for k, v in reply.items()) + "}"
    if isinstance(reply, Simple):
        return "+" + reply
    if isinstance(reply, Error):
        return "-" + reply
    text = reply.replace("\r", "\\r").replace("\n", "\\n")
    is_plain = text and not (text[0] in '+-:([{"' or text != text.strip())
    return text if is_plain else f'"{text}"'


class Connection:
    """A connection to the server at (host, port), or at a Unix socket's path."""

    def __init__(self, address, receive_bytes=None):
        family = socket.AF_UNIX if isinstance(address, str) else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.settimeout(DEADLINE_S)
        if receive_bytes is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_bytes)
        self.socket.connect(address)
        if family == socket.AF_INET:
            self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.received = bytearray()
        self._unread = bytearray()
        self._at = 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def send(self, *words):
        """Send one request."""
        self.socket.sendall(compose(words))

    def send_raw(self, data):
        """Send bytes as they are."""
        self.socket.sendall(data)

    def ask(self, *words):
        """Send one request and return its reply."""
        self.send(*words)
        return self.receive()

    def receive(self):
        """The next reply.  Raises Ended, or TimeoutError after DEADLINE_S."""
        self._drop_read()
        return self._read_reply()

    def receive_raw(self, size):
        """The next `size` bytes, or those before the end where there are fewer."""
        try:
            while len(self._unread) - self._at < size:
                self._fill()
        except Ended:
            pass
        data = bytes(self._unread[self._at : self._at + size])
        self._at += len(data)
        return data

    def wait_end(self):
        """Wait until the server closes or resets; returns what came before, unread."""
        try:
            while True:
                self._fill()
        except Ended:
            return bytes(self._unread[self._at :])

    def end_sending(self):
        """Send the FIN; replies still come."""
        self.socket.shutdown(socket.SHUT_WR)

    def reset(self):
        """Go away with a reset instead of an end."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def close(self):
        """Go away; closed already is allowed."""
        self.socket.close()

    def _fill(self):
        try:
            data = self.socket.recv(1 << 16)
        except ConnectionError as error:
            raise Ended("the connection was reset") from error
        if not data:
            raise Ended("the connection was closed")
        self._unread += data
        self.received += data[: max(0, RECEIVED_BYTES_LIMIT - len(self.received))]

    def _drop_read(self):
        if self._at > 1 << 16:
            del self._unread[: self._at]
            self._at = 0

    def _read_line(self):
        start = self._at
        while (end := self._unread.find(b"\r\n", start)) < 0:
            self._fill()
        line = self._unread[self._at : end].decode("utf-8", "backslashreplace")
        self._at = end + 2
        return line

    def _read_bulk(self, size):
        while len(self._unread) < self._at + size + 2:
            self._fill()
        data = self._unread[self._at : self._at + size]
        assert self._unread[self._at + size : self._at + size + 2] == b"\r\n", "no end of line"
        self._at += size + 2
        return data.decode("utf-8", "backslashreplace")

    def _read_reply(self):
        line = self._read_line()
        kind, rest = line[:1], line[1:]
        if kind == "$":
            return None if rest == "-1" else self._read_bulk(int(rest))
        if kind == "=":
            return Verbatim(self._read_bulk(int(rest))[4:])
        if kind == "+":
            return Simple(rest)
        if kind == "-":
            return Error(rest)
        if kind == ":":
            return int(rest)
        if kind == "*":
            return None if rest == "-1" else [self._read_reply() for _ in range(int(rest))]
        if kind == ">":
            return Push(self._read_reply() for _ in range(int(rest)))
        if kind == "%":
            return {self._read_reply(): self._read_reply() for _ in range(int(rest))}
        if kind == "_":
            return NULL
        if kind == "#":
            return rest == "t"
        raise AssertionError(f"no reply begins like this: {line!r}")

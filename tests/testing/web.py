# SPDX-License-Identifier: Apache-2.0
"""HTTP as bytes on a socket: so that a test sees what a library would put right.

    with Web(server.address) as web:
        answer = web.get("/v1/quotes/IBM", Accept="text/csv")
        assert answer.status == 200
"""

import json
import socket

from programs import DEADLINE_S


class Answer:
    """An answer: its status, headers by name in small letters, and body."""

    def __init__(self, status, headers, body):
        self.status = status
        self.headers = headers
        self.body = body

    def __repr__(self):
        return f"<{self.status} {self.headers} {self.body[:200]!r}>"

    def __getitem__(self, name):
        """A header's value; None where there is none."""
        values = [value for key, value in self.headers if key == name.lower()]
        assert len(values) <= 1, f"{name}: {values}"
        return values[0] if values else None

    @property
    def json(self):
        """The body, its numbers as their texts."""
        return json.loads(self.body, parse_float=str)

    @property
    def text(self):
        """The body as text."""
        return self.body.decode()


class Web:
    """A connection."""

    def __init__(self, address):
        self.address = address
        self.socket = socket.create_connection(address, DEADLINE_S)
        self.file = self.socket.makefile("rb")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """End it."""
        self.file.close()
        self.socket.close()

    def send(self, data):
        """Send bytes, or a text as UTF-8."""
        self.socket.sendall(data.encode() if isinstance(data, str) else data)

    def compose(self, target, method="GET", **headers):
        """A request as a text; Last_Event_ID is the header Last-Event-ID, and a list of
        values several lines of it."""
        host, port = self.address
        lines = [f"{method} {target} HTTP/1.1", f"Host: {host}:{port}"]
        for name, values in headers.items():
            for value in values if isinstance(values, list) else [values]:
                lines.append(f"{name.replace('_', '-')}: {value}")
        return "\r\n".join(lines) + "\r\n\r\n"

    def get(self, target, method="GET", **headers):
        """Ask, and read the answer."""
        self.send(self.compose(target, method, **headers))
        return self.receive(method == "HEAD")

    def receive_head(self):
        """Status and headers of the next answer."""
        first = self.file.readline()
        assert first.startswith(b"HTTP/1.1 "), first
        headers = []
        while (line := self.file.readline()) != b"\r\n":
            assert line.endswith(b"\r\n"), line
            name, value = line[:-2].decode().split(": ", 1)
            headers.append((name.lower(), value))
        return int(first[9:12]), headers

    def receive(self, is_head=False):
        """The next answer."""
        status, headers = self.receive_head()
        length = int(dict(headers).get("content-length", 0))
        if is_head or status in (204, 304):
            length = 0
        body = self.file.read(length)
        assert len(body) == length, "the body is cut"
        return Answer(status, headers, body)

    def receive_end(self):
        """What comes until the end of the connection, which must end."""
        return self.file.read()

    def has_ended(self):
        """Whether the server has ended it and sent nothing more."""
        return self.file.read(1) == b""


class Events:
    """Server-sent events."""

    def __init__(self, address, target, **headers):
        self.web = Web(address)
        self.web.send(self.web.compose(target, Accept="text/event-stream", **headers))
        self.status, self.headers = self.web.receive_head()
        self.id = ""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.web.close()

    def next(self):
        """The next event as a dict, with `event` and `data`, and keeps its id."""
        event = {}
        while (line := self.web.file.readline()) != b"\n" or not event:
            assert line, "the stream has ended"
            if line != b"\n":
                name, value = line.decode().rstrip("\n").split(": ", 1)
                event[name] = value
        self.id = event.get("id", self.id)
        return event

    def next_of(self, kind):
        """The data of the next event of a kind."""
        while (event := self.next()).get("event") != kind:
            pass
        return event["data"]

    def next_quote(self):
        """The next quote."""
        return json.loads(self.next_of("quote"))


def get(server, target, method="GET", **headers):
    """Ask a server on a connection of its own."""
    with Web(server.address) as web:
        return web.get(target, method, **headers)

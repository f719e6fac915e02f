# SPDX-License-Identifier: Apache-2.0
"""From the start of a process to its first answers: to PING, and to GET of a quote
that its file has kept.

    with Warm() as warm:
        ping_ms, quote_ms = warm.start()

The clock runs from before the process is made, so the system's work of loading it is
in the figures.  quoted says where it listens; Redis is tried every tenth of a
millisecond.
"""
import re
import socket
import subprocess
import time

from programs import (BUILD, END_S, Market, Server, environment, make_folder, remove_folder,
                      wait_until)
from side import free_port
from wire import compose

# Between two attempts to connect.
RETRY_S = 0.0001

# A port that was free may be taken by another.
TRIES = 5


class PortTaken(Exception):
    """The program has ended, for want of its port."""


def connect(process, port):
    """A connection, as soon as somebody listens: at `port`, or where quoted's log says."""
    if port is None:
        for line in process.stdout:
            if match := re.search(rb"listening address=127\.0\.0\.1:(\d+)", line):
                return socket.create_connection(("127.0.0.1", int(match.group(1))))
        raise SystemExit("start: it has ended without listening")

    def attempt():
        if process.poll() is not None:
            raise PortTaken
        try:
            return socket.create_connection(("127.0.0.1", port))
        except ConnectionRefusedError:
            return None
    return wait_until(attempt, f"port {port} to be listened at", look_s=RETRY_S)


def time_start(words, requests, port=None):
    """Start a program; milliseconds until each of the requests, made one after the
    other, was answered, and the last answer.  The program is ended then."""
    begun = time.monotonic()
    with subprocess.Popen([str(word) for word in words], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          env=environment()) as process:
        try:
            taken_ms = []
            with connect(process, port) as connection:
                for request in requests:
                    connection.sendall(compose(request))
                    answer = connection.recv(4096)
                    taken_ms.append((time.monotonic() - begun) * 1000)
            process.terminate()
            process.wait(END_S)
        finally:
            process.kill()
    return taken_ms, answer


class Warm:
    """quoted that starts with a store, and whose provider is not there any more; without
    a store it makes one, with a quote of IBM."""

    def __init__(self, store=None, symbol="IBM"):
        self.folder = make_folder("start")
        self.store = store or self.folder / "quotes.db"
        self.is_made = store is not None
        self.symbol = symbol

    def __enter__(self):
        (self.folder / "key").write_text("nobodys")
        if not self.is_made:
            with Market("--step", "0") as market, \
                    Server(market, f"store.path={self.store}", "log.level=info",
                           "cache.fresh_for=1d") as server, server.connect() as client:
                client.ask("GET", self.symbol)
        return self

    def __exit__(self, *_):
        remove_folder(self.folder)

    def start(self):
        """Milliseconds to the answers of PING, and of GET from the store."""
        settings = ["server.listen=127.0.0.1:0", f"store.path={self.store}",
                    "server.workers=1", "cache.fresh_for=1d", "cache.symbols_max=1048576",
                    "providers.0.name=market", "providers.0.url=http://127.0.0.1:9",
                    f"providers.0.key_file={self.folder}/key"]
        words = [BUILD / "src/quoted", *(w for one in settings for w in ("--set", one))]
        taken_ms, answer = time_start(words, [("PING",), ("GET", self.symbol)])
        if not answer.startswith(b"$"):
            raise SystemExit(f"start: {self.symbol}, which was kept, is answered {answer}")
        return taken_ms


def start_redis():
    """The same of Redis' PING, without its disk; it can't choose a port by itself."""
    for _ in range(TRIES):
        port = free_port()
        words = ["/usr/bin/redis-server", "--bind", "127.0.0.1", "--port", port, "--save", "",
                 "--appendonly", "no"]
        try:
            return time_start(words, [("PING",)], port)[0][0]
        except PortTaken:
            continue
    raise SystemExit("start: Redis does not start")

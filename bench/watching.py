# SPDX-License-Identifier: Apache-2.0
"""One new quote to many watchers, and what that takes of a server: bench/fanout and
bench/curves.

    with Fans(updates=8, watchers_max=5_000) as fans:
        cpu_us, spread_us = fans.play("quoted", 5_000)

So many connections SUBSCRIBE to IBM, and read what comes (bench/watchers.c).  quoted,
with one worker, has IBM fetched again every second; to Redis the same bytes are
published as often, and bench/teller.c writes them and does nothing else, which is
what the kernel alone takes ("floor").
"""
import resource
import statistics
import subprocess
from contextlib import ExitStack

from peers import Redis
from programs import BUILD, Market, Program, Server, make_folder, wait_until
from side import cpu_us
from wire import Connection, compose

# Files that are open besides those of the watchers, of which there may be two rounds'.
FILES_BESIDE = 1024


class Teller(Program):
    """The writes and nothing else."""

    def __init__(self, size):
        super().__init__("bench/teller", [str(size), "900"], make_folder("teller"))
        self.port = int(self.wait_line(r"^port (\d+)").group(1))

    def finish(self, expected=0):
        self.kill()


class Fans:
    """The servers, and what their watchers see of `updates` updates."""

    names = ("quoted", "redis", "floor")

    def __init__(self, updates, watchers_max):
        self.updates = updates
        self.files = 2 * watchers_max + FILES_BESIDE
        self.stack = ExitStack()

    def __enter__(self):
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, self.files)), hard))
        with self.stack:
            enter = self.stack.enter_context
            market = enter(Market("--step", "0"))
            self.redis = enter(Redis())
            self.quoted = enter(Server(
                market, "server.workers=1", "cache.fresh_for=1s", "fetch.warm_for=0",
                f"limits.connections={self.files}"))
            self.publisher = enter(Connection(("127.0.0.1", self.redis.port)))
            with self.quoted.connect() as client:
                wait_until(lambda: client.ask("GET", "IBM") == "137.16", "a price of IBM")
                client.send("SUBSCRIBE", "IBM")
                client.receive()
                self.payload = client.receive()[2]
            self.size = len(compose(["message", "IBM", self.payload]))
            self.stack = self.stack.pop_all()
        return self

    def __exit__(self, *error):
        self.stack.__exit__(*error)

    def publish(self):
        """As often as quoted is told."""
        subprocess.run(["sleep", "0.9"], check=True)
        self.publisher.ask("PUBLISH", "IBM", self.payload)

    def play(self, name, watchers):
        """A round: CPU microseconds an update, and those from the first watcher that has
        it to the last."""
        if name == "quoted":
            return self.watch(self.quoted.pid, self.quoted.address[1], watchers)
        if name == "redis":
            return self.watch(self.redis.pid, self.redis.port, watchers, self.publish)
        with Teller(self.size) as teller:
            return self.watch(teller.pid, teller.port, watchers)

    def watch(self, pid, port, count, publish=lambda: None):
        """The same of a server's process, which is to be told, or tells by itself."""
        words = [BUILD / "bench/watchers", port, count, "IBM", self.size, self.updates]
        with subprocess.Popen([str(word) for word in words], stdin=subprocess.PIPE,
                              stdout=subprocess.PIPE, text=True) as watchers:
            expect(watchers, "ready")
            before_us = cpu_us([pid])
            for _ in range(self.updates):
                publish()
            spread = []
            while (line := read(watchers)) != "done":
                spread.append(int(line))
            taken_us = (cpu_us([pid]) - before_us) / self.updates
            watchers.stdin.close()
        return taken_us, statistics.median(spread)


def read(watchers):
    """What they say next."""
    line = watchers.stdout.readline().strip()
    if not line:
        raise SystemExit("fanout: the watchers have failed")
    return line


def expect(watchers, word):
    if read(watchers) != word:
        raise SystemExit(f"fanout: the watchers are not {word}")

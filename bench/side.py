# SPDX-License-Identifier: Apache-2.0
"""Servers side by side: the same load on each in turn, round after round, and what
that says as ratios.

    servers = [Side("nginx", port, pids, requests, "http"), ...]
    found = measure(servers, Load(50, 1, 100_000), rounds=7)
    ratios(found, "quoted", "nginx")

bench/load asks.  What is compared is the CPU time of the server's processes, by the
kernel's own accounting; a ratio is that of one round, stated are the median of the
rounds and their middle half.  A target that lies within the middle half is neither
met nor missed: the rounds differ by more than the distance to it.  A ratio whose middle
half is wider than its distance from 1 is not stated at all.
"""
import contextlib
import json
import socket
import statistics
import struct
import subprocess
from dataclasses import dataclass, field
from pathlib import Path

from programs import BUILD


@dataclass
class Load:
    """Connections, requests in flight on each, and the requests of a round."""

    connections: int
    flight: int
    count: int

    def __str__(self):
        return f"{self.connections} x {self.flight}"

    def shortened(self, part):
        """The same for fewer requests."""
        return Load(self.connections, self.flight,
                    max(int(self.count * part), self.connections * self.flight))


@dataclass
class Side:
    """A server that is measured; `pids` is a function, as workers come and go."""

    name: str
    port: int
    pids: callable
    requests: Path
    framing: str
    more: list = field(default_factory=list)  # options of bench/load
    part: float = 1  # of a load's requests, for a server that is many times slower
    first: int = 0   # of the requests, of the next round: each asks for others

    def ask(self, load):
        """One round: what bench/load says, as a dict."""
        load = load.shortened(self.part)
        warm = max(load.count // 10, load.connections * load.flight)
        words = [BUILD / "bench/load", "--port", self.port, "--framing", self.framing,
                 "--requests", self.requests, "--connections", load.connections,
                 "--flight", load.flight, "--count", load.count,
                 "--warm", warm, "--first", self.first, *self.more]
        self.first += (load.count + warm) // load.connections
        for pid in self.pids():
            words += ["--pid", pid]
        done = subprocess.run([str(word) for word in words], capture_output=True, text=True,
                              check=False)
        if done.returncode != 0:
            raise SystemExit(f"bench: {self.name}: {done.stderr.strip()}")
        said = json.loads(done.stdout)
        if said["errors"]:
            raise SystemExit(f"bench: {self.name} answered {said['errors']} errors")
        return said


def free_port():
    """For a server that can't choose one by itself."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def write_requests(path, requests):
    """A file of requests as bench/load reads them."""
    path.write_bytes(b"".join(struct.pack("<I", len(one)) + one for one in requests))
    return path


def children(pid):
    """The processes that a process has started; threads that end meanwhile have none."""
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            found += map(int, (task / "children").read_text().split())
    return found


def family(pid):
    """A process and its children's children, but for nginx' cache loader, which ends by
    itself after a minute."""
    found = [pid]
    for one in found:
        found += [child for child in children(one)
                  if "cache loader" not in Path(f"/proc/{child}/cmdline").read_text()]
    return found


def cpu_us(pids):
    """The CPU time of all threads of these processes so far, in microseconds."""
    spent_ns = 0
    for task in [task for pid in pids for task in Path(f"/proc/{pid}/task").iterdir()]:
        with contextlib.suppress(FileNotFoundError, ProcessLookupError):
            spent_ns += int((task / "schedstat").read_text().split()[0])
    return spent_ns / 1000


def measure(sides, load, rounds):
    """{name: [what bench/load said, a round]}; none is always behind the same other."""
    found = {side.name: [] for side in sides}
    for number in range(rounds):
        first = number % len(sides)
        for side in sides[first:] + sides[:first]:
            found[side.name].append(side.ask(load))
    return found


def ratios(found, ours, theirs, what="server_cpu_us"):
    """Of each round, ours to theirs."""
    return [one[what] / other[what] for one, other in zip(found[ours], found[theirs])]


def middle_half(values):
    """The median and the bounds of the middle half."""
    if len(values) == 1:
        return values[0], values[0], values[0]
    low, median, high = statistics.quantiles(values, n=4, method="inclusive")
    return median, low, high


def is_told(values):
    """Whether the rounds of a ratio differ by less than the two that it compares, so
    that it may be stated.  One round has nothing to differ from."""
    median, low, high = middle_half(values)
    return high - low <= abs(median - 1)


def verdict(low, high, target, at_least=False):
    """What the middle half says about a target, which is to be stayed below, or to be
    reached."""
    if at_least:
        low, high, target = -high, -low, -target
    if high <= target:
        return "met"
    return "missed" if low > target else "not told: the rounds differ too much"

# SPDX-License-Identifier: Apache-2.0
"""Servers side by side: the same load on each in turn, round after round, and what
that says as ratios.

    servers = [Side("nginx", port, pids, requests), ...]
    found = measure(servers, Load(50, 1, 100_000), rounds=7)
    show(found, "quoted", {"nginx": 0.5})

bench/load asks.  What is compared is the CPU time of the server's processes, by the
kernel's own accounting; a ratio is that of one round, stated are the median of the
rounds and their middle half.  A target that lies within the middle half is neither
met nor missed: the rounds differ by more than the distance to it.
"""
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
        return f"{self.connections} connections, {self.flight} in flight on each"


@dataclass
class Side:
    """A server that is measured; `pids` is a function, as workers come and go."""

    name: str
    port: int
    pids: callable
    requests: Path
    framing: str
    more: list = field(default_factory=list)  # options of bench/load

    def ask(self, load):
        """One round: what bench/load says, as a dict."""
        words = [BUILD / "bench/load", "--port", self.port, "--framing", self.framing,
                 "--requests", self.requests, "--connections", load.connections,
                 "--flight", load.flight, "--count", load.count,
                 "--warm", max(load.count // 10, load.connections * load.flight), *self.more]
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


def family(pid):
    """A process and its children's children, but for nginx' cache loader, which ends by
    itself after a minute."""
    found = [pid]
    for one in found:
        for task in Path(f"/proc/{one}/task").iterdir():
            found += [child for child in map(int, (task / "children").read_text().split())
                      if "cache loader" not in Path(f"/proc/{child}/cmdline").read_text()]
    return found


def measure(sides, load, rounds):
    """{name: [what bench/load said, a round]}; none is always behind the same other."""
    found = {side.name: [] for side in sides}
    for number in range(rounds):
        first = number % len(sides)
        for side in sides[first:] + sides[:first]:
            found[side.name].append(side.ask(load))
    return found


def middle_half(values):
    """The median and the bounds of the middle half."""
    if len(values) == 1:
        return values[0], values[0], values[0]
    low, median, high = statistics.quantiles(values, n=4, method="inclusive")
    return median, low, high


def verdict(low, high, target):
    """What the middle half of the ratios says about a target."""
    if high <= target:
        return "met"
    return "missed" if low > target else "not told: the rounds differ too much"


def show(load, found, ours, targets):
    """Print a load's figures, and ours as ratios to those that `targets` names."""
    print(f"\n{load}: server CPU in microseconds a request")
    print(f"  {'':22} {'median':>8}  {'lowest':>8}  {'highest':>8}  {'requests/s':>11}  p99, us")
    for name, rows in found.items():
        cpu = [row["server_cpu_us"] for row in rows]
        print(f"  {name:22} {statistics.median(cpu):8.3f}  {min(cpu):8.3f}  {max(cpu):8.3f}  "
              f"{statistics.median(row['rate'] for row in rows):11,.0f}  "
              f"{statistics.median(row['p99_us'] for row in rows):,.0f}")
    for name, target in targets.items():
        ratios = [one["server_cpu_us"] / other["server_cpu_us"]
                  for one, other in zip(found[ours], found[name])]
        median, low, high = middle_half(ratios)
        text = f"  {ours} / {name:20} {median:6.3f}   middle half {low:.3f} to {high:.3f}"
        print(text if target is None else
              f"{text}; target: at most {target:g}: {verdict(low, high, target)}")

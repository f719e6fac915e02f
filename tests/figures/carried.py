# SPDX-License-Identifier: Apache-2.0
"""Figure 8: what goes through the balancer, and what it costs in time."""

import re
import statistics
from collections import namedtuple

from behind import behind_nginx
from chances import ROUNDS, median_of
from figure import Figure, milliseconds, quote_block, table
from programs import wait_until
from quoting import Said, name_nginx, name_server

REQUESTS = 100  # of a round; the rounds of both ways take turns
PLAIN = 100     # of the client whose own bytes are counted

# A client that counts its bytes, and what nginx says of its connection: how many it
# sent and received.
Counted = namedtuple("Counted", "ours nginx")

# By way: milliseconds of the requests of each round, bytes through nginx there and back, and the
# command; and the client that counts.
Result = namedtuple("Result", "ms carried commands counted")

WAYS = ("nginx", "direct")


class Log:
    """nginx's access log, which gets a line for each connection when it has ended."""

    def __init__(self, front):
        self._path = front.access_log
        self._seen = len(self._lines())

    def _lines(self):
        text = self._path.read_text()
        return re.findall(r" received=(\d+) sent=(\d+)$", text[:text.rfind("\n") + 1], re.M)

    def wait(self, connections):
        """Bytes from clients and to them of the next connections to end, that many."""
        wait_until(lambda: len(self._lines()) >= self._seen + connections,
                   "lines in the access log")
        new = self._lines()[self._seen:]
        self._seen += len(new)
        assert len(new) == connections, new
        return tuple(sum(int(number) for number in column) for column in zip(*new)) or (0, 0)


def count_own(front, log):
    """A client of the plainest kind, and nginx's account of it."""
    sent = 0
    with front.connect() as client:
        for _ in range(PLAIN):
            request = b"*2\r\n$7\r\nHGETALL\r\n$3\r\nIBM\r\n"
            client.send_raw(request)
            sent += len(request)
            client.receive()
        received = len(client.received)
    return Counted((sent, received), log.wait(1))


def play(effort):
    ms, carried, commands = {way: [] for way in WAYS}, {way: [0, 0] for way in WAYS}, {}
    with behind_nginx() as (fleet, front):
        ways = {"nginx": (name_nginx(front), []),
                "direct": (name_server(fleet), ["--balance", "round-robin"])}
        log = Log(front)
        for _ in range(ROUNDS * effort):
            for way, (servers, rule) in ways.items():
                said = Said(servers, *rule, "--format", "report", "--repeat", str(REQUESTS), "IBM")
                ms[way].append([line.ms for line in said.report() if line.price != "-1"])
                commands[way] = said.command
                for i, count in enumerate(log.wait(1 if way == "nginx" else 0)):
                    carried[way][i] += count
        return Result(ms, carried, commands, count_own(front, log))


def tell(result, _folder):
    rows = []
    for way, rounds in result.ms.items():
        ms = [one for round_ms in rounds for one in round_ms]
        there, back = result.carried[way]
        rows.append([{"nginx": "connections, through nginx",
                      "direct": "requests, direct to three servers"}[way],
                     f"{len(ms):,}", f"{there:,}", f"{back:,}", f"{(there + back) / len(ms):.0f}",
                     milliseconds(statistics.median(ms)),
                     milliseconds(statistics.quantiles(ms, n=100)[98])])
    factor = median_of(result.ms["nginx"]) / median_of(result.ms["direct"])
    ours, theirs = result.counted
    return (
        quote_block("\n".join(f"$ {command}" for command in result.commands.values())) +
        f"\nBytes are from nginx's access log; the rounds of {REQUESTS} requests took turns.\n\n" +
        table(["what is balanced", "requests", "bytes to servers", "bytes to clients",
               "bytes a request", "median, ms", "99 of 100 within, ms"], rows) +
        f"\nnginx carries every byte both ways: of a client that sent {ours[0]:,} bytes and "
        f"received {ours[1]:,}, its log says {theirs[0]:,} and {theirs[1]:,}. The way through it "
        f"took {factor:.1f} times as long. A client that knows the servers needs nothing in "
        "between; here they are listed by address, in a network one name lists them.\n")


FIGURE = Figure(
    "Bytes through the balancer, and time",
    "A balancer of connections carries every byte of every request; a client that asks the "
    "servers directly needs none, and waits less.", play, tell, effort=8)

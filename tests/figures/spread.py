# SPDX-License-Identifier: Apache-2.0
"""Figure 3: which servers clients land on, by round robin and by random."""

import collections
from collections import namedtuple

from behind import SERVERS, behind_nginx
from chances import chance_of_chi_square, chi_square
from figure import Figure, draw, quote_block, table
from quoting import Said, name_nginx

CLIENTS = (2, 3, 4, 7, 12, 30, 100)  # by round robin
GROUPS = range(1, 9)                 # clients of a group, by random
CONNECTIONS = 3000                   # by random, and for each effort
HELD = 96                            # of these at the same time

# By round robin: the reports of two clients, their transcript, and the counts by the
# number of clients.  By random: the server of each connection in turn.
Result = namedtuple("Result", "reports transcript counts drawn")


def two_clients(front):
    """Two clients, the first ones after all servers have had a turn."""
    said = [Said(name_nginx(front), "--client", client, "--format", "report", "Google", "IBM")
            for client in ("1", "2")]
    return [one.report() for one in said], "\n".join(one.transcript for one in said)


def spread(front, clients):
    """The server of each of so many connections that are held at the same time."""
    connections = []
    try:
        for _ in range(clients):
            connections.append(front.connect())
            connections[-1].send("HGETALL", "IBM")
        return [answerer(one.receive()) for one in connections]
    finally:
        for one in connections:
            # By a reset: thousands that are ended in order would use up the ports.
            one.reset()


def answerer(reply):
    return dict(zip(reply[::2], reply[1::2]))["server"]


def play(effort):
    with behind_nginx() as behind:
        reports, transcript = two_clients(behind.front)
        counts = {clients: collections.Counter(spread(behind.front, clients))
                  for clients in CLIENTS}
    with behind_nginx("random;") as behind:
        drawn = []
        while len(drawn) < CONNECTIONS * effort:
            drawn += spread(behind.front, HELD)
    return Result(reports, transcript, counts, drawn)


def together(drawn, clients):
    """How many groups of so many clients there are, and how many of them landed on one
    server all, by server."""
    groups = [drawn[at:at + clients] for at in range(0, len(drawn) - clients + 1, clients)]
    alone = collections.Counter(group[0] for group in groups if len(set(group)) == 1)
    return len(groups), {server: alone[server] for server in SERVERS}


PLOT = """
set logscale y
set format y "10^{%T}"
set xlabel "clients"
set ylabel "chance that all are on one given server"
set xrange [0.5:8.5]
set key top right
plot (1.0 / 3) ** x with lines ls 4 title "(1/3)^c", \\
     $measured using 1:2 with points ls 1 title "server 1, measured", \\
     $measured using 1:3 with points ls 2 title "server 2", \\
     $measured using 1:4 with points ls 3 title "server 3"
"""


def tell_groups(result, folder):
    rows, points = [], []
    for clients in GROUPS:
        count, alone = together(result.drawn, clients)
        measured = [alone[server] / count for server in SERVERS]
        rows.append([clients, f"{count:,}", *(f"{n:,}" for n in alone.values()),
                     f"{sum(measured) / 3:.5f}", f"{3 ** -clients:.5f}"])
        # None of so many groups: no point, as its logarithm would be.
        points.append([clients, *(part or "NaN" for part in measured)])
    return (
        "\nThe report's argument for a balancer that draws: that all of *c* clients are on one "
        "given server has the chance (1/n)^*c*. The same connections, in groups of *c* in the "
        "order in which they came:\n\n" +
        table(["clients", "groups", "all on 1", "on 2", "on 3", "chance, mean of the three",
               "(1/3)^c"], rows) + "\n" +
        draw(folder, "spread", "The chance that all clients are on one server, by clients", PLOT,
             measured=points))


def tell(result, folder):
    counts = collections.Counter(result.drawn)
    counted = [counts[server] for server in SERVERS]
    value = chi_square(counted)
    chance = chance_of_chi_square(value, len(SERVERS))
    return (
        "Round robin, after each server has had its turn; two clients come:\n\n" +
        quote_block(result.transcript) +
        "\nMore clients, which all hold their connection:\n\n" +
        table(["clients", "server 1", "server 2", "server 3"],
              [[clients, *(counts[server] for server in SERVERS)]
               for clients, counts in result.counts.items()]) +
        f"\nWith `random;`, {len(result.drawn):,} connections: " +
        ", ".join(f"{count:,} on server {server}" for count, server in zip(counted, SERVERS)) +
        f". Chi-square is {value:.2f}; a uniform draw gives that or more in {chance:.0%} of "
        "all cases.\n" + tell_groups(result, folder))


FIGURE = Figure(
    "Which server a client lands on",
    "By round robin two clients land on servers 1 and 2, and N clients are spread evenly, "
    "exactly; by random every server is as likely as another, each time.",
    play, tell, effort=90)

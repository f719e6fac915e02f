# SPDX-License-Identifier: Apache-2.0
"""Figure 7: a client that asks a hundred times as often as the others."""

import collections
import concurrent.futures
from collections import namedtuple

from behind import SERVERS, behind_nginx
from chances import chance_of_chi_square, chi_square
from figure import Figure, draw, quote_block, table
from quoting import Said, name_nginx, name_server

CLIENTS = [str(i + 1) for i in range(9)]
GREEDY = "1"
FACTOR = 100
ASKED = 10  # times by each of the others, and for each effort

# By what a request comes to a server: a name, whether nginx is in between, and what
# libquoted balances by.
Way = namedtuple("Way", "name through_nginx rule")
WAYS = [Way("nginx", True, "connection"),
        *(Way(rule, False, rule)
          for rule in ("connection", "round-robin", "random", "least-loaded"))]

# By way: {client: {server: requests}}, and the command of the greedy client.
Result = namedtuple("Result", "counts commands")


def ask(servers, way, client, times):
    """A client from its start to its end; returns its command and whom it was served by."""
    times *= FACTOR if client == GREEDY else 1
    rule = [] if way.through_nginx else ["--balance", way.rule]
    said = Said(servers, *rule, "--client", client, "--format", "report",
                "--repeat", str(times), "IBM")
    lines = said.report()
    assert len(lines) == times and all(line.price != "-1" for line in lines), said.transcript
    return said.command, collections.Counter(line.server for line in lines)


def play(effort):
    result = Result({}, {})
    with behind_nginx() as (fleet, front), \
            concurrent.futures.ThreadPoolExecutor(len(CLIENTS)) as pool:
        for way in WAYS:
            servers = name_nginx(front) if way.through_nginx else name_server(fleet)
            done = list(pool.map(lambda client: ask(servers, way, client, ASKED * effort),
                                 CLIENTS))
            result.counts[way] = {client: counts for client, (_, counts) in zip(CLIENTS, done)}
            result.commands[way] = done[CLIENTS.index(GREEDY)][0]
    return result


def load(counts):
    """Requests by server, of all clients."""
    return {server: sum(one[server] for one in counts.values()) for server in SERVERS}


def imbalance(counts):
    """The most requests that a server got, in relation to what each should."""
    loads = list(load(counts).values())
    return max(loads) * len(loads) / sum(loads)


PLOT = """
set style data histograms
set style histogram rowstacked
set style fill solid 0.9 border rgb "white"
set boxwidth 0.6
set ylabel "share of all requests"
set yrange [0:100]
set format y "%g %%"
set key outside top center horizontal
set arrow from -0.5, 100.0 / 3 to 4.5, 100.0 / 3 nohead ls 4 front
set arrow from -0.5, 200.0 / 3 to 4.5, 200.0 / 3 nohead ls 4 front
plot $load using 2:xtic(1) lc rgb "#1b6ca8" title "server 1", \\
     "" using 3 lc rgb "#d1495b" title "server 2", \\
     "" using 4 lc rgb "#5f8f3e" title "server 3"
"""


def plot(result, folder):
    rows = []
    for way, counts in result.counts.items():
        # The busiest one lowest, whichever it was.
        loads = sorted(load(counts).values(), reverse=True)
        rows.append([f'"{way.name}"', *(f"{100 * one / sum(loads):.2f}" for one in loads)])
    script = PLOT.replace('"server 1"', '"busiest server"').replace('"server 2"', '"second"')
    return draw(folder, "greedy", "The share of each server in all requests, by balancing",
                script.replace('"server 3"', '"third"'), load=rows)


def tell(result, folder):
    rows = []
    for way, counts in result.counts.items():
        loads = load(counts)
        what = "connections, by nginx" if way.through_nginx else \
            "connections, by libquoted" if way.rule == "connection" else \
            f"requests, {way.rule}"
        rows.append([what, *(f"{loads[server]:,}" for server in SERVERS),
                     f"**{imbalance(counts):.2f}**"])
    drawn = list(load(result.counts[WAYS[3]]).values())
    chance = chance_of_chi_square(chi_square(drawn), len(SERVERS))
    return (
        f"{len(CLIENTS)} clients at the same time; client {GREEDY} asks {FACTOR} times as often "
        "as each of the others:\n\n" +
        quote_block("\n".join(f"$ {command}" for command in result.commands.values())) +
        "\nThe requests that each server got, and the imbalance: what the busiest one got, in "
        "relation to a third of all. 1 is even, 3 is all on one server.\n\n" +
        table(["what is balanced", "server 1", "server 2", "server 3", "imbalance"], rows) +
        "\nWho balances connections can't help it: nginx gave each server three clients, exactly, "
        "and one of them is the greedy one. Balanced by request, its load is everybody's. "
        f"(Random: a uniform draw is as uneven as that in {chance:.0%} of all cases. Least loaded "
        "draws two and asks the one that has answered faster of late; a server that was late once, "
        "as happens where all share two processors, is spared for a while, and with one "
        "spared each of the others gets a half, which makes 1.5.)\n\n" + plot(result, folder))


FIGURE = Figure(
    "A client that asks a hundred times as often",
    "Balanced by connection, its server gets nearly everything; balanced by request, in "
    "libquoted, every server gets its share.", play, tell, effort=10)

# SPDX-License-Identifier: Apache-2.0
"""Figure 1: ten prices of one server, nine of which it has in memory."""

import statistics
from collections import namedtuple

from figure import Figure, milliseconds, quote_block
from programs import Market, Server, read_info
from quoting import NAMES, Said

LATENCY_MS = 200
CACHED = NAMES[:-1]
ROUNDS = 3  # for each effort

# A round: the report's requests, its transcript, and by how much counters grew.
Round = namedtuple("Round", "lines transcript counted")


def play_round(market):
    """A server that has been asked for nine of the ten."""
    with Server(market, "server.id=1") as server:
        where = {"server1": server.address}
        warm = Said(where, "--plain", *CACHED)
        assert warm.status == 0, warm.transcript
        with server.connect() as client:
            before = read_info(client.ask("INFO", "stats"))
            said = Said(where, "--client", "1", "--format", "report")
            after = read_info(client.ask("INFO", "stats"))
    counted = {name: after[name] - before[name]
               for name in ("cache_hits", "cache_misses", "upstream_calls")}
    return Round(said.report(), said.transcript, counted)


def play(effort):
    with Market("--step", "0", "--latency", f"{LATENCY_MS}ms") as market:
        return [play_round(market) for _ in range(ROUNDS * effort)]


def medians(rounds):
    """Milliseconds of a request whose price was in memory, and of one whose was not."""
    lines = [line for one in rounds for line in one.lines]
    return tuple(statistics.median(line.ms for line in lines if (line.name in CACHED) == hit)
                 for hit in (True, False))


def tell(rounds, _folder):
    hit, miss = medians(rounds)
    counted = rounds[-1].counted
    return (
        f"The provider answers after {LATENCY_MS} ms. Nine names have been asked for before; "
        "then a client asks for ten:\n\n" + quote_block(rounds[-1].transcript) +
        f"\nThe server found {counted['cache_hits']} in memory and called the provider "
        f"{counted['upstream_calls']} time. Over {len(rounds)} such rounds, each with a new "
        f"server, the median of a price in memory is {milliseconds(hit)} ms and of one that is "
        f"not {milliseconds(miss)} ms: **{miss / hit:,.0f} times** as much.\n")


FIGURE = Figure(
    "One server: nine prices in memory, one not",
    "A price in memory is answered about a thousand times as fast as one that the provider is "
    "asked for.", play, tell, effort=4)

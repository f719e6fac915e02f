# SPDX-License-Identifier: Apache-2.0
"""Figure 2: a connection that is kept, against a new one for each request."""

import contextlib
import time
from collections import namedtuple

from behind import behind_nginx
from chances import ROUNDS, median_of
from figure import Figure, milliseconds, quote_block, table
from programs import DEADLINE_S, read_info
from quoting import Said, name_nginx, name_server

REQUESTS = 20  # of a round; the rounds of all ways take turns

# How somebody asks: in which tongue, to whom, and whether a connection is kept.
Way = namedtuple("Way", "tongue to kept")
WAYS = [Way(tongue, to, kept) for tongue in ("RESP", "RPyC") for to in ("server1", "nginx")
        for kept in (True, False)]

# Milliseconds of the requests of each round and connections that the server took, by
# way; and what somebody sees who asks in either manner.
Result = namedtuple("Result", "ms connections transcript")


def ask_by_resp(way, address):
    """Milliseconds of each request of a round, as quote says them."""
    said = report(way, {way.to: address}, REQUESTS)
    return [line.ms for line in said.report()]


def report(way, servers, requests):
    again = [] if way.kept else ["--reconnect"]
    said = Said(servers, "--format", "report", *again, "--repeat", str(requests), "IBM")
    assert said.status == 0, said.transcript
    return said


def ask_by_rpyc(way, address):
    """The same with the Python package: a method that is held, or all anew."""
    import rpyc

    def connect():
        return rpyc.connect(*address, config={"sync_request_timeout": DEADLINE_S})

    def ask_anew():
        with contextlib.closing(connect()) as conn:
            conn.root.get_price("IBM")

    def timed(ask):
        began = time.perf_counter()
        ask()
        return (time.perf_counter() - began) * 1000

    if not way.kept:
        return [timed(ask_anew) for _ in range(REQUESTS)]
    with contextlib.closing(connect()) as conn:
        get_price = conn.root.get_price
        return [timed(lambda: get_price("IBM")) for _ in range(REQUESTS)]


ASK = {"RESP": ask_by_resp, "RPyC": ask_by_rpyc}


def play(effort):
    result = Result({way: [] for way in WAYS}, dict.fromkeys(WAYS, 0), [])
    with behind_nginx(servers=("1",)) as (fleet, front), fleet["1"].connect() as counter:
        servers = {**name_server(fleet), **name_nginx(front)}

        def accepted():
            return read_info(counter.ask("INFO", "stats"))["connections_accepted"]

        for _ in range(ROUNDS * effort):
            for way in WAYS:
                before = accepted()
                result.ms[way].append(ASK[way.tongue](way, servers[way.to]))
                result.connections[way] += accepted() - before
        for kept in (True, False):
            way = Way("RESP", "nginx", kept)
            result.transcript.append(report(way, name_nginx(front), 3).transcript)
    return result


def tell(result, _folder):
    ms = {way: median_of(rounds) for way, rounds in result.ms.items()}
    rows = []
    for way in WAYS:
        if way.kept:
            kept, anew = ms[way], ms[way._replace(kept=False)]
            rows.append([f"{way.tongue} to {way.to}", milliseconds(kept), milliseconds(anew),
                         f"**{anew / kept:.1f}**"])
    count = len(result.ms[WAYS[0]]) * REQUESTS
    return (
        quote_block("\n".join(result.transcript)) +
        f"\nThe median of {count:,} requests each, whose rounds of {REQUESTS} took turns; RESP is "
        "what `quote` speaks, RPyC is asked by Python's own package:\n\n" +
        table(["tongue and way", "kept, ms", "new each time, ms", "factor"], rows) +
        "\nFor Python, a new connection also means to ask anew for the root object and its "
        "method. Through nginx there are two connections to make instead of one.\n")


FIGURE = Figure(
    "A connection that is kept, and one for each request",
    "To connect anew for each request makes it several times as slow.", play, tell, effort=8)

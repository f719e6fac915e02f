# SPDX-License-Identifier: Apache-2.0
"""A thousand prices that are all stale at the same moment, with real programs.

A server fills its store and ends; what is started with that store has a thousand prices,
each of them stale, and a key that allows much less than a thousand calls.
"""

import contextlib
import os
import statistics
import time
from collections import namedtuple
from pathlib import Path

from programs import Market, Server, make_folder, read_info, remove_folder, wait_until

SYMBOLS = [f"A{n}" for n in range(1000)]

# Of a second and a minute; a tenth of each is left for people who wait.
A_SECOND, A_MINUTE = 40, 300

WINDOW = 200  # requests

# In so many windows each symbol is asked for the first time.
FIRST = len(SYMBOLS) // WINDOW


def settings(folder):
    """What each of the servers has: prices of any hour, and one store."""
    return ["server.workers=1", "log.level=info", "fetch.market=", f"store.path={folder}/store"]


def fill(folder):
    """Have all prices fetched, from one who allows it, and kept."""
    with Market("--invent") as market, Server(market, *settings(folder)) as server, \
            server.connect() as client:
        client.send("MGET", *SYMBOLS)
        assert None not in client.receive()
        wait_until(lambda: read_info(client.ask("INFO", "stats"))["store_kept"] == len(SYMBOLS),
                   "not all prices are kept")


@contextlib.contextmanager
def expired(market):
    """A server all of whose prices are stale, since the same moment."""
    folder = make_folder("expired")
    try:
        fill(folder)
        market.limits = f"{A_SECOND}/s {A_MINUTE}/m"
        with Server(market, *settings(folder), "cache.fresh_for=100ms") as server:
            yield server
    finally:
        remove_folder(folder)


# --- Whether who asks notices ---------------------------------------------------------

Outcome = namedtuple("Outcome", "calm storm calls stale")


@contextlib.contextmanager
def apart(*servers):
    """This thread on one processor and the servers on another, where there are two: or
    chance decides whether they share one, which makes a factor of three."""
    before = os.sched_getaffinity(0)
    first, *others = sorted(before)
    try:
        if others:
            os.sched_setaffinity(0, {first})
            for task in [int(path.name) for server in servers
                         for path in Path(f"/proc/{server.pid}/task").iterdir()]:
                os.sched_setaffinity(task, {others[0]})
        yield
    finally:
        os.sched_setaffinity(0, before)


def window(client, number):
    """The median time of a window's requests, in ms."""
    times = []
    for n in range(WINDOW):
        began = time.perf_counter()
        client.ask("GET", SYMBOLS[(number * WINDOW + n) % len(SYMBOLS)])
        times.append(time.perf_counter() - began)
    return 1000 * statistics.median(times)


def play(rounds):
    """Ask a server whose prices are all stale, and one whose are all fresh, in turn, by
    windows; the median times of each."""
    with Market("--invent") as market, Market("--invent") as other, expired(market) as storm, \
            Server(other, "server.workers=1", "log.level=info", "fetch.market=",
                   "cache.fresh_for=1h") as calm, \
            storm.connect() as left, calm.connect() as right:
        right.send("MGET", *SYMBOLS)
        right.receive()
        with apart(calm, storm):
            times = [(window(right, n), window(left, n)) for n in range(rounds)]
        counts = read_info(left.ask("INFO", "stats"))
        return Outcome([one for one, _ in times], [one for _, one in times], market.calls(),
                       counts["cache_stale"])


def ratios(outcomes, first, last):
    """How much longer it took, of windows side by side, sorted; of those from `first` up to
    before `last` of each outcome."""
    return sorted(one / other for outcome in outcomes for one, other in
                  list(zip(outcome.storm, outcome.calm))[first:last])


def tell_ratios(values):
    """The median of some, and their middle half."""
    quarter = len(values) // 4
    return (f"**{statistics.median(values):.2f}** (middle half {values[quarter]:.2f} to "
            f"{values[-quarter - 1]:.2f})")


def tell(outcomes, machine):
    """The part of docs/week.md."""
    calm = statistics.median(value for outcome in outcomes for value in outcome.calm)
    stale, calls = (sum(getattr(outcome, name) for outcome in outcomes)
                    for name in ("stale", "calls"))
    return (
        "## What those who ask notice of it\n\n"
        "Real programs: a server that was started with a store of a thousand prices, all\n"
        f"stale, and a key with {A_SECOND} calls a second and {A_MINUTE} a minute; and beside it "
        "one\n"
        f"whose prices are all fresh. A client asked each in turn, by windows of {WINDOW}\n"
        f"requests, one at a time, {len(outcomes)} times from the start. The client had one\n"
        "processor and both servers the other, so what a renewal costs is all in it.\n\n"
        "```\n" + "\n".join(machine) + "\n```\n\n"
        f"A fresh price took {calm:.3f} ms, the median. How much longer a stale one took, of two\n"
        "windows side by side: the first request for each price, which has it renewed,\n"
        f"{tell_ratios(ratios(outcomes, 0, FIRST))};\n"
        "those after it, while the renewal goes on,\n"
        f"{tell_ratios(ratios(outcomes, FIRST, None))}.\n"
        f"In all {stale:,} stale prices were served and {calls:,} calls made.\n")

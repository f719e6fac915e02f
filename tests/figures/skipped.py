# SPDX-License-Identifier: Apache-2.0
"""Figures 4 and 5: a server is turned off, and on again, while clients ask."""

import collections
import contextlib
import time
from collections import namedtuple
from pathlib import Path

from asking import Asker, wait_all
from balancer import BACK_S
from behind import SERVERS, behind_nginx
from figure import Figure, milliseconds, table

# Clients 1 to 3 keep their connection, one with each server; client 4 makes a new one
# for each request.
KEPT = SERVERS
ANEW = "4"
BEFORE = 20   # answers to each before something happens
AFTER = 60    # and then
NEW = 30      # connections that are made to see where they go

# What a client was answered: its name, how it asks, the server before and the servers
# of its last answers, how many requests, how many failed, and the slowest in ms.
Row = namedtuple("Row", "client manner before after requests failed slowest")
Off = namedtuple("Off", "how rows new")
On = namedtuple("On", "rows new back_s processes")


@contextlib.contextmanager
def in_use():
    """A fleet behind nginx that four clients ask: (fleet, front, clients)."""
    with behind_nginx() as (fleet, front), contextlib.ExitStack() as clients:
        askers = []
        for name in (*KEPT, ANEW):
            # One after the other, so that each is given to the next server.
            more = ["--reconnect"] if name == ANEW else []
            askers.append(clients.enter_context(Asker(front.address, name, *more)))
            askers[-1].wait_more(1)
        wait_all(askers, BEFORE)
        yield fleet, front, askers


def tally(asker, before):
    """The row of a client, `before` of whose answers came before something happened."""
    servers = collections.Counter(answer.server for answer in asker.answers[:before])
    last = {answer.server for answer in asker.answers[-10:]}
    return Row(asker.client, "new each time" if asker.client == ANEW else "kept",
               "+".join(sorted(servers)), "+".join(sorted(last)), len(asker.answers),
               len(asker.failed()), max(answer.ms for answer in asker.since(before)))


def where_new_ones_go(front):
    return collections.Counter(front.ask_who() for _ in range(NEW))


def turn_off(how):
    """Figure 4, once: server 2 is killed, or told to end."""
    with in_use() as (fleet, front, askers):
        before = [len(asker.answers) for asker in askers]
        (fleet.kill if how == "SIGKILL" else fleet.finish)("2")
        wait_all(askers, AFTER)
        new = where_new_ones_go(front)
        return Off(how, [tally(*pair) for pair in zip(askers, before)], new)


def play_off(effort):
    return [turn_off(how) for _ in range(effort) for how in ("SIGKILL", "SIGTERM")]


def processes(pid):
    """A process and its children, each with the instant of its start."""
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return {int(one): Path(f"/proc/{one}/stat").read_text().rsplit(")", 1)[1].split()[19]
            for one in (pid, *children)}


def play_on(_effort):
    with in_use() as (fleet, front, askers):
        nginx = processes(front.pid)
        before = [len(asker.answers) for asker in askers]
        fleet.kill("2")
        wait_all(askers, AFTER)
        fleet.start("2")
        on = time.monotonic()
        back = askers[-1].wait_server("2", BACK_S)
        wait_all(askers, AFTER)
        rows = [tally(*pair) for pair in zip(askers, before)]
        askers[-1].finish()  # or it would take turns in between
        return On(rows, where_new_ones_go(front), back.at - on,
                  (nginx, processes(front.pid)))


def tell_rows(rows):
    return table(["client", "its connection", "servers before", "servers at the end",
                  "requests", "failed", "slowest, ms"],
                 [[*row[:6], milliseconds(row.slowest)] for row in rows])


def tell_new(new):
    return ", ".join(f"{new[server]} to server {server}" for server in SERVERS)


def tell_off(outcomes, _folder):
    parts = ["Three clients keep their connection and one makes a new one for each request, "
             "every 10 ms.\n"]
    for one in outcomes:
        what = "killed" if one.how == "SIGKILL" else "told to end"
        parts.append(f"\nServer 2 is {what} ({one.how}):\n\n{tell_rows(one.rows)}\n"
                     f"Then {NEW} new connections go: {tell_new(one.new)}.\n")
    parts.append("\nTo client 2 it costs one request some milliseconds more: `quote` connects "
                 "again, and nginx gives the connection to another server.\n")
    return "".join(parts)


def tell_on(outcome, _folder):
    before, after = outcome.processes
    same = "is" if before == after else "is NOT"
    return (
        "As before; server 2 is killed, and after a while started again at its address:\n\n" +
        tell_rows(outcome.rows) +
        f"\nNew connections reached server 2 again {outcome.back_s:.1f} s after its start (nginx "
        f"leaves a failed server out for 5 s), and of {NEW} that were made then, "
        f"{tell_new(outcome.new)}. nginx {same} what it was: process {min(before)} and its "
        f"{len(before) - 1} workers, no reload. Clients that keep their connection stay where "
        "they are: nginx moves none, so server 2 gets its share of new connections only.\n")


OFF = Figure("Server 2 is turned off",
             "It is skipped, and nobody's request fails.", play_off, tell_off, effort=1)
ON = Figure("Server 2 is turned on again",
            "It is back in rotation by itself; the balancer is not touched.",
            play_on, tell_on, effort=1)

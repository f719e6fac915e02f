# SPDX-License-Identifier: Apache-2.0
"""Figure 6: servers fail one after the other, until none is left; then one comes back."""

import collections
import contextlib
import statistics
import time
from collections import namedtuple

from asking import Asker, wait_all
from balancer import BACK_S
from behind import SERVERS, behind_nginx, warm
from figure import Figure, draw, milliseconds, quote_block, table
from quoting import Said, name_nginx

PATIENT = ("1", "2", "3", "4")  # clients that wait as long as it takes
HASTY = "5"                     # and one that comes when no server is left
HASTY_MS = 1000                 # its deadline
EVERY = "5ms"
ANSWERS = 100   # to each client with so many servers, and for each effort
LOST = 2        # requests of the hasty client that fail before a server is back
BUCKET_S = 0.1  # of the plot

# Milliseconds of requests by the number of servers that were left, and how many failed
# then (with none: of the patient clients'); what the hasty client was answered when none
# was left; what somebody sees who asks then, and the exit status; how long after its
# start the server that came back answered each client; whether nginx is the process that
# it was; and every answer, with the instants of what was done.
Result = namedtuple("Result", "ms failed lost said back_s same answers events")


def lose_all(fleet, askers, answers, events):
    """Kill one server after the other; returns the answers with 3, 2 and 1 left."""
    found = {}
    for left in (3, 2, 1):
        begins = [len(asker.answers) for asker in askers]
        if left < 3:
            kill(fleet, SERVERS[2 - left], events)
        wait_all(askers, answers)
        found[left] = [one for asker, begin in zip(askers, begins) for one in asker.since(begin)]
    kill(fleet, SERVERS[2], events)
    return found


def kill(fleet, name, events):
    events.append((time.monotonic(), f"server {name} is killed"))
    fleet.kill(name)


def play(effort):
    events = []
    hasty = ("--timeout", f"{HASTY_MS}ms")
    with behind_nginx() as (fleet, front), contextlib.ExitStack() as clients:
        pid = front.pid
        askers = [clients.enter_context(Asker(front.address, name, every=EVERY))
                  for name in PATIENT]
        wait_all(askers, 1)
        found = lose_all(fleet, askers, ANSWERS * effort, events)
        askers.append(clients.enter_context(
            Asker(front.address, HASTY, every=EVERY, patience=hasty)))
        askers[-1].wait_more(LOST)
        lost = list(askers[-1].answers)
        said = Said(name_nginx(front), "IBM", patience=hasty)
        on = time.monotonic()
        events.append((on, "server 1 is started"))
        fleet.start("1")
        warm(fleet, "1")
        back_s = [asker.wait_server("1", BACK_S).at - on for asker in askers]
        wait_all(askers, ANSWERS)
        same = front.pid == pid and front.process.poll() is None
        failed = {left: sum(not one.ok for one in answers) for left, answers in found.items()}
        failed[0] = sum(len(asker.failed()) for asker in askers[:-1]) - sum(failed.values())
        return Result({left: [one.ms for one in answers] for left, answers in found.items()},
                      failed, lost, said, back_s, same,
                      sorted(one for asker in askers for one in asker.answers), events)


PLOT = """
set xlabel "seconds"
set ylabel "answers in 0.1 s"
set yrange [0:*]
set key outside top center horizontal
set xrange [0:{end}]
{marks}
plot $server1 using 1:2 with lines ls 1 title "server 1", \\
     $server2 using 1:2 with lines ls 2 title "server 2", \\
     $server3 using 1:2 with lines ls 3 title "server 3", \\
     $failed using 1:2 with points pt 2 ps 0.8 lw 2 lc rgb "#000000" title "no server"
"""


def plot(result, folder):
    first = result.answers[0].at
    buckets = collections.Counter((one.server if one.ok else "failed",
                                   int((one.at - first) / BUCKET_S)) for one in result.answers)
    last = int((result.answers[-1].at - first) / BUCKET_S)
    rows = {name: [(f"{i * BUCKET_S:.1f}", buckets[name, i]) for i in range(last)]
            for name in (*SERVERS, "failed")}
    rows["failed"] = [row for row in rows["failed"] if row[1]] or [("NaN", "NaN")]
    marks = "".join(
        f"set arrow from {at - first:.2f}, graph 0 to {at - first:.2f}, graph 1 nohead ls 4\n"
        f'set label "{what}" at {at - first:.2f}, graph 0.99 right rotate by 90 offset -0.7,0\n'
        for at, what in result.events)
    blocks = {name if name == "failed" else f"server{name}": block
              for name, block in rows.items()}
    return draw(folder, "lasting", "Answers of each server over time",
                PLOT.format(end=f"{last * BUCKET_S:.1f}", marks=marks), **blocks)


def tell(result, folder):
    rows = [[left, f"{len(ms):,}", result.failed[left], milliseconds(statistics.median(ms)),
             milliseconds(statistics.quantiles(ms, n=100)[98]), milliseconds(max(ms))]
            for left, ms in result.ms.items()]
    factor = statistics.median(result.ms[1]) / statistics.median(result.ms[3])
    slowest = max(one.ms for one in result.lost)
    longest = max(one.ms for one in result.answers if one.ok)
    return (
        f"{len(PATIENT)} clients keep their connection through nginx and ask every "
        f"{EVERY[:-2]} ms:\n\n" +
        table(["servers left", "requests", "failed", "median, ms", "99 of 100 within, ms",
               "slowest, ms"], rows) +
        f"\nThe median of the last server alone is {factor:.2f} times that of three. Every server "
        "and client shares this machine's processors, so fewer servers leave more of them to each; "
        "and one server has room for far more than these clients ask.\n\n" +
        plot(result, folder) +
        f"\nWith no server left a client says so within its time, {HASTY_MS} ms here (a fifth "
        f"client, which came then, after {milliseconds(slowest)} ms at most):\n\n" +
        quote_block(result.said.transcript) +
        f"\nIts exit status is {result.said.status}. Server 1 is started again, and nobody does "
        "anything else: the same clients, through the same nginx, had prices again "
        f"{max(result.back_s):.1f} s later. nginx takes no connection to a server for 5 s after "
        "one failed. The four clients from before allow a "
        f"request more time than that: to them it was one slow answer, of {longest / 1000:.1f} s "
        f"at most, and {result.failed[0] or 'no'} failed requests.\n")


FIGURE = Figure(
    "Servers fail one after the other",
    "Service goes on to the last server; when all are gone a client says so within its "
    "deadline, and recovers by itself when one is back.", play, tell, effort=3)

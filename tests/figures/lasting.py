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
from quoting import Said

CLIENTS = ("1", "2", "3", "4")
EVERY = "5ms"
TIMEOUT_MS = 1000
ANSWERS = 100   # to each client with so many servers, and for each effort
LOST = 2        # requests of each client that fail when no server is left
BUCKET_S = 0.1  # of the plot

# Milliseconds of requests by the number of servers that were left, and how many failed
# then; the answers to requests that no server was left for; what somebody sees who asks
# then, and the exit status; how long after its start the server that came back answered
# each client; whether nginx is the process that it was; and every answer, with the
# instants (from the first answer on) of what was done.
Result = namedtuple("Result", "ms failed lost said back_s same answers events")


def play(effort):
    ms, failed, events = {}, {}, []
    with behind_nginx() as (fleet, front), contextlib.ExitStack() as clients:
        pid = front.pid
        askers = [clients.enter_context(
            Asker(front.address, name, every=EVERY, timeout=f"{TIMEOUT_MS}ms"))
            for name in CLIENTS]
        wait_all(askers, 1)
        for left in (3, 2, 1):
            begins = [len(asker.answers) for asker in askers]
            if left < 3:
                gone = SERVERS[2 - left]
                events.append((time.monotonic(), f"server {gone} is killed"))
                fleet.kill(gone)
            wait_all(askers, ANSWERS * effort)
            answers = [one for asker, begin in zip(askers, begins) for one in asker.since(begin)]
            ms[left] = [one.ms for one in answers]
            failed[left] = sum(not one.ok for one in answers)
        begins = [len(asker.answers) for asker in askers]
        events.append((time.monotonic(), "server 3 is killed"))
        fleet.kill("3")
        # The first one may still have been answered.
        wait_all(askers, 1 + LOST)
        lost = [one for asker, begin in zip(askers, begins) for one in asker.since(begin)[1:]]
        said = Said(front.address, "nginx:7400", "IBM", timeout=f"{TIMEOUT_MS}ms")
        fleet.start("1")
        warm(fleet, "1")
        on = time.monotonic()
        events.append((on, "server 1 is started"))
        back_s = [asker.wait_server("1", BACK_S).at - on for asker in askers]
        wait_all(askers, ANSWERS)
        answers = sorted(one for asker in askers for one in asker.answers)
        return Result(ms, failed, lost, said, back_s, front.pid == pid and
                      front.process.poll() is None, answers, events)


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
     $failed using 1:2 with impulses lc rgb "#000000" lw 2 title "failed requests"
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
        f'set label "{what}" at {at - first:.2f}, graph 0.99 right rotate by 90 offset -0.6,0\n'
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
    return (
        f"{len(CLIENTS)} clients keep their connection through nginx and ask every "
        f"{EVERY[:-2]} ms:\n\n" +
        table(["servers left", "requests", "failed", "median, ms", "99 of 100 within, ms",
               "slowest, ms"], rows) +
        f"\nThe median of the last server alone is {factor:.2f} times that of three. Every server "
        "and client shares this machine's processors, so fewer servers leave more of them to each; "
        "and one server has room for far more than these clients ask. The slowest requests are "
        "those whose server had gone.\n\n" +
        plot(result, folder) +
        f"\nWith no server left a client says so within its time, which is {TIMEOUT_MS} ms here "
        f"(the slowest of {len(result.lost)} requests said so after {milliseconds(slowest)} ms):"
        "\n\n" + quote_block(result.said.transcript) +
        f"\nIts exit status is {result.said.status}. Server 1 is started again, and nobody does "
        "anything else: the same clients, through the same nginx, had prices again "
        f"{min(result.back_s):.1f} to {max(result.back_s):.1f} s later. nginx takes no "
        "connection to a server for 5 s after one failed.\n")


FIGURE = Figure(
    "Servers fail one after the other",
    "Service goes on to the last server; when all are gone a client says so within its "
    "deadline, and recovers by itself when one is back.", play, tell, effort=3)

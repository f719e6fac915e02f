# SPDX-License-Identifier: Apache-2.0
"""The story of a fleet that loses a server, told as it happens: to whoever runs
tools/demo, where it is processes, or tools/fleet, where it is containers."""

import collections
import os
import signal
import statistics
import sys
import time

from asking import wait_all
from balancer import BACK_S
from figure import milliseconds

PROVIDER_MS = 200
EVERY = "10ms"
LOOK_S = 1.5  # for which the fleet is left alone between two events

IS_BOLD = sys.stdout.isatty() and not os.environ.get("NO_COLOR")


def say(text):
    """Print a heading."""
    print(f"\n\033[1m{text}\033[0m" if IS_BOLD else f"\n{text}", flush=True)


def end_in_order():
    """From now on a signal ends this program as an exception would, so that everything
    that runs is ended; and only once."""
    def interrupt(number, _frame):
        for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(one, signal.SIG_IGN)
        sys.exit(128 + number)

    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, interrupt)


class Clock:
    """Says what happens, and when."""

    def __init__(self):
        self._began = time.monotonic()

    def say(self, text):
        """Print it."""
        print(f"  {time.monotonic() - self._began:5.1f} s  {text}", flush=True)


def leave_alone(askers, count=int(LOOK_S * 1000 / int(EVERY[:-2]))):
    """Let some time go by in which nothing happens to them."""
    wait_all(askers, count)


def servers_of(answers):
    """The names of those who gave them."""
    return ", ".join(sorted({answer.server for answer in answers if answer.ok}))


def lose_and_return(fleet, kept, anew):
    """Client 1's server is killed, and comes back.  `fleet` has `names`, kill(name) and
    start(name)."""
    clock = Clock()
    askers = [kept, anew]
    leave_alone(askers)
    lost = kept.answers[-1].server
    clock.say(f"client 1 is served by server {lost}, client 2 by servers "
              f"{servers_of(anew.answers)} in turn")
    begins = [len(asker.answers) for asker in askers]
    clock.say(f"kill -9: server {lost} is gone")
    fleet.kill(lost)
    now = kept.wait_server([name for name in fleet.names if name != lost])
    slowest = max(answer.ms for asker, begin in zip(askers, begins)
                  for answer in asker.since(begin))
    clock.say(f"server {now.server} serves client 1; to find out took "
              f"{milliseconds(slowest)} ms")
    leave_alone(askers)
    fleet.start(lost)
    clock.say(f"server {lost} is started again, with nothing in its memory")
    anew.wait_server(lost, BACK_S)
    clock.say(f"server {lost} serves client 2 again: nginx has found it by itself")
    leave_alone(askers)


def show_table(askers, names):
    """Who answered whom how often, and how fast."""
    say("Who answered what, and how fast")
    print(f"            requests  failed {''.join(f'  server {name}' for name in names)}"
          "   median, ms   slowest, ms")
    for asker in askers:
        by = collections.Counter(answer.server for answer in asker.answers if answer.ok)
        times = [answer.ms for answer in asker.answers]
        print(f"  client {asker.client}  {len(times):8}  {len(asker.failed()):6} "
              f"{''.join(f'{by[name]:10}' for name in names)}"
              f"   {milliseconds(statistics.median(times)):>10}"
              f"   {milliseconds(max(times)):>11}")


def tell(fleet, kept, anew, count_calls):
    """All of it, to the sum at the end; returns how many requests failed."""
    lose_and_return(fleet, kept, anew)
    calls = count_calls()
    show_table([kept, anew], fleet.names)
    answers = kept.answers + anew.answers
    failed = sum(not answer.ok for answer in answers)
    waited = sum(answer.ms >= PROVIDER_MS / 2 for answer in answers)
    print(f"\n{len(answers):,} requests, {failed} failed. {waited} waited for the provider, as the "
          f"first does\nat a server that has just started; it was called {calls} times in all.")
    return failed

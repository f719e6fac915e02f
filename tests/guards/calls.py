# SPDX-License-Identifier: Apache-2.0
"""System calls that a round trip costs, noted by strace."""

import re
import shutil
import subprocess
import tempfile
import time
from collections import Counter
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from guarding import GuardedServer
from work import asking

# Flights while calls are noted.
FLIGHTS = 500

# How often it is tried while the wall clock is being set.
TRIES = 3

# A call: when it began, by the wall clock, and what it is.
CALL = re.compile(r"(\d+\.\d+) (\w+)\(")

# What a call is to a round trip, by any of its names.
KINDS = {
    "receive": ["read", "readv", "recv", "recvfrom", "recvmsg", "recvmmsg"],
    "send": ["write", "writev", "send", "sendto", "sendmsg", "sendmmsg"],
    "wait": ["epoll_wait", "epoll_pwait", "epoll_pwait2", "poll", "ppoll", "select", "pselect6"],
}
KIND_OF = {name: kind for kind, names in KINDS.items() for name in names}


@dataclass
class Calls:
    """What was called in some time."""

    kinds: Counter  # of the worker, by kind; what is of none, by its name
    elsewhere: Counter  # of all other threads, by name
    samples: dict  # a line of each name
    seconds: float


def read(text, since, until):
    """[(name, line)] of the calls that began between two times."""
    found = []
    for line in text.splitlines():
        match = CALL.match(line)
        if match and since <= float(match.group(1)) <= until:
            found.append((match.group(2), line))
    return found


def why_no_strace():
    """Why nothing can be traced here; None where it can."""
    if shutil.which("strace") is None:
        return "no strace"
    done = subprocess.run(["strace", "-D", "-o", "/dev/null", "true"], stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    return None if done.returncode == 0 else f"strace: {done.stdout.strip()}"


def sort(threads, seconds):
    """Calls of a list of threads' calls: the worker is the one that received most."""
    worker = max(threads, key=lambda calls: sum(KIND_OF.get(name) == "receive"
                                                for name, _ in calls))
    others = [call for calls in threads if calls is not worker for call in calls]
    return Calls(kinds=Counter(KIND_OF.get(name, name) for name, _ in worker),
                 elsewhere=Counter(name for name, _ in others),
                 samples=dict([*others, *worker]), seconds=seconds)


class Strace:
    """A server all of whose threads are traced, each into a file of its own."""

    def __init__(self, server, folder):
        self.server = server
        self._folder = folder

    def count(self, work):
        """The calls of FLIGHTS round trips."""
        with asking(self.server, work) as asker:
            asker.ask(work.warm_flights)
            for _ in range(TRIES):
                since, begun = time.time(), time.monotonic()
                asker.ask(FLIGHTS)
                until, ended = time.time(), time.monotonic()
                # The calls are dated by the wall clock, which somebody may set.
                if abs(until - since - (ended - begun)) < 0.05:
                    break
        return sort(self._read(since, until), ended - begun)

    def _read(self, since, until):
        """The calls of each thread.  One is noted when it has ended, thus the last one of
        the worker, its wait for more, may be missing."""
        return [read(path.read_text(encoding="utf-8", errors="replace"), since, until)
                for path in self._folder.glob("out.*")]


@contextmanager
def strace(market):
    """A server under strace, whose files go with it."""
    folder = Path(tempfile.mkdtemp(prefix="strace-"))
    # As a grandchild (-D): the process that we start is then the server itself.
    under = ["strace", "-D", "-ff", "-qq", "-ttt", "-s", "16", "--signal=none", "-o",
             folder / "out"]
    try:
        with GuardedServer(market, under) as server:
            yield Strace(server, folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)

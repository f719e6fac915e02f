# SPDX-License-Identifier: Apache-2.0
"""Instructions and calls of functions that a request costs, counted by valgrind."""

import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

import callgrind
from guarding import GuardedServer
from work import asking

# Flights in the two counts, of which the longer one has enough of them that it matters
# little in which of the two a timer was due.
SHORT = 100
LONG = 500

# Servers that are tried, each with a seed of its own: where two symbols share a place of
# a table by it, a request costs more than by most others.
SEEDS = 3


class Valgrind:
    """A server under callgrind; begins to count when it is told to."""

    def __init__(self, server, folder):
        self.server = server
        self._folder = folder

    def tell(self, *words):
        """Tell it, and wait until that is done."""
        done = subprocess.run(["vgdb", f"--pid={self.server.pid}", *words], timeout=60,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, check=False)
        assert done.returncode == 0, f"vgdb {' '.join(words)}: {done.stdout}"

    def take(self):
        """What the worker has done since the last time: of all threads it is the one
        that did most."""
        self.tell("dump")
        counts = []
        for path in self._folder.glob("out.*"):
            counts.append(callgrind.read(path.read_text(encoding="utf-8", errors="replace")))
            path.unlink()
        assert counts, "callgrind wrote nothing"
        return max(counts, key=lambda one: one.total)

    def count(self, work):
        """Counts of a single request: those of a long run less those of a short one, so
        that what begins and ends a run is not in them."""
        with asking(self.server, work) as asker:
            asker.ask(work.warm_flights)
            self.take()
            asker.ask(SHORT)
            short = self.take()
            asker.ask(LONG)
            long = self.take()
        requests = (LONG - SHORT) * work.flight
        return callgrind.Counts(*(
            {name: (many.get(name, 0) - few.get(name, 0)) / requests for name in {**many, **few}}
            for many, few in ((long.own, short.own), (long.calls, short.calls))))


@contextmanager
def valgrind(market):
    """A server under callgrind, whose files go with it."""
    folder = Path(tempfile.mkdtemp(prefix="callgrind-"))
    under = ["/usr/bin/valgrind", "--tool=callgrind", "--instr-atstart=no",
             "--separate-threads=yes", f"--callgrind-out-file={folder}/out"]
    try:
        with GuardedServer(market, under) as server:
            one = Valgrind(server, folder)
            one.tell("instrumentation", "on")
            yield one
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def count_least(market, works, is_enough=lambda work, counts: False):
    """{name: Counts of a request}: those of the server in which it cost least, of SEEDS
    servers or as many as it takes until they are enough."""
    found = {}
    for _ in range(SEEDS):
        with valgrind(market) as server:
            for work in works:
                counts = server.count(work)
                if work.name not in found or counts.total < found[work.name].total:
                    found[work.name] = counts
        works = [work for work in works if not is_enough(work, found[work.name])]
        if not works:
            break
    return found

# SPDX-License-Identifier: Apache-2.0
"""What a hit takes while others miss: its p99 with 1,000 misses a second beside it, and
without.

    with Misses() as misses:
        rows = [misses.play() for _ in range(rounds)]
    ratio = compare(rows, "quoted")

The hits are an open loop (bench/load --rate), so that a worker that stands still is not
flattered.  A miss is the first GET of a symbol, each of which quoted-market answers
after LATENCY.  All of that shares the machine's processors with the worker; so
bench/floor, which knows of no misses, is asked in the same way while quoted has them:
what becomes of its p99 is the machine's doing, and not the worker's.
"""
import json
import statistics
import subprocess
import tempfile
from contextlib import ExitStack
from pathlib import Path

from programs import BUILD, Market, Program, Server, make_folder, wait_until
from side import write_requests
from wire import compose

LATENCY = "20ms"
MISSES_RATE = 1000   # a second
HITS_RATE = 10_000   # a second
HITS_CONNECTIONS = 50
MISSES_CONNECTIONS = 50
LEAD_S = 0.3         # misses run for so long before and after the hits that are measured
REQUEST = compose(["GET", "IBM"])


class Misses:
    """A market that takes its time, quoted with one worker and IBM in its cache, and the
    floor."""

    def __init__(self, seconds=2.0, hits_rate=HITS_RATE, misses_rate=MISSES_RATE):
        self.seconds = seconds
        self.hits_rate = hits_rate
        self.misses_rate = misses_rate
        self.asked = 0  # symbols that have been missed
        self.stack = ExitStack()

    def __enter__(self):
        with self.stack:
            enter = self.stack.enter_context
            self.folder = Path(enter(tempfile.TemporaryDirectory()))
            self.market = enter(Market("--step", "0", "--invent", "--latency", LATENCY))
            self.server = enter(Server(self.market, "server.workers=1", "log.level=info",
                                       "cache.fresh_for=1d", "fetch.wait_for=10s"))
            with self.server.connect() as client:
                price = client.ask("GET", "IBM")
            self.floor = enter(Program("bench/floor", [len(REQUEST), f"${len(price)}\r\n"
                                                       f"{price}\r\n"], make_folder("floor")))
            self.floor_port = int(self.floor.wait_line(r"^port (\d+)").group(1))
            self.hit = write_requests(self.folder / "hit", [REQUEST])
            self.stack = self.stack.pop_all()
        return self

    def __exit__(self, *error):
        self.stack.__exit__(*error)

    def start_misses(self):
        """bench/load as it asks for symbols that nobody has asked for."""
        count = int(self.misses_rate * (self.seconds + 2 * LEAD_S))
        symbols = range(self.asked, self.asked + count)
        self.asked += count
        requests = write_requests(self.folder / "misses",
                                  [compose(["GET", f"Q{one:07}"]) for one in symbols])
        before = self.market.calls()
        words = self.load_words(self.server.address[1], requests, MISSES_CONNECTIONS,
                                self.misses_rate, count)
        process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                   text=True)
        try:
            wait_until(lambda: self.market.calls() - before >= self.misses_rate * LEAD_S,
                       "misses")
        except BaseException:
            process.kill()
            raise
        return process

    @staticmethod
    def load_words(port, requests, connections, rate, count):
        # A request that is late waits on its own connection, where 16 more may.
        return [str(word) for word in (
            BUILD / "bench/load", "--port", port, "--framing", "resp", "--requests", requests,
            "--connections", connections, "--flight", 16, "--rate", rate, "--count", count)]

    def ask_hits(self, port):
        """What bench/load says of the hits."""
        count = int(self.hits_rate * self.seconds)
        words = self.load_words(port, self.hit, HITS_CONNECTIONS, self.hits_rate, count)
        return said_by(subprocess.run(words, capture_output=True, text=True, check=False))

    def play(self):
        """A round: what bench/load says of hits alone, and beside misses; and the same of
        the floor."""
        row = {}
        for name, port in ("quoted", self.server.address[1]), ("floor", self.floor_port):
            row[name] = self.ask_hits(port)
            misses = self.start_misses()
            try:
                row[f"{name} beside"] = self.ask_hits(port)
                output, errors = misses.communicate()
            finally:
                misses.kill()
            row[f"{name} misses"] = said_by(subprocess.CompletedProcess(
                misses.args, misses.returncode, output, errors))
        return row


def said_by(done):
    """What bench/load printed; an error of a request ends the bench."""
    if done.returncode != 0:
        raise SystemExit(f"misses: {done.stderr.strip()}")
    said = json.loads(done.stdout)
    if said["errors"]:
        raise SystemExit(f"misses: {said['errors']} errors were answered")
    return said


def compare(rows, name, part="p99_us"):
    """The p99 beside misses as a ratio to the one without, of each round."""
    return [row[f"{name} beside"][part] / row[name][part] for row in rows]


def show(rows):
    """Lines that tell of rounds: median p99s, and ratios of the rounds."""
    for name in ("quoted", "floor"):
        alone, beside = (statistics.median(row[one]["p99_us"] for row in rows)
                         for one in (name, f"{name} beside"))
        print(f"  {name:8} p99 alone {alone:8.0f} us, beside misses {beside:8.0f} us, ratio "
              f"{statistics.median(compare(rows, name)):.2f}")

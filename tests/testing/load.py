# SPDX-License-Identifier: Apache-2.0
"""Clients in containers that ask all the time, and whether each request was answered.

    with Loads(run, network, "137.16", "balancer:7400") as loads:
        ...                         # something befalls a server
        loads.wait_more()
        loads.check({"1", "2", "3"})
"""

import csv
import shutil

from docker import DOCKER, HARDENED, LABEL, LOOK_S, call
from programs import DEADLINE_S, Program, make_folder, wait_until

# What a request may take: a balancer that is started again is away for some seconds,
# and a busy machine is slow.  That it takes less is what tests/chaos measures.
TIMEOUT_S = 60

# A server that was found dead is tried again after 5 s at most, and a name that has
# changed is looked up in 1 s.
BACK_S = 30 + DEADLINE_S


class Load(Program):
    """A client in a container of its own that asks for one price fifty times a second;
    `lines` has a line for each answer, and for each that there was none."""

    def __init__(self, run, network, target, *arguments):
        self.container = run.make_name("client")
        super().__init__(
            shutil.which(DOCKER),
            ["run", "--rm", "--name", self.container, "--label", f"{LABEL}={run.id}",
             *HARDENED, "--network", network, "--no-healthcheck", "--entrypoint", "quote",
             run.image, "-s", target, "-f", "csv", "--every", "20ms",
             "--timeout", f"{TIMEOUT_S}s", *arguments, "IBM"], make_folder("client"))

    def kill(self):
        call("rm", "--force", self.container, check=False)
        super().kill()

    @property
    def rows(self):
        """The answers, without the header."""
        return list(csv.DictReader(self.lines))

    @property
    def server(self):
        """Who has answered last."""
        return self.rows[-1]["server"]

    def wait_more(self, count):
        """Wait until so many more requests have been answered."""
        before = len(self.lines)
        wait_until(lambda: len(self.lines) >= before + count, self.tail, TIMEOUT_S + DEADLINE_S)

    def wait_servers(self, names):
        """Wait until each of these has answered, from now on."""
        before = len(self.rows)
        wait_until(lambda: {row["server"] for row in self.rows[before:]} >= set(names),
                   self.tail, BACK_S, LOOK_S)

    def check(self, names, price):
        """Every request was answered, with the price, by one of these."""
        wrong = [row for row in self.rows if row["error"] or row["price"] != price
                 or row["server"] not in names]
        assert not wrong, f"{len(wrong)} of {len(self.rows)}: {wrong[:3]}"
        assert self.process.poll() is None, self.tail()


class Loads:
    """Clients of each target that keep their connections, by two of libquoted's rules, and
    one that makes a new one each time.  `all` has them all, `new` those of the last kind."""

    def __init__(self, run, network, price, *targets):
        self.all = []
        self.new = []
        self._price = price
        try:
            for target in targets:
                for rule in ("connection", "round-robin"):
                    self.all.append(Load(run, network, target, "--balance", rule))
                self.new.append(Load(run, network, target, "--reconnect"))
                self.all.append(self.new[-1])
            self.wait_more(2)
        except BaseException:
            self.end()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end()

    def wait_more(self, count=50):
        """Wait until each has been answered so often."""
        for load in self.all:
            load.wait_more(count)

    def wait_servers(self, names):
        """Wait until each of these has answered, for each target."""
        for load in self.new:
            load.wait_servers(names)

    def check(self, names):
        """Every request of each was answered, with the price, by one of these."""
        for load in self.all:
            load.check(names, self._price)

    def end(self):
        """End them all."""
        call("rm", "--force", *(load.container for load in self.all), check=False)
        for load in self.all:
            load.kill()

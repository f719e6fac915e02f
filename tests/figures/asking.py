# SPDX-License-Identifier: Apache-2.0
"""A client that goes on asking: quote(1) as a process of its own, and what it was
answered, when, and by whom.

    with Asker(front.address, "1") as client:
        client.wait_more(20)
        assert not client.failed()
"""

import re
import signal
import time
from collections import namedtuple

from programs import DEADLINE_S, Program, make_folder, wait_until
from quoting import PATIENCE

# When it came, on time.monotonic()'s clock; by which server, or "-"; whether there was a
# price; and what the client took it to take.
Answer = namedtuple("Answer", "at server ok ms")


class Heard(Program):
    """A program that says the reports of a client, as they come."""

    def __init__(self, name, path, arguments):
        self.client = name
        self.answers = []
        self._price = self._server = None
        super().__init__(path, arguments, make_folder("quote"))

    def finish(self, expected=-signal.SIGTERM):
        super().finish(expected)  # it ends by the signal itself

    def heard(self, line):
        if match := re.fullmatch(r"Stock Price for .+: \$(\S+)", line):
            self._price = match.group(1)
        elif match := re.fullmatch(r"  From server: (\S+), From client: \S+", line):
            self._server = match.group(1)
        elif match := re.fullmatch(r"  request (?:not )?answered in (\S+) milliseconds", line):
            self.answers.append(Answer(time.monotonic(), self._server, self._price != "-1",
                                       float(match.group(1))))

    def since(self, count):
        """Its answers but for the first `count`."""
        return self.answers[count:]

    def failed(self):
        """Its requests that brought no price."""
        return [answer for answer in self.answers if not answer.ok]

    def wait_more(self, count, deadline_s=DEADLINE_S):
        """Wait for so many more answers, whatever they say."""
        enough = len(self.answers) + count
        self._wait(lambda: len(self.answers) >= enough, f"{count} answers", deadline_s)

    def wait_server(self, names, deadline_s=DEADLINE_S):
        """Wait until one of these servers gives it a price from now on; returns the
        answer."""
        begin = len(self.answers)

        def find():
            return next((answer for answer in self.since(begin)
                         if answer.ok and answer.server in names), None)

        return self._wait(find, f"an answer of {' or '.join(names)}", deadline_s)

    def _wait(self, condition, what, deadline_s):
        def look():
            assert self.process.poll() is None, f"client {self.client} ended:\n{self.tail()}"
            return condition()

        return wait_until(look, lambda: f"{what} to client {self.client}:\n{self.tail()}",
                          deadline_s)


class Asker(Heard):
    """A client that asks for one price again and again."""

    def __init__(self, address, name, *more, every="10ms", patience=PATIENCE):
        super().__init__(name, "client/cli/quote", [
            "-s", "{}:{}".format(*address), "--client", name, "--format", "report",
            "--every", every, *patience, *more, "IBM"])


def wait_all(askers, count):
    """Wait until each has been answered so many times more."""
    goals = [len(asker.answers) + count for asker in askers]
    for asker, goal in zip(askers, goals):
        asker.wait_more(goal - len(asker.answers))

# SPDX-License-Identifier: Apache-2.0
"""tools/demo, as a newcomer runs it.

Claims: it shows prices cold and warm, and a fleet in which no request fails though a
server is killed; and whatever ends it, nothing of it goes on to run.
"""

import os
import re
import signal
import subprocess
from pathlib import Path

import pytest

from balancer import why_no_nginx
from programs import BUILD, SLOWER, TOP, Program, make_folder, wait_until

pytestmark = pytest.mark.skipif(why_no_nginx() is not None, reason=why_no_nginx() or "")

DEMO = TOP / "tools/demo"
WHOLE_S = 120 * SLOWER  # it takes 12 s

# The first three lines and the last four of a report of ten.
REPORT = (r"Stock Price for Google: \$135\.60\n.*\n  request answered in (\S+) milliseconds\n"
          r"\.\.\.\n"
          r"Stock Price for Walt Disney Co: \$.*\n.*\n  request answered in \S+ milliseconds\n"
          r"Average response time: (\S+) milliseconds\n")
ROW = r"(?m)^  client (\d) +(\d+) +(\d+) +(\d+) +(\d+) +(\d+) +(\S+) +(\S+)$"


class Demo(Program):
    """The demonstration, in a session of its own, which will end with this status."""

    def __init__(self, status=0):
        self._status = status
        super().__init__(DEMO, [], make_folder("demo"), {"QUOTED_BUILD": str(BUILD)})

    def _start(self, command, more_environment):
        # setsid runs it in its own place, since that leads no group of processes.
        return super()._start(["setsid", *command], more_environment)

    def finish(self, expected=None):
        super().finish(self._status)

    def others(self):
        """The processes of its session that are not itself."""
        return [pid for pid, session in sessions().items() if session == self.pid != pid]


def sessions():
    """The session of every process."""
    found = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            try:
                text = (folder / "stat").read_text()
            except OSError:  # it has just ended
                continue
            found[int(folder.name)] = int(text.rsplit(")", 1)[1].split()[3])
    return found


def test_no_request_fails_and_nothing_is_left():
    with Demo() as demo:
        demo.wait_exit(WHOLE_S)
        text = "\n".join(demo.lines) + "\n"
        reports = re.findall(REPORT, text)
        assert len(reports) == 2, text
        assert float(reports[1][1]) < float(reports[0][1])  # warm, cold
        assert "Twice 10 prices cost 10 calls to the provider." in text
        rows = [[float(cell) for cell in row] for row in re.findall(ROW, text)]
        assert [row[0] for row in rows] == [1, 2], text
        for _, requests, failed, *by_server, median, slowest in rows:
            assert requests > 0 and failed == 0 and sum(by_server) == requests
            assert median <= slowest
        assert 0 not in rows[1][3:6]  # client 2 was everywhere
        assert rows[0][3:6].count(0) <= 1  # and client 1 has moved
        assert re.search(r"kill -9: server \d is gone\n.*serves client 1", text)
        assert demo.others() == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_all_of_it(number):
    with Demo(128 + number) as demo:
        demo.wait_line("is gone", deadline_s=WHOLE_S)
        assert len(demo.others()) >= 6  # the market, two servers, nginx and two clients
        os.killpg(demo.pid, number)  # as a terminal does
        demo.wait_exit(WHOLE_S)
        # Workers of nginx end a moment after it.
        wait_until(lambda: demo.others() == [], lambda: f"still there: {demo.others()}")
        assert not any("Traceback" in line for line in demo.lines), demo.tail()


def test_says_what_is_missing():
    done = subprocess.run([DEMO], env={**os.environ, "QUOTED_BUILD": "/nonexistent"}, text=True,
                          capture_output=True, timeout=60, check=False)
    assert done.returncode == 1 and done.stderr.startswith("demo: there is no ")

# SPDX-License-Identifier: Apache-2.0
"""quote(1) as somebody would type it, and what its report says."""

import re
import shlex
import subprocess
from collections import namedtuple

from programs import DEADLINE_S, environment, program

# The ten companies that quote asks for by itself.
NAMES = ["Google", "Microsoft", "Amazon", "Apple", "Meta", "IBM", "Tesla", "Walmart",
         "Ahold Delhaize", "Walt Disney Co"]

# One request of a report: its three lines.
Line = namedtuple("Line", "name price server client answered ms")

REPORT_LINE = re.compile(r"Stock Price for (.+): \$(\S+)\n"
                         r"  From server: (\S+), From client: (\S+)\n"
                         r"  request (answered|not answered) in (\d+\.\d{3}) milliseconds\n")
REPORT_END = re.compile(r"Average response time: (\S+) milliseconds\n")


class Said:
    """What somebody saw who ran quote: the command, with the server's name in place of
    its address, and what came."""

    def __init__(self, address, called, *words, timeout=f"{DEADLINE_S:g}s"):
        where = "{}:{}".format(*address)
        done = subprocess.run(
            [program("client/cli/quote"), "-s", where, "--timeout", timeout, *words],
            text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
            stdin=subprocess.DEVNULL, timeout=60 + DEADLINE_S,
            # No watch-list of whoever runs this.
            env=environment({"HOME": "/nonexistent", "XDG_CONFIG_HOME": ""}))
        self.command = shlex.join(["quote", "-s", called, *words])
        self.output = done.stdout.replace(where, called)
        self.status = done.returncode

    @property
    def transcript(self):
        """As it was on the terminal."""
        return f"$ {self.command}\n{self.output}"

    def report(self):
        """The requests of a report; AssertionError where it is not wholly one."""
        lines = [Line(*match.groups()[:4], match[5] == "answered", float(match[6]))
                 for match in REPORT_LINE.finditer(self.output)]
        rest = REPORT_END.fullmatch(REPORT_LINE.sub("", self.output))
        assert rest, f"this is no report:\n{self.transcript}"
        return lines

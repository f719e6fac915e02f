# SPDX-License-Identifier: Apache-2.0
"""quote(1) as somebody would type it, and what its report says."""

import re
import shlex
import subprocess
from collections import namedtuple

from programs import DEADLINE_S, SLOWER, environment, program

# The ten companies that quote asks for by itself.
NAMES = ["Google", "Microsoft", "Amazon", "Apple", "Meta", "IBM", "Tesla", "Walmart",
         "Ahold Delhaize", "Walt Disney Co"]

# What a test gives a request at most, and a server that is silent: far longer than a
# user would, since a machine that runs other tests too may stand still for a while.
PATIENCE = ("--timeout", f"{30 * SLOWER:g}s", "--attempt", f"{20 * SLOWER:g}s")

# One request of a report: its three lines.
Line = namedtuple("Line", "name price server client answered ms")

REPORT_LINE = re.compile(r"Stock Price for (.+): \$(\S+)\n"
                         r"  From server: (\S+), From client: (\S+)\n"
                         r"  request (answered|not answered) in (\d+\.\d{3}) milliseconds\n")
REPORT_END = re.compile(r"Average response time: (\S+) milliseconds\n")


def name_server(fleet, *names):
    """Addresses of servers by the name that a transcript gives them."""
    return {f"server{name}": fleet.address(name) for name in names or fleet.names}


def name_nginx(front):
    """The same of the balancer."""
    return {"nginx": front.address}


class Said:
    """What somebody saw who ran quote: the command, with names in place of addresses,
    and what came.  `servers` has the address of each name; `patience` is not shown."""

    def __init__(self, servers, *words, patience=PATIENCE):
        where = ["{}:{}".format(*address) for address in servers.values()]
        done = subprocess.run(
            [program("client/cli/quote"), "-s", ",".join(where), *patience, *words],
            text=True, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
            stdin=subprocess.DEVNULL, timeout=60 * SLOWER + DEADLINE_S,
            # No watch-list of whoever runs this.
            env=environment({"HOME": "/nonexistent", "XDG_CONFIG_HOME": ""}))
        self.command = shlex.join(["quote", "-s", ",".join(servers), *words])
        self.output = done.stdout
        for name, address in zip(servers, where):
            self.output = self.output.replace(address, f"{name}:7400")
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

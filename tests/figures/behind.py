# SPDX-License-Identifier: Apache-2.0
"""Three servers behind nginx, as the figures begin: every server knows the prices that
are asked for, so that nobody waits for the provider, and the next connection goes to
server 1."""

import contextlib
from collections import namedtuple

from balancer import Fleet, Nginx
from programs import Market, wait_until

SERVERS = ("1", "2", "3")
SYMBOLS = ("IBM", "GOOGL")

Behind = namedtuple("Behind", "fleet front")


def warm(fleet, *names):
    """Have servers fetch what will be asked for."""
    for name in names or fleet.names:
        with fleet[name].connect() as client:
            client.ask("MGET", *SYMBOLS)


@contextlib.contextmanager
def behind_nginx(*on, servers=SERVERS):
    """The fleet, and nginx with the lines `on`, which its file has commented out."""
    with Market("--step", "0") as market, Fleet(market, count=len(servers)) as fleet:
        warm(fleet)
        with Nginx(fleet.addresses, *on) as front:
            made = 2  # the one by which it was seen to be ready, and the last of these
            while front.ask_who() != servers[-1]:
                made += 1
            # Nothing of this comes into its log later.
            wait_until(lambda: len(front.access_log.read_text().splitlines()) >= made,
                       "a line in the access log for each connection")
            yield Behind(fleet, front)

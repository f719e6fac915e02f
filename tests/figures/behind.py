# SPDX-License-Identifier: Apache-2.0
"""Three servers behind nginx, as the figures begin: every server knows the prices that
are asked for, so that nobody waits for the provider, and the next connection goes to
server 1."""

import contextlib
from collections import namedtuple

from balancer import Fleet, Nginx
from programs import Market

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
            while front.ask_who() != servers[-1]:
                pass
            yield Behind(fleet, front)

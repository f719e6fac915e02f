# SPDX-License-Identifier: Apache-2.0
"""What the tests of this folder share: programs that run, and a client that hides
nothing; see tests/testing/programs.py and tests/testing/wire.py.

    def test_price(server, client):
        assert client.ask("GET", "IBM") ...

A test that needs settings makes its own:

    from programs import Market, Server

    with Market("--limit", "25/d") as market, Server(market, "cache.fresh_for=1s") as server:
"""

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "testing"))

from balancer import Fleet  # noqa: E402
from programs import Market, Server  # noqa: E402


def pytest_configure(config):
    """The marks of this folder's tests."""
    config.addinivalue_line("markers", "threads: runs in the tsan build, too (tools/check)")


@pytest.fixture
def market():
    """A quoted-market whose prices stand still."""
    with Market("--step", "0") as one:
        yield one


@pytest.fixture
def server(market):
    """A quoted with two workers that asks it."""
    with Server(market) as one:
        yield one


@pytest.fixture
def client(server):
    """A connection to it."""
    with server.connect() as one:
        yield one


@pytest.fixture
def fleet(market):
    """Three servers, for a balancer in front of them."""
    with Fleet(market) as one:
        yield one


@pytest.fixture
def leavers(market):
    """Three that tell balancers first when they are to end."""
    with Fleet(market, "server.leave_for=3s") as one:
        yield one

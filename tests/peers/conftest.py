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

from programs import Market, Server  # noqa: E402


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

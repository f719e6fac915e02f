# SPDX-License-Identifier: Apache-2.0
"""What the tests of this folder share: a run on the Docker engine that answers, with an
image of these sources; see tests/testing/docker.py.  Where none answers, all of them
are skipped."""

import signal
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "testing"))

from docker import Run, why_no_docker  # noqa: E402


def end_in_order(number, _):
    """Told to end, pytest would leave without ending what it has started."""
    pytest.exit(f"ended by {signal.Signals(number).name}", 128 + number)


@pytest.fixture(name="run", scope="session", autouse=True)
def run_on_engine():
    """This run of the tests."""
    if reason := why_no_docker():
        pytest.skip(reason)
    before = signal.signal(signal.SIGTERM, end_in_order)
    with Run() as run:
        yield run
    signal.signal(signal.SIGTERM, before)


@pytest.fixture
def network(run):
    """A network of the test's own, which goes with all that is on it."""
    name = run.make_network()
    yield name
    run.remove_network(name)


@pytest.fixture
def market(run, network):
    """A quoted-market on it, as http://market:7401."""
    return run.start_market(network)


@pytest.fixture
def server(run, network, market):
    """A server on it, as server:7400, that asks it."""
    return run.start_server(network)

# SPDX-License-Identifier: Apache-2.0
"""Servers in containers fail while clients in other containers ask, and no request does.

Each fault, behind nginx, behind HAProxy, and without either: then libquoted finds the
servers by the one name that they have.  A request that fails, or an answer that the
market never gave, fails the test, whenever it came.
"""

import http.client
import json
import secrets

import pytest
from compose import build_balancer
from docker import MARKET_PORT, PORT, call
from load import Loads
from programs import DEADLINE_S

PRICE = "137.16"


class Fleet:
    """Servers "1", "2", "3" that have one name, and a balancer of a kind; or none."""

    def __init__(self, run, kind):
        self._run = run
        self.kind = kind
        self.network = make_network(run)
        self.balancer = None
        self.target = "server:7400"
        self.servers = {}
        self.names = ("1", "2", "3")
        fix_price(run.start_market(self.network).address(self.network, MARKET_PORT))
        self.mend()
        if kind != "libquoted":
            self.target = "balancer:7400"
            self.balancer = run.start("--network", self.network, "--network-alias", "balancer",
                                      "--tmpfs", f"/run/{kind}", image=build_balancer(run, kind))

    def mend(self):
        """Have all servers run, whatever a test has left."""
        for name in self.names:
            server = self.servers.get(name)
            if server and server.state["Running"] and self.network in networks_of(server):
                continue
            if server:
                server.remove()
            self.start(name)

    def start(self, name):
        """Start a server that is not there; its address is a new one."""
        self.servers[name] = self._run.start_server(
            self.network, "--network-alias", "server", "--no-healthcheck",
            "--env", "QUOTED_SERVER_AGENT_LISTEN=*:7409", "--env", "QUOTED_SERVER_LEAVE_FOR=2s",
            alias=name)

    def disconnect(self, name):
        """Pull the cable of one."""
        call("network", "disconnect", self.network, self.servers[name].name)

    def connect(self, name):
        """Put it in again; the address may be another."""
        call("network", "connect", "--alias", "server", self.network, self.servers[name].name)


def make_network(run):
    """A network on which addresses can be chosen."""
    for _ in range(20):
        subnet = f"10.{100 + secrets.randbelow(100)}.{secrets.randbelow(250)}.0/24"
        try:
            return run.make_network("--subnet", subnet)
        except AssertionError as error:
            if "overlap" not in str(error):
                raise
    raise AssertionError("no free addresses")


def fix_price(market):
    """Have the market give one price for ever."""
    body = json.dumps({"symbol": "IBM", "price": PRICE})
    connection = http.client.HTTPConnection(*market, timeout=DEADLINE_S)
    connection.request("POST", "/_market/price", body, {"Content-Type": "application/json"})
    assert connection.getresponse().status == 200
    connection.close()


def networks_of(container):
    """The names of the networks that it is on."""
    return container.facts["NetworkSettings"]["Networks"]


@pytest.fixture(name="fleet", scope="module", params=["nginx", "haproxy", "libquoted"])
def start_fleet(run, request):
    fleet = Fleet(run, request.param)
    yield fleet
    run.remove_network(fleet.network)


@pytest.fixture(name="loads")
def start_loads(run, fleet):
    """Clients that all are answered, and that reach every server."""
    fleet.mend()
    with Loads(run, fleet.network, PRICE, fleet.target) as loads:
        loads.wait_servers(fleet.names)
        yield loads


def test_killed_server(fleet, loads):
    victim = loads.all[0].server
    fleet.servers[victim].kill()
    loads.wait_more()
    fleet.servers[victim].start()
    loads.wait_servers(fleet.names)
    loads.check(fleet.names)


def test_server_that_is_stopped_and_started(fleet, loads):
    victim = loads.all[0].server
    assert fleet.servers[victim].stop() == 0
    loads.wait_more()
    fleet.servers[victim].start()
    loads.wait_servers(fleet.names)
    loads.check(fleet.names)


def test_server_that_comes_back_elsewhere(run, fleet, loads):
    """Its old address is somebody else's.  Clients of libquoted notice when he answers them;
    a balancer would, too, but not at once."""
    port = MARKET_PORT if fleet.balancer else PORT
    victim = loads.all[0].server
    address, _ = fleet.servers[victim].address(fleet.network)
    fleet.servers[victim].remove()
    stranger = run.start("--network", fleet.network, "--ip", address, "--no-healthcheck",
                         program="quoted-market", arguments=("--listen", f"*:{port}"))
    stranger.wait_line("http://")
    try:
        loads.wait_more()
        fleet.start(victim)
        assert fleet.servers[victim].address(fleet.network)[0] != address
        loads.wait_servers(fleet.names)
        loads.check(fleet.names)
    finally:
        stranger.remove()


def test_server_that_is_cut_off(fleet, loads):
    victim = loads.all[0].server
    fleet.disconnect(victim)
    loads.wait_more()
    fleet.connect(victim)
    loads.wait_servers(fleet.names)
    loads.check(fleet.names)


@pytest.mark.parametrize("fleet", ["nginx", "haproxy"], indirect=True, scope="module")
def test_balancer_that_is_started_again(fleet, loads):
    before = fleet.balancer.state["StartedAt"]
    call("restart", "--time", "2", fleet.balancer.name)
    assert fleet.balancer.state["StartedAt"] != before
    loads.wait_more()
    loads.wait_servers(fleet.names)
    loads.check(fleet.names)


@pytest.mark.parametrize("fleet", ["haproxy"], indirect=True, scope="module")
def test_all_servers_one_after_the_other(fleet, loads):
    """As an upgrade does it: each is replaced by another when the one before is back.  The
    other kinds are updated by swarm_test.py."""
    for name in fleet.names:
        assert fleet.servers[name].stop() == 0
        fleet.servers[name].remove()
        fleet.start(name)
        loads.wait_servers(fleet.names)
    loads.wait_more()
    loads.check(fleet.names)

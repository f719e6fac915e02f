# SPDX-License-Identifier: Apache-2.0
"""Three servers behind the real nginx, by deploy/nginx/nginx.conf.

Claims: connections are spread as its one setting says; a server that dies is
skipped with no failed connection, and is back by itself, while held connections to
the others go on; every protocol passes, and the client's address where wanted.
What the file can't do (notice a stopped process) is in deploy/nginx/README.md.
"""

import collections
import subprocess

import pytest
from balancer import BACK_S, Fleet, Nginx, ask_who, hold_to, why_no_nginx
from programs import DEADLINE_S, environment, program, wait_until

pytestmark = pytest.mark.skipif(why_no_nginx() is not None, reason=why_no_nginx() or "")


def count(front, connections):
    """How many of so many new connections each server got."""
    return collections.Counter(front.ask_who() for _ in range(connections))


def test_round_robin_is_exact(fleet):
    with Nginx(fleet.addresses) as front:
        for _ in range(3):
            assert count(front, 30) == {"1": 10, "2": 10, "3": 10}


@pytest.mark.parametrize("line", ["random;", "random two least_conn;", "least_conn;"])
def test_other_ways_reach_every_server(fleet, line):
    # By random, one is left out once in 10^15 runs.
    with Nginx(fleet.addresses, line) as front:
        assert set(count(front, 90)) == {"1", "2", "3"}


def test_dead_server_is_skipped_and_comes_back(fleet):
    with Nginx(fleet.addresses) as front:
        held = {name: hold_to(front, name) for name in ("1", "3")}
        idle = hold_to(front, "3")
        fleet.kill("2")
        shares = count(front, 60)
        assert set(shares) == {"1", "3"} and sum(shares.values()) == 60
        fleet.start("2")
        wait_until(lambda: front.ask_who() == "2", "server 2 is back", BACK_S)
        for name, client in held.items():
            assert ask_who(client) == name
        assert ask_who(idle) == "3"
        for client in (*held.values(), idle):
            client.close()


def test_last_server_serves_alone_and_all_return(fleet):
    with Nginx(fleet.addresses) as front:
        fleet.kill("1")
        fleet.kill("2")
        assert count(front, 30) == {"3": 30}
        fleet.start("1")
        fleet.start("2")
        back = set()
        wait_until(lambda: back.add(front.ask_who()) or back == {"1", "2", "3"},
                   "all are back", BACK_S)


def test_log_names_the_server_of_each_connection(fleet):
    with Nginx(fleet.addresses) as front:
        count(front, 3)
        for name in fleet.names:
            host, port = fleet.address(name)
            wait_until(lambda: f'server="{host}:{port}" status=200' in front.access_log.read_text(),
                       "a line in the access log")


def test_every_protocol_passes(fleet):
    rpyc = pytest.importorskip("rpyc", reason="no python3-rpyc")
    with Nginx(fleet.addresses) as front:
        with front.connect() as client:
            assert client.ask("GET", "IBM") == "137.16"
        conn = rpyc.connect(*front.address, config={"sync_request_timeout": DEADLINE_S})
        try:
            assert conn.root.get_price("IBM") == 137.16
        finally:
            conn.close()
        done = subprocess.run(
            [program("client/cli/quote"), "--server", "{}:{}".format(*front.address),
             "--timeout", f"{int(DEADLINE_S)}s", "--plain", "IBM"],
            text=True, capture_output=True, env=environment(), timeout=60, check=False)
        assert (done.returncode, done.stdout.split()) == (0, ["IBM", "137.16"]), done.stderr


def test_servers_are_told_the_clients_address(market):
    with Fleet(market, "server.proxy_protocol=on", count=1) as fleet, \
            Nginx(fleet.addresses, "proxy_protocol on;") as front, front.connect() as client:
        peer = "{}:{}".format(*client.socket.getsockname())
        assert f" addr={peer} " in client.ask("CLIENT", "INFO")

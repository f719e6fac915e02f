# SPDX-License-Identifier: Apache-2.0
"""Three servers behind the real HAProxy, by deploy/haproxy/haproxy.cfg.

Claims: HAProxy takes the file without a word; connections are spread as its one
setting says; a server that dies, or is stopped, is found out, its clients are made
to move, and it is back by itself; a server that is about to end is sent nobody, and
nothing that was asked is lost; its weight is what it says of its load.
"""

import collections
import re
import signal
import subprocess

import pytest
from balancer import BACK_S, HAPROXY, Fleet, Haproxy, ask_again, ask_who, hold_to, \
    why_no_haproxy
from programs import DEADLINE_S, TOP, environment, program, read_info, wait_until
from wire import Ended, compose

FILE = TOP / "deploy/haproxy/haproxy.cfg"

pytestmark = pytest.mark.skipif(why_no_haproxy() is not None, reason=why_no_haproxy() or "")


def count(front, connections):
    """How many of so many new connections each server got."""
    return collections.Counter(front.ask_who() for _ in range(connections))


def wait_share(front, name):
    """Wait until a new connection goes to a server."""
    wait_until(lambda: front.ask_who() == name, f"a connection to server {name}", BACK_S)


def check(file, **more_environment):
    """What HAProxy finds in a file."""
    done = subprocess.run([HAPROXY, "-c", "-f", file], text=True, capture_output=True,
                          timeout=60, check=False, env=environment(more_environment))
    return done.returncode, re.findall("WARNING.*|ALERT.*", done.stdout + done.stderr)


def test_file_is_taken_without_a_word():
    assert check(FILE) == (0, [])


def test_environment_of_a_container_is_taken_too():
    for balance in ("round-robin", "random", "random-two", "least-connections"):
        assert check(FILE, SERVERS="server:7400", BALANCE=balance) == (0, [])
    assert check(FILE, SERVERS="server:7400") == (0, [])


def test_wrong_balance_is_refused():
    code, words = check(FILE, BALANCE="roundrobin")
    assert code == 1 and "BALANCE is roundrobin, and not round-robin" in words[0]


@pytest.mark.parametrize("balance", ["roundrobin", "random", "leastconn"])
def test_each_way_reaches_every_server(fleet, balance):
    # By random, one is left out once in 10^15 runs.  Shares are by weight, so not exact.
    with Haproxy(fleet.addresses, balance=balance) as front:
        shares = count(front, 90)
        assert set(shares) == {"1", "2", "3"} and sum(shares.values()) == 90


def test_dead_server_is_skipped_and_comes_back(fleet):
    with Haproxy(fleet.addresses) as front:
        held = hold_to(front, "3")
        fleet.kill("2")
        shares = count(front, 60)
        assert set(shares) == {"1", "3"} and sum(shares.values()) == 60
        front.wait_status("2", "DOWN")
        fleet.start("2")
        wait_share(front, "2")
        assert ask_who(held) == "3"
        held.close()


def test_stopped_server_is_noticed_and_its_clients_move(fleet):
    with Haproxy(fleet.addresses) as front:
        clients = [hold_to(front, name) for name in ("1", "2", "3") * 2]
        with fleet.stopped("2"):
            # Those of server 2 wait until it has been found out, and are answered by
            # another when they connect again; nobody else notices.
            seen = []
            for i, client in enumerate(clients):
                who, clients[i] = ask_again(front, client)
                seen.append(who)
            assert [seen[0], seen[2], seen[3], seen[5]] == ["1", "3", "1", "3"]
            assert {seen[1], seen[4]} <= {"1", "3"}
            front.wait_status("2", "DOWN")
            shares = count(front, 60)
            assert set(shares) == {"1", "3"} and sum(shares.values()) == 60
        wait_share(front, "2")
        for client in clients:
            client.close()


def test_leaving_server_is_sent_nobody_and_loses_nothing(leavers, market):
    with Haproxy(leavers.addresses) as front:
        idle, busy = hold_to(front, "2"), hold_to(front, "2")
        market.hold("AAPL")
        busy.send("GET", "AAPL")
        market.wait("held", 1)
        leaving = leavers["2"]
        leaving.signal(signal.SIGTERM)
        front.wait_status("2", "DRAIN")
        # What was held is still answered, and then ended, not reset.
        assert ask_who(idle) == "2"
        market.release("AAPL")
        assert float(busy.receive()) > 0
        shares = count(front, 60)
        assert set(shares) == {"1", "3"} and sum(shares.values()) == 60
        while leaving.process.poll() is None:
            assert front.ask_who() in ("1", "3")
        for client in (idle, busy):
            with pytest.raises(Ended, match="closed"):
                client.receive()
            client.close()
        leavers.finish("2")
        # Who comes back where it was is ready, not draining.
        front.wait_status("2", "DOWN")
        leavers.start("2")
        front.wait_status("2", "UP")
        wait_share(front, "2")


def wait_checks(server, checks):
    """Wait until a server that drains has been checked so many times more."""
    with server.connect() as client:
        before = read_info(client.ask("INFO", "stats"))["connections_accepted"]

    def has_come():
        nonlocal before
        before += 1  # our own
        with server.connect() as client:
            return read_info(client.ask("INFO", "stats"))["connections_accepted"] - before >= checks

    wait_until(has_come, "it was not checked")


def test_leaving_server_answers_what_waits_for_long(market):
    # After two checks that fail, HAProxy would cut it.  (Of one worker: another, which
    # waits for nothing, could close on what we ask here.)
    with Fleet(market, "server.leave_for=100ms", "server.workers=1") as fleet, \
            Haproxy(fleet.addresses) as front:
        idle, busy = hold_to(front, "2"), hold_to(front, "2")
        market.hold("AAPL")
        busy.send("GET", "AAPL")
        market.wait("held", 1)
        fleet["2"].signal(signal.SIGTERM)
        assert idle.wait_end() == b""  # it has left
        wait_checks(fleet["2"], 4)
        assert not front.rows()["2"]["status"].startswith("DOWN"), front.describe()
        market.release("AAPL")
        reply = busy.receive()
        # Or, where all that took 4 s, it is told so; cut it is not.
        assert reply.startswith("DRAINING ") or float(reply) > 0
        assert busy.wait_end() == b""
        fleet.finish("2")


def test_no_new_connection_fails_while_one_leaves(leavers):
    with Haproxy(leavers.addresses) as front:
        leaving = leavers["2"]
        leaving.signal(signal.SIGTERM)
        asked = 0
        while leaving.process.poll() is None:
            assert front.ask_who() in ("1", "2", "3")
            asked += 1
        assert asked > 0
        assert "2" not in count(front, 30)


def test_weight_falls_with_load(fleet):
    # Requests whose replies cost the server more than this client, which reads none.
    request, reply = compose(["MGET", *["IBM"] * 1000]) * 8, (b"$6\r\n137.16\r\n" * 1000)
    size = 8 * (len(b"*1000\r\n") + len(reply))
    with Haproxy(fleet.addresses) as front, fleet["1"].connect() as load:
        assert load.ask("GET", "IBM") == "137.16"

        def is_lighter():
            for _ in range(20):
                load.send_raw(request)
                left = size
                while left > 0:
                    left -= len(load.socket.recv(min(left, 1 << 16))) or pytest.fail("it ended")
            return int(front.rows()["1"]["weight"]) < 100

        wait_until(is_lighter, front.describe)
        assert all(1 <= int(row["weight"]) <= 100 for row in front.rows().values())


def test_every_protocol_passes(fleet):
    rpyc = pytest.importorskip("rpyc", reason="no python3-rpyc")
    with Haproxy(fleet.addresses) as front:
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
    with Fleet(market, "server.proxy_protocol=on") as fleet, \
            Haproxy(fleet.addresses, "default-server send-proxy-v2 check-send-proxy") as front, \
            front.connect() as client:
        peer = "{}:{}".format(*client.socket.getsockname())
        assert f" addr={peer} " in client.ask("CLIENT", "INFO")


def test_log_names_the_server_of_each_connection(fleet):
    with Haproxy(fleet.addresses) as front:
        assert set(count(front, 9)) == {"1", "2", "3"}
        for name in ("one", "two", "three"):
            front.wait_line(f" quoted servers/{name} ")

# SPDX-License-Identifier: Apache-2.0
"""A balancer that asks is told the server's weight, and to send nobody when the
server is about to end, while those who come all the same are still served."""

import contextlib
import re
import signal

import pytest
from programs import Market, Server
from wire import Ended


@pytest.fixture(name="market")
def start_market():
    with Market() as market:
        market.set_price("IBM", "189.84")
        yield market


def agent_address(server):
    match = server.wait_line(r"agent check is answered.* address=(\S+):(\d+)")
    return match.group(1), int(match.group(2))


def ask_agent(server, address):
    connection = server.connect(address)
    connection.wait_end()
    return connection.received.decode()


def test_weight_is_a_line_and_the_end(market):
    with Server(market, "server.agent_listen=127.0.0.1:0") as server:
        address = agent_address(server)
        for _ in range(3):
            assert re.fullmatch(r"up ready (100|[1-9]?[0-9])%\n",
                                ask_agent(server, address))


def test_leaving_server_says_drain_and_still_serves(market):
    with Server(market, "server.agent_listen=127.0.0.1:0",
                "server.leave_for=2s") as server:
        address = agent_address(server)
        held = server.connect()
        assert held.ask("GET", "IBM") == "189.84"
        server.signal(signal.SIGTERM)
        server.wait_line("msg=draining")
        assert ask_agent(server, address) == "drain\n"
        assert server.connect().ask("GET", "IBM") == "189.84"
        assert held.ask("GET", "IBM") == "189.84"
        held.wait_end()  # when it has left, connections end


@pytest.fixture(name="leaver")
def start_leaver(market):
    """A server that has left while a client, `waiting`, waits for AAPL, which is held.
    Of one worker: one that has nothing to wait for is gone before the others."""
    market.hold("AAPL")
    with Server(market, "server.leave_for=100ms", "server.workers=1") as server:
        server.waiting, idle = server.connect(), server.connect()
        assert idle.ask("GET", "IBM") == "189.84"
        server.waiting.send("GET", "AAPL")
        market.wait("held", 1)
        server.signal(signal.SIGTERM)
        assert idle.wait_end() == b""
        yield server


def test_port_stays_open_while_something_waits(market, leaver):
    for _ in range(2):
        with leaver.connect() as check:
            check.send_raw(b"PING\r\nMGET IBM\r\nGET MSFT\r\n")
            assert check.receive() == "PONG"
            assert check.receive() == ["189.84"]
            # Or those who come would hold up the end.
            assert check.receive().startswith("DRAINING ")
            assert check.wait_end() == b"", "it ends like the others"
    market.release("AAPL")
    assert float(leaver.waiting.receive()) > 0
    assert leaver.waiting.wait_end() == b""
    assert leaver.wait_exit() == 0


def test_port_closes_when_nothing_waits_any_more(market, leaver):
    market.release("AAPL")
    assert float(leaver.waiting.receive()) > 0
    assert leaver.waiting.wait_end() == b""
    # Whoever still comes is answered or refused, and does not hold it up.
    with contextlib.suppress(ConnectionError, Ended):
        while True:
            with leaver.connect() as client:
                assert client.ask("PING") == "PONG"
    assert leaver.wait_exit() == 0


def test_second_signal_closes_the_port_at_once(leaver):
    leaver.signal(signal.SIGTERM)
    leaver.wait_line("connections are cut")
    assert leaver.wait_exit() == 0


def test_what_waits_for_too_long_is_told(leaver):
    assert leaver.waiting.receive().startswith("DRAINING ")
    assert leaver.wait_exit() == 0


def test_second_signal_does_not_wait_for_the_leaving(market):
    with Server(market, "server.leave_for=3s") as server:
        client = server.connect()
        assert client.ask("PING") == "PONG"
        server.signal(signal.SIGTERM)
        server.wait_line("msg=draining")
        server.signal(signal.SIGTERM)
        server.wait_line("connections are cut")


def test_port_that_is_taken_stops_the_start(market):
    with Server(market, "server.agent_listen=127.0.0.1:0") as first:
        host, port = agent_address(first)
        with pytest.raises(AssertionError, match="server.agent_listen"):
            Server(market, f"server.agent_listen={host}:{port}")

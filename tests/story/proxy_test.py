# SPDX-License-Identifier: Apache-2.0
"""Behind a balancer that says whom a connection is for, the client's address is the
client's, whichever protocol follows; who does not say it is not served."""

import socket

import pytest
from programs import Market, Server, wait_until

V1 = b"PROXY TCP4 192.0.2.7 198.51.100.1 40312 7400\r\n"
V2 = (b"\r\n\r\n\0\r\nQUIT\n\x21\x11\x00\x0c" + socket.inet_aton("192.0.2.8")
      + socket.inet_aton("198.51.100.1") + b"\x9d\x78\x1c\xe8")
LOCAL = b"\r\n\r\n\0\r\nQUIT\n\x20\x00\x00\x00"


@pytest.fixture(name="server")
def start_server():
    with Market() as market, Server(market, "server.proxy_protocol=on") as server:
        market.set_price("IBM", "189.84")
        yield server


@pytest.mark.parametrize("header, peer", [(V1, "192.0.2.7:40312"),
                                          (V2, "192.0.2.8:40312")])
def test_address_is_the_clients(server, header, peer):
    connection = server.connect()
    connection.send_raw(header)
    assert connection.ask("GET", "IBM") == "189.84"
    assert f" addr={peer} " in connection.ask("CLIENT", "INFO")


def test_header_may_come_in_pieces_and_with_a_request_behind_it(server):
    for header in (V1, V2):
        connection = server.connect()
        for byte in header[:-1]:
            connection.send_raw(bytes([byte]))
        connection.send_raw(header[-1:] + b"PING\r\n")
        assert connection.receive() == "PONG"


def test_balancers_own_check_keeps_the_balancers_address(server):
    connection = server.connect()
    connection.send_raw(LOCAL)
    assert connection.ask("PING") == "PONG"
    assert " addr=127.0.0.1:" in connection.ask("CLIENT", "INFO")


def test_other_protocols_follow_a_header_too(server):
    connection = server.connect()
    connection.send_raw(V2 + b"GET /version HTTP/1.1\r\nHost: a\r\n\r\n")
    assert connection.receive_raw(12) == b"HTTP/1.1 200"


@pytest.mark.parametrize("bytes_sent", [b"PING\r\n", b"PROXY TCP9 a b c d\r\n",
                                        b"\r\n\r\n\0\r\nQUIT\n\x31", b"\0\0\0\1"])
def test_connection_without_a_header_is_closed_and_told_of(server, bytes_sent):
    connection = server.connect()
    connection.send_raw(bytes_sent)
    connection.wait_end()
    wait_until(lambda: server.find_line("server.proxy_protocol meant to be on"),
               "the log does not say why")

# SPDX-License-Identifier: Apache-2.0
"""CLIENT HEARTBEAT: who waits for a provider hears that the server is there.

That nothing is sent is shown by a second client, which waits too: it is sent
several beats meanwhile.
"""

import contextlib
import signal

import pytest

from programs import Server, read_info, wait_until
from wire import DEADLINE_S, Error, Push, Simple, compose

BEAT_MS = 20

PATIENT = "providers.0.timeout=1m"

# In how many beats of another client one of the client's own would have come.
BEATS = 5


def begin(client):
    """Have a client sent heartbeats."""
    assert client.ask("HELLO", "3")["proto"] == 3
    assert client.ask("CLIENT", "HEARTBEAT", BEAT_MS) == Simple("OK")


def receive(client):
    """The next reply, without the beats before it."""
    while isinstance(reply := client.receive(), Push):
        assert reply[0] == "waiting" and len(reply) == 2
    return reply


def wait_beats(client, count=BEATS):
    """Be sent so many beats; returns how many requests the last says that wait."""
    for _ in range(count):
        beat = client.receive()
        assert isinstance(beat, Push) and beat[0] == "waiting"
    return beat[1]


def wait_waiting(client, count):
    """Be sent a beat that says that so many requests wait."""
    wait_until(lambda: wait_beats(client, 1) == count, f"no beat says that {count} wait")


def take_sent(client):
    """The bytes that have come and were not read."""
    client.socket.setblocking(False)
    try:
        return client.socket.recv(1 << 16)
    except BlockingIOError:
        return b""
    finally:
        client.socket.settimeout(DEADLINE_S)


def wait_read(server, client, *words):
    """Send a request whose reply will have to wait, until the server has read it."""
    with server.connect() as other:
        def requests():
            return read_info(other.ask("INFO", "stats"))["requests"]

        expected = requests()
        client.send(*words)

        def is_read():
            nonlocal expected
            expected += 1  # our own
            return requests() > expected

        wait_until(is_read, f"{words} was not read")


@pytest.fixture(name="server")
def start_server(market):
    """A server that waits for the provider longer than any of this takes."""
    with Server(market, PATIENT) as one:
        yield one


@contextlib.contextmanager
def another(server):
    """A client that is sent heartbeats, since it waits for a symbol, WMT, that is
    held."""
    with server.connect() as other:
        begin(other)
        other.send("GET", "WMT")
        yield other


@pytest.fixture
def beaten(client):
    """A client that is sent heartbeats."""
    begin(client)
    return client


def test_a_request_that_waits_is_told_so(market, beaten):
    market.hold("IBM")
    beaten.send("GET", "IBM")
    assert wait_beats(beaten) == 1
    market.release("IBM")
    assert receive(beaten) == "137.16"


def test_beats_say_how_many_requests_wait(market, beaten):
    market.hold("*")
    beaten.send_raw(compose(("MGET", "IBM", "DIS")) + compose(("GET", "DIS")) +
                    compose(("PING",)) + compose(("GET", "MSFT")))
    wait_waiting(beaten, 3)
    market.wait("held", 3)
    market.release("DIS")
    wait_waiting(beaten, 2)
    market.release("*")
    assert receive(beaten) == ["137.16", "82.65"]
    assert [receive(beaten) for _ in range(3)] == ["82.65", "PONG", "326.67"]


def test_nothing_is_sent_while_nothing_waits(market, server, beaten):
    beaten.send("GET", "IBM")
    assert receive(beaten) == "137.16"
    market.hold("WMT")
    with another(server) as other:
        wait_beats(other)
        assert beaten.ask("PING") == "PONG"
        market.release("WMT")


def test_only_who_asked_for_it_is_told(market, server, client):
    market.hold("*")
    assert client.ask("HELLO", "3")["proto"] == 3
    client.send("GET", "IBM")
    with another(server) as other:
        market.wait("held", 2)
        wait_beats(other)
        market.release("*")
        assert client.receive() == "137.16"


@pytest.mark.parametrize("words", [("CLIENT", "HEARTBEAT", "0"), ("RESET",), ("HELLO", "2")],
                         ids=" ".join)
def test_it_can_be_turned_off_while_something_waits(market, server, beaten, words):
    market.hold("*")
    beaten.send("GET", "IBM")
    wait_beats(beaten, 1)
    with another(server) as other:
        wait_read(server, beaten, *words)
        take_sent(beaten)
        wait_beats(other)
        assert take_sent(beaten) == b""
        market.release("*")
    assert receive(beaten) == "137.16"


def test_it_needs_resp_3(client):
    for ms in ("0", "100"):
        reply = client.ask("CLIENT", "HEARTBEAT", ms)
        assert isinstance(reply, Error) and "HELLO 3" in reply


@pytest.mark.parametrize("ms", ["-1", "1", "19", "60001", "99999999999999999999", "1s", ""])
def test_what_is_no_period_is_refused_and_changes_nothing(market, beaten, ms):
    reply = beaten.ask("CLIENT", "HEARTBEAT", ms)
    assert isinstance(reply, Error) and "20 to 60000" in reply
    market.hold("IBM")
    beaten.send("GET", "IBM")
    wait_beats(beaten, 2)
    market.release("IBM")


@pytest.mark.parametrize("ms", ["20", "60000", "0"])
def test_the_ends_of_the_range_are_taken(beaten, ms):
    assert beaten.ask("CLIENT", "HEARTBEAT", ms) == Simple("OK")


def test_it_begins_with_what_waits_already(market, client):
    market.hold("IBM")
    assert client.ask("HELLO", "3")["proto"] == 3
    client.send_raw(compose(("GET", "IBM")) + compose(("CLIENT", "HEARTBEAT", BEAT_MS)))
    wait_beats(client)
    market.release("IBM")
    assert [receive(client), client.receive()] == ["137.16", "OK"]


def test_a_reply_of_resp_2_has_no_beat_before_it(market, server, client):
    market.hold("*")
    client.send_raw(compose(("GET", "IBM")) + compose(("HELLO", "3")) +
                    compose(("CLIENT", "HEARTBEAT", BEAT_MS)) + compose(("GET", "DIS")))
    with another(server) as other:
        market.wait("held", 3)
        wait_beats(other)
        assert take_sent(client) == b""
        market.release("IBM")
        assert client.receive() == "137.16"
        assert client.receive()["proto"] == 3
        assert client.receive() == "OK"
        assert wait_beats(client) == 1
        market.release("*")


def test_no_beat_is_among_the_replies_of_an_exec(market, server, beaten):
    market.hold("*")
    beaten.send_raw(b"GET MSFT\r\nMULTI\r\nPING\r\nMGET IBM DIS\r\nGET IBM\r\nEXEC\r\n")
    wait_waiting(beaten, 3)  # what is before them is told of them
    market.wait("held", 3)
    market.release("MSFT")
    assert receive(beaten) == "326.67"
    assert [beaten.receive() for _ in range(4)] == ["OK"] + ["QUEUED"] * 3
    with another(server) as other:
        wait_beats(other)
        market.release("IBM")
        wait_beats(other)
        market.release("*")
    assert beaten.receive() == ["PONG", ["137.16", "82.65"], "137.16"]


def test_a_client_that_does_not_read_is_sent_no_more(market):
    # More than the kernel keeps for it, so that the rest is ours to keep.
    text = "x" * 50_000
    count = 400
    market.hold("*")
    with Server(market, PATIENT, "limits.output_bytes=64MiB") as server, \
            server.connect(receive_bytes=4096) as client, another(server) as other:
        begin(client)
        client.send_raw(compose(("ECHO", text)) * count + compose(("GET", "IBM")))
        market.wait("held", 2)
        wait_beats(other)
        market.release("*")
        assert receive(other) is not None
        assert [client.receive() for _ in range(count)] == [text] * count
        assert client.receive() == "137.16"


def test_a_client_that_goes_is_sent_no_more(market, server):
    market.hold("IBM")
    with server.connect() as other:
        client = server.connect()
        begin(client)
        client.send("GET", "IBM")
        wait_beats(client, 2)
        client.reset()
        wait_until(lambda: read_info(other.ask("INFO", "clients"))["connected_clients"] == 1,
                   "the connection is still there")


def test_a_client_that_ended_its_side_is_told_up_to_its_reply(market, beaten):
    market.hold("IBM")
    beaten.send("GET", "IBM")
    beaten.end_sending()
    wait_beats(beaten)
    market.release("IBM")
    assert receive(beaten) == "137.16"
    assert beaten.wait_end() == b""


def test_a_server_that_drains_says_so_up_to_the_reply(market, server, beaten):
    market.hold("IBM")
    beaten.send("GET", "IBM")
    wait_beats(beaten, 1)
    server.signal(signal.SIGTERM)
    server.wait_line("draining")
    wait_beats(beaten)
    market.release("IBM")
    assert receive(beaten) == "137.16"
    assert beaten.wait_end() == b""
    assert server.wait_exit() == 0


def test_nothing_is_sent_behind_the_end(server, beaten):
    """Its peer may still be sending, and would lose the last reply to a reset."""
    assert isinstance(beaten.ask("SUBSCRIBE", "IBM"), Push)
    beaten.send("QUIT")
    assert beaten.wait_end().endswith(b"+OK\r\n")
    host, port = beaten.socket.getsockname()
    ended = server.wait_line(rf"connection ended.*peer={host}:{port}.*why=(\w+)")
    assert ended.group(1) == "closed", ended.group()

# SPDX-License-Identifier: Apache-2.0
"""Clients that send and do not read: what waits for them is bounded, others do not
notice, and when they read at last, every answer is there, in order."""

import signal
import threading

from programs import DEADLINE_S, Market, Server, read_info, wait_until
from wire import compose

BATCHES = 100
BATCH = 100  # requests of one batch, before the one that numbers it

# A small request whose reply is large and always the same.
REQUEST = compose(["COMMAND"])

# What may wait for one client: limits.output_bytes, what one read of requests adds,
# and the buffers of the kernel on both sides (tcp_wmem, tcp_rmem).
OUTPUT_BYTES = 64 << 10
WAITING_BYTES_MAX = OUTPUT_BYTES + (64 << 10) * 12 + (6 << 20)


def send_without_reading(connection):
    """Send all batches on a thread of its own, which blocks as a client would."""
    data = b"".join(REQUEST * BATCH + compose(["ECHO", f"{n:03}"]) for n in range(BATCHES))

    def send():
        try:
            connection.send_raw(data)
        except OSError:
            pass  # the test has failed already, and says why

    thread = threading.Thread(target=send, daemon=True)
    thread.start()
    return thread


def wait_standstill(look):
    """Wait until the server answers no more requests but those of who looks: then it
    has stopped reading.  Returns how many it had answered."""
    last = still = 0

    def stands():
        nonlocal last, still
        now = look()["requests"]
        # Looking is one request itself.
        still = still + 1 if now == last + 1 else 0
        last = now
        return still == 100

    wait_until(stands, "the server goes on reading from a client that reads nothing",
               3 * DEADLINE_S)
    return last


def learn_reply(server):
    """The reply to REQUEST, as bytes."""
    with server.connect() as connection:
        connection.send_raw(REQUEST + compose(["QUIT"]))
        return connection.wait_end().removesuffix(b"+OK\r\n")


def check_answers(connection, reply):
    """Every answer is there, in the order of the requests."""
    for n in range(BATCHES):
        expected = reply * BATCH + b"$3\r\n%03d\r\n" % n
        assert connection.receive_raw(len(expected)) == expected


def test_client_that_never_reads():
    """From a client that does not read its answers, the server stops reading; another
    one is answered, and when the first one reads, nothing is missing."""
    with Market() as market, \
            Server(market, "server.workers=1", f"limits.output_bytes={OUTPUT_BYTES}B") as server:
        reply = learn_reply(server)
        observer = server.connect()
        client = server.connect(receive_bytes=64 << 10)
        thread = send_without_reading(client)
        answered = wait_standstill(lambda: read_info(observer.ask("INFO", "stats")))
        assert answered * len(reply) < WAITING_BYTES_MAX < BATCHES * BATCH * len(reply)
        assert observer.ask("PING") == "PONG"
        check_answers(client, reply)
        thread.join()


def test_end_with_a_client_that_never_reads():
    """Told to end, the server waits for such a client until the others are served, and
    cuts it within the five seconds."""
    with Market() as market, Server(market, "limits.output_bytes=64KiB") as server:
        observer = server.connect()
        client = server.connect(receive_bytes=64 << 10)
        thread = send_without_reading(client)
        wait_standstill(lambda: read_info(observer.ask("INFO", "stats")))
        server.signal(signal.SIGTERM)
        assert observer.wait_end() == b""
        assert server.wait_exit() == 0
        assert server.find_line("connections are cut")
        client.close()
        thread.join()


def test_answers_behind_one_that_waits():
    """Answers that are held behind a request that waits for the provider are bounded,
    too, and come after its answer."""
    with Market() as market, \
            Server(market, "server.workers=1", f"limits.output_bytes={OUTPUT_BYTES}B") as server:
        reply = learn_reply(server)
        observer = server.connect()
        market.set_price("AAPL", "189.84")
        market.hold("AAPL")
        client = server.connect()
        client.send("GET", "AAPL")
        thread = send_without_reading(client)
        answered = wait_standstill(lambda: read_info(observer.ask("INFO", "stats")))
        assert answered * len(reply) < 2 * OUTPUT_BYTES + (64 << 10) * 12
        market.release()
        assert client.receive() == "189.84"
        check_answers(client, reply)
        thread.join()


def test_symbols_without_end():
    """A client that asks for ever more symbols, none of which is answered, is not read
    from any more, and gets all of them in the end."""
    with Market("--invent") as market, Server(market, "server.workers=1") as server:
        market.hold()
        observer = server.connect()
        client = server.connect()
        client.send_raw(b"".join(compose(["GET", f"S{n}"]) for n in range(3000)))

        def look():
            return read_info(observer.ask("INFO", "stats"))

        wait_standstill(look)
        assert 1024 <= look()["waits_open"] < 3000
        market.release()
        answers = [client.receive() for _ in range(3000)]
        assert all(float(answer) > 0 for answer in answers)
        counts = look()
        assert counts["waits_open"] == 0
        assert counts["upstream_calls"] == counts["cache_published"] == 3000

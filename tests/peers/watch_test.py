# SPDX-License-Identifier: Apache-2.0
"""SUBSCRIBE and PSUBSCRIBE: quotes are pushed to whoever watches them.

Claims: Redis' own clients subscribe as they do with Redis, and what is confirmed,
refused and counted is what Redis confirms, refuses and counts; the first message of
a channel is the current quote, or why there is none; what hundreds watch costs one
call; a watcher that does not read gets the newest quote when it does, and costs no
memory until then.

Run: QUOTED_BUILD=build /usr/bin/python3 -m pytest tests/peers/watch_test.py
"""

import contextlib
import json
import shutil
import signal
import subprocess
import threading

import pytest

from programs import DEADLINE_S, Market, Program, Server, environment, make_folder, \
    read_info, remove_folder, wait_until
from wire import NULL, Connection, Ended, Error, Push, Simple, compose

redis = pytest.importorskip("redis", reason="no python3-redis")

# So short that a new price is there in a moment.
QUICK = "cache.fresh_for=100ms"


def watch(client, *channels):
    """Subscribe, and take the confirmations."""
    client.send("SUBSCRIBE", *channels)
    for channel in channels:
        assert client.receive()[:2] == ["subscribe", channel]


def receive_message(client, channel=None, kind="message"):
    """The next message, as its channel and payload."""
    reply = client.receive()
    assert reply[0] == kind, reply
    if channel is not None:
        assert reply[1] == channel
    return reply[-2], json.loads(reply[-1])


def wait_price(client, price, channel=None, kind="message"):
    """Read messages until one has this price; returns how many that were."""
    count = 1
    while receive_message(client, channel, kind)[1]["price"] != price:
        count += 1
    return count


def stats(server, section="stats"):
    with server.connect() as other:
        return read_info(other.ask("INFO", section))


@pytest.fixture(name="quick")
def start_quick(market):
    """A server that asks again after a tenth of a second."""
    with Server(market, QUICK) as one:
        yield one


# --- As with Redis ----------------------------------------------------------------

class RedisServer(Program):
    """A redis-server on a Unix socket."""

    def __init__(self):
        self.folder = make_folder("redis")
        self.address = str(self.folder / "socket")
        arguments = ["--port", "0", "--unixsocket", self.address, "--save", ""]
        super().__init__(shutil.which("redis-server"), arguments, self.folder)
        self.wait_line("eady to accept connections|ready to accept")

    def finish(self, expected=0):
        super().finish(expected)
        remove_folder(self.folder)


def play(address, conversation):
    """The replies to each request of a conversation, all that it brings."""
    with Connection(address) as client:
        replies = []
        for words, count in conversation:
            client.send(*words)
            replies.append([client.receive() for _ in range(count)])
        return replies


# Each with the number of replies; in Redis nobody publishes, in quoted nothing is
# fetched, as the provider is held.
CONVERSATIONS = [
    [(["SUBSCRIBE", "A", "B"], 2), (["SUBSCRIBE", "A"], 1), (["PSUBSCRIBE", "C*"], 1),
     (["PING"], 1), (["PING", "hi"], 1), (["UNSUBSCRIBE", "Z"], 1), (["UNSUBSCRIBE", "A"], 1),
     (["UNSUBSCRIBE"], 1), (["UNSUBSCRIBE"], 1), (["PUNSUBSCRIBE", "C*"], 1),
     (["PUNSUBSCRIBE"], 1), (["PING"], 1)],
    [(["MULTI"], 1), (["SUBSCRIBE", "A"], 1), (["EXEC"], 1), (["PING"], 1), (["RESET"], 1),
     (["PING"], 1)],
    [(["MULTI"], 1), (["SUBSCRIBE", "A"], 1), (["ECHO", "x"], 1), (["PING"], 1),
     (["UNSUBSCRIBE"], 1), (["EXEC"], 1), (["PING"], 1), (["ECHO", "x"], 1)],
    [(["exec", "x"], 1), (["MULTI"], 1), (["ECHO", "x"], 1), (["exec", "x"], 1), (["ECHO", "x"], 1),
     (["DISCARD"], 1), (["MULTI"], 1), (["discard", "x"], 1), (["multi", "x"], 1),
     (["ECHO", "x"], 1), (["reset", "x"], 1), (["DISCARD"], 1), (["ECHO", "x"], 1)],
    [(["SUBSCRIBE", "A"], 1), (["ping", "a", "b"], 1), (["PING", "a"], 1), (["QUIT", "x"], 1)],
    [(["ping", "a", "b"], 1), (["MULTI"], 1), (["ping", "a", "b"], 1), (["EXEC"], 1),
     (["QUIT", "x"], 1)],
    [(["HELLO", "3"], 0), (["SUBSCRIBE", "A"], 2), (["ECHO", "x"], 1), (["PING"], 1),
     (["PSUBSCRIBE", "C*", "D*"], 2), (["UNSUBSCRIBE"], 1), (["UNSUBSCRIBE"], 1),
     (["PUNSUBSCRIBE", "C*"], 1), (["PUNSUBSCRIBE"], 1), (["QUIT"], 1)],
    [(["subscribe"], 1), (["psubscribe"], 1), (["SUBSCRIBE", "A"], 1), (["QUIT"], 1)],
]


@pytest.mark.skipif(shutil.which("redis-server") is None, reason="no redis-server")
@pytest.mark.parametrize("number", range(len(CONVERSATIONS)))
def test_is_answered_as_redis_answers(market, server, number):
    market.hold()
    conversation = CONVERSATIONS[number]
    with RedisServer() as theirs:
        expected = play(theirs.address, conversation)
    replies = play(server.address, conversation)
    if conversation[0][0][0] == "HELLO":
        expected[1], replies[1] = expected[1][1:], replies[1][1:]
    assert repr(replies) == repr(expected)
    market.release()


@pytest.mark.parametrize("words", [["GET", "IBM"], ["HELLO", "3"], ["CLIENT", "LIST"], ["MULTI"],
                                   ["EXEC"]], ids="_".join)
def test_other_commands_wait_for_the_end_of_resp2_subscriptions(client, words):
    watch(client, "IBM")
    client.receive()
    code = "EXECABORT" if words == ["EXEC"] else "ERR"  # so in Redis
    assert client.ask(*words).startswith(f"{code} Can't execute '{words[0].lower()}': only ")
    assert client.ask("UNSUBSCRIBE") == ["unsubscribe", "IBM", 0]
    assert client.ask("ECHO", "x") == "x"


def test_redis_py_reads_messages_with_handlers(market, quick):
    heard = []
    with redis.Redis(*quick.address, decode_responses=True) as py, py.pubsub() as pubsub:
        pubsub.subscribe("IBM", **{"Google": heard.append})
        pubsub.psubscribe("I?M")
        kinds = [pubsub.get_message(timeout=DEADLINE_S)["type"] for _ in range(3)]
        assert kinds == ["subscribe", "subscribe", "psubscribe"]
        wait_until(lambda: pubsub.get_message(timeout=0.1) is None and heard, "no quote came",
                   look_s=0)
        assert heard[0]["channel"] == "Google"
        assert json.loads(heard[0]["data"])["symbol"] == "GOOGL"
        market.set_price("IBM", "99.50")

        def find(kind):
            message = pubsub.get_message(timeout=DEADLINE_S)
            return message is not None and message["type"] == kind \
                and json.loads(message["data"])["price"] == "99.50"

        wait_until(lambda: find("pmessage"), "the pattern was not told", look_s=0)
        pubsub.unsubscribe()
        pubsub.punsubscribe()
        wait_until(lambda: pubsub.get_message(timeout=0.1) is None and not pubsub.subscribed,
                   "still subscribed", look_s=0)


def test_redis_py_thread_reads_beside_requests(market, quick):
    prices = []
    with redis.Redis(*quick.address, decode_responses=True) as py, py.pubsub() as pubsub:
        pubsub.subscribe(IBM=lambda message: prices.append(json.loads(message["data"])["price"]))
        thread = pubsub.run_in_thread(sleep_time=0.01)
        wait_until(lambda: "137.16" in prices, "no first message")
        assert py.get("IBM") == "137.16"
        market.set_price("IBM", "99.50")
        wait_until(lambda: "99.50" in prices, "no second message")
        thread.stop()
        thread.join(DEADLINE_S)


@pytest.mark.skipif(shutil.which("redis-cli") is None, reason="no redis-cli")
@pytest.mark.parametrize("version", ["-2", "-3"])
def test_redis_cli_prints_messages(server, version):
    host, port = server.address
    with subprocess.Popen(["redis-cli", "-h", host, "-p", str(port), version, "SUBSCRIBE", "IBM"],
                          stdout=subprocess.PIPE, text=True, env=environment()) as cli:
        text = ""
        while '"price\\":\\"137.16' not in text and '"price":"137.16"' not in text:
            line = cli.stdout.readline()
            assert line, text
            text += line
        cli.kill()
    assert "subscribe" in text and "message" in text and "IBM" in text


# --- What is sent -----------------------------------------------------------------

def test_message_is_the_quote_as_json(client):
    watch(client, "IBM")
    channel, quote = receive_message(client)
    assert channel == "IBM"
    assert quote["symbol"] == "IBM" and quote["price"] == "137.16" and quote["state"] == "fresh"
    assert client.ask("RESET") == Simple("RESET")
    fields = client.ask("HGETALL", "IBM")
    fields = dict(zip(fields[::2], fields[1::2]))
    del fields["age_ms"]
    assert fields == quote


def test_channel_is_called_as_the_client_called_it(client):
    watch(client, "Google", "googl", "GOOGL")
    seen = dict(receive_message(client) for _ in range(3))
    assert set(seen) == {"Google", "googl", "GOOGL"}
    assert {quote["symbol"] for quote in seen.values()} == {"GOOGL"}


def test_what_is_no_symbol_is_refused_and_nothing_subscribed(client):
    reply = client.ask("SUBSCRIBE", "IBM", "no symbol")
    assert isinstance(reply, Error) and reply.startswith("SYMBOL no symbol: ")
    assert client.ask("ECHO", "x") == "x"


def test_unknown_symbol_is_a_message_that_says_so(client):
    watch(client, "NOSUCH", "IBM")
    seen = dict(receive_message(client) for _ in range(2))
    assert seen["IBM"]["price"] == "137.16"
    assert seen["NOSUCH"] == {"symbol": "NOSUCH", "state": "none", "error": "UNKNOWN",
                              "reason": seen["NOSUCH"]["reason"]}
    watch(client, "nosuch")  # from memory now
    assert receive_message(client)[1]["error"] == "UNKNOWN"


def test_new_price_is_pushed_to_all_workers(market, quick):
    with contextlib.ExitStack() as stack:
        clients = []
        workers = set()

        def watch_one_more():
            client = stack.enter_context(quick.connect())
            workers.add(read_info(client.ask("INFO", "server"))["worker"])
            clients.append(client)
            if len(clients) % 2 == 1:
                client.ask("HELLO", "3")
            watch(client, "IBM")
            receive_message(client, "IBM")
            return len(clients) >= 8 and len(workers) == 2

        # The kernel draws which worker a connection comes to.
        wait_until(watch_one_more, "no connection comes to the other worker")
        market.set_price("IBM", "99.50")
        for client in clients:
            wait_price(client, "99.50", "IBM")


def test_pattern_hears_of_what_others_ask_for(quick):
    with quick.connect() as client, quick.connect() as other:
        client.ask("HELLO", "3")
        assert client.ask("PSUBSCRIBE", "I*", "*") == Push(["psubscribe", "I*", 1])
        assert client.receive() == Push(["psubscribe", "*", 2])
        assert other.ask("GET", "AAPL") == "172.88"
        assert client.receive()[:3] == ["pmessage", "*", "AAPL"]
        assert other.ask("GET", "IBM") == "137.16"
        seen = {tuple(client.receive()[:3]) for _ in range(2)}
        assert seen == {("pmessage", "*", "IBM"), ("pmessage", "I*", "IBM")}
        assert client.ask("GET", "IBM") == "137.16"  # in RESP 3 anything goes


def test_replies_and_messages_do_not_mix(market, server):
    with server.connect() as client:
        client.ask("HELLO", "3")
        watch(client, "IBM")
        receive_message(client, "IBM")
        market.hold("AAPL")
        client.send_raw(compose(["GET", "AAPL"]) + compose(["SUBSCRIBE", "TSLA"]) +
                        compose(["ECHO", "x"]))
        with server.connect() as other:  # the message of TSLA is there by then
            assert other.ask("GET", "TSLA") == "211.99"
        market.release("AAPL")
        assert client.receive() == "172.88"
        assert client.receive() == Push(["subscribe", "TSLA", 2])
        assert client.receive() == "x"
        assert receive_message(client, "TSLA")[1]["price"] == "211.99"


def test_client_list_counts_subscriptions(client):
    client.ask("HELLO", "3")
    client.send("SUBSCRIBE", "IBM", "AAPL")
    client.send("PSUBSCRIBE", "*")
    client.send("CLIENT", "INFO")
    while not isinstance(reply := client.receive(), str):
        pass
    assert " flags=P " in reply and " sub=2 psub=1 " in reply


def test_reset_ends_subscriptions(server, client):
    watch(client, "IBM")
    receive_message(client)
    assert client.ask("RESET") == Simple("RESET")
    assert " sub=0 psub=0 " in client.ask("CLIENT", "INFO")
    assert stats(server)["watches_open"] == 0


def test_heartbeat_goes_on_while_nothing_is_new(server):
    with server.connect() as client:
        client.ask("HELLO", "3")
        assert client.ask("CLIENT", "HEARTBEAT", "20") == Simple("OK")
        client.send("SUBSCRIBE", "IBM")
        beats = 0
        while beats < 5:
            reply = client.receive()
            beats += reply == Push(["watching", 1])
        client.send("UNSUBSCRIBE")
        while client.receive() != Push(["unsubscribe", "IBM", 0]):
            pass
        assert client.ask("ECHO", "x") == "x"


# --- What it costs ----------------------------------------------------------------

def test_what_hundreds_watch_costs_one_call(market):
    with Server(market, "cache.fresh_for=1h") as server, contextlib.ExitStack() as stack:
        market.hold("IBM")
        clients = [stack.enter_context(server.connect()) for _ in range(400)]
        for client in clients:
            watch(client, "IBM")
        market.wait("held", 1)
        market.release("IBM")
        for client in clients:
            assert receive_message(client, "IBM")[1]["price"] == "137.16"
        assert market.calls("IBM") == 1
        assert stats(server)["watches_open"] == 400


@pytest.mark.parametrize("wanted", ["auto", "no"])
def test_many_watchers_get_the_same_with_io_uring_and_without(market, wanted):
    with Server(market, "server.workers=1", QUICK, f"server.io_uring={wanted}") as server, \
            contextlib.ExitStack() as stack:
        clients = [stack.enter_context(server.connect()) for _ in range(60)]
        for client in clients:
            watch(client, "IBM")
            assert receive_message(client)[1]["price"] == "137.16"
        clients[7].close()  # it may be found gone among the others
        told = clients[:7] + clients[8:]
        for price in "138.00", "139.00":
            market.set_price("IBM", price)
            for client in told:
                wait_price(client, price)
        line = server.wait_line("many are sent to ")
        has_ring = "by io_uring" in line.string
        assert not has_ring or wanted == "auto"
        assert has_ring or "why=" in line.string
        assert (stats(server)["watch_bundled"] > 0) == has_ring


def test_watched_symbol_is_kept_fresh_though_nobody_asks(market):
    with Server(market, QUICK, "fetch.warm_for=0") as server, server.connect() as client:
        watch(client, "IBM")
        receive_message(client)
        for price in "1.00", "2.00", "3.00":
            market.set_price("IBM", price)
            wait_price(client, price)


def test_symbol_from_memory_is_kept_fresh_from_then_on(market):
    with Server(market, QUICK, "fetch.warm_for=0") as server:
        with server.connect() as other:
            assert other.ask("GET", "IBM") == "137.16"
        with server.connect() as client:
            watch(client, "IBM")
            receive_message(client)
            market.set_price("IBM", "1.00")
            wait_price(client, "1.00")


def test_nobody_watches_any_more_and_nothing_is_called(market):
    with Server(market, QUICK, "fetch.warm_for=0") as server:
        with server.connect() as client:
            watch(client, "IBM", "AAPL")
            wait_until(lambda: market.calls("IBM") > 2, "it is not kept fresh")
            client.send("UNSUBSCRIBE", "IBM")
            while client.receive() != ["unsubscribe", "IBM", 1]:
                pass
            wait_until(lambda: stats(server)["watches_open"] == 1, "it is still watched")
            # One may be under way, and one queued.
            calls, others = market.calls("IBM"), market.calls("AAPL")
            wait_until(lambda: market.calls("AAPL") > others + 2, "AAPL is not kept fresh")
            assert market.calls("IBM") <= calls + 2


def test_who_does_not_read_gets_the_newest_when_it_does(market):
    symbols = [f"S{i}" for i in range(300)]
    for symbol in symbols:
        market.set_price(symbol, "1.00")
    with Server(market, QUICK, "fetch.calls_max=100") as server, \
            server.connect(receive_bytes=4096) as slow:
        slow.send("SUBSCRIBE", *symbols)
        wait_until(lambda: stats(server)["watch_conflated"] > len(symbols),
                   "it is sent everything")
        for symbol in symbols:
            market.set_price(symbol, "2.00")
        missing = set(symbols)
        count = 0
        while missing:
            reply = slow.receive()
            if reply[0] == "message" and json.loads(reply[2])["price"] == "2.00":
                missing.discard(reply[1])
            count += 1
        assert stats(server)["watch_sent"] < stats(server)["cache_published"]


def test_watcher_is_not_idle(market):
    with Server(market, "limits.idle_for=1s", "cache.fresh_for=1h") as server, \
            server.connect() as client:
        watch(client, "IBM")
        receive_message(client)
        with server.connect() as idle:
            assert idle.ask("ECHO", "x") == "x"
            idle.wait_end()
        assert client.ask("PING") == ["pong", ""]


def test_watchers_are_counted(server, client):
    watch(client, "IBM", "AAPL")
    receive_message(client)
    receive_message(client)
    counted = stats(server)
    assert counted["watches_open"] == 2 and counted["watch_sent"] == 2
    client.close()
    wait_until(lambda: stats(server)["watches_open"] == 0, "who is gone still watches")


# --- Ends -------------------------------------------------------------------------

def test_draining_server_ends_watchers_with_a_fin(market):
    with Server(market, QUICK) as server:
        clients = [server.connect() for _ in range(20)]
        for client in clients:
            watch(client, "IBM")
            receive_message(client)
        server.signal(signal.SIGTERM)
        for client in clients:
            with pytest.raises(Ended, match="closed"):
                while True:
                    receive_message(client)


def test_subscriptions_come_and_go_while_prices_change(market, quick):
    symbols = ["IBM", "AAPL", "TSLA", "MSFT"]
    failures = []

    def churn(number):
        try:
            with quick.connect() as client:
                if number % 2 == 0:
                    client.ask("HELLO", "3")
                for i in range(60):
                    symbol = symbols[(i + number) % len(symbols)]
                    client.send("SUBSCRIBE", symbol)
                    client.send("PSUBSCRIBE", symbol[0] + "*")
                    client.send("UNSUBSCRIBE")
                    client.send("PUNSUBSCRIBE")
                    while client.receive()[:1] != ["punsubscribe"]:
                        pass
                    if i % 20 == 19:
                        client.reset()
                        return
        except (AssertionError, OSError) as error:
            failures.append(error)

    threads = [threading.Thread(target=churn, args=(number,)) for number in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    wait_until(lambda: stats(quick)["watches_open"] == 0, "who is gone still watches")
    with quick.connect() as client:
        watch(client, "IBM")
        market.set_price("IBM", "99.50")
        wait_price(client, "99.50")

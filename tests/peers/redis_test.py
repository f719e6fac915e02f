# SPDX-License-Identifier: Apache-2.0
"""Redis' own clients, unchanged, against quoted; and bytes that no client sends.

Claims: redis-cli, redis-benchmark and redis-py work as against Redis, as far as the
commands go that quoted knows, and say clearly where they do not; every answer
comes, once and in order, however the requests are cut, piled up or mixed, and from
however many threads; what is no request is refused without harm to anybody else.

Run: QUOTED_BUILD=build /usr/bin/python3 -m pytest tests/peers/redis_test.py
"""

import concurrent.futures
import itertools
import json
import random
import re
import shutil
import socket
import subprocess
import threading

import pytest

from programs import DEADLINE_S, Market, Server, environment, read_info, wait_until
from wire import NULL, Connection, Error, Simple, compose

redis = pytest.importorskip("redis", reason="no python3-redis")

needs_cli = pytest.mark.skipif(shutil.which("redis-cli") is None, reason="no redis-cli")

TEN = {"GOOGL": "135.60", "MSFT": "326.67", "AMZN": "125.17", "AAPL": "172.88", "META": "308.65",
       "IBM": "137.16", "TSLA": "211.99", "WMT": "158.76", "ADRNY": "29.00", "DIS": "82.65"}


def make_redis(server, **options):
    """redis-py's client, with texts instead of bytes."""
    return redis.Redis(*server.address, **{"decode_responses": True, **options})


def stats(client, section="stats"):
    """A section of INFO as a dict."""
    return read_info(client.ask("INFO", section))


@pytest.fixture
def py(server):
    with make_redis(server) as one:
        yield one


# --- redis-cli --------------------------------------------------------------------

def run_tool(server, tool, *words, **more):
    host, port = server.address
    return subprocess.run([tool, "-h", host, "-p", str(port), *map(str, words)], text=True,
                          capture_output=True, env=environment(), timeout=60, check=False, **more)


def cli(server, *words, **more):
    """What redis-cli prints for a command."""
    done = run_tool(server, "redis-cli", *words, **more)
    assert done.stderr == "", done.stderr
    return done.stdout


@needs_cli
@pytest.mark.parametrize("version", [[], ["-3"]], ids=["RESP2", "RESP3"])
class TestRedisCli:
    def test_prints_a_price(self, server, version):
        assert cli(server, *version, "GET", "IBM") == "137.16\n"
        assert cli(server, *version, "GET", "google") == "135.60\n"

    def test_prints_many_and_nothing_for_what_is_unknown(self, server, version):
        assert cli(server, *version, "MGET", "IBM", "XYZ", "DIS") == "137.16\n\n82.65\n"

    def test_prints_fields(self, server, version):
        lines = cli(server, *version, "HGETALL", "IBM").splitlines()
        pairs = [line.split(" ", 1) for line in lines] if version else zip(lines[::2], lines[1::2])
        fields = dict(pairs)
        assert fields["symbol"] == "IBM" and fields["price"] == "137.16"
        assert fields["state"] == "fresh" and fields["source"] == "market"

    def test_names_the_error(self, server, version):
        done = run_tool(server, "redis-cli", "-e", *version, "GET", "XYZ")
        assert done.returncode == 1 and done.stderr.startswith("UNKNOWN XYZ: ")
        assert cli(server, *version, "--no-raw", "GET", "XYZ").startswith("(error) UNKNOWN XYZ: ")

    def test_reads_commands_from_its_input(self, server, version):
        text = cli(server, *version, input="PING\nGET IBM\nECHO \"two words\"\nTYPE IBM\n")
        assert text == "PONG\n137.16\ntwo words\nhash\n"

    def test_scans(self, server, version):
        cli(server, *version, "MGET", *TEN)
        assert sorted(cli(server, *version, "--scan").split()) == sorted(TEN)
        assert sorted(cli(server, *version, "--scan", "--pattern", "A*").split()) == \
            ["AAPL", "ADRNY", "AMZN"]

    def test_shows_info(self, server, version):
        text = cli(server, *version, "INFO")
        assert "quoted_version:" in text and "# Clients" in text


@needs_cli
def test_redis_cli_prints_json(server):
    fields = json.loads(cli(server, "--json", "HGETALL", "IBM"))
    assert fields["price"] == "137.16"


@needs_cli
def test_redis_cli_pipes_raw_commands(server):
    requests = b"".join(compose(("GET", symbol)) for symbol in TEN) * 100
    done = subprocess.run(["redis-cli", "-h", server.address[0], "-p", str(server.address[1]),
                           "--pipe"], input=requests, capture_output=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert b"errors: 0, replies: 1000" in done.stdout


# --- redis-benchmark --------------------------------------------------------------

@pytest.mark.skipif(shutil.which("redis-benchmark") is None, reason="no redis-benchmark")
@pytest.mark.parametrize("words", [
    ("-P", 1, "GET", "IBM"),
    ("-P", 16, "HGETALL", "IBM"),
    ("-P", 16, "--threads", 2, "MGET", "IBM", "DIS"),
    ("-t", "ping"),
    ("-3", "GET", "IBM"),
], ids=["one at a time", "pipelined", "threads", "ping", "RESP3"])
def test_redis_benchmark_runs_without_a_complaint(server, words):
    done = run_tool(server, "redis-benchmark", "-q", "-c", 20, "-n", 4000, *words)
    text = done.stdout + done.stderr
    assert done.returncode == 0, text
    assert "requests per second" in text
    assert not re.search("warning|error|could not", text, re.I), text


# --- redis-py ---------------------------------------------------------------------

def test_redis_py_gets_quotes(py):
    assert py.get("IBM") == "137.16"
    assert py.get(" ibm ") == "137.16"
    assert py.mget(list(TEN)) == list(TEN.values())
    assert py.mget("IBM", "XYZ") == ["137.16", None]
    fields = py.hgetall("Google")
    assert fields["symbol"] == "GOOGL" and fields["price"] == "135.60"
    assert py.hget("IBM", "currency") == "USD"
    assert py.hmget("IBM", "symbol", "price", "no such field") == ["IBM", "137.16", None]


def test_redis_py_gets_bytes_unless_told_otherwise(server):
    with redis.Redis(*server.address) as raw:
        assert raw.get("IBM") == b"137.16"


def test_redis_py_looks_at_what_is_in_memory(py):
    assert py.exists("IBM", "DIS") == 0
    assert py.ttl("IBM") == -2 and py.pttl("IBM") == -2 and py.type("IBM") == "none"
    py.mget(list(TEN))
    assert py.exists("IBM", "DIS", "XYZ") == 2
    assert 0 < py.ttl("IBM") <= 60
    assert 0 < py.pttl("IBM") <= 60_000
    assert py.type("IBM") == "hash"
    assert py.dbsize() == 10
    assert sorted(py.scan_iter()) == sorted(TEN)
    assert sorted(py.scan_iter(match="A*", count=2)) == ["AAPL", "ADRNY", "AMZN"]
    assert list(py.scan_iter(_type="string")) == []


def test_redis_py_learns_about_the_server(py):
    info = py.info()
    assert info["redis_mode"] == "standalone" and info["connected_clients"] == 1
    assert py.info("stats")["requests"] >= 1
    assert py.config_get("cache.fresh_for") == {"cache.fresh_for": "1m"}
    assert py.config_get("cache.*")["cache.symbols_max"] == "200000"
    seconds, microseconds = py.time()
    assert seconds > 1_700_000_000 and 0 <= microseconds < 1_000_000
    assert py.ping() is True
    assert py.echo("Grüße") == "Grüße"


def test_redis_py_reads_the_table_of_commands(py):
    commands = py.command()
    assert commands["get"]["arity"] == -2 and commands["mget"]["last_key_pos"] == -1
    assert py.command_count() == len(commands)
    assert set(py.command_list()) == set(commands)
    docs = py.execute_command("COMMAND DOCS", "GET", "NO SUCH")
    assert docs[0] == "get" and "summary" in docs[1] and len(docs) == 2
    assert len(py.execute_command("COMMAND DOCS")) == 2 * len(commands)


def test_redis_py_names_itself(server):
    with make_redis(server, client_name="dashboard", single_connection_client=True) as one:
        assert one.client_getname() == "dashboard"
        assert one.execute_command("RESET") == "RESET"
        assert one.client_getname() is None
        assert one.client_setname("other") is True
        mine = [line for line in one.client_list() if line["id"] == str(one.client_id())]
        assert [line["name"] for line in mine] == ["other"]
        assert one.select(0) is True
        with pytest.raises(redis.ResponseError, match="one database"):
            one.select(1)


def test_redis_py_can_choose_database_0_but_no_password(server):
    assert make_redis(server, db=0).get("IBM") == "137.16"
    with pytest.raises(redis.RedisError, match="no password"):
        make_redis(server, password="x").get("IBM")


@pytest.mark.parametrize("class_, word", [
    ("unknown", "UNKNOWN"), ("limit_day", "LIMIT"), ("down", "UPSTREAM")])
def test_redis_py_raises_errors_that_begin_with_their_word(market, py, class_, word):
    answer = {"status": 503} if class_ == "down" else {"class": class_}
    market.answer_next("IBM", {**answer, "repeat": 9})
    with pytest.raises(redis.ResponseError, match=f"^{word} IBM: "):
        py.get("IBM")
    assert py.mget("IBM", "IBM") == [None, None]


def test_redis_py_raises_clear_errors_for_what_is_not_there(py):
    with pytest.raises(redis.ResponseError, match="^SYMBOL a b: this is neither a name nor"):
        py.get("a b")
    with pytest.raises(redis.ResponseError, match="unknown command 'SET'"):
        py.set("IBM", "1")
    with pytest.raises(redis.ResponseError, match="wrong number of arguments for 'GET'"):
        py.execute_command("GET")
    with pytest.raises(redis.ResponseError, match="unknown subcommand"):
        py.config_set("cache.fresh_for", "1s")
    with pytest.raises(redis.ResponseError, match="unknown command 'PUBLISH'"):
        py.publish("IBM", "1")


@pytest.mark.parametrize("transaction", [False, True], ids=["plain", "MULTI"])
def test_redis_py_pipelines_hits_and_misses(market, py, transaction):
    py.get("IBM")
    pipeline = py.pipeline(transaction=transaction)
    pipeline.get("IBM").get("DIS").get("XYZ").hget("Google", "price").mget("DIS", "XYZ").ping()
    found = pipeline.execute(raise_on_error=False)
    assert str(found[2]).startswith("UNKNOWN XYZ: ")
    assert found[:2] + found[3:] == ["137.16", "82.65", "135.60", ["82.65", None], True]
    assert market.calls("XYZ") == 1 and market.calls("DIS") == 1


def test_redis_py_shares_its_connections_among_threads(server):
    pool = redis.BlockingConnectionPool(max_connections=8, timeout=DEADLINE_S,
                                        host=server.address[0], port=server.address[1],
                                        decode_responses=True)
    shared = redis.Redis(connection_pool=pool)

    def ask(number):
        symbol = list(TEN)[number % len(TEN)]
        return shared.get(symbol) == TEN[symbol]

    with concurrent.futures.ThreadPoolExecutor(32) as threads:
        assert all(threads.map(ask, range(2000)))
    assert shared.info("clients")["connected_clients"] <= 8
    pool.disconnect()


def test_redis_py_connects_again_after_a_restart(market):
    # Keeps the port for the second server; it does not listen itself.
    with socket.socket() as keeper:
        keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        keeper.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        keeper.bind(("127.0.0.1", 0))
        listen = f"server.listen=127.0.0.1:{keeper.getsockname()[1]}"
        with Server(market, listen) as first:
            one = make_redis(first)
            assert one.get("IBM") == "137.16"
        with pytest.raises(redis.ConnectionError):
            one.get("IBM")
        with Server(market, listen):
            assert one.get("IBM") == "137.16"
            one.close()


# --- Many at once -----------------------------------------------------------------

def invented(number):
    """A symbol that quoted-market --invent trades."""
    return f"Q{number}"


def test_fifty_threads_get_one_price_of_each_symbol():
    # 300 symbols over and over, so that hits, misses and joins are mixed at will.
    symbols = [invented(i) for i in range(300)]
    with Market("--step", "0", "--invent") as market, Server(market) as server:
        def ask(seed):
            order = random.Random(seed)
            with make_redis(server) as one:
                found = {}
                for _ in range(60):
                    some = order.sample(symbols, 5)
                    prices = [one.get(some[0]), *one.mget(some[1:])]
                    found.update(zip(some, prices))
                return found

        with concurrent.futures.ThreadPoolExecutor(50) as threads:
            all_found = list(threads.map(ask, range(50)))
        prices = {}
        for found in all_found:
            for symbol, price in found.items():
                assert prices.setdefault(symbol, price) == price
        assert set(prices) <= set(symbols) and None not in prices.values()
        counts = market.counts()
        assert counts["total"] == len(prices), "one call for each symbol"
        assert set(counts["symbols"].values()) == {1}


def mixed_requests(count):
    """Requests of which every tenth is an ECHO of its number."""
    return [("ECHO", i) if i % 10 == 0 else ("GET", invented(i % 700)) for i in range(count)]


def check_replies(requests, receive):
    """Receive as many replies as there were requests, in their order."""
    prices = {}
    for words in requests:
        reply = receive()
        if words[0] == "ECHO":
            assert reply == str(words[1])
        else:
            assert re.fullmatch(r"\d+\.\d\d", reply), reply
            assert prices.setdefault(words[1], reply) == reply


def test_a_pipeline_of_long_replies_holds_up_nobody(market):
    """Six bytes ask for more than a thousand: a turn of the worker answers with 64 KiB,
    and then the others have theirs."""
    count = 600  # of which the replies fit between server and client
    with Server(market, "server.workers=1") as server, server.connect() as client, \
            server.connect() as other:
        client.send_raw(b"INFO\r\n" * count)
        total = 0
        for i in range(count):
            if i % 100 == 0:
                assert other.ask("PING") == "PONG"
            reply = client.receive()
            assert reply.startswith("# Server")
            total += len(reply)
        # A turn goes on for one reply more; the last one of a read is not counted.
        assert stats(other)["connections_put_off"] >= total // 70000 - 3 > 3


def test_a_hundred_thousand_requests_sent_before_the_first_reply_is_read():
    requests = mixed_requests(100_000)
    data = b"".join(map(compose, requests))
    with Market("--step", "0", "--invent") as market, Server(market) as server, \
            server.connect(receive_bytes=4096) as client, server.connect() as other:
        sender = threading.Thread(target=client.send_raw, args=(data,))
        sender.start()
        # It stands still when the replies that nobody reads have filled all there
        # is room for; until then more and more requests are counted.
        counted = -1

        def stands_still():
            nonlocal counted
            before, counted = counted, stats(other)["requests"]
            return counted - before == 1 or not sender.is_alive()

        wait_until(stands_still, "the server stops reading")
        assert other.ask("PING") == "PONG", "others are served meanwhile"
        check_replies(requests, client.receive)
        sender.join(DEADLINE_S)
        assert not sender.is_alive()
        assert client.ask("PING") == "PONG", "no reply is left over"


def test_as_many_replies_as_the_largest_bound_may_wait_behind_one(market):
    text, count = "x" * 60_000, 1000
    market.hold("IBM")
    with Server(market, "limits.output_bytes=64MiB", "providers.0.timeout=1m") as server, \
            server.connect() as client:
        client.send_raw(compose(("GET", "IBM")) + compose(("ECHO", text)) * count)
        market.wait("held", 1)
        with server.connect() as other:
            looks = itertools.count(1)
            wait_until(lambda: stats(other)["requests"] - next(looks) == 1 + count,
                       "not all were read")
        market.release("IBM")
        assert client.receive() == "137.16"
        assert all(client.receive() == text for _ in range(count))
        assert client.ask("PING") == "PONG"


def test_one_pipeline_of_redis_py_may_be_as_long():
    requests = mixed_requests(20_000)
    with Market("--step", "0", "--invent") as market, Server(market) as server, \
            make_redis(server) as one:
        for transaction in (False, True):
            pipeline = one.pipeline(transaction=transaction)
            for words in requests:
                pipeline.execute_command(*words)
            check_replies(requests, iter(pipeline.execute()).__next__)


# --- MULTI ------------------------------------------------------------------------

def ask_all(client, *requests):
    return [client.ask(*request.split()) for request in requests]


def test_commands_between_multi_and_exec_are_answered_together(client):
    answers = ask_all(client, "MULTI", "GET IBM", "GET XYZ", "MGET DIS IBM", "EXEC")
    assert answers[:4] == ["OK", "QUEUED", "QUEUED", "QUEUED"]
    price, unknown, prices = answers[4]
    assert isinstance(unknown, Error) and unknown.startswith("UNKNOWN XYZ: ")
    assert price == "137.16" and prices == ["82.65", "137.16"]
    assert client.ask("GET", "IBM") == "137.16"


def test_exec_answers_in_order_though_its_commands_wait(market, server, client):
    for symbol in ("IBM", "DIS", "WMT"):
        market.hold(symbol)
    client.send_raw(b"MULTI\r\nGET IBM\r\nPING\r\nGET DIS\r\nGET WMT\r\nEXEC\r\nECHO behind\r\n")
    market.wait("held", 3)
    for symbol in ("WMT", "DIS", "IBM"):
        market.release(symbol)
    assert [client.receive() for _ in range(5)] == ["OK"] + ["QUEUED"] * 4
    assert client.receive() == ["137.16", "PONG", "82.65", "158.76"]
    assert client.receive() == "behind"
    assert stats(client)["requests"] == 8, "each was received once"


@pytest.mark.parametrize("refused", ["NOSUCH", "GET", "HGET a"])
def test_exec_runs_nothing_after_a_command_was_refused(market, client, refused):
    answers = ask_all(client, "MULTI", "GET IBM", refused, "GET DIS", "EXEC")
    assert isinstance(answers[2], Error)
    assert isinstance(answers[4], Error) and answers[4].startswith("EXECABORT ")
    assert market.calls() == 0
    assert client.ask("GET", "IBM") == "137.16", "and it is over"


def test_a_command_that_fails_when_it_runs_is_an_error_among_the_others(client):
    answers = ask_all(client, "MULTI", "SELECT 7", "PING", "EXEC")[-1]
    assert isinstance(answers[0], Error) and answers[1] == Simple("PONG")


def test_multi_exec_and_discard_only_where_they_belong(client):
    for word in ("EXEC", "DISCARD"):
        assert client.ask(word) == f"ERR {word} without MULTI"
    assert ask_all(client, "MULTI", "EXEC") == ["OK", []]
    nested = ask_all(client, "MULTI", "PING", "MULTI", "EXEC")
    assert isinstance(nested[2], Error) and nested[3] == ["PONG"]
    assert ask_all(client, "MULTI", "PING", "DISCARD", "PING") == ["OK", "QUEUED", "OK", "PONG"]
    assert ask_all(client, "MULTI", "PING", "RESET", "PING") == ["OK", "QUEUED", "RESET", "PONG"]
    assert ask_all(client, "MULTI", "PING", "QUIT") == ["OK", "QUEUED", "OK"]
    assert client.wait_end() == b""


def test_multi_keeps_no_more_than_its_bound(market):
    with Server(market, "limits.output_bytes=16KiB") as server, server.connect() as client:
        assert client.ask("MULTI") == "OK"
        kept = 0
        while (reply := client.ask("ECHO", "x" * 1000)) == "QUEUED":
            kept += 1
        assert kept in (15, 16) and "limits.output_bytes" in reply
        assert client.ask("EXEC").startswith("EXECABORT ")
        # Replies of more than the bound are no matter: they wait for the reader.
        assert client.ask("MULTI") == "OK"
        for _ in range(200):
            assert client.ask("HGETALL", "IBM") == "QUEUED"
        client.send("EXEC")
        assert [reply[1] for reply in client.receive()] == ["IBM"] * 200


def test_exec_of_more_misses_than_a_connection_may_wait_for():
    with Market("--step", "0", "--invent") as market, Server(market) as server, \
            server.connect() as client:
        client.send_raw(b"MULTI\r\n" + b"".join(compose(("GET", invented(i)))
                                                for i in range(3000)) + b"EXEC\r\nPING\r\n")
        assert client.receive() == "OK"
        assert {client.receive() for _ in range(3000)} == {"QUEUED"}
        replies = client.receive()
        assert len(replies) == 3000 and not any(isinstance(one, Error) for one in replies)
        assert client.receive() == "PONG"
        assert market.calls() == 3000


def test_exec_of_more_replies_than_a_connection_may_have_waiting(server):
    count = 30_000  # some 13 MB of replies, which nobody reads at first
    with server.connect(receive_bytes=4096) as client, server.connect() as other:
        client.send_raw(b"MULTI\r\n" + b"HGETALL IBM\r\n" * count + b"EXEC\r\nPING\r\n")
        assert other.ask("PING") == "PONG"
        assert client.receive() == "OK"
        assert {client.receive() for _ in range(count)} == {"QUEUED"}
        replies = client.receive()
        assert len(replies) == count and {reply[1] for reply in replies} == {"IBM"}
        assert client.receive() == "PONG"


@pytest.mark.parametrize("tail", [b"", b"EXEC\r\n"], ids=["open", "running"])
def test_a_client_that_goes_within_multi_leaves_nothing_behind(market, server, tail):
    market.hold("*")
    with server.connect() as other:
        client = server.connect()
        client.send_raw(b"MULTI\r\n" + b"GET IBM\r\nGET DIS\r\n" * 10 + tail)
        assert [client.receive() for _ in range(21)] == ["OK"] + ["QUEUED"] * 20
        if tail:
            market.wait("held", 2)
        client.reset()
        wait_until(lambda: stats(other, "clients")["connected_clients"] == 1,
                   "the connection is gone")
        wait_until(lambda: stats(other)["waits_open"] == 0, "its requests wait")


# --- Bytes ------------------------------------------------------------------------

def test_requests_may_come_a_byte_at_a_time(client):
    for byte in compose(("MGET", "IBM", "DIS")) + b"GET 'IBM'\r\nPING\n":
        client.send_raw(bytes([byte]))
    assert [client.receive() for _ in range(3)] == [["137.16", "82.65"], "137.16", "PONG"]


@pytest.mark.parametrize("count", [1, 100])
def test_a_client_that_ends_its_side_still_gets_its_answers(market, server, count):
    market.hold("IBM")
    with server.connect() as client:
        client.send_raw(b"GET IBM\r\nPING\r\n" * count)
        client.end_sending()
        market.wait("held", 1)
        market.release("IBM")
        assert [client.receive() for _ in range(2 * count)] == ["137.16", "PONG"] * count
        assert client.wait_end() == b""


def test_a_client_that_ends_its_side_at_once_still_gets_its_answers(server):
    with server.connect() as client:
        client.send_raw(b"GET IBM\r\n" * 1000 + b"QUI")
        client.end_sending()
        assert {client.receive() for _ in range(1000)} == {"137.16"}
        assert client.wait_end() == b""


def test_an_argument_of_a_megabyte_is_refused(server):
    with server.connect() as client, server.connect() as other:
        client.send_raw(compose(("GET", "A" * (1 << 20))))
        reply = client.receive()
        assert isinstance(reply, Error)
        assert reply == "ERR Protocol error: an argument is longer than limits.request_bytes"
        assert client.wait_end() == b""
        assert other.ask("GET", "IBM") == "137.16"


def test_a_request_that_is_too_long_is_refused_though_its_answer_is_at_hand(market):
    text = "IBM".center(16)  # the longest that a worker keeps
    with Server(market, "server.workers=1", "limits.request_bytes=1KiB") as server, \
            server.connect() as client:
        assert client.ask("MGET", *[text] * 40) == ["137.16"] * 40
        assert client.ask("MGET", *[text] * 40) == ["137.16"] * 40
        client.send("MGET", *[text] * 98)
        assert client.receive() == \
            "ERR Protocol error: a command is longer than limits.request_bytes"
        assert client.wait_end() == b""


def test_redis_py_is_told_that_an_argument_is_too_long(py):
    with pytest.raises(redis.ResponseError, match="limits.request_bytes"):
        py.get("A" * 100_000)
    py.connection_pool.disconnect()  # the server has ended that one
    assert py.get("IBM") == "137.16"


@pytest.mark.parametrize("garbage", [
    b"*1\r\n*1\r\n$4\r\nPING\r\n",
    b"*2\r\n$3\r\nGET\r\n:5\r\n",
    b"*2\r\n$3\r\nGET\r\n$-1\r\n",
    b"*-1\r\n",
    b"*99999\r\n",
    b"*1\r\n$3\r\nPINGS\r\n",
    b"*1\n$4\nPING\n",
    b"*" + b"1" * 100,
    b"GET \"IBM\r\n",
    b"GET " + b"A" * 70_000,
], ids=lambda data: repr(data[:24]))
def test_what_breaks_the_protocol_is_refused_and_the_connection_ends(server, client, garbage):
    # Replies of the requests in front of it still come.
    client.send_raw(b"PING\r\n" + garbage)
    assert client.receive() == "PONG"
    reply = client.receive()
    assert isinstance(reply, Error) and reply.startswith("ERR Protocol error: "), reply
    assert client.wait_end() == b""
    with server.connect() as other:
        assert other.ask("PING") == "PONG"
        assert stats(other)["connections_cut"] == 1


@pytest.mark.parametrize("line", [b"\x80\xff\xfe", b"$4", b"+OK", b"-ERR", b":1", b"%1", b"\x7fELF",
                                  b"get\0IBM", b"\"\\x00\\r\\n\" a"])
def test_a_line_that_names_no_command_is_answered_and_the_connection_goes_on(client, line):
    client.send_raw(line + b"\r\n")
    reply = client.receive()
    assert isinstance(reply, Error) and reply.startswith("ERR unknown command '"), reply
    assert client.ask("PING") == "PONG"


def test_empty_requests_are_passed_over(client):
    client.send_raw(b"\r\n\r\n*0\r\n   \r\nPING\r\n")
    assert client.receive() == "PONG"


def test_random_bytes_harm_nobody(server):
    order = random.Random(20261122)
    alphabet = b"*$:+-\r\n0123456789GETIBM \"'\\\x00\xff"
    with server.connect() as other:
        for _ in range(300):
            client = Connection(server.address)
            client.send_raw(b"P" + bytes(order.choice(alphabet) for _ in range(200)))
            client.end_sending()
            client.wait_end()
            client.close()
        assert other.ask("GET", "IBM") == "137.16"


def test_hello_chooses_the_version(client):
    assert client.ask("MGET", "XYZ") == [None]
    assert client.ask("HELLO", "3", "SETNAME", "me")["proto"] == 3
    assert client.ask("MGET", "XYZ") == [NULL]
    assert client.ask("HGETALL", "IBM")["price"] == "137.16"
    assert client.ask("CLIENT", "GETNAME") == "me"
    assert client.ask("HELLO", "4").startswith("NOPROTO ")
    assert client.ask("CLIENT", "SETNAME", "") == "OK"
    assert client.ask("CLIENT", "GETNAME") == NULL
    assert client.ask("RESET") == "RESET"
    assert client.ask("CLIENT", "GETNAME") is None
    assert client.ask("MGET", "XYZ") == [None]

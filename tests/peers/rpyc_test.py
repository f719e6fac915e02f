# SPDX-License-Identifier: Apache-2.0
"""Python's rpyc, unchanged, against quoted; and bytes that it never sends.

Claims: a client of the old system works with no change but the address: the same
calls, the same results, the same exceptions as from a server of the package;
calls run at the same time and are answered as they are ready; what breaks the
protocol costs its own connection and nothing else; it all works through nginx too.

Run: QUOTED_BUILD=build /usr/bin/python3 -m pytest tests/peers/rpyc_test.py
"""

import concurrent.futures
import contextlib
import gc
import pathlib
import re
import socket
import struct
import subprocess
import threading
import types
import zlib

import pytest

from balancer import Fleet, Nginx, why_no_nginx
from programs import DEADLINE_S, Market, Server, environment, read_info, wait_until

rpyc = pytest.importorskip("rpyc", reason="no python3-rpyc")

from rpyc.core import brine, consts  # noqa: E402
from rpyc.core.async_ import AsyncResultTimeout  # noqa: E402
from rpyc.utils.server import ThreadedServer  # noqa: E402

TOP = pathlib.Path(__file__).resolve().parents[2]
CORPUS = TOP / "tests/fuzz/corpus/rpyc"

GETROOT = bytes.fromhex("00000008" "00" "1251501153115102" "0a")


@contextlib.contextmanager
def connected(server, **config):
    """A connection of the package's, closed at the end."""
    config = {"sync_request_timeout": DEADLINE_S, **config}
    conn = rpyc.connect(*server.address[:2], config=config)
    try:
        yield conn
    finally:
        conn.close()


@pytest.fixture
def conn(server):
    with connected(server) as one:
        yield one


def stats(server):
    """The server's counters."""
    with server.connect() as client:
        return read_info(client.ask("INFO", "stats"))


def ends(sock):
    """Whether the server ends a connection, and says nothing before."""
    sock.settimeout(DEADLINE_S)
    try:
        return sock.recv(1) == b""
    except ConnectionResetError:
        return True


# --- Prices -----------------------------------------------------------------------

def test_price_is_a_float(conn):
    price = conn.root.get_price("IBM")
    assert price == 137.16 and type(price) is float


def test_names_and_aliases_are_symbols(conn):
    assert conn.root.get_price("Google") == conn.root.get_price(" googl ") == 135.60


@pytest.mark.parametrize("text", ["NOSUCH", "", "this is no symbol!", "Gräf\u0000", "x" * 5000])
def test_no_price_is_minus_one(conn, text):
    assert conn.root.get_price(text) == -1


def test_price_is_the_nearest_float(market, conn):
    texts = ("0.10", "0.0001", "99999999.9999", "328.8792", "29.00")
    for symbol, text in zip("ABCDE", texts):
        market.set_price(symbol, text)
        assert conn.root.get_price(symbol) == float(text)
        assert conn.root.get_price_text(symbol) == text


def test_prices_are_a_tuple_in_order(conn):
    assert conn.root.get_prices(("IBM", "NOSUCH", "AAPL", "?", "IBM")) == \
        (137.16, -1, 172.88, -1, 137.16)


@pytest.mark.parametrize("make", [tuple, list, set, frozenset, iter, dict.fromkeys,
                                  lambda symbols: (symbol for symbol in symbols)])
def test_prices_of_any_iterable(conn, make):
    prices = conn.root.get_prices(make(("IBM", "AAPL")))
    assert sorted(prices) == [137.16, 172.88]
    assert conn.root.get_prices(make(())) == ()


def test_what_the_client_gave_is_released(conn):
    """Some dozens at a time, so that their replies hold nothing up."""
    most = 0
    for _ in range(200):
        conn.root.get_prices(["IBM", "AAPL"])
        with pytest.raises(TypeError):
            conn.root.get_price(["IBM"])
        with pytest.raises(TypeError):
            conn.root.get_prices(("IBM", ["AAPL"]))
        most = max(most, len(conn._local_objects._dict))
    assert most < 150  # of 600


def test_many_symbols_come_in_a_compressed_frame(conn, market):
    symbols = tuple(f"MANY{i}" for i in range(1024))
    assert len(brine.dump(symbols)) > 3000  # what the package compresses above
    assert conn.root.get_prices(symbols) == (-1,) * 1024
    with pytest.raises(ValueError, match="1024"):
        conn.root.get_prices((*symbols, "ONEMORE"))
    with pytest.raises(ValueError, match="1024"):
        conn.root.get_prices([*symbols, "ONEMORE"])


def test_prices_are_fetched_together(conn, market):
    market.hold()
    result = rpyc.async_(conn.root.get_prices)(("IBM", "AAPL", "MSFT"))
    market.wait("held", 3)
    market.release()
    assert result.value == (137.16, 172.88, 326.67)


def test_quote_is_what_hgetall_says(conn, client):
    quote = dict(conn.root.get_quote("IBM"))
    fields = client.ask("HGETALL", "IBM")
    fields = dict(zip(fields[::2], fields[1::2]))
    assert quote.keys() == fields.keys()
    assert {name: text for name, text in quote.items() if name != "age_ms"} == \
        {name: text for name, text in fields.items() if name != "age_ms"}
    assert quote["state"] == "fresh"


def test_quote_says_why_there_is_none(conn):
    quote = dict(conn.root.get_quote("NOSUCH"))
    assert quote["symbol"] == "NOSUCH" and quote["state"] == "none"
    assert quote["error"] == "UNKNOWN" and quote["reason"]
    assert dict(conn.root.get_quote("a b"))["error"] == "SYMBOL"


def test_price_text_raises_where_there_is_none(conn):
    with pytest.raises(LookupError, match="UNKNOWN NOSUCH"):
        conn.root.get_price_text("NOSUCH")
    with pytest.raises(ValueError, match="SYMBOL"):
        conn.root.get_price_text("a b")


def test_service_names_itself(market):
    with Server(market, "server.id=node7") as server, connected(server) as conn:
        assert conn.root.get_server_id() == "node7"
        assert conn.root.get_service_name() == "QUOTED"
        assert conn.root.get_service_aliases() == ("QUOTED",)
        assert "node7" in repr(conn.root)


def test_every_name_is_there_as_exposed_too(conn):
    names = [name for name in dir(conn.root) if name.startswith("get_")]
    assert len(names) == 7
    for name in names:
        assert getattr(conn.root, f"exposed_{name}").__doc__ == getattr(conn.root, name).__doc__
    assert conn.root.exposed_get_price("IBM") == 137.16


# --- As Python's own server -------------------------------------------------------

class QuoteService(rpyc.Service):
    """Stock quotes, answered by quoted."""

    def exposed_get_price(self, symbol):
        """The price."""
        return {"IBM": 137.16}.get(symbol, -1)

    def exposed_get_prices(self, symbols):
        """The prices."""
        return tuple(self.exposed_get_price(symbol) for symbol in symbols)


@pytest.fixture(scope="module")
def original():
    """A server of the package itself; it answers as the address of one of ours."""
    server = ThreadedServer(QuoteService, hostname="127.0.0.1", port=0,
                            protocol_config={"include_local_traceback": False})
    threading.Thread(target=server.start, daemon=True).start()
    yield types.SimpleNamespace(address=("127.0.0.1", server.port))
    server.close()


def ask(conn, handler, *args):
    return conn.sync_request(handler, *args)


SAME = {
    "price": lambda c: c.root.get_price("IBM"),
    "price by name": lambda c: c.root.get_price(symbol="IBM"),
    "no price": lambda c: c.root.get_price("NOSUCH"),
    "prices": lambda c: c.root.get_prices(("IBM", "NOSUCH")),
    "prices of a list": lambda c: c.root.get_prices(["IBM", "NOSUCH"]),
    "unknown": lambda c: c.root.nope,
    "unknown exposed": lambda c: c.root.exposed_nope,
    "private": lambda c: c.root._protocol,
    "dunder": lambda c: c.root.__dict__["x"],
    "class": lambda c: ask(c, consts.HANDLE_GETATTR, c.root, "__class__"),
    "unknown of a method": lambda c: c.root.get_price.nope,
    "dunder of a method": lambda c: c.root.get_price.__globals__,
    "unknown as bytes": lambda c: ask(c, consts.HANDLE_GETATTR, c.root, b"nope"),
    "name of None": lambda c: ask(c, consts.HANDLE_GETATTR, c.root, None),
    "doc": lambda c: c.root.__doc__,
    "set": lambda c: setattr(c.root, "x", 1),
    "delete": lambda c: delattr(c.root, "x"),
    "set on a method": lambda c: setattr(c.root.get_price, "x", 1),
    "delete of a method": lambda c: delattr(c.root.get_price, "x"),
    "iterate over a method": lambda c: ask(c, consts.HANDLE_BUFFITER, c.root.get_price, 10),
    "no argument": lambda c: c.root.get_price(),
    "an argument too many": lambda c: c.root.get_price("IBM", 2),
    "unknown keyword": lambda c: c.root.get_price(sym="IBM"),
    "twice": lambda c: c.root.get_price("IBM", symbol="IBM"),
    "call of the root": lambda c: ask(c, consts.HANDLE_CALL, c.root, (), ()),
    "callattr": lambda c: ask(c, consts.HANDLE_CALLATTR, c.root, "get_price", ("IBM",)),
    "callattr of nothing": lambda c: ask(c, consts.HANDLE_CALLATTR, c.root, "nope", ()),
    "equal": lambda c: c.root == c.root,
    "unequal": lambda c: c.root != c.root,
    "equal to another": lambda c: c.root == 5,
    "equal methods": lambda c: c.root.get_price == c.root.get_price,
    "unlike methods": lambda c: c.root.get_price == c.root.get_prices,
    "less": lambda c: ask(c, consts.HANDLE_CMP, c.root, c.root, "__lt__"),
    "compared by dunder": lambda c: ask(c, consts.HANDLE_CMP, c.root, 1, "__dict__"),
    "pickle": lambda c: ask(c, consts.HANDLE_PICKLE, c.root, 2),
    "iterate": lambda c: ask(c, consts.HANDLE_BUFFITER, c.root, 10),
    "exit": lambda c: ask(c, consts.HANDLE_CTXEXIT, c.root, None),
    "instance": lambda c: ask(c, consts.HANDLE_INSTANCECHECK, c.root, ("a.B", 1, 2)),
    "del": lambda c: ask(c, consts.HANDLE_DEL, c.root.get_price),
    "ping": lambda c: ask(c, consts.HANDLE_PING, (1, "a", b"b", 1.5, None, 2**80, slice(1, 2))),
    "no handler": lambda c: c.sync_request(99),
    "hash is stable": lambda c: hash(c.root) == hash(c.root),
    "callable": lambda c: (callable(c.root), callable(c.root.get_price)),
    "a method is one": lambda c: isinstance(c.root.get_price, types.MethodType),
    "the root is no int": lambda c: isinstance(c.root, int),
    "a price is a float": lambda c: isinstance(c.root.get_price("IBM"), float),
    "nothing is an instance of the root": lambda c: isinstance(5, c.root),
}


def outcome(conn, scene):
    """What a client sees: a value, or an exception with its words.  The package
    names the module that it runs in, and the methods by their longer names."""
    try:
        value = scene(conn)
        return type(value), value
    except Exception as error:  # pylint: disable=broad-except
        words = [re.sub(r"\b(tests\.peers\.)?(rpyc_test|quoted)\.|\bexposed_(?=get_)", "", str(arg))
                 for arg in error.args]
        return type(error).__name__, words


@pytest.mark.parametrize("name", SAME)
def test_same_as_the_packages_server(original, conn, name):
    with connected(original) as theirs:
        expected = outcome(theirs, SAME[name])
    assert outcome(conn, SAME[name]) == expected


def test_exceptions_are_builtin(conn):
    with pytest.raises(AttributeError) as caught:
        conn.root.nope
    assert type(caught.value).__module__ == "builtins"
    with pytest.raises(TypeError, match="symbol must be a str, not int"):
        conn.root.get_price(5)
    with pytest.raises(TypeError, match="iterable of str, not str"):
        conn.root.get_prices("IBM")
    with pytest.raises(TypeError, match="iterable of str, not float"):
        conn.root.get_prices(1.5)
    with pytest.raises(TypeError):
        conn.root.get_prices(["IBM", 5])
    with pytest.raises(TypeError):
        conn.root.get_prices(len)  # the client can't iterate over it


def test_objects_describe_themselves(conn):
    root, method = conn.root, conn.root.get_price
    assert repr(root).startswith("<quoted.QuoteService object")
    assert "get_price" in repr(method) and str(method) == repr(method)
    assert "get_price" in dir(root) and "__call__" in dir(method)
    assert method.__doc__ and isinstance(root, rpyc.core.netref.BaseNetref)
    assert {method: 1}[method] == 1
    conn.ping()
    conn.ping("ü" * 10000)


# --- References -------------------------------------------------------------------

def test_references_have_an_end(conn):
    held = []
    with pytest.raises(RuntimeError, match="references"):
        while True:
            held.append(conn.root.get_price)
    assert len(held) >= 1000
    assert held[-1]("IBM") == 137.16
    held.clear()
    gc.collect()
    assert conn.root.get_price("IBM") == 137.16


def test_what_was_dropped_is_gone(conn):
    method = conn.root.get_price
    ask(conn, consts.HANDLE_DEL, method)
    with pytest.raises(KeyError):
        method("IBM")
    with pytest.raises(KeyError):
        ask(conn, consts.HANDLE_DEL, method)
    assert conn.root.get_price("IBM") == 137.16


def test_references_of_another_connection_are_not_ours(server, conn):
    with connected(server) as other:
        method = other.root.get_price
        stolen = method.____id_pack__
        frame = brine.dump((1, 0, (7, (2, ((3, stolen), (1, ("IBM",)), (1, ()))))))
        with socket.create_connection(server.address) as sock:
            sock.sendall(struct.pack("!LB", len(frame), 0) + frame + b"\n")
            assert read_message(sock)[0] == consts.MSG_EXCEPTION


# --- Many calls at once -----------------------------------------------------------

def test_replies_go_out_as_they_are_ready(conn, market):
    market.hold("IBM")
    get_price = rpyc.async_(conn.root.get_price)
    slow = get_price("IBM")
    market.wait("held", 1)
    assert get_price("AAPL").value == 172.88
    assert not slow.ready
    market.release()
    assert slow.value == 137.16


@pytest.mark.parametrize("name", ["get_price", "get_price_text", "get_quote"])
def test_a_call_told_by_its_form_is_as_any_other(server, market, name):
    """As a call by keyword, which is read the long way: in result and in counting."""
    def grown(call):
        before = stats(server)
        results = [call() for _ in range(5)]
        after = stats(server)
        return results, {key: after[key] - before[key] for key in
                         ("requests", "requests_failed", "cache_hits", "cache_misses")}

    with connected(server) as conn:
        method = getattr(conn.root, name)
        method("IBM")  # then it is in memory
        short, counted_short = grown(lambda: dict(method("IBM")) if name == "get_quote"
                                     else method("IBM"))
        long, counted_long = grown(lambda: dict(method(symbol="IBM")) if name == "get_quote"
                                   else method(symbol="IBM"))
        for result in (*short, *long):
            if name == "get_quote":
                del result["age_ms"]
            assert result == short[0]
        assert counted_short == counted_long
        assert counted_short["requests"] == 6 and counted_short["cache_hits"] == 5


def test_many_calls_in_one_piece_are_all_answered(server, market):
    """Known ones, a miss, one of another form, one of an object that is not held."""
    def frame(seq, body):
        data = brine.dump((1, seq, body))
        return struct.pack("!LB", len(data), 0) + data + b"\n"

    def call(seq, method, *args):
        return frame(seq, (7, (2, ((3, method), (1, args), (1, ())))))

    with connected(server) as conn:
        assert conn.root.get_price("IBM") == 137.16
        method = conn.root.get_price
        id_pack = method.____id_pack__
        sock = conn._channel.stream.sock
        calls = [call(10**6 + i, id_pack, "IBM") for i in range(3000)]
        calls[100] = call(10**6 + 100, id_pack, "AAPL")
        calls[200] = call(10**6 + 200, id_pack)
        calls[300] = call(10**6 + 300, (*id_pack[:2], id_pack[2] + 1), "IBM")
        calls[400] = call(10**18 + 1, id_pack, "IBM")
        sender = threading.Thread(target=sock.sendall, args=(b"".join(calls),))
        sender.start()
        answers = [read_message(sock) for _ in calls]
        sender.join()
    by_seq = {seq: (kind, body) for kind, seq, body in answers}
    assert len(by_seq) == 3000
    assert by_seq.pop(10**6 + 100) == (2, (1, 172.88))
    assert by_seq.pop(10**6 + 200)[1][0] == ("builtins", "TypeError")
    assert by_seq.pop(10**6 + 300)[1][0] == ("builtins", "KeyError")
    assert by_seq[10**18 + 1] == (2, (1, 137.16))
    assert set(by_seq.values()) == {(2, (1, 137.16))}


def test_misses_of_one_connection_run_together(conn, market):
    market.hold()
    get_price = rpyc.async_(conn.root.get_price)
    results = [get_price(f"X{i}") for i in range(20)]
    market.wait("held", 20)
    market.release()
    assert [result.value for result in results] == [-1] * 20


def test_a_slow_client_may_ask_for_far_more_than_fits(conn, market):
    """Above the bound nothing more is read until answers came; nothing is lost."""
    market.hold()
    get_prices = rpyc.async_(conn.root.get_prices)
    results = [get_prices(tuple(f"S{i % 8}X{j}" for j in range(500))) for i in range(12)]
    market.wait("held", 1)
    market.release()
    for result in results:
        assert result.value == (-1,) * 500


def test_time_limits(conn, market):
    market.hold("IBM")
    with pytest.raises(AsyncResultTimeout):
        rpyc.timed(conn.root.get_price, 0.05)("IBM").value
    market.release()
    assert rpyc.timed(conn.root.get_price, DEADLINE_S)("IBM").value == 137.16


def test_client_gives_up_while_the_provider_hangs(server, market):
    market.hold("IBM")
    with connected(server) as conn:
        get_price = conn.root.get_price
        patience, conn._config["sync_request_timeout"] = conn._config["sync_request_timeout"], 1
        with pytest.raises(TimeoutError):
            get_price("IBM")
        conn._config["sync_request_timeout"] = patience
        assert get_price("AAPL") == 172.88
        market.release()
        wait_until(lambda: get_price("IBM") == 137.16, "the price of IBM")


def test_serving_in_the_background(conn, market):
    came = threading.Event()
    seen = []

    def note(result):
        seen.append(result.value)
        came.set()

    thread = rpyc.BgServingThread(conn)
    try:
        result = rpyc.async_(conn.root.get_price)("IBM")
        result.add_callback(note)
        assert came.wait(DEADLINE_S) and seen == [137.16]
    finally:
        thread.stop()


def test_threads_share_a_connection(conn):
    prices = {"IBM": 137.16, "AAPL": 172.88, "NOSUCH": -1}

    def work(symbol):
        return {conn.root.get_price(symbol) for _ in range(100)}

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for symbol, seen in zip(prices, pool.map(work, prices)):
            assert seen == {prices[symbol]}


def test_two_hundred_clients(server, market):
    with contextlib.ExitStack() as stack:
        conns = [stack.enter_context(connected(server)) for _ in range(200)]
        results = [rpyc.async_(conn.root.get_price)("IBM") for conn in conns]
        assert [result.value for result in results] == [137.16] * 200
    assert market.calls("IBM") == 1
    assert wait_until(lambda: stats(server)["connections_open"] == 1, "clients are gone")


def test_close_and_connect_again(server):
    for _ in range(50):
        with connected(server) as conn:
            assert conn.root.get_price("IBM") == 137.16
        assert conn.closed


# --- Leaving ----------------------------------------------------------------------

def test_client_leaves_in_the_middle_of_a_call(server, market):
    market.hold("IBM")
    for close in (True, False):
        conn = rpyc.connect(*server.address)
        result = rpyc.async_(conn.root.get_price)("IBM")
        market.wait("held", 1)
        if close:
            conn.close()
        else:
            conn._channel.stream.sock.close()
        del result
    market.release()
    with connected(server) as conn:
        assert conn.root.get_price("IBM") == 137.16
    wait_until(lambda: stats(server)["connections_open"] == 1, "clients are gone")


def test_client_never_says_what_its_list_holds(server):
    with socket.create_connection(server.address) as sock:
        sock.sendall(GETROOT)
        root = read_message(sock)[2][1]
        for seq in range(80):  # more than the server keeps in mind
            send(sock, (1, seq, (8, (2, ((3, root), (1, "get_prices"),
                                         (2, ((4, ("builtins.list", 1, seq)),)), (1, ()))))))
        kinds = [read_message(sock)[0] for _ in range(80)]
        assert kinds == [consts.MSG_REQUEST] * 64 + [consts.MSG_EXCEPTION] * 16
    with connected(server) as conn:
        assert conn.root.get_price("IBM") == 137.16


def test_server_stops_and_answers_what_it_was_asked(server, market):
    with connected(server) as conn:
        market.hold("IBM")
        result = rpyc.async_(conn.root.get_price)("IBM")
        market.wait("held", 1)
        server.signal(15)
        server.wait_line("drain|stopping|shutting")
        market.release()
        assert result.value in (137.16, -1)


# --- Bytes ------------------------------------------------------------------------

def send(sock, message):
    payload = brine.dump(message)
    sock.sendall(struct.pack("!LB", len(payload), 0) + payload + b"\n")


def read_message(sock):
    """The next message that the server sends, as the package loads it."""
    sock.settimeout(DEADLINE_S)
    file = sock.makefile("rb", buffering=0)

    def take(count):
        data = b""
        while len(data) < count:
            data += file.read(count - len(data)) or pytest.fail("the connection ended")
        return data

    length, flag = struct.unpack("!LB", take(5))
    payload = take(length + 1)
    assert flag == 0 and payload[-1:] == b"\n"
    return brine.load(payload[:-1])


def test_protocol_is_told_from_a_first_byte_alone(server):
    with socket.create_connection(server.address) as sock:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for i in range(len(GETROOT)):
            sock.sendall(GETROOT[i:i + 1])
            # The byte has gone out and come, by itself.
            wait_until(lambda: acknowledged(sock), "the byte's arrival")
        kind, seq, (label, (name, *_)) = read_message(sock)
        assert (kind, seq, label, name) == (consts.MSG_REPLY, 0, 4, "quoted.QuoteService")


def acknowledged(sock):
    """Whether all that was sent has been taken by the peer's kernel."""
    unacked = struct.unpack_from("I", sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 104),
                                 24)[0]
    return unacked == 0


def test_pipelined_frames_are_all_answered(server):
    with socket.create_connection(server.address) as sock:
        sock.sendall(GETROOT * 500)
        for _ in range(500):
            assert read_message(sock)[0] == consts.MSG_REPLY


def test_frames_that_inflate_hold_up_nobody(market):
    """400 frames of some 100 bytes come in one piece and hold 24 MB, of which a turn of
    the worker takes two; who asks in between is answered.  There is no request 99."""
    def frame(seq):
        packed = zlib.compress(brine.dump((1, seq, (99, (2, ((1, b"\0" * 60000),))))))
        return struct.pack("!LB", len(packed), 1) + packed + b"\n"

    count = 400
    with Server(market, "server.workers=1") as server, connected(server) as conn:
        assert conn.root.get_price("IBM") == 137.16
        with socket.create_connection(server.address) as greedy:
            greedy.sendall(b"".join(frame(i) for i in range(count)))
            for i in range(count):
                if i % 40 == 0:
                    assert conn.root.get_price("IBM") == 137.16
                kind, seq, ((_, exception), *_) = read_message(greedy)
                assert (kind, seq, exception) == (consts.MSG_EXCEPTION, i, "KeyError")
        # Reads, of which there are a few, begin with nothing put off.
        assert count / 2 - 50 <= stats(server)["connections_put_off"] <= count / 2


@pytest.mark.parametrize("name", sorted(path.name for path in CORPUS.glob("bad_*")))
def test_what_breaks_the_protocol_ends_its_own_connection(server, conn, name):
    get_price = conn.root.get_price
    data = (CORPUS / name).read_bytes()
    with socket.create_connection(server.address) as sock:
        sock.sendall(data if data[:1] == b"\0" else GETROOT + data)
        if data[:1] != b"\0":
            read_message(sock)
        assert ends(sock)
    assert get_price("IBM") == 137.16
    assert stats(server)["connections_cut"] >= 1


@pytest.mark.parametrize("name", sorted(path.name for path in CORPUS.iterdir()
                                        if not path.name.startswith("bad_")
                                        and path.suffix != ".reply"))
def test_recorded_conversations_are_answered(server, name):
    """What was recorded names objects of another server: their requests are answered
    too, each with an exception."""
    data = (CORPUS / name).read_bytes()
    requests, at = set(), 0
    while at < len(data):
        length, flag = struct.unpack_from("!LB", data, at)
        payload = data[at + 5:at + 5 + length]
        message = brine.load(zlib.decompress(payload) if flag else payload)
        if message[0] == consts.MSG_REQUEST and message[2][0] != consts.HANDLE_CLOSE:
            requests.add(message[1])
        at += length + 6
    with socket.create_connection(server.address) as sock:
        sock.sendall(data)
        answered = set()
        while answered != requests:
            kind, seq, _ = read_message(sock)
            if kind != consts.MSG_REQUEST:
                assert seq in requests and seq not in answered
                answered.add(seq)


def test_a_frame_above_the_limit(market):
    with Server(market, "limits.request_bytes=4KiB") as server:
        with connected(server) as conn:
            assert conn.root.get_prices(tuple(f"A{i}" for i in range(400))) == (-1,) * 400
            with pytest.raises(EOFError):
                conn.root.get_prices(tuple(f"A{i}" for i in range(1000)))
        with connected(server) as conn:
            assert conn.root.get_price("IBM") == 137.16


# --- The examples -----------------------------------------------------------------

def run_example(server, name, *words):
    """What a program of examples/python prints."""
    done = subprocess.run(["/usr/bin/python3", TOP / "examples/python" / name,
                           *map(str, server.address), *words], text=True, capture_output=True,
                          env=environment(), timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_example_of_the_report(market):
    with Server(market, "server.id=1") as server:
        text = run_example(server, "report.py")
    text = re.sub(r"[\d.]+(?= milliseconds)", "T", text)
    assert text.startswith("Stock Price for Google: $135.60\n"
                           "  From server: 1, From client: 1\n"
                           "  request answered in T milliseconds\n"
                           "Stock Price for Microsoft: $326.67\n")
    assert text.endswith("Average response time: T milliseconds\n")
    assert len(text.splitlines()) == 31


def test_example_with_callbacks(server, conn):
    assert conn.root.get_price("IBM") == 137.16
    text = run_example(server, "callbacks.py", "NOSUCH", "IBM")
    assert re.search(r"^ *[\d.]+ ms  IBM      fresh  137\.16$", text, re.M)
    assert re.search(r"^ *[\d.]+ ms  NOSUCH   none   ", text, re.M)
    assert len(text.splitlines()) == 2


# --- Through nginx ----------------------------------------------------------------

@pytest.mark.skipif(why_no_nginx() is not None, reason=why_no_nginx() or "")
def test_through_nginx_to_two_servers():
    with Market() as market, Fleet(market, count=2) as fleet, Nginx(fleet.addresses) as front:
        seen = set()
        for _ in range(6):
            with connected(front) as conn:
                seen.add(conn.root.get_server_id())
                assert conn.root.get_price("IBM") == 137.16
                assert conn.root.get_prices(["IBM", "AAPL"]) == (137.16, 172.88)
                with pytest.raises(AttributeError):
                    conn.root.nope
        assert seen == {"1", "2"}
        fleet["1"].signal(15)
        fleet["1"].wait_exit()
        for _ in range(6):
            with connected(front) as conn:
                assert conn.root.get_server_id() == "2"

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Record the corpora of fuzz_rpyc and fuzz_python: what Python's rpyc sends, as it
was sent.

Each scene is a client of the real package that talks to a server of the real
package through a relay in this process; the client's bytes become the file
corpus/rpyc/NAME, the server's corpus/rpyc/NAME.reply.  A few files of bytes
that no client sends (bombs, lies about lengths) are made by hand, and so are those of
fuzz_python, which has no session to talk to: requests about our objects, by the numbers
that they get.

    tests/fuzz/record_rpyc.py [FOLDER]
"""
import pathlib
import socket
import struct
import sys
import threading
import zlib

import rpyc
from rpyc.core import brine
from rpyc.utils.server import ThreadedServer


class PriceService(rpyc.Service):
    """What quoted serves, as the package would."""

    def exposed_get_price(self, symbol):
        """The price."""
        return {"IBM": 312.42}.get(symbol, -1)

    def exposed_get_prices(self, symbols):
        """The prices."""
        return tuple(self.exposed_get_price(symbol) for symbol in symbols)

    def exposed_get_quote(self, symbol):
        """A quote."""
        return (("symbol", symbol), ("price", "312.42"), ("state", "fresh"))

    def exposed_watch(self, symbols, callback):
        """Call back once."""
        return callback(symbols, 312.42)


class Relay:
    """A connection through which both directions are written down."""

    def __init__(self, port):
        self.bytes = {"client": b"", "server": b""}
        self.near, far = socket.socketpair()
        self.server = socket.create_connection(("127.0.0.1", port))
        self.threads = [
            threading.Thread(target=self.carry, args=(far, self.server, "client")),
            threading.Thread(target=self.carry, args=(self.server, far, "server")),
        ]
        for thread in self.threads:
            thread.start()

    def carry(self, source, sink, name):
        """Copy until the source ends."""
        try:
            while chunk := source.recv(65536):
                self.bytes[name] += chunk
                sink.sendall(chunk)
        except OSError:
            pass
        try:
            sink.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def connect(self):
        """The real client, on the near end."""
        return rpyc.connect_stream(rpyc.SocketStream(self.near))


def attempt(function, *args):
    """Call what is expected to raise."""
    try:
        function(*args)
    except Exception:  # pylint: disable=broad-except
        pass


def scene_price(conn):
    """The common case."""
    conn.root.get_price("IBM")


def scene_bound(conn):
    """One attribute look-up, several calls."""
    get_price = conn.root.get_price
    for symbol in ("IBM", "NOPE", "Gräf"):
        get_price(symbol)


def scene_prices(conn):
    """A tuple, and a list, which is a reference that the server asks back."""
    conn.root.get_prices(("IBM", "TSCO.LON"))
    conn.root.get_prices(["IBM", "GOOGL"])
    conn.root.get_quote(symbol="IBM")


def scene_compressed(conn):
    """Enough symbols for a compressed frame."""
    conn.root.get_prices(tuple(f"SYM{i}" for i in range(600)))


def scene_errors(conn):
    """What goes wrong in the ordinary ways."""
    attempt(conn.root.get_price)
    attempt(conn.root.get_price, "IBM", 2)
    attempt(lambda: conn.root.nope)
    attempt(setattr, conn.root, "x", 1)
    attempt(delattr, conn.root, "x")
    attempt(lambda: conn.root())


def scene_objects(conn):
    """Everything that can be asked about an object."""
    root, method = conn.root, conn.root.get_price
    repr(root), str(root), hash(root), dir(root), repr(method), dir(method)
    root == method, root != root, root.__doc__  # pylint: disable=pointless-statement
    attempt(lambda: root < method)
    isinstance(method, type(print))
    conn.ping()


def scene_async(conn):
    """Many calls at once, and time limits."""
    get_price = rpyc.async_(conn.root.get_price)
    calls = [get_price("IBM") for _ in range(5)]
    for call in calls:
        call.wait()
    rpyc.timed(conn.root.get_price, 5)("IBM").wait()


def scene_callback(conn):
    """A function of the client's."""
    conn.root.watch(("IBM",), lambda symbols, price: None)


def scene_values(conn):
    """Every kind of value, echoed."""
    values = (0, -48, 159, -49, 160, 2**63 - 1, -(2**63), 2**63, 10**400, 1.5, float("nan"),
              float("-inf"), 1 + 2j, b"", b"abcd", b"x" * 300, "", "ü", "x" * 5, None, True, False,
              NotImplemented, Ellipsis, slice(1, None, 3), frozenset([1, 2]), frozenset(), (),
              (1,), (1, 2), (1, 2, 3), (1, 2, 3, 4), (1, 2, 3, 4, 5), tuple(range(256)))
    for value in (values, *values):
        conn.async_request(rpyc.core.consts.HANDLE_PING, value).wait()


def frame(payload, flag=0):
    """A frame around bytes of our own."""
    return struct.pack("!LB", len(payload), flag) + payload + b"\n"


def made_by_hand():
    """Bytes that no client sends."""
    ping = brine.dump((1, 0, (1, (1, ("x",)))))
    nested = b"\x10" * 4000 + b"\x00"
    return {
        "bad_bomb_deep": frame(nested),
        "bad_bomb_wide": frame(b"\x15\xff\xff\xff\xff" + b"\x00" * 50),
        "bad_bomb_zlib": frame(zlib.compress(b"\x00" * (1 << 22), 9), 1),
        "bad_zlib": frame(b"\x78\x9c" + b"\xff" * 20, 1),
        "bad_zlib_rest": frame(zlib.compress(ping) + b"x", 1),
        "bad_length_4gb": b"\xff\xff\xff\xff\x00",
        "bad_length_16mb": b"\x00\xff\xff\xff\x00",
        "bad_flag": frame(ping, 2),
        "bad_newline": frame(ping)[:-1] + b"x",
        "bad_empty": frame(b""),
        "bad_tag": frame(b"\x07"),
        "bad_int": frame(b"\x16\x031x3"),
        "bad_utf8": frame(b"\x08\x0a\xff"),
        "bad_slice": frame(b"\x19\x11\x50\x50"),
        "bad_kind": frame(brine.dump((9, 0, (1, (1, ()))))),
        "bad_label": frame(brine.dump((1, 0, (1, (7, ()))))),
        "bad_rest": frame(ping + b"\x00"),
        "good_zlib": frame(zlib.compress(ping), 1),
        "good_seq_long": frame(brine.dump((1, 2**40, (1, (1, ("x",)))))),
    }


ROOT = ("quoted.QuoteService", 1, 1 << 16)
METHOD = ("builtins.method", 2, 2 << 16 | 1)  # what was looked up first
LIST = ("builtins.list", 140, 7)              # of the client's


def conversation(*requests):
    """Requests behind one another: (handler, boxes of the arguments)."""
    return b"".join(frame(brine.dump((1, seq, (handler, (2, boxes)))))
                    for seq, (handler, boxes) in enumerate(requests))


def about_objects():
    """Requests about our objects, by what they ask; each behind a look-up."""
    ours, method, theirs = (3, ROOT), (3, METHOD), (4, LIST)

    def value(given):
        return 1, given

    def call(name, *boxes):
        return conversation((3, ()), (4, (ours, value(name))), (7, (method, *boxes)))

    one, none = value(("IBM",)), value(())
    every = [(handler, (ours,)) for handler in (8, 9, 10, 12, 13, 15)]
    return {
        "price": call("get_price", one, none),
        "price_by_name": call("get_price", none, value((("symbol", "IBM"),))),
        "price_twice": call("get_price", one, value((("symbol", "IBM"),))),
        "price_without": call("get_price", none),
        "price_of_list": call("get_price", (2, (theirs,)), none),
        "prices": call("exposed_get_prices", value((("IBM", "AAPL"),)), none),
        "prices_of_list": call("get_prices", (2, (theirs,)), none),
        "prices_of_boxes": call("get_prices", (2, ((2, (value("IBM"), theirs)),)), none),
        "text": call("get_price_text", one, none),
        "quote": call("get_quote", one, none),
        "watch": call("watch", (2, (value("IBM"), theirs)), none),
        "unwatch": call("unwatch", none, none),
        "server": call("get_server_id", none, none),
        "call_by_name": conversation((3, ()), (8, (ours, value("get_price"), one, none))),
        "every": conversation((3, ()), (3, ()), *every, (11, (ours, ours, value("__eq__"))),
                              (11, (ours, value(1), value("__lt__"))), (14, (ours, value(2))),
                              (17, (ours, value(10))), (19, (ours, value(None))),
                              (20, (ours, value(1))), (5, (ours, value("x"))),
                              (6, (ours, value("x"), value(1))), (1, (theirs,)), (2, ())),
        "release": conversation((3, ()), (3, ()), (15, (ours, value(2))), (9, (ours,))),
        "inspect": frame(brine.dump((1, 0, (3, (1, ()))))) +
        frame(brine.dump((1, 1, (16, (1, (ROOT,)))))),
    }


def without_inspection(data):
    """The frames behind the first two: the root and its methods, which come with
    the package's own documentation."""
    for _ in range(2):
        data = data[struct.unpack("!L", data[:4])[0] + 6:]
    return data


def record(port, scene):
    """Play a scene; returns what each side sent."""
    relay = Relay(port)
    conn = relay.connect()
    scene(conn)
    conn.close()
    for thread in relay.threads:
        thread.join()
    relay.server.close()
    return relay.bytes["client"], relay.bytes["server"]


def main():
    """Record every scene."""
    here = pathlib.Path(__file__).resolve().parent
    folder = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else here / "corpus" / "rpyc"
    folder.mkdir(parents=True, exist_ok=True)
    server = ThreadedServer(PriceService, hostname="127.0.0.1", port=0,
                            protocol_config={"include_local_traceback": False})
    server._start_in_thread()  # pylint: disable=protected-access
    for name, scene in sorted(globals().items()):
        if name.startswith("scene_"):
            name = name.removeprefix("scene_")
            client, reply = record(server.port, scene)
            (folder / name).write_bytes(client)
            (folder / f"{name}.reply").write_bytes(without_inspection(reply))
    for name, data in made_by_hand().items():
        (folder / name).write_bytes(data)
    objects = folder.parent / "python"
    objects.mkdir(exist_ok=True)
    for name, data in about_objects().items():
        (objects / name).write_bytes(data)
    server.close()


if __name__ == "__main__":
    main()

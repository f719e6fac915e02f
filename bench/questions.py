# SPDX-License-Identifier: Apache-2.0
"""What clients send for a price, in each protocol, as bench/load has it sent.

    write_requests(folder / "get", [resp_get(name) for name in names(10)])

The symbols are asked in an order that is mixed once and the same in every run.  All
requests of a kind are as long, and so are the answers.
"""
import random
import socket
import struct

from filling import symbol
from rpyc.core import brine, consts
from wire import compose

GETTER = "get_price"


def order(count):
    """The numbers below `count`, mixed."""
    numbers = list(range(count))
    random.Random(count).shuffle(numbers)
    return numbers


def names(count):
    """The symbols that are asked for, in their order."""
    return [symbol(number) for number in order(count)]


def resp_get(name):
    """RESP, as every Redis client writes it."""
    return compose(["GET", name])


def resp_mgets(asked, width):
    """MGETs of `width` symbols, each symbol in one of them."""
    return [compose(["MGET", *asked[at:at + width]]) for at in range(0, len(asked), width)]


def memcached_get(name):
    """memcached's text protocol."""
    return f"get {name}\r\n".encode()


def http_get(path):
    """HTTP, with the headers that a small client sends."""
    return (f"GET {path} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: load\r\n"
            "Accept: application/json\r\n\r\n").encode()


def quote_path(name):
    """Where quoted has a quote by HTTP."""
    return f"/v1/quotes/{name}"


# --- RPyC ---------------------------------------------------------------------------

def rpyc_frame(message):
    """A message of RPyC, not compressed."""
    data = brine.dump(message)
    return struct.pack("!LB", len(data), 0) + data + b"\n"


def rpyc_request(handler, boxed):
    return rpyc_frame((consts.MSG_REQUEST, 0, (handler, boxed)))


def read_rpyc(connection):
    """The object that the next reply refers to."""
    stream = connection.makefile("rb")
    size, _ = struct.unpack("!LB", stream.read(5))
    kind, _, (label, value) = brine.load(stream.read(size + 1)[:-1])
    if kind != consts.MSG_REPLY or label != consts.LABEL_REMOTE_REF:
        raise SystemExit(f"bench: RPyC's answer is not an object: {value!r}")
    return value


class RpycCalls:
    """How get_price is called as a bound method, which a client gets once: `begin` are
    the requests that get it.  Its id is the same in every connection, with quoted and
    with bench/rpyc_server.py, so it is learnt in one."""

    def __init__(self, port):
        root = rpyc_request(consts.HANDLE_GETROOT, (consts.LABEL_VALUE, ()))
        with socket.create_connection(("127.0.0.1", port)) as connection:
            connection.sendall(root)
            attribute = self.about(consts.HANDLE_GETATTR, read_rpyc(connection),
                                   (consts.LABEL_VALUE, GETTER))
            connection.sendall(attribute)
            self.method = read_rpyc(connection)
        self.begin = root + attribute
        self.begin_replies = 2

    @staticmethod
    def about(handler, reference, *more):
        boxed = ((consts.LABEL_LOCAL_REF, reference), *more)
        return rpyc_request(handler, (consts.LABEL_TUPLE, boxed))

    def get(self, name):
        """The call with one symbol."""
        return self.about(consts.HANDLE_CALL, self.method, (consts.LABEL_VALUE, (name,)),
                          (consts.LABEL_VALUE, ()))

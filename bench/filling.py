# SPDX-License-Identifier: Apache-2.0
"""Symbols, and servers that know the prices of all of them.

    make_store(path, 1_000_000)     a file for store.path, with which quoted starts
    fill_redis(port, 1_000_000)     the same symbols and prices, by SET
    fill_memcached(port, 10)        the same

quoted gets a million quotes as any server has them after a restart: from its store.
One is fetched and kept, so that the file is of the server's own making; the others
are copies of that row under other names and prices.
"""
import re
import socket
import sqlite3

from programs import Market, Server
from wire import compose

# Bytes that are sent before answers are read.
BATCH_BYTES = 1 << 16

# What each quote costs, always six bytes; a function of its number in SQL, too.
PRICE_SQL = "printf('%d.%02d', 100 + n % 900, n % 100)"


def symbol(number):
    """The name of one of the symbols; all are as long."""
    return f"S{number:07d}"


def price(number):
    """What it costs."""
    return f"{100 + number % 900}.{number % 100:02d}"


def make_store(path, count):
    """A store with the quotes of the first `count` symbols, of just now."""
    with Market("--step", "0") as market, \
            Server(market, f"store.path={path}", "log.level=info") as server, \
            server.connect() as client:
        client.ask("GET", "IBM")
    with sqlite3.connect(path) as database:
        columns = [row[1] for row in database.execute("PRAGMA table_info(quote)")]
        changed = {"symbol": "printf('S%07d', n)", "price": PRICE_SQL}
        database.execute(
            f"INSERT INTO quote SELECT {', '.join(changed.get(one, one) for one in columns)}"
            " FROM (WITH RECURSIVE numbers (n) AS (SELECT 0 UNION ALL SELECT n + 1 FROM numbers"
            " WHERE n + 1 < ?) SELECT n FROM numbers) CROSS JOIN quote", (count,))
        database.execute("DELETE FROM quote WHERE symbol = 'IBM'")
    database.close()
    return path


def store_settings(path):
    """With these quoted serves what is in the store, and fetches nothing."""
    return [f"store.path={path}", "cache.fresh_for=7d", "cache.symbols_max=1048576",
            "fetch.warm_for=0"]


def fill(port, count, request, answer):
    """Send request(symbol, price) of each, and see that each is answered so."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        number = 0
        while number < count:
            out = []
            size = 0
            while number < count and size < BATCH_BYTES:
                out.append(request(symbol(number), price(number)))
                size += len(out[-1])
                number += 1
            connection.sendall(b"".join(out))
            left = len(answer) * len(out)
            while left > 0:
                got = connection.recv(left)
                if not got or not re.fullmatch(rb"[\w+\r\n]+", got):
                    raise SystemExit(f"bench: filled with {out[0]!r}, it answers {got!r}")
                left -= len(got)


def fill_redis(port, count):
    """SET each of the first `count` symbols."""
    fill(port, count, lambda name, text: compose(["SET", name, text]), b"+OK\r\n")


def fill_memcached(port, count):
    """The same by memcached's text protocol."""
    fill(port, count, lambda name, text: b"set %s 0 0 %d\r\n%s\r\n" % (
        name.encode(), len(text), text.encode()), b"STORED\r\n")

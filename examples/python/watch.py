#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Prices as they change: the server calls a function with each new quote.

    examples/python/watch.py [HOST [PORT [SYMBOL...]]]
"""
import sys

import rpyc

host = sys.argv[1] if len(sys.argv) > 1 else "localhost"
port = int(sys.argv[2]) if len(sys.argv) > 2 else 7400
symbols = sys.argv[3:] or ["Google", "IBM", "Tesla", "AAPL", "NO.SUCH"]


def show(symbol, pairs):
    """Called with the current quote first, then with each new one."""
    quote = dict(pairs)
    price = quote.get("price", quote.get("reason"))
    print(f"{symbol:8} {quote['state']:6} {price}", flush=True)


conn = rpyc.connect(host, port)
conn.root.watch(symbols, show)
try:
    conn.serve_all()  # until the connection ends
except KeyboardInterrupt:
    pass

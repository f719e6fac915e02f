#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Prices by callback: every call is sent at once, and each answer is printed as it
comes, those from memory before those that have to be fetched.

    examples/python/callbacks.py [HOST [PORT [SYMBOL...]]]
"""
import sys
import time

import rpyc

host = sys.argv[1] if len(sys.argv) > 1 else "localhost"
port = int(sys.argv[2]) if len(sys.argv) > 2 else 7400
symbols = sys.argv[3:] or ["Google", "IBM", "Tesla", "AAPL", "NO.SUCH"]
conn = rpyc.connect(host, port)
get_quote = rpyc.async_(conn.root.get_quote)  # keep it: the package holds it weakly
begin = time.monotonic()


def show(result):
    """Called with each answer, in the order in which they come."""
    quote = dict(result.value)
    price = quote.get("price", quote.get("reason"))
    print(f"{(time.monotonic() - begin) * 1000:8.3f} ms  {quote['symbol']:8} "
          f"{quote['state']:6} {price}")


results = []
for symbol in symbols:
    results.append(get_quote(symbol))
    results[-1].add_callback(show)
for result in results:
    result.wait()

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The old system's client: ten prices by name, and the lines of its report.

    examples/python/report.py [HOST [PORT]]
"""
import sys
import time

import rpyc

NAMES = ["Google", "Microsoft", "Amazon", "Apple", "Meta", "IBM", "Tesla", "Walmart",
         "Ahold Delhaize", "Walt Disney Co"]

host = sys.argv[1] if len(sys.argv) > 1 else "localhost"
port = int(sys.argv[2]) if len(sys.argv) > 2 else 7400
root, spent_ms = rpyc.connect(host, port).root, 0
server, get_price = root.get_server_id(), root.get_price
for name in NAMES:
    begin = time.monotonic()
    price = get_price(name)
    took_ms = (time.monotonic() - begin) * 1000
    spent_ms += took_ms
    print(f"Stock Price for {name}: $" + ("-1" if price == -1 else f"{price:.2f}"))
    print(f"  From server: {server}, From client: 1")
    print(f"  request answered in {took_ms:.3f} milliseconds")
print(f"Average response time: {spent_ms / len(NAMES):.3f} milliseconds")

#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""rpyc_server -- Python's own RPyC server, with the old system's service and prices
that are there already: what quoted is measured beside.

    bench/rpyc_server.py SYMBOL=PRICE...

Prints "port N", and serves until SIGTERM.
"""
import sys

import rpyc
from rpyc.utils.server import ThreadedServer


class PriceService(rpyc.Service):
    """Looks a price up in a dict."""

    def __init__(self, prices):
        super().__init__()
        self.prices = prices
        # One bound method for all connections: then it has one id, which bench/load
        # can be told.  A call of it is the same.
        self.exposed_get_price = self.get_price

    def get_price(self, symbol):
        """The price, or the old system's sign that there is none."""
        return self.prices.get(symbol, -1)


def main():
    pairs = (word.split("=", 1) for word in sys.argv[1:])
    prices = {symbol: float(text) for symbol, text in pairs}
    server = ThreadedServer(PriceService(prices), hostname="127.0.0.1", port=0)
    print(f"port {server.port}", flush=True)
    server.start()


if __name__ == "__main__":
    main()

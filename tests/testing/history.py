# SPDX-License-Identifier: Apache-2.0
"""What clients were answered, and whether it may be so.

    prices = Prices(market)                 # moves the prices, and knows when it did
    history = History(["1", "2"])           # of these clients
    history.add(Answer(...))                # by each client's thread
    assert find_faults(history, prices) == []

Each price says by itself whose it is and which one it is: that of symbol 2 after 17
moves is 102.0017, and its as_of is day 17.  So a price that was never made, is
another symbol's, has another's date, is older than it is said to be, or comes after
a later one of the same server, is found from the answers alone.
"""

import datetime
import http.client
import json
import threading
import time
from collections import namedtuple
from decimal import Decimal, InvalidOperation

from programs import DEADLINE_S, SLOWER

SYMBOLS = ("IBM", "AAPL", "MSFT", "TSLA")
DAY = datetime.date(2025, 1, 1)

# A price moves after so many seconds.
MOVE_S = 0.25

# For how long the servers call a price fresh.
FRESH_MS = 200

# How much earlier than a server says it got a price that price may have been made:
# the way from the provider, on a machine that is busy with other things.
WAY_S = 2 * SLOWER

# How much older than it is a price may be said to be: a server takes the time once a
# turn of its loop, and may be made to wait within one.
HONEST_S = 0.05 * SLOWER

# The server counts whole milliseconds.
ROUNDED_S = 0.002

# An answer, or why there was none: then `error` says it, and the rest is "".  Times
# are those of time.monotonic() when the client asked and when it had the answer.
Answer = namedtuple("Answer", "client symbol start end error server price as_of age_ms state",
                    defaults=("", "", "", "", 0, ""))

Made = namedtuple("Made", "begun done")


class Prices:
    """Moves the prices of SYMBOLS on a market until it is ended."""

    def __init__(self, market):
        self.made = []  # when each number's price was being made
        self._control = http.client.HTTPConnection(market.url.removeprefix("http://"),
                                                   timeout=DEADLINE_S)
        self._stop = threading.Event()
        self._error = None
        self.move()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join()
        self._control.close()
        assert self._error is None, f"the prices stood still: {self._error}"

    def _run(self):
        try:
            while not self._stop.wait(MOVE_S):
                self.move()
        except (OSError, http.client.HTTPException, AssertionError) as error:
            self._error = error

    def move(self):
        """Make the next price of each symbol."""
        number = len(self.made)
        begun = time.monotonic()
        for symbol in SYMBOLS:
            body = {"symbol": symbol, "price": str(price_of(symbol, number)),
                    "day": day_of(number)}
            self._control.request("POST", "/_market/price", json.dumps(body),
                                  {"Content-Type": "application/json"})
            response = self._control.getresponse()
            text = response.read()
            assert response.status == 200, text
        self.made.append(Made(begun, time.monotonic()))

    def find(self, answer):
        """The number of an answer's price; None where there was never such a price."""
        try:
            digits = Decimal(answer.price) * 10000
        except InvalidOperation:
            return None
        number = int(digits % 10000)
        is_ours = (digits == digits.to_integral_value() and number <= len(self.made)
                   and Decimal(answer.price) == price_of(answer.symbol, number)
                   and answer.as_of == day_of(number))
        return number if is_ours else None


def price_of(symbol, number):
    """The price of a symbol after so many moves."""
    return Decimal(100 + SYMBOLS.index(symbol)) + Decimal(number).scaleb(-4)


def day_of(number):
    """Its day."""
    return (DAY + datetime.timedelta(days=number)).isoformat()


class History:
    """The answers of each client, in their order.  A client's thread adds to its own
    list only; anybody may read."""

    def __init__(self, clients):
        self.answers = {client: [] for client in clients}

    def add(self, answer):
        """Remember one."""
        self.answers[answer.client].append(answer)

    def all(self):
        """Every answer."""
        return [answer for answers in self.answers.values() for answer in list(answers)]

    def since(self, client, time_s):
        """The good answers of a client to what it asked after a time, latest first."""
        for answer in reversed(list(self.answers[client])):
            if answer.start < time_s:
                return
            if not answer.error:
                yield answer

    def failed(self):
        """Those that are errors."""
        return [answer for answer in self.all() if answer.error]

    def longest_gap_s(self, client, since=0):
        """The longest time in which a client that asked all the time got no good answer to
        what it asked after a time."""
        answers = [answer for answer in self.answers[client] if answer.start >= since]
        if not answers:
            return 0
        ends = [answers[0].start, *(answer.end for answer in answers if not answer.error),
                answers[-1].end]
        return max(later - earlier for earlier, later in zip(ends, ends[1:]))

    def worst_gap_s(self, since=0):
        """The longest of all clients."""
        return max(self.longest_gap_s(client, since) for client in self.answers)

    def shares(self, client, count):
        """How many of the last good answers of a client are each server's."""
        shares = {}
        good = [answer for answer in list(self.answers[client]) if not answer.error]
        for answer in good[-count:]:
            shares[answer.server] = shares.get(answer.server, 0) + 1
        return shares

    def steps_back(self, prices):
        """How often a client got an earlier price after a later one, from another server."""
        count = 0
        for answers in self.answers.values():
            last = {}
            for answer in answers:
                if not answer.error:
                    number = prices.find(answer)
                    count += number < last.get(answer.symbol, 0)
                    last[answer.symbol] = number
        return count


def find_faults(history, prices):
    """All answers that may not be, as texts.  A request that failed is none of them."""
    faults = []
    for answers in history.answers.values():
        last = {}
        for answer in answers:
            if not answer.error:
                faults += check_answer(answer, prices, last)
    return faults


def check_answer(answer, prices, last):
    """What is wrong with one; `last` has the latest number by server and symbol."""
    number = prices.find(answer)
    if number is None:
        return [f"never made: {answer}"]
    faults = []
    key = answer.server, answer.symbol
    if number < last.get(key, 0):
        faults.append(f"after number {last[key]} of the same server: {answer}")
    last[key] = number
    faults += check_age(answer, prices, number)
    if (answer.state == "fresh") != (answer.age_ms < FRESH_MS):
        faults.append(f"fresh is below {FRESH_MS} ms: {answer}")
    return faults


def check_age(answer, prices, number):
    """The server got it between answer.start - age and answer.end - age: not before it
    was made, as far as ages are honest, and not long after the next one was."""
    latest = answer.end - answer.age_ms / 1000 + ROUNDED_S
    earliest = answer.start - answer.age_ms / 1000 - ROUNDED_S
    if number < len(prices.made) and latest + HONEST_S < prices.made[number].begun:
        yield f"got {prices.made[number].begun - latest:.3f} s before it was made: {answer}"
    if number + 1 < len(prices.made) and earliest > prices.made[number + 1].done + WAY_S:
        late = earliest - prices.made[number + 1].done
        yield f"got {late:.3f} s after the next one was made: {answer}"

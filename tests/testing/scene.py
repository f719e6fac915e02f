# SPDX-License-Identifier: Apache-2.0
"""Servers, maybe a balancer before them, and clients that ask all the time: what a
fault is done to.

    with Scene(DIRECT) as scene:
        with killed(scene, "2"):                 # faults.py
            scene.wait_answers()
        scene.wait_back("2")
    assert scene.history.failed() == []
    assert find_faults(scene.history, scene.prices) == []

Each client is a thread with a handle of its own, and asks for one symbol after the
other, 50 times a second where it is answered at once.  A way says by what and
through what they ask.
"""

import contextlib
import itertools
import signal
import threading
import time
from collections import namedtuple

from balancer import BACK_S, Fleet, Haproxy, Nginx
from history import FRESH_MS, SYMBOLS, Answer, History, Prices
from libquoted import Client
from names import Names
from network import CLIENTS as CLIENTS_ADDRESS
from network import Network
from programs import SLOWER, Market, read_info, wait_until
from wire import Connection, Ended, Error

CLIENTS = 8
NAME = "quoted.test"
PAUSE_S = 0.02

# A request may take this long before it has failed: far longer than the two seconds
# of a handle by default, since a machine that runs other tests too may stand still
# for one of them.
TIMEOUT_S = 10 * SLOWER

# While a fault lasts, each client must be answered this often: for a second and a half.
ANSWERS = 75

# All that a scene waits for must have come by then.
WAIT_S = 30 * SLOWER

SETTINGS = (f"cache.fresh_for={FRESH_MS}ms", "fetch.retry_after=100ms", "log.level=info")


# --- How clients ask ------------------------------------------------------------------

class Handle:
    """By libquoted."""

    def __init__(self, addresses, timeout_s):
        self._client = Client(addresses, timeout_ms=int(timeout_s * 1000), balance="round-robin")

    def ask(self, symbol):
        """The fields of an Answer from `error` on."""
        quote = self._client.get(symbol)
        if quote.error != "OK":
            return (f"{quote.error}: {quote.message or self._client.last_message}",)
        if quote.symbol != symbol:
            return (f"asked for {symbol}, got {quote.symbol}",)
        return ("", quote.server, quote.price, quote.as_of, quote.age_ms, quote.state)

    def close(self):
        """Be gone."""
        self._client.close()


class Plain:
    """By a plain connection that is kept; when it is lost, or nothing comes for 30 s, the
    request has failed, or, with a retry, is asked once more on a new one."""

    def __init__(self, addresses, _timeout_s, retries=0):
        self._address = addresses[0]
        self._tries = 1 + retries
        self._connection = None

    def ask(self, symbol):
        """The fields of an Answer from `error` on."""
        for _ in range(self._tries):
            try:
                return self._ask_once(symbol)
            except (Ended, OSError) as failure:
                error = f"{type(failure).__name__}: {failure}"
                self.close()
        return (error,)

    def _ask_once(self, symbol):
        if self._connection is None:
            self._connection = Connection(self._address)
        reply = self._connection.ask("HGETALL", symbol)
        if isinstance(reply, Error):
            return (reply,)
        fields = dict(zip(reply[::2], reply[1::2]))
        if fields["symbol"] != symbol:
            return (f"asked for {symbol}, got {fields['symbol']}",)
        return ("", fields["server"], fields["price"], fields["as_of"], int(fields["age_ms"]),
                fields["state"])

    def close(self):
        """Be gone; asks again on a new connection."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def retrying(addresses, timeout_s):
    """A plain connection, and one retry."""
    return Plain(addresses, timeout_s, retries=1)


# A way to the servers: its name in tables, how clients ask, what stands in front.
Way = namedtuple("Way", "name asker front", defaults=(None,))

DIRECT = Way("libquoted", Handle)
BY_NGINX = Way("libquoted, nginx", Handle, Nginx)
BY_HAPROXY = Way("libquoted, HAProxy", Handle, Haproxy)
PLAIN_NGINX = Way("plain, nginx", Plain, Nginx)
PLAIN_HAPROXY = Way("plain, HAProxy", Plain, Haproxy)
RETRY_NGINX = Way("retry, nginx", retrying, Nginx)
RETRY_HAPROXY = Way("retry, HAProxy", retrying, Haproxy)


class Asking:
    """One client, until it is ended; with `names`, it sees these."""

    def __init__(self, name, make, history, names=None):
        self.name = name
        self._make = make
        self._history = history
        self._names = names
        self._stop = threading.Event()
        self._error = None
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        try:
            if self._names:
                self._names.enter()
            with contextlib.closing(self._make()) as asker:
                self._ask_all(asker)
        except Exception as error:
            self._error = error

    def _ask_all(self, asker):
        for symbol in itertools.cycle(SYMBOLS):
            start = time.monotonic()
            said = asker.ask(symbol)
            self._history.add(Answer(self.name, symbol, start, time.monotonic(), *said))
            if self._stop.wait(PAUSE_S):
                return

    def tell_end(self):
        """Ask no more after this request."""
        self._stop.set()

    def wait_end(self):
        """Wait for the end of that."""
        self._thread.join(TIMEOUT_S + WAIT_S)
        assert not self._thread.is_alive(), f"client {self.name} still waits"
        self.check()

    def check(self):
        """It must not have failed itself."""
        assert self._error is None, f"client {self.name}: {self._error!r}"


# --- The servers ----------------------------------------------------------------------

class MovingFleet(Fleet):
    """Servers that may come back at another address."""

    def __init__(self, market, *settings):
        self._moved = {}
        super().__init__(market, *settings)

    def address(self, name):
        return super().address(self._moved.get(name, name))

    def move(self, name):
        """Let a server, which does not run, have an address that nobody has had."""
        self._moved[name] = str(100 + len(self._moved) + int(name))


class FarFleet(Fleet):
    """Servers that are each on a host of their own (network.py)."""

    def __init__(self, network, market, *settings):
        self._network_of_hosts = network
        super().__init__(market, *settings)

    def address(self, name):
        return self._network_of_hosts.address(name), super().address(name)[1]

    def start(self, name):
        with self._network_of_hosts.inside(name):
            super().start(name)


# --- All of it ------------------------------------------------------------------------

class Scene:
    """Three servers that a market tells moving prices, and clients.  With `far`, each
    server is on a host of its own, and scene.network is the network.  With `named`,
    clients know but a name, NAME, which scene.names says the meaning of."""

    def __init__(self, way, far=False, named=False, timeout_s=TIMEOUT_S, fronts=1):
        self.way = way
        self.names = None
        self.fronts = []
        self.network = None
        self.history = History([str(i + 1) for i in range(CLIENTS)])
        self._clients = []
        self._stack = contextlib.ExitStack()
        try:
            self._build(far, named, timeout_s, fronts)
        except BaseException as error:
            self.__exit__(type(error), error, error.__traceback__)
            raise

    def _build(self, far, named, timeout_s, fronts):
        stack = self._stack
        if far:
            self.network = stack.enter_context(Network(["1", "2", "3"]))
            stack.enter_context(self.network.inside_clients())
        host = CLIENTS_ADDRESS if far else "127.0.0.1"
        self.market = stack.enter_context(Market("--step", "0", host=host))
        self.prices = stack.enter_context(Prices(self.market))
        self.fleet = stack.enter_context(
            FarFleet(self.network, self.market, *SETTINGS) if far
            else MovingFleet(self.market, *SETTINGS))
        addresses = self.fleet.addresses
        if self.way.front:
            self.fronts = [stack.enter_context(self.way.front(addresses)) for _ in range(fronts)]
            addresses = [front.address for front in self.fronts]
        if named:
            self.names = stack.enter_context(Names())
            self.tell_names()
            addresses = [(NAME, addresses[0][1])]
        for name in self.history.answers:
            self._clients.append(Asking(name, lambda: self.way.asker(addresses, timeout_s),
                                        self.history, self.names))
        self.wait_answers(10)
        self.began = time.monotonic()  # all is warm

    def tell_names(self):
        """Let NAME stand for where the servers are now."""
        self.names.set(NAME, [host for host, _ in self.fleet.addresses])

    def __enter__(self):
        return self

    def __exit__(self, *said):
        """End the clients, and then all that they used."""
        try:
            self.end_clients()
        finally:
            self._stack.__exit__(*said)

    def end_clients(self):
        """Nobody asks any more when this returns; ended already is allowed."""
        clients, self._clients = self._clients, []
        for client in clients:
            client.tell_end()
        for client in clients:
            client.wait_end()

    def wait_answers(self, count=ANSWERS, least_s=0):
        """Wait until each client has been given so many good answers to what it asks from
        now on, and until so much time has gone by."""
        began = time.monotonic()

        def has_come():
            for client in self._clients:
                client.check()
            return time.monotonic() - began >= least_s and all(
                count <= sum(1 for _ in itertools.islice(self.history.since(name, began), count))
                for name in self.history.answers)

        wait_until(has_come, lambda: f"{count} answers to each client: {self.describe(began)}",
                   WAIT_S + least_s)

    def wait_failure(self):
        """Wait until each client has been told that what it asks from now on fails."""
        began = time.monotonic()
        wait_until(lambda: all(any(answer.error and answer.start >= began for answer in answers)
                               for answers in map(list, self.history.answers.values())),
                   "a failure for each client", WAIT_S)

    def wait_time(self, least_s):
        """Let so much time go by."""
        threading.Event().wait(least_s)

    def wait_back(self, name):
        """Wait until a server that is well again is in rotation: each client of libquoted's
        own balancing has answers of it, at least a fifth; a balancer gives it connections.
        Returns the seconds from now until the first of these."""
        since = time.monotonic()
        if not self.fronts:
            wait_until(lambda: all(self.has_share(name, client, since)
                                   for client in self.history.answers),
                       lambda: f"server {name} has its share: {self.describe(since)}", WAIT_S)
            return min(answer.end for client in self.history.answers
                       for answer in self.history.since(client, since)
                       if answer.server == name) - since
        front = self.fronts[0]
        wait_until(lambda: front.ask_who() == name, f"a connection to server {name}", BACK_S)
        return time.monotonic() - since

    def has_share(self, name, client, since):
        """Whether a fifth of the last 30 answers of a client, all since then, is a server's."""
        last = list(itertools.islice(self.history.since(client, since), 30))
        return len(last) == 30 and sum(answer.server == name for answer in last) >= 6

    def wait_no_connections(self):
        """Wait until no server has a connection left but that which asks it, when all clients
        have ended."""
        for name in self.fleet.names:
            with self.fleet[name].connect() as client:
                wait_until(
                    lambda: read_info(client.ask("INFO", "clients"))["connected_clients"] == 1,
                    lambda: f"server {name} has no client:\n{client.ask('CLIENT', 'LIST')}",
                    WAIT_S)

    def describe(self, since):
        """What has come since a time, for the text of a failure."""
        lines = []
        for client in self.history.answers:
            shares = {}
            for answer in self.history.since(client, since):
                shares[answer.server] = shares.get(answer.server, 0) + 1
            lines.append(f"    client {client}: {shares}")
        lines += [f"    {answer}" for answer in self.history.failed()[-5:]]
        return "\n".join(["", *lines])

    def reload(self, name):
        """Let a server read its settings again."""
        server = self.fleet[name]
        said = len(server.lines)
        server.signal(signal.SIGHUP)
        return server.wait_line("configuration (loaded again|refused)", said).group(1)

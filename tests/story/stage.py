# SPDX-License-Identifier: Apache-2.0
"""What a story plays on: providers, the server, its clients, and all counters."""

import string
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "testing"))

from programs import Market, Server, make_folder, read_info, remove_folder, wait_until  # noqa: E402
from wire import Ended  # noqa: E402


class Client:
    """A client, and for each reply that it waits for whether it answers an `ask`."""

    def __init__(self, connection):
        self.connection = connection
        self.pending = []


class Stage:
    """Programs start when they are first needed, so that what a story says of them
    before that is how they start."""

    def __init__(self):
        self.folder = make_folder("story")
        self.flags = {}  # provider -> its flags
        self.providers = {}
        self.settings = []
        self.server = None
        self.status = 0  # with which the server is to end
        self.clients = {}
        self.observer = None
        self.observed = 0  # requests of the observer, which are counted like others
        self.base = {}  # counters when they were last stated

    def has_provider(self, name):
        """Whether there is, or will be, a provider of this name."""
        return name in (self.flags or ["upstream"])

    def provider(self, name):
        """A provider, started."""
        self.start_providers()
        return self.providers[name]

    def start_providers(self):
        """Start the providers that have not been."""
        self.flags = self.flags or {"upstream": []}
        for name, flags in self.flags.items():
            if name not in self.providers:
                self.providers[name] = Market(*flags)
                (self.folder / f"{name}.key").write_text(self.providers[name].key + "\n")

    def start_provider_again(self, name):
        """Start a provider that was ended, where it was and with its key."""
        old = self.providers[name]
        flags = [*self.flags[name], "--listen", old.url.removeprefix("http://")]
        self.providers[name] = Market(*flags, key=old.key)
        self.rebase()

    def fill_in(self, text):
        """Put the folder and the providers' URLs into a text."""
        self.start_providers()
        values = {name: market.url for name, market in self.providers.items()}
        return string.Template(text).substitute(values, folder=self.folder)

    def start(self):
        """Start the server, if it has not been."""
        if self.server:
            return
        self.start_providers()
        config = self.folder / "quoted.yaml"
        self.server = Server(list(self.providers.values()), *self.settings,
                             config=config if config.exists() else None)
        self.observer = self.server.connect()
        self.rebase()

    def start_again(self):
        """End the server, if it has not ended, and start another one."""
        self.server.finish(self.status)
        self.server = None
        self.status = 0
        self.clients = {}
        self.start()

    def client(self, name):
        """A client, connected."""
        self.start()
        if name not in self.clients:
            self.clients[name] = Client(self.server.connect())
        return self.clients[name]

    def connect_at(self, name, family):
        """Connect a client to the first address of a family, unix or tcp."""
        self.start()
        fits = [one for one in self.server.addresses if isinstance(one, str) == (family == "unix")]
        self.clients[name] = Client(self.server.connect(fits[0]))

    def connect_apart(self, name, other):
        """Connect a client to another worker than that of another client."""
        def worker(client):
            return read_info(client.connection.ask("INFO", "server"))["worker"]

        taken = worker(self.client(other))

        def is_apart():
            client = Client(self.server.connect())
            if worker(client) == taken:
                client.connection.close()
                return False
            self.clients[name] = client
            return True

        # The kernel deals connections out to the workers by their ports.
        wait_until(is_apart, f"no connection came to another worker than {taken}")
        wait_until(lambda: self.look()["connections_open"] == len(self.clients) + 1,
                   "connections that were tried are still open")
        self.rebase()

    def observe(self, *words):
        """The reply to a request that no counter of a story shows."""
        self.observed += 1
        try:
            return self.observer.ask(*words)
        except Ended:  # it was idle for too long, like anybody's
            self.observer = self.server.connect()
            return self.observer.ask(*words)

    def look(self):
        """All counters: the server's, without what looking at them adds, and those of
        each provider as NAME.counter and NAME.SYMBOL."""
        counters = read_info(self.observe("INFO", "stats"))
        counters["requests"] -= self.observed
        for name, market in self.providers.items():
            if market.process.poll() is None:
                counts = market.counts()
                counts.update(counts.pop("symbols"))
                counters.update({f"{name}.{key}": value for key, value in counts.items()})
        return counters

    def rebase(self, counters=None):
        """What changes is counted from now on, or from what was seen."""
        self.base = counters or self.look()

    def changes(self, counters):
        """How much counters have changed since, where they have."""
        return {name: value - self.base.get(name, 0) for name, value in counters.items()
                if value != self.base.get(name, 0)}

    def finish(self):
        """End all programs as an operator would, and check how they end."""
        if not self.server:
            raise AssertionError("nothing was asked of the server")
        self.server.finish(self.status)
        for market in self.providers.values():
            market.finish()

    def clear(self):
        """End what is left, and remove all files."""
        for program in [self.server, *self.providers.values()]:
            if program:
                program.kill()
        remove_folder(self.folder)

# SPDX-License-Identifier: Apache-2.0
"""A network of this machine's own, whose cables can be cut.

    with Network(["1", "2", "3"]) as network, network.inside_clients():
        ...                         # all that is started here is among the clients
        with network.inside("2"):   # what is started here is host 2
            ...
        network.cut("2")            # from now on every packet from and to it is lost,
        network.mend("2")           # without a word to anybody

Each host, the clients, and the router between them are network namespaces:

    clients 10.9.0.1 ── router ──┬── host "1" 10.9.1.2
                                 ├── host "2" 10.9.2.2
                                 └── ...

They have no names and are held by processes that end when this one does, however it
ends; then the kernel removes them with all that is in them.  So nothing is left
behind, the machine's own network stays as it is, and tests may run at once.
"""

import contextlib
import ctypes
import os
import subprocess

CLIENTS = "10.9.0.1"
CLONE_NEWNET = 0x40000000


def why_no_network():
    """Why tests with a network of their own must be skipped; None where they need not be."""
    try:
        with Network(["1"]):
            return None
    except OSError as error:
        return f"no network namespaces here: {error}"


def enter(file):
    """Move this thread to a network."""
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.setns(file.fileno(), CLONE_NEWNET) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"setns: {os.strerror(number)}")


class Namespace:
    """One network, for as long as this object is not closed."""

    def __init__(self):
        # It says a byte when it is there, and ends when its input does.
        self._holder = subprocess.Popen(
            ["unshare", "--net", "sh", "-c", "echo && exec cat"], stdin=subprocess.PIPE,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        try:
            if not self._holder.stdout.readline():
                raise OSError(self._holder.stderr.read().strip())
            self.pid = self._holder.pid
            self._file = open(f"/proc/{self.pid}/ns/net", "rb")
        except BaseException:
            self._end_holder()
            raise

    def _end_holder(self):
        self._holder.stdin.close()
        self._holder.wait()
        self._holder.stdout.close()
        self._holder.stderr.close()

    def close(self):
        """Be gone, as soon as nobody is in it any more."""
        self._file.close()
        self._end_holder()

    @contextlib.contextmanager
    def entered(self):
        """This thread, and what it starts, is in this network."""
        with open("/proc/thread-self/ns/net", "rb") as before:
            enter(self._file)
            try:
                yield
            finally:
                enter(before)

    def order(self, *lines):
        """Commands of ip(8)."""
        with self.entered():
            done = subprocess.run(["ip", "-batch", "-"], input="\n".join(lines) + "\n", text=True,
                                  capture_output=True, check=False)
        if done.returncode != 0:
            raise OSError(f"ip: {done.stderr.strip()}")

    def set(self, name, value):
        """A setting of the kernel's for this network."""
        with self.entered(), open(f"/proc/sys/net/ipv4/{name}", "w", encoding="ascii") as file:
            file.write(f"{value}\n")


class Network:
    """The clients, the hosts by name (a number from 1 to 250), and the router."""

    def __init__(self, names):
        self._stack = contextlib.ExitStack()
        try:
            self._router = self._add()
            self._clients = self._add()
            self._hosts = {name: self._add() for name in names}
            self._clients.order("link set lo up", f"address add {CLIENTS}/32 dev lo")
            self._router.set("ip_forward", 1)
            # Answers come back by whichever cable.
            for namespace in (self._router, self._clients):
                for name in ("all", "default"):
                    namespace.set(f"conf/{name}/rp_filter", 0)
            for name in names:
                self._connect(name)
        except BaseException:
            self.close()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Let go of all of it."""
        self._stack.close()

    def _add(self):
        namespace = Namespace()
        self._stack.callback(namespace.close)
        return namespace

    def _connect(self, name):
        """A cable from the clients to the router and one from there to the host, so that
        each can be cut without the others."""
        host = self._hosts[name]
        self._router.order(
            f"link add c{name} type veth peer name c{name} netns {self._clients.pid}",
            f"link add s{name} type veth peer name s{name} netns {host.pid}",
            f"address add 10.8.{name}.1/24 dev c{name}",
            f"address add 10.9.{name}.1/24 dev s{name}",
            f"link set c{name} up", f"link set s{name} up",
            f"route add {CLIENTS} via 10.8.{name}.2 metric {name}")
        self._clients.order(f"address add 10.8.{name}.2/24 dev c{name}", f"link set c{name} up",
                            f"route add 10.9.{name}.0/24 via 10.8.{name}.1 src {CLIENTS}")
        host.order("link set lo up", f"address add {self.address(name)}/24 dev s{name}",
                   f"link set s{name} up", f"route add default via 10.9.{name}.1")

    def address(self, name):
        """The address of a host."""
        return f"10.9.{name}.2"

    def inside_clients(self):
        """This thread, and all that it starts, is among the clients."""
        return self._clients.entered()

    def inside(self, name):
        """The same with a host."""
        return self._hosts[name].entered()

    def cut(self, name):
        """Lose every packet from and to a host."""
        self._forward(name, 0)

    def mend(self, name):
        """Lose no more."""
        self._forward(name, 1)

    def _forward(self, name, value):
        # A router that may not forward what comes in here says nothing to anybody.
        for end in ("c", "s"):
            self._router.set(f"conf/{end}{name}/forwarding", value)

# SPDX-License-Identifier: Apache-2.0
"""Several servers, and a real balancer in front of them by the file that we ship.

    with Market("--step", "0") as market, Fleet(market) as fleet, \\
            Nginx(fleet.addresses) as front:
        with front.connect() as client:
            assert client.ask("HGETALL", "IBM") ...

Each server, and each balancer, has a loopback address of its own, as each would in
a network: so a server that was ended can be started where it was, while nobody
else can have got its port in between, and tests may run at once.
"""

import contextlib
import csv
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
from pathlib import Path

from programs import DEADLINE_S, END_S, SLOWER, TOP, Program, Server, make_folder, \
    remove_folder, wait_until
from wire import Connection, Ended

PORT = 7400
AGENT_PORT = 7409

# A server that was found dead is tried again after at most 5 s.
BACK_S = 20 * SLOWER

NGINX = shutil.which("nginx") or "/usr/sbin/nginx"
NGINX_STREAM = Path("/usr/lib/nginx/modules/ngx_stream_module.so")
HAPROXY = shutil.which("haproxy") or "/usr/sbin/haproxy"


def why_no_nginx():
    """Why tests of nginx must be skipped; None where they need not be."""
    has_all = Path(NGINX).exists() and NGINX_STREAM.exists()
    return None if has_all else "no nginx with its stream module"


def why_no_haproxy():
    """The same of HAProxy."""
    return None if Path(HAPROXY).exists() else "no haproxy"


def choose_network():
    """The first three numbers of loopback addresses that nobody else uses."""
    return f"127.{1 + secrets.randbelow(250)}.{secrets.randbelow(250)}"


def turn_on(text, line):
    """A configuration with a line that it has commented out."""
    found = re.findall(rf"(?m)^( *)#({re.escape(line)})$", text)
    assert len(found) == 1, f"{line} is there {len(found)} times"
    return re.sub(rf"(?m)^( *)#({re.escape(line)})$", r"\1\2", text)


def replace(text, pattern, value):
    """A configuration with one thing of it, by regular expression, replaced."""
    text, count = re.subn(pattern, lambda _: value, text)
    assert count == 1, f"{pattern} is there {count} times"
    return text


class Fleet:
    """Servers "1", "2", ..., that can be ended and started again, each at its address."""

    def __init__(self, market, *settings, count=3):
        self.market = market
        self.settings = settings
        self.servers = {}
        self._network = choose_network()
        self.names = [str(i + 1) for i in range(count)]
        try:
            for name in self.names:
                self.start(name)
        except BaseException:
            self.end(Server.kill)
            raise

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        if kind is not None:
            self.end(Server.kill)
            return
        # All at the same time: some take a while to leave.
        for server in self.servers.values():
            if server.process.poll() is None:
                server.signal(signal.SIGTERM)
        self.end(finish_told)

    def __getitem__(self, name):
        return self.servers[name]

    def address(self, name):
        """Where a server is, or would be."""
        return f"{self._network}.{name}", PORT

    @property
    def addresses(self):
        """Where they all are."""
        return [self.address(name) for name in self.names]

    def start(self, name):
        """Start one that does not run, where it was."""
        host, port = self.address(name)
        self.servers[name] = Server(
            self.market, f"server.listen={host}:{port}", f"server.id={name}",
            f"server.agent_listen={host}:{AGENT_PORT}", *self.settings)

    def kill(self, name):
        """End one without a word; when this returns, its port is closed."""
        self.servers.pop(name).kill()

    def finish(self, name):
        """End one as an operator would, or check how it has ended."""
        self.servers.pop(name).finish()

    @contextlib.contextmanager
    def stopped(self, name):
        """One that does nothing, though its kernel goes on to take connections."""
        server = self.servers[name]
        server.signal(signal.SIGSTOP)
        try:
            # The signal reaches one thread, which then stops the others.
            wait_until(lambda: set(states(server.pid)) == {"T"}, "all threads stand still")
            yield
        finally:
            server.signal(signal.SIGCONT)

    def end(self, how):
        """End all that run, whatever becomes of one."""
        while self.servers:
            server = self.servers.popitem()[1]
            try:
                how(server)
            except BaseException:
                self.end(Server.kill)
                raise


def finish_told(server):
    """Check how one ends that has been told to: told twice, it would do so at once."""
    try:
        server.wait_exit()
    except BaseException:
        server.kill()
        raise
    server.finish()


def states(pid):
    """The state of each thread of a process, a letter: R, S, T..."""
    for task in Path(f"/proc/{pid}/task").iterdir():
        yield (task / "stat").read_text().rsplit(")", 1)[1].split()[0]


class Balancer(Program):
    """A program in front; clients come to `address`.  A subclass says what it is by
    configure() and is_ready()."""

    def __init__(self, path, arguments):
        folder = make_folder(Path(path).name)
        self.address = f"{choose_network()}.100", PORT
        self.file = folder / "configuration"
        try:
            self.file.write_text(self.configure(folder))
        except BaseException:
            remove_folder(folder)
            raise
        super().__init__(path, [*arguments, self.file], folder, self.environment(folder))
        try:
            wait_until(self.passes, self.tail)
            wait_until(self.is_ready, self.describe)
        except BaseException:
            self.kill()
            raise

    def kill(self):
        # It is told first: workers of nginx would outlive a master that is killed.
        if self.process.poll() is None:
            self.signal(signal.SIGTERM)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(END_S)
        super().kill()

    def configure(self, folder):
        """The text of its file; in `folder` is what it writes."""
        raise NotImplementedError

    def environment(self, _folder):
        """What its environment says besides."""
        return {}

    def is_ready(self):
        """Whether it knows all that it needs to know of the servers."""
        return True

    def describe(self):
        """Its state, for the text of a failure."""
        return self.tail()

    def connect(self):
        """A new connection of a client's."""
        return Connection(self.address)

    def ask_who(self):
        """The name of the server that a new connection is given to."""
        with self.connect() as client:
            return ask_who(client)

    def check_runs(self):
        """It must not have ended."""
        assert self.process.poll() is None, self.tail()

    def passes(self):
        """Whether it takes a connection and a server answers."""
        self.check_runs()
        try:
            with self.connect() as client:
                return client.ask("PING") == "PONG"
        except ConnectionRefusedError:
            return False


def ask_who(client):
    """The name of the server that answers on a connection."""
    reply = client.ask("HGETALL", "IBM")
    assert isinstance(reply, list), reply
    return dict(zip(reply[::2], reply[1::2]))["server"]


def hold_to(front, name):
    """A connection that the balancer has given to a server of that name."""
    tried = []
    try:
        def find():
            tried.append(front.connect())
            return tried[-1] if ask_who(tried[-1]) == name else None

        return wait_until(find, f"a connection to server {name}")
    finally:
        for one in tried[:-1]:
            one.close()


def ask_again(front, client):
    """As a client that connects again, once, when its connection ends; the reply's
    server, and the connection that it came by."""
    try:
        return ask_who(client), client
    except (Ended, ConnectionError):
        client.close()
        client = front.connect()
        return ask_who(client), client


class Nginx(Balancer):
    """nginx by deploy/nginx/nginx.conf, with other addresses and folders, and with the
    lines `on`, which that file has commented out."""

    def __init__(self, addresses, *on):
        self._addresses = addresses
        self._on = on
        super().__init__(NGINX, ["-g", "daemon off;", "-c"])
        self.access_log = self.folder / "quoted.log"

    def configure(self, folder):
        text = (TOP / "deploy/nginx/nginx.conf").read_text()
        line = re.search(r"(?m)^ *server 127\.0\.0\.1:7401(.*);\n", text)
        servers = "".join(f"        server {host}:{port}{line.group(1)};\n"
                          for host, port in self._addresses)
        text = replace(text, r"(?m)(^ *server 127\.0\.0\.1:740\d.*;\n)+", servers)
        text = replace(text, r"listen 7400\b", "listen {}:{}".format(*self.address))
        text = replace(text, r"/run/nginx\.pid", str(folder / "pid"))
        for line in self._on:
            text = turn_on(text, line)
        return text.replace("/var/log/nginx/", f"{folder}/")


class Balance(Balancer):
    """nginx as its container runs it, by deploy/nginx/balance, with the folders of here,
    and a look-up of names that answers what answer() was told last."""

    def __init__(self, *addresses, **more_environment):
        self._more = more_environment
        self._first = addresses
        self._is_known = False
        super().__init__(TOP / "deploy/nginx/balance", [])

    def configure(self, folder):
        self._answers = folder / "answers"
        self._look_ups = folder / "look-ups"
        self.answer(*self._first)
        getent = folder / "getent"
        getent.write_text(f"#!/bin/sh\n"
                          f"echo $2 >>{self._look_ups}\n"
                          f"exec sed 's/$/ STREAM /' {self._answers}\n")
        getent.chmod(0o755)
        text = (TOP / "deploy/nginx/nginx.conf").read_text()
        return replace(text, r"listen 7400\b", "listen {}:{}".format(*self.address))

    def environment(self, folder):
        return {"PATH": f"{folder}:{Path(NGINX).parent}:{os.environ['PATH']}",
                "TEMPLATE": f"{folder}/configuration", "RUN": f"{folder}/run", **self._more}

    def passes(self):
        try:
            return super().passes()
        except Ended:
            return not self._is_known  # it listens, and has nobody to ask

    def answer(self, *hosts):
        """From now on the name has these addresses; without any, it can't be looked up."""
        with tempfile.NamedTemporaryFile("w", dir=self._answers.parent, delete=False) as file:
            file.writelines(f"{host}\n" for host in hosts)
        os.replace(file.name, self._answers)
        self._is_known = self._is_known or bool(hosts)
        if not hosts:
            self._answers.unlink()

    def wait_look_ups(self, count):
        """Wait until it has looked so many times more, and acted on all but the last."""
        before = self.look_ups
        wait_until(lambda: self.look_ups >= before + count, self.tail)

    @property
    def look_ups(self):
        """How often it has looked the name up."""
        return len(self._look_ups.read_text().splitlines())

    @property
    def listed(self):
        """The addresses that nginx has."""
        text = (self.folder / "run/servers").read_text()
        return re.findall(r"(?m)^server ([^ ]+):\d+ (?!down)", text)


class Haproxy(Balancer):
    """HAProxy by deploy/haproxy/haproxy.cfg, in the same way.  Every server has been
    found well, and has told its weight, when this is ready."""

    def __init__(self, addresses, *on, balance="roundrobin"):
        self._addresses = addresses
        self._on = on
        self._balance = balance
        super().__init__(HAPROXY, ["-db", "-f"])

    def finish(self, expected=-signal.SIGTERM):
        super().finish(expected)  # it ends by the signal itself

    def is_ready(self):
        return all(row["status"] == "UP" and row["agent_status"] == "L7OK"
                   for row in self.rows().values())

    def configure(self, folder):
        self.control = str(folder / "control")
        text = (TOP / "deploy/haproxy/haproxy.cfg").read_text()
        if self._balance != "roundrobin":
            text = turn_on(text, f"balance {self._balance}")
            text = replace(text, r"(?m)^ *balance roundrobin\n", "")
        for i, (host, port) in enumerate(self._addresses, 1):
            text = replace(text, rf"127\.0\.0\.1:740{i} agent-port 741{i}\b",
                           f"{host}:{port} agent-port {AGENT_PORT}")
        text = replace(text, r"bind :7400\b", "bind {}:{}".format(*self.address))
        text = replace(text, r"/run/haproxy/admin\.sock", self.control)
        # A sanitizer's build may be slower than what a server in use may be.
        text = replace(text, r"timeout check 250ms", f"timeout check {int(250 * SLOWER)}ms")
        if os.geteuid() != 0:
            text = re.sub(r"(?m)^( *)(user|group) haproxy$", r"\1#\2 haproxy", text)
        for line in self._on:
            text = turn_on(text, line)
        return text

    def order(self, command):
        """What it answers to a command on its control socket."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as control:
            control.settimeout(DEADLINE_S)
            control.connect(self.control)
            control.sendall(command.encode() + b"\n")
            return b"".join(iter(lambda: control.recv(1 << 16), b"")).decode()

    def rows(self):
        """What it thinks of each server, by its name here: "1", "2", ..."""
        rows = csv.DictReader(self.order("show stat").removeprefix("# ").splitlines())
        servers = [row for row in rows if row["svname"] not in ("FRONTEND", "BACKEND")]
        return {str(i): row for i, row in enumerate(servers, 1)}

    def describe(self):
        self.check_runs()
        shown = ("status", "weight", "check_status", "agent_status", "last_chk", "last_agt")
        return "\n".join(f"    {name}: " + " ".join(f"{key}={row[key]}" for key in shown)
                         for name, row in self.rows().items())

    def wait_status(self, name, status, deadline_s=DEADLINE_S):
        """Wait until it says of a server "UP", "DOWN", "DRAIN"..."""
        wait_until(lambda: self.rows()[name]["status"].startswith(status), self.describe,
                   deadline_s)

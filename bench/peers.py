# SPDX-License-Identifier: Apache-2.0
"""The servers that are compared, each started as a user would for this work, with
one worker where it has workers, and without a disk.

    with Redis() as redis, Quoted(market) as quoted:
        redis.port, quoted.pids()

Each is a Program (tests/testing/programs.py) with `port`, `pids()` (its processes:
some come and go) and `version`.  What a server needs of its own is in a temporary
folder, which goes with it.
"""
import platform
import shutil
import socket
import sys
from pathlib import Path

import machine
import rpyc
from programs import Market, Program, Server, make_folder, wait_until
from side import family, free_port

# A port that was free may be taken by another before the server is there.
TRIES = 5


def missing(*names):
    """Those of the programs that are not installed."""
    return [name for name in names if shutil.which(name) is None and not Path(name).exists()]


class Peer(Program):
    """A server of others, on a port that was free a moment ago."""

    name = ""
    path = ""
    asks_version = ("--version",)
    # What it says when it is ready; where it says nothing, it is tried.
    ready = None

    def __init__(self, *more):
        for attempt in range(TRIES):
            self.port = free_port()
            folder = make_folder(self.name.split()[0])
            try:
                super().__init__(self.path, [*self.arguments(folder), *map(str, more)], folder)
                self.wait_ready()
                return
            except AssertionError:
                self.kill()
                if attempt == TRIES - 1:
                    raise

    def arguments(self, folder):
        """The command line behind the program."""
        raise NotImplementedError

    def wait_ready(self):
        """Wait until it says so, as far as it does, and can be connected to."""
        if self.ready:
            match = self.wait_line(self.ready)
            self.port = int(match.group(1)) if match.groups() else self.port
        wait_until(lambda: self.process.poll() is not None or self.accepts(),
                   f"{self.path} to listen")
        assert self.process.poll() is None, self.tail()

    def accepts(self):
        """Whether somebody listens."""
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def pids(self):
        """Its processes."""
        return family(self.pid)

    def finish(self, expected=0):
        """How a peer ends is not ours to judge."""
        self.process.terminate()
        try:
            self.wait_exit()
        finally:
            self.kill()

    @classmethod
    def version(cls):
        """As people call it: "Redis 7.0.15"."""
        return f"{cls.name} {machine.version_of(cls.path, *cls.asks_version)}"


class Redis(Peer):
    """Redis as it is by default."""

    name = "Redis"
    path = "/usr/bin/redis-server"
    ready = "Ready to accept connections"

    def arguments(self, folder):
        return ["--bind", "127.0.0.1", "--port", str(self.port), "--save", "",
                "--appendonly", "no", "--dir", folder, "--maxclients", "15000"]


class Memcached(Peer):
    """memcached with one thread that answers."""

    name = "memcached"
    path = "/usr/bin/memcached"

    def arguments(self, folder):
        return ["-l", "127.0.0.1", "-p", str(self.port), "-U", "0", "-t", "1", "-m", "1024",
                "-c", "15000", "-u", "root"]


NGINX = """
user root;
daemon off;
worker_processes 1;
error_log {folder}/error.log warn;
pid {folder}/pid;
worker_rlimit_nofile 20000;
events {{ worker_connections 15000; }}
http {{
    access_log off;
    keepalive_requests 1000000000;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    proxy_cache_path {folder}/cache keys_zone=quotes:1m;
    default_type application/json;
    server {{
        listen 127.0.0.1:{port};
        location /v1/ {{
            proxy_pass http://127.0.0.1:{back};
            proxy_cache quotes;
            proxy_cache_valid 200 1d;
            proxy_ignore_headers Cache-Control Expires;
        }}
        location /return/ {{
            return 200 '{body}';
        }}
    }}
    # What a cache is in front of; asked once for each path.
    server {{
        listen 127.0.0.1:{back};
        location / {{
            return 200 '{body}';
        }}
    }}
}}
"""


class Nginx(Peer):
    """nginx with one body: below /v1/ in its cache, below /return/ in its
    configuration; `back` is the port of the server that is behind its cache."""

    name = "nginx"
    path = "/usr/sbin/nginx"
    asks_version = ("-v",)

    def __init__(self, body):
        self.body = body
        super().__init__()

    def arguments(self, folder):
        self.back = free_port()
        (folder / "nginx.conf").write_text(NGINX.format(
            folder=folder, port=self.port, back=self.back, body=self.body))
        return ["-c", folder / "nginx.conf", "-e", folder / "start.log"]


VCL = """
vcl 4.1;
backend default {{ .host = "127.0.0.1"; .port = "{back}"; }}
sub vcl_backend_response {{ set beresp.ttl = 1d; }}
"""


class Varnish(Peer):
    """Varnish as it is by default, in front of a server at port `back`; it has a thread
    a connection."""

    name = "Varnish"
    path = "/usr/sbin/varnishd"
    asks_version = ("-V",)

    def __init__(self, back):
        self.back = back
        super().__init__()

    def arguments(self, folder):
        (folder / "quotes.vcl").write_text(VCL.format(back=self.back))
        return ["-F", "-j", "none", "-a", f"127.0.0.1:{self.port}", "-f", folder / "quotes.vcl",
                "-n", folder / "work", "-s", "malloc,64m", "-T", "none",
                "-p", "vcc_allow_inline_c=off"]


class Floor(Peer):
    """A bare epoll echo (bench/floor.c): an answer for so many bytes, whatever they are."""

    name = "echo"
    path = "bench/floor"
    ready = r"^port (\d+)"

    def __init__(self, request, reply, *more):
        super().__init__(len(request), reply, *more)

    def arguments(self, folder):
        return []


class PythonServer(Peer):
    """Python's own RPyC server (bench/rpyc_server.py) with these prices."""

    name = "ThreadedServer"
    path = sys.executable
    ready = r"^port (\d+)"

    @classmethod
    def version(cls):
        return f"rpyc {rpyc.__version__} on Python {platform.python_version()}"

    def __init__(self, prices):
        super().__init__(*(f"{name}={text}" for name, text in prices.items()))

    def arguments(self, folder):
        return [Path(__file__).parent / "rpyc_server.py"]


class Quoted(Server):
    """quoted with one worker, unless it is told otherwise."""

    name = "quoted"

    def __init__(self, market, *settings):
        super().__init__(market, "server.workers=1", "log.level=info", "cache.fresh_for=1d",
                         "limits.connections=15000", *settings)
        self.port = self.address[1]

    def pids(self):
        """Its one process."""
        return [self.pid]


# Those of others, in the order in which they are named.
PEERS = [Redis, Memcached, Nginx, Varnish, PythonServer]


def market():
    """A provider that has every symbol, each at a price that stays."""
    return Market("--invent", "--step", "0")

# SPDX-License-Identifier: Apache-2.0
"""quoted from outside: its command line, its addresses, its key, its service manager.

Claims: what is wrong with a setting is said with its place, what was found and what
is allowed, and nothing is started; the server listens wherever it is told to, starts
without provider and network, and tells systemd what it does; the provider's key is
taken from where it may be put, and seen nowhere.

Run: QUOTED_BUILD=build /usr/bin/python3 -m pytest tests/peers/server_test.py
"""

import fcntl
import os
import re
import shutil
import signal
import socket
import stat
import subprocess
import time

import pytest

from programs import DEADLINE_S, Market, Program, Server, environment, make_folder, program
from wire import Connection

ANYWHERE = ("--set", "server.listen=127.0.0.1:0")
ANYBODY = ("--set", "providers.0.name=market")


def run(*words, **variables):
    """Run quoted to its end; returns (status, standard output, standard error)."""
    done = subprocess.run([program("src/quoted"), *map(str, words)], capture_output=True, text=True,
                          env=environment(variables), timeout=60, check=False)
    return done.returncode, done.stdout, done.stderr


# --- The command line -------------------------------------------------------------

@pytest.mark.parametrize("word", ["--help", "-h"])
def test_help_is_said_on_standard_output(word):
    status, out, err = run(word)
    assert (status, err) == (0, "")
    for option in ("--config", "--set", "--check-config", "--print-config", "--version", "--help"):
        assert option in out
    assert all(len(line) < 80 for line in out.splitlines())


@pytest.mark.parametrize("word", ["--version", "-V"])
def test_version_is_one_line(word):
    status, out, err = run(word)
    assert (status, err) == (0, "")
    assert re.fullmatch(r"quoted \d+\.\d+\.\d+\n", out)


@pytest.mark.parametrize("words", [
    ["--nonsense"], ["-x"], ["serve"], ["--set"], ["--config"], ["--check-config=yes"]],
    ids=" ".join)
def test_wrong_use_ends_with_2_and_points_to_the_help(words):
    status, out, err = run(*words)
    assert (status, out) == (2, "")
    assert "quoted --help" in err


def test_a_good_configuration_is_called_good_and_nothing_is_started():
    status, out, err = run(*ANYBODY, "--check-config")
    assert (status, out, err) == (0, "the configuration is good\n", "")


def test_check_config_opens_what_the_settings_name(tmp_path):
    names = tmp_path / "names.csv"
    names.write_text("symbol,name\nIBM\n")
    status, _, err = run(*ANYBODY, "--set", f"names={names}", "--check-config")
    assert status == 1 and f"{names}:2: " in err
    status, _, err = run(*ANYBODY, "--set", f"providers.0.key_file={tmp_path}/no", "--check-config")
    assert status == 1 and f"{tmp_path}/no: " in err


FULL = """\
server:
  id: "a: b #c"
  listen:
    - 127.0.0.1:0
    - "unix:/tmp/some where"
cache:
  fresh_for: 90s
  symbols_max: 1000
limits:
  request_bytes: 1MiB
log:
  format: json
providers:
  - name: market
    url: http://127.0.0.1:7401
    timeout: 250ms
  - name: alphavantage
    key_file: /nowhere/key
"""


@pytest.mark.parametrize("text", ["", FULL], ids=["defaults", "all kinds"])
def test_printed_settings_load_as_the_same(tmp_path, text):
    first, second = tmp_path / "first.yaml", tmp_path / "second.yaml"
    first.write_text(text)
    status, printed, err = run("--config", first, "--print-config")
    assert (status, err) == (0, "")
    second.write_text(printed)
    assert run("--config", second, "--print-config") == (0, printed, "")
    if text:
        for value in ("a: b #c", "unix:/tmp/some where", "250ms", "/nowhere/key", "1MiB"):
            assert value in printed


@pytest.mark.parametrize("text, place, key, found, allowed", [
    ("cache:\n  fresh_for: 30\n", 2, "cache.fresh_for", '"30"', "100ms to 7d"),
    ("cache:\n  fresh_for: 9d\n", 2, "cache.fresh_for", '"9d"', "100ms to 7d"),
    ("server:\n\n  workers: many\n", 3, "server.workers", '"many"', "0 to"),
    ("server:\n  workers: [1]\n", 2, "server.workers", "a list", "0 to"),
    ("log:\n  level: loud\n", 2, "log.level", '"loud"', "debug, info, warning or error"),
    ("limits:\n  request_bytes: 1KB\n", 2, "limits.request_bytes", '"1KB"', "1KiB to 16MiB"),
    ("server:\n  listen: here\n", 2, "server.listen", '"here"', "host:port"),
    ("providers:\n  - name: market\n    url: me\n", 3, "providers.0.url", "another form", "http"),
    ("cache: 5\n", 1, "cache", '"5"', ""),
], ids=lambda value: value.split("\n")[-2].strip() if "\n" in str(value) else "")
def test_a_wrong_value_is_told_with_file_line_what_was_found_and_what_is_allowed(
        tmp_path, text, place, key, found, allowed):
    path = tmp_path / "quoted.yaml"
    path.write_text(text)
    for mode in ([], ["--check-config"], ["--print-config"]):
        status, out, err = run(*mode, "--config", path, *ANYWHERE)
        assert (status, out) == (1, "")
        assert err.startswith(f"quoted: {path}:{place}: {key}: found {found}; allowed: "), err
        assert allowed in err and err.count("\n") == 1


@pytest.mark.parametrize("text, place, expected", [
    ("cache:\n  fresh_fro: 1s\n", 2, "no such setting; did you mean cache.fresh_for?"),
    ("cash:\n  a: 1\n", 1, "cash"),
    ("cache:\n  fresh_for: 1s\n  fresh_for: 2s\n", 3, '"fresh_for" stands here and in line 2'),
    ("cache: {fresh_for: 1s\n", 2, "not YAML"),
    ("\tcache:\n", 1, "not YAML"),
    ("providers:\n  - url: http://127.0.0.1:1\n", 2, "providers.0"),
], ids=["misspelt", "section", "twice", "brace", "tab", "nameless"])
def test_what_is_no_setting_is_told_with_file_and_line(tmp_path, text, place, expected):
    path = tmp_path / "quoted.yaml"
    path.write_text(text)
    status, out, err = run("--config", path, "--check-config")
    assert (status, out) == (1, "")
    assert err.startswith(f"quoted: {path}:{place}") and expected in err, err


@pytest.mark.parametrize("words, variables, expected", [
    (["--set", "cache.fresh_for=1y"], {}, '--set cache.fresh_for: found "1y"; allowed: 100ms to'),
    (["--set", "cache.fresh_for"], {}, "--set cache.fresh_for: found no value"),
    (["--set", "no.such=1"], {}, "--set no.such: no such setting"),
    ([], {"QUOTED_CACHE_FRESH_FOR": "1"}, 'environment QUOTED_CACHE_FRESH_FOR: found "1"; allowed'),
    ([], {"QUOTED_CACHE_FRESH": "1s"}, "environment QUOTED_CACHE_FRESH: no such setting"),
    (["--config", "/no/such/file"], {}, "/no/such/file: No such file or directory"),
    (["--config", "/"], {}, "/: "),
])
def test_a_wrong_setting_from_elsewhere_is_told_with_its_place(words, variables, expected):
    status, out, err = run(*ANYBODY, *words, "--check-config", **variables)
    assert (status, out) == (1, "")
    assert err.startswith(f"quoted: {expected}"), err


def test_each_source_wins_over_the_one_before(tmp_path):
    path = tmp_path / "quoted.yaml"
    with Market() as market:
        path.write_text(f"server:\n  listen: 127.0.0.1:0\nproviders:\n  - name: market\n"
                        f"    url: {market.url}\n"
                        "cache: {fresh_for: 10s, stale_for: 10m, unknown_for: 10m}\n")
        flags = ["--config", path, "--set", "cache.unknown_for=30m"]
        variables = {"QUOTED_CACHE_STALE_FOR": "20m", "QUOTED_CACHE_UNKNOWN_FOR": "20m",
                     "QUOTED_MARKET_KEY": market.key}
        with Program("src/quoted", flags, make_folder("quoted"), variables) as server:
            port = server.wait_line(r"listening address=127.0.0.1:(\d+)").group(1)
            with Connection(("127.0.0.1", int(port))) as client:
                pairs = client.ask("CONFIG", "GET", "cache.*_for")
                assert dict(zip(pairs[::2], pairs[1::2])) == {
                    "cache.fresh_for": "10s", "cache.stale_for": "20m", "cache.unknown_for": "30m"}
                assert client.ask("GET", "IBM") == "137.16"


# --- Starting ---------------------------------------------------------------------

def test_without_a_provider_it_does_not_start_and_says_the_two_ways_on():
    status, out, err = run(*ANYWHERE)
    assert (status, out) == (1, "")
    for part in ("no provider is configured", "https://www.alphavantage.co/support/#api-key",
                 "QUOTED_ALPHAVANTAGE_KEY_FILE=", "quoted-market --listen ",
                 "--set providers.0.name=market"):
        assert part in err
    # What it says works: the second way, word for word but for the port.
    way = re.search(r"^ +quoted (--set .*)$", err, re.M).group(1).split()
    with Market() as market:
        way[-1] = way[-1].replace("http://127.0.0.1:7401", market.url)
        assert run(*way, "--check-config")[0] == 0


@pytest.mark.parametrize("workers", [1, 3])
def test_a_port_in_use_is_named_with_what_to_do(workers):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        address = "127.0.0.1:%d" % taken.getsockname()[1]
        status, out, err = run(*ANYBODY, "--set", f"server.listen={address}",
                               "--set", f"server.workers={workers}")
        assert (status, out) == (1, "")
        assert f"'{address}': Address already in use; " in err and "--set server.listen=" in err
        assert "msg=" not in err, "nothing was started"


def test_an_address_that_fails_ends_the_start_with_those_before_it_closed(tmp_path):
    path = tmp_path / "socket"
    status, _, err = run(*ANYBODY, "--set", f"server.listen=unix:{path},192.0.2.1:7400")
    assert status == 1 and "'192.0.2.1:7400': Cannot assign requested address" in err


def start_with_files(files):
    """Start with so many open files allowed, and end it where it starts; returns
    (status, all that it said)."""
    with subprocess.Popen(
            ["prlimit", f"--nofile={files}:{files}", program("src/quoted"), *ANYWHERE, *ANYBODY,
             "--set", "server.workers=2", "--set", "server.agent_listen=127.0.0.1:0"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env=environment()) as process:
        said = ""
        for line in process.stdout:
            said += line
            if "msg=ready" in line:
                process.send_signal(signal.SIGTERM)
        return process.wait(DEADLINE_S), said


def test_too_few_open_files_stop_the_start_with_what_to_do():
    # With fewer a program can't even be loaded under every sanitizer.
    for files in range(8, 100):
        status, said = start_with_files(files)
        if "msg=ready" in said:
            assert status == 0 and files > 12, said
            return
        assert status == 1, said
        error = said.splitlines()[-1]
        assert re.match("quoted: .*(Too many open files|can't be started)", error), said
        assert "ulimit -n" in error and "server.workers" in error, error
    pytest.fail("100 open files are too few")


def test_the_first_answer_comes_soon_after_the_start():
    began = time.monotonic()
    with Program("src/quoted", [*ANYBODY, *ANYWHERE], make_folder("quoted")) as server:
        port = server.wait_line(r"listening address=127\.0\.0\.1:(\d+)").group(1)
        with Connection(("127.0.0.1", int(port))) as client:
            assert client.ask("PING") == "PONG"
        # Shown, not judged: a test does not know what else the machine does.
        print(f"from the start to the first answer: {(time.monotonic() - began) * 1000:.0f} ms")


def closed_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_it_starts_with_a_provider_that_is_not_there():
    url = f"http://127.0.0.1:{closed_port()}"
    with Server(None, "providers.0.name=market", f"providers.0.url={url}") as server, \
            server.connect() as client:
        assert client.ask("PING") == "PONG"
        assert client.ask("GET", "IBM").startswith("UPSTREAM IBM: market: ")


@pytest.mark.skipif(subprocess.run(["unshare", "-rn", "true"], capture_output=True,
                                   check=False).returncode != 0,
                    reason="a network namespace can't be made here")
def test_it_starts_without_any_network(tmp_path):
    path = tmp_path / "socket"
    words = ["-rn", program("src/quoted"), "--set", f"server.listen=unix:{path}"]
    variables = {"QUOTED_ALPHAVANTAGE_KEY": "some-key-of-nobody"}
    with Program(shutil.which("unshare"), words, make_folder("quoted"), variables) as server:
        server.secrets = list(variables.values())
        server.wait_line("msg=ready")
        with Connection(str(path)) as client:
            assert client.ask("PING") == "PONG"
            assert client.ask("GET", "IBM").startswith("UPSTREAM IBM: alphavantage: ")


# --- Addresses --------------------------------------------------------------------

def test_it_listens_on_a_unix_socket(tmp_path):
    path = tmp_path / "socket"
    with Market() as market:
        for _ in range(2):  # the second time in place of what the first left, if any
            with Server(market, f"server.listen=unix:{path}") as server:
                assert server.address == str(path)
                assert stat.S_ISSOCK(os.stat(path).st_mode)
                with server.connect() as client, server.connect() as other:
                    assert client.ask("GET", "IBM") == "137.16"
                    assert "addr=unix" in other.ask("CLIENT", "LIST")


def test_a_dead_servers_unix_socket_is_replaced_and_a_living_ones_is_not(tmp_path):
    path = tmp_path / "socket"
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(path))  # closed without having been removed
    with Market() as market, Server(market, f"server.listen=unix:{path}") as server:
        status, _, err = run(*ANYBODY, "--set", f"server.listen=unix:{path}")
        assert status == 1 and f"'unix:{path}': Address already in use" in err
        with server.connect() as client:
            assert client.ask("PING") == "PONG"


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
        return True
    except OSError:
        return False


@pytest.mark.skipif(not has_ipv6(), reason="there is no IPv6 here")
@pytest.mark.parametrize("host, peers", [("[::1]", ["::1"]), ("*", ["::1", "127.0.0.1"])])
def test_it_listens_on_ipv6(host, peers):
    with Market() as market, Server(market, f"server.listen={host}:0") as server:
        for peer in peers:
            with socket.create_connection((peer, server.address[1]), DEADLINE_S) as client:
                client.sendall(b"GET IBM\r\n")
                assert client.makefile("rb").read(12) == b"$6\r\n137.16\r\n"


@pytest.mark.parametrize("workers", [1, 2, 4])
def test_it_listens_on_several_addresses_at_once(tmp_path, workers):
    path = tmp_path / "socket"
    with Market() as market, \
            Server(market, f"server.listen=127.0.0.1:0,unix:{path},127.0.0.1:0",
                   f"server.workers={workers}") as server:
        assert len(server.addresses) == 3 and server.addresses[1] == str(path)
        assert server.addresses[0] != server.addresses[2]
        for address in server.addresses * 4:
            with server.connect(address) as client:
                assert client.ask("GET", "IBM") == "137.16"
        assert market.calls("IBM") == 1, "one cache for all"


# --- The key ----------------------------------------------------------------------

def key_in_the_file_of_the_settings(key, path):
    path.write_text(key)
    return ["--set", f"providers.0.key_file={path}"], {}


def key_in_a_file_of_the_environment(key, path):
    path.write_text(f"  {key}\n")
    return [], {"QUOTED_MARKET_KEY_FILE": str(path)}


def key_in_the_environment(key, _path):
    return [], {"QUOTED_MARKET_KEY": key}


@pytest.mark.parametrize("place", [key_in_the_file_of_the_settings,
                                   key_in_a_file_of_the_environment, key_in_the_environment])
def test_the_key_is_used_and_shown_nowhere(tmp_path, place):
    with Market() as market:
        more, variables = place(market.key, tmp_path / "key")
        settings = [*ANYWHERE, *ANYBODY, "--set", f"providers.0.url={market.url}", *more,
                    "--set", "log.level=debug"]
        said = "".join(str(run(*settings, mode, **variables))
                       for mode in ("--print-config", "--check-config"))
        server = Program("src/quoted", settings, make_folder("quoted"), variables)
        server.secrets = [market.key]  # looked for in the log at the end
        with server:
            port = server.wait_line(r"listening address=127\.0\.0\.1:(\d+)").group(1)
            with Connection(("127.0.0.1", int(port))) as client:
                assert client.ask("GET", "IBM") == "137.16", "the market takes this key only"
                # The provider says the key in its own words; the server must not.
                market.answer_next("DIS", {"class": "bad_key"})
                for words in (["GET", "DIS"], ["GET", "NOSUCH"], ["CONFIG", "GET", "*"], ["INFO"],
                              ["COMMAND"], ["CLIENT", "LIST"], ["HGETALL", "IBM"]):
                    said += str(client.ask(*words))
            for name in ("cmdline", "comm", "status"):
                with open(f"/proc/{server.pid}/{name}", "rb") as file:
                    said += file.read().decode("utf-8", "replace")
        assert market.key not in said


def test_a_key_that_is_wrong_is_an_error_of_the_provider(tmp_path):
    path = tmp_path / "key"
    path.write_text("not-the-key")
    with Market() as market, \
            Server(market, f"providers.0.key_file={path}") as server, server.connect() as client:
        server.secrets.append("not-the-key")
        reply = client.ask("GET", "IBM")
        assert reply.startswith("UPSTREAM IBM: market: "), reply


@pytest.mark.parametrize("text", ["", "\n \n", "two\nlines", "k" * 300, "a\x01b"],
                         ids=["empty", "blank", "lines", "long", "control"])
def test_a_file_that_holds_no_key_stops_the_start_without_being_shown(tmp_path, text):
    path = tmp_path / "key"
    path.write_text(text)
    status, out, err = run(*ANYBODY, *ANYWHERE, "--set", f"providers.0.key_file={path}")
    assert (status, out) == (1, "")
    assert str(path) in err
    assert not text.strip() or text.strip() not in err


# --- systemd ----------------------------------------------------------------------

class Manager:
    """What a service manager hears at $NOTIFY_SOCKET; an abstract name begins with @."""

    def __init__(self, name):
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.settimeout(DEADLINE_S)
        self.socket.bind(name.replace("@", "\0", 1))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()

    def receive(self):
        """The next datagram as a dict."""
        lines = self.socket.recv(4096).decode().splitlines()
        return dict(line.split("=", 1) for line in lines)


@pytest.mark.parametrize("kind", ["path", "abstract"])
def test_the_service_manager_is_told_of_start_reload_and_stop(tmp_path, kind):
    name = str(tmp_path / "notify") if kind == "path" else f"@quoted-{os.urandom(8).hex()}"
    config = tmp_path / "quoted.yaml"
    with Manager(name) as manager, Market() as market:
        def write(more):
            config.write_text(f"server:\n  listen: 127.0.0.1:0\nproviders:\n  - name: market\n"
                              f"    url: {market.url}\n{more}")

        write("")
        server = Program("src/quoted", ["--config", config], make_folder("quoted"),
                         {"NOTIFY_SOCKET": name, "QUOTED_MARKET_KEY": market.key})
        with server:
            assert manager.receive()["READY"] == "1"
            # A file that is refused ends the reload as well.
            for more, outcome in (("cache:\n  fresh_for: 5s\n", "configuration loaded again"),
                                  ("cash:\n", "configuration refused")):
                write(more)
                before_us = time.monotonic_ns() // 1000
                server.signal(signal.SIGHUP)
                reloading = manager.receive()
                assert reloading["RELOADING"] == "1"
                assert before_us <= int(reloading["MONOTONIC_USEC"]) <= time.monotonic_ns() // 1000
                assert manager.receive()["READY"] == "1"
                server.wait_line(outcome)
            server.signal(signal.SIGTERM)
            assert manager.receive()["STOPPING"] == "1"
            assert server.wait_exit() == 0


def test_the_service_managers_watchdog_is_fed(tmp_path):
    name = str(tmp_path / "notify")
    with Manager(name) as manager:
        with Program("src/quoted", [*ANYBODY, *ANYWHERE], make_folder("quoted"),
                     {"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "400000"}) as server:
            said = [manager.receive() for _ in range(4)]
            assert sum("WATCHDOG" in one for one in said) >= 3
            server.wait_line("msg=ready")


def test_the_watchdog_of_another_process_is_not_ours(tmp_path):
    name = str(tmp_path / "notify")
    with Manager(name) as manager:
        with Program("src/quoted", [*ANYBODY, *ANYWHERE], make_folder("quoted"),
                     {"NOTIFY_SOCKET": name, "WATCHDOG_USEC": "1000",
                      "WATCHDOG_PID": "1"}) as server:
            assert manager.receive()["READY"] == "1"
            server.signal(signal.SIGTERM)
            assert manager.receive()["STOPPING"] == "1"


class Activated(Program):
    """quoted as a service manager starts it that listens for it: with the sockets as
    descriptors 3 and up, and told so."""

    def __init__(self, sockets, *flags):
        self.sockets = sockets
        super().__init__("src/quoted", flags, make_folder("quoted"))

    def _start(self, command, more_environment):
        """The process has to know its own number: a shell tells it, and becomes it."""
        moves = " ".join(f"{3 + n}<&{one.fileno()}" for n, one in enumerate(self.sockets))
        script = (f'exec {moves}; LISTEN_PID=$$ LISTEN_FDS={len(self.sockets)} exec "$@"')
        return subprocess.Popen(
            ["bash", "-c", script, "bash", *command], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env=environment(more_environment),
            pass_fds=[one.fileno() for one in self.sockets])


def listening_sockets(tmp_path):
    tcp = socket.create_server(("127.0.0.1", 0))
    unix = socket.socket(socket.AF_UNIX)
    unix.bind(str(tmp_path / "socket"))
    unix.listen()
    # Out of the way of the numbers that they are passed as.
    return [socket.socket(fileno=fcntl.fcntl(one.detach(), fcntl.F_DUPFD, 50))
            for one in (tcp, unix)]


def test_passed_sockets_take_the_place_of_the_addresses(tmp_path):
    sockets = listening_sockets(tmp_path)
    where = [one.getsockname() for one in sockets]
    with Activated(sockets, *ANYBODY, "--set", "server.listen=256.0.0.1:1",
                   "--set", "server.workers=3") as server:
        server.wait_line("msg=ready")
        for one in sockets:
            one.close()
        for address in where:
            for _ in range(10):
                with Connection(address) as client:
                    assert client.ask("PING") == "PONG"


def test_passed_descriptor_that_does_not_listen_stops_the_start():
    one = socket.socket()
    with one:
        moved = socket.socket(fileno=fcntl.fcntl(one.detach(), fcntl.F_DUPFD, 50))
        server = Activated([moved], *ANYBODY)
        server.wait_line("descriptor 3, passed by the service manager, is no listening")
        assert server.wait_exit() == 1  # by itself: told to, it would end otherwise
        server.finish(1)


@pytest.mark.parametrize("name", ["", "/no/such/folder/socket", "relative", "@", "x" * 200])
def test_a_service_manager_that_is_not_there_is_no_matter(name):
    with Program("src/quoted", [*ANYBODY, *ANYWHERE], make_folder("quoted"),
                 {"NOTIFY_SOCKET": name}) as server:
        server.wait_line("msg=ready")

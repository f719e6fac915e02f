# SPDX-License-Identifier: Apache-2.0
"""libquoted with several servers: which is asked, who is left, who gets back.

Claims: each rule of --balance spreads requests as it says; a server that is killed,
stopped or cut off costs no request while another is left, and gets its share back by
itself; silence is told from waiting, so that nothing is asked of the provider twice;
and a name is what the name server says it is.

Fakes show what a server can't be made to do; the rest runs on real ones.

Run: QUOTED_BUILD=build /usr/bin/python3 -m pytest tests/peers/libquoted_test.py
"""

import collections
import contextlib
import re
import select
import subprocess
import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from balancer import Fleet, choose_network
from fake_resp import FakeServer, Hang, Later, error, quote
from libquoted import BALANCES, Client, Watch, why_no_library
from programs import SLOWER, Market, environment, program, read_info, wait_until
from resolver import Resolver

QUOTE = "client/cli/quote"

# Far beyond what any call takes: a test that reaches it, or a third of it, has failed.
PATIENT = "600s"
PATIENT_MS = int(20000 * SLOWER)

PER_REQUEST = [rule for rule in BALANCES if rule != "connection"]

needs_library = pytest.mark.skipif(why_no_library() is not None, reason=str(why_no_library()))


def run(servers, *words, env=None):
    """What quote(1) says when it asks these servers."""
    address = servers if isinstance(servers, str) else ",".join(s.address for s in servers)
    return subprocess.run([program(QUOTE), "-s", address, *map(str, words)], text=True,
                          capture_output=True, timeout=120 * SLOWER, check=False,
                          env=env or environment())


def price(servers, *words):
    """The price of IBM and how often it was asked for in vain, for which quote has no
    patience but its own."""
    result = run(servers, "--timeout", PATIENT, "--plain", *words, "IBM")
    assert (result.returncode, result.stderr) == (0, ""), result
    return result.stdout.splitlines()


@contextlib.contextmanager
def fakes(count, name="quoted", **options):
    """Fake servers "1", "2", ... whose price of IBM is 1.00, 2.00, ..."""
    with contextlib.ExitStack() as stack:
        servers = [stack.enter_context(FakeServer(name=name, **options)) for _ in range(count)]
        for number, server in enumerate(servers, 1):
            server.quotes["IBM"] = quote(price=f"{number}.00", server=str(number))
        yield servers


def until_asked(server, ask_once):
    """Ask until a server has taken its steps: whom a handle asks first is drawn."""
    for _ in range(60):
        ask_once()
        if not server.steps:
            return
    raise AssertionError("the server was never asked")


# --- Balance -------------------------------------------------------------------


def shares(servers, rule, count):
    """How many of `count` requests of one handle each server has answered."""
    result = run(servers, "-f", "report", "--attempt", PATIENT, "--balance", rule, "--repeat",
                 count, "IBM")
    assert (result.returncode, result.stderr) == (0, "")
    return collections.Counter(re.findall(r"From server: (\S+),", result.stdout))


def test_round_robin_is_even():
    with fakes(3) as servers:
        assert shares(servers, "round-robin", 30) == {"1": 10, "2": 10, "3": 10}
        assert [server.connections for server in servers] == [1, 1, 1]


def test_random_reaches_all():
    with fakes(3) as servers:
        assert set(shares(servers, "random", 120)) == {"1", "2", "3"}


def test_least_loaded_reaches_all():
    """How evenly is for pool_test.c to say: a fake on a busy machine is slow or not."""
    with fakes(3) as servers:
        assert set(shares(servers, "least-loaded", 120)) == {"1", "2", "3"}


def test_connection_keeps_to_one_server_and_many_spread():
    with fakes(3) as servers:
        homes = set()
        for _ in range(60):
            home = shares(servers, "connection", 4)
            assert list(home.values()) == [4]
            homes |= set(home)
            if len(homes) == 3:
                break
        assert homes == {"1", "2", "3"}


def test_many_go_to_one_server_together():
    with fakes(3) as servers:
        for server in servers:
            server.quotes["MSFT"] = server.quotes["IBM"]
        result = run(servers, "--attempt", PATIENT, "--balance", "random", "--plain", "IBM",
                     "MSFT", "IBM")
        assert result.returncode == 0
        asked = sorted(len(server.commands()) for server in servers)
        assert asked == [0, 0, 3]


# --- Silence, and waiting ------------------------------------------------------

# Longer than by default: a fake, or a server on a busy machine, is not silent for long.
ATTEMPT_MS = int(2000 * SLOWER)
ATTEMPT = ("--attempt", f"{ATTEMPT_MS}ms")


def test_server_that_waits_is_waited_for():
    """It beats, so it lives, however much longer than the attempt time it takes."""
    with fakes(2) as servers:
        has_beaten = threading.Event()
        for server in servers:
            server.steps = [Later(has_beaten)]
        with ThreadPoolExecutor() as thread:
            asking = thread.submit(price, servers, *ATTEMPT)
            wait_until(lambda: sum(server.beats for server in servers) >= 4, "four beats",
                       20 * SLOWER)
            has_beaten.set()
            assert asking.result() in (["IBM 1.00"], ["IBM 2.00"])
        # Of nobody else, and of nobody twice.
        assert sum(len(server.commands()) for server in servers) == 1


def test_server_that_is_silent_is_left_for_another():
    with fakes(2) as servers:
        servers[0].steps = [Hang()]
        prices = []
        until_asked(servers[0], lambda: prices.append(price(servers, *ATTEMPT)))
        assert prices == [["IBM 2.00"]] * len(prices)


def test_connection_that_is_silent_is_left_for_a_new_one():
    """Behind one address may be a balancer, with another server for the next one."""
    with fakes(1) as servers:
        servers[0].steps = [quote(), Hang()]
        assert price(servers, *ATTEMPT, "--repeat", 2) == ["IBM 135.60", "IBM 1.00"]
        assert servers[0].connections > 1


def test_server_that_greets_nobody_is_left_for_another():
    """As a stopped process: the kernel takes the connection, and that is all."""
    with fakes(2) as servers:
        servers[0].stop()
        with FakeServer(port=servers[0].port) as silent:
            silent.mute = True
            for _ in range(8):
                assert price([silent, servers[1]]) == ["IBM 2.00"]


def test_silent_servers_behind_one_address_cost_the_attempt_time_each():
    """A balancer may lead to a silent one again: no reason to wait for twice as long."""
    with fakes(1) as servers:
        servers[0].muted = 3
        # Three silences and the answer fit, but not three of which each is longer.
        result = run(servers, "--attempt", f"{ATTEMPT_MS // 2}ms", "--timeout",
                     f"{ATTEMPT_MS * 5 // 2}ms", "--plain", "IBM")
        assert (result.returncode, result.stdout) == (0, "IBM 1.00\n"), result
        assert servers[0].connections == 4


# --- Strangers -----------------------------------------------------------------


def test_stranger_is_left_for_another():
    with fakes(1) as good, fakes(1, name="redis") as bad:
        good[0].quotes["IBM"] = quote(price="7.00")
        for _ in range(8):
            assert price(bad + good) == ["IBM 7.00"]


def test_stranger_alone_is_no_server():
    with fakes(1, name="redis") as bad:
        result = run(bad, "--timeout", PATIENT, "IBM")
        assert result.returncode == 1
        assert result.stderr == (
            "quote: what answered is no quoted server: "
            f"{bad[0].address}: this is \"redis\", and no quoted server\n")


def test_busy_server_is_the_answer_and_who_rests_is_not_waited_for():
    with fakes(2) as servers:
        servers[0].quotes["IBM"] = error("OVERLOADED busy")
        servers[1].mute = True
        result = run(servers, *ATTEMPT, "--timeout", PATIENT, "--balance", "round-robin",
                     "--repeat", 40, "IBM")
        assert result.returncode == 1
        assert result.stderr.count("the server has too much to do") == 40
        assert len(servers[0].commands()) == 40
        assert 1 <= servers[1].connections < 20


# --- Watching ------------------------------------------------------------------


@needs_library
def test_watch_in_a_loop_of_ones_own_leaves_nothing_unread():
    """Polled for reading and called without waiting, as the manual page says: it never
    sleeps on news that was received already."""
    with fakes(1) as (server,), Watch(server.address, ["IBM"], attempt_ms=ATTEMPT_MS) as watch:

        def hear():
            while True:
                found = watch.next(0)
                if found != "TIMEOUT":
                    return found
                poll = select.poll()
                poll.register(watch, select.POLLIN)
                assert poll.poll(20000 * SLOWER), "nothing more to read, and no news"

        assert hear() == (0, "1.00")
        for second in range(10, 30):
            server.quotes["IBM"] = quote(price=f"{second}.00",
                                         fetched=f"2025-11-06T20:16:{second}.000Z")
            server.push("IBM")
            assert hear() == (0, f"{second}.00")


# --- Names ---------------------------------------------------------------------


NAME = "servers.example"


class Asker:
    """quote(1) that asks a name every 20 ms; who has answered, and what went wrong."""

    def __init__(self, resolver, port, *words):
        self.process = subprocess.Popen(
            [program(QUOTE), "-s", f"{NAME}:{port}", "-f", "report", "--every", "20ms",
             "--timeout", PATIENT, *words, "IBM"],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            env=environment(resolver.environment()))
        self.lines = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stdout:
            self.lines.append(line)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        self._reader.join()
        text = "".join(self.lines)
        assert "quote:" not in text and "$-1" not in text, text

    def answers(self, start=0):
        """The servers that have answered, from a line on."""
        return re.findall(r"From server: (\S+),", "".join(self.lines[start:]))

    def wait(self, *wanted):
        """Wait until these servers answer, and no others any more."""
        def is_so():
            last = self.answers(-60)
            return set(last) == set(wanted) and len(last) >= 15
        wait_until(is_so, lambda: f"{wanted} wanted, but {self.answers(-60)}", 30 * SLOWER)


@contextlib.contextmanager
def named_fakes(count):
    """Fakes at one port of several addresses, and the addresses."""
    network = choose_network()
    hosts = [f"{network}.{number}" for number in range(1, count + 1)]
    with FakeServer(host=hosts[0], name="quoted") as first, contextlib.ExitStack() as stack:
        servers = [first] + [
            stack.enter_context(FakeServer(host=host, port=first.port, name="quoted"))
            for host in hosts[1:]]
        for number, server in enumerate(servers, 1):
            server.quotes["IBM"] = quote(server=str(number))
        yield servers, hosts


def test_name_with_several_addresses_is_several_servers():
    with Resolver() as resolver, named_fakes(3) as (servers, hosts):
        resolver.set(NAME, hosts)
        result = run(f"{NAME}:{servers[0].port}", "-f", "report", "--attempt", PATIENT,
                     "--balance", "round-robin", "--repeat", 30, "IBM",
                     env=environment(resolver.environment()))
        counts = collections.Counter(re.findall(r"From server: (\S+),", result.stdout))
        assert counts == {"1": 10, "2": 10, "3": 10}
        assert resolver.lookups() >= 1


def test_messages_say_which_address_of_a_name():
    with Resolver() as resolver:
        hosts = [f"{choose_network()}.1", f"{choose_network()}.2"]
        resolver.set(NAME, hosts)
        result = run(f"{NAME}:1", "--timeout", "2s", "IBM",
                     env=environment(resolver.environment()))
        assert result.returncode == 5
        for host in hosts:
            assert f"{NAME}:1 ({host}): Connection refused" in result.stderr


def test_name_of_a_server_that_fails_is_looked_up_again_but_not_all_the_time():
    with Resolver() as resolver:
        resolver.set(NAME, [f"{choose_network()}.1"])
        # Shorter than the time after which it would be looked up anyway.
        result = run(f"{NAME}:1", "--timeout", "4500ms", "IBM",
                     env=environment(resolver.environment()))
        assert result.returncode == 5
        assert 2 <= resolver.lookups() <= 5


def test_server_that_comes_to_a_name_gets_its_share_and_one_that_leaves_has_none():
    with Resolver() as resolver, named_fakes(3) as (servers, hosts):
        resolver.set(NAME, hosts[:2])
        with Asker(resolver, servers[0].port, "--balance", "round-robin") as asker:
            asker.wait("1", "2")
            resolver.set(NAME, hosts)
            asker.wait("1", "2", "3")
            resolver.set(NAME, hosts[1:])
            asker.wait("2", "3")


def test_server_that_comes_back_at_another_address_is_found():
    """And is not mistaken for the stranger that has got its old one."""
    with Resolver() as resolver, named_fakes(2) as (servers, hosts):
        resolver.set(NAME, hosts[:1])
        with Asker(resolver, servers[0].port) as asker:
            asker.wait("1")
            servers[0].stop()
            with FakeServer(host=hosts[0], port=servers[0].port, name="redis") as stranger:
                wait_until(lambda: stranger.connections > 0, "the stranger is tried")
                resolver.set(NAME, hosts[1:])
                asker.wait("2")


def test_name_server_that_is_away_takes_nobody_away():
    with Resolver() as resolver, named_fakes(2) as (servers, hosts):
        resolver.set(NAME, hosts)
        with Asker(resolver, servers[0].port, "--balance", "round-robin") as asker:
            asker.wait("1", "2")
            resolver.set(NAME, [])
            asked = resolver.lookups()
            wait_until(lambda: resolver.lookups() >= asked + 2, "two look-ups in vain",
                       60 * SLOWER)
            asker.wait("1", "2")


# --- Real servers --------------------------------------------------------------

# The longest that a provider may have: no call of it is given up while a test waits.
PROVIDER_TIMEOUT_MS = 60000


@pytest.fixture(scope="module")
def fleet():
    with Market("--step", "0") as market, \
            Fleet(market, f"providers.0.timeout={PROVIDER_TIMEOUT_MS}ms") as servers:
        for name in servers.names:  # so that none of them is slow once
            with servers[name].connect() as client:
                client.ask("HGETALL", "IBM")
        yield servers


def ask_until(client, condition, what):
    """Ask again and again, and never in vain, until the servers that have answered
    make a condition true."""
    counts = collections.Counter()

    def ask_once():
        answer = client.get("IBM")
        assert answer.error == "OK", answer
        counts[answer.server] += 1
        return condition(counts)

    wait_until(ask_once, lambda: f"{what}; it was {counts}", 30 * SLOWER)


def has_all(counts):
    return set(counts) == {"1", "2", "3"}


@needs_library
@pytest.mark.parametrize("rule", PER_REQUEST)
def test_stopped_server_fails_nobody_and_gets_its_share_back(fleet, rule):
    with Client(fleet.addresses, rule, timeout_ms=PATIENT_MS) as client:
        ask_until(client, has_all, "all are asked")
        with fleet.stopped("2"):
            ask_until(client, lambda counts: counts.total() >= 100 and "2" not in counts,
                      "the others answer")
        ask_until(client, has_all, "all are asked again")


@needs_library
@pytest.mark.parametrize("rule", PER_REQUEST)
def test_killed_server_fails_nobody_and_gets_its_share_back(fleet, rule):
    with Client(fleet.addresses, rule, timeout_ms=PATIENT_MS) as client:
        ask_until(client, has_all, "all are asked")
        fleet.kill("2")
        try:
            ask_until(client, lambda counts: counts.total() >= 100 and "2" not in counts,
                      "the others answer")
        finally:
            fleet.start("2")
        ask_until(client, has_all, "all are asked again")


@needs_library
def test_handle_goes_back_to_its_server(fleet):
    with Client(fleet.addresses, timeout_ms=PATIENT_MS, attempt_ms=ATTEMPT_MS) as client:
        home = client.get("IBM").server
        with fleet.stopped(home):
            ask_until(client, lambda counts: home not in counts and counts.total() >= 20,
                      "another answers")
        ask_until(client, lambda counts: home in counts, "it goes back")
        assert [client.get("IBM").server for _ in range(20)] == [home] * 20
        for name in set(fleet.names) - {home}:  # where it was for a while
            with fleet[name].connect() as other:
                wait_until(lambda: read_info(other.ask("INFO", "clients"))
                           ["connected_clients"] == 1, "one connection is enough")


@needs_library
def test_fleet_that_is_gone_is_told_and_found_again(fleet):
    with Client(fleet.addresses, "random", timeout_ms=PATIENT_MS) as client, \
            Client(fleet.addresses, timeout_ms=int(2000 * SLOWER)) as hasty:
        for asker in (client, hasty):
            assert asker.ping() == "OK"
        for name in fleet.names:
            fleet.kill(name)
        try:
            failed = hasty.get("IBM")
            assert failed.error == "UNREACHABLE"
            for host, port in fleet.addresses:
                assert f"{host}:{port}: Connection refused" in hasty.last_message
            with ThreadPoolExecutor() as thread:
                asking = thread.submit(client.get, "IBM")
                fleet.start("2")
                answer = asking.result()
            assert (answer.error, answer.server) == ("OK", "2")
            wait_until(lambda: hasty.get("IBM").error == "OK", "the hasty one is back too")
        finally:
            for name in ("1", "3"):
                fleet.start(name)


@needs_library
def test_fleet_that_stands_still_is_told_and_found_again(fleet):
    with Client(fleet.addresses, "random", timeout_ms=int(800 * SLOWER)) as client, \
            contextlib.ExitStack() as stopped:
        for name in fleet.names:
            stopped.enter_context(fleet.stopped(name))
        assert client.get("IBM").error in ("TIMEOUT", "UNREACHABLE")
        stopped.close()
        wait_until(lambda: client.get("IBM").error == "OK", "it answers again")


@needs_library
def test_slow_provider_is_asked_once(fleet):
    """A cold symbol may take long: that is no reason to ask another server for it."""
    attempt_ms = min(ATTEMPT_MS, PROVIDER_TIMEOUT_MS // 3)
    with Client(fleet.addresses, "round-robin", timeout_ms=PROVIDER_TIMEOUT_MS,
                attempt_ms=attempt_ms) as client, ThreadPoolExecutor() as thread:
        fleet.market.hold("TSLA")
        asking = thread.submit(client.get, "TSLA")
        fleet.market.wait("held", 1)
        waited_until = time.monotonic() + 1.5 * attempt_ms / 1000
        wait_until(lambda: time.monotonic() > waited_until, "longer than an attempt",
                   attempt_ms / 100)
        fleet.market.release("TSLA")
        assert asking.result().error == "OK"
        assert fleet.market.calls("TSLA") == 1


@needs_library
def test_many_are_asked_as_one(fleet):
    with Client(fleet.addresses, "round-robin", timeout_ms=PATIENT_MS,
                attempt_ms=ATTEMPT_MS) as client:
        first = client.get_many(["IBM", "MSFT", "IBM"])
        assert [one.error for one in first] == ["OK"] * 3
        assert len({one.server for one in first}) == 1
        assert client.get_many(["IBM"])[0].server != first[0].server

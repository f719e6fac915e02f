# SPDX-License-Identifier: Apache-2.0
"""deploy/nginx/balance with the real nginx: what its container does with names.

Claims: a new address is asked at once, an old one is kept for a while, and a look-up
that fails changes nothing; nothing that is held is lost by it; it starts when no name
is known, refuses what it does not understand, and leaves nothing behind.
"""

import contextlib
import os
import signal
import socket
import subprocess
from pathlib import Path

import pytest
from balancer import BACK_S, Balance, Fleet, ask_who, why_no_nginx
from programs import DEADLINE_S, TOP, Market, environment, wait_until
from wire import Ended

BALANCE = TOP / "deploy/nginx/balance"

pytestmark = pytest.mark.skipif(why_no_nginx() is not None, reason=why_no_nginx() or "")


@pytest.fixture(name="fleet", scope="module")
def start_fleet():
    with Market("--step", "0") as market, Fleet(market) as fleet:
        yield fleet


@pytest.fixture(name="hosts")
def list_hosts(fleet):
    return [host for host, _ in fleet.addresses]


def wait_servers(front, *names):
    """Wait until connections reach those servers, all of them and no other."""
    def has_come():
        try:
            return {front.ask_who() for _ in range(2 * len(names))} == set(names)
        except (Ended, ConnectionError):
            return False  # a worker of before, that knew of no server

    wait_until(has_come, front.tail, BACK_S)


# --- With nginx -----------------------------------------------------------------------

def test_new_address_is_asked_and_nothing_held_is_lost(hosts):
    with Balance(*hosts[:2]) as front, front.connect() as held:
        wait_servers(front, "1", "2")
        name = ask_who(held)
        front.answer(*hosts)
        wait_servers(front, "1", "2", "3")
        assert ask_who(held) == name
        front.check_runs()  # the process that it was


def test_address_that_is_gone_stays_for_a_while(hosts):
    with Balance(*hosts) as front:
        front.answer(*hosts[:2])
        front.wait_look_ups(3)
        assert front.listed == sorted(hosts)
        front.answer(*hosts)
        front.wait_look_ups(3)
        assert front.listed == sorted(hosts)
        assert not front.find_line("reconfiguring"), front.tail()


def test_failed_look_up_changes_nothing(hosts):
    with Balance(*hosts[:2]) as front:
        front.answer()
        front.wait_look_ups(3)
        assert front.listed == sorted(hosts[:2])
        front.answer(*hosts)
        wait_servers(front, "1", "2", "3")


def test_it_starts_before_any_name_is_known(hosts):
    with Balance() as front:
        assert front.listed == []
        front.answer(*hosts)
        wait_until(front.passes, front.tail)
        wait_servers(front, "1", "2", "3")


def test_several_names_may_stand_for_servers(hosts):
    with Balance(*hosts[:2], SERVERS=f"server:7400, {hosts[2]}:7400") as front:
        wait_servers(front, "1", "2", "3")


@pytest.mark.parametrize("balance", ["random", "random-two", "least-connections"])
def test_other_ways_reach_every_server(hosts, balance):
    with Balance(*hosts, BALANCE=balance) as front:
        # By random, one is left out once in 10^15 runs.
        assert {front.ask_who() for _ in range(90)} == {"1", "2", "3"}


def list_children(pid):
    """The processes that a process has started and not seen end."""
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def runs(pid):
    """Whether a process runs that balance or nginx is in."""
    try:
        line = Path(f"/proc/{pid}/cmdline").read_bytes()
    except (FileNotFoundError, ProcessLookupError):
        return False
    return b"balance" in line or b"nginx" in line


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGQUIT, signal.SIGKILL])
def test_nothing_stays_when_it_ends(hosts, number):
    front = Balance(*hosts)
    try:
        children = list_children(front.pid)
        assert len(children) >= 2 and all(map(runs, children))  # who follows, and workers
        front.signal(number)
        code = front.process.wait(DEADLINE_S)
        assert code == (-number if number == signal.SIGKILL else 0), front.tail()
        if number == signal.SIGKILL:
            # Outside of a container nobody else ends nginx's workers then; who follows ends
            # by itself, maybe at this moment.
            for pid in children:
                with contextlib.suppress(FileNotFoundError, ProcessLookupError):
                    if b"nginx: " in Path(f"/proc/{pid}/cmdline").read_bytes():
                        os.kill(int(pid), signal.SIGKILL)
        wait_until(lambda: not any(map(runs, children)), f"some of {children} run")
    finally:
        front.kill()


# --- Its functions ----------------------------------------------------------------------

def run(script, tmp_path, **more_environment):
    """What it says when it is told to do this, without nginx."""
    return subprocess.run(
        ["bash", "-c", f"source {BALANCE}; {script}"], capture_output=True, text=True, timeout=60,
        env=environment({"RUN": str(tmp_path), "TEMPLATE": str(TOP / "deploy/nginx/nginx.conf"),
                         **more_environment}), check=False)


LIST = """parameters=p
    is_strangers() { [[ $1 = 10.9.* ]]; }
    list() { write_list; echo "$has_changed:" $(cat $run/servers); has_changed=; }"""


def test_address_goes_after_thirty_answers_without_it(tmp_path):
    done = run(f"""{LIST}
        take_answer server:7400 10.0.0.1 10.0.0.2; list
        for i in {{1..29}}; do take_answer server:7400 10.0.0.2; done; list
        take_answer server:7400 10.0.0.2; list""", tmp_path)
    both = "server 10.0.0.1:7400 p; server 10.0.0.2:7400 p;"
    assert done.stdout.splitlines() == [
        f"yes: {both}", f": {both}", "yes: server 10.0.0.2:7400 p;"]


def test_address_that_returns_has_thirty_answers_again(tmp_path):
    done = run(f"""{LIST}
        take_answer server:7400 10.0.0.1; list
        for i in {{1..29}}; do take_answer server:7400 10.0.0.2; done; list
        take_answer server:7400 10.0.0.1; list
        for i in {{1..29}}; do take_answer server:7400 10.0.0.2; done; list""", tmp_path)
    both = "server 10.0.0.1:7400 p; server 10.0.0.2:7400 p;"
    assert done.stdout.splitlines() == [
        "yes: server 10.0.0.1:7400 p;", f"yes: {both}", f": {both}", f": {both}"]


def test_address_of_somebody_else_goes_at_once(tmp_path):
    done = run(f"""{LIST}
        take_answer server:7400 10.9.0.1 10.0.0.2; list
        take_answer server:7400 10.0.0.2; list""", tmp_path)
    assert done.stdout.splitlines() == [
        "yes: server 10.0.0.2:7400 p; server 10.9.0.1:7400 p;",
        "yes: server 10.0.0.2:7400 p;"]


def test_somebody_else_is_who_answers_and_is_no_server(tmp_path, fleet):
    def is_strangers(host, port):
        return run(f"is_strangers {host}:{port}", tmp_path).returncode == 0

    assert not is_strangers(*fleet.addresses[0])
    # It has 200 ms for its answer, which a busy machine may take for itself.
    market = fleet.market.url.removeprefix("http://").split(":")
    wait_until(lambda: is_strangers(*market), "a market is no server")
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = silent.getsockname()
        assert not is_strangers(*address)
    assert not is_strangers(*address)  # nobody now


def test_names_are_counted_apart_and_listed_once(tmp_path):
    done = run(f"""{LIST}
        take_answer a:1 10.0.0.1; take_answer b:1 10.0.0.1; take_answer b:2 10.0.0.1; list
        for i in {{1..30}}; do take_answer b:1 10.0.0.2; done; list
        for i in {{1..30}}; do take_answer a:1 10.0.0.2; done; list""", tmp_path)
    assert done.stdout.splitlines() == [
        "yes: server 10.0.0.1:1 p; server 10.0.0.1:2 p;",
        "yes: server 10.0.0.1:1 p; server 10.0.0.1:2 p; server 10.0.0.2:1 p;",
        "yes: server 10.0.0.1:2 p; server 10.0.0.2:1 p;"]


@pytest.mark.parametrize("version, does", [
    ("1.22.1", False), ("1.27.2", False), ("1.27.3", True), ("1.27.10", True), ("1.31.0", True),
    ("2.0.0 (Debian)", True)])
def test_nginx_that_follows_names_is_let(tmp_path, version, does):
    done = run(f"""nginx() {{ echo "nginx version: nginx/{version}" >&2; }}
        configure; cat $run/nginx.conf""", tmp_path, SERVERS="one:7400,two:7401")
    assert done.returncode == 0, done.stderr
    line = "server two:7401 resolve max_fails=1 fail_timeout=5s;"
    assert (line in done.stdout) == does
    assert ("include " + str(tmp_path / "servers") in done.stdout) != does
    assert "127.0.0.1:740" not in done.stdout


@pytest.mark.parametrize("settings, word", [
    ({"BALANCE": "roundrobin"}, "BALANCE is roundrobin, and not round-robin"),
    ({"SERVERS": "server"}, "SERVERS has server, which is no NAME:PORT"),
    ({"SERVERS": "a:1;b:2"}, "SERVERS has a:1;b:2, which"),
    ({"SERVERS": " "}, "SERVERS names no server"),
])
def test_what_is_not_understood_is_refused(tmp_path, settings, word):
    done = run("main", tmp_path, **settings)
    assert (done.returncode, done.stdout) == (2, "")
    assert word in done.stderr
